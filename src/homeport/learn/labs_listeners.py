"""Who sits in between, in three ways: one who listens, one who forges a certificate, one who takes HTTPS away."""

import socketserver
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread

from flask import Flask
from werkzeug.serving import WSGIRequestHandler, make_server

from homeport.learn.labs_wire import PATIENCE, Server, connect, loopback, pass_on

Pass = Callable[[bytes], bytes]


class _Quiet(WSGIRequestHandler):
    def log(self, *_: object) -> None:
        pass


@contextmanager
def serving(app: Flask, host: str, certificate: Path | None = None) -> Iterator[int]:
    """Serve an application on a free port of the loopback, by HTTPS where there is a certificate; yields the port."""
    context = None
    if certificate is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
    server = make_server(loopback(host), 0, app, threaded=True, request_handler=_Quiet, ssl_context=context)
    server.daemon_threads = True  # type: ignore[attr-defined]  # what threaded=True makes has it
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        server.server_close()


class Relay(Server):
    """Passes bytes on both ways and keeps them: a router, a café's Wi-Fi, a provider."""

    def __init__(self, host: str, port: int) -> None:
        super().__init__(host, _Pump)
        self.beyond = port
        self.sent, self.answered = bytearray(), bytearray()


class _Pump(socketserver.BaseRequestHandler):
    server: Relay

    def handle(self) -> None:
        with connect(self.server.host, self.server.beyond) as beyond:
            forth = Thread(target=pass_on, args=(self.request, beyond, self.server.sent), daemon=True)
            forth.start()
            pass_on(beyond, self.request, self.server.answered)
            forth.join(PATIENCE)


class Forger(Server):
    """Answers in the place of the blog, with a certificate that says the right name; keeps what people tell it."""

    def __init__(self, host: str, certificate: Path) -> None:
        super().__init__(host, _Impostor)
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(certificate)
        self.heard, self.refusals = bytearray(), 0


class _Impostor(socketserver.BaseRequestHandler):
    server: Forger

    def handle(self) -> None:
        self.request.settimeout(PATIENCE)
        try:
            with self.server.context.wrap_socket(self.request, server_side=True) as tls:
                self.server.heard += read_request(tls.recv)
                tls.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 7\r\nConnection: close\r\n\r\nWelcome")
        except OSError:
            self.server.refusals += 1


class Stripper(Server):
    """Speaks HTTP with the person and HTTPS with the blog, and makes http:// of every https:// in between.

    `ask` sends a request to the blog and returns the whole answer.
    """

    def __init__(self, host: str, ask: Pass) -> None:
        super().__init__(host, _Middle)
        self.ask = ask
        self.heard, self.answered = bytearray(), bytearray()


class _Middle(socketserver.BaseRequestHandler):
    server: Stripper

    def handle(self) -> None:
        request = read_request(self.request.recv)
        self.server.heard += request
        answer = self.server.ask(request.replace(b"Origin: http://", b"Origin: https://"))
        self.server.answered += answer
        head, between, body = answer.partition(b"\r\n\r\n")
        kept = [line for line in head.split(b"\r\n") if not line.lower().startswith(b"strict-transport-security")]
        head = b"\r\n".join(kept).replace(b"; Secure", b"").replace(b"https://", b"http://")
        self.request.sendall(head + between + body)


def read_request(receive: Callable[[int], bytes]) -> bytes:
    """One request, with its body."""
    data = b""
    while b"\r\n\r\n" not in data and (more := receive(65536)):
        data += more
    head, _, body = data.partition(b"\r\n\r\n")
    length = next((int(line[15:]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")), 0)
    while len(body) < length and (more := receive(65536)):
        body, data = body + more, data + more
    return data
