"""A teacher pastes a list, and everybody on it gets an account and a slip of paper."""

import io
from collections.abc import Callable

import pytest
from flask import Flask
from sqlalchemy import select

from homeport.accounts.models import User
from homeport.core.config import Config
from homeport.core.db import db
from homeport.core.http import Role
from homeport.jobs.models import Mail
from homeport.learn import class_queries
from tests.cast import PASSWORD, Cast, Person
from tests.conftest import Browser
from tests.learn.teaching import invite, links, names, olga

pytestmark = pytest.mark.usefixtures("with_learn")
assert olga  # a fixture


def test_each_on_a_list_gets_an_account_and_opens_it_with_a_slip_of_paper(
    olga: Browser, app: Flask, client: Browser
) -> None:
    page = invite(olga).text
    ada, grace = links(page)
    assert ada != grace
    assert names(app) == ["ada@example.org", "grace@example.org"]
    client.submit(ada, {"token": ada.partition("=")[2], "password": PASSWORD, "again": PASSWORD})
    answer = client.submit("/login", {"email": "ada@example.org", "password": PASSWORD})
    assert answer.status_code == 303
    assert "Your space" in client.get("/learn/class/me").text
    assert client.get("/write").status_code == 200, "each writes posts of their own"


def test_a_list_with_faults_invites_nobody_and_says_on_which_lines_they_are(olga: Browser, app: Flask) -> None:
    text = "Ada, ada@example.org\n\nNobody\nEve, eve@example.com\n, grace@example.org\nTwin, ada@example.org\nX, x@x"
    answer = invite(olga, text)
    assert answer.status_code == 422
    for words in (
        "Line 3: there is no e-mail address",
        "Line 4: eve@example.com is the account of an editor",
        "Line 5: the name is missing",
        "Line 6: ada@example.org stands on line 1 already",
        "Line 7: The part after the @ is not complete",
    ):
        assert words in answer.text
    assert "Ada, ada@example.org" in answer.text, "what was typed is still there"
    assert names(app) == []


@pytest.mark.parametrize(
    "content",
    [
        "Name;E-Mail\r\nJosé Álvarez;jose@example.org\r\n".encode("cp1252"),
        "\ufeffName,E-Mail\nJosé Álvarez,jose@example.org\n".encode(),
        "name\temail\nJosé Álvarez\tjose@example.org\n".encode("utf-16"),
        'email,last,first\njose@example.org,José,"Álvarez"\n'.encode(),
    ],
    ids=["Windows", "UTF-8 with a mark", "UTF-16", "three columns"],
)
def test_a_list_may_come_from_a_spreadsheet(olga: Browser, app: Flask, content: bytes) -> None:
    page = invite(olga, "", file=(io.BytesIO(content), "class.csv")).text
    assert len(links(page)) == 1
    with app.app_context():
        assert db.session.scalar(select(User.display_name).where(User.email == "jose@example.org")) == "José Álvarez"


def test_who_has_an_account_joins_with_it(olga: Browser, everybody: Cast, app: Flask) -> None:
    page = invite(olga, f"Somebody, {everybody.alice.email.upper()}\nAda, ada@example.org").text
    assert len(links(page)) == 1
    assert "Alice had an account already, and is in the class now" in page
    assert set(names(app)) == {everybody.alice.email, "ada@example.org"}
    assert len(links(invite(olga, f"Alice, {everybody.alice.email}").text)) == 0, "twice is as good as once"


def test_who_is_in_the_class_already_is_written_nothing(
    config: Config, everybody: Cast, app: Flask, browser: Callable[[Person], Browser]
) -> None:
    teacher = browser(everybody.olga)
    invite(teacher)
    app.config["HOMEPORT"] = Config(data=config.data, smtp_url="smtp://127.0.0.1:9")
    page = invite(teacher, mail="y").text
    assert "Ada Lovelace, Grace Hopper are in the class already" in page
    assert "had an account already" not in page
    assert links(page) == []
    with app.app_context():
        assert db.session.scalars(select(Mail)).all() == []


def test_new_links_are_only_for_who_can_come(olga: Browser, everybody: Cast, app: Flask) -> None:
    invite(olga)
    with app.app_context():
        ada = db.session.scalars(select(User).where(User.email == "ada@example.org")).one().id
    olga.submit(f"/admin/people/{ada}/suspend")
    assert "1 person of 2 has not been here yet" in olga.get("/learn/class").text
    assert len(links(olga.submit("/learn/class/links").text)) == 1


def test_a_file_with_headings_is_taken_below_what_was_typed(olga: Browser, app: Flask) -> None:
    file = (io.BytesIO(b"Name;E-Mail\nGrace;grace@example.org\n"), "class.csv")
    assert len(links(invite(olga, "Ada, <ada@example.org>", file=file).text)) == 2
    with app.app_context():
        assert set(db.session.scalars(select(User.display_name).where(User.email.like("%.org")))) == {"Ada", "Grace"}


def test_a_name_in_two_columns_may_stand_before_brackets(olga: Browser, app: Flask) -> None:
    invite(olga, "Ada\tLovelace\t<ada@example.org>")
    with app.app_context():
        assert db.session.scalar(select(User.display_name).where(User.email == "ada@example.org")) == "Ada Lovelace"


def test_nobody_becomes_more_than_an_author_by_a_list(olga: Browser, app: Flask) -> None:
    assert invite(olga, role="owner").status_code == 422
    assert names(app) == []
    invite(olga, role="reader")
    with app.app_context():
        assert {user.role for _pupil, user in class_queries.everybody()} == {Role.READER}


def test_where_mail_can_be_sent_each_is_written_their_own_link(
    config: Config, everybody: Cast, app: Flask, browser: Callable[[Person], Browser]
) -> None:
    app.config["HOMEPORT"] = Config(data=config.data, smtp_url="smtp://127.0.0.1:9")
    page = invite(browser(everybody.olga), mail="y").text
    with app.app_context():
        mails = {mail.to: mail.text for mail in db.session.scalars(select(Mail))}
    assert set(mails) == {"ada@example.org", "grace@example.org"}
    assert [link for link in links(page) if link in mails["ada@example.org"]] == links(page)[:1]


def test_who_lost_a_slip_gets_another_and_the_first_is_over(olga: Browser, app: Flask, client: Browser) -> None:
    first = links(invite(olga).text)[0]
    assert "2 people of 2 have not been here yet" in olga.get("/learn/class").text
    again = links(olga.submit("/learn/class/links").text)
    assert len(again) == 2
    assert client.get(first).status_code == 403
    assert client.get(again[0]).status_code == 200


def test_addresses_of_one_mail_may_stand_on_one_line(olga: Browser, app: Flask) -> None:
    assert len(links(invite(olga, '"Lovelace, Ada" <ada@example.org>, Grace Hopper <grace@example.org>').text)) == 2
    assert names(app) == ["grace@example.org", "ada@example.org"]


def test_two_people_on_one_line_are_not_made_one(olga: Browser, app: Flask) -> None:
    assert "Line 1: there is more than one address" in invite(olga, "ada@example.org, bob@example.org").text
    assert names(app) == []


def test_who_is_put_into_a_class_is_told_and_learns_what_is_seen(
    config: Config, everybody: Cast, app: Flask, browser: Callable[[Person], Browser]
) -> None:
    app.config["HOMEPORT"] = Config(data=config.data, smtp_url="smtp://127.0.0.1:9")
    invite(browser(everybody.olga), f"Alice, {everybody.alice.email}")
    with app.app_context():
        mail = db.session.scalars(select(Mail)).one()
    assert (mail.to, "how far you are" in mail.text) == (everybody.alice.email, True)
