"""Alice shows a draft to her mother, and lets a script of hers write: in a real browser, on a phone and in the dark."""

import json
import re
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page

from homeport.app import create_app
from homeport.core import clock
from homeport.core.config import Config
from homeport.core.db import commit, db
from homeport.migrations.runner import upgrade
from homeport.posts import service
from homeport.posts.service import Draft
from tests.cast import Cast, make_cast, open_session
from tests.journeys.conftest import DESKTOP, PHONE, Served, Visitor, serve
from tests.journeys.test_look_after_an_account import press
from tests.parts import require
from tests.serving.running import eventually

LOOKS: dict[str, dict[str, Any]] = {
    "desk": {"viewport": DESKTOP},
    "phone in the dark": {"viewport": PHONE, "color_scheme": "dark"},
}
TEXT = "We went *far*, and came back.\n\n## On the way\n\n```python\nprint('hello')\n```\n"

Open = Callable[[str], Visitor]


@pytest.fixture
def blog(tmp_path: Path) -> Iterator[tuple[Served, Flask, Cast]]:
    """A running blog with the cast and a draft of alice's."""
    data = tmp_path / "data"
    data.mkdir()
    config = Config(data=data)
    upgrade(config)
    app = create_app(config)
    with app.app_context():
        cast = make_cast("")
        draft = Draft("A walk in `May`", TEXT, "", ("Walks", "Two words"))
        service.create(by=cast.alice.viewer, now=clock.now(), draft=draft)
        commit()
    with serve(data, has_owner=True) as served:
        yield served, app, cast
    with app.app_context():
        db.engine.dispose()


@pytest.fixture(params=LOOKS)
def window(request: pytest.FixtureRequest, blog: tuple[Served, Flask, Cast], chromium: Browser) -> Iterator[Open]:
    """A window of alice's, or of nobody's."""
    served, app, cast = blog
    contexts, visitors = [], []

    def open_window(who: str) -> Visitor:
        context = chromium.new_context(base_url=served.address, **LOOKS[request.param])
        contexts.append(context)
        if who != "nobody":
            with app.app_context():
                token = open_session(getattr(cast, who).id)
            context.add_cookies([{"name": "sid", "value": token, "url": served.address}])
        visitor = Visitor(context.new_page())
        visitor.page.on("console", visitor.listen)
        visitors.append(visitor)
        return visitor

    yield open_window
    for context in contexts:
        context.close()
    assert [complaint for visitor in visitors for complaint in visitor.complaints] == []


def shown(page: Page, label: str) -> str:
    """What stands in a field that is there to be copied."""
    return page.get_by_label(label).input_value()


def is_counted(writer: Page, reader: Page) -> bool:
    """Whether the list tells of an opened link, after it was opened once more: noting waits for nobody who writes."""
    reader.reload()
    writer.reload()
    return bool(re.search(r"opened \d+ times?,", writer.locator("main").inner_text()))


def test_a_draft_is_shown_to_somebody_without_an_account(window: Open) -> None:
    alice, mother = window("alice"), window("nobody")
    alice.page.goto("/write/1")
    alice.page.get_by_role("link", name="Share a preview").click()
    alice.check()
    alice.page.get_by_label("Whom is it for?").fill("Mum")
    alice.page.get_by_label("30 days").check()
    press(alice.page, "Make a link")
    alice.check()
    link = shown(alice.page, "The link")

    mother.page.goto(link)
    mother.check()
    assert mother.page.get_by_role("heading", level=1).inner_text() == "A walk in May"
    assert mother.page.get_by_text("This is a preview of a draft").is_visible()

    alice.page.get_by_role("link", name="All its links").click()
    alice.check()
    eventually(lambda: is_counted(alice.page, mother.page), "that the link was opened")
    press(alice.page, "Take it back the link Mum")
    assert alice.page.get_by_text("Mum").count() == 0
    mother.page.reload()
    assert mother.page.get_by_text("There is nothing at this address").is_visible()
    mother.check()


def test_a_script_writes_with_a_token_made_in_the_browser(window: Open, blog: tuple[Served, Flask, Cast]) -> None:
    curl, address = require("curl", package="curl"), blog[0].address
    alice, reader = window("alice"), window("nobody")
    alice.page.goto("/account/security")
    alice.page.get_by_role("link", name="Your tokens").click()
    alice.check()
    alice.page.get_by_label("Name", exact=True).fill("Laptop")
    alice.page.get_by_label("Make, change and publish posts").check()
    press(alice.page, "Make the token")
    alice.check()
    token = shown(alice.page, "The token")

    def send(*words: str) -> Any:
        header = f"Authorization: Bearer {token}"
        done = subprocess.run([curl, "-sS", "-H", header, *words], capture_output=True, text=True, check=True)
        return json.loads(done.stdout)

    made = send("--json", json.dumps({"title": "From a script", "body": TEXT}), f"{address}/api/posts")
    assert reader.page.goto("/posts/from-a-script").status == 404  # type: ignore[union-attr]  # a page always answers
    assert send("-X", "POST", f"{address}/api/posts/{made['id']}/publish")["state"] == "published"
    reader.page.goto("/")
    reader.page.get_by_role("link", name="From a script").click()
    assert reader.page.get_by_text("and came back").is_visible()

    alice.page.get_by_role("link", name="I have kept it").click()
    alice.check()
    assert alice.page.get_by_text("last used").is_visible()
    press(alice.page, "Revoke Laptop")
    alice.check()
    assert send(f"{address}/api/posts")["error"]["code"] == "wrong_token"
