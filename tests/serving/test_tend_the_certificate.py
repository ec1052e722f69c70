"""Certificates are looked after as long as the blog runs, whatever goes wrong beside that."""

import os
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from threading import Thread

import pytest

from homeport.core.config import Config
from homeport.core.signals import Wish
from homeport.https.edge import ADMIN_SOCKET
from homeport.https.service import Sockets
from homeport.serving import cli, edge
from tests.https.placed import at, place
from tests.patience import PATIENCE
from tests.serving.running import eventually

TAKEN = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"


@pytest.fixture
def config(tmp_path: Path) -> Config:
    return at(Config(data=tmp_path), https_method="dns")


@pytest.fixture
def admin(config: Config) -> Iterator[socket.socket]:
    """Where Caddy listens for what it is told; nobody answers unless a test does."""
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(config.caddy_folder / ADMIN_SOCKET))
        listening.listen()
        listening.settimeout(PATIENCE)
        yield listening


@contextmanager
def tended(config: Config, say: Callable[[str], None]) -> Iterator[None]:
    """Look after the certificates of a blog, as `homeport serve` does."""
    ended = Wish()
    told = (config, Sockets(0, 0), edge.stamps(config), ended, say)
    thread = Thread(target=edge.tend, args=told)
    thread.start()
    try:
        yield
        assert thread.is_alive()
    finally:
        ended.set()
        thread.join(PATIENCE)


def answer(admin: socket.socket, words: bytes) -> bytes:
    """Take one request as Caddy does, and answer; returns its first line."""
    connection, _address = admin.accept()
    with connection, connection.makefile("rb") as file:
        first = file.readline()
        length = next(int(line.split(b":")[1]) for line in file if line.lower().startswith(b"content-length"))
        file.readline()
        file.read(length)
        connection.sendall(words)
    return first


def test_caddy_that_ends_while_it_is_told_of_a_certificate_is_told_again(
    config: Config, admin: socket.socket, caplog: pytest.LogCaptureFixture
) -> None:
    with tended(config, print):
        place(config, left=timedelta(days=80))
        assert answer(admin, b"").startswith(b"POST /load ")
        assert answer(admin, TAKEN).startswith(b"POST /load ")
    assert "Caddy ended before it answered." in caplog.text


def test_what_breaks_in_one_round_ends_no_other(
    config: Config, admin: socket.socket, caplog: pytest.LogCaptureFixture
) -> None:
    said: list[str] = []

    def say(line: str) -> None:
        said.append(line)
        raise BrokenPipeError

    with tended(config, say):
        eventually(lambda: said, "what it says first, which breaks already")
        place(config, left=timedelta(days=80))
        answer(admin, TAKEN)
        eventually(lambda: len(said) == 2, "the end of the round")
    assert said[0].startswith("The certificate is being fetched")
    assert said[1].startswith("The certificate has come")
    assert caplog.text.count("looking after the certificate broke") == 1


def test_owners_link_that_cannot_be_made_holds_nothing_up(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    environ = {**os.environ, "HOMEPORT_DATA": "/proc/nowhere"}
    cli._announce(Config(data=tmp_path), environ, None)
    assert "Homeport is ready" in capfd.readouterr().out
