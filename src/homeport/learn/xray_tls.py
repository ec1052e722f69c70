"""What somebody on the way reads, over HTTP and over HTTPS: for HTTPS, two ends of TLS in memory really say it.

The bytes of the connection a request came by were the edge's, and are gone. So the same words are said once more, by
Python's own TLS, between a browser's part and a server's part with nothing but this program in between, which writes
down every byte that passes; with a certificate made for that.
"""

import ssl
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from homeport.core.lazily import Lazy

if TYPE_CHECKING:
    from homeport.learn import labs_certificates
else:
    labs_certificates = Lazy("homeport.learn.labs_certificates")

MOST_BYTES = 64_000
"""Of the content: more of the same shows nothing else."""
SHOWN = 64
# RFC 8446, B.1 and B.3. From TLS 1.3's first encrypted record on, each looks like application data.
_RECORDS = {20: "change of cipher (for old machines on the way)", 21: "alert", 22: "handshake", 23: "encrypted"}
_HANDSHAKES = {1: "ClientHello", 2: "ServerHello"}


@dataclass(frozen=True)
class Seen:
    """One TLS record as it passed. `name` is what a listener can tell about it, `rows` its first bytes."""

    by_browser: bool
    name: str
    length: int
    rows: tuple[tuple[str, str, str], ...]


@dataclass(frozen=True)
class Overheard:
    """All that a listener got. `finds`: which of the words that were said stand in it, and whether they do."""

    records: tuple[Seen, ...]
    version: str
    cipher: str
    sent: int
    received: int
    finds: tuple[tuple[str, bool], ...]


def overhear(asked: bytes, answered: bytes, host: str, words: list[str]) -> Overheard:
    """Say a request and its answer over TLS to `host`, and look for words in what passed."""
    with TemporaryDirectory() as folder:
        authority = labs_certificates.authority("Made for this x-ray")
        server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        server.load_cert_chain(labs_certificates.issue(authority, host, Path(folder)))
    browser = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    browser.load_verify_locations(cadata=authority.pem)
    return _Line(server, browser, host).say(asked, answered, words)


class _Line:
    """The line between the two ends, with somebody who writes down what passes."""

    def __init__(self, server: ssl.SSLContext, browser: ssl.SSLContext, host: str) -> None:
        self.to_server, self.to_browser = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.from_server, self.from_browser = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.server = server.wrap_bio(self.to_server, self.from_server, server_side=True)
        self.browser = browser.wrap_bio(self.to_browser, self.from_browser, server_hostname=host)
        self.passed: list[tuple[bool, bytes]] = []

    def say(self, asked: bytes, answered: bytes, words: list[str]) -> Overheard:
        open_ends = [self.browser, self.server]
        while open_ends:
            for end in list(open_ends):
                if self._shakes_hands(end):
                    open_ends.remove(end)
                self._pass_on()
        self._send(self.browser, self.server, asked)
        self._send(self.server, self.browser, answered[:MOST_BYTES])
        by = {who: b"".join(data for by_browser, data in self.passed if by_browser == who) for who in (True, False)}
        cipher = self.browser.cipher()
        everything = by[True] + by[False]
        return Overheard(
            tuple(seen for by_browser, data in self.passed for seen in _records(by_browser, data)),
            self.browser.version() or "",
            cipher[0] if cipher else "",
            len(by[True]),
            len(by[False]),
            tuple((word, word.encode() in everything) for word in words if word),
        )

    def _shakes_hands(self, end: ssl.SSLObject) -> bool:
        try:
            end.do_handshake()
        except ssl.SSLWantReadError:
            return False
        return True

    def _pass_on(self) -> None:
        for by_browser, source, target in (
            (True, self.from_browser, self.to_server),
            (False, self.from_server, self.to_browser),
        ):
            if data := source.read():
                self.passed.append((by_browser, data))
                target.write(data)

    def _send(self, by: ssl.SSLObject, to: ssl.SSLObject, text: bytes) -> None:
        by.write(text)
        self._pass_on()
        left = len(text)
        while left > 0:
            left -= len(to.read(left))


def _records(by_browser: bool, data: bytes) -> list[Seen]:
    found = []
    while len(data) >= 5:
        length = int.from_bytes(data[3:5], "big")
        record, data = data[: 5 + length], data[5 + length :]
        name = _RECORDS.get(record[0], "unknown")
        if record[0] == 22:
            name = _HANDSHAKES.get(record[5], "handshake")
        found.append(Seen(by_browser, name, len(record), rows(record[:SHOWN])))
    return found


def rows(data: bytes) -> tuple[tuple[str, str, str], ...]:
    """Bytes as people look at them: place, sixteen bytes in hexadecimal, and the letters among them."""
    return tuple(
        (
            f"{place:04x}",
            data[place : place + 16].hex(" "),
            "".join(chr(byte) if 32 <= byte < 127 else "·" for byte in data[place : place + 16]),
        )
        for place in range(0, len(data), 16)
    )
