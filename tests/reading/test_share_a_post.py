"""Somebody shares a post, or a search engine reads it: what it is about, by whom and from when."""

from datetime import UTC, datetime

import pytest
from flask import Flask

from homeport.app import create_app
from homeport.core import site
from homeport.core.config import Config
from tests.cast import Cast
from tests.conftest import Browser
from tests.factories import make_post
from tests.reading.page import Page

AT = datetime(2026, 3, 4, 5, 6, tzinfo=UTC)
PICTURE = (
    '<p>Look:</p><figure><img alt="" src="/media/a&amp;b.png" width="3" height="2"></figure><img src="/media/c.png">'
)


@pytest.fixture
def shared(app: Flask, everybody: Cast) -> Page:
    """A post with everything, seen by a stranger."""
    with app.app_context():
        site.change(title="The Harbour", language="en-GB")
        make_post(
            everybody.alice,
            "A <walk>",
            path="posts/a-walk",
            published_at=AT,
            updated_at=AT.replace(day=9),
            tags=["Sea", "Boats"],
            bylines=["Ann Lee", "Bo Ek"],
            summary='By the "sea".',
            html=PICTURE,
            words=321,
        )
    return Page(app.test_client().get("/posts/a-walk"))


def test_other_sites_are_told_what_it_is(shared: Page) -> None:
    said = {name: shared.meta(f"og:{name}") for name in ("title", "type", "url", "description", "site_name", "image")}
    assert said == {
        "title": "A <walk>",
        "type": "article",
        "url": "http://localhost:8000/posts/a-walk",
        "description": 'By the "sea".',
        "site_name": "The Harbour",
        "image": "http://localhost:8000/media/a&b.png",
    }
    assert shared.meta("article:published_time") == "2026-03-04T05:06:00Z"
    assert shared.meta("article:modified_time") == "2026-03-09T05:06:00Z"
    assert [author.attributes["content"] for author in shared.all("meta", name="author")] == ["Ann Lee", "Bo Ek"]
    assert [tag.attributes["content"] for tag in shared.all("meta", _property="article:tag")] == ["Boats", "Sea"]
    assert shared.meta("description") == 'By the "sea".'


def test_search_engines_are_told_the_same(shared: Page) -> None:
    assert shared.json_ld() == {
        "@context": "https://schema.org",
        "@type": "BlogPosting",
        "headline": "A <walk>",
        "description": 'By the "sea".',
        "datePublished": "2026-03-04T05:06:00Z",
        "dateModified": "2026-03-09T05:06:00Z",
        "author": [
            {"@type": "Person", "name": "Ann Lee", "url": "http://localhost:8000/authors/ann-lee"},
            {"@type": "Person", "name": "Bo Ek", "url": "http://localhost:8000/authors/bo-ek"},
        ],
        "keywords": ["Boats", "Sea"],
        "image": "http://localhost:8000/media/a&b.png",
        "wordCount": 321,
        "inLanguage": "en-GB",
        "mainEntityOfPage": "http://localhost:8000/posts/a-walk",
        "isPartOf": {"@type": "Blog", "name": "The Harbour", "url": "http://localhost:8000/"},
    }


def test_a_post_without_a_picture_names_none(app: Flask, client: Browser, everybody: Cast) -> None:
    with app.app_context():
        make_post(everybody.alice, "Plain")
    page = Page(client.get("/posts/plain"))
    assert page.meta("og:image") == ""
    assert "image" not in page.json_ld()


def test_addresses_come_from_the_settings_and_never_from_the_request(config: Config, everybody: Cast) -> None:
    app = create_app(Config(data=config.data, domain="blog.example.com", allowed_hosts=("other.example.com",)))
    with app.app_context():
        make_post(everybody.alice, "Plain")
    for path in ("/", "/posts/plain", "/archive", "/authors/alice"):
        page = Page(
            app.test_client().get(path, headers={"Host": "other.example.com", "X-Forwarded-Host": "evil.example"})
        )
        assert page.one("link", rel="canonical").attributes["href"] == f"https://blog.example.com{path}"
        assert page.meta("og:url") == f"https://blog.example.com{path}"
        assert not any("other.example.com" in str(element.attributes) for element in page.elements)


def test_every_page_has_one_canonical_address_whatever_is_asked_with_it(
    app: Flask, client: Browser, everybody: Cast
) -> None:
    with app.app_context():
        make_post(everybody.alice, "Plain", tags=["Sea"])
    for path in ("/", "/posts/plain", "/tags", "/tags/sea", "/authors/alice", "/archive", "/archive/2026", "/about"):
        page = Page(client.get(f"{path}?utm_source=x&before="))
        assert page.one("link", rel="canonical").attributes["href"] == f"http://localhost:8000{path}"
        assert page.one("title").text
        assert len(page.all("h1")) == 1, path
