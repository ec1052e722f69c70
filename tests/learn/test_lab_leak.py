"""Somebody steals the database of a made-up blog and finds out what opens and what does not."""

import tomllib
from collections.abc import Iterator

import click
import pytest

from homeport.cli import group
from homeport.learn import labs_leak
from homeport.learn.labs_leak import EXPLAINED, FIRST_HOUR, VERDICTS, Outcome, explained
from tests.architecture.schema import models
from tests.learn.labs import Terminal, terminal


@pytest.fixture(scope="module")
def ran() -> Iterator[tuple[Outcome, Terminal]]:
    """The lab, once."""
    with terminal() as (say, kept):
        yield labs_leak.run(say), kept


def test_every_column_of_the_stolen_file_is_explained(ran: tuple[Outcome, Terminal]) -> None:
    outcome, _ = ran
    assert [
        f"{table}.{name}" for table, name, verdict, why in outcome.columns if verdict not in VERDICTS or not why
    ] == []
    found = {(column.table, column.name) for column in outcome.columns}
    assert {(table.name, column.name) for table in models().tables.values() for column in table.columns} <= found


def test_no_explanation_is_left_of_a_column_that_is_gone(ran: tuple[Outcome, Terminal]) -> None:
    outcome, _ = ran
    known = {(table, name) for table, names in tomllib.loads(EXPLAINED.read_text()).items() for name in names}
    assert known - {(column.table, column.name) for column in outcome.columns} == set()


def test_a_column_that_nobody_has_explained_is_noticed() -> None:
    assert explained({"users": ["email", "shoe_size"]})[1] == ("users", "shoe_size", "", "")


def test_digests_open_nothing_and_what_they_are_digests_of_does(ran: tuple[Outcome, Terminal]) -> None:
    attempts = ran[0].attempts
    for what in ("session, sent as its cookie", "API token, sent as a token", "link for a new password, as that link"):
        assert not attempts[f"the digest of a{'n' if what[0] == 'A' else ''} {what}"]
    assert not attempts["the handle of a session, sent as its cookie"]
    assert attempts["(for comparison: the cookie itself)"]
    assert attempts["(for comparison: the token itself)"]


def test_the_authenticators_secret_needs_the_key_file(ran: tuple[Outcome, Terminal]) -> None:
    attempts = ran[0].attempts
    assert not attempts["the authenticator's secret, without the key file"]
    assert attempts["the same with keys/secrets.key, if that got out too"]


def test_what_opens_is_said_to_open(ran: tuple[Outcome, Terminal]) -> None:
    attempts = ran[0].attempts
    assert attempts["the link from a mail that had not been sent yet"]
    assert attempts["the 5 commonest passwords on Tilda's hash"]


def test_what_stands_in_the_file_as_it_is(ran: tuple[Outcome, Terminal]) -> None:
    readable = ran[0].readable
    assert [what for what, found in readable.items() if not found] == [
        "a password",
        "the cookie of a session",
        "an API token",
        "the secret of an authenticator app",
    ]
    assert readable["the draft that nobody was to see"]


def test_the_commands_of_the_first_hour_exist() -> None:
    for typed, _ in FIRST_HOUR:
        program, *words = typed.split()
        assert program == "homeport"
        command: click.Command = group
        for word in words:
            if word.startswith("--"):
                assert any(word in parameter.opts for parameter in command.params), typed
            elif word.isupper():
                assert any(isinstance(parameter, click.Argument) for parameter in command.params), typed
            else:
                assert isinstance(command, click.Group), typed
                found = command.get_command(click.Context(command), word)
                assert found is not None, typed
                command = found


def test_it_can_be_read_in_eighty_columns(ran: tuple[Outcome, Terminal]) -> None:
    _, kept = ran
    assert max(map(len, kept.lines)) <= 80
    assert "What to remember" in kept.text
    assert "What this lab does not show" in kept.text
