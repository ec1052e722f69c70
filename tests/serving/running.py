"""A blog that really runs: `homeport serve` on a free port, and readers that keep their connections."""

import errno
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import NamedTuple

import psutil

PATIENCE = 90.0
"""Seconds a process may take to do what it should: machines that run tests are busy."""


def free_port() -> int:
    """A port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def eventually(question: Callable[[], object], what: str) -> None:
    """Wait until the answer is true; fail with `what` when it never is."""
    deadline = time.monotonic() + PATIENCE
    while not question():
        assert time.monotonic() < deadline, f"never came: {what}"
        time.sleep(0.02)


def has_ended(process: psutil.Process) -> bool:
    """Whether a process does nothing any more; an orphan's entry stays until init gets round to taking it away."""
    try:
        return process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


class Answer(NamedTuple):
    """What came back."""

    status: int
    headers: dict[str, str]
    body: bytes


class NeverRead(ConnectionError):
    """The server closed the connection before it had read any of the request: a client may send it again (RFC 9112,
    9.3.1), on another one."""


class Reader:
    """One connection, kept open as long as the server does. Plain enough to ask thousands of times a second."""

    host = "localhost"

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)
        self._file = self._socket.makefile("rb")

    def ask(self, path: str, *, method: str = "GET", headers: str = "", body: bytes = b"") -> Answer:
        """Send a request and read its whole answer. Raises ConnectionError when that ends before it is complete, and
        NeverRead, which is one, when the server cannot have begun with it."""
        length = f"Content-Length: {len(body)}\r\n" if body else ""
        self._send(f"{method} {path} HTTP/1.1\r\nHost: {self.host}\r\n{headers}{length}\r\n".encode() + body)
        status = int(self._line().split()[1])
        rows = {}
        while line := self._line().strip():
            name, _, value = line.partition(b":")
            rows[name.decode().lower()] = value.strip().decode()
        size = 0 if method == "HEAD" or status == 304 else int(rows["content-length"])
        content = self._file.read(size)
        if len(content) < size:
            raise ConnectionError("the answer is cut off")
        return Answer(status, rows, content)

    def _send(self, request: bytes) -> None:
        """Send it and wait for the first byte of an answer.

        The kernel says what became of the request: where it lay unread when the server closed, or came after that, it
        is answered by a reset; a server that had read it and says nothing leaves an orderly end.
        """
        try:
            self._socket.sendall(request)
            answered = self._file.peek(1)
        except (ConnectionResetError, BrokenPipeError) as error:
            raise NeverRead from error
        if not answered and self._socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) == errno.EPIPE:
            raise NeverRead  # the end had come before the request was sent, and the reset after it

    def _line(self) -> bytes:
        line = self._file.readline()
        if not line.endswith(b"\n"):
            raise ConnectionError("the connection was closed")
        return line

    def close(self) -> None:
        """Close the connection."""
        self._file.close()
        self._socket.close()


def ask(port: int, path: str, **options: str) -> Answer:
    """One request on a connection of its own."""
    with closing(Reader(port)) as reader:
        return reader.ask(path, **options)  # type: ignore[arg-type]  # texts only; no body


class Running:
    """A running `homeport serve`."""

    def __init__(self, data: Path, port: int, environ: dict[str, str]) -> None:
        self.data, self.port = data, port
        arguments = [sys.executable, "-m", "homeport.cli", "serve", "--data", str(data), "--port", str(port)]
        self.log = data.parent / f"{data.name}.log"
        with self.log.open("a") as log:
            self.process = subprocess.Popen(
                arguments, stdout=subprocess.PIPE, stderr=log, text=True, env={**os.environ, **environ}
            )

    def wait_until_ready(self) -> str:
        """The line that says so; fails with the log if the blog ends before."""
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert line.startswith("Homeport is ready at "), self.log.read_text()
        return line

    def setup_link(self) -> str:
        """The owner's link, from the line after."""
        assert self.process.stdout is not None
        found = re.search(r"http://\S+", self.process.stdout.readline())
        return found[0] if found else ""

    def family(self) -> list[psutil.Process]:
        """The processes below the supervisor."""
        return psutil.Process(self.process.pid).children(recursive=True)

    def web_server(self) -> psutil.Process:
        """The process that starts and watches those that answer."""
        return self._child("web")

    def web_processes(self) -> list[psutil.Process]:
        """Those that answer."""
        return self.web_server().children()

    def worker(self) -> psutil.Process:
        """The one that does background work."""
        return self._child("worker")

    def _child(self, name: str) -> psutil.Process:
        for child in psutil.Process(self.process.pid).children():
            if child.cmdline()[-1:] == [name]:
                return child
        raise psutil.NoSuchProcess(0, name)

    def stop(self, number: int = signal.SIGTERM) -> int:
        """Send a signal and wait for the end; returns the exit code."""
        self.process.send_signal(number)
        return self.process.wait(PATIENCE)

    def end(self) -> int:
        """Wait for the end that comes by itself; returns the exit code."""
        with self.process:
            return self.process.wait(PATIENCE)


@contextmanager
def running(data: Path, port: int = 0, **settings: object) -> Iterator[Running]:
    """A blog that is ready; whatever is left of it at the end is killed."""
    environ = {f"HOMEPORT_{name.upper()}": str(value) for name, value in settings.items()}
    blog = Running(data, port or free_port(), environ)
    family: list[psutil.Process] = []
    try:
        blog.wait_until_ready()
        family = blog.family()
        yield blog
    finally:
        if blog.process.poll() is None:
            family = blog.family()
            blog.process.kill()
        for process in family:
            if process.is_running():
                process.kill()
        blog.process.wait()
        if blog.process.stdout:
            blog.process.stdout.close()
