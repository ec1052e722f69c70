"""Alice writes in a real browser: on a phone, by keyboard alone, and through a crash."""

from collections.abc import Callable

import pytest
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]  # it has no types
from flask import Flask
from playwright.sync_api import Page, expect

from homeport.core import clock
from homeport.core.db import commit, db
from homeport.posts import service
from homeport.posts.models import Post
from homeport.posts.service import Draft
from tests.cast import Cast
from tests.posts.desk import put, stored

OVERFLOW = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"
KEPT = "() => Object.keys(localStorage).filter((key) => key.startsWith('homeport-kept:')).length"
FOCUSED = "() => document.activeElement.textContent.trim()"
TEXT = "# Far\n\nWe *went* far.\n\n```python\nprint(1)\n```\n\n| a | b |\n|---|---|\n| 1 | 2 |\n"


@pytest.fixture
def post_id(app: Flask, everybody: Cast) -> int:
    """A published post of Alice's."""
    number = put(app, everybody.alice, "A walk", TEXT, tags=("sea",))
    with app.app_context():
        service.publish(db.session.get_one(Post, number), everybody.alice.viewer, clock.now())
        commit()
    return number


@pytest.fixture
def eve_saves(app: Flask, everybody: Cast, post_id: int) -> Callable[[], None]:
    """Eve changes the text now."""

    def save() -> None:
        with app.app_context():
            post = db.session.get_one(Post, post_id)
            draft = Draft(post.title, post.body.replace("far", "home"), path=post.path)
            service.save(post, by=everybody.eve.viewer, now=clock.now(), seen_version=post.version, draft=draft)
            commit()

    return save


@pytest.mark.parametrize("width", [1280, 390, 320])
def test_no_page_of_the_desk_shuts_anybody_out(
    page: Page, post_id: int, app: Flask, everybody: Cast, eve_saves: Callable[[], None], width: int
) -> None:
    page.set_viewport_size({"width": width, "height": 800})
    trashed = put(app, everybody.alice, "A very long title that has to break somewhere on a phone")
    with app.app_context():
        service.trash(db.session.get_one(Post, trashed), everybody.alice.viewer, clock.now())
        commit()

    def look(name: str) -> None:
        found = Axe().run(page).response["violations"]
        assert [(rule["id"], [node["html"] for node in rule["nodes"]]) for rule in found] == [], name
        assert page.evaluate(OVERFLOW) <= 0, name

    for path in (
        "",
        "?state=trashed",
        "?q=nothing",
        "/new",
        f"/{trashed}",
        f"/{post_id}/history",
        f"/{trashed}/delete",
    ):
        page.goto(f"/write{path}")
        look(path)
    page.goto(f"/write/{post_id}")
    page.get_by_role("button", name="Preview while writing").click()
    expect(page.get_by_role("region", name="Preview")).to_contain_text("We went far.")
    look("live preview")
    page.get_by_role("button", name="Preview", exact=True).click()
    look("preview")
    eve_saves()
    page.get_by_label("Text").fill("Mine")
    page.get_by_role("button", name="Save and show readers").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Eve changed this post while you were writing")
    look("conflict")


def test_a_post_is_written_and_published_by_keyboard_alone(page: Page, app: Flask) -> None:
    page.goto("/write/new")
    page.get_by_label("Title").focus()
    page.keyboard.type("By hand")
    reach(page, "Text", by_label=True)
    page.keyboard.type("No mouse.")
    reach(page, "Publish")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_have_text("Published. Everybody can read it now.")
    assert stored(app, "/write/1")["status"] == "published"


def reach(page: Page, words: str, *, by_label: bool = False) -> None:
    """Press Tab until something has the focus; each thing on the way can be seen and is not behind the buttons."""
    for _ in range(40):
        page.keyboard.press("Tab")
        box = page.evaluate("() => document.activeElement.getBoundingClientRect().toJSON()")
        assert box["width"] > 0
        assert box["top"] < page.viewport_size["height"]  # type: ignore[index]  # every window here has a size
        name = "() => document.activeElement.labels?.[0]?.textContent.trim() ?? ''"
        if page.evaluate(name if by_label else FOCUSED).startswith(words):
            return
    raise AssertionError(f"Tab does not lead to {words}")


def test_enter_in_the_title_and_ctrl_s_save_and_do_nothing_else(page: Page, app: Flask) -> None:
    page.goto("/write/new")
    page.get_by_label("Title").fill("Careful")
    page.keyboard.press("Enter")
    page.wait_for_url("**/write/1")
    page.get_by_label("Text").fill("More")
    page.keyboard.press("Control+s")
    expect(page.get_by_role("status")).to_have_text("Saved.")
    assert (stored(app, "/write/1")["status"], stored(app, "/write/1")["body"]) == ("draft", "More")


def test_what_was_typed_survives_a_crash_and_is_forgotten_once_saved(page: Page, post_id: int, app: Flask) -> None:
    page.goto(f"/write/{post_id}")
    page.get_by_label("Text").fill("Typed before the power went")
    page.wait_for_function(f"{KEPT} === 1")
    page.on("dialog", lambda dialog: dialog.accept())
    page.goto(f"/write/{post_id}")
    assert page.get_by_label("Text").input_value() == TEXT
    page.get_by_role("button", name="Use that text").click()
    page.get_by_label("Tags").fill(" Sea ,gulls,, ")  # the server stores this in another form
    page.get_by_role("button", name="Save and show readers").click()
    expect(page.get_by_role("status")).to_contain_text("Saved.")
    assert page.evaluate(KEPT) == 0
    assert page.get_by_role("button", name="Use that text").count() == 0
    assert stored(app, f"/write/{post_id}")["body"] == "Typed before the power went"


def test_a_refused_text_stays_kept_until_it_is_saved(page: Page, post_id: int, eve_saves: Callable[[], None]) -> None:
    page.goto(f"/write/{post_id}")
    eve_saves()
    page.get_by_label("Text").fill("Mine")
    page.wait_for_function(f"{KEPT} === 1")
    page.get_by_role("button", name="Save and show readers").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Eve changed this post")
    assert page.evaluate(KEPT) == 1
    page.get_by_role("button", name="Save mine over theirs").click()
    expect(page.get_by_role("status")).to_contain_text("Saved.")
    assert page.evaluate(KEPT) == 0


def test_a_new_post_is_not_offered_again_once_it_is_stored(page: Page) -> None:
    page.goto("/write/new")
    page.get_by_label("Title").fill("  New  ")
    page.get_by_label("Text").fill("Text\n")
    page.wait_for_function(f"{KEPT} === 1")
    page.get_by_role("button", name="Save", exact=True).click()
    page.wait_for_url("**/write/1")
    assert page.evaluate(KEPT) == 0
    page.goto("/write/new")
    assert page.get_by_role("button", name="Use that text").count() == 0


def test_the_preview_follows_the_text_and_the_words_are_counted(page: Page, post_id: int) -> None:
    page.set_viewport_size({"width": 1280, "height": 900})
    page.goto(f"/write/{post_id}")
    page.get_by_role("button", name="Preview while writing").click()
    preview = page.get_by_role("region", name="Preview")
    expect(preview.locator("em")).to_have_text("went")
    page.get_by_label("Text").fill("Now **bold** <script>alert(1)</script>")
    expect(preview.locator("strong")).to_have_text("bold")
    expect(page.locator(".word-count")).to_have_text("3 words")
    beside, text = preview.bounding_box(), page.get_by_label("Text").bounding_box()
    assert beside
    assert text
    assert beside["x"] >= text["x"] + text["width"]
