"""Answering a challenge for the moment that the authority looks: on the port itself where nobody has it, else through
the edge.
"""

import hashlib
import http.server
import json
import os
import socket
import ssl
import tempfile
import threading
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID, ObjectIdentifier

from homeport.core.config import Config
from homeport.https import secret_files
from homeport.https.certificates import authority_folder

HTTP_PORT, HTTPS_PORT = 80, 443
"""The ports that an authority tries, whatever ours are (RFC 8555, 8.3; RFC 8737, 3)."""
PATH = "/.well-known/acme-challenge/"
_ALPN = "acme-tls/1"
_ACME_IDENTIFIER = ObjectIdentifier("1.3.6.1.5.5.7.1.31")


@contextmanager
def listener(port: int) -> Iterator[socket.socket]:
    """A socket that listens on a port, for IPv4 and IPv6 alike where there is both. Raises OSError."""
    with ExitStack() as stack:
        try:
            made = socket.create_server(("::", port), family=socket.AF_INET6, dualstack_ipv6=True)
        except OSError:
            made = socket.create_server(("", port))
        yield stack.enter_context(closing(made))


@contextmanager
def by_http(port: int, token: str, answer: str) -> Iterator[None]:
    """Answer HTTP-01 for one token (RFC 8555, 8.3), and 404 to everything else. Raises OSError for a port in use."""

    class Handler(http.server.BaseHTTPRequestHandler):
        timeout = 5

        def do_GET(self) -> None:
            mine = self.path == PATH + token
            body = answer.encode() if mine else b""
            self.send_response(HTTPStatus.OK if mine else HTTPStatus.NOT_FOUND)
            self.send_header("Content-Type", "application/octet-stream")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    with listener(port) as listening:
        server = http.server.ThreadingHTTPServer(listening.getsockname()[:2], Handler, bind_and_activate=False)
        server.socket.close()
        server.socket, server.daemon_threads = listening, True
        with _in_a_thread(server.serve_forever):
            try:
                yield
            finally:
                server.shutdown()


@contextmanager
def by_tls(port: int, domain: str, answer: str) -> Iterator[None]:
    """Answer TLS-ALPN-01 (RFC 8737): a certificate for the name that carries the answer's hash, nothing after it."""
    context = _context(domain, answer)
    with listener(port) as listening, _in_a_thread(lambda: _shake_hands(listening, context)):
        try:
            yield
        finally:
            with suppress(OSError):
                listening.shutdown(socket.SHUT_RDWR)  # wakes who waits in accept()


def _shake_hands(listening: socket.socket, context: ssl.SSLContext) -> None:
    while True:
        try:
            connection, _ = listening.accept()
        except OSError:
            return
        threading.Thread(target=_shake, args=(connection, context), daemon=True).start()


def _shake(connection: socket.socket, context: ssl.SSLContext) -> None:
    with closing(connection), suppress(OSError):
        connection.settimeout(5)
        with context.wrap_socket(connection, server_side=True) as wrapped:
            wrapped.recv(1)  # until they go


@contextmanager
def _in_a_thread(work: object) -> Iterator[None]:
    thread = threading.Thread(target=work, daemon=True)  # type: ignore[arg-type]  # a function without arguments
    thread.start()
    yield
    thread.join(5)


def _context(domain: str, answer: str) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.set_alpn_protocols([_ALPN])
    with tempfile.TemporaryDirectory() as folder:  # the ssl module takes a certificate from a file alone
        path = Path(folder) / "challenge.pem"
        path.touch(0o600)
        path.write_bytes(_certificate(domain, answer))
        context.load_cert_chain(path)
    return context


def _certificate(domain: str, answer: str) -> bytes:
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "ACME challenge")])
    digest = hashlib.sha256(answer.encode()).digest()
    # DER: an OCTET STRING of 32 bytes (RFC 8737, 3).
    extension = x509.UnrecognizedExtension(_ACME_IDENTIFIER, b"\x04\x20" + digest)
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    builder = builder.serial_number(x509.random_serial_number())
    builder = builder.not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=1))
    builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName(domain)]), critical=False)
    made = builder.add_extension(extension, critical=True).sign(key, hashes.SHA256())
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return private + made.public_bytes(Encoding.PEM)


@contextmanager
def through_the_edge(config: Config, kind: str, token: str, answer: str) -> Iterator[None]:
    """Have the edge answer: for HTTP-01 by a file it serves, for TLS-ALPN-01 by one in Caddy's storage.

    Caddy answers what a second Caddy with the same storage began, and so what we put there.
    """
    if kind == "http-01":
        path, content = config.caddy_folder / "challenges" / token, answer
    else:
        path, content = _token_file(config), _for_caddy(config.domain, token, answer)
    _make_folder(path.parent)
    _write(path, content)
    try:
        yield
    finally:
        path.unlink(missing_ok=True)


def _make_folder(path: Path) -> None:
    """With those above it, each for the account of the one above."""
    if not path.is_dir():
        _make_folder(path.parent)
        path.mkdir(mode=0o700, exist_ok=True)
        secret_files.hand_over(path, path.parent)


def _write(path: Path, content: str) -> None:
    """Whole or not at all, and for the edge's account alone."""
    with tempfile.NamedTemporaryFile("w", dir=path.parent, delete=False) as file:
        secret_files.hand_over(file.fileno(), path.parent)
        file.write(content)
    os.replace(file.name, path)  # noqa: PTH105 (a name and a path)


def _token_file(config: Config) -> Path:
    # certmagic, solvers.go: distributedSolver.challengeTokensKey
    folder = config.caddy_folder / "acme" / authority_folder(config.https_acme_directory)
    return folder / "challenge_tokens" / f"{config.domain}.json"


def _for_caddy(domain: str, token: str, answer: str) -> str:
    identifier = {"type": "dns", "value": domain}
    return json.dumps(
        {
            "type": "tls-alpn-01",
            "url": "",
            "status": "pending",
            "token": token,
            "keyAuthorization": answer,
            "identifier": identifier,
        }
    )
