"""The desk as a person uses it: read the form on the page, change some fields, press a button."""

import re
from html.parser import HTMLParser
from typing import Any

from flask import Flask
from werkzeug.test import TestResponse

from homeport.core import clock
from homeport.core.db import commit, db
from homeport.posts import service
from homeport.posts.models import Post
from homeport.posts.service import Draft
from tests.cast import Person
from tests.conftest import Browser


class _Fields(HTMLParser):
    """Collects the fields of the editor's form with what they hold."""

    def __init__(self) -> None:
        super().__init__()
        self.inside = False
        self.area: str | None = None
        self.found: dict[str, str] = {}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        if tag == "form" and "editor" in (values.get("class") or "").split():
            self.inside = True
            self.found[":action"] = values["action"] or ""
        name = values.get("name")
        if self.inside and name and tag == "input":
            self.found[name] = values.get("value") or ""
        if self.inside and name and tag == "textarea":
            self.area, self.found[name] = name, ""

    def handle_data(self, data: str) -> None:
        if self.area is not None:
            self.found[self.area] += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "textarea" and self.area is not None:
            # HTML takes away one line break behind the tag.
            self.found[self.area] = re.sub(r"^\r?\n", "", self.found[self.area]).replace("\r\n", "\n")
            self.area = None
        if tag == "form":
            self.inside = False


def fields(page: TestResponse) -> dict[str, str]:
    """What the editor's form on a page holds; `:action` is where it is sent."""
    parser = _Fields()
    parser.feed(page.text)
    return parser.found


def press(browser: Browser, page: TestResponse, button: str, **typed: str) -> TestResponse:
    """Type into the form that is on `page` and press the button with the value `button`."""
    form = fields(page) | typed
    return browser.submit(form.pop(":action"), {**form, "do": button})


def write(browser: Browser, button: str = "save", **typed: str) -> str:
    """Write a new post and return the address of its editor."""
    answer = press(browser, browser.get("/write/new"), button, **{"title": "A walk", "body": "We went far."} | typed)
    assert answer.status_code == 303, answer.text
    return answer.location


def stored(app: Flask, editor: str) -> dict[str, Any]:
    """The columns of the post whose editor is at this address."""
    with app.app_context():
        post = db.session.get_one(Post, int(editor.rsplit("/", 1)[1]))
        return {column.key: getattr(post, column.key) for column in Post.__table__.columns} | {
            "tags": [(tag.name, tag.slug) for tag in post.tags]
        }


def put(app: Flask, author: Person, title: str, body: str = "Text.", **draft: Any) -> int:
    """Store a draft directly and return its id."""
    with app.app_context():
        post = service.create(by=author.viewer, now=clock.now(), draft=Draft(title, body, **draft))
        commit()
        return post.id
