"""A whole handshake as a story: who said what in which order, who else could read it, and what each piece is for."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from homeport.learn import tls_inside, tls_names
from homeport.learn.tls_hellos import hello
from homeport.learn.tls_opened import Opener, Secrets
from homeport.learn.tls_reader import (
    ALERT,
    CHANGE_CIPHER_SPEC,
    CLIENT_HELLO,
    HANDSHAKE,
    SERVER_HELLO,
    Message,
    Part,
    Record,
    messages,
    records,
)

Side = Literal["client", "server"]
MOST_STEPS = 60
_OLDER = "From here on this side encrypts."
_RELIC = "Means nothing any more (RFC 8446, D.4): it makes the connection look like TLS 1.2 to boxes on the way."


@dataclass(frozen=True)
class Flight:
    """What one side sent before the other one spoke."""

    by: Side
    data: bytes


@dataclass(frozen=True)
class Step:
    """One thing that was said. `on_the_way` are the bytes as everybody could record them; `is_readable`: and read.

    `text` is what an application said inside, `trouble` a sentence about what could not be read.
    """

    by: Side
    name: str
    on_the_way: bytes
    is_readable: bool
    meaning: str = ""
    parts: tuple[Part, ...] = ()
    text: str = ""
    trouble: str = ""


def story(flights: Sequence[Flight], secrets: Secrets) -> list[Step]:
    """Everything that was said, as many as MOST_STEPS; without `secrets`, as much of it as anybody can read."""
    suite = _suite(flights)
    ears: dict[Side, _Ear] = {side: _Ear(side, suite, secrets) for side in ("client", "server")}
    return [step for flight in flights for step in ears[flight.by].hear(flight.data)][:MOST_STEPS]


def _suite(flights: Sequence[Flight]) -> int:
    """The cipher suite that the server chose; 0 where no ServerHello can be read."""
    for flight in flights:
        plain = [record.body for record in records(flight.data)[0] if record.kind == HANDSHAKE]
        for message in messages(plain)[0]:
            chosen = next((part for part in hello(message)[0] if part.name == "cipher_suite"), None)
            if message.kind == SERVER_HELLO and chosen is not None:
                return int.from_bytes(chosen.raw)
    return 0


class _Ear:
    """Follows what one side says."""

    def __init__(self, by: Side, suite: int, secrets: Secrets) -> None:
        self._by = by
        self._opener = Opener(suite, secrets, by.upper())
        self._is_older = suite != 0 and suite >> 8 != 0x13
        self._changed = False

    def hear(self, data: bytes) -> Iterator[Step]:
        """What is said in some bytes."""
        found, trouble = records(data)
        plain: list[Record] = []
        for record in found:
            # Before TLS 1.3 the kind of an encrypted record stays readable.
            if record.kind == HANDSHAKE and not (self._is_older and self._changed):
                plain.append(record)  # a message may go on in the next record
                continue
            yield from self._readable(plain)
            plain = []
            yield from self._other(record)
        yield from self._readable(plain)
        if trouble:
            yield Step(self._by, "Not to be read", data[sum(map(_length, found)) :], True, trouble=trouble)

    def _readable(self, carried: Sequence[Record]) -> Iterator[Step]:
        raw = b"".join(record.header + record.body for record in carried)
        bodies = [record.body for record in carried]
        return _messages(self._by, raw, bodies, is_readable=True, is_older=self._is_older)

    def _other(self, record: Record) -> Iterator[Step]:
        raw = record.header + record.body
        if record.kind == CHANGE_CIPHER_SPEC:
            self._changed = True
            yield Step(self._by, "ChangeCipherSpec", raw, True, _OLDER if self._is_older else _RELIC)
        elif record.kind == ALERT and not (self._is_older and self._changed):
            yield _alert(self._by, raw, record.body, is_readable=True)
        elif (inner := self._opener.open(record)) is None:
            yield Step(self._by, "Encrypted", raw, False, "Somebody who listens sees its length, and when it passed.")
        elif inner.kind == HANDSHAKE:
            yield from _messages(self._by, raw, [inner.content], is_readable=False)
        elif inner.kind == ALERT:
            yield _alert(self._by, raw, inner.content, is_readable=False)
        else:
            text = inner.content.decode("utf-8", "backslashreplace")
            yield Step(self._by, "Application data", raw, False, "What all of this was for: HTTP, inside.", text=text)


def _length(record: Record) -> int:
    return len(record.header) + len(record.body)


def _alert(by: Side, raw: bytes, body: bytes, *, is_readable: bool) -> Step:
    said = tls_names.ALERTS.get(body[1], str(body[1])) if len(body) == 2 else ""
    meaning = "“That was all”: so that nobody on the way can cut the end off." if said == "close_notify" else "No."
    return Step(by, f"Alert: {said}" if said else "Alert", raw, is_readable, meaning)


def _messages(
    by: Side, raw: bytes, bodies: Sequence[bytes], *, is_readable: bool, is_older: bool = False
) -> Iterator[Step]:
    found, trouble = messages(bodies)
    for message in found:
        yield _step(by, message, raw, is_readable=is_readable, is_older=is_older)
    if trouble:
        yield Step(by, "Not to be read", raw, is_readable, trouble=trouble)


def _step(by: Side, message: Message, raw: bytes, *, is_readable: bool, is_older: bool) -> Step:
    name = tls_names.MESSAGES.get(message.kind, f"Message of kind {message.kind}")
    is_hello = message.kind in {CLIENT_HELLO, SERVER_HELLO}
    if is_older and not is_hello:  # of other make, and not what browsers speak any more
        return Step(by, name, raw, is_readable, tls_inside.MEANINGS.get(name, ""), (Part("body", message.body),))
    parts, trouble = hello(message) if is_hello else tls_inside.inside(message)
    return Step(by, name, raw, is_readable, tls_inside.MEANINGS.get(name, ""), parts, trouble=trouble)
