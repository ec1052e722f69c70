"""A reader follows an old link, or mistypes an address, and still arrives."""

from collections.abc import Callable

import pytest
from flask import Flask
from sqlalchemy import event, select

from homeport.core import clock
from homeport.core.db import commit, db
from homeport.posts.models import Post, Redirect, Status
from homeport.posts.queries import SIMILAR_AMONG
from tests.cast import Cast
from tests.conftest import Browser
from tests.factories import make_post
from tests.reading.page import Page

JSON = {"Accept": "application/json"}


def redirect(old: str, path: str) -> None:
    post = db.session.scalars(select(Post).where(Post.path == path)).one()
    db.session.add(Redirect(path=old, post_id=post.id, created_at=clock.now()))
    commit()


@pytest.fixture
def walk(app: Flask, everybody: Cast) -> str:
    """A post that was imported with its old address, and had another one before."""
    with app.app_context():
        path = make_post(everybody.alice, "A walk", path="2014/09/15/Walk-über-1.0")
        redirect("blog/walk.html", path)
        redirect("feed-item/", path)
    return path


ADDRESS = "/2014/09/15/Walk-%C3%BCber-1.0"


def test_an_imported_address_answers_itself(client: Browser, walk: str) -> None:
    assert client.get(ADDRESS).status_code == 200


@pytest.mark.parametrize(
    "old",
    [
        "/2014/09/15/Walk-über-1.0/",
        "/2014/09/15/Walk-über-1.0/index.html",
        "/2014/09/15/Walk-u\u0308ber-1.0",
        "/blog/walk.html",
        "/blog/walk.html/",
        "/blog/walk.html/index.html",
        "/feed-item/",
        "/feed-item",
        "/feed-item/index.html",
        "/blog/walk.html?utm_source=x",
    ],
)
def test_other_spellings_and_former_addresses_lead_there(client: Browser, walk: str, old: str) -> None:
    answer = client.get(old)
    assert answer.status_code == 301
    assert answer.headers["Location"] == ADDRESS
    assert client.get(answer.headers["Location"]).status_code == 200


def test_a_path_with_a_slash_or_index_of_its_own_is_kept(app: Flask, client: Browser, everybody: Cast) -> None:
    with app.app_context():
        make_post(everybody.alice, "One", path="one/")
        make_post(everybody.alice, "Two", path="two/index.html")
    assert client.get("/one/").status_code == client.get("/two/index.html").status_code == 200
    assert client.get("/one").headers["Location"] == "/one/"
    assert client.get("/two/").headers["Location"] == "/two/index.html"


def test_a_post_at_an_address_wins_over_one_that_left_it(
    app: Flask, client: Browser, everybody: Cast, walk: str
) -> None:
    with app.app_context():
        make_post(everybody.alice, "New tenant", path="blog/walk.html")
    assert Page(client.get("/blog/walk.html")).one("h1").text == "New tenant"


def test_a_former_address_of_a_hidden_post_leads_nowhere(app: Flask, client: Browser, walk: str) -> None:
    with app.app_context():
        db.session.scalars(select(Post)).one().status = Status.DRAFT
        commit()
    assert client.get("/blog/walk.html").status_code == 404


def test_the_front_page_has_one_address(client: Browser) -> None:
    assert client.get("/index.html").headers["Location"] == "/"


def test_nobody_is_sent_to_another_site(app: Flask, client: Browser, everybody: Cast) -> None:
    with app.app_context():
        for number, path in enumerate(("/evil.example", "//evil.example", "\\evil.example", "http://evil.example")):
            redirect(f"old{number}", make_post(everybody.alice, f"Odd {number}", path=path))
    for number in range(4):
        target = client.get(f"/old{number}").headers["Location"]
        assert target.startswith("/")
        assert target[1:2] not in {"/", "\\"}


def test_a_wrong_address_names_what_may_have_been_meant(
    app: Flask, client: Browser, everybody: Cast, walk: str
) -> None:
    with app.app_context():
        make_post(everybody.alice, "Sailing in storms")
        make_post(everybody.alice, "Sailing at night")
        make_post(everybody.alice, "Bread")
        make_post(everybody.alice, "Sailing in secret", status=Status.DRAFT)
    answer = client.get("/2019/sailing-at-nihgt.html")
    assert answer.status_code == 404
    links = Page(answer).links()
    assert [words for words in links if "ail" in words or words == "Bread"] == ["Sailing at night", "Sailing in storms"]
    assert links["Look through the archive"] == "/archive"
    assert "noindex" in answer.text
    both = Page(client.get("/storms-when-sailing")).links()
    assert list(both).index("Sailing in storms") < list(both).index("Sailing at night")


@pytest.mark.parametrize(
    "path", ["/%25", "/___", "/%_%", "/1/2/3", "/posts/", "/a", "/" + "x" * 3000, "/😀", "/'\";--", "/\\"]
)
def test_an_address_without_words_is_a_plain_404(client: Browser, walk: str, path: str) -> None:
    answer = client.get(path)
    assert answer.status_code == 404
    assert "A walk" not in answer.text


def test_a_program_gets_the_404_as_json(client: Browser, walk: str) -> None:
    answer = client.get("/walk/none", headers=JSON)
    assert answer.status_code == 404
    assert answer.get_json()["error"]["code"] == "not_found"
    assert "Accept" in answer.headers["Vary"]


def test_a_wrong_address_costs_few_questions_of_bounded_size(app: Flask, client: Browser, walk: str) -> None:
    client.get("/warm/up")
    asked: list[str] = []
    note: Callable[..., None] = lambda *call: asked.append(call[2])  # noqa: E731 (an event's handler)
    with app.app_context():
        event.listen(db.engine, "before_cursor_execute", note)
    client.get("/" + "-".join(f"{'word' * 9}{letter}" for letter in "abcdefghijklmnopqrstuvwxyz" * 30))
    assert len(asked) <= 5
    assert max(len(statement) for statement in asked) < 6000
    assert SIMILAR_AMONG <= 1000
