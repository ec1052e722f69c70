"""Somebody looks for what is not for them: nowhere is there a trace of a post that is hidden from them."""

from collections.abc import Callable, Iterator

import pytest
from flask import Flask
from sqlalchemy import select

from homeport.core import clock, site
from homeport.core.db import commit, db
from homeport.posts.models import Post, Redirect, Status
from tests.cast import Cast, Person
from tests.conftest import Browser
from tests.factories import make_post
from tests.reading.page import Page

HIDDEN = [status for status in Status if status is not Status.PUBLISHED]
CANARY = "canary"
NOT_READING = ("/admin", "/write", "/account", "/static")
WHO = ("anonymous", "charlie", "bob", "alice", "eve", "olga")


@pytest.fixture
def hidden(app: Flask, everybody: Cast) -> dict[Status, str]:
    """Alice's hidden posts, every part of each with a canary, among public ones; their paths."""
    paths: dict[Status, str] = {}
    with app.app_context():
        site.change(posts_per_page=2)
        make_post(everybody.alice, "First public", tags=["Shared"])
        for status in HIDDEN:
            name = f"{CANARY} {status}"
            paths[status] = make_post(
                everybody.alice,
                name,
                status=status,
                tags=["Shared", f"{name} tag"],
                bylines=[f"{name} author"],
                body=name,
                html=f"<p>{name} text</p>",
                summary=f"{name} summary",
                excerpt=f"{name} excerpt",
            )
            post = db.session.scalars(select(Post).where(Post.path == paths[status])).one()
            db.session.add(Redirect(path=f"old/{CANARY}-{status}", post_id=post.id, created_at=clock.now()))
        make_post(everybody.bob, "Middle public", tags=["Shared"])
        make_post(everybody.alice, "Last public", tags=["Shared"])
        commit()
    return paths


@pytest.fixture
def visit(app: Flask, everybody: Cast) -> Callable[[str], Browser]:
    """A browser of somebody by name."""

    def open_browser(name: str) -> Browser:
        browser = app.test_client()
        assert isinstance(browser, Browser)
        return browser if name == "anonymous" else browser.login(getattr(everybody, name))

    return open_browser


def reachable(browser: Browser, start: str = "/") -> Iterator[tuple[str, str]]:
    """Every public page that links lead to from the front page: its address and everything in the answer."""
    waiting, seen = [start, "/tags", "/archive", "/about", "/archive/2026", "/nothing/first-public", "/healthz"], set()
    while waiting:
        address = waiting.pop().partition("#")[0]
        if (
            address in seen
            or not address.startswith("/")
            or address.startswith(("/admin", "/write", "/account", "/static"))
        ):
            continue
        seen.add(address)
        answer = browser.get(address)
        yield address, f"{answer.headers}{answer.text}"
        if answer.mimetype == "text/html":
            waiting += Page(answer).links().values()
    assert len(seen) > 12


@pytest.mark.parametrize("name", WHO)
def test_no_list_and_no_link_leads_to_it(hidden: dict[Status, str], visit: Callable[[str], Browser], name: str) -> None:
    for address, content in reachable(visit(name)):
        assert CANARY not in content.lower(), address


@pytest.mark.parametrize("name", WHO)
@pytest.mark.parametrize("status", HIDDEN)
def test_its_address_answers_as_one_where_nothing_is(
    app: Flask, everybody: Cast, hidden: dict[Status, str], visit: Callable[[str], Browser], name: str, status: Status
) -> None:
    browser = visit(name)
    slug = f"{CANARY}-{status}"
    paths = [hidden[status], f"old/{slug}", f"authors/{slug}-author", f"tags/{slug}-tag"]
    addresses = [f"/{path}{end}" for path in paths for end in ("", "/", "/index.html")]
    with_it = [browser.get(address) for address in addresses]
    with app.app_context():
        db.session.delete(db.session.scalars(select(Post).where(Post.path == hidden[status])).one())
        commit()
    without = [browser.get(address) for address in addresses]
    may = status is Status.PRIVATE and name in {"alice", "eve", "olga"}
    for address, one, other in zip(addresses, with_it, without, strict=True):
        assert other.status_code == 404
        if may and "/tags/" not in address and "/authors/" not in address:
            assert one.status_code == (200 if address == f"/{hidden[status]}" else 301)
            continue
        assert (one.status_code, one.data) == (other.status_code, other.data), address
        differing = {"X-Request-Id", "Set-Cookie"}
        assert [item for item in one.headers if item[0] not in differing] == [
            item for item in other.headers if item[0] not in differing
        ]


@pytest.mark.parametrize("name", ["alice", "eve", "olga"])
def test_a_private_post_is_read_by_its_author_and_the_editors_and_kept_nowhere(
    hidden: dict[Status, str], visit: Callable[[str], Browser], name: str
) -> None:
    answer = visit(name).get(f"/{hidden[Status.PRIVATE]}")
    assert answer.status_code == 200
    assert f"{CANARY} private text" in answer.text
    assert answer.headers["Cache-Control"] == "no-store"
    page = Page(answer)
    assert page.meta("robots") == "noindex"
    assert page.links(rel="prev") == page.links(rel="next") == {}
    assert not page.meta("og:title")


def test_a_hidden_post_does_not_count(hidden: dict[Status, str], client: Browser) -> None:
    assert "Shared 3 posts" in Page(client.get("/tags")).one("main").text
    assert Page(client.get("/archive")).titles() == ["2026 3 posts"]
    assert Page(client.get("/posts/middle-public")).links(rel="prev") == {"BeforeFirst public": "/posts/first-public"}


def test_an_earlier_role_opens_nothing(app: Flask, everybody: Cast, hidden: dict[Status, str], client: Browser) -> None:
    def path_of(person: Person) -> int:
        browser = app.test_client()
        assert isinstance(browser, Browser)
        return browser.login(person).get(f"/{hidden[Status.PRIVATE]}").status_code

    assert path_of(everybody.bob) == 404
    assert path_of(everybody.charlie) == 404
    assert client.get(f"/{hidden[Status.PRIVATE]}", headers={"Cookie": "sid=made-up"}).status_code == 404


@pytest.mark.parametrize("person", ["anonymous", "alice"])
def test_what_was_public_is_gone_at_once(
    app: Flask, everybody: Cast, visit: Callable[[str], Browser], person: str
) -> None:
    with app.app_context():
        path = make_post(everybody.alice, "Regretted", tags=["Only here"])
    browser = visit(person)
    assert browser.get(f"/{path}").status_code == 200
    with app.app_context():
        db.session.scalars(select(Post)).one().status = Status.DRAFT
        commit()
    for address in (f"/{path}", "/tags/only-here", "/authors/alice"):
        assert browser.get(address).status_code == 404
    assert "Regretted" not in browser.get("/").text
