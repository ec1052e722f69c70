"""What is saved is saved whole or not at all, and readers' pages know when something changed."""

import sqlite3
from collections.abc import Callable
from threading import Barrier, Thread

import pytest
from flask import Flask, request
from sqlalchemy import delete, event, insert, select, update
from sqlalchemy.exc import IntegrityError

from homeport.accounts.models import Attempt, AuthSession, OneTimeToken, User
from homeport.core import clock, site
from homeport.core.config import Config
from homeport.core.db import after_commit, commit, db, end_transaction, reading, site_version
from homeport.core.errors import Problem
from homeport.core.http import public
from homeport.jobs.models import Mail
from homeport.posts.models import Byline, Post, Redirect, Revision, Tag
from tests.cast import Cast, open_session
from tests.conftest import Browser
from tests.factories import make_post

Change = Callable[[Post], object]


def _new_post(post: Post) -> None:
    facts = {name: getattr(post, name) for name in ("author_id", "body", "html", "toc", "excerpt", "words", "status")}
    times = {"created_at": clock.now(), "updated_at": clock.now(), "rendered_with": 1}
    db.session.add(Post(path="posts/another", title="Another", **facts, **times))


PUBLIC_CHANGES: dict[str, Change] = {
    "a new post": _new_post,
    "a title": lambda post: setattr(post, "title", "Renamed"),
    "a tag more": lambda post: post.tags.append(Tag(name="New", slug="new")),
    "a tag less": lambda post: post.tags.clear(),
    "a tag's name": lambda post: setattr(post.tags[0], "name", "Renamed"),
    "a byline": lambda post: post.bylines.append(Byline(position=5, name="Ann", slug="ann")),
    "a former address": lambda post: db.session.add(Redirect(path="old", post_id=post.id, created_at=clock.now())),
    "a post deleted": lambda post: db.session.delete(post),  # noqa: PLW0108 (the session is another one for each test)
    "an author's name": lambda post: setattr(post.author, "display_name", "Alicia"),
    "an author's link": lambda post: setattr(post.author, "link", "https://example.org"),
    "the site's title": lambda _post: site.change(title="Another title"),
    "an update of many": lambda _post: db.session.execute(update(Post).values(summary="The same")),
    "a deletion of many": lambda _post: db.session.execute(delete(Tag).where(Tag.slug == "none")),
    "an insertion of many": lambda _post: db.session.execute(insert(Tag), [{"name": "A", "slug": "a"}]),
}

PRIVATE_CHANGES: dict[str, Change] = {
    "nothing": lambda _post: None,
    "a login": lambda post: open_session(post.author_id),
    "a password": lambda post: setattr(post.author, "password_hash", "x"),
    "a time zone": lambda post: setattr(post.author, "time_zone", "Europe/Berlin"),
    "a failed login": lambda _post: db.session.add(Attempt(subject="x", at=clock.now())),
    "sessions that ended": lambda _post: db.session.execute(delete(AuthSession)),
    "a link that works once": lambda _post: db.session.add(
        OneTimeToken(digest="x", purpose="setup", created_at=clock.now(), expires_at=clock.now())
    ),
    "a mail": lambda _post: db.session.add(
        Mail(
            to="a@example.com",
            subject="s",
            text="t",
            next_attempt_at=clock.now(),
            message_id="<1@localhost>",
            created_at=clock.now(),
        )
    ),
    "an earlier version": lambda post: db.session.add(
        Revision(post_id=post.id, version=1, title="t", body="b", summary="", tags=[], saved_at=clock.now())
    ),
    "the same title again": lambda post: setattr(post, "title", post.title),
}


@pytest.fixture
def post_path(app: Flask, everybody: Cast) -> str:
    """A post with a tag."""
    with app.app_context():
        return make_post(everybody.alice, tags=["One"])


def _versions(app: Flask, path: str, change: Change) -> tuple[int, int]:
    with app.app_context():
        before = site_version()
        post = db.session.scalars(select(Post).where(Post.path == path)).one()
        change(post)
        commit()
        return before, site_version()


@pytest.mark.parametrize("what", PUBLIC_CHANGES)
def test_a_change_that_readers_can_see_raises_the_version_by_one(app: Flask, post_path: str, what: str) -> None:
    before, after = _versions(app, post_path, PUBLIC_CHANGES[what])
    assert after == before + 1


@pytest.mark.parametrize("what", PRIVATE_CHANGES)
def test_a_change_that_no_reader_sees_leaves_it(app: Flask, post_path: str, what: str) -> None:
    before, after = _versions(app, post_path, PRIVATE_CHANGES[what])
    assert after == before


def test_an_account_that_is_deleted_raises_it(app: Flask, everybody: Cast) -> None:
    with app.app_context():
        before = site_version()
        db.session.delete(db.session.get_one(User, everybody.charlie.id))
        commit()
        assert site_version() == before + 1


def test_others_see_the_change_and_its_version_at_the_same_moment(app: Flask, config: Config, post_path: str) -> None:
    other = sqlite3.connect(config.data / "homeport.db")
    look = "SELECT (SELECT title FROM posts), version FROM site_version"
    with app.app_context():
        title, version = other.execute(look).fetchone()
        db.session.scalars(select(Post)).one().title = "New"
        db.session.flush()
        assert other.execute(look).fetchone() == (title, version)
        commit()
        assert other.execute(look).fetchone() == ("New", version + 1)
        db.session.scalars(select(Post)).one().title = "Never"
        db.session.flush()
        db.session.rollback()
        commit()
        assert other.execute(look).fetchone() == ("New", version + 1)
    other.close()


def test_the_version_is_asked_for_once_in_a_transaction_and_anew_in_the_next(app: Flask, post_path: str) -> None:
    asked: list[str] = []
    with app.app_context():
        event.listen(db.engine, "before_cursor_execute", lambda *call: asked.append(call[2]))
        with reading():
            first = site_version()
            assert site_version() == site_version() == first
        assert sum("site_version" in statement for statement in asked) == 1
        db.session.scalars(select(Post)).one().title = "New"
        commit()
        assert site_version() == first + 1


def test_what_waits_for_the_commit_runs_once_and_after_it(app: Flask, config: Config, post_path: str) -> None:
    other = sqlite3.connect(config.data / "homeport.db")
    seen: list[str] = []
    with app.app_context():
        db.session.scalars(select(Post)).one().title = "New"
        after_commit(lambda: seen.append(other.execute("SELECT title FROM posts").fetchone()[0]))
        assert seen == []
        end_transaction()
        assert seen == ["New"]
        commit()
        assert seen == ["New"]
    other.close()


def test_what_waits_for_the_commit_does_not_run_without_one(app: Flask, post_path: str) -> None:
    ran: list[int] = []
    with app.app_context():
        after_commit(lambda: ran.append(1))
        db.session.rollback()
        commit()
        db.session.add_all([Tag(name="Two", slug="two"), Tag(name="Two again", slug="two")])
        after_commit(lambda: ran.append(2))
        with pytest.raises(IntegrityError):
            commit()
        db.session.rollback()
        commit()
    assert ran == []


def test_a_request_that_fails_changes_nothing(app: Flask, client: Browser) -> None:
    @app.post("/fail/<how>")
    @public
    def fail(how: str) -> str:
        site.change(title="Half done")
        db.session.flush()
        if how == "problem":
            raise Problem("No.")
        raise ZeroDivisionError

    @app.post("/save")
    @public
    def save() -> str:
        site.change(title="Done")
        return "ok"

    assert client.submit("/fail/problem").status_code == 400
    assert client.submit("/fail/crash").status_code == 500
    with app.app_context():
        assert site.site().title == site.Site.title
    assert client.submit("/save").status_code == 200
    with app.app_context():
        assert site.site().title == "Done"


def test_what_a_get_request_changes_is_not_kept(app: Flask, client: Browser) -> None:
    @app.get("/careless")
    @public
    def careless() -> str:
        site.change(title="Changed by a link")
        return "ok"

    client.get("/careless")
    with app.app_context():
        assert site.site().title == site.Site.title


def test_twenty_people_save_at_once_and_each_is_counted(app: Flask) -> None:
    @app.post("/count")
    @public
    def count() -> str:
        site.change(posts_per_page=site.site().posts_per_page + 1)
        return request.path

    start, answers = Barrier(20), []

    def press() -> None:
        browser = app.test_client()
        start.wait()
        answers.append(browser.post("/count", headers={"Sec-Fetch-Site": "same-origin"}).status_code)

    threads = [Thread(target=press) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [200] * 20
    with app.app_context():
        assert site.site().posts_per_page == site.Site.posts_per_page + 20


def test_the_database_is_set_up_for_a_machine_that_may_lose_power(app: Flask) -> None:
    with app.app_context():
        connection = db.session.connection()
        found = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name in ("journal_mode", "foreign_keys")
        }
        assert found == {"journal_mode": "wal", "foreign_keys": 1}
        assert connection.exec_driver_sql("PRAGMA synchronous").scalar() == 2  # FULL


def test_no_thread_is_started_for_a_request(app: Flask, client: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    client.get("/")
    started: list[Thread] = []
    monkeypatch.setattr(Thread, "start", started.append)
    assert client.get("/").status_code == 200
    assert started == []
