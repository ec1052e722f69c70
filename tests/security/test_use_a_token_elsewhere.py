"""Whoever finds a token or a session tries them on every door: each opens its own doors and no other (SECURITY Z6)."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, update

from homeport.accounts import api_tokens
from homeport.accounts.models import ApiToken, User
from homeport.app import FEATURES
from homeport.core import clock, csrf, ids, programs
from homeport.core.db import commit, db
from homeport.core.http import SYSTEM
from homeport.core.programs import PRACTICE, READ, WRITE
from homeport.posts.models import Post, Status
from tests.accounts.acts import masked
from tests.cast import Cast
from tests.conftest import Browser
from tests.factories import make_post
from tests.routes import JSON, code_of, routes
from tests.security.forms import Login
from tests.security.tokens import call, token_of

CANARY = "canary-of-alice"
CALLS = [
    ("GET", "/api/posts"),
    ("GET", "/api/posts/1"),
    ("POST", "/api/posts"),
    ("PUT", "/api/posts/1"),
    ("POST", "/api/posts/1/publish"),
    *([("PUT", "/api/learn/exercises")] if "learn" in FEATURES else []),
]


@pytest.fixture
def content(app: Flask, everybody: Cast) -> Cast:
    """The cast, and a draft of alice's."""
    with app.app_context():
        make_post(everybody.alice, CANARY, status=Status.DRAFT, path="posts/hidden", body=CANARY)
    return everybody


def rows(app: Flask) -> list[tuple[Any, ...]]:
    """Every post as it is stored."""
    with app.app_context():
        return [tuple(row) for row in db.session.execute(select(Post.__table__).order_by(Post.id))]


@dataclass(frozen=True)
class Kind:
    """A token, and what the API says to it for a call that needs `scope`."""

    name: str
    authorization: str | None
    scopes: tuple[str, ...] = ()
    code: str = ""


def kinds(app: Flask, content: Cast) -> Iterator[Kind]:
    """Every kind of token there is."""
    yield Kind("none", None, code="token_needed")
    yield Kind("of another scheme", "Basic YWxpY2U6YQ==", code="token_needed")
    yield Kind("empty", "Bearer", code="wrong_token")
    yield Kind("made up", f"Bearer hp_{ids.token()}", code="wrong_token")
    yield Kind("reading", f"Bearer {token_of(app, content.alice, READ)}", (READ,), "scope_missing")
    yield Kind("writing", f"Bearer {token_of(app, content.alice, WRITE)}", (WRITE,), "scope_missing")
    yield Kind("of a folder", f"Bearer {token_of(app, content.alice, PRACTICE)}", (PRACTICE,), "scope_missing")
    yield Kind("for all posts", f"Bearer {token_of(app, content.alice, READ, WRITE)}", (READ, WRITE), "scope_missing")
    everything = (READ, WRITE, PRACTICE)
    yield Kind("for everything", f"Bearer {token_of(app, content.alice, *everything)}", everything)
    yield Kind("of nothing", f"Bearer {token_of(app, content.alice)}", code="scope_missing")
    yield Kind(
        "of a scope of old", f"Bearer {token_of(app, content.alice, 'posts', '*', 'admin')}", code="scope_missing"
    )
    yield Kind("of a reader", f"Bearer {token_of(app, content.charlie, *everything)}", (PRACTICE,), "not_allowed")
    ended = token_of(app, content.alice, READ, WRITE)
    revoked = token_of(app, content.alice, READ, WRITE)
    suspended = token_of(app, content.bob, READ, WRITE)
    with app.app_context():
        digests = [ids.digest(value) for value in (ended, revoked)]
        db.session.execute(update(ApiToken).where(ApiToken.digest == digests[0]).values(expires_at=clock.now()))
        alice = db.session.get_one(User, content.alice.id)
        number = db.session.scalars(select(ApiToken.id).where(ApiToken.digest == digests[1])).one()
        api_tokens.revoke(alice, number, by=SYSTEM, now=clock.now())
        db.session.get_one(User, content.bob.id).suspended_at = clock.now()
        commit()
    yield from (Kind(name, f"Bearer {value}", code="wrong_token") for name, value in
                (("ended", ended), ("revoked", revoked), ("suspended", suspended)))  # fmt: skip
    with app.app_context():
        digest = db.session.scalars(select(ApiToken.digest)).first()
    yield Kind("what is stored", f"Bearer {digest}", code="wrong_token")


def test_each_call_is_open_to_the_tokens_made_for_it_and_to_no_other(
    app: Flask, content: Cast, client: Browser
) -> None:
    wrong, before = [], rows(app)
    found = {(method, route.path): route.scope for route in routes(app) for method in route.methods if route.scope}
    calls = {call: scope for call, scope in found.items() if call[0] != "OPTIONS"}
    assert {call for call in calls if call[0] != "HEAD"} == set(CALLS)
    for number, kind in enumerate(kinds(app, content)):
        network = {"REMOTE_ADDR": f"192.0.2.{number}"}
        for (method, path), scope in calls.items():
            if scope in kind.scopes:
                continue
            answer = call(client, method, path, kind.authorization, headers=JSON, environ_base=network)
            told = (answer.status_code, code_of(answer) or kind.code)  # HEAD has no body
            expected = (403 if kind.code in {"scope_missing", "not_allowed"} else 401, kind.code)
            if told != expected or CANARY in answer.text:
                wrong.append(f"{method} {path} with a token {kind.name}: {told}")
    assert wrong == []
    assert rows(app) == before


def test_the_right_tokens_do_what_they_are_for(app: Flask, content: Cast, client: Browser) -> None:
    reading, writing, telling = (f"Bearer {token_of(app, content.alice, scope)}" for scope in (READ, WRITE, PRACTICE))
    for method, path in CALLS:
        right = telling if "learn" in path else reading if method == "GET" else writing
        assert call(client, method, path, right).status_code in {200, 201}, f"{method} {path}"


@pytest.mark.parametrize("who", ["charlie", "alice", "eve", "olga"])
def test_a_session_opens_nothing_at_the_api(app: Flask, content: Cast, browser: Login, who: str) -> None:
    visitor, before = browser(getattr(content, who)), rows(app)
    headers = JSON | {"Sec-Fetch-Site": "same-origin", csrf.HEADER: csrf.token(visitor.token)}
    for method, path in CALLS:
        answer = call(visitor, method, path, None, headers=headers)
        assert (answer.status_code, code_of(answer)) == (401, "token_needed")
        assert answer.headers["WWW-Authenticate"].startswith("Bearer")
        assert "Set-Cookie" not in answer.headers
    assert rows(app) == before


def test_beside_a_token_a_session_counts_for_nothing(app: Flask, content: Cast, browser: Login) -> None:
    olga, bob = browser(content.olga), token_of(app, content.bob, READ, WRITE)
    answer = call(olga, "GET", "/api/posts/1", f"Bearer {bob}")
    assert answer.status_code == 404, "bob's token sees what bob sees, not what olga does"
    assert "Set-Cookie" not in answer.headers
    wrong = call(olga, "GET", "/api/posts/1", "Bearer hp_wrong")
    assert (wrong.status_code, code_of(wrong)) == (401, "wrong_token")
    stale = app.test_client()
    stale.set_cookie("sid", "planted")
    assert "Set-Cookie" not in call(stale, "GET", "/api/posts", f"Bearer {bob}").headers, "not even to clear one"


def test_the_api_needs_no_forms_token_since_it_takes_no_cookie(app: Flask, content: Cast, browser: Login) -> None:
    alice, token = browser(content.alice), token_of(app, content.alice, WRITE)
    for site in ({}, {"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://evil.example"}, {"Origin": "null"}):
        assert call(alice, "POST", "/api/posts", f"Bearer {token}", headers=site).status_code == 201
        # What a browser can be made to send by itself is the cookie, and that does nothing.
        assert call(alice, "POST", "/api/posts", None, headers=site).status_code == 401


def test_no_page_of_another_site_may_read_the_answers(app: Flask, content: Cast, client: Browser) -> None:
    token = token_of(app, content.alice, READ)
    asked = {"Origin": "https://evil.example", "Access-Control-Request-Method": "GET"}
    for answer in (
        call(client, "GET", "/api/posts", f"Bearer {token}", headers=asked),
        client.options("/api/posts", headers=asked),
    ):
        assert not [name for name, _value in answer.headers if name.startswith("Access-Control")]


@pytest.mark.parametrize("where", ["header", "parameter", "form", "cookie"])
def test_a_token_counts_for_nothing_at_any_other_address(app: Flask, content: Cast, where: str) -> None:
    value, before, wrong = token_of(app, content.olga, READ, WRITE), rows(app), []
    for route in routes(app):
        if route.scope or "healthz" in route.path:
            continue
        for method in sorted(route.methods - {"OPTIONS"}):
            plain, armed = app.test_client(), app.test_client()
            headers = JSON | {"Sec-Fetch-Site": "same-origin"}
            options: dict[str, Any] = {"method": method, "headers": headers}
            expected = masked(plain.open(route.path, **options))
            if where == "header":
                options["headers"] = headers | {"Authorization": f"Bearer {value}"}
            elif where == "cookie":
                armed.set_cookie("hp", value)
            elif where == "form" and method != "GET":
                options["data"] = {"access_token": value}
            elif where == "parameter":
                options["query_string"] = {"access_token": value}
            answer = masked(armed.open(route.path, **options))
            if answer[0] != expected[0] or CANARY.encode() in answer[2]:
                wrong.append(f"{method} {route.path}: {answer[0]} instead of {expected[0]}")
            if where == "header" and answer != expected and "/options" not in route.path:  # a new challenge each time
                wrong.append(f"{method} {route.path}: another answer")
    assert wrong == []
    assert rows(app) == before


@pytest.mark.parametrize("where", ["query_string", "data"])
def test_a_token_in_an_address_or_a_form_opens_nothing_at_the_api(
    app: Flask, content: Cast, client: Browser, where: str
) -> None:
    options: dict[str, Any] = {where: {"access_token": token_of(app, content.alice, READ)}}
    answer = client.get("/api/posts", **options)  # RFC 6750, 2.2 and 2.3: ways that end in logs
    assert (answer.status_code, code_of(answer)) == (401, "token_needed")


SPELLINGS = [
    "/api/posts/", "/api/posts/1/", "/api/posts/1/publish/", "/API/posts", "/Api/Posts/1", "/api/POSTS",
    "//api/posts/1",
    "/api//posts/1", "/api/./posts/1", "/x/../api/posts/1", "/api/posts/1;x", "/api/posts;/1", "/api%2fposts/1",
    "/api/posts/1%2f", "/api/posts/1%00", "/api/posts/01/", "/api/posts/1.json", "/api/posts/1?/", "/api\\posts\\1",
    "/api/posts/1%20", "/api/posts/1#x", "/write/1", "/write/1/", "/account/", "/ACCOUNT", "/account/tokens/",
    "/account/security/", "//account", "/account/sessions/", "/admin/people/", "/Admin/People", "/admin/settings/",
]  # fmt: skip


@pytest.mark.parametrize("path", SPELLINGS)
def test_another_spelling_opens_nothing_more(app: Flask, content: Cast, client: Browser, path: str) -> None:
    """CVE-2026-22595: in Ghost a slash at the end opened to a token what the rules closed to it."""
    before, known = rows(app), ("/api/posts/1?/", "/api/posts/1#x", "/api%2fposts/1")
    nothing, reading = (f"Bearer {token_of(app, content.olga, *scopes)}" for scopes in ((), (READ,)))
    for authorization in (nothing, "Bearer hp_wrong", None):
        for method in ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"):
            answer = call(client, method, path, authorization)
            assert answer.status_code >= 300, f"{method} {path} with {authorization}"
            assert CANARY not in answer.text
    for method in ("POST", "PUT", "PATCH", "DELETE"):
        answer = call(client, method, path, reading)
        assert answer.status_code >= 300, f"{method} {path}"
    opened = call(client, "GET", path, reading)
    assert path in known or opened.status_code >= 300 or CANARY not in opened.text
    assert rows(app) == before


def test_the_schemes_name_may_be_written_in_any_case_and_opens_the_same(
    app: Flask, content: Cast, client: Browser
) -> None:
    value = token_of(app, content.alice, READ)
    for scheme in ("Bearer", "bearer", "BEARER", "bEaReR"):
        assert call(client, "GET", "/api/posts", f"{scheme} {value}").status_code == 200
        assert code_of(call(client, "POST", "/api/posts", f"{scheme} {value}")) == "scope_missing"
        assert client.get("/account", headers={"Authorization": f"{scheme} {value}"}).location.startswith("/login")
    values = (value, f"Bearer{value}", f"Token {value}", f"Bearer {value}, Bearer {value}", f"Bearer {value.upper()}")
    near = (f"Bearer {value[3:]}", f"Bearer {value}x", f"Bearer {value[:-1]}", f"Bearer ,{value}")
    for other in (*values, *near):
        assert call(client, "GET", "/api/posts", other).status_code == 401, other


def test_views_for_programs_lie_at_the_api_and_nothing_else_does(app: Flask) -> None:
    for rule in app.url_map.iter_rules():
        view: Any = app.view_functions[rule.endpoint]
        assert (programs.scope_of(view) is not None) == rule.rule.startswith(programs.ROOT), rule
        if programs.scope_of(view):
            assert view.mark is not None, f"{rule}: a token belongs to somebody with a role"
            assert not hasattr(view, "cached_params"), f"{rule}: answers to programs are kept by nobody"
            assert not hasattr(view, "is_sensitive"), f"{rule}: a program cannot show who it is"


def test_an_unknown_scope_is_refused_when_the_view_is_made() -> None:
    with pytest.raises(ValueError, match="no such scope"):
        programs.api("posts:all")
