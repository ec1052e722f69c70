"""TLS on the wire, as far as everybody can read it: records, and the messages of a handshake in them (RFC 8446).

Written to be read, and to be given anything: what cannot be read ends in a sentence, never in an error.
"""

from collections.abc import Sequence
from dataclasses import dataclass

HEADER, MESSAGE_HEADER = 5, 4
MOST_IN_RECORD = 2**14 + 256
"""Bytes in one record (RFC 8446, 5.2)."""
CHANGE_CIPHER_SPEC, ALERT, HANDSHAKE, APPLICATION_DATA = 20, 21, 22, 23
CONTENT = {
    CHANGE_CIPHER_SPEC: "change_cipher_spec",
    ALERT: "alert",
    HANDSHAKE: "handshake",
    APPLICATION_DATA: "application_data",
}
CLIENT_HELLO, SERVER_HELLO, FINISHED = 1, 2, 20


class Unreadable(ValueError):
    """Bytes end or say something where they must not; the text is a sentence for a person."""


@dataclass(frozen=True)
class Part:
    """A piece of a message: its bytes, what they say, what that is for, and where it is defined."""

    name: str
    raw: bytes
    value: str = ""
    meaning: str = ""
    section: str = ""
    parts: tuple["Part", ...] = ()


@dataclass(frozen=True)
class Record:
    """What TLS cuts its bytes into: five bytes of header that everybody can read, and a body."""

    kind: int
    version: int
    header: bytes
    body: bytes

    @property
    def name(self) -> str:
        """The kind by its name in RFC 8446, 5.1."""
        return CONTENT[self.kind]


@dataclass(frozen=True)
class Message:
    """One message of a handshake, without its header of kind and length."""

    kind: int
    body: bytes


class Cursor:
    """Takes bytes from the front; raises Unreadable where there are not as many as the text says."""

    def __init__(self, data: bytes) -> None:
        self._data, self._at = data, 0

    @property
    def left(self) -> int:
        """How many bytes have not been taken."""
        return len(self._data) - self._at

    def take(self, count: int, what: str) -> bytes:
        """The next `count` bytes, which are `what`."""
        if count > self.left:
            raise Unreadable(f"The bytes end within {what}: {count} are announced, and {self.left} are there.")
        self._at += count
        return self._data[self._at - count : self._at]

    def number(self, size: int, what: str) -> int:
        """A number of `size` bytes, the greatest part first (RFC 8446, 3.1)."""
        return int.from_bytes(self.take(size, what))

    def vector(self, size: int, what: str) -> bytes:
        """Bytes of which the length stands before them, in `size` bytes (RFC 8446, 3.4)."""
        return self.take(self.number(size, f"the length of {what}"), what)


def records(data: bytes) -> tuple[list[Record], str]:
    """The records in what one side sent, and a sentence about what comes after them that is none ("" if nothing)."""
    cursor, found = Cursor(data), list[Record]()
    while cursor.left:
        try:
            found.append(_record(cursor))
        except Unreadable as error:
            return found, str(error)
    return found, ""


def _record(cursor: Cursor) -> Record:
    header = cursor.take(min(HEADER, cursor.left), "the header of a record")
    kind, version, length = header[0], int.from_bytes(header[1:3]), int.from_bytes(header[3:5])
    if kind not in CONTENT:
        raise Unreadable(f"The byte {kind} begins no TLS record; the kinds are {', '.join(map(str, CONTENT))}.")
    if len(header) < HEADER:
        raise Unreadable(f"The bytes end within the header of a record: {HEADER} belong there.")
    if header[1] != 3:
        raise Unreadable(f"The version {header[1]}.{header[2]} belongs to no TLS; all of them begin with 3.")
    if length > MOST_IN_RECORD:
        raise Unreadable(f"A record of {length} bytes is longer than TLS allows ({MOST_IN_RECORD}).")
    return Record(kind, version, header, cursor.take(length, "the body of a record"))


def messages(bodies: Sequence[bytes]) -> tuple[list[Message], str]:
    """The handshake's messages in the bodies of its records, which they may share or span; and a sentence as above."""
    cursor, found = Cursor(b"".join(bodies)), list[Message]()
    while cursor.left:
        try:
            kind = cursor.number(1, "the header of a message")
            found.append(Message(kind, cursor.vector(3, "a message")))
        except Unreadable as error:
            return found, str(error)
    return found, ""
