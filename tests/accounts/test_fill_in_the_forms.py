"""Forms that password managers and people can work with (OWASP ASVS 5.0 V6.2.7)."""

from collections.abc import Iterator
from html.parser import HTMLParser
from typing import Any

import pytest
from flask import Flask

from homeport.accounts import invitations
from homeport.core import clock
from homeport.core.db import commit
from homeport.core.http import SYSTEM, Role
from tests.accounts.acts import log_in, open_registration, reset_token, setup_token
from tests.cast import Cast

Attributes = dict[str, str | None]


class Controls(HTMLParser):
    """The inputs and labels of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.inputs: list[Attributes] = []
        self.labelled: set[str | None] = set()
        self.ids: set[str | None] = set()
        self.inline: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note what matters."""
        found = dict(attrs)
        self.ids.add(found.get("id"))
        self.inline += [name for name in found if name == "style" or name.startswith("on")]
        if tag in {"input", "select", "textarea"} and found.get("type") != "hidden":
            self.inputs.append(found)
        if tag == "label":
            self.labelled.add(found.get("for"))

    def tokens(self) -> Iterator[tuple[str | None, str | None]]:
        """Type and autocomplete of each input that a manager fills in."""
        for found in self.inputs:
            hint = found.get("autocomplete") or ""
            if found.get("type") == "password" or hint == "one-time-code" or hint.startswith("username"):
                yield found.get("type"), hint


USER, OLD, NEW = ("email", "username"), ("password", "current-password"), ("password", "new-password")
CODE, PASSKEY = ("text", "one-time-code"), ("email", "username webauthn")


def second_step(app: Flask, everybody: Cast) -> Any:
    eve: Any = app.test_client()
    log_in(eve, everybody.eve)
    return eve.get("/login/code")


def invite(app: Flask) -> str:
    with app.app_context():
        token = invitations.make(Role.READER, 1, 1, "", by=SYSTEM, now=clock.now())
        commit()
        return token


def pages(app: Flask, everybody: Cast, browser: Any, client: Any) -> dict[str, str]:
    olga = browser(everybody.olga)
    open_registration(app)
    token = reset_token(app, everybody.alice)
    return {
        "login": client.get("/login").text,
        "register": client.get("/register").text,
        "reset": client.get("/reset", query_string={"token": token}).text,
        "password": olga.get("/account/password").text,
        "confirm": olga.get("/account/confirm").text,
        "code": second_step(app, everybody).text,
        "profile": olga.get("/account").text,
        "invitation": client.get("/invitation", query_string={"token": invite(app)}).text,
        "invite": olga.get("/admin/invitations/add").text,
        "address": olga.get(f"/admin/people/{everybody.bob.id}/email").text,
        "add": olga.get("/admin/people/add").text,
        "person": olga.get(f"/admin/people/{everybody.bob.id}").text,
        "wrong login": client.submit("/login", {"email": "x"}).text,
        "wrong registration": client.submit("/register", {"email": "x", "password": "x"}).text,
    }


EXPECTED = {
    "login": [PASSKEY, OLD],
    "register": [USER, NEW],
    "invitation": [USER, NEW],
    "reset": [USER, NEW],
    "password": [USER, NEW],
    "confirm": [USER, OLD, CODE],
    "code": [CODE],
    "wrong login": [PASSKEY, OLD],
    "wrong registration": [USER, NEW],
}


def test_a_password_manager_knows_what_each_field_is(app: Flask, everybody: Cast, browser: Any, client: Any) -> None:
    shown = pages(app, everybody, browser, client)
    assert {name: list(Controls(page).tokens()) for name, page in shown.items() if name in EXPECTED} == EXPECTED


def test_the_set_up_page_too(app: Flask, client: Any) -> None:
    page = client.get("/setup", query_string={"token": setup_token(app)}).text
    assert list(Controls(page).tokens()) == [USER, NEW]
    assert "data-browser-zone" in page


def test_every_field_has_a_label_and_its_help_is_tied_to_it(
    app: Flask, everybody: Cast, browser: Any, client: Any
) -> None:
    for name, page in pages(app, everybody, browser, client).items():
        controls = Controls(page)
        for found in controls.inputs:
            assert found.get("id") in controls.labelled, f"{name}: {found}"
            described = found.get("aria-describedby") or ""
            assert set(described.split()) <= controls.ids, f"{name}: {found}"
        assert controls.inline == [], name


def test_nothing_keeps_people_from_pasting_or_typing_a_long_password(
    app: Flask, everybody: Cast, browser: Any, client: Any
) -> None:
    for page in pages(app, everybody, browser, client).values():
        for found in Controls(page).inputs:
            if found.get("type") == "password":
                assert "maxlength" not in found
                assert "pattern" not in found
                assert found.get("autocomplete") != "off"
                assert "data-reveal" in found


@pytest.mark.parametrize("field", ["email", "password"])
def test_an_error_is_read_out_with_its_field(client: Any, field: str) -> None:
    found = next(row for row in Controls(client.submit("/login", {}).text).inputs if row.get("id") == field)
    assert found["aria-invalid"] == "true"
    assert f"{field}-error" in (found["aria-describedby"] or "")
