"""A real request from this blog to itself: real bytes over a real connection, kept as they went and came.

The connection leads to the address that this very server listens at, by its settings, and to none else. What is sent
can't pretend to come through a proxy, since the server may believe the headers of one that is on this machine.
"""

import re
import socket
import ssl
import time
from dataclasses import dataclass, field
from functools import cached_property

from homeport.core.config import Config
from homeport.core.errors import Problem
from homeport.learn.limits import place

PATIENCE = 8.0
"""Seconds to wait for the connection, and for each piece of the answer."""

MOST_BYTES = 512 * 1024
_ANY = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 (compared, not bound)
# Anywhere in it, since a body can be a second request; and with _, which is - to a WSGI application.
_FORWARDED = re.compile(rb"(?:^|[\r\n])[ \t]*(?:x[-_]?)?(?:forwarded|real[-_]?ip)", re.IGNORECASE)
_SECRET_HEADER = re.compile(r"^(cookie|set-cookie|authorization|proxy-authorization|x-csrf-token)$", re.IGNORECASE)
_SECRET_FIELD = re.compile(r'(csrf_token(?:"? value="|=))[^"&\s]+')
_VALUE = re.compile(r"(?<==)[^;\s]{9,}")

Headers = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Message:
    """A request or an answer, taken apart: its first line, its headers in order, its body."""

    start: str
    headers: Headers
    body: bytes

    @property
    def status(self) -> int:
        """An answer's status code; 0 where there is none."""
        words = self.start.split()
        return int(words[1]) if len(words) > 1 and words[1].isdigit() else 0

    def header(self, name: str) -> str:
        """The first header of this name, or ""."""
        return next((value for found, value in self.headers if found.lower() == name.lower()), "")

    @property
    def shown_headers(self) -> Headers:
        """The headers as a page may show them: of what opens something, only the beginning."""
        return tuple((name, masked(name, value)) for name, value in self.headers)

    @property
    def text(self) -> str:
        """The body as text, without the tokens of its forms."""
        return _SECRET_FIELD.sub(r"\1…", self.body.decode("utf-8", "replace"))


@dataclass(frozen=True)
class Tls:
    """What was agreed before the first byte of HTTP: version and cipher by their names, the certificate as DER."""

    version: str
    cipher: str
    certificate: bytes


@dataclass(frozen=True)
class Exchange:
    """What was sent, what came back, and when: seconds from the beginning to the connection, to the first byte of the
    answer, and to its last."""

    sent: bytes
    received: bytes
    address: str
    connected: float
    first_byte: float
    finished: float
    tls: Tls | None = field(default=None)

    @cached_property
    def request(self) -> Message:
        """What was sent, taken apart."""
        return taken_apart(self.sent)

    @cached_property
    def answer(self) -> Message:
        """What came back, taken apart."""
        return taken_apart(self.received)


def masked(name: str, value: str) -> str:
    """A header's value as a page may show it. Cookies keep their names and the first four characters of what they
    hold: enough to be recognised, and of no use to whoever looks over a shoulder."""
    if not _SECRET_HEADER.fullmatch(name):
        return value
    if name.lower().endswith("cookie"):
        first, semicolon, rest = value.partition(";") if name.lower() == "set-cookie" else (value, "", "")
        return _VALUE.sub(lambda found: f"{found[0][:4]}…", first) + semicolon + rest
    scheme, _, secret = value.rpartition(" ")
    return f"{scheme} {secret[:4]}…".strip()


def taken_apart(raw: bytes) -> Message:
    """Bytes of HTTP/1.1 as a message (RFC 9112, section 2.1)."""
    head, _, body = raw.partition(b"\r\n\r\n")
    start, *lines = head.decode("latin-1").split("\r\n")
    pairs = (line.partition(":") for line in lines)
    return Message(start, tuple((name, value.strip()) for name, _, value in pairs), body)


def compose(
    config: Config, path: str, *, method: str = "GET", headers: Headers = (), body: bytes = b"", host: str = ""
) -> bytes:
    """The bytes of a request to this blog; Host, Content-Length and Connection come by themselves.

    Raises Problem for a path, a method or a header that could not be one: a line break would begin another header.
    """
    rows: list[tuple[str, str]] = [("Host", host or host_of(config)), *headers]
    if body or method == "POST":
        rows.append(("Content-Length", str(len(body))))
    lines = [f"{method} {path} HTTP/1.1", *(f"{name}: {value}" for name, value in (*rows, ("Connection", "close")))]
    if any(re.search(r"[\x00-\x1f\x7f]", line) for line in lines) or " " in path or not path.startswith("/"):
        raise Problem("An address begins with / and holds no spaces.", status=422, code="bad_address")
    return "\r\n".join([*lines, "", ""]).encode("utf-8") + body


def host_of(config: Config) -> str:
    """What stands in Host of a request to this blog."""
    return config.origin.partition("://")[2]


def listening_at(config: Config) -> tuple[str, int]:
    """The address and port at which this blog is reached from its own machine."""
    return _ANY.get(config.host, config.host), config.port


def looked_up(name: str) -> list[str]:
    """The addresses that this machine's resolver gives for a name; none where it knows none."""
    try:
        return sorted({str(row[4][0]) for row in socket.getaddrinfo(name, None, type=socket.SOCK_STREAM)})
    except OSError:
        return []


def ask(config: Config, raw: bytes, *, secure: bool = False) -> Exchange:
    """Send these bytes to this blog and keep what comes back, at most MOST_BYTES of it.

    `secure`: by TLS to the edge, where there is one; else plainly. Raises Problem when nobody answers, and for bytes
    that name a proxy. A caller that holds the database's lock lets go of it first (`end_transaction`).
    """
    if _FORWARDED.search(raw):
        raise Problem("An experiment can't pretend to come through a proxy.", status=422, code="proxy_header")
    host, port = listening_at(config)
    port = config.https_port if secure else port
    with place():
        try:
            return _exchange(host, port, raw, config.domain if secure else "")
        except OSError as error:
            raise Problem(
                "This blog did not answer itself.",
                status=503,
                code="no_answer_from_itself",
                hint=f"It was asked at {host}:{port} ({error.strerror or error}).",
            ) from None


def _exchange(host: str, port: int, raw: bytes, name: str) -> Exchange:
    began = time.perf_counter()
    with socket.create_connection((host, port), timeout=PATIENCE) as plain:
        connection = _context().wrap_socket(plain, server_hostname=name) if name else plain
        with connection:
            connected = time.perf_counter() - began
            connection.sendall(raw)
            received = connection.recv(65536)
            first_byte = time.perf_counter() - began
            received += _rest(connection, received, raw)
            tls = _tls(connection) if isinstance(connection, ssl.SSLSocket) else None
    return Exchange(raw, received, f"{host}:{port}", connected, first_byte, time.perf_counter() - began, tls)


def _rest(connection: socket.socket, received: bytes, raw: bytes) -> bytes:
    rest = b""
    while not _is_whole(received + rest, raw) and len(received + rest) < MOST_BYTES:
        more = connection.recv(65536)
        if not more:
            break
        rest += more
    return rest


def _is_whole(received: bytes, raw: bytes) -> bool:
    """Whether the answer has all its bytes; every answer of this blog says how many that are."""
    if b"\r\n\r\n" not in received:
        return False
    answer = taken_apart(received)
    length = answer.header("Content-Length")
    is_bare = raw.startswith(b"HEAD ") or answer.status in {204, 304}
    return is_bare or (length.isdigit() and len(answer.body) >= int(length))


def _context() -> ssl.SSLContext:
    """TLS to ourselves: who answers at our own address needs no proof, and may have a certificate of its own making."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def _tls(connection: ssl.SSLSocket) -> Tls:
    cipher = connection.cipher()
    return Tls(connection.version() or "", cipher[0] if cipher else "", connection.getpeercert(binary_form=True) or b"")
