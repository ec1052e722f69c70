"""Looking after one's passkeys: named, removed, and never the last way in; and what becomes of them elsewhere."""

from collections.abc import Callable

import pytest
from flask import Flask
from sqlalchemy import update

from homeport.accounts import queries
from homeport.accounts.models import Passkey, Totp
from homeport.core.db import commit, db
from tests.accounts.acts import is_logged_in, log_in
from tests.accounts.authenticator import Authenticator
from tests.accounts.passkey_acts import ADD, add, ask, passkeys_of, show
from tests.cast import Cast, Person
from tests.conftest import Browser

Login = Callable[[Person], Browser]


def test_somebody_renames_a_passkey_and_removes_it(
    app: Flask, everybody: Cast, browser: Login, device: Authenticator
) -> None:
    alice = browser(everybody.alice)
    add(alice, device)
    (kept,) = passkeys_of(app, everybody.alice)
    page = f"/account/passkeys/{kept.id}"
    assert 'value="Laptop"' in alice.get(page).text
    assert alice.submit(page, {"name": " "}).status_code == 422
    assert alice.submit(page, {"name": "Old <laptop>"}).location == "/account/security"
    assert "Old &lt;laptop&gt;" in alice.get("/account/security").text
    assert alice.submit(f"{page}/remove").location == "/account/security"
    assert passkeys_of(app, everybody.alice) == []
    page = alice.get("/account/security").text
    for event in ("Added a passkey", "Renamed a passkey", "Removed a passkey"):
        assert event in page
    assert "Recovery codes</h2>" not in page, "there is no second factor left that they could stand in for"


def test_a_removed_passkey_opens_nothing(
    app: Flask, everybody: Cast, browser: Login, client: Browser, device: Authenticator
) -> None:
    alice = browser(everybody.alice)
    add(alice, device)
    alice.submit(f"/account/passkeys/{passkeys_of(app, everybody.alice)[0].id}/remove")
    assert show(client, device).status_code == 422
    assert not is_logged_in(client)


@pytest.mark.parametrize("path", ["", "/remove"])
def test_other_peoples_passkeys_are_as_absent_as_those_that_never_were(
    app: Flask, everybody: Cast, browser: Login, device: Authenticator, path: str
) -> None:
    add(browser(everybody.alice), device)
    bob, number = browser(everybody.bob), passkeys_of(app, everybody.alice)[0].id
    for answer in (bob.submit(f"/account/passkeys/{which}{path}", {"name": "Mine"}) for which in (number, number + 1)):
        assert answer.status_code == 404
    assert passkeys_of(app, everybody.alice)[0].name == "Laptop"


def test_the_last_way_in_cannot_be_removed(
    app: Flask, everybody: Cast, browser: Login, client: Browser, device: Authenticator
) -> None:
    alice = browser(everybody.alice)
    assert alice.submit("/account/password/remove").status_code == 409, "there is no passkey yet"
    add(alice, device)
    add(alice, Authenticator(), "Key ring")
    assert "Remove the password" in alice.get("/account/security").text
    assert alice.submit("/account/password/remove").location == "/account/security"
    assert "None. You log in with a passkey." in alice.get("/account/security").text
    first, second = passkeys_of(app, everybody.alice)
    assert alice.submit(f"/account/passkeys/{second.id}/remove").status_code == 303
    refused = alice.submit(f"/account/passkeys/{first.id}/remove")
    assert refused.status_code == 409
    assert "your last way to log in" in refused.text
    assert log_in(client, everybody.alice).status_code == 422
    assert show(client, device).status_code == 303


def test_an_owner_keeps_a_second_factor(app: Flask, everybody: Cast, browser: Login, device: Authenticator) -> None:
    olga = browser(everybody.olga)
    add(olga, device)
    assert olga.submit("/account/app/remove").status_code == 303
    refused = olga.submit(f"/account/passkeys/{passkeys_of(app, everybody.olga)[0].id}/remove")
    assert refused.status_code == 409
    assert "Your role needs a second factor" in refused.text


def test_an_owner_who_logs_in_with_a_passkey_alone_counts_as_one(
    app: Flask, everybody: Cast, browser: Login, device: Authenticator
) -> None:
    olga = browser(everybody.olga)
    add(olga, device)
    olga.submit("/account/password/remove")
    with app.app_context():
        assert [owner.email for owner in queries.able_owners()] == ["olga@example.com"]
    assert olga.submit("/admin/people/1/suspend").status_code == 409


def test_an_owner_begins_with_a_passkey(app: Flask, everybody: Cast, browser: Login, device: Authenticator) -> None:
    with app.app_context():
        db.session.query(Totp).delete()
        commit()
    olga = browser(everybody.olga)
    assert olga.get("/write").location == "/account/security"
    page = olga.get("/account/security").text
    assert (
        page.index("Add a passkey, which is the quickest") < page.index(">Add a passkey<") < page.index("Set up an app")
    )
    assert "Your recovery codes" in add(olga, device).text
    assert olga.get("/write").status_code == 200


def test_a_passkey_of_another_host_name_is_shown_as_one_that_opens_nothing(
    app: Flask, everybody: Cast, browser: Login, client: Browser, device: Authenticator
) -> None:
    alice = browser(everybody.alice)
    add(alice, device)
    with app.app_context():
        db.session.execute(update(Passkey).values(rp_id="old.example.org"))
        commit()
    page = alice.get("/account/security").text
    assert "not usable here: it was made when the blog was at old.example.org" in page
    assert "Remove the password" not in page
    assert ask(alice, ADD)["excludeCredentials"] == []
    assert show(client, device).status_code == 422
    assert log_in(client, everybody.alice).location == "/write", "it is no second factor either"
    assert alice.submit(f"/account/passkeys/{passkeys_of(app, everybody.alice)[0].id}/remove").status_code == 303
