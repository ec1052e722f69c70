"""The owner lets people in and out; a link lets them choose a password."""

import re
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from flask import Flask

from homeport.accounts import passkeys, queries, tokens
from homeport.accounts.models import User
from homeport.core import clock
from homeport.core.db import commit, db
from homeport.core.http import Role
from tests.accounts.acts import NEW_PASSWORD, is_logged_in, log_in, reset_token, setup_token, stored_hash
from tests.cast import Cast, Person
from tests.conftest import Browser

pytestmark = pytest.mark.usefixtures("stopped_clock")

ZOE = {"name": "Zoe", "email": "zoe@example.com", "role": "editor"}


def link_in(page: str) -> str:
    found = re.search(r'value="(http://localhost:8000/reset\?token=[\w-]{43})"', page)
    assert found
    return found[1].removeprefix("http://localhost:8000")


def token_of(link: str) -> str:
    return link.partition("token=")[2]


def role_of(app: Flask, person: Person) -> Role:
    with app.app_context():
        user = queries.by_id(person.id)
        assert user is not None
        return user.role


def test_the_owner_sees_everybody(everybody: Cast, browser: Any) -> None:
    page = browser(everybody.olga).get("/admin/people").text
    assert [page.index(name) for name in (">Olga<", ">Eve<", ">Alice<", ">Bob<", ">Charlie<")] == sorted(
        page.index(name) for name in (">Olga<", ">Eve<", ">Alice<", ">Bob<", ">Charlie<")
    )


def test_somebody_added_chooses_a_password_and_logs_in(everybody: Cast, browser: Any, client: Browser) -> None:
    answer = browser(everybody.olga).submit("/admin/people/add", ZOE)
    assert answer.status_code == 200
    assert "within 72 hours" in answer.text
    link = link_in(answer.text)
    page = client.get(link)
    assert page.status_code == 200
    assert "zoe@example.com" in page.text
    assert page.headers["Referrer-Policy"] == "strict-origin"

    done = client.submit("/reset", {"token": token_of(link), "password": NEW_PASSWORD})
    assert done.status_code == 303
    assert not is_logged_in(client), "a link alone opens no session"
    assert "Your new password is set." in client.get(done.location).text
    assert client.submit("/login", {"email": "zoe@example.com", "password": NEW_PASSWORD}).location == "/write"


def test_an_address_has_one_account(everybody: Cast, browser: Any) -> None:
    answer = browser(everybody.olga).submit("/admin/people/add", {**ZOE, "email": "ALICE@example.com"})
    assert answer.status_code == 409
    assert "There is an account with this e-mail address." in answer.text


@pytest.mark.parametrize(("field", "value"), [("name", ""), ("email", "zoe"), ("role", "king"), ("role", "4")])
def test_a_mistake_is_said_at_its_field(everybody: Cast, browser: Any, field: str, value: str) -> None:
    answer = browser(everybody.olga).submit("/admin/people/add", {**ZOE, field: value})
    assert answer.status_code == 422
    assert f'<a href="#{field}">' in answer.text


def test_the_owner_gives_another_role(app: Flask, everybody: Cast, browser: Any) -> None:
    olga = browser(everybody.olga)
    assert olga.submit(f"/admin/people/{everybody.charlie.id}/role", {"role": "author"}).status_code == 303
    assert role_of(app, everybody.charlie) is Role.AUTHOR
    assert "Charlie is now author." in olga.get(f"/admin/people/{everybody.charlie.id}").text
    assert olga.submit(f"/admin/people/{everybody.charlie.id}/role", {"role": "king"}).status_code == 422


def test_the_blog_keeps_an_owner(app: Flask, everybody: Cast, browser: Any) -> None:
    olga, path = browser(everybody.olga), f"/admin/people/{everybody.olga.id}"
    assert olga.submit(f"{path}/role", {"role": "reader"}).status_code == 409
    assert olga.submit(f"{path}/suspend").status_code == 409
    # Somebody who has not chosen a password yet could not look after the blog.
    olga.submit("/admin/people/add", {**ZOE, "role": "owner"})
    assert olga.submit(f"{path}/suspend").status_code == 409
    assert role_of(app, everybody.olga) is Role.OWNER
    assert is_logged_in(olga)


def test_an_owner_may_go_when_another_is_there(app: Flask, everybody: Cast, browser: Any) -> None:
    olga, eve = browser(everybody.olga), browser(everybody.eve)
    olga.submit(f"/admin/people/{everybody.eve.id}/role", {"role": "owner"})
    assert eve.submit(f"/admin/people/{everybody.olga.id}/role", {"role": "author"}).status_code == 303
    assert olga.get("/admin/people").status_code == 403
    assert eve.submit(f"/admin/people/{everybody.eve.id}/suspend").status_code == 409


def test_who_is_suspended_is_out_everywhere_and_can_come_back(everybody: Cast, browser: Any, app: Flask) -> None:
    olga, bob, path = browser(everybody.olga), browser(everybody.bob), f"/admin/people/{everybody.bob.id}"
    token = reset_token(app, everybody.bob)
    assert olga.submit(f"{path}/suspend").status_code == 303
    assert not is_logged_in(bob)
    assert bob.get("/reset", query_string={"token": token}).status_code == 403
    assert olga.submit(f"{path}/link").status_code == 409
    page = olga.get(path).text
    assert "Let them in again" in page
    assert olga.submit(f"{path}/readmit").status_code == 303
    assert not is_logged_in(bob), "the old session stays dead"
    assert log_in(bob, everybody.bob).status_code == 303


def test_a_reset_link_sets_a_password_once_and_ends_every_session(
    app: Flask, everybody: Cast, browser: Any, client: Browser
) -> None:
    olga, alice = browser(everybody.olga), browser(everybody.alice)
    answer = olga.submit(f"/admin/people/{everybody.alice.id}/link")
    assert "within 1 hour" in answer.text
    token = token_of(link_in(answer.text))
    assert is_logged_in(alice), "the present password and sessions hold until the link is used"
    assert client.submit("/reset", {"token": token, "password": NEW_PASSWORD}).status_code == 303
    assert not is_logged_in(alice)
    before = stored_hash(app, everybody.alice)
    assert client.submit("/reset", {"token": token, "password": "four other sad words"}).status_code == 403
    assert stored_hash(app, everybody.alice) == before
    assert log_in(client, everybody.alice, NEW_PASSWORD).status_code == 303


def test_a_reset_link_works_for_an_hour(app: Flask, everybody: Cast, client: Browser) -> None:
    token = reset_token(app, everybody.alice)
    form = {"token": token, "password": NEW_PASSWORD}
    with time_machine.travel(clock.now() + timedelta(minutes=61), tick=False):
        assert client.get("/reset", query_string={"token": token}).status_code == 403
        assert client.submit("/reset", form).status_code == 403
    with time_machine.travel(clock.now() + timedelta(minutes=59), tick=False):
        assert client.submit("/reset", form).status_code == 303


def test_who_comes_by_a_passkey_gets_no_longer_link(app: Flask, everybody: Cast, client: Browser) -> None:
    with app.app_context():
        alice = db.session.get_one(User, everybody.alice.id)
        alice.password_hash = None
        facts = {"public_key": "", "sign_count": 0, "transports": [], "backed_up": True, "user_handle": "handle"}
        found = facts | {"credential_id": "x", "rp_id": "localhost"}
        passkeys.add_from(alice, found, name="Key", now=clock.now())
        commit()
    token = reset_token(app, everybody.alice)
    with time_machine.travel(clock.now() + timedelta(minutes=61), tick=False):
        assert client.get("/reset", query_string={"token": token}).status_code == 403


def test_a_newer_link_voids_the_older(app: Flask, everybody: Cast, client: Browser) -> None:
    older, newer = reset_token(app, everybody.alice), reset_token(app, everybody.alice)
    others = reset_token(app, everybody.bob)
    assert client.submit("/reset", {"token": older, "password": NEW_PASSWORD}).status_code == 403
    assert client.submit("/reset", {"token": newer, "password": NEW_PASSWORD}).status_code == 303
    assert client.submit("/reset", {"token": others, "password": NEW_PASSWORD}).status_code == 303


@pytest.mark.parametrize("token", ["", "x", "A" * 43])
def test_a_made_up_link_is_refused(everybody: Cast, client: Browser, token: str) -> None:
    assert client.get("/reset", query_string={"token": token}).status_code == 403
    assert client.submit("/reset", {"token": token, "password": NEW_PASSWORD}).status_code == 403


def test_a_set_up_link_resets_nothing_and_the_other_way_round(app: Flask, client: Browser, everybody: Cast) -> None:
    assert client.get("/reset", query_string={"token": setup_token(app)}).status_code == 403
    with app.app_context():
        assert tokens.find(reset_token(app, everybody.alice), clock.now(), tokens.SETUP) is None


def test_a_reset_lets_in_who_was_slowed_down(app: Flask, everybody: Cast, client: Browser) -> None:
    for _ in range(8):
        log_in(client, everybody.alice, "wrong")
    assert log_in(client, everybody.alice).status_code == 429
    client.submit("/reset", {"token": reset_token(app, everybody.alice), "password": NEW_PASSWORD})
    assert log_in(client, everybody.alice, NEW_PASSWORD).status_code == 303


def test_links_come_from_the_settings_and_not_from_the_request(everybody: Cast, browser: Any) -> None:
    olga, path = browser(everybody.olga), f"/admin/people/{everybody.alice.id}/link"
    for headers in (
        {"X-Forwarded-Host": "evil.example"},
        {"Forwarded": "host=evil.example"},
        {"X-Forwarded-Proto": "gopher"},
        {"X-Forwarded-Prefix": "/evil"},
    ):
        assert link_in(olga.submit(path, headers=headers).text).startswith("/reset?token=")
    assert olga.submit(path, base_url="http://evil.example").status_code == 400


@pytest.mark.parametrize("who", ["eve", "alice", "charlie"])
def test_only_the_owner_looks_after_people(app: Flask, everybody: Cast, browser: Any, who: str) -> None:
    person = browser(getattr(everybody, who))
    path = f"/admin/people/{everybody.bob.id}"
    for address in ("/admin/people", "/admin/people/add", path):
        assert person.get(address).status_code == 403
    for address in ("/admin/people/add", f"{path}/role", f"{path}/suspend", f"{path}/readmit", f"{path}/link"):
        assert person.submit(address, {**ZOE, "role": "owner"}).status_code == 403
    assert role_of(app, everybody.bob) is Role.AUTHOR
    with app.app_context():
        assert len(queries.people()) == 5


def test_who_is_not_there_is_not_found(everybody: Cast, browser: Any) -> None:
    olga = browser(everybody.olga)
    for path in ("/admin/people/999", "/admin/people/0", "/admin/people/99999999999999999999"):
        assert olga.get(path).status_code == 404
    assert olga.submit("/admin/people/999/suspend").status_code == 404
