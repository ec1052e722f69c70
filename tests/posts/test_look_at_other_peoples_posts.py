"""What is not public is found by its author and the editors alone; for everybody else it is not there at all."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from werkzeug.routing import Rule

from homeport.core import clock
from homeport.core.db import commit, db
from homeport.posts import service
from homeport.posts.models import Post
from homeport.posts.service import Draft
from tests.cast import Cast, Person
from tests.conftest import Browser
from tests.posts.desk import fields, press, put, stored

Login = Callable[[Person], Browser]
CANARY = "Zaunkoenig"
HIDDEN = ("draft", "scheduled", "private", "trashed")


def hide(app: Flask, alice: Person, state: str) -> int:
    """Store a post of Alice's that was public and is no more; everything about it holds the canary."""
    now = clock.now()
    post_id = put(app, alice, CANARY, CANARY, summary=CANARY, tags=(CANARY,), path="posts/before")
    with app.app_context():
        post = db.session.get_one(Post, post_id)
        service.publish(post, alice.viewer, now)
        moved = Draft(CANARY, CANARY, CANARY, (CANARY,), "posts/hidden")
        service.save(post, by=alice.viewer, now=now, seen_version=post.version, draft=moved)
        if state == "private":
            service.make_private(post, alice.viewer, now)
        elif state == "trashed":
            service.trash(post, alice.viewer, now)
        else:
            service.unpublish(post, alice.viewer, now)
        if state == "scheduled":
            service.schedule(post, alice.viewer, now, now + timedelta(days=1))
        commit()
    return post_id


def addresses(app: Flask, post_id: int) -> Iterator[str]:
    """Every address that can be asked for, about the post where one is about a post, and all that may tell of it."""
    values: dict[str, Any] = {"post_id": post_id, "version": 1, "path": "posts/hidden", "year": clock.now().year}
    values |= {"slug": CANARY.lower(), "tag": CANARY.lower(), "handle": "alice", "user_id": 1, "name": "alice"}
    for rule in app.url_map.iter_rules():
        if "GET" in (rule.methods or ()):
            yield app.url_map.bind("localhost").build(rule.endpoint, _for(rule, values))
    yield from ("/posts/before", "/posts/hidden/", f"/?before={post_id}", "/search?q=zaun", "/write?state=trashed")
    yield from ("/write?q=zaun", "/posts/zaunkoenig", f"/tags/{CANARY.lower()}", "/authors/alice", "/archive")


def _for(rule: Rule, values: dict[str, Any]) -> dict[str, Any]:
    # A number stands where a number has to; a text in every other place.
    kinds = {name: type(converter).__name__ for name, converter in rule._converters.items()}
    return {name: values.get(name, 1 if kind == "RowNumber" else "x" * 20) for name, kind in kinds.items()}


@pytest.mark.parametrize("state", HIDDEN)
@pytest.mark.parametrize("who", ["anonymous", "charlie", "bob"])
def test_no_address_tells_others_of_a_hidden_post(
    app: Flask, everybody: Cast, client: Browser, browser: Login, state: str, who: str
) -> None:
    post_id = hide(app, everybody.alice, state)
    visitor = client if who == "anonymous" else browser(getattr(everybody, who))
    asked = list(addresses(app, post_id))
    assert len(asked) > 30
    told = [address for address in asked if CANARY.lower() in _heard(visitor, address)]
    assert told == []


def _heard(visitor: Browser, address: str) -> str:
    answer = visitor.get(address)
    return f"{answer.text} {answer.headers}".lower().replace(address, "")


@pytest.mark.parametrize("state", HIDDEN)
def test_at_its_public_address_a_hidden_post_is_as_absent_as_one_that_never_was(
    app: Flask, everybody: Cast, client: Browser, browser: Login, state: str
) -> None:
    hide(app, everybody.alice, state)
    for visitor in (client, browser(everybody.charlie), browser(everybody.bob)):
        hidden, absent = visitor.get("/posts/hidden"), visitor.get("/posts/absent")
        assert (hidden.status_code, absent.status_code) == (404, 404)
        assert hidden.data == absent.data
        assert visitor.get("/posts/before").status_code == 404


@pytest.mark.parametrize("state", HIDDEN)
@pytest.mark.parametrize("page", ["", "/history", "/history/1", "/delete"])
def test_at_the_desk_the_post_of_somebody_else_is_as_absent_as_one_that_never_was(
    app: Flask, everybody: Cast, browser: Login, state: str, page: str
) -> None:
    post_id = hide(app, everybody.alice, state)
    bob = browser(everybody.bob)
    hidden, absent = bob.get(f"/write/{post_id}{page}"), bob.get(f"/write/{post_id + 1000}{page}")
    assert (hidden.status_code, absent.status_code) == (404, 404)
    assert hidden.data == absent.data
    assert sorted(name for name, _ in hidden.headers) == sorted(name for name, _ in absent.headers)


@pytest.mark.parametrize("button", ["save", "publish", "trash", "schedule", "keep_theirs", "preview", "unpublish"])
def test_nobody_else_can_press_a_button_of_a_post(app: Flask, everybody: Cast, browser: Login, button: str) -> None:
    post_id = put(app, everybody.alice, CANARY, CANARY)
    before = stored(app, f"/write/{post_id}")
    bob = browser(everybody.bob)
    form = {"title": "Bob's", "body": "Bob's text", "version": "1", "do": button, "publish_at": "2099-01-01T10:00"}
    hidden, absent = bob.submit(f"/write/{post_id}", form), bob.submit(f"/write/{post_id + 1000}", form)
    assert (hidden.status_code, hidden.data) == (404, absent.data)
    assert fields(hidden)["body"] == "Bob's text"
    assert stored(app, f"/write/{post_id}") == before


@pytest.mark.parametrize("action", ["restore", "delete", "history/1/restore"])
def test_nobody_else_can_restore_or_delete_a_post(app: Flask, everybody: Cast, browser: Login, action: str) -> None:
    post_id = hide(app, everybody.alice, "trashed")
    before = stored(app, f"/write/{post_id}")
    bob = browser(everybody.bob)
    hidden, absent = bob.submit(f"/write/{post_id}/{action}"), bob.submit(f"/write/{post_id + 1000}/{action}")
    assert (hidden.status_code, absent.status_code) == (404, 404)
    assert stored(app, f"/write/{post_id}") == before


def test_a_private_post_is_read_by_its_author_and_by_editors(app: Flask, everybody: Cast, browser: Login) -> None:
    hide(app, everybody.alice, "private")
    for person, status in ((everybody.alice, 200), (everybody.eve, 200), (everybody.olga, 200), (everybody.bob, 404)):
        assert browser(person).get("/posts/hidden").status_code == status


def test_a_post_made_private_before_it_was_ever_public_can_be_read(app: Flask, everybody: Cast, browser: Login) -> None:
    alice = browser(everybody.alice)
    post_id = put(app, everybody.alice, "Diary")
    press(alice, alice.get(f"/write/{post_id}"), "make_private")
    assert alice.get("/posts/diary").status_code == 200
    assert browser(everybody.bob).get("/posts/diary").status_code == 404


def test_an_editor_works_on_everybodys_posts(app: Flask, everybody: Cast, browser: Login) -> None:
    post_id = put(app, everybody.alice, "Alice's")
    eve = browser(everybody.eve)
    assert press(eve, eve.get(f"/write/{post_id}"), "publish", body="Edited").status_code == 303
    post = stored(app, f"/write/{post_id}")
    assert (post["body"], post["author_id"], post["status"]) == ("Edited", everybody.alice.id, "published")


def test_readers_and_strangers_have_no_desk(everybody: Cast, client: Browser, browser: Login) -> None:
    charlie = browser(everybody.charlie)
    for address in ("/write", "/write/new", "/write/1", "/write/1/history"):
        assert charlie.get(address).status_code == 403
        assert client.get(address).location.startswith("/login?next=")
    assert charlie.submit("/write/new", {"title": "T", "body": "B"}).status_code == 403
    assert client.submit("/write/new", {"title": "T", "body": "B"}).status_code == 401
