"""The database is busy, full or away: the writer keeps the text and learns what to do, readers go on reading."""

import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from html import unescape
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import event, func, select
from sqlalchemy.exc import IntegrityError, InvalidRequestError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from werkzeug.test import TestResponse

from homeport.app import create_app
from homeport.core import db as database
from homeport.core import storage
from homeport.core.config import Config
from homeport.core.db import db
from homeport.posts.models import Post
from tests.cast import Cast, Person
from tests.conftest import Browser
from tests.factories import make_post
from tests.patience import FOR_EVER, without_waiting

BODY = "A long text & <b>much</b> work.\n" * 60
FORM = {"do": "save", "version": "", "title": "Kept", "body": BODY, "key": "form-key"}
JSON = {"Accept": "application/json"}


@contextmanager
def waiting(config: Config, monkeypatch: pytest.MonkeyPatch, seconds: float) -> Iterator[Flask]:
    """The application, where whoever waits for another writer waits so long."""
    monkeypatch.setattr(database, "BUSY_SECONDS", seconds)
    app = create_app(config)
    app.test_client_class = Browser
    yield app
    with app.app_context():
        db.engine.dispose()


@pytest.fixture
def impatient(config: Config, monkeypatch: pytest.MonkeyPatch) -> Iterator[Flask]:
    """The application with a busy time-out that a test can wait for."""
    with waiting(config, monkeypatch, 1.0) as app:
        yield app


@pytest.fixture
def patient(config: Config, monkeypatch: pytest.MonkeyPatch) -> Iterator[Flask]:
    """The application with a busy time-out that no test outlives."""
    with waiting(config, monkeypatch, FOR_EVER) as app:
        yield app


@contextmanager
def locked(config: Config) -> Iterator[None]:
    """Somebody else is writing and does not end."""
    other = sqlite3.connect(config.data / "homeport.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    yield
    other.execute("ROLLBACK")
    other.close()


@contextmanager
def full(app: Flask) -> Iterator[None]:
    """The database can't grow by a page."""

    def fill(connection: sqlite3.Connection, _record: object) -> None:
        pages = connection.execute("PRAGMA page_count").fetchone()[0]
        connection.execute(f"PRAGMA max_page_count = {pages}")

    with app.app_context():
        engine = db.engine
    engine.dispose()
    event.listen(engine, "connect", fill)
    yield
    event.remove(engine, "connect", fill)
    engine.dispose()


@contextmanager
def away(app: Flask, config: Config) -> Iterator[None]:
    """The disk with the data is not there."""
    with app.app_context():
        db.engine.dispose()
    elsewhere = config.data.with_name("elsewhere")
    config.data.rename(elsewhere)
    yield
    elsewhere.rename(config.data)


def assert_kept(answer: TestResponse, status: int, code: str) -> None:
    """The page has the text, says when to try again, and offers to."""
    assert answer.status_code == status
    assert int(answer.headers["Retry-After"]) > 0
    assert answer.headers["Content-Security-Policy"]
    text = unescape(answer.text)
    assert BODY in text
    assert '<textarea id="sent-' in text
    assert "Send it again" in text
    assert "You had pressed: Save." in text
    assert "Version" not in text  # nobody typed that
    assert "Nothing has been saved." in text
    assert code not in text  # the code is for programs


def posts(app: Flask) -> int:
    with app.app_context():
        return db.session.scalar(select(func.count()).select_from(Post)) or 0


def test_readers_do_not_wait_while_somebody_writes(patient: Flask, config: Config, everybody: Cast) -> None:
    with patient.app_context():
        make_post(everybody.alice, "Readable")

    def read() -> None:
        assert patient.test_client().get("/posts/readable").status_code == 200

    with locked(config):
        without_waiting(read)


def test_a_busy_database_keeps_the_text(impatient: Flask, config: Config, everybody: Cast) -> None:
    browser = impatient.test_client()
    assert isinstance(browser, Browser)
    browser.login(everybody.alice)
    with locked(config):
        assert_kept(browser.submit("/write/new", FORM), 503, "database_busy")
        assert browser.submit("/write/new", FORM, headers=JSON).json["error"]["code"] == "database_busy"  # type: ignore[index]
    assert browser.submit("/write/new", FORM).status_code == 303
    assert posts(impatient) == 1


def test_a_full_disk_keeps_the_text_and_the_blog_recovers_by_itself(
    app: Flask, everybody: Cast, browser: Callable[[Person], Browser]
) -> None:
    with app.app_context():
        make_post(everybody.alice, "Readable")
    alice = browser(everybody.alice)
    long = FORM | {"body": BODY * 20}
    with full(app):
        answer = alice.submit("/write/new", long)
        assert answer.status_code == 507
        assert_kept(answer, 507, "disk_full")
        assert app.test_client().get("/posts/readable").status_code == 200
        assert posts(app) == 1
    assert alice.submit("/write/new", long).status_code == 303
    assert posts(app) == 2


def test_a_database_that_is_away_keeps_the_text_too(
    app: Flask, config: Config, everybody: Cast, browser: Callable[[Person], Browser]
) -> None:
    alice = browser(everybody.alice)
    with away(app, config):
        assert_kept(alice.submit("/write/new", FORM), 503, "database_unavailable")
        answer = app.test_client().get("/")
        assert answer.status_code == 503
        assert "Wait a moment" in answer.text
        assert "Send it again" not in answer.text
        health = app.test_client().get("/healthz")
        assert health.status_code == 503
        assert health.get_json()["database"] == "not ok"
    assert app.test_client().get("/").status_code == 200


def test_passwords_are_not_sent_back(impatient: Flask, config: Config) -> None:
    browser = impatient.test_client()
    assert isinstance(browser, Browser)
    with locked(config):
        answer = browser.submit("/login", {"email": "alice@example.com", "password": "a secret"})
    assert "a secret" not in answer.text


@pytest.mark.parametrize(
    "error",
    [
        IntegrityError("INSERT", {}, sqlite3.IntegrityError("UNIQUE constraint failed")),
        OperationalError("SELECT", {}, sqlite3.OperationalError("no such table: posts")),
        InvalidRequestError("a mistake of ours"),
    ],
)
def test_a_defect_of_ours_is_not_blamed_on_the_disk(error: Exception) -> None:
    assert isinstance(error, IntegrityError | OperationalError | InvalidRequestError)
    assert storage.problem(error, writing=True) is None


class PostgreSQLError(Exception):
    """What psycopg raises, as far as it matters here."""

    def __init__(self, sqlstate: str | None) -> None:
        super().__init__("the server said no")
        self.sqlstate = sqlstate


@pytest.mark.parametrize(
    ("state", "code"),
    [
        ("53100", "disk_full"),
        ("40001", "database_busy"),
        ("40P01", "database_busy"),
        ("53300", "database_busy"),
        ("08006", "database_unavailable"),
        ("57P01", "database_unavailable"),
        (None, "database_unavailable"),
    ],
)
def test_postgresql_is_understood_too(state: str | None, code: str) -> None:
    problem = storage.problem(OperationalError("SELECT", {}, PostgreSQLError(state)), writing=False)
    assert problem is not None
    assert problem.code == code
    assert not problem.resend


def test_too_many_requests_at_once_are_a_busy_database() -> None:
    problem = storage.problem(PoolTimeout("QueuePool limit reached"), writing=True)
    assert problem is not None
    assert problem.code == "database_busy"


def test_a_failed_read_of_the_media_folder_is_no_crash(app: Flask, config: Config, tmp_path: Path) -> None:
    shutil.rmtree(config.media, ignore_errors=True)
    assert app.test_client().get("/media/none.png").status_code == 404
