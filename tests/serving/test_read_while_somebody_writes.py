"""No reader is given a page older than a write that had been answered before the reader asked."""

import re
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack, closing
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import update

from homeport.app import create_app
from homeport.core.config import Config
from homeport.core.db import commit, db
from homeport.migrations.runner import upgrade
from homeport.posts.models import Post
from tests.cast import make_cast
from tests.factories import make_post
from tests.parts import postgresql
from tests.serving.running import Answer, Reader, running

SECONDS = 20.0
CHECKS = 40_000
READERS = 6
CHECKS_A_WRITE = 15
"""How many pages are read between two writes: few enough that most writes meet readers, enough that many pages are
answered from memory."""


class Chase:
    """A writer who counts up in a post's title, and readers who look whether they are told the newest number."""

    def __init__(self, port: int, write: Callable[[int], None]) -> None:
        self.port, self.write = port, write
        self.answered = 0
        self.checks = [0] * READERS
        self.stale: list[tuple[str, int, int]] = []
        self.failed: list[BaseException] = []
        self.over = threading.Event()

    def connect(self) -> Reader:
        """A reader's connection."""
        return Reader(self.port)

    def noted(self, answer: Answer) -> Answer:
        """Look at an answer in other ways too."""
        return answer

    def run(self) -> None:
        readers = [threading.Thread(target=self._careful, args=(number,)) for number in range(READERS)]
        for reader in readers:
            reader.start()
        deadline = time.monotonic() + SECONDS
        try:
            while sum(self.checks) < CHECKS and time.monotonic() < deadline and not self.failed:
                if sum(self.checks) >= self.answered * CHECKS_A_WRITE:
                    self.write(self.answered + 1)
                    self.answered += 1
                self.over.wait(0.0005)
        finally:
            self.over.set()
            for reader in readers:
                reader.join()

    def _careful(self, number: int) -> None:
        try:
            self._read(number)
        except BaseException as error:  # shown by the test: a thread has nobody to tell
            self.failed.append(error)

    def _read(self, number: int) -> None:
        path = ("/", "/posts/counter", "/archive")[number % 3]
        while not self.over.is_set():
            with closing(self.connect()) as connection:  # anew from time to time: the kernel picks a process then
                for _ in range(40):
                    self._look(connection, path)
                    self.checks[number] += 1

    def _look(self, connection: Reader, path: str) -> None:
        answered = self.answered
        page = self.noted(connection.ask(path)).body
        found = re.search(rb"Number (\d+)\.", page)
        assert found, page
        if int(found[1]) < answered:
            self.stale.append((path, int(found[1]), answered))


def start(app: Flask) -> Callable[[int], None]:
    """Store the post; returns what changes it, as a route does: in a transaction that is committed when it returns."""
    with app.app_context():
        make_post(make_cast("no password").alice, "Number 0.", path="posts/counter")

    def write(number: int) -> None:
        with app.app_context():
            db.session.execute(update(Post).values(title=f"Number {number}."))
            commit()

    return write


@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_readers_are_never_given_an_old_page(
    tmp_path: Path, database: str, record_property: Callable[[str, object], None]
) -> None:
    with ExitStack() as parts:
        address = parts.enter_context(postgresql()) if database == "postgresql" else ""
        config = Config(data=tmp_path / "data", database_url=address)
        config.data.mkdir()
        upgrade(config)
        app = create_app(config)
        blog = parts.enter_context(running(config.data, web_processes=2, database_url=address))
        chase = Chase(blog.port, start(app))
        chase.run()
        busy = [process.cpu_times().user for process in blog.web_processes()]
        with app.app_context():
            db.engine.dispose()
    record_property("pages read", sum(chase.checks))
    record_property("writes", chase.answered)
    assert not chase.failed
    assert not chase.stale
    assert sum(chase.checks) > 1000
    assert chase.answered > 50
    assert len(busy) == 2
    assert min(busy) > 0.05 * sum(busy)
