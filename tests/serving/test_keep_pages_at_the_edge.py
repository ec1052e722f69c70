"""Which pages the edge is let at, and that none of them is there when the public site has changed."""

import errno
import os
import signal
import sqlite3
import subprocess
import sys
import threading
from contextlib import closing
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import update

from homeport.app import create_app
from homeport.core.config import Config
from homeport.core.db import commit, db
from homeport.core.site import SiteSetting
from homeport.https import shelf as edges_side
from homeport.https.shelf import NONE, folder, leave, place, show, take_down
from homeport.posts.models import Post
from homeport.serving import shelf as module
from tests.cast import Cast
from tests.factories import make_post
from tests.serving.at_the_edge import WebProcess, behind_an_edge

PAGE = "/posts/the-lighthouse"


@pytest.fixture
def config(config: Config) -> Config:
    behind = behind_an_edge(config)
    (folder(behind) / NONE).mkdir(parents=True)
    folder(behind).chmod(0o700)  # as Caddy's start does
    return behind


@pytest.fixture
def app(config: Config, app: Flask) -> Flask:
    """The blog with that domain; the first `app` has made the tables."""
    return create_app(config)


@pytest.fixture
def web(config: Config, app: Flask, everybody: Cast) -> WebProcess:
    with app.app_context():
        make_post(everybody.alice, "Number 0.", path=PAGE[1:])
    return WebProcess(config, app.wsgi_app)


def change(app: Flask, title: str = "Number 1.") -> None:
    with app.app_context():
        db.session.execute(update(Post).values(title=title))
        commit()


def full(*_arguments: object, **_options: object) -> None:
    raise OSError(errno.ENOSPC, "no space left")


def has_nothing(web: WebProcess) -> bool:
    """Whether no page was put there."""
    return [each.name for each in folder(web.config).iterdir()] == [NONE]


def text(web: WebProcess) -> str:
    """What Caddy would answer with for PAGE."""
    assert web.shown is not None
    return place(web.config, web.shown, PAGE).read_text()


def test_page_that_is_asked_for_twice_is_there(web: WebProcess) -> None:
    web.get(PAGE)
    web.shelf.tend()
    assert web.shown is None
    for _ in range(5):
        web.get(PAGE)
    assert len(web.shelf._offered) == 1
    web.shelf.tend()
    assert "Number 0." in text(web)


def test_its_files_are_for_their_owner_alone(web: WebProcess) -> None:
    web.fill(PAGE)
    files = [path for path in folder(web.config).rglob("*") if path.is_file()]
    assert len(files) == 3
    assert {path.stat().st_mode & 0o077 for path in [folder(web.config), *files]} == {0}


def test_change_takes_it_away_before_it_is_answered(web: WebProcess, app: Flask) -> None:
    web.fill(PAGE)
    change(app)
    assert web.shown is None
    web.fill(PAGE)
    assert "Number 1." in text(web)


def test_old_pages_are_thrown_away_under_every_name(web: WebProcess, app: Flask) -> None:
    for number in range(3):
        web.fill("/")
        web.fill(PAGE)  # a round later, in which nothing else is written
        change(app, f"Number {number}.")
    web.shelf.tend()
    assert [file for file in folder(web.config).rglob("*") if file.is_file()] == []


def test_nothing_is_shown_while_somebody_is_about_to_commit(web: WebProcess, app: Flask) -> None:
    web.fill(PAGE)
    with app.app_context():
        db.session.execute(update(Post).values(title="Never stored."))
        db.session.flush()
        take_down(web.config)
        web.fill(PAGE)
        assert web.shown is None
        db.session.rollback()
    web.shelf.tend()
    assert "Number 0." in text(web)


def test_who_commits_waits_for_who_lets_caddy_in_and_then_takes_it_away(
    web: WebProcess, app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    committed = threading.Event()

    def write() -> None:
        change(app)
        committed.set()

    writer = threading.Thread(target=write)

    def slowly(config: Config, version: int) -> None:
        writer.start()
        assert not committed.wait(0.5)
        show(config, version)

    monkeypatch.setattr(edges_side, "show", slowly)
    web.fill(PAGE)
    writer.join()
    assert committed.is_set()
    assert web.shown is None


def test_page_of_the_version_before_is_never_shown_as_that_of_this(web: WebProcess, app: Flask) -> None:
    web.get(PAGE)
    web.get(PAGE)
    change(app)
    web.shelf.tend()
    web.fill("/")
    assert web.shown is not None
    assert not place(web.config, web.shown, PAGE).exists()


def test_change_that_cannot_take_it_away_is_not_made(web: WebProcess, app: Flask) -> None:
    web.fill(PAGE)
    with pytest.MonkeyPatch.context() as broken:
        broken.setattr(Path, "rename", full)
        with pytest.raises(OSError, match="no space"):
            change(app)
    assert "Number 0." in text(web)
    web.shelf.tend()
    assert "Number 0." in text(web)


KILLED = """
import os, signal, sys
from pathlib import Path
from sqlalchemy import event, orm, update
from homeport.app import create_app
from homeport.core.config import Config
from homeport.core.db import commit, db
from homeport.posts.models import Post
with create_app(Config(data=Path(sys.argv[1]))).app_context():
    db.session.execute(update(Post).values(title="Never stored."))
    event.listen(orm.Session, "before_commit", lambda session: os.kill(os.getpid(), signal.SIGKILL))
    commit()
"""


def test_writer_who_is_killed_between_taking_away_and_committing(web: WebProcess) -> None:
    web.fill(PAGE)
    done = subprocess.run([sys.executable, "-c", KILLED, str(web.config.data)], check=False)
    assert done.returncode == -signal.SIGKILL
    assert web.shown is None
    web.shelf.tend()
    assert "Number 0." in text(web)


def test_command_with_another_data_directory_and_this_database_takes_it_away(web: WebProcess, tmp_path: Path) -> None:
    web.fill(PAGE)
    other = Config(data=tmp_path / "other", database_url=web.config.sqlalchemy_url)
    other.data.mkdir()
    change(create_app(other))
    assert web.shown is None


def test_site_setting_takes_it_away(web: WebProcess, app: Flask) -> None:
    web.fill(PAGE)
    with app.app_context():
        db.session.add(SiteSetting(name="title", value="Another name"))
        commit()
    assert web.shown is None


def test_login_leaves_it(web: WebProcess, app: Flask, everybody: Cast) -> None:
    web.fill(PAGE)
    client = app.test_client()
    client.post("/login", base_url=web.config.origin, data={"email": everybody.charlie.email, "password": "wrong"})
    assert web.shown is not None


def test_change_by_hand_is_noticed_in_the_next_round(web: WebProcess) -> None:
    web.fill(PAGE)
    with closing(sqlite3.connect(web.config.data / "homeport.db")) as connection:
        connection.execute("UPDATE site_version SET version = version + 1")
        connection.commit()
    web.shelf.tend()
    assert web.shown is None


def test_nothing_is_shown_while_the_database_cannot_be_read(web: WebProcess) -> None:
    web.fill("/")
    assert web.shown is not None
    web.shelf._current = lambda: None
    web.shelf.tend()
    assert web.shown is None


OTHER_PATHS = (f"{PAGE}?before=1", "/posts/", "/nowhere", "/login", "/POSTS/the-lighthouse", "/healthz")
OTHER_BASES = ("http://blog.example.com", "https://localhost", "https://blog.example.com:444")


@pytest.mark.parametrize(("path", "base"), [*((path, "") for path in OTHER_PATHS), *((PAGE, b) for b in OTHER_BASES)])
def test_other_answers_and_other_ways_are_left_to_the_web_server(web: WebProcess, path: str, base: str) -> None:
    for _ in range(3):
        web.get(path, base)
    web.shelf.tend()
    assert has_nothing(web)


def test_who_brings_a_session_puts_nothing_there(web: WebProcess) -> None:
    for _ in range(3):
        web.get(PAGE, headers={"Cookie": "__Host-sid=abc"})
    web.shelf.tend()
    assert has_nothing(web)


@pytest.mark.parametrize("header", [("Link", "</a>; rel=next"), ("Cache-Control", "max-age=5"), ("X-Robots-Tag", "no")])
def test_page_with_headers_of_its_own_is_left_to_the_web_server(
    web: WebProcess, app: Flask, header: tuple[str, str]
) -> None:
    app.after_request(lambda response: response.headers.set(*header) or response)
    web.fill(PAGE)
    assert web.get(PAGE).headers[header[0]] == header[1]
    assert has_nothing(web)


def test_disk_is_not_filled(web: WebProcess, app: Flask, everybody: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    with app.app_context():
        paths = [f"/{make_post(everybody.alice)}" for _ in range(60)]
    monkeypatch.setattr(type(web.config), "cache_megabytes", 1)
    web.fill(*paths)
    used = sum(path.stat().st_blocks * 512 for path in folder(web.config).rglob("*"))
    assert 100_000 < used < 1_100_000


@pytest.mark.parametrize("what", ["link", "utime", "fdopen"])
def test_full_disk_costs_nothing_but_speed(web: WebProcess, what: str) -> None:
    with pytest.MonkeyPatch.context() as disk:
        disk.setattr(os, what, full)
        web.fill(PAGE)
        assert web.shown is None
    web.fill(PAGE)
    assert "Number 0." in text(web)


def test_nothing_is_put_on_a_full_disk_or_one_of_no_capitals(web: WebProcess, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder(web.config) / f"NEW-{os.getpid()}").touch()  # as such a file system has it for each `new-…`
    web.fill(PAGE)
    assert web.shown is None
    (folder(web.config) / f"NEW-{os.getpid()}").unlink()
    monkeypatch.setattr(module, "SPARE", 10**18)
    web.fill(PAGE)
    assert web.shown is None


def test_nothing_is_shown_before_caddy_runs_or_once_it_is_to_end(web: WebProcess) -> None:
    (folder(web.config) / NONE).rmdir()
    web.fill(PAGE)
    assert web.shown is None
    (folder(web.config) / NONE).mkdir()
    web.shelf.tend()
    assert web.shown is not None
    leave(web.config)
    for _ in range(2):
        web.shelf.tend()
        assert web.shown is None
        take_down(web.config)
