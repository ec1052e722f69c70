"""The desk: what stands where, found by state and by words, for one writer or for all."""

import re
from collections.abc import Callable
from datetime import timedelta

from flask import Flask

from homeport.core import clock
from homeport.core.db import commit, db
from homeport.posts import service
from homeport.posts.models import Post
from tests.cast import Cast, Person
from tests.conftest import Browser
from tests.posts.desk import press, put

Login = Callable[[Person], Browser]


def titles(page: str) -> list[str]:
    """The posts listed on a desk, in order."""
    return re.findall(r'<th scope="row"><a href="/write/\d+">([^<]*)</a>', page)


def test_an_empty_desk_says_how_to_begin(browser: Login, everybody: Cast) -> None:
    page = browser(everybody.alice).get("/write").text
    assert "Nothing is written yet" in page
    assert page.count('href="/write/new"') == 2


def test_a_writer_finds_their_own_posts_by_state(browser: Login, everybody: Cast, app: Flask) -> None:
    alice = browser(everybody.alice)
    for title, button in (("One", "save"), ("Two", "publish"), ("Three", "make_private"), ("Four", "trash")):
        editor = f"/write/{put(app, everybody.alice, title)}"
        press(alice, alice.get(editor), button)
    put(app, everybody.bob, "Bob's")
    page = alice.get("/write").text
    assert titles(page) == ["Three", "Two", "One"]
    for label in ("All 3", "Drafts 1", "Scheduled 0", "Published 1", "Private 1", "Trash 1"):
        assert f">{label}</a>" in page
    assert titles(alice.get("/write?state=draft").text) == ["One"]
    assert titles(alice.get("/write?state=trashed").text) == ["Four"]
    assert titles(alice.get("/write?state=nonsense").text) == ["Three", "Two", "One"]
    assert "Nothing stands here" in alice.get("/write?state=scheduled").text


def test_an_editor_finds_everybodys_posts_or_their_own(browser: Login, everybody: Cast, app: Flask) -> None:
    put(app, everybody.alice, "Alice's")
    put(app, everybody.eve, "Eve's")
    eve = browser(everybody.eve)
    assert titles(eve.get("/write").text) == ["Eve&#39;s", "Alice&#39;s"]
    assert titles(eve.get("/write?mine=").text) == ["Eve&#39;s"]
    assert titles(browser(everybody.alice).get("/write?mine=").text) == ["Alice&#39;s"]


def test_words_of_a_title_find_it(browser: Login, everybody: Cast, app: Flask) -> None:
    for title in ("A walk by the sea", "Sea birds", "100% wool", "1000 wolves"):
        put(app, everybody.alice, title)
    alice = browser(everybody.alice)
    assert titles(alice.get("/write?q=SEA").text) == ["Sea birds", "A walk by the sea"]
    assert titles(alice.get("/write", query_string={"q": "0%"}).text) == ["100% wool"]
    assert "No title holds “desert”" in alice.get("/write?q=desert").text
    assert titles(alice.get("/write?q=sea&state=published").text) == []


def test_many_posts_come_in_pages(browser: Login, everybody: Cast, app: Flask) -> None:
    start = clock.now()
    with app.app_context():
        for number in range(120):
            at = start + timedelta(seconds=number)
            service.create(by=everybody.alice.viewer, now=at, draft=service.Draft(f"Post {number:03}", "Text"))
        commit()
    alice, seen, address = browser(everybody.alice), list[str](), "/write"
    while address:
        page = alice.get(address).text
        seen += titles(page)
        older = re.search(r'<a rel="next" href="([^"]+)">', page)
        address = older[1].replace("&amp;", "&") if older else ""
    assert seen == [f"Post {number:03}" for number in reversed(range(120))]


def test_a_long_list_reads_no_texts(browser: Login, everybody: Cast, app: Flask) -> None:
    put(app, everybody.alice, "Long", "x" * 1000)
    with app.app_context():
        post = db.session.get_one(Post, 1)
        assert not {"body", "html", "toc"} & set(vars(post))
