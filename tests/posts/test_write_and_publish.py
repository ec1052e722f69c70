"""Somebody writes a post, looks at it, shows it to the world, takes it back."""

from collections.abc import Callable
from datetime import datetime

import pytest
from flask import Flask

from homeport.core import clock
from homeport.core.db import commit, db
from homeport.core.events import post_published, post_withdrawn
from homeport.posts import service
from homeport.posts.models import Post
from homeport.posts.service import Draft
from tests.cast import Cast, Person
from tests.conftest import Browser
from tests.posts.desk import fields, press, put, stored, write

Login = Callable[[Person], Browser]


@pytest.fixture
def alice(browser: Login, everybody: Cast) -> Browser:
    return browser(everybody.alice)


def test_a_new_post_is_a_draft_that_nobody_else_sees(alice: Browser, client: Browser, app: Flask) -> None:
    editor = write(alice, title="Grüße aus Łódź", tags="Reisen, reisen, C++", summary="Kurz.")
    post = stored(app, editor)
    assert (post["status"], post["path"], post["published_at"]) == ("draft", "posts/grusse-aus-lodz", None)
    assert post["tags"] == [("C++", "c-plus-plus"), ("Reisen", "reisen")]
    assert client.get("/posts/grusse-aus-lodz").status_code == 404


def test_publishing_shows_the_text_as_html(alice: Browser, client: Browser, app: Flask) -> None:
    editor = write(alice, "publish", body="# Far\n\nWe *went* far.\n\n## Home again\n")
    page = client.get("/posts/a-walk")
    assert page.status_code == 200
    assert "We <em>went</em> far." in page.text
    post = stored(app, editor)
    assert post["excerpt"] == "We went far."
    assert [heading["text"] for heading in post["toc"]] == ["Far", "Home again"]
    assert post["words"] == 6


def test_readers_see_a_change_once_it_is_saved(alice: Browser, client: Browser) -> None:
    editor = write(alice, "publish")
    assert press(alice, alice.get(editor), "save", body="We went home.").status_code == 303
    assert "We went home." in client.get("/posts/a-walk").text


def test_a_preview_shows_the_text_and_stores_nothing(alice: Browser, app: Flask) -> None:
    editor = write(alice)
    page = press(alice, alice.get(editor), "preview", body="Now **bold**.", title="Another title")
    assert page.status_code == 200
    assert "Now <strong>bold</strong>." in page.text
    assert fields(page)["body"] == "Now **bold**."
    assert stored(app, editor)["body"] == "We went far."
    assert press(alice, page, "save").status_code == 303
    assert stored(app, editor)["body"] == "Now **bold**."


def test_a_new_post_can_be_previewed_before_it_is_stored(alice: Browser, app: Flask) -> None:
    page = press(alice, alice.get("/write/new"), "preview", title="First", body="Now **bold**.")
    assert "Now <strong>bold</strong>." in page.text
    with app.app_context():
        assert db.session.query(Post).count() == 0
    assert press(alice, page, "save").location == "/write/1"


def test_the_preview_beside_the_text_is_html_alone(alice: Browser) -> None:
    answer = alice.submit("/write/preview", {"body": "*soft*"})
    assert answer.text == "<p><em>soft</em></p>\n"


def test_the_text_comes_back_exactly_as_it_was_typed(alice: Browser) -> None:
    body = "\n    code at the start\n\ntrailing  \nblanks\t\n</textarea><b>&amp; é 日本\n\n"
    editor = write(alice, body=body)
    assert fields(alice.get(editor))["body"] == body


@pytest.mark.parametrize("button", ["unpublish", "make_private", "trash"])
def test_taking_a_post_back_ends_its_page_at_once(alice: Browser, client: Browser, app: Flask, button: str) -> None:
    editor = write(alice, "publish")
    assert client.get("/posts/a-walk").status_code == 200
    assert press(alice, alice.get(editor), button).status_code == 303
    assert client.get("/posts/a-walk").status_code == 404


def test_the_text_that_was_typed_is_saved_with_every_button(alice: Browser, app: Flask) -> None:
    editor = write(alice)
    for button in ("publish", "unpublish", "make_private", "trash", "restore"):
        assert press(alice, alice.get(editor), button, body=f"With {button}").status_code == 303
        assert stored(app, editor)["body"] == f"With {button}"


def test_a_post_published_again_keeps_its_date(alice: Browser, app: Flask) -> None:
    editor = write(alice, "publish")
    first = stored(app, editor)["published_at"]
    press(alice, alice.get(editor), "unpublish")
    press(alice, alice.get(editor), "publish")
    assert stored(app, editor)["published_at"] == first


def test_pressing_publish_twice_publishes_once(alice: Browser, app: Flask) -> None:
    sent: list[datetime] = []

    def note(_sender: object, post: Post, now: datetime) -> None:
        sent.append(now)

    editor = write(alice)
    page = alice.get(editor)
    with post_published.connected_to(note):
        answers = [press(alice, page, "publish", body="Out now.").status_code for _ in range(2)]
    assert answers == [303, 303]
    assert len(sent) == 1


def test_pressing_a_button_of_a_new_post_twice_makes_one_post(alice: Browser, app: Flask) -> None:
    page = alice.get("/write/new")
    for _ in range(2):
        assert press(alice, page, "publish", title="Once", body="Text").location == "/write/1"
    with app.app_context():
        assert db.session.query(Post).count() == 1


def test_going_back_to_the_empty_form_and_sending_more_changes_the_same_post(alice: Browser, app: Flask) -> None:
    page = alice.get("/write/new")
    press(alice, page, "save", title="Once", body="Text")
    press(alice, page, "save", title="Once", body="Text and more")
    with app.app_context():
        assert [post.body for post in db.session.query(Post)] == ["Text and more"]


def test_two_posts_of_one_title_get_two_addresses(alice: Browser, app: Flask) -> None:
    assert [stored(app, write(alice))["path"] for _ in range(3)] == ["posts/a-walk", "posts/a-walk-2", "posts/a-walk-3"]


def test_each_change_of_status_is_told_once(app: Flask, everybody: Cast) -> None:
    told: list[str] = []

    def out(_sender: object, post: Post, now: datetime) -> None:
        told.append("out")

    def back(_sender: object, post: Post, now: datetime) -> None:
        told.append("back")

    post_id, by, now = put(app, everybody.alice, "Told"), everybody.alice.viewer, clock.now()
    with app.app_context(), post_published.connected_to(out), post_withdrawn.connected_to(back):
        post = db.session.get_one(Post, post_id)
        for step in (service.publish, service.trash, service.restore, service.unpublish, service.make_private):
            step(post, by, now)
            step(post, by, now)
    assert told == ["out", "back", "out", "back"]


def test_a_tag_keeps_its_first_spelling_and_goes_with_its_last_post(app: Flask, everybody: Cast) -> None:
    first = put(app, everybody.alice, "One", tags=("Sea Side",))
    second = put(app, everybody.bob, "Two", tags=("sea side", "Gulls"))
    with app.app_context():
        assert [tag.name for tag in db.session.get_one(Post, second).tags] == ["Gulls", "Sea Side"]
        post = db.session.get_one(Post, second)
        draft = Draft("Two", "Text.", path=post.path)
        service.save(post, by=everybody.bob.viewer, now=clock.now(), seen_version=1, draft=draft)
        commit()
        assert [tag.name for tag in db.session.get_one(Post, first).tags] == ["Sea Side"]
        assert db.session.connection().exec_driver_sql("SELECT name FROM tags").scalars().all() == ["Sea Side"]
