"""Something about a text is not right. The answer says what, and holds every word that was typed."""

from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient

from homeport.core import csrf
from homeport.core.db import db
from homeport.core.markdown import MOST_CHARACTERS
from homeport.posts.models import Post
from tests.cast import Cast, Person
from tests.conftest import Browser
from tests.posts.desk import fields, press, stored, write

Login = Callable[[Person], Browser]


@pytest.fixture
def alice(browser: Login, everybody: Cast) -> Browser:
    return browser(everybody.alice)


WRONG = [
    ("title", "", "Fill this in."),
    ("title", " \t ", "Fill this in."),
    ("title", "t" * 301, "Use at most 300."),
    ("summary", "s" * 1001, "Use at most 1,000."),
    ("tags", "a" * 81, "too long for a tag"),
    ("tags", "fine, !!!", "holds no letter"),
    ("tags", ",".join(f"t{number}" for number in range(31)), "at most 30"),
    ("path", "login", "The blog itself uses"),
    ("body", "x" * (MOST_CHARACTERS + 1), "Use at most 1,000,000."),
]


@pytest.mark.parametrize("button", ["save", "publish", "trash"])
@pytest.mark.parametrize(("field", "typed", "words"), WRONG)
def test_the_form_comes_back_with_what_was_typed(
    alice: Browser, app: Flask, field: str, typed: str, words: str, button: str
) -> None:
    editor = write(alice)
    good = {"title": "New title", "body": "New text", "summary": "New summary", "tags": "new", "path": "posts/new"}
    answer = press(alice, alice.get(editor), button, **{**good, field: typed})
    assert answer.status_code == 422
    assert words in answer.text
    assert f'href="#{field}"' in answer.text
    assert {name: text for name, text in fields(answer).items() if name in good} == {
        **good,
        field: typed.strip() if field in {"title", "tags", "path"} else typed,
    }
    post = stored(app, editor)
    assert (post["title"], post["body"], post["status"]) == ("A walk", "We went far.", "draft")
    assert press(alice, answer, "save", **{field: good[field]}).status_code == 303
    assert stored(app, editor)["body"] == "New text"


def test_a_new_post_that_is_wrong_is_not_stored_at_all(alice: Browser, app: Flask) -> None:
    answer = press(alice, alice.get("/write/new"), "publish", title="Title", body="Text", tags="!!!")
    assert answer.status_code == 422
    with app.app_context():
        assert db.session.query(Post).count() == 0
    assert press(alice, answer, "publish", tags="ok").location == "/write/1"


def test_a_text_too_long_to_preview_stays_in_the_form(alice: Browser) -> None:
    body = "x" * (MOST_CHARACTERS + 1)
    answer = press(alice, alice.get("/write/new"), "preview", title="T", body=body)
    assert "the most is 1,000,000" in answer.text
    assert fields(answer)["body"] == body


def test_who_was_logged_out_while_writing_loses_nothing(alice: Browser, app: Flask, everybody: Cast) -> None:
    editor = write(alice)
    form = fields(alice.get(editor)) | {"body": "An hour's work", "do": "save"}
    action = form.pop(":action")
    FlaskClient.delete_cookie(alice, "sid")
    answer = alice.post(action, data=form, headers={"Sec-Fetch-Site": "same-origin"})
    assert answer.status_code == 401
    assert "An hour&#39;s work" in answer.text
    # Logged in again in another window, the page still has the token of the old session.
    alice.login(everybody.alice)
    answer = alice.post(action, data=form, headers={"Sec-Fetch-Site": "same-origin"})
    assert answer.status_code == 403
    assert "An hour&#39;s work" in answer.text
    assert csrf.FIELD in answer.text
    assert alice.submit(action, {name: text for name, text in form.items() if name != csrf.FIELD}).status_code == 303
    assert stored(app, editor)["body"] == "An hour's work"


def test_a_wrong_time_does_not_save_half_of_it(alice: Browser, app: Flask) -> None:
    editor = write(alice)
    answer = press(alice, alice.get(editor), "schedule", body="New", publish_at="2001-01-01T10:00")
    assert answer.status_code == 422
    assert stored(app, editor)["body"] == "We went far."
    assert press(alice, answer, "publish").status_code == 303
    assert (stored(app, editor)["body"], stored(app, editor)["status"]) == ("New", "published")


def test_an_unknown_button_only_saves(alice: Browser, app: Flask) -> None:
    editor = write(alice)
    assert press(alice, alice.get(editor), "delete_forever", body="New").status_code == 303
    assert (stored(app, editor)["body"], stored(app, editor)["status"]) == ("New", "draft")


def test_what_a_form_does_not_send_stays(alice: Browser, app: Flask) -> None:
    editor = write(alice, tags="sea", summary="Short")
    assert alice.submit(editor, {"title": "Only this", "version": "1"}).status_code == 303
    post = stored(app, editor)
    assert (post["title"], post["body"], post["summary"], post["tags"], post["path"]) == (
        "Only this",
        "We went far.",
        "Short",
        [("sea", "sea")],
        "posts/a-walk",
    )
