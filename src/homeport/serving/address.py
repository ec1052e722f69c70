"""The address the blog listens on: free it must be, and answer in the end."""

import errno
import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from homeport.core.config import ConfigError

ANSWER_SECONDS = 5.0
ANY = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 (compared, not bound)


def resolve(host: str, port: int) -> tuple[socket.AddressFamily, tuple[Any, ...]]:
    """The family and the numeric address to bind. Raises ConfigError for a host that can't be found."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except socket.gaierror:
        raise ConfigError(f"{host!r} is not an address to listen on; see --host.") from None
    return found[0][0], found[0][4]


@contextmanager
def reserve(host: str, port: int) -> Iterator[None]:
    """Make sure that nobody listens on the address, and keep it.

    Raises ConfigError with one sentence where it is in use, not permitted, or not this machine's. The web processes
    share the port with SO_REUSEPORT, which would also let a second blog in: so the first socket here is without, which
    fails if anybody has the port, and the second, which never listens, makes a second blog's first fail.
    """
    with ExitStack() as held:
        try:
            family, address = resolve(host, port)
            with socket.socket(family, socket.SOCK_STREAM) as probe:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                probe.bind(address)
            keeper = held.enter_context(socket.socket(family, socket.SOCK_STREAM))
            keeper.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
            keeper.bind(address)
        except OSError as error:
            raise ConfigError(sentence(error, host, port)) from None
        yield


def sentence(error: OSError, host: str, port: int) -> str:
    """Why an address can't be listened on, and what to do."""
    if error.errno == errno.EADDRINUSE:
        return f"Port {port} on {host} is in use by another program; end that, or choose another port with --port."
    if error.errno == errno.EACCES:
        return f"Port {port} on {host} is not permitted to you; choose one above 1023 with --port."
    if error.errno == errno.EADDRNOTAVAIL:
        return f"{host} is not an address of this machine; see --host."
    return f"Port {port} on {host} can't be opened: {error.strerror}."


def answers(host: str, port: int) -> bool:
    """Whether the blog answers there; what it says of its health is for `/healthz`'s readers."""
    try:
        with socket.create_connection((ANY.get(host, host), port), ANSWER_SECONDS) as connection:
            return _answers(connection)
    except OSError:
        return False


def answers_at(path: Path) -> bool:
    """The same of a socket in the data directory."""
    try:
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(ANSWER_SECONDS)
            connection.connect(str(path))
            return _answers(connection)
    except OSError:
        return False


def _answers(connection: socket.socket) -> bool:
    connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
    return connection.recv(5) == b"HTTP/"
