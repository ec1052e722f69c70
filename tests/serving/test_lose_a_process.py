"""Killed with SIGKILL, any process of a running blog: readers get their pages back, and what was answered is kept."""

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import closing, suppress
from datetime import timedelta
from itertools import count
from pathlib import Path
from urllib.parse import urlencode

import pytest
from sqlalchemy import select

from homeport.app import create_app
from homeport.core import clock, csrf
from homeport.core.config import Config
from homeport.core.db import commit, db
from homeport.migrations.runner import upgrade
from homeport.posts.models import Post, Status
from tests.cast import Cast, make_cast, open_session
from tests.factories import make_post
from tests.serving.running import Reader, Running, ask, eventually, free_port, has_ended, running


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("blog") / "data"
    folder.mkdir()
    upgrade(Config(data=folder))
    return folder


@pytest.fixture(scope="module")
def cast(data: Path) -> Cast:
    with create_app(Config(data=data)).app_context():
        return make_cast("no password")


@pytest.fixture(scope="module")
def blog(data: Path, cast: Cast) -> Iterator[Running]:
    """One blog that all of it happens to, one after the other."""
    with running(data) as blog:
        yield blog


def well(blog: Running) -> bool:
    """Whether the blog answers and says that all of it is well."""
    try:
        return ask(blog.port, "/healthz").status == 200
    except OSError:
        return False


class Writer(threading.Thread):
    """Somebody who stores one post after the other, and notes which the blog has said are stored."""

    def __init__(self, port: int, token: str) -> None:
        super().__init__(daemon=True)
        self.port, self.token = port, token
        self.answered: list[str] = []
        self.refused: list[bytes] = []
        self.over = threading.Event()

    def run(self) -> None:
        for number in count():
            if self.over.wait(0.001) or self.refused:
                return
            with suppress(OSError):  # nothing was promised
                self._store(f"{self.token[:6]} {number}")

    def _store(self, title: str) -> None:
        fields = {"title": title, "body": "Text.", "do": "save", csrf.FIELD: csrf.token(self.token)}
        form = "Content-Type: application/x-www-form-urlencoded\r\nSec-Fetch-Site: same-origin\r\n"
        with closing(Reader(self.port)) as reader:
            headers = f"{form}Cookie: sid={self.token}\r\n"
            answer = reader.ask("/write/new", method="POST", headers=headers, body=urlencode(fields).encode())
        (self.answered.append(title) if answer.status == 303 else self.refused.append(answer.body))

    def __enter__(self) -> "Writer":
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.over.set()
        self.join()


def test_killed_web_process_comes_back_and_keeps_what_it_said_was_stored(blog: Running, data: Path, cast: Cast) -> None:
    app = create_app(Config(data=data))
    with app.app_context():
        token = open_session(cast.alice.id)
    with Writer(blog.port, token) as writer:
        for _ in range(3):
            at_least = len(writer.answered) + 5
            eventually(lambda wanted=at_least: len(writer.answered) >= wanted or writer.refused, "five more posts")  # type: ignore[misc]
            blog.web_processes()[0].kill()
            at_least = len(writer.answered) + 5
        eventually(lambda: len(writer.answered) >= at_least or writer.refused, "posts after the last kill")
    assert not writer.refused
    with app.app_context():
        assert set(writer.answered) <= set(db.session.scalars(select(Post.title)))
        db.engine.dispose()


def test_killed_web_server_takes_its_processes_along_and_comes_back(blog: Running) -> None:
    server, processes = blog.web_server(), blog.web_processes()
    server.kill()
    eventually(lambda: all(has_ended(process) for process in processes), "the end of the orphans")
    eventually(lambda: well(blog), "the web server")
    assert blog.web_server().pid != server.pid


def test_killed_worker_comes_back_and_publishes_what_was_due_once(blog: Running, data: Path, cast: Cast) -> None:
    app = create_app(Config(data=data))
    worker = blog.worker()
    worker.kill()
    due = clock.now() - timedelta(minutes=1)
    with app.app_context():
        path = make_post(cast.alice, "On time", status=Status.SCHEDULED, scheduled_at=due)
    eventually(lambda: ask(blog.port, f"/{path}").status == 200, "the scheduled post")
    assert blog.worker().pid != worker.pid
    with app.app_context():
        assert db.session.scalars(select(Post.version).where(Post.path == path)).all() == [2]
        commit()
        db.engine.dispose()


def test_killed_supervisor_leaves_nobody_behind_and_starts_again_without_a_hand(data: Path, blog: Running) -> None:
    eventually(lambda: len(blog.family()) == 3, "web server, web process and worker, and nobody who prepares")
    family = blog.family()
    blog.process.kill()
    blog.process.wait()
    with running(data, blog.port) as again:  # at once: while the orphans are ending
        assert well(again) or ask(again.port, "/").status == 200
        assert all(has_ended(process) for process in family)


def test_process_that_hangs_does_not_outlive_the_supervisor(data: Path, cast: Cast) -> None:
    with running(data, free_port()) as blog:
        worker = blog.worker()
        os.kill(worker.pid, signal.SIGSTOP)
        assert blog.stop() == 0
        assert has_ended(worker)
