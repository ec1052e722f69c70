"""Mail servers for tests: one that keeps what it is given, and some with the faults that real ones have."""

import asyncio
import socket
import ssl
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from email import message_from_bytes
from email.message import Message
from pathlib import Path
from threading import Thread
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session


class Sink:
    """Takes every mail. `answers` maps a recipient to what it is told instead, such as `451 later`."""

    def __init__(self) -> None:
        self.mails: list[Message] = []
        self.answers: dict[str, str] = {}
        self.url = ""

    async def handle_RCPT(  # noqa: N802 (the library's name)
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        """Answer a recipient."""
        if address in self.answers:
            return self.answers[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        """Keep a mail."""
        content = envelope.content
        assert isinstance(content, bytes)
        self.mails.append(message_from_bytes(content))
        return "250 OK"


class Slow(Sink):
    """Takes its time over each mail."""

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        """Keep a mail, after a while."""
        await asyncio.sleep(0.05)
        return await super().handle_DATA(server, session, envelope)


class TakesItsTime(Sink):
    """Takes so long over a mail that `meanwhile` happens before it answers."""

    def __init__(self, meanwhile: Callable[[], None]) -> None:
        super().__init__()
        self.meanwhile = meanwhile

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        """Keep a mail, after what happens meanwhile."""
        self.meanwhile()
        return await super().handle_DATA(server, session, envelope)


class DropsAfterData(Sink):
    """Takes the whole mail, and hangs up where its answer should come (RFC 1047)."""

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        """Keep the mail, say nothing."""
        await super().handle_DATA(server, session, envelope)
        assert isinstance(server.transport, asyncio.Transport)
        server.transport.abort()
        await asyncio.sleep(0)
        return "250 nobody hears this"


HERE = socket.gethostname()
"""This machine under a name that does not tell that it is this machine."""


@dataclass(frozen=True)
class Certificate:
    """A certificate for HERE that nobody vouches for: its file, and what a server needs to use it."""

    path: Path
    context: ssl.SSLContext


def make_certificate(folder: Path) -> Certificate:
    """Make one by OpenSSL."""
    path, key = folder / "certificate.pem", folder / "key.pem"
    request = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=here"]
    names = ["-addext", f"subjectAltName=DNS:{HERE}", "-keyout", str(key), "-out", str(path)]
    subprocess.run(["openssl", *request, *names], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path, key)
    return Certificate(path, context)


@contextmanager
def running(sink: Sink, *, host: str = "127.0.0.1", **options: Any) -> Iterator[Sink]:
    """Run a server on a free port of this machine; `sink.url` is its address."""
    with socket.socket() as free:
        free.bind((host, 0))
        port = free.getsockname()[1]
    controller = Controller(sink, hostname=host, port=port, **options)
    controller.start()
    sink.url = f"smtp://{host}:{port}"
    try:
        yield sink
    finally:
        controller.stop()


@contextmanager
def raw(greeting: bytes, *, drip: bool = False) -> Iterator[str]:
    """A server that says `greeting` and nothing more; with `drip`, one byte of it now and then. Yields its address."""
    listener = socket.create_server(("127.0.0.1", 0))
    listener.settimeout(0.1)
    stopped: list[bool] = []

    def serve() -> None:
        held: list[socket.socket] = []
        while not stopped:
            try:
                connection, _ = listener.accept()
                held.append(connection)
                if not drip:
                    connection.sendall(greeting)
            except TimeoutError:
                pass
            if drip:
                _send_to(held, greeting[:1])
        for connection in held:
            connection.close()

    thread = Thread(target=serve)
    thread.start()
    try:
        yield f"smtp://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        stopped.append(True)
        thread.join()
        listener.close()


def _send_to(connections: list[socket.socket], data: bytes) -> None:
    for connection in connections:
        try:
            connection.sendall(data)
        except OSError:
            continue
