"""Becoming a reader: open or closed, and without telling who is one already."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from flask import Flask

from homeport.accounts import queries
from homeport.accounts.handles import handle_of, is_handle
from homeport.core.http import Role
from tests.accounts.acts import NEW_PASSWORD, is_logged_in, log_in, masked, open_registration, stored_hash
from tests.accounts.conftest import CountingHasher
from tests.cast import Cast
from tests.conftest import Browser

pytestmark = pytest.mark.usefixtures("stopped_clock")

DORA = {"name": "Dora Díaz", "email": "Dora@Example.com", "password": NEW_PASSWORD}


def test_a_closed_blog_says_so_and_takes_nobody(app: Flask, client: Browser) -> None:
    page = client.get("/register")
    assert page.status_code == 200
    assert "Registration is closed" in page.text
    assert "<input" not in page.text
    assert client.submit("/register", DORA).status_code == 403
    assert client.submit("/register", {}, headers={"Accept": "application/json"}).json["error"]["code"] == (  # type: ignore[index]  # this answer is JSON
        "registration_closed"
    )
    with app.app_context():
        assert queries.people() == []


def test_somebody_registers_and_logs_in_as_a_reader(app: Flask, everybody: Cast, client: Browser) -> None:
    open_registration(app)
    assert client.get("/register").status_code == 200
    answer = client.submit("/register", DORA)
    assert answer.status_code == 303
    assert "Set-Cookie" not in answer.headers
    assert "Thank you." in client.get(answer.location).text
    assert client.submit("/login", {"email": "dora@example.com", "password": NEW_PASSWORD}).location == "/"
    assert is_logged_in(client)
    with app.app_context():
        dora = queries.by_email("DORA@example.com")
        assert dora is not None
        assert (dora.role, dora.handle, dora.display_name) == (Role.READER, "dora-diaz", "Dora Díaz")


def test_a_known_address_is_answered_like_a_new_one(
    app: Flask, everybody: Cast, client: Browser, hasher: CountingHasher
) -> None:
    open_registration(app)
    before, other = stored_hash(app, everybody.alice), {**DORA, "email": "somebody.new@example.com"}
    known = client.submit("/register", {**DORA, "email": everybody.alice.email})
    work = hasher.hashed
    new = client.submit("/register", other)
    assert masked(known) == masked(new)
    assert hasher.hashed - work == work == 1
    assert stored_hash(app, everybody.alice) == before
    # ... and so are mistakes, for which nothing is looked up.
    weak = [
        client.submit("/register", {**DORA, "email": email, "password": "x"})
        for email in (everybody.alice.email, "n@example.com")
    ]
    assert masked(weak[0])[2].replace(b"alice@example.com", b"n@example.com") == masked(weak[1])[2]


def test_two_people_of_one_name_get_two_addresses(app: Flask, client: Browser) -> None:
    open_registration(app)
    for number in range(3):
        client.submit("/register", {**DORA, "email": f"dora{number}@example.com"})
    with app.app_context():
        assert sorted(user.handle for user in queries.people()) == ["dora-diaz", "dora-diaz-2", "dora-diaz-3"]


def test_pressing_the_button_twice_makes_one_account(app: Flask) -> None:
    open_registration(app)
    clients: list[Any] = [app.test_client(), app.test_client()]
    with ThreadPoolExecutor(2) as pool:
        statuses = list(pool.map(lambda client: client.submit("/register", DORA).status_code, clients))
    assert statuses == [303, 303]
    with app.app_context():
        assert len(queries.people()) == 1


def test_many_registrations_from_one_place_are_slowed_down(app: Flask, client: Browser, hasher: CountingHasher) -> None:
    open_registration(app)
    answers = [client.submit("/register", {**DORA, "email": f"dora{number}@example.com"}) for number in range(12)]
    assert [answer.status_code for answer in answers] == [303] * 10 + [429] * 2
    assert "Dora Díaz" in answers[-1].text
    assert NEW_PASSWORD not in answers[-1].text
    assert hasher.hashed == 10


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", ""),
        ("name", "   "),
        ("name", "x" * 81),
        ("name", "Dora\nINFO forged line"),
        ("name", "Dora\u202eecila"),
        ("email", ""),
        ("email", "dora"),
        ("email", "dora@"),
        ("email", "dora@gmail"),
        ("email", "dora@example.com\nBcc: all@example.com"),
        ("email", "dora@exa mple.com"),
        ("email", "x" * 250 + "@example.com"),
        ("password", ""),
    ],
)
def test_what_can_not_be_used_is_said_at_its_field(app: Flask, client: Browser, field: str, value: str) -> None:
    open_registration(app)
    page = client.submit("/register", {**DORA, field: value})
    assert page.status_code == 422
    assert f'<a href="#{field}">' in page.text
    assert f'id="{field}-error"' in page.text
    with app.app_context():
        assert queries.people() == []


def test_somebody_logged_in_has_no_need_to_register(browser: Any, everybody: Cast) -> None:
    assert browser(everybody.charlie).get("/register").location == "/"


@pytest.mark.parametrize(
    ("name", "handle"),
    [
        ("Ada Lovelace", "ada-lovelace"),
        ("  José  Ñandú ", "jose-nandu"),
        ("山田 太郎", "山田-太郎"),
        ("김", "김"),
        ("!!!", "person"),
        ("../../etc/passwd", "etc-passwd"),
        ("O'Brien_Smith", "o-brien-smith"),
        ("x" * 200, "x" * 60),
    ],
)
def test_a_name_becomes_a_handle(name: str, handle: str) -> None:
    assert handle_of(name) == handle
    assert is_handle(handle)


def test_registering_does_not_take_over_an_account(app: Flask, everybody: Cast, client: Browser) -> None:
    open_registration(app)
    client.submit("/register", {**DORA, "email": everybody.olga.email})
    assert log_in(client, everybody.olga, NEW_PASSWORD).status_code == 422
    assert log_in(client, everybody.olga).status_code == 303
