"""Logging in and out, and what the browser is given for it."""

from http.cookies import SimpleCookie
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select
from werkzeug.test import TestResponse

from homeport.accounts.models import AuthSession
from homeport.app import create_app
from homeport.core.config import Config
from homeport.core.db import db
from homeport.core.ids import digest
from tests.accounts.acts import is_logged_in, log_in, masked
from tests.accounts.conftest import CountingHasher
from tests.cast import PASSWORD, Cast, make_cast
from tests.conftest import Browser

HTTPS = "https://blog.example.com"


def sessions(app: Flask) -> list[AuthSession]:
    with app.app_context():
        return list(db.session.scalars(select(AuthSession)))


def session_cookie(response: TestResponse, name: str = "sid") -> Any:
    for header in response.headers.getlist("Set-Cookie"):
        cookie: SimpleCookie = SimpleCookie(header)
        if name in cookie:
            return cookie[name]
    return None


def test_a_writer_logs_in_and_comes_to_the_desk(everybody: Cast, client: Browser) -> None:
    assert log_in(client, everybody.alice).location == "/write"
    assert is_logged_in(client)


def test_the_address_may_be_typed_in_capitals_and_with_blanks(everybody: Cast, client: Browser) -> None:
    assert client.submit("/login", {"email": "  ALICE@example.COM ", "password": PASSWORD}).status_code == 303


@pytest.mark.parametrize(
    "password", ["wrong", PASSWORD.upper(), PASSWORD + " ", " " + PASSWORD, PASSWORD[:-1], "x" * 100_000]
)
def test_a_wrong_password_is_refused_and_not_sent_back(everybody: Cast, client: Browser, password: str) -> None:
    answer = log_in(client, everybody.alice, password)
    assert answer.status_code == 422
    assert 'value="alice@example.com"' in answer.text
    assert password not in answer.text.replace("wrong-", "")
    assert "Set-Cookie" not in answer.headers
    assert not is_logged_in(client)


def test_an_unknown_address_is_answered_like_a_wrong_password_after_the_same_work(
    everybody: Cast, client: Browser, hasher: CountingHasher
) -> None:
    known = client.submit("/login", {"email": "alice@example.com", "password": "wrong"})
    assert hasher.compared == 1
    unknown = client.submit("/login", {"email": "nobody@example.com", "password": "wrong"})
    assert hasher.compared == 2
    status, headers, body = masked(known)
    assert masked(unknown) == (
        status,
        headers | {"Content-Length": str(int(headers["Content-Length"]) + 1)},
        body.replace(b"alice@", b"nobody@"),
    )


def test_an_account_without_a_password_opens_for_none(
    app: Flask, everybody: Cast, browser: Any, client: Browser
) -> None:
    browser(everybody.olga).submit("/admin/people/add", {"name": "Zoe", "email": "zoe@example.com", "role": "owner"})
    for password in ("x", "None", "zoe@example.com"):
        assert client.submit("/login", {"email": "zoe@example.com", "password": password}).status_code == 422


@pytest.mark.parametrize("missing", ["email", "password"])
def test_an_empty_field_costs_no_attempt(
    everybody: Cast, client: Browser, hasher: CountingHasher, missing: str
) -> None:
    answer = client.submit("/login", {"email": "alice@example.com", "password": PASSWORD, missing: ""})
    assert answer.status_code == 422
    assert "Fill this in." in answer.text
    assert hasher.compared == 0


def test_after_logging_in_one_is_where_one_wanted_to_be(everybody: Cast, client: Browser) -> None:
    away = client.get("/account/password")
    assert away.status_code == 303
    page = client.get(away.location)
    assert 'name="next" type="hidden" value="/account/password"' in page.text
    answer = client.submit(
        "/login", {"email": everybody.charlie.email, "password": PASSWORD, "next": "/account/password"}
    )
    assert answer.location == "/account/password"


@pytest.mark.parametrize(
    "target",
    [
        "//evil.example",
        "/\\evil.example",
        "\\/evil.example",
        "///evil.example",
        "/\t/evil.example",
        "https:evil.example",
        "https://evil.example",
        "javascript:alert(1)",
        "@evil.example",
        "/a\r\nSet-Cookie: x=1",
    ],
)
def test_next_never_leads_to_another_site(everybody: Cast, client: Browser, target: str) -> None:
    answer = client.submit("/login", {"email": everybody.charlie.email, "password": PASSWORD, "next": target})
    assert answer.location == "/"
    assert client.get("/login", query_string={"next": target}).location == "/"


def test_the_cookie_can_be_read_by_no_script_and_no_other_site(app: Flask, everybody: Cast, client: Browser) -> None:
    cookie = session_cookie(log_in(client, everybody.alice))
    assert (cookie["httponly"], cookie["samesite"], cookie["path"], cookie["domain"]) == (True, "Lax", "/", "")
    assert cookie["secure"] == ""
    assert len(cookie.value) >= 43


def test_over_https_the_cookie_is_bound_to_host_and_https(config: Config, password_hash: str) -> None:
    secure = Config(data=config.data, domain="blog.example.com")
    app = create_app(secure)
    app.test_client_class = Browser
    with app.app_context():
        everybody = make_cast(password_hash)
    client: Any = app.test_client()
    answer = log_in(client, everybody.alice, base_url=HTTPS)
    cookie = session_cookie(answer, "__Host-sid")
    assert (cookie["secure"], cookie["httponly"], cookie["samesite"], cookie["path"]) == (True, True, "Lax", "/")
    assert cookie["domain"] == ""
    assert client.get("/account", base_url=HTTPS).status_code == 200

    device = session_cookie(answer, "__Host-device")
    assert {name: device[name] for name in device} | {"max-age": "", "expires": ""} == {
        name: cookie[name] for name in cookie
    } | {"max-age": "", "expires": ""}

    other: Any = app.test_client()
    other.set_cookie("sid", cookie.value, domain="blog.example.com")
    assert other.get("/account", base_url=HTTPS).status_code == 303, "the plain cookie counts for nothing over HTTPS"
    with app.app_context():
        db.engine.dispose()


def test_only_the_hash_of_the_cookie_is_stored(app: Flask, everybody: Cast, client: Browser) -> None:
    log_in(client, everybody.alice)
    stored = sessions(app)[0]
    assert stored.digest == digest(client.token)
    assert client.token not in str(vars(stored))
    assert stored.handle not in client.token


def test_a_planted_cookie_does_not_become_a_session(app: Flask, everybody: Cast, client: Browser) -> None:
    client.set_cookie("sid", "planted-by-somebody-else")
    log_in(client, everybody.alice)
    assert client.token != "planted-by-somebody-else"
    assert [row.digest for row in sessions(app)] == [digest(client.token)]


def test_logging_in_again_ends_the_session_before(app: Flask, everybody: Cast, client: Browser) -> None:
    log_in(client, everybody.alice)
    first = client.token
    log_in(client, everybody.bob)
    assert client.token != first
    assert [row.user_id for row in sessions(app)] == [everybody.bob.id]


def test_logging_out_ends_the_session_on_the_server(app: Flask, everybody: Cast, client: Browser) -> None:
    log_in(client, everybody.alice)
    kept = client.token
    answer = client.submit("/logout")
    assert (answer.status_code, answer.location) == (303, "/")
    assert session_cookie(answer)["max-age"] == "0"
    assert client.token == ""
    assert sessions(app) == []
    client.set_cookie("sid", kept)
    assert not is_logged_in(client)


def test_logging_out_twice_is_no_mistake(everybody: Cast, client: Browser) -> None:
    log_in(client, everybody.alice)
    assert [client.submit("/logout").location for _ in range(2)] == ["/", "/"]


def test_logging_out_by_a_link_does_nothing(everybody: Cast, client: Browser) -> None:
    log_in(client, everybody.alice)
    assert client.get("/logout").status_code in {404, 405}
    assert is_logged_in(client)


def test_somebody_suspended_is_told_so_only_with_the_right_password(
    everybody: Cast, browser: Any, client: Browser
) -> None:
    browser(everybody.olga).submit(f"/admin/people/{everybody.bob.id}/suspend")
    assert "suspended" not in log_in(client, everybody.bob, "wrong").text
    answer = log_in(client, everybody.bob)
    assert answer.status_code == 403
    assert "suspended" in answer.text
    assert not is_logged_in(client)


def test_somebody_logged_in_is_sent_on(everybody: Cast, client: Browser) -> None:
    log_in(client, everybody.alice)
    assert client.get("/login").location == "/write"
    assert client.get("/login?next=/account").location == "/account"
