"""The loopback, the only network that labs use: what listens and what connects there, and a refusal of all else."""

import socket
import socketserver
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from ipaddress import IPv4Address
from threading import Lock, Thread
from typing import Self

from homeport.core.errors import Problem

HERE = "127.0.0.1"
PATIENCE = 20.0
"""Seconds to wait for an answer from this very machine."""


def loopback(address: str) -> str:
    """The address itself, if it is one of the loopback (127.0.0.0/8). Raises Problem for any other, and for names."""
    try:
        is_here = IPv4Address(address).is_loopback
    except ValueError:
        is_here = False
    if not is_here:
        hint = "Leave --host out, or use an address such as 127.0.0.1."
        raise Problem(f"Labs run on this machine alone, and {address} is not it.", code="not_loopback", hint=hint)
    return address


def connect(host: str, port: int) -> socket.socket:
    """A connection to a port of this machine. Raises Problem for another address, OSError where nobody listens."""
    return socket.create_connection((loopback(host), port), timeout=PATIENCE)


def pass_on(source: socket.socket, goal: socket.socket, kept: bytearray) -> None:
    """Pass bytes on until the source has no more, and keep a copy."""
    with suppress(OSError):
        while data := source.recv(65536):
            kept += data
            goal.sendall(data)
    with suppress(OSError):
        goal.shutdown(socket.SHUT_WR)


class Server(socketserver.ThreadingTCPServer):
    """Listens on a free port of the loopback, a thread for each connection."""

    allow_reuse_address = True
    daemon_threads = True
    block_on_close = False

    def __init__(self, host: str, handler: type[socketserver.BaseRequestHandler]) -> None:
        super().__init__((loopback(host), 0), handler)

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self.server_address[1])

    def handle_error(self, *_: object) -> None:
        """Say nothing: a connection that breaks is what many labs are about."""

    @property
    def host(self) -> str:
        """The address it listens at."""
        return str(self.server_address[0])

    @contextmanager
    def running(self) -> Iterator[Self]:
        """Answer until the block ends."""
        thread = Thread(target=self.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        try:
            yield self
        finally:
            self.shutdown()
            self.server_close()


class Letterbox(Server):
    """A mail server that takes every mail and passes none on (RFC 5321, as far as senders here go).

    `recipients` holds the address of each mail that arrived whole. `meanwhile` is called with their number before the
    sender is told that its mail was taken.
    """

    def __init__(self, host: str) -> None:
        super().__init__(host, _Postman)
        self.recipients: list[str] = []
        self.meanwhile: Callable[[int], None] = lambda _number: None
        self._lock = Lock()

    def take(self, recipient: str) -> None:
        """A mail has arrived."""
        with self._lock:
            self.recipients.append(recipient)
            number = len(self.recipients)
        self.meanwhile(number)


class _Postman(socketserver.StreamRequestHandler):
    server: Letterbox

    def handle(self) -> None:
        recipient = ""
        self._say("220 lab")
        while line := self.rfile.readline():
            words = line.decode("ascii", "replace").split(":", 1)
            verb = words[0].split()[0].upper() if words[0].strip() else ""
            if verb == "RCPT":
                recipient = words[-1].strip().strip("<>")
            if verb == "DATA":
                self._say("354 go on")
                if not self._has_whole_mail():
                    return
                self.server.take(recipient)
            self._say("221 bye" if verb == "QUIT" else "250 ok")
            if verb == "QUIT":
                return

    def _has_whole_mail(self) -> bool:
        while line := self.rfile.readline():
            if line == b".\r\n":
                return True
        return False

    def _say(self, line: str) -> None:
        self.wfile.write(f"{line}\r\n".encode())
