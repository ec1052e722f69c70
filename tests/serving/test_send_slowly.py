"""Somebody sends a form a byte at a time, or never ends it, on many connections: readers notice nothing."""

import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import pytest

from homeport.core.waiting import PLACES
from tests.serving.at_the_edge import SecureReader, at_domain, edge
from tests.serving.running import Running, ask, eventually, running

HEAD = (
    "POST /login HTTP/1.1\r\nHost: localhost\r\nSec-Fetch-Site: same-origin\r\n"
    "Content-Type: application/x-www-form-urlencoded\r\n"
)
FORM = b"email=a%40example.org&password=x"


@pytest.fixture(scope="module")
def blog(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with running(tmp_path_factory.mktemp("slow") / "data") as blog:
        yield blog


def status(port: int, request: bytes) -> int:
    """The status of the answer to raw bytes; 0 where there is none."""
    with socket.create_connection(("127.0.0.1", port), timeout=20) as connection:
        connection.sendall(request)
        line = connection.makefile("rb").readline().split()
        return int(line[1]) if line else 0


def test_senders_who_never_end_keep_no_reader_waiting(blog: Running) -> None:
    whole = HEAD.encode() + f"Content-Length: {len(FORM)}\r\n\r\n".encode() + FORM
    with ExitStack() as held:
        for end in ("Content-Length: 1000\r\n\r\nemail=a", "Transfer-Encoding: chunked\r\n\r\n5\r\nemail\r\n") * 8:
            connection = held.enter_context(socket.create_connection(("127.0.0.1", blog.port), timeout=20))
            connection.sendall((HEAD + end).encode())
        eventually(lambda: status(blog.port, whole) == 503, "the senders take all places for senders")
        assert ask(blog.port, "/archive").status == 200
        assert ask(blog.port, "/nothing/here").status == 404
        assert ask(blog.port, "/login").status == 200
    eventually(lambda: status(blog.port, whole) == 422, "the places are free again when the senders have gone")


def test_senders_who_never_end_keep_nobody_from_sending_through_the_edge(tmp_path: Path) -> None:
    config = at_domain(tmp_path / "data")
    head = HEAD.replace("localhost", f"localhost:{config.https_port}").encode()
    with edge(config), ExitStack() as held:
        for _ in range(PLACES * 3):
            reader = held.enter_context(closing(SecureReader(config.https_port)))
            reader._socket.sendall(head + b"Content-Length: 1000\r\n\r\nemail=a")
        time.sleep(1)
        for _ in range(3):
            with closing(SecureReader(config.https_port)) as reader:
                kind = "Content-Type: application/x-www-form-urlencoded\r\nSec-Fetch-Site: same-origin\r\n"
                assert reader.ask("/login", method="POST", headers=kind, body=FORM).status == 422


def test_a_form_in_small_pieces_or_of_unknown_length_is_read(blog: Running) -> None:
    chunks = b"".join(f"1\r\n{chr(byte)}\r\n".encode() for byte in FORM) + b"0\r\n\r\n"
    request = HEAD.encode() + b"Transfer-Encoding: chunked\r\n\r\n" + chunks
    assert status(blog.port, request) == 422


def test_a_form_that_breaks_off_is_not_taken_for_the_whole(blog: Running) -> None:
    with socket.create_connection(("127.0.0.1", blog.port), timeout=20) as connection:
        connection.sendall(HEAD.encode() + b"Content-Length: 1000\r\n\r\n" + FORM)
        connection.shutdown(socket.SHUT_WR)
        line = connection.makefile("rb").readline()
    assert b" 400 " in line


def test_what_is_too_large_is_refused_unread(blog: Running) -> None:
    head = HEAD.replace("application/x-www-form-urlencoded", "text/plain")
    assert status(blog.port, (head + "Content-Length: 99999999\r\n\r\n").encode()) == 413
