"""Somebody looks at a page in a real browser: on a phone, at a desk, by day, by night, with a screen reader."""

from collections.abc import Callable

import pytest
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]  # it has no types
from flask import Flask
from flask.testing import FlaskClient
from playwright.sync_api import Browser, Page

from homeport.core.http import Role
from tests.ui.gallery import add_gallery

PAGES = ("/reading", "/desk", "/wrong", "/lost")

LONGEST_LINES = """() => {
  const text = document.querySelector(".prose p").firstChild, range = document.createRange(), lines = {};
  for (let i = 0; i < text.length; i++) {
    range.setStart(text, i); range.setEnd(text, i + 1);
    const y = Math.round(range.getBoundingClientRect().top);
    lines[y] = (lines[y] ?? 0) + 1;
  }
  return Object.values(lines).slice(0, -1);
}"""

# What can be pressed and is smaller than WCAG 2.5.8 allows; links in a line of text are exempt there.
SMALL_TARGETS = """() => [
  ...document.querySelectorAll("button, summary, input:not([type=hidden]), select, nav a, .tags a")
]
  .filter((element) => element.offsetParent && !element.disabled)
  .map((element) => [element.outerHTML.slice(0, 90), element.getBoundingClientRect()])
  .filter(([, box]) => box.height < 24 || box.width < 24)
  .map(([html]) => html)"""

OVERFLOW = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"


@pytest.fixture(autouse=True)
def gallery(bare_app: Flask) -> None:
    add_gallery(bare_app)


@pytest.mark.parametrize("width", [1280, 1920])
def test_a_line_at_a_desk_has_about_66_characters(page: Page, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 900})
    page.goto("/reading")
    lines = page.evaluate(LONGEST_LINES)
    assert 58 <= sum(lines) / len(lines) <= 74
    assert max(lines) <= 80  # WCAG 1.4.8


def test_the_contents_stand_beside_the_text_where_there_is_room(page: Page) -> None:
    page.goto("/reading")
    assert page.locator(".toc-folded").is_visible()
    assert not page.locator(".toc-beside").is_visible()
    page.set_viewport_size({"width": 1280, "height": 900})
    assert not page.locator(".toc-folded").is_visible()
    text, contents = page.locator(".prose").bounding_box(), page.locator(".toc-beside").bounding_box()
    assert text
    assert contents
    assert contents["x"] >= text["x"] + text["width"]


@pytest.mark.parametrize("width", [320, 390, 768, 1280])
def test_nothing_has_to_be_scrolled_sideways(page: Page, log_in: Callable[[Role], FlaskClient], width: int) -> None:
    log_in(Role.OWNER)
    page.set_viewport_size({"width": width, "height": 800})
    for path in PAGES:
        page.goto(path)
        assert page.evaluate(OVERFLOW) <= 0, path


def test_a_thumb_hits_what_it_aims_at(page: Page, log_in: Callable[[Role], FlaskClient]) -> None:
    log_in(Role.OWNER)
    for path in PAGES:
        page.goto(path)
        assert page.evaluate(SMALL_TARGETS) == []
        for button in page.locator(".button:visible, .pages a, .field input[type=text]").all():
            box = button.bounding_box()
            assert box
            assert box["height"] >= 44


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing(page: Page, log_in: Callable[[Role], FlaskClient], scheme: str) -> None:
    log_in(Role.OWNER)
    page.emulate_media(color_scheme="dark" if scheme == "dark" else "light", reduced_motion="reduce")
    for path in PAGES:
        page.goto(path)
        found = Axe().run(page)
        assert found.response["violations"] == [], found.generate_report()


def test_the_first_tab_leads_past_the_navigation(page: Page) -> None:
    page.goto("/reading")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the text"
    box = page.locator(".skip").bounding_box()
    assert box
    assert box["y"] >= 0
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"


def test_what_has_the_focus_is_seen(page: Page) -> None:
    page.goto("/desk")
    page.keyboard.press("Tab")
    for _ in range(12):
        page.keyboard.press("Tab")
        outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
        assert outline != "none", page.evaluate("document.activeElement.outerHTML")


def test_paper_has_the_text_and_not_the_navigation(page: Page) -> None:
    page.goto("/reading")
    page.emulate_media(media="print", color_scheme="dark")
    assert not page.locator(".masthead nav").is_visible()
    assert not page.locator(".toc-folded").is_visible()
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert page.evaluate("getComputedStyle(document.querySelector('.meta')).color") == "rgb(75, 91, 102)"


def test_reading_needs_no_script(chromium: Browser, served: str) -> None:
    context = chromium.new_context(base_url=served, java_script_enabled=False)
    window = context.new_page()
    requested: list[str] = []
    window.on("request", lambda request: requested.append(request.resource_type))
    window.goto("/reading")
    assert window.locator("summary").is_visible() or window.locator(".toc-beside").is_visible()
    assert "script" not in requested
    assert "font" not in requested
    context.close()
