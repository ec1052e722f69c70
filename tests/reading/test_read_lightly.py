"""Reading is light: few bytes, no cookie, nothing from elsewhere, few questions to the database."""

import gzip
from collections.abc import Iterator
from datetime import timedelta
from urllib.parse import urlsplit

import pytest
from flask import Flask
from sqlalchemy import event

from homeport.core import site
from homeport.core.db import commit, db
from homeport.core.http import TICKET, Ticket
from tests.cast import Cast
from tests.conftest import Browser
from tests.factories import START, make_post
from tests.reading.page import Page

FIRST_VIEW = 14_000  # bytes: ten TCP segments, what a server may send before the first answer of the reader (RFC 6928)
ARCHIVE = 30_000

WORDS = [
    "harbour",
    "winter",
    "light",
    "keeper",
    "water",
    "morning",
    "letter",
    "engine",
    "window",
    "paper",
    "signal",
    "anchor",
    "garden",
    "evening",
    "winter",
    "station",
    "copper",
    "lantern",
    "weather",
    "journal",
    "island",
    "captain",
    "ladder",
    "bridge",
    "market",
    "teacher",
    "kitchen",
    "method",
    "system",
    "compiler",
    "release",
]

PAGES = ["/", "/posts/post-5", "/tags", "/tags/harbour", "/authors/alice", "/archive", "/archive/2026", "/about"]


def prose(number: int, count: int) -> str:
    """Words that compress no better than a person's."""
    return (
        " ".join(WORDS[(number * 7 + place * place * 13 + place) % len(WORDS)] for place in range(count)).capitalize()
        + "."
    )


@pytest.fixture
def blog(app: Flask, everybody: Cast) -> Flask:
    """Twelve posts as people write them."""
    with app.app_context():
        site.change(title="The Harbour Journal", description=prose(3, 14), about=prose(4, 200), footer=prose(5, 8))
        for number in range(12):
            make_post(
                everybody.alice,
                prose(number, 8),
                path=f"posts/post-{number}",
                summary=prose(number + 20, 30),
                tags=[WORDS[number % 5], WORDS[number % 7 + 5], WORDS[number % 9 + 9]],
                bylines=["Ann Lee", "The Release Team"] if number % 3 else [],
                html=f"<p>{prose(number, 400)}</p>",
                words=400,
            )
    return app


def size(client: Browser, address: str) -> int:
    """The bytes of an answer as they travel."""
    return len(gzip.compress(client.get(address).data, 6))


def first_view(client: Browser, address: str) -> int:
    page = Page(client.get(address))
    parts = [link.attributes["href"] for link in page.all("link", rel="stylesheet")]
    parts += [script.attributes["src"] for script in page.all("script") if "src" in script.attributes]
    return size(client, address) + sum(size(client, part) for part in parts)


@pytest.mark.parametrize("address", ["/", "/posts/post-5", "/about"])
def test_the_first_view_fits_into_the_first_flight(blog: Flask, client: Browser, address: str) -> None:
    assert first_view(client, address) <= FIRST_VIEW


def test_an_archive_of_a_thousand_posts_stays_light(blog: Flask, client: Browser, everybody: Cast) -> None:
    with blog.app_context():
        for number in range(1000):
            at = START - timedelta(days=number * 4)
            make_post(everybody.bob, prose(number, 6), path=f"posts/old-{number}", published_at=at)
    assert size(client, "/archive") < ARCHIVE
    assert size(client, "/archive/2020") < ARCHIVE


@pytest.mark.parametrize("address", [*PAGES, "/none", "/login", "/healthz"])
def test_a_stranger_gets_no_cookie(blog: Flask, client: Browser, address: str) -> None:
    answer = client.get(address)
    assert "Set-Cookie" not in answer.headers
    assert "Cookie" not in answer.headers.get("Vary", "")
    assert answer.headers["Content-Length"] == str(len(answer.data))


@pytest.mark.parametrize("address", PAGES)
def test_a_page_loads_nothing_from_elsewhere(blog: Flask, client: Browser, address: str) -> None:
    page = Page(client.get(address))
    for element in page.elements:
        source = element.attributes.get("src", "")
        if element.name == "link" and element.attributes["rel"] in {"stylesheet", "icon", "preload"}:
            source = element.attributes["href"]
        assert not urlsplit(source).netloc


@pytest.mark.parametrize("address", PAGES)
def test_the_page_cache_may_keep_what_a_stranger_gets(blog: Flask, client: Browser, address: str) -> None:
    ticket = Ticket()
    first = client.get(address, environ_overrides={TICKET: ticket})
    assert ticket.version is not None
    assert client.get(address).data == first.data
    assert first.headers["Cache-Control"] == "no-cache"


@pytest.mark.parametrize("address", PAGES)
def test_it_may_keep_nothing_else(blog: Flask, client: Browser, everybody: Cast, address: str) -> None:
    ticket = Ticket()
    client.get(f"{address}?made-up=1", environ_overrides={TICKET: ticket})
    assert ticket.version is None
    client.login(everybody.alice)
    answer = client.get(address, environ_overrides={TICKET: ticket})
    assert ticket.version is None
    assert answer.headers["Cache-Control"] == "no-store"


@pytest.fixture
def asked(blog: Flask) -> Iterator[list[str]]:
    """The statements that the database is asked."""
    found: list[str] = []

    def note(*call: object) -> None:
        found.append(str(call[2]))

    with blog.app_context():
        engine = db.engine
    event.listen(engine, "before_cursor_execute", note)
    yield found
    event.remove(engine, "before_cursor_execute", note)


@pytest.mark.parametrize(("address", "most"), [("/", 2), ("/posts/post-5", 4), ("/tags/harbour", 3), ("/archive", 3)])
def test_a_page_asks_the_database_few_questions(
    blog: Flask, client: Browser, asked: list[str], address: str, most: int
) -> None:
    client.get(address)
    asked.clear()
    assert client.get(address).status_code == 200
    assert len(asked) <= most, asked


def test_nothing_on_a_page_grows_with_the_number_of_posts(
    blog: Flask, client: Browser, everybody: Cast, asked: list[str]
) -> None:
    with blog.app_context():
        site.change(posts_per_page=50)
        for number in range(60):
            make_post(everybody.bob, f"More {number}", tags=[f"Tag {number}"], bylines=[f"By {number}"])
        commit()
    client.get("/")
    asked.clear()
    client.get("/")
    assert len(asked) <= 2


def test_lists_are_found_by_an_index(blog: Flask, asked: list[str], client: Browser) -> None:
    second = Page(client.get("/")).links()["Older"]
    asked.clear()
    client.get(second)
    (statement,) = [text for text in asked if "posts.summary" in text]
    with blog.app_context():
        values = tuple("x" for _ in range(statement.count("?")))
        plan = db.session.connection().exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values).all()
    steps = " / ".join(str(row[3]) for row in plan if row[1] == 0)  # of the list, not of the names within each post
    assert "ix_posts_public" in steps
    assert "TEMP B-TREE" not in steps
