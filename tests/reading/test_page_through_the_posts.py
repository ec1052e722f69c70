"""A reader goes from page to page, and sees every post once, whatever is published meanwhile."""

from datetime import UTC, datetime

import pytest
from flask import Flask

from homeport.core import site
from homeport.core.db import commit
from homeport.posts.queries import Position
from homeport.reading import paging
from tests.cast import Cast
from tests.conftest import Browser
from tests.factories import make_post
from tests.reading.page import Page

AT = datetime(2026, 3, 4, 5, 6, 7, 891011, tzinfo=UTC)


@pytest.fixture
def titles(app: Flask, everybody: Cast) -> list[str]:
    """Twelve posts, four of them of the same moment, five to a page; their titles as a reader should see them."""
    with app.app_context():
        site.change(posts_per_page=5)
        for number in range(12):
            at = AT.replace(month=2, day=number + 1) if number < 4 else AT.replace(month=3 if number < 8 else number)
            make_post(everybody.alice, f"Post {number:02}", tags=["All"], published_at=at)
    return [f"Post {number:02}" for number in reversed(range(12))]


def follow(client: Browser, start: str, words: str) -> list[list[str]]:
    """The titles of each page on the way."""
    found, address = [], start
    while address:
        answer = client.get(address)
        assert answer.status_code == 200
        page = Page(answer)
        found.append(page.titles())
        address = page.links().get(words, "")
    return found


@pytest.mark.parametrize("start", ["/", "/tags/all", "/authors/alice"])
def test_all_pages_together_hold_every_post_once(client: Browser, titles: list[str], start: str) -> None:
    assert follow(client, start, "Older") == [titles[:5], titles[5:10], titles[10:]]


def test_the_way_back_ends_at_the_first_page(client: Browser, titles: list[str]) -> None:
    middle = Page(client.get("/")).links()["Older"]
    last = Page(client.get(middle)).links()["Older"]
    assert follow(client, last, "Newer") == [titles[10:], titles[5:10], titles[:5]]
    assert Page(client.get(last)).links()["Newer"] == middle
    assert Page(client.get(middle)).links()["Newer"] == "/"
    assert "Newer" not in Page(client.get("/")).links()


def test_posts_that_come_out_meanwhile_neither_repeat_nor_hide_one(
    app: Flask, client: Browser, everybody: Cast, titles: list[str]
) -> None:
    seen: list[str] = []
    address = "/"
    while address:
        page = Page(client.get(address))
        seen += page.titles()
        address = page.links().get("Older", "")
        with app.app_context():
            make_post(everybody.bob, f"Meanwhile {len(seen)}", published_at=AT.replace(year=2027, day=len(seen)))
    assert seen == titles


def test_a_pages_address_keeps_what_is_on_it(app: Flask, client: Browser, everybody: Cast, titles: list[str]) -> None:
    second = Page(client.get("/")).links()["Older"]
    before = Page(client.get(second)).titles()
    with app.app_context():
        make_post(everybody.bob, "New", published_at=AT.replace(year=2027))
    assert Page(client.get(second)).titles() == before
    assert Page(client.get(second)).links()["Newer"].startswith("/?before=")


def test_the_title_tells_the_front_page_from_what_is_older(client: Browser, titles: list[str]) -> None:
    front = client.get("/")
    older = client.get(Page(front).links()["Older"])
    assert "<title>Older posts" in older.text
    assert "<title>Older" not in front.text


def test_each_page_names_itself_as_canonical(client: Browser, titles: list[str]) -> None:
    second = Page(client.get("/")).links()["Older"]
    for address in ("/", second):
        canonical = Page(client.get(address)).one("link", rel="canonical").attributes["href"]
        assert canonical == f"http://localhost:8000{address}"


def test_exactly_one_page_has_no_links(app: Flask, client: Browser, titles: list[str]) -> None:
    with app.app_context():
        site.change(posts_per_page=12)
        commit()
    links = Page(client.get("/")).links()
    assert not {"Older", "Newer"} & set(links)


@pytest.mark.parametrize(
    "cursor",
    [
        "x",
        "0",
        "-1",
        "AAAA",
        "A" * 15,
        "A" * 17,
        "A" * 4000,
        "!" * 16,
        "ABCDEFGH IJKLMNO",
        "é" * 16,
        "________________",
        "\x00",
    ],
)
def test_a_cursor_that_nobody_was_given_finds_nothing(client: Browser, titles: list[str], cursor: str) -> None:
    assert client.get("/", query_string={"before": cursor}).status_code == 404


def test_what_lies_before_the_first_post_is_nothing(client: Browser, titles: list[str]) -> None:
    first = paging.cursor(Position(datetime(1970, 1, 2, tzinfo=UTC), 1))
    assert client.get(f"/?before={first}").status_code == 404


@pytest.mark.parametrize("year", [1, 1969, 1970, 2026, 9999])
def test_a_cursor_keeps_a_moment_to_the_microsecond(year: int) -> None:
    position = Position(AT.replace(year=year), 4_000_000_000)
    text = paging.cursor(position)
    assert len(text) == 16
    assert paging.position(text) == position
