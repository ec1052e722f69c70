"""A post goes into the trash, comes back, or is deleted for ever; an earlier text comes back."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask

from homeport.core import clock
from homeport.core.db import commit, db
from homeport.posts import service
from homeport.posts.models import Post, Redirect, Revision
from tests.cast import Cast, Person
from tests.conftest import Browser
from tests.posts.desk import press, put, stored, write

Login = Callable[[Person], Browser]


@pytest.fixture
def alice(browser: Login, everybody: Cast) -> Browser:
    return browser(everybody.alice)


@pytest.mark.parametrize(
    ("button", "status"), [("save", "draft"), ("publish", "published"), ("make_private", "private")]
)
def test_a_restored_post_stands_where_it_stood(alice: Browser, app: Flask, button: str, status: str) -> None:
    editor = write(alice)
    press(alice, alice.get(editor), button)
    assert press(alice, alice.get(editor), "trash").location == "/write"
    assert "A walk" not in alice.get("/write").text
    assert "A walk" in alice.get("/write?state=trashed").text
    assert stored(app, editor)["status"] == "trashed"
    assert alice.submit(f"{editor}/restore").location == editor
    assert stored(app, editor)["status"] == status
    assert stored(app, editor)["trashed_at"] is None


def test_a_scheduled_post_whose_time_passed_in_the_trash_becomes_a_draft(app: Flask, everybody: Cast) -> None:
    by, now = everybody.alice.viewer, clock.now()
    missed, early = put(app, everybody.alice, "Missed"), put(app, everybody.alice, "Early")
    with app.app_context():
        for post in (db.session.get_one(Post, number) for number in (missed, early)):
            service.schedule(post, by, now, now + timedelta(hours=1))
            service.trash(post, by, now)
        assert not service.publish_if_due(missed, now + timedelta(hours=2))
        service.restore(db.session.get_one(Post, missed), by, now + timedelta(hours=2))
        service.restore(db.session.get_one(Post, early), by, now)
        commit()
    assert (stored(app, f"/write/{missed}")["status"], stored(app, f"/write/{early}")["status"]) == (
        "draft",
        "scheduled",
    )


@pytest.mark.parametrize("button", ["publish", "unpublish", "make_private", "schedule"])
def test_a_post_in_the_trash_has_to_be_restored_first(alice: Browser, app: Flask, button: str) -> None:
    editor = write(alice)
    press(alice, alice.get(editor), "trash")
    answer = press(alice, alice.get(editor), button, body="More", publish_at=f"{clock.now().year + 1}-01-01T10:00")
    assert answer.status_code == 422
    assert "Restore it first." in answer.text
    assert (stored(app, editor)["status"], stored(app, editor)["body"]) == ("trashed", "We went far.")


def test_deleting_for_ever_asks_first_and_leaves_nothing(alice: Browser, client: Browser, app: Flask) -> None:
    editor = write(alice, "publish", tags="sea")
    press(alice, alice.get(editor), "save", path="walks/far")
    press(alice, alice.get(editor), "trash")
    question = alice.get(f"{editor}/delete")
    assert "Delete “A walk” with its whole history?" in question.text
    assert stored(app, editor)["status"] == "trashed"
    assert alice.submit(f"{editor}/delete").location == "/write?state=trashed"
    with app.app_context():
        counts = [db.session.query(table).count() for table in (Post, Revision, Redirect)]
        tags = db.session.connection().exec_driver_sql("SELECT count(*) FROM tags").scalar()
    assert (counts, tags) == ([0, 0, 0], 0)
    assert [client.get(path).status_code for path in ("/posts/a-walk", "/walks/far", "/tags/sea")] == [404, 404, 404]
    assert alice.get(editor).status_code == 404


def test_only_what_is_in_the_trash_can_be_deleted(alice: Browser, app: Flask) -> None:
    editor = write(alice)
    assert alice.submit(f"{editor}/delete").status_code == 409
    assert stored(app, editor)["title"] == "A walk"


def test_who_was_writing_when_the_post_was_deleted_still_has_the_text(alice: Browser, app: Flask) -> None:
    editor = write(alice)
    page = alice.get(editor)
    press(alice, alice.get(editor), "trash")
    alice.submit(f"{editor}/delete")
    answer = press(alice, page, "save", body="An hour's work")
    assert answer.status_code == 404
    again = press(alice, answer, "save")
    assert stored(app, again.location)["body"] == "An hour's work"


def test_an_earlier_text_can_be_looked_at_and_brought_back(alice: Browser, app: Flask) -> None:
    editor = write(alice, "publish", body="First", tags="one")
    press(alice, alice.get(editor), "save", body="Second", tags="two", title="Other")
    history = alice.get(f"{editor}/history")
    assert f'href="{editor}/history/1"' in history.text
    revision = alice.get(f"{editor}/history/1")
    assert "<del>First</del>" in revision.text
    assert "<ins>Second</ins>" in revision.text
    assert alice.submit(f"{editor}/history/1/restore").location == editor
    post = stored(app, editor)
    assert (post["title"], post["body"], post["tags"]) == ("A walk", "First", [("one", "one")])
    with app.app_context():
        assert [row.body for row in db.session.query(Revision).order_by(Revision.version)] == [
            "First",
            "Second",
            "First",
        ]


@pytest.mark.parametrize("version", ["2", "999", "99999999999999999999"])
def test_a_version_that_was_not_kept_is_not_found(alice: Browser, version: str) -> None:
    editor = write(alice)
    assert alice.get(f"{editor}/history/{version}").status_code == 404
    assert alice.submit(f"{editor}/history/{version}/restore").status_code in {404, 405}
