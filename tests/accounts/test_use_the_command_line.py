"""`homeport user`: accounts from a terminal."""

import re
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from flask import Flask
from sqlalchemy import select

from homeport import cli
from homeport.accounts import queries, recovery
from homeport.accounts.models import AuditEvent, Passkey
from homeport.core import clock, served
from homeport.core.config import Config
from homeport.core.db import commit, db
from homeport.core.errors import Problem
from homeport.core.http import Role
from tests.accounts.acts import NEW_PASSWORD, is_logged_in, log_in
from tests.accounts.authenticator import Authenticator
from tests.accounts.letterbox import last_letter
from tests.accounts.passkey_acts import add
from tests.cast import Cast, Person

Run = Callable[..., Result]
ZOE = ("add", "Zoe@Example.com", "--name", "Zoe", "--role", "author")


@pytest.fixture
def run(config: Config) -> Run:
    """`homeport user …` on the test's blog."""
    return lambda *args, **options: CliRunner().invoke(
        cli.group, ["user", args[0], "--data", str(config.data), *args[1:]], **options
    )


def token_in(output: str) -> str:
    found = re.search(r"http://localhost:8000/reset\?token=([\w-]{43})", output)
    assert found
    return found[1]


def test_add_somebody_who_chooses_a_password_by_the_link(app: Flask, run: Run, client: Any) -> None:
    result = run(*ZOE)
    assert result.exit_code == 0, result.output
    assert "Zoe has an account with the role author." in result.output
    assert "within 72 hours" in result.output
    assert client.submit("/reset", {"token": token_in(result.output), "password": NEW_PASSWORD}).status_code == 303
    assert client.submit("/login", {"email": "zoe@example.com", "password": NEW_PASSWORD}).status_code == 303


def test_add_somebody_with_a_password(app: Flask, run: Run, client: Any) -> None:
    result = run(*ZOE, "--password-stdin", input=f"{NEW_PASSWORD}\nmore\n")
    assert result.exit_code == 0, result.output
    assert NEW_PASSWORD not in result.output
    assert "token" not in result.output
    assert client.submit("/login", {"email": "zoe@example.com", "password": NEW_PASSWORD}).status_code == 303


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"email": "zoe"}, "E-mail address: Enter an e-mail address like name@example.org."),
        ({"name": ""}, "Name: Fill this in."),
        ({"name": "Zoe\nforged"}, "Name: Leave out line breaks and invisible characters."),
        ({"email": "alice@example.com"}, "There is an account with this e-mail address."),
        ({"password": "short"}, "Use at least 15 characters; these are 5."),
        ({"password": "zoezoezoezoezoezoe"}, "This password is among the first that would be guessed."),
        ({"password": ""}, "Use at least 15 characters; these are 0."),
    ],
)
def test_a_mistake_is_one_sentence(
    app: Flask, everybody: Cast, run: Run, change: dict[str, str], sentence: str
) -> None:
    who = {"email": "zoe@example.com", "name": "Zoe", "password": NEW_PASSWORD, **change}
    args = ("add", who["email"], "--name", who["name"], "--role", "author", "--password-stdin")
    result = run(*args, input=f"{who['password']}\n")
    assert isinstance(result.exception, Problem)  # which homeport.cli.main says in one sentence
    assert result.exception.message == sentence
    with app.app_context():
        assert len(queries.people()) == 5


@pytest.mark.parametrize(
    "args", [("add", "z@example.com"), ("add", "z@example.com", "--name", "Z", "--role", "king"), ("reset",)]
)
def test_wrong_usage_ends_with_two(run: Run, args: tuple[str, ...]) -> None:
    assert run(*args).exit_code == 2


def test_the_command_ends_with_one_and_a_sentence(config: Config, capfd: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.argv", ["homeport", "user", "reset", "nobody@example.com", "--data", str(config.data)])
    with pytest.raises(SystemExit) as end:
        cli.main()
    assert end.value.code == 1
    out, err = capfd.readouterr()
    assert out == ""
    assert "There is no account with the address nobody@example.com." in err
    assert "Traceback" not in err


def test_reset_prints_a_link_that_works(everybody: Cast, run: Run, client: Any) -> None:
    result = run("reset", "ALICE@example.com")
    assert result.exit_code == 0, result.output
    assert "within 1 hour." in result.output
    assert client.submit("/reset", {"token": token_in(result.output), "password": NEW_PASSWORD}).status_code == 303
    assert log_in(client, everybody.alice, NEW_PASSWORD).status_code == 303


def test_reset_leaves_the_second_factor_alone(app: Flask, everybody: Cast, run: Run, client: Any) -> None:
    result = run("reset", "eve@example.com")
    client.submit("/reset", {"token": token_in(result.output), "password": NEW_PASSWORD})
    assert log_in(client, everybody.eve, NEW_PASSWORD).location == "/login/code"


def lose_everything(app: Flask, person: Person) -> None:
    """Somebody with an app, a passkey, recovery codes and a password that is short beside them."""
    with app.app_context():
        now = clock.now()
        recovery.renew(person.id)
        facts = {"rp_id": "localhost", "transports": [], "backed_up": True, "name": "Key", "created_at": now}
        db.session.add(Passkey(user_id=person.id, credential_id="x", public_key=b"", sign_count=0, **facts))
        user = queries.by_id(person.id)
        assert user is not None
        user.has_short_password = True
        commit()


def test_who_lost_everything_gets_in_again(app: Flask, everybody: Cast, run: Run, client: Any, browser: Any) -> None:
    lose_everything(app, everybody.eve)
    elsewhere = browser(everybody.eve)
    result = run("reset", "eve@example.com", "--second-factor", input="y\n")
    assert result.exit_code == 0, result.output
    for words in ("the authenticator app", "1 passkey", "10 recovery codes", "the password, which is too short"):
        assert f"  - {words}" in result.output
    assert not is_logged_in(elsewhere)
    with app.app_context():
        assert db.session.scalars(select(Passkey)).all() == []
        assert recovery.left(everybody.eve.id) == 0
        event = db.session.scalars(select(AuditEvent).where(AuditEvent.action == "second_factor_removed")).one()
        assert (event.actor_id, event.subject_id) == (None, everybody.eve.id)
    assert "were removed" in last_letter(app, everybody.eve.email).text
    assert log_in(client, everybody.eve).status_code == 422, "the short password went too"
    client.submit("/reset", {"token": token_in(result.output), "password": NEW_PASSWORD})
    assert log_in(client, everybody.eve, NEW_PASSWORD).status_code == 303
    assert "One step before you begin" in client.get("/account/security").text


def test_nothing_is_removed_by_who_thinks_better_of_it(app: Flask, everybody: Cast, run: Run, browser: Any) -> None:
    lose_everything(app, everybody.eve)
    elsewhere = browser(everybody.eve)
    result = run("reset", "eve@example.com", "--second-factor", input="n\n")
    assert result.exit_code == 1
    assert "token" not in result.output
    assert is_logged_in(elsewhere)
    with app.app_context():
        assert recovery.left(everybody.eve.id) == 10
        assert db.session.scalars(select(AuditEvent)).all() == []


def test_a_script_need_not_be_asked(app: Flask, everybody: Cast, run: Run) -> None:
    result = run("reset", "alice@example.com", "--second-factor", "--yes")
    assert result.exit_code == 0, result.output
    assert "nothing: there is no second factor" in result.output
    assert token_in(result.output)


def test_the_link_leads_to_where_the_blog_was_served_last(everybody: Cast, run: Run, config: Config) -> None:
    served.note(replace(config, port=8123))
    assert "http://localhost:8123/reset?token=" in run("reset", "alice@example.com").output


@pytest.mark.parametrize("args", [["list"], ["reset", "olga@example.com"]])
def test_a_mistyped_folder_does_not_become_a_blog(tmp_path: Path, args: list[str]) -> None:
    result = CliRunner().invoke(cli.group, ["user", *args, "--data", str(tmp_path / "bolg")])
    assert isinstance(result.exception, Problem)
    assert "There is no blog in" in result.exception.message
    assert not (tmp_path / "bolg").exists()


def test_a_list_of_nobody_says_so(app: Flask, run: Run) -> None:
    assert "Nobody has an account yet." in run("list").output


def test_a_busy_database_is_one_sentence(
    everybody: Cast, config: Config, capfd: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("homeport.core.db.BUSY_SECONDS", 0.1)
    monkeypatch.setattr("sys.argv", ["homeport", "user", "list", "--data", str(config.data)])
    with closing(sqlite3.connect(config.data / "homeport.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(SystemExit) as end:
            cli.main()
    assert end.value.code == 1
    assert "The database is busy" in capfd.readouterr().err


def test_list_shows_everybody(everybody: Cast, run: Run, browser: Any) -> None:
    browser(everybody.olga).submit(f"/admin/people/{everybody.bob.id}/suspend")
    lines = [line.split() for line in run("list").output.splitlines()]
    assert lines[0] == ["owner", "active", "olga@example.com", "Olga"]
    assert ["author", "suspended", "bob@example.com", "Bob"] in lines
    assert len(lines) == 5


def test_who_logs_in_with_a_passkey_alone_is_listed_as_active(
    everybody: Cast, run: Run, browser: Any, device: Authenticator
) -> None:
    alice = browser(everybody.alice)
    add(alice, device)
    alice.submit("/account/password/remove")
    assert ["author", "active", "alice@example.com", "Alice"] in [
        line.split() for line in run("list").output.splitlines()
    ]


def test_the_first_account_may_come_before_the_first_start(tmp_path: Path, config: Config) -> None:
    data = tmp_path / "new" / "blog"
    args = ["user", "add", "olga@example.com", "--data", str(data), "--name", "Olga", "--role", "owner"]
    result = CliRunner().invoke(cli.group, args)
    assert result.exit_code == 0, result.output
    assert (data / "homeport.db").is_file()


def test_an_owner_by_command_closes_the_set_up(app: Flask, run: Run, client: Any) -> None:
    run("add", "olga@example.com", "--name", "Olga", "--role", "owner")
    assert client.get("/setup").status_code == 404
    with app.app_context():
        assert [user.role for user in queries.people()] == [Role.OWNER]
        db.session.rollback()
