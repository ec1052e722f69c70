"""What holds for every address of the blog, read from its table of routes: a new one is covered when it is written."""

from collections.abc import Callable, Iterator
from pathlib import Path
from sqlite3 import connect
from typing import Any

import pytest
from flask import Flask
from werkzeug.exceptions import HTTPException

from homeport.core import csrf, programs
from homeport.core.config import Config
from homeport.core.csrf import SAFE_METHODS
from tests.cast import Cast, Person
from tests.conftest import Browser
from tests.factories import make_post
from tests.routes import HERE, JSON, UNSAFE_METHODS, Route, code_of, routes

FROM_ELSEWHERE = {
    "cross-site": {"Sec-Fetch-Site": "cross-site"},
    "a neighbour": {"Sec-Fetch-Site": "same-site"},
    "an address typed in": {"Sec-Fetch-Site": "none"},
    "nonsense": {"Sec-Fetch-Site": ""},
    "cross-site with our origin": {"Sec-Fetch-Site": "cross-site", "Origin": "http://localhost"},
    "null": {"Origin": "null"},
    "another origin": {"Origin": "https://evil.example"},
    "another port": {"Origin": "http://localhost:81"},
    "another scheme": {"Origin": "https://localhost"},
    "a longer name": {"Origin": "http://localhost.evil.example"},
    "no word about it": {},
    "only a referrer": {"Referer": "http://localhost/"},
}


def refusal(app: Flask, path: str, method: str) -> tuple[int, str]:
    """What somebody is told who comes from another site: at the API, it is the token that is missing."""
    try:
        endpoint, _values = app.url_map.bind("localhost").match(path, method)
    except HTTPException:
        return 403, "cross_site"
    scope = programs.scope_of(app.view_functions[endpoint])
    return (403, "cross_site") if scope is None else (401, "token_needed")


@pytest.fixture
def unchanged(config: Config) -> Callable[[], tuple[str, list[Path]]]:
    """What the blog holds, to be compared: every row but sessions and counts of wrong links, and every picture."""

    def look() -> tuple[str, list[Path]]:
        connection = connect(config.data / "homeport.db")
        lines = [line for line in connection.iterdump() if '"auth_sessions"' not in line and '"attempts"' not in line]
        connection.close()
        return "\n".join(lines), sorted(config.media.rglob("*"))

    return look


@pytest.fixture
def content(app: Flask, everybody: Cast) -> Cast:
    """The cast, and a post of alice's."""
    with app.app_context():
        make_post(everybody.alice, "Harbour lights", tags=["ships"])
    return everybody


def known_by_cookie(app: Flask) -> list[Route]:
    """Every route but those at which everybody is a stranger, so that nothing can be done in anybody's name."""
    return [route for route in routes(app) if not route.is_for_strangers]


def test_who_is_a_stranger_everywhere_is_one_with_a_session_too(app: Flask, content: Cast, browser: Any) -> None:
    open_to_all = [route for route in routes(app) if route.is_for_strangers]
    assert [route.path for route in open_to_all if route.mark is not None] == []
    olga, nobody = browser(content.olga), app.test_client()
    for route in open_to_all:
        for method in route.methods - {"OPTIONS"}:
            answers = [visitor.open(route.path, method=method, headers=JSON) for visitor in (olga, nobody)]
            assert len({(answer.status_code, code_of(answer)) for answer in answers}) == 1, route.path


def forgeries(route: Route, token: str) -> Iterator[tuple[str, str, dict[str, str], dict[str, str]]]:
    for method in UNSAFE_METHODS:
        for name, headers in FROM_ELSEWHERE.items():
            yield f"{method} {route.path} from {name}", method, headers, {csrf.FIELD: token}


def test_no_other_site_can_send_anything_in_the_owners_name(
    app: Flask, content: Cast, browser: Any, unchanged: Callable[[], object]
) -> None:
    olga, before, accepted = browser(content.olga), unchanged(), []
    token = csrf.token(olga.token)
    for route in known_by_cookie(app):
        for name, method, headers, form in forgeries(route, token):
            answer = olga.open(route.path, method=method, data=form, headers={**JSON, **headers})
            if (answer.status_code, code_of(answer)) != refusal(app, route.path, method):
                accepted.append(f"{name}: {answer.status_code}")
    assert accepted == []
    assert unchanged() == before
    assert olga.get("/account").status_code == 200, "nor can one be logged out"


def test_no_other_site_can_send_anything_in_nobodys_name(
    app: Flask, content: Cast, client: Browser, unchanged: Callable[[], object]
) -> None:
    before, accepted = unchanged(), []
    for route in known_by_cookie(app):
        for name, method, headers, _form in forgeries(route, ""):
            answer = client.open(route.path, method=method, headers={**JSON, **headers})
            if (answer.status_code, code_of(answer)) != refusal(app, route.path, method):
                accepted.append(name)
    assert accepted == []
    assert unchanged() == before


def test_with_a_session_every_form_needs_its_token(
    app: Flask, content: Cast, browser: Any, unchanged: Callable[[], object]
) -> None:
    olga, alice, before, accepted = browser(content.olga), browser(content.alice), unchanged(), []
    wrong = {"none": "", "wrong": "0" * 64, "the cookie": olga.token, "another's": csrf.token(alice.token)}
    for route in known_by_cookie(app):
        for name, token in wrong.items():
            for method in route.unsafe:
                answer = olga.open(route.path, method=method, data={csrf.FIELD: token}, headers={**JSON, **HERE})
                expected = (403, "stale_page") if route.scope is None else (401, "token_needed")
                if (answer.status_code, code_of(answer)) != expected:
                    accepted.append(f"{method} {route.path} with {name}: {answer.status_code}")
    assert accepted == []
    assert unchanged() == before


def test_an_old_browser_that_tells_only_its_origin_is_served(content: Cast, browser: Any) -> None:
    olga = browser(content.olga)
    form = {csrf.FIELD: csrf.token(olga.token)}
    assert olga.post("/logout", data=form, headers={"Origin": "http://localhost"}).status_code == 303


@pytest.mark.parametrize("who", ["nobody", "charlie", "alice", "eve"])
def test_nobody_gets_past_a_mark_above_their_role(
    app: Flask, content: Cast, browser: Any, client: Browser, unchanged: Callable[[], object], who: str
) -> None:
    person: Person | None = None if who == "nobody" else getattr(content, who)
    visitor, before, wrong = browser(person) if person else client, unchanged(), []
    above = [
        route
        for route in routes(app)
        if route.scope or (route.mark is not None and (person is None or person.role < route.mark))
    ]
    assert len(above) > 10
    for route in above:
        for method in route.methods - {"OPTIONS"}:
            answer = visitor.submit(route.path) if method == "POST" else visitor.open(route.path, method=method)
            expected = 401 if route.scope else 403 if person else 303 if method in SAFE_METHODS else 401
            to_login = person is not None or expected != 303 or answer.location.startswith("/login?next=")
            if answer.status_code != expected or not to_login:
                wrong.append(f"{method} {route.path}: {answer.status_code}")
    assert wrong == []
    assert unchanged() == before


@pytest.mark.parametrize("who", ["nobody", "charlie", "alice", "olga"])
def test_looking_changes_nothing(
    app: Flask, content: Cast, browser: Any, client: Browser, unchanged: Callable[[], object], who: str
) -> None:
    visitor, before, broken = client if who == "nobody" else browser(getattr(content, who)), unchanged(), []
    for route in routes(app):
        for method in ("GET", "HEAD"):
            if method in route.methods:
                answer = visitor.open(route.path, method=method)
                answer.close()
                broken += [f"{method} {route.path}"] if answer.status_code >= 500 and route.path != "/healthz" else []
    assert broken == []
    assert unchanged() == before


def test_readers_get_no_cookie_and_pages_do_not_depend_on_one(app: Flask, content: Cast, client: Browser) -> None:
    personal = []
    for route in routes(app):
        if "GET" in route.methods:
            answer = client.get(route.path)
            if "Set-Cookie" in answer.headers or "cookie" in answer.headers.get("Vary", "").lower():
                personal.append(route.path)
    assert personal == []


def test_pages_behind_a_login_are_kept_by_nobody(app: Flask, content: Cast, browser: Any, client: Browser) -> None:
    olga, kept = browser(content.olga), []
    for route in routes(app):
        if "GET" in route.methods and route.mark is not None:
            kept += [route.path for one in (olga, client) if one.get(route.path).headers["Cache-Control"] != "no-store"]
    for path in ("/login", "/register", "/setup", "/reset", "/account"):
        kept += [path] if client.get(path).headers["Cache-Control"] != "no-store" else []
    assert kept == []


def test_a_page_made_for_somebody_is_kept_by_nobody(content: Cast, browser: Any) -> None:
    assert browser(content.charlie).get("/").headers["Cache-Control"] == "no-store"
