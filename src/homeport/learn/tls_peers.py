"""Who stands at the other end of a handshake: this machine's own edge, or a server made for the moment, in memory."""

import ssl
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Protocol

from homeport.core.lazily import Lazy
from homeport.learn.labs_wire import HERE, connect

_made_up = Lazy("homeport.learn.labs_certificates")

PATIENCE = 5.0
"""Seconds to wait for this very machine."""
CHUNK = 65536
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 15\r\n\r\nA made-up page."


class Peer(Protocol):
    """The other end of a connection."""

    def send(self, data: bytes) -> None:
        """Hand it bytes."""

    def receive(self) -> bytes:
        """What it says next; b"" where it says nothing any more."""

    def close(self) -> None:
        """Be done with it."""


class AtHome:
    """Whoever listens at a port of this machine's loopback. Raises OSError where nobody does."""

    def __init__(self, port: int) -> None:
        self._socket = connect(HERE, port)
        self._socket.settimeout(PATIENCE)

    def send(self, data: bytes) -> None:
        """Hand it bytes."""
        self._socket.sendall(data)

    def receive(self) -> bytes:
        """What it says next."""
        return self._socket.recv(CHUNK)

    def close(self) -> None:
        """Hang up."""
        self._socket.close()


class InMemory:
    """A TLS server without a network: it answers any request with a made-up page."""

    def __init__(self, certificate: Path) -> None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        context.set_alpn_protocols(["http/1.1"])
        self._in, self._out = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = context.wrap_bio(self._in, self._out, server_side=True)
        self._is_open = False

    def send(self, data: bytes) -> None:
        """Hand it bytes."""
        self._in.write(data)
        with suppress(ssl.SSLError):  # it wants more first, or was hung up on
            if not self._is_open:
                self._tls.do_handshake()
                self._is_open = True
            if self._tls.read(CHUNK):
                self._tls.write(ANSWER)
                self._tls.unwrap()

    def receive(self) -> bytes:
        """What it says next."""
        return self._out.read()

    def close(self) -> None:
        """Nothing is left."""


@contextmanager
def made_up(name: str) -> Iterator[Callable[[], Peer]]:
    """Servers in memory for a name, with a certificate of an authority that was made for them and that nobody knows."""
    with tempfile.TemporaryDirectory(prefix="homeport-handshake-") as folder:
        authority = _made_up.authority("An authority made for this page")
        file: Path = _made_up.issue(authority, name, Path(folder))
        file.chmod(0o600)
        file.write_text(file.read_text() + authority.pem)
        yield lambda: InMemory(file)
