"""A blog at home in the lab: `homeport serve` on its own host, and readers on the internet who come to it by curl."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import psutil

from tests.https.lab import DOMAIN, Lab
from tests.patience import PATIENCE

LOCAL = "http://localhost:8000"


def eventually(question: Callable[[], object], what: str, seconds: float = PATIENCE) -> None:
    """Wait until the answer is true; fail with `what` when it never is."""
    deadline = time.monotonic() + seconds
    while not question():
        assert time.monotonic() < deadline, f"never came: {what}"
        time.sleep(0.05)


class Answer(NamedTuple):
    """What a reader got: status 0 and `body` empty where there was no connection, for the reason `error`."""

    status: int
    headers: dict[str, str]
    body: str
    error: str = ""


class Blog:
    """`homeport serve` on the home's host. `log` is all that it has said."""

    def __init__(
        self, lab: Lab, data: Path, arguments: tuple[str, ...], environ: dict[str, str], through: Sequence[str] = ()
    ) -> None:
        self.lab, self.data, self._through = lab, data, through
        self.log = lab.folder / f"{data.name}.log"
        self.log.unlink(missing_ok=True)  # of a blog before it, which had the same data
        self._environ = environ
        self._arguments = arguments
        self.process = self._start()

    def _start(self) -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "homeport.cli", "serve", "--data", str(self.data), *self._arguments]
        return self.lab.home.start(*self._through, *command, environ=self._environ, log=self.log)

    def said(self) -> str:
        """What it has printed and logged since its start."""
        return self.log.read_text()

    def wait_until_said(self, what: str, seconds: float = PATIENCE) -> str:
        """Wait until it has said so; returns all that it has said."""

        def has() -> bool:
            assert what in self.said() or self.process.poll() is None, self.said()
            return what in self.said()

        eventually(has, f"{what!r} in {self.log}", seconds)
        return self.said()

    def ask(self, address: str, *options: str, roots: Path | None = None) -> Answer:
        """What a reader on the internet gets at an address; without `roots` they look at no certificate."""
        return curl(self.lab.internet.command(), address, *options, roots=roots)

    def ask_at_home(self, path: str, *options: str) -> Answer:
        """What the owner gets at the blog's own computer."""
        return curl(self.lab.home.command(), LOCAL + path, *options)

    def wait_for_https(self, domain: str = DOMAIN, seconds: float = PATIENCE) -> Answer:
        """Wait until a reader gets the home page by HTTPS, with a certificate of the lab's authority."""
        answers: list[Answer] = []

        def comes() -> bool:
            answers[:] = [self.ask(f"https://{domain}/", "--max-time", "2", roots=self.lab.authority.roots())]
            return answers[0].status == 200

        eventually(comes, f"HTTPS at {domain}: {self.log.read_text()}", seconds)
        return answers[0]

    def caddy(self) -> psutil.Process:
        """The process of the edge. Raises psutil.NoSuchProcess while there is none."""
        for process in psutil.Process(self.process.pid).children(recursive=True):
            if process.name() == "caddy":
                return process
        raise psutil.NoSuchProcess(0, "caddy")

    def web_processes(self) -> list[psutil.Process]:
        """The web server and those of its processes that answer."""
        children = psutil.Process(self.process.pid).children()
        return [each for child in children if child.cmdline()[-1:] == ["web"] for each in (child, *child.children())]

    def stop(self, number: int = signal.SIGTERM) -> int:
        """Send a signal and wait for the end; returns the exit code."""
        self.process.send_signal(number)
        return self.process.wait(PATIENCE)


def curl(host: list[str], address: str, *options: str, roots: Path | None = None) -> Answer:
    """One request by curl, run by the command `host` (a namespace)."""
    trust = ["--cacert", str(roots)] if roots else ["--insecure"]
    command = [*host, "curl", "--silent", "--show-error", "--max-time", "20", *trust, "--include", *options, address]
    done = subprocess.run(command, capture_output=True, check=False)
    if done.returncode:
        return Answer(0, {}, "", done.stderr.decode())
    head, _, body = done.stdout.decode(errors="replace").partition("\r\n\r\n")
    first, *rows = head.splitlines()
    headers = {name.lower(): value.strip() for name, _, value in (row.partition(":") for row in rows)}
    return Answer(int(first.split()[1]), headers, body)


@contextmanager
def serving(
    lab: Lab, *arguments: str, domain: str = DOMAIN, ready: bool = True, through: Sequence[str] = (), **settings: object
) -> Iterator[Blog]:
    """`homeport serve --domain …` at home in the lab, that says it is ready (or has not yet, with `ready=False`).
    `through`: a program that runs it, with its arguments.

    `settings` are of the table of settings, such as `https_method="dns"`. Its data directory is `lab.folder / "data"`,
    and stays there. What it said is in the report of a test that fails.
    """
    environ = lab.environ(**settings)
    blog = Blog(lab, lab.folder / "data", ("--domain", domain, *arguments), environ, through)
    try:
        if ready:
            blog.wait_until_said("Homeport is ready at ")
        yield blog
    except BaseException:
        sys.stderr.write(blog.said())
        raise
    finally:
        if blog.process.poll() is None:
            os.kill(blog.process.pid, signal.SIGTERM)
            blog.process.wait(PATIENCE)
