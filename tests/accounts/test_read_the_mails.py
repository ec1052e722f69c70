"""The mails about accounts: one link, from the configured address alone, and no header that anybody could add."""

import re
from collections.abc import Callable
from dataclasses import replace
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any

import pytest
from flask import Flask

from homeport.accounts import audit, mails, queries
from homeport.accounts.notices import changed
from homeport.core import clock, mail, site
from homeport.core.config import Config
from homeport.core.db import commit
from homeport.core.http import SYSTEM, Viewer
from homeport.jobs.models import Mail
from homeport.ui.letters import Letter
from tests.accounts.acts import NEW_PASSWORD, open_registration
from tests.accounts.letterbox import last_letter, letters, link_of
from tests.cast import Cast
from tests.conftest import Browser

BY = Viewer(address="203.0.113.5", browser="Mozilla/5.0 (X11; Linux x86_64) Gecko/20100101 Firefox/133.0")
TOKEN = "t" * 43
EVIL = "evil.example"
FORGED = "Notes\r\nBcc: all@evil.example\r\n\r\nCheap\u2028boats\x00"

LETTERS: dict[str, Callable[[], Letter]] = {
    "confirmation": lambda: mails.confirmation(TOKEN, BY, clock.now()),
    "known address": lambda: mails.known_address(BY, clock.now()),
    "reset": lambda: mails.reset(TOKEN, BY, clock.now()),
    "no account": lambda: mails.no_account(BY, clock.now()),
    "new address": lambda: mails.new_address(TOKEN, BY, clock.now()),
    "address taken": lambda: mails.address_taken(BY, clock.now()),
    "address changed": lambda: mails.address_changed(TOKEN, BY, clock.now()),
    "by the owner": lambda: mails.address_changed_by_owner(clock.now()),
    **{action: lambda action=action: mails.change(action, 1, BY, clock.now()) for action in audit.ACTIONS},  # type: ignore[misc]  # a default argument
}


@pytest.fixture
def config(config: Config) -> Config:
    """A blog with a mail server."""
    return replace(config, smtp_url="smtp://127.0.0.1:9")


def built(row: Mail) -> EmailMessage:
    """The message as it is handed over, read again by somebody else's parser."""
    options = {"html": row.html, "message_id": row.message_id, "date": row.created_at}
    message = mail.build("homeport@localhost", row.to, row.subject, row.text, **options)  # type: ignore[arg-type]  # by name
    read = message_from_bytes(message.as_bytes(), policy=default)
    assert isinstance(read, EmailMessage)
    return read


@pytest.mark.parametrize("name", LETTERS)
def test_a_letter_is_short_and_has_one_link(app: Flask, client: Browser, name: str) -> None:
    with app.test_request_context():
        letter = LETTERS[name]()
        text, html = letter.text, letter.html
    assert letter.subject.startswith("A blog at home: ")
    assert len(letter.subject) <= 100
    assert "http" not in letter.subject
    assert len(text.split()) < 150
    assert all(len(line) <= 76 for line in text.splitlines() if "token=" not in line)
    links = re.findall(r"https?://[^\s<\"]+", text)
    assert set(links) <= {"http://localhost:8000", letter.link[1] if letter.link else ""}
    assert html.count("<a ") == (1 if letter.link else 0)
    if letter.link and TOKEN not in letter.link[1]:
        answer = client.get(letter.link[1].removeprefix("http://localhost:8000"))
        assert answer.status_code in {200, 303}, "the page is there"


def test_a_letter_asks_for_nothing_from_elsewhere(app: Flask) -> None:
    with app.test_request_context():
        for make in LETTERS.values():
            assert not re.search(r"<(img|script|link|iframe|form|table)\b|url\(|@import", make().html)


def test_letters_can_be_written_where_there_is_no_request(app: Flask, everybody: Cast) -> None:
    with app.app_context():
        user = queries.by_id(everybody.bob.id)
        assert user is not None
        changed(user, "second_factor_removed", by=SYSTEM, now=clock.now())
        commit()
    mail = last_letter(app, everybody.bob.email)
    assert link_of(mail) == "/account/security"
    assert "by a command on the computer that the blog runs on" in " ".join(mail.text.split())


def test_where_the_owner_sits_is_told_to_nobody(app: Flask, everybody: Cast, browser: Any) -> None:
    here = {"environ_overrides": {"REMOTE_ADDR": "203.0.113.99"}, "headers": {"User-Agent": BY.browser}}
    browser(everybody.olga).submit(f"/admin/people/{everybody.bob.id}/role", {"role": "reader"}, **here)
    text = last_letter(app, everybody.bob.email).text
    assert "You have another role." in text
    assert "by the owner of A blog at home" in text
    assert "203.0.113.99" not in text
    assert "Firefox" not in text


def ask_for_everything(app: Flask, everybody: Cast, client: Browser, charlie: Browser, **options: Any) -> None:
    """Have one mail of each kind sent."""
    dora = {"name": "Dora", "email": "dora@example.com", "password": NEW_PASSWORD}
    client.submit("/register", dora, **options)
    client.submit("/register", {**dora, "email": everybody.bob.email}, **options)
    client.submit("/forgot", {"email": everybody.alice.email}, **options)
    client.submit("/forgot", {"email": "nobody@example.com"}, **options)
    charlie.submit("/account/email", {"email": "charlie@new.example.org"}, **options)
    charlie.submit("/account/email", {"email": everybody.eve.email}, **options)


HEADERS = [
    {"X-Forwarded-Host": EVIL},
    {"X-Forwarded-Host": EVIL, "X-Forwarded-Proto": "https", "X-Forwarded-Port": "1"},
    {"Forwarded": f"host={EVIL};proto=https"},
    {"X-Original-URL": f"https://{EVIL}/", "X-Rewrite-URL": f"https://{EVIL}/"},
    {"X-Forwarded-Prefix": f"//{EVIL}"},
    {"Referer": f"https://{EVIL}/", "X-Host": EVIL},
]


@pytest.mark.parametrize("headers", HEADERS)
def test_no_header_gets_another_host_into_a_mail(
    app: Flask, everybody: Cast, client: Browser, browser: Any, headers: dict[str, str]
) -> None:
    open_registration(app)
    ask_for_everything(app, everybody, client, browser(everybody.charlie), headers=headers)
    written = letters(app)
    assert len(written) == 6
    for row in written:
        assert link_of(row)
        message = built(row)
        assert message["Message-ID"].endswith("@localhost>")
        assert EVIL not in message.as_string()


@pytest.mark.parametrize("how", ["host", "port", "absolute-URI", "user part"])
def test_another_host_is_refused_before_anything_is_written(
    app: Flask, everybody: Cast, client: Browser, browser: Any, how: str
) -> None:
    open_registration(app)
    host = {"host": EVIL, "port": f"{EVIL}:8000", "absolute-URI": EVIL, "user part": f"localhost@{EVIL}"}[how]
    environ = {"HTTP_HOST": host, "REQUEST_URI": f"http://{EVIL}/forgot", "RAW_URI": f"http://{EVIL}/forgot"}
    for path in ("/forgot", "/register"):
        answer = client.submit(path, {"email": everybody.alice.email}, environ_overrides=environ)
        assert answer.status_code == 400
    assert letters(app) == []


def test_an_absolute_uri_in_the_request_line_changes_no_link(app: Flask, everybody: Cast, client: Browser) -> None:
    environ = {"REQUEST_URI": f"http://{EVIL}/forgot", "RAW_URI": f"http://{EVIL}/forgot", "SERVER_NAME": EVIL}
    client.submit("/forgot", {"email": everybody.alice.email}, environ_overrides=environ)
    assert link_of(last_letter(app, everybody.alice.email)).startswith("/reset?token=")


def test_no_title_adds_a_header_to_any_mail(app: Flask, everybody: Cast, client: Browser, browser: Any) -> None:
    open_registration(app)
    with app.app_context():
        site.change(title=FORGED)
        commit()
    ask_for_everything(app, everybody, client, browser(everybody.charlie))
    written = letters(app)
    assert len(written) == 6
    for row in written:
        message = built(row)
        assert message["Bcc"] is None
        assert message.keys().count("Subject") == 1
        assert not re.search(r"[\r\n\x00\u2028]", message["Subject"])
        assert message["To"] == row.to


def test_no_name_or_browser_of_a_stranger_is_sent_on(app: Flask, client: Browser) -> None:
    open_registration(app)
    form = {"name": "Win money at evil.example", "email": "dora@example.com", "password": NEW_PASSWORD}
    client.submit("/register", form, headers={"User-Agent": "Firefox/1 https://evil.example/"})
    mail = last_letter(app, "dora@example.com")
    for part in (mail.subject, mail.text, mail.html or ""):
        assert "evil.example" not in part
