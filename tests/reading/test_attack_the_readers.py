"""Somebody writes what would attack those who read it, wherever a public page repeats words of a person."""

import re
from pathlib import Path

import pytest
from flask import Flask

from homeport.accounts.models import User
from homeport.core import markdown, site
from homeport.core.db import commit, db
from homeport.posts.models import Byline, Post, Tag
from tests.cast import Cast
from tests.conftest import Browser
from tests.factories import make_post
from tests.reading.page import Page

VECTORS = [
    line
    for line in (Path(__file__).parent.parent / "core" / "xss_vectors.txt").read_text().splitlines()
    if line and len(line) < 300
]
MORE = [
    "</script><script>alert(1)</script>",
    "</title><img src=x onerror=alert(1)>",
    '"><svg onload=alert(1)>',
    "' autofocus onfocus=alert(1) x='",
    "<!--<script>",
    "]]><script>alert(1)</script>",
    "{{7919*6029}}{% raw %}${7919*6029}#{7919*6029}",
    "\u2028alert(1)\u2029",
    "javascript:alert(1)",
]
NO_LINKS = [
    "javascript:alert(1)",
    "JaVaScRiPt:alert(1)",
    "java\tscript:alert(1)",
    " javascript:alert(1)",
    "data:text/html,alert",
    "//evil.example/alert",
]
SAFE = {"", "http", "https", "mailto"}


def scheme(address: str) -> str:
    """The scheme as a browser finds it: without the blanks and controls it passes over (WHATWG URL, 4.4)."""
    seen = re.sub(r"[\t\n\r]", "", address).strip("".join(map(chr, range(33))))
    found = re.match(r"([a-zA-Z][a-zA-Z0-9+.-]*):", seen)
    return found[1].lower() if found else ""


def judge(answer_page: Page, mark: str) -> None:
    """Fail for anything that a browser would run."""
    for element in answer_page.elements:
        if element.name == "script":
            assert element.attributes.get("type") == "application/ld+json" or element.attributes["src"].startswith(
                "/static/"
            ), mark
        assert element.name not in {"iframe", "object", "embed", "base", "form", "style", "template", "math"}, mark
        for name, value in element.attributes.items():
            assert not name.startswith("on"), f"{mark}: {element.name} {name}"
            assert name not in {"srcdoc", "formaction", "style", "autofocus"}, mark
            if name in {"href", "src", "action", "poster", "data"}:
                assert scheme(value) in SAFE, f"{mark}: {name}={value}"
    for script in answer_page.all("script", _type="application/ld+json"):
        assert "<" not in "".join(script.pieces), mark
        assert answer_page.json_ld()["@type"] == "BlogPosting"


@pytest.fixture
def pages(app: Flask, everybody: Cast) -> list[str]:
    """Addresses of all pages that repeat a person's words."""
    with app.app_context():
        make_post(everybody.alice, "Before", tags=["Tag"])
        make_post(everybody.alice, "Words", tags=["Other"])
        make_post(everybody.bob, "After", tags=["Tag"], bylines=["By"])
    return [
        "/", "/posts/words", "/posts/before", "/posts/after", "/tags", "/tags/tag", "/authors/alice", "/authors/by",
        "/archive", "/archive/2026", "/about", "/none/words",
    ]  # fmt: skip


def say_everywhere(vector: str) -> None:
    """Put a text into every field of a person that a public page shows, as if no form had looked at it."""
    for user in db.session.query(User):
        user.display_name, user.bio, user.link = vector[:80], vector, vector[:500]
    for tag in db.session.query(Tag):
        tag.name = vector[:80]
    for byline in db.session.query(Byline):
        byline.name = vector[:120]
    for post in db.session.query(Post):
        rendered = markdown.render(vector)
        post.title, post.summary, post.excerpt = vector[:300], vector, rendered.summary[:300]
        post.html, post.words = rendered.html, 1000
        post.toc = [{"level": 2, "id": "x", "text": vector}] * 3
    site.change(title=vector, description=vector, about=vector, footer=vector)
    commit()


@pytest.mark.parametrize("start", range(0, len(VECTORS), 20))
def test_known_attacks_run_nowhere(app: Flask, client: Browser, pages: list[str], start: int) -> None:
    for vector in VECTORS[start : start + 20]:
        with app.app_context():
            say_everywhere(vector)
        for path in ("/", "/posts/words", "/authors/alice", "/tags/tag"):
            judge(Page(client.get(path)), f"{path}: {vector}")


@pytest.mark.parametrize("vector", MORE)
def test_every_page_repeats_words_as_words(app: Flask, client: Browser, pages: list[str], vector: str) -> None:
    with app.app_context():
        say_everywhere(vector)
    for path in pages:
        answer = client.get(path)
        assert answer.status_code == (404 if "none" in path else 200), path
        judge(Page(answer), f"{path}: {vector}")
        assert "47743651" not in answer.text, "a template in a person's words was run"


def test_a_title_that_ends_the_script_stays_in_it(app: Flask, client: Browser, pages: list[str]) -> None:
    title = "</script><script>alert(1)</script><!--"
    with app.app_context():
        db.session.query(Post).filter_by(path="posts/words").one().title = title
        commit()
    answer = client.get("/posts/words")
    assert Page(answer).json_ld()["headline"] == title
    assert answer.text.count("</script") == len(Page(answer).all("script"))
    assert "alert(1)</script" not in answer.text


@pytest.mark.parametrize("link", NO_LINKS)
def test_an_authors_link_that_is_none_is_not_one(app: Flask, client: Browser, pages: list[str], link: str) -> None:
    with app.app_context():
        db.session.query(User).filter_by(handle="alice").one().link = link
        commit()
    links = Page(client.get("/authors/alice")).links()
    assert not any("alert" in href for href in links.values())


def test_the_words_of_an_address_are_not_repeated_raw(client: Browser) -> None:
    answer = client.get("/<script>alert(1)</script>?before=<script>")
    assert answer.status_code == 404
    assert "<script" not in answer.text
