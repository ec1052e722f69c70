"""Every address by everybody, with a fresh proof, with an old one, from another site: the answer the marks promise.

The expected answer is worked out from the view's marks alone, so a new route is in this table from its first day.
"""

import sqlite3
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from datetime import datetime, timedelta
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import delete

from homeport.accounts.models import Totp, User
from homeport.core import clock, csrf
from homeport.core.config import Config
from homeport.core.csrf import SAFE_METHODS
from homeport.core.db import db
from homeport.core.http import Role
from tests.accounts.acts import log_in
from tests.cast import Cast, open_session
from tests.factories import make_post
from tests.routes import HERE, JSON, Route, code_of, routes

# Who asks, and the role their session gives them: None is nobody, also for the page's own eyes.
VISITORS: dict[str, Role | None] = {
    "anonymous": None,
    "suspended": None,
    "half logged in": None,
    "reader": Role.READER,
    "author": Role.AUTHOR,
    "other author": Role.AUTHOR,
    "editor": Role.EDITOR,
    "owner": Role.OWNER,
    "owner who must enrol": Role.READER,
}
PROOFS = ("right", "stale", "cross-site")
REFUSALS = {
    "401 login_required", "401 signed_out", "401 proof_too_old", "403 not_allowed", "403 second_factor_needed",
    "403 cross_site", "403 stale_page", "401 token_needed",
}  # fmt: skip
GATES = ("/login?next=", "/account/confirm?next=")
OLD = timedelta(minutes=16)

THROUGH = "let through"
"""The view itself answers: with a page, or with what is wrong about an empty form."""

ABSENT = "404, as for what is not there"


def expected(route: Route, method: str, who: str, proof: str) -> str:
    """The answer that the marks of a route promise to somebody."""
    safe, role = method in SAFE_METHODS, VISITORS[who]
    if route.is_for_strangers or route.scope is not None:  # whoever they are: no cookie counts there
        return THROUGH if route.scope is None else "401 token_needed"
    if proof == "cross-site" and not safe:
        return "403 cross_site"
    if route.mark is None:
        return THROUGH
    if role is None:
        return "303 /login?next=" if safe else "401 signed_out"
    if who == "owner who must enrol" and not route.is_for_enrolling:
        return "303 /account/security" if safe else "403 second_factor_needed"
    return "403 not_allowed" if role < route.mark else _of_a_member(route, safe, who, proof)


def _of_a_member(route: Route, safe: bool, who: str, proof: str) -> str:
    if proof == "stale" and route.is_sensitive:
        return "303 /account/confirm?next=" if safe else "401 proof_too_old"
    return ABSENT if who == "other author" and "post_id" in route.variables else THROUGH


def said(answer: Any, route: Route, who: str) -> str:
    """What the answer was, in the same words."""
    code, place = code_of(answer), answer.headers.get("Location", "")
    if f"{answer.status_code} {code}" in REFUSALS:
        return f"{answer.status_code} {code}"
    gate = next((gate for gate in GATES if place.startswith(gate)), "")
    if gate:
        return f"{answer.status_code} {gate}"
    if who == "owner who must enrol" and not route.is_for_enrolling and place == "/account/security":
        return f"{answer.status_code} {place}"
    if who == "other author" and "post_id" in route.variables and answer.status_code == 404:
        return ABSENT
    return THROUGH if answer.status_code < 500 or answer.status_code == 503 else f"{answer.status_code} {code}"


@pytest.fixture
def content(app: Flask, everybody: Cast) -> Cast:
    """The cast, and a post of alice's."""
    with app.app_context():
        make_post(everybody.alice, "Harbour lights", tags=["ships"])
    return everybody


def come(app: Flask, cast: Cast, who: str, since: datetime) -> dict[str, str]:
    """The cookies of somebody whose last proof was at `since`."""
    people = {"reader": cast.charlie, "author": cast.alice, "suspended": cast.bob, "other author": cast.bob}
    person = people.get(who, cast.eve if who in {"editor", "half logged in"} else cast.olga)
    if who == "anonymous":
        return {}
    if who == "half logged in":
        browser: Any = app.test_client()
        assert log_in(browser, person).location == "/login/code"
        return {"ceremony": browser.get_cookie("ceremony").value}
    with app.app_context():
        if who == "suspended":
            db.session.get_one(User, person.id).suspended_at = clock.now()
        if who == "owner who must enrol":
            db.session.execute(delete(Totp).where(Totp.user_id == person.id))
        return {"sid": open_session(person.id, since)}


def ask(app: Flask, cookies: dict[str, str], route: Route, method: str, proof: str) -> Any:
    """What somebody with these cookies is answered, who sends an empty form with the right token."""
    browser: Any = app.test_client()
    for name, value in cookies.items():
        browser.set_cookie(name, value)
    headers = {**JSON, **(HERE if proof != "cross-site" else {"Sec-Fetch-Site": "cross-site"})}
    form = {csrf.FIELD: csrf.token(cookies["sid"])} if "sid" in cookies else {}
    return browser.open(route.path, method=method, data=form, headers=headers)


def copy(source: Path, target: Path) -> None:
    """Make a database what another one is, also while the application has it open."""
    with closing(sqlite3.connect(source)) as old, closing(sqlite3.connect(target)) as new:
        new.execute("PRAGMA synchronous=OFF")
        old.backup(new)


def requests(app: Flask, proof: str) -> Iterator[tuple[Route, str]]:
    """Every route with each of its methods; to look at a page from another site is to look at it."""
    for route, method in product(routes(app), ("GET", "POST", "PUT", "PATCH", "DELETE")):
        if method in route.methods and (method != "GET" or proof != "cross-site"):
            yield route, method


@pytest.mark.parametrize("who", VISITORS)
def test_everybody_is_answered_as_the_marks_promise(app: Flask, content: Cast, config: Config, who: str) -> None:
    wrong: list[str] = []
    promised: Counter[bool] = Counter()
    live, kept = config.data / "homeport.db", config.data / "kept.db"
    for proof in PROOFS:
        cookies = come(app, content, who, clock.now() - OLD if proof == "stale" else clock.now())
        copy(live, kept)
        for route, method in requests(app, proof):
            promise = expected(route, method, who, proof)
            answer = ask(app, cookies, route, method, proof)
            answered = said(answer, route, who)
            answer.close()
            promised[promise == THROUGH] += 1
            if answered != promise:
                wrong.append(f"{method} {route.path} {proof}: {answered} instead of {promise}")
            if promise == THROUGH and method != "GET":  # whatever it did must not be what the next one is judged by
                copy(kept, live)
                app.extensions.pop("homeport.site", None)
    assert wrong == []
    assert promised[True] > 20
    assert promised[False] > 40


def test_a_route_without_a_mark_fails(app: Flask) -> None:
    app._got_first_request = False
    app.add_url_rule("/planted", "planted", lambda: "x")
    with pytest.raises(AttributeError, match="mark"):
        routes(app)


def route(**facts: Any) -> Route:
    usual = {"path": "/x", "methods": frozenset({"GET", "POST"}), "mark": Role.AUTHOR, "variables": frozenset()}
    return Route(**{**usual, "is_sensitive": False, "is_for_enrolling": False, "scope": None, **facts})


@pytest.mark.parametrize(
    ("facts", "method", "who", "proof", "promise"),
    [
        ({"mark": None}, "POST", "anonymous", "right", THROUGH),
        ({"mark": None}, "POST", "owner", "cross-site", "403 cross_site"),
        ({"scope": "posts:read"}, "GET", "owner", "right", "401 token_needed"),
        ({}, "GET", "suspended", "right", "303 /login?next="),
        ({}, "POST", "half logged in", "right", "401 signed_out"),
        ({"mark": None, "is_for_strangers": True}, "POST", "owner", "cross-site", THROUGH),
        ({}, "POST", "reader", "right", "403 not_allowed"),
        ({}, "GET", "author", "stale", THROUGH),
        ({"is_sensitive": True}, "GET", "author", "stale", "303 /account/confirm?next="),
        ({"is_sensitive": True}, "POST", "owner", "stale", "401 proof_too_old"),
        ({"is_sensitive": True}, "POST", "reader", "stale", "403 not_allowed"),
        ({"variables": frozenset({"post_id"})}, "POST", "other author", "right", ABSENT),
        ({"variables": frozenset({"post_id"})}, "POST", "editor", "right", THROUGH),
        ({}, "POST", "owner who must enrol", "right", "403 second_factor_needed"),
        ({"is_for_enrolling": True}, "GET", "owner who must enrol", "right", "403 not_allowed"),
        ({"is_for_enrolling": True, "mark": Role.READER}, "GET", "owner who must enrol", "right", THROUGH),
    ],
)
def test_the_promise_is_worked_out_from_the_marks(
    facts: dict[str, Any], method: str, who: str, proof: str, promise: str
) -> None:
    assert expected(route(**facts), method, who, proof) == promise
