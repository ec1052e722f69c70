"""A blog that is told to end while many read and write: every request it took is answered, and it is gone in time."""

import signal
import threading
import time
from collections import Counter
from contextlib import closing
from pathlib import Path

import pytest

from tests.serving.running import Reader, eventually, has_ended, running

READERS = 8
# Out of memory; made anew each time, as it says who asks; and one that takes long enough to be cut off.
PATHS = ("/", "/login", "/?no-such-parameter=1", "/healthz")


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
        while not self.over.is_set():
            try:
                answer = reader.ask(path)
            except OSError:
                self.happened["sent and never answered"] += 1
                return
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
        asked = time.monotonic()
        assert blog.stop(signal.SIGTERM) == 0
        seconds = time.monotonic() - asked
    assert crowd.happened["sent and never answered"] == 0
    assert seconds < 10


def test_second_ctrl_c_ends_it_at_once(tmp_path: Path) -> None:
    with running(tmp_path / "data") as blog:
        family, web = blog.family(), blog.web_server()
        blog.worker().suspend()  # it would make the end last as long as it may
        blog.process.send_signal(signal.SIGINT)
        eventually(lambda: has_ended(web), "the web server's end")
        blog.process.send_signal(signal.SIGINT)
        asked = time.monotonic()
        blog.process.wait(8)
        assert time.monotonic() - asked < 5
        eventually(lambda: all(has_ended(process) for process in family), "the end of all")
