"""A folder that is connected to a blog, over a real connection; and servers that are no blog."""

import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from click.testing import CliRunner, Result
from flask import Flask
from werkzeug.serving import make_server

from homeport.cli import group
from homeport.learn.practice_folder import Folder
from tests.https.authority import make_certificate
from tests.listening import Quiet


def learn(folder: Folder, *arguments: str, typed: str = "") -> Result:
    """`homeport learn` with these arguments; `typed` comes by standard input."""
    return CliRunner().invoke(group, ["learn", *arguments, "--folder", str(folder.path)], input=typed)


def connect(folder: Folder, address: str, token: str, *options: str) -> Result:
    """`homeport learn connect`, as a program types it."""
    return learn(folder, "connect", address, "--token-stdin", *options, typed=f"{token}\n")


@contextmanager
def encrypted(app: Flask, folder: Path) -> Iterator[int]:
    """The blog with a certificate for localhost, whose authority is `root.pem` in `folder`; gives the port."""
    make_certificate(folder, ["localhost"])
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "certificate.pem", folder / "key.pem")
    server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=Quiet, ssl_context=context)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@contextmanager
def answering(status: int, body: bytes, **headers: str) -> Iterator[tuple[str, list[str]]]:
    """A server that says this to everybody: its address, and a list of the paths that were asked for."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_PUT(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            asked.append(self.path)
            self.send_response(status)
            for name, value in {**headers, "Content-Length": str(len(body))}.items():
                self.send_header(name.replace("_", "-"), value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", asked
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
