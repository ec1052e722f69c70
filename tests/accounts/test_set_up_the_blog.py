"""The first start: an owner's account by the link from the console, and by nothing else."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import time_machine
from flask import Flask
from sqlalchemy import func, select

from homeport.accounts import queries, tokens
from homeport.accounts.models import OneTimeToken, User
from homeport.core import clock
from homeport.core.db import commit, db
from homeport.core.http import Role
from homeport.core.site import site
from tests.accounts.acts import masked, setup_token
from tests.cast import PASSWORD, Cast
from tests.conftest import Browser

ANSWERS = {
    "title": "Letters from the harbour",
    "time_zone": "Europe/Lisbon",
    "name": "Olga Owner",
    "email": "Olga@Example.com",
    "password": PASSWORD,
}


def answers(token: str, **changes: str) -> dict[str, str]:
    return {**ANSWERS, "token": token, **changes}


def owners(app: Flask) -> int:
    with app.app_context():
        return db.session.scalar(select(func.count()).select_from(User).where(User.role == Role.OWNER)) or 0


def test_the_owner_opens_the_link_and_can_write(app: Flask, client: Browser) -> None:
    token = setup_token(app)
    page = client.get("/setup", query_string={"token": token})
    assert page.status_code == 200
    assert f'value="{token}"' in page.text

    answer = client.submit("/setup", answers(token))
    assert (answer.status_code, answer.location) == (303, "/write")
    assert client.get("/write").location == "/account/security", "first a second factor"
    assert "Letters from the harbour is yours." in client.get("/account/security").text
    with app.app_context():
        owner = queries.by_email("olga@example.com")
        assert owner is not None
        assert (owner.role, owner.handle, owner.time_zone) == (Role.OWNER, "olga-owner", "Europe/Lisbon")
        assert (site().title, site().time_zone) == ("Letters from the harbour", "Europe/Lisbon")


@pytest.mark.parametrize("token", ["", "wrong", "A" * 43])
def test_nobody_sets_it_up_without_the_link(app: Flask, client: Browser, token: str) -> None:
    setup_token(app)
    assert client.get("/setup", query_string={"token": token}).status_code == 403
    assert client.submit("/setup", answers(token)).status_code == 403
    assert client.submit("/setup", {}).status_code == 403
    assert owners(app) == 0


def test_there_is_no_account_before_the_set_up(app: Flask, client: Browser) -> None:
    with app.app_context():
        assert queries.people() == []
    for email in ("admin@example.com", "admin", "root@localhost"):
        assert client.submit("/login", {"email": email, "password": "admin"}).status_code == 422


def test_a_newer_link_replaces_the_older(app: Flask, client: Browser) -> None:
    older, newer = setup_token(app), setup_token(app)
    assert client.submit("/setup", answers(older)).status_code == 403
    assert client.submit("/setup", answers(newer)).status_code == 303


def test_a_link_grows_too_old(app: Flask, client: Browser) -> None:
    token = setup_token(app)
    with time_machine.travel(clock.now() + tokens.LIFETIMES[tokens.SETUP], tick=False):
        assert client.submit("/setup", answers(token)).status_code == 403


def test_the_link_is_stored_as_its_hash_only(app: Flask) -> None:
    token = setup_token(app)
    with app.app_context():
        row = db.session.scalars(select(OneTimeToken)).one()
        assert token not in str(vars(row))
        assert len(row.digest) == 64


def test_once_there_is_an_owner_the_page_is_gone(app: Flask, everybody: Cast, client: Browser) -> None:
    token = setup_token(app)
    for address in ("/setup", f"/setup?token={token}"):
        gone, absent = masked(client.get(address)), masked(client.get(address.replace("setup", "nothing")))
        assert (gone[0], gone[2]) == (absent[0], absent[2])
        assert gone[0] == 404
    assert client.submit("/setup", answers(token)).status_code == 404
    assert owners(app) == 1


def test_a_mistake_in_the_form_keeps_the_link_and_what_was_typed(app: Flask, client: Browser) -> None:
    token = setup_token(app)
    page = client.submit("/setup", answers(token, email="olga", password="short"))
    assert page.status_code == 422
    assert f'value="{token}"' in page.text
    assert "Letters from the harbour" in page.text
    assert "Enter an e-mail address like name@example.org." in page.text
    weak = client.submit("/setup", answers(token, password="short"))
    assert "Use at least 15 characters" in weak.text
    assert "short" not in weak.text.replace("Use a shorter", "")
    assert client.submit("/setup", answers(token)).status_code == 303


def test_the_token_leaves_the_address_and_no_referrer_carries_it(app: Flask, client: Browser) -> None:
    token = setup_token(app)
    page = client.get("/setup", query_string={"token": token})
    assert page.headers["Referrer-Policy"] == "strict-origin"
    assert page.headers["Cache-Control"] == "no-store"
    assert 'action="/setup"' in page.text
    for answer in (client.submit("/setup", answers(token, name="")), client.submit("/setup", answers(token))):
        assert token not in str(answer.headers)


def test_the_link_works_once_for_two_at_the_same_moment(app: Flask, client: Browser) -> None:
    token = setup_token(app)
    clients: list[Any] = [app.test_client(), app.test_client()]
    with ThreadPoolExecutor(2) as pool:
        forms = [answers(token, email=f"owner{number}@example.com") for number in (1, 2)]
        statuses = sorted(
            pool.map(lambda pair: pair[0].submit("/setup", pair[1]).status_code, zip(clients, forms, strict=True))
        )
    assert statuses[0] == 303
    assert statuses[1] >= 400
    assert owners(app) == 1


def test_of_two_claims_of_one_token_one_wins(app: Flask) -> None:
    token = setup_token(app)

    def claim(_number: int) -> bool:
        with app.app_context():
            won = tokens.claim(token, clock.now(), tokens.SETUP)
            commit()
            return won

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(claim, range(8))) == [False] * 7 + [True]
