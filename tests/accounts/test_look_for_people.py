"""The owner looks for people among hundreds: by words, by role, by how they stand."""

import re
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

from homeport.accounts import people
from homeport.accounts.models import Departure, Invitation, InvitationUse, User
from homeport.core import clock
from homeport.core.db import commit, db
from homeport.core.http import Role
from tests.cast import Cast
from tests.conftest import Browser
from tests.reading.page import Page


def names(page: Any) -> list[str]:
    """The people on a page, in its order."""
    return [link.text for link in Page(page).all("a") if re.fullmatch(r"/admin/people/\d+", link.attributes["href"])]


def add_people(app: Flask, number: int) -> None:
    """Add readers who wait, with names out of order; several share a name."""
    with app.app_context():
        for place in range(number):
            name = f"Reader {(place * 37) % 100:02}"
            facts = {"role": Role.READER, "created_at": clock.now(), "display_name": name}
            db.session.add(User(email=f"r{place}@example.net", handle=f"r{place}", **facts))
        commit()


def walk(olga: Browser, address: str, rel: str) -> list[list[str]]:
    """The names on each page from `address` on, as one follows the links."""
    pages = []
    for _ in range(30):
        page = olga.get(address)
        pages.append(names(page))
        links = Page(page).all("a", rel=rel)
        if not links:
            return pages
        address = links[0].attributes["href"]
    raise AssertionError("the pages never end")


def test_five_hundred_people_are_paged_and_nobody_is_left_out(app: Flask, everybody: Cast, browser: Any) -> None:
    add_people(app, 500)
    olga = browser(everybody.olga)
    pages = walk(olga, "/admin/people", "next")
    everyone = [name for page in pages for name in page]
    assert [len(page) for page in pages] == [50] * 10 + [5]
    assert everyone[:5] == ["Olga", "Eve", "Alice", "Bob", "Charlie"]
    assert everyone[5:] == sorted(everyone[5:])
    assert len(everyone) == 505
    first = Page(olga.get("/admin/people")).one("a", rel="next").attributes["href"]
    with app.app_context():
        wanted, after, ends = people.Wanted(), None, []
        while (page := people.page(wanted, after, 50)).following:
            after = page.following
            ends.append(after)
    back = walk(olga, f"/admin/people?after={ends[-1]}", "prev")
    assert [name for page in reversed(back) for name in page] == everyone
    assert first == f"/admin/people?after={ends[0]}"
    assert "All 505" in olga.get("/admin/people").text


def test_a_page_costs_as_many_questions_however_many_there_are(app: Flask, everybody: Cast) -> None:
    with app.app_context():
        page = people.page(people.Wanted(), None, 2)
        assert [entry.user.display_name for entry in page.entries] == ["Olga", "Eve"]
        assert page.previous is None
        following = people.page(people.Wanted(), page.following, 2)
        assert [entry.user.display_name for entry in following.entries] == ["Alice", "Bob"]
        assert following.previous == 0
        gone = people.page(people.Wanted(), 999_999, 2)
        assert [entry.user.display_name for entry in gone.entries] == ["Olga", "Eve"], "somebody who has left"


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("ali", ["Alice"]),
        ("ALICE@EXAMPLE", ["Alice"]),
        ("  eve  ", ["Eve"]),
        ("example.com", ["Olga", "Eve", "Alice", "Bob", "Charlie"]),
        ("%", []),
        ("_", []),
        ("\\", []),
        ("'; drop table users; --", []),
        ("Zoë Ström", ["Zoë Ström"]),
        ("zoe-s", ["Zoë Ström"]),
        ("zoe strom", ["Zoë Ström"]),
        ("100%", ["100% Dora"]),
        ("snake_case", ["Snake_Case"]),
    ],
)
def test_words_are_looked_for_as_they_are(
    app: Flask, everybody: Cast, browser: Any, words: str, found: list[str]
) -> None:
    with app.app_context():
        for place, name in enumerate(["Zoë Ström", "100% Dora", "Snake_Case"]):
            handle = ["zoe-strom", "dora", "snake"][place]
            facts = {"role": Role.READER, "created_at": clock.now(), "display_name": name}
            db.session.add(User(email=f"p{place}@example.net", handle=handle, **facts))
        commit()
    page = browser(everybody.olga).get("/admin/people", query_string={"q": words})
    expected = found or (["100% Dora"] if words == "%" else ["Snake_Case"] if words == "_" else [])
    assert names(page) == expected
    if not expected:
        assert "Nobody fits this" in page.text


def stand_in_every_state(app: Flask, everybody: Cast) -> None:
    """Bob is suspended, charlie leaves, zoe waits; she came by an invitation of eve's."""
    now = clock.now()
    with app.app_context():
        db.session.get_one(User, everybody.bob.id).suspended_at = now
        db.session.add(Departure(user_id=everybody.charlie.id, asked_at=now, due_at=now, posts="keep"))
        zoe = User(email="zoe@example.net", handle="zoe", display_name="Zoe", role=Role.READER, created_at=now)
        facts = {"role": Role.READER, "created_at": now, "expires_at": now, "most_uses": 1}
        invitation = Invitation(digest="x" * 64, created_by_id=everybody.eve.id, **facts)
        db.session.add_all([zoe, invitation])
        db.session.flush()
        db.session.add(InvitationUse(user_id=zoe.id, invitation_id=invitation.id, used_at=now))
        commit()


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"state": "active"}, ["Olga", "Eve", "Alice"]),
        ({"state": "waiting"}, ["Zoe"]),
        ({"state": "suspended"}, ["Bob"]),
        ({"state": "leaving"}, ["Charlie"]),
        ({"state": "unprotected"}, ["Alice", "Charlie", "Zoe"]),
        ({"role": "author"}, ["Alice", "Bob"]),
        ({"role": "author", "state": "suspended"}, ["Bob"]),
        ({"role": "reader", "q": "zoe"}, ["Zoe"]),
        ({"role": "king", "state": "happy"}, ["Olga", "Eve", "Alice", "Bob", "Charlie", "Zoe"]),
    ],
)
def test_people_are_found_by_role_and_state(
    app: Flask, everybody: Cast, browser: Any, query: dict[str, str], found: list[str]
) -> None:
    stand_in_every_state(app, everybody)
    assert names(browser(everybody.olga).get("/admin/people", query_string=query)) == found


def test_each_state_is_counted(app: Flask, everybody: Cast, browser: Any) -> None:
    stand_in_every_state(app, everybody)
    text = Page(browser(everybody.olga).get("/admin/people")).one("nav", _class="filters").text
    for words in ("All 6", "Active 3", "Waiting 1", "Suspended 1", "Leaving 1", "Without second factor 3"):
        assert words in text
    text = Page(browser(everybody.olga).get("/admin/people?role=reader")).one("nav", _class="filters").text
    assert "All 2" in text
    assert "Active" not in text


def test_the_list_says_who_invited_whom_and_what_protects_them(app: Flask, everybody: Cast, browser: Any) -> None:
    stand_in_every_state(app, everybody)
    olga = browser(everybody.olga)
    lines = {line.text.split()[0]: line.text for line in Page(olga.get("/admin/people")).all("li", _class="person")}
    assert "invited by Eve" in lines["Zoe"]
    assert "never seen yet" in lines["Zoe"]
    assert "No second factor" in lines["Zoe"]
    assert "last seen" in lines["Olga"]
    assert "No second factor" not in lines["Olga"]


def test_when_somebody_was_seen_outlives_the_session(app: Flask, everybody: Cast, client: Browser) -> None:
    client.submit("/login", {"email": everybody.alice.email, "password": "correct horse battery staple"})
    client.submit("/logout")
    with app.app_context():
        entry = people.find(everybody.alice.id)
        assert entry is not None
        assert entry.last_seen is not None
        assert clock.now() - entry.last_seen < timedelta(minutes=5)
