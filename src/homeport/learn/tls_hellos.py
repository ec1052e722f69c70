"""The two hellos of TLS, piece by piece (RFC 8446, 4.1.2 and 4.1.3): the part of a handshake that nobody encrypts."""

from collections.abc import Callable, Iterator

from homeport.learn import tls_names as names
from homeport.learn.tls_reader import CLIENT_HELLO, SERVER_HELLO, Cursor, Message, Part, Unreadable

RETRY = bytes.fromhex("cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c")
"""The random number of a ServerHello that asks for another ClientHello (RFC 8446, 4.1.3)."""


def hello(message: Message) -> tuple[tuple[Part, ...], str]:
    """The pieces of a hello in their order, and a sentence about what could not be read ("" for nothing).

    For a message that is no hello there are none.
    """
    readers = {CLIENT_HELLO: _client, SERVER_HELLO: _server}
    found: list[Part] = []
    try:
        for part in readers.get(message.kind, _none)(Cursor(message.body)):
            found.append(part)
    except Unreadable as error:
        return tuple(found), str(error)
    return tuple(found), ""


def _none(_cursor: Cursor) -> Iterator[Part]:
    return iter(())


def _client(cursor: Cursor) -> Iterator[Part]:
    yield _version(cursor)
    yield Part(
        "random",
        cursor.take(32, "the random number"),
        meaning="32 new bytes. They go into every key, so that no recording can be played again.",
        section="RFC 8446, 4.1.2",
    )
    yield _session_id(cursor)
    raw = cursor.vector(2, "the cipher suites")
    suites = [names.name(names.SUITES, number) for number in _numbers(raw, "the cipher suites")]
    meaning = "The ciphers that this side can do, the most liked first. Of TLS 1.3 are those without WITH."
    yield Part("cipher_suites", raw, ", ".join(suites), meaning, "RFC 8446, 4.1.2, B.4")
    yield Part(
        "legacy_compression_methods",
        cursor.vector(1, "the compression"),
        "none",
        "A relic.",
        "RFC 8446, 4.1.2",
    )
    yield from _extensions(cursor, from_client=True)
    yield from _rest(cursor)


def _server(cursor: Cursor) -> Iterator[Part]:
    yield _version(cursor)
    random = cursor.take(32, "the random number")
    meaning = "The server's 32 new bytes: it too has its part in every key."
    if random == RETRY:
        meaning = "A fixed number that says: send another ClientHello, with a key share that I can use."
    yield Part("random", random, meaning=meaning, section="RFC 8446, 4.1.3")
    yield _session_id(cursor)
    suite = cursor.take(2, "the cipher suite")
    chosen = names.name(names.SUITES, int.from_bytes(suite))
    yield Part("cipher_suite", suite, chosen, "What the server chose from the list.", "RFC 8446, 4.1.3, B.4")
    yield Part("legacy_compression_method", cursor.take(1, "the compression"), "none", "A relic.", "RFC 8446, 4.1.3")
    yield from _extensions(cursor, from_client=False)
    yield from _rest(cursor)


def _version(cursor: Cursor) -> Part:
    raw = cursor.take(2, "the version")
    said = names.name(names.VERSIONS, int.from_bytes(raw))
    meaning = "Says TLS 1.2 whatever is meant, for the sake of old boxes on the way. The truth: supported_versions."
    return Part("legacy_version", raw, said, meaning, "RFC 8446, 4.1.2, D.4")


def _session_id(cursor: Cursor) -> Part:
    raw = cursor.vector(1, "the session id")
    return Part("legacy_session_id", raw, "", "A relic: makes it look like TLS 1.2.", "RFC 8446, D.4")


def _rest(cursor: Cursor) -> Iterator[Part]:
    if cursor.left:
        yield Part("more", cursor.take(cursor.left, "the rest"), meaning="Bytes that do not belong here.")


def _extensions(cursor: Cursor, *, from_client: bool) -> Iterator[Part]:
    if cursor.left:  # before TLS 1.3 there need not be any
        yield from extensions(cursor.vector(2, "the extensions"), from_client=from_client)


def extensions(raw: bytes, *, from_client: bool) -> Iterator[Part]:
    """Each extension of a list. Raises Unreadable where the list itself breaks off."""
    cursor = Cursor(raw)
    while cursor.left:
        kind = cursor.number(2, "the kind of an extension")
        body = cursor.vector(2, "an extension")
        name, meaning, section = names.EXTENSIONS.get(kind, (names.name({}, kind), "", ""))
        if names.is_grease(kind):
            meaning, section = "Noise, to keep servers used to what they do not know.", "RFC 8701"
        reader = (_FROM_CLIENT if from_client else _FROM_SERVER).get(kind)
        try:
            value = reader(Cursor(body)) if reader and body else ""
        except Unreadable as error:
            value = f"not to be read: {error}"
        yield Part(name, body, value, meaning, section)


def _numbers(raw: bytes, what: str) -> list[int]:
    cursor, found = Cursor(raw), list[int]()
    while cursor.left:
        found.append(cursor.number(2, what))
    return found


def _names_in(table: dict[int, str], size: int) -> Callable[[Cursor], str]:
    def read(cursor: Cursor) -> str:
        return ", ".join(names.name(table, number) for number in _numbers(cursor.vector(size, "a list"), "a list"))

    return read


def _one(table: dict[int, str]) -> Callable[[Cursor], str]:
    return lambda cursor: names.name(table, cursor.number(2, "a number"))


def _server_name(cursor: Cursor) -> str:
    listed, found = Cursor(cursor.vector(2, "the names")), list[str]()
    while listed.left:
        kind = listed.number(1, "the kind of a name")
        text = listed.vector(2, "a name").decode("ascii", "backslashreplace")
        found.append(text if kind == 0 else f"of kind {kind}")
    return ", ".join(found)


def _protocols(cursor: Cursor) -> str:
    listed, found = Cursor(cursor.vector(2, "the protocols")), list[str]()
    while listed.left:
        found.append(listed.vector(1, "a protocol").decode("ascii", "backslashreplace"))
    return ", ".join(found)


def _share(cursor: Cursor) -> str:
    group = names.name(names.GROUPS, cursor.number(2, "the group of a key"))
    if not cursor.left:  # a HelloRetryRequest names the group only (4.2.8)
        return group
    return f"{group}, {len(cursor.vector(2, 'a key'))} bytes"


def _shares(cursor: Cursor) -> str:
    listed, found = Cursor(cursor.vector(2, "the keys")), list[str]()
    while listed.left:
        group = names.name(names.GROUPS, listed.number(2, "the group of a key"))
        found.append(f"{group}, {len(listed.vector(2, 'a key'))} bytes")
    return "; ".join(found)


_FROM_CLIENT: dict[int, Callable[[Cursor], str]] = {
    0: _server_name,
    10: _names_in(names.GROUPS, 2),
    13: _names_in(names.SIGNATURES, 2),
    16: _protocols,
    43: _names_in(names.VERSIONS, 1),
    50: _names_in(names.SIGNATURES, 2),
    51: _shares,
}
_FROM_SERVER: dict[int, Callable[[Cursor], str]] = {16: _protocols, 43: _one(names.VERSIONS), 51: _share}
