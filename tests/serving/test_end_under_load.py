"""A blog that is told to end while many read and write: every request it took is answered, and it is gone in time."""

import os
import signal
import socket
import threading
from collections import Counter
from contextlib import closing
from pathlib import Path

import pytest

from homeport.serving.lifeline import DRAIN
from tests.serving.running import PATIENCE, NeverRead, Reader, eventually, has_ended, running

READERS = 8
# Out of memory; made anew each time, as it says who asks; and one that takes long enough to be cut off.
PATHS = ("/", "/login", "/?no-such-parameter=1", "/healthz")
LOST_PATIENCE = "after it refused to gracefully stop"
"""What the web server logs when it kills a process that has not ended in the time it may take."""


class Crowd:
    """Readers with open connections, who count what happens to each request they send."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.happened: Counter[str] = Counter()
        self.over = threading.Event()
        self.threads = [threading.Thread(target=self._read, args=(PATHS[n % len(PATHS)],)) for n in range(READERS)]

    def _read(self, path: str) -> None:
        while not self.over.is_set():
            try:
                reader = Reader(self.port)
            except OSError:
                self.happened["refused before a request was sent"] += 1
                self.over.wait(0.01)
                continue
            with closing(reader):
                self._ask_until_closed(reader, path)

    def _ask_until_closed(self, reader: Reader, path: str) -> None:
        asked_before = False
        while not self.over.is_set():
            try:
                answer = reader.ask(path)
            except NeverRead:
                # On a connection that had been idle for the whole time of draining, this is nobody's fault.
                self.happened["too late" if asked_before else "came and was never read"] += 1
                return
            except OSError:
                self.happened["read and not answered"] += 1
                return
            asked_before = True
            self.happened["answered"] += 1
            if answer.headers.get("connection") == "close":
                return

    def __enter__(self) -> "Crowd":
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.over.set()
        for thread in self.threads:
            thread.join()


@pytest.mark.parametrize("round_", range(3))
def test_no_request_fails_when_the_blog_is_told_to_end(tmp_path: Path, round_: int) -> None:
    with running(tmp_path / "data", web_processes=2) as blog, Crowd(blog.port) as crowd:
        eventually(lambda: crowd.happened["answered"] > 500, "500 answers")
        assert blog.stop(signal.SIGTERM) == 0
    assert crowd.happened["read and not answered"] == 0
    assert crowd.happened["came and was never read"] == 0


def test_whoever_had_come_is_answered_once_more_and_nobody_else_comes_in(tmp_path: Path) -> None:
    with running(tmp_path / "data") as blog, closing(Reader(blog.port)) as early, closing(Reader(blog.port)) as late:
        assert "connection" not in late.ask("/").headers
        os.killpg(blog.web_server().pid, DRAIN)
        eventually(lambda: not _comes_in(blog.port), "an end of new connections")
        assert early.ask("/").headers["connection"] == "close"
        assert late.ask("/").headers["connection"] == "close"
        assert blog.stop() == 0


def _comes_in(port: int) -> bool:
    """Whether a connection comes about, which on one machine is at once."""
    try:
        socket.create_connection(("127.0.0.1", port), timeout=0.2).close()
    except TimeoutError:
        return False
    return True


def test_second_ctrl_c_ends_it_at_once(tmp_path: Path) -> None:
    with running(tmp_path / "data") as blog:
        family = blog.family()
        blog.web_processes()[0].suspend()  # it would make the end last as long as it may
        worker = blog.worker()
        blog.process.send_signal(signal.SIGINT)
        eventually(lambda: has_ended(worker), "the worker's end")
        blog.process.send_signal(signal.SIGINT)
        blog.process.wait(PATIENCE)
        eventually(lambda: all(has_ended(process) for process in family), "the end of all")
    assert LOST_PATIENCE not in blog.log.read_text()
