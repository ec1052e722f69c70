"""`homeport user`, `audit` and `keys`: looking after accounts without a browser."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

import click
from werkzeug.datastructures import MultiDict

from homeport.accounts import audit as log
from homeport.accounts import audit_search, factors, queries, rescue, rotation, service
from homeport.accounts.audit_sentences import plain
from homeport.accounts.browsers import name_of
from homeport.accounts.forms import PersonForm
from homeport.accounts.models import User
from homeport.core import served, vault
from homeport.core.clock import now
from homeport.core.command import make_app, with_config
from homeport.core.config import Config
from homeport.core.db import commit, db, end_transaction, reading
from homeport.core.errors import Problem
from homeport.core.http import SYSTEM, Role
from homeport.core.site import site
from homeport.migrations.runner import upgrade

MOST_FAULTS = 20


@click.group()
def user() -> None:
    """Add people, list them, and let them choose a new password."""


@contextmanager
def _blog(config: Config) -> Iterator[None]:
    """The blog of `config`, up to date; what is done within is kept if nothing raises."""
    upgrade(config)
    with make_app(config).app_context():
        try:
            yield
            commit()
        finally:
            db.session.close()
            db.engine.dispose()


def _look_for_it(config: Config) -> None:
    """Raise Problem where there is no blog yet: a mistyped folder should not quietly become one."""
    if not config.database_url and not (config.data / "homeport.db").exists():
        hint = "Name its folder with --data, or begin one with: homeport serve"
        raise Problem(f"There is no blog in {config.data}.", code="no_blog", hint=hint)


@user.command(short_help="Make an account.")
@click.argument("email")
@click.option("--name", required=True, help="What they are called.")
@click.option("--role", required=True, type=click.Choice([role.label for role in Role]), help="What they may do.")
@click.option("--password-stdin", is_flag=True, help="Read the password from the first line of standard input.")
@with_config
def add(config: Config, email: str, name: str, role: str, password_stdin: bool) -> None:
    """Make an account; without a password, print a link with which its owner chooses one."""
    form = PersonForm(MultiDict({"name": name, "email": email, "role": role}))
    if not form.validate():
        raise Problem(form.problems()[0][1], code="wrong_person")
    password = sys.stdin.readline().rstrip("\r\n") if password_stdin else None
    with _blog(config):
        who = {**form.data, "role": form.chosen()}
        person = service.add(**who, by=SYSTEM, password=password, settings=site(), now=now())
        click.echo(f"{person.display_name} has an account with the role {person.role.label}.")
        if password is None:
            _print_link(config, person)


@user.command(short_help="Print a link to choose a new password.")
@click.argument("email")
@click.option("--second-factor", is_flag=True, help="Also remove authenticator app, passkeys and recovery codes.")
@click.option("--yes", is_flag=True, help="Remove them without asking.")
@with_config
def reset(config: Config, email: str, second_factor: bool, yes: bool) -> None:
    """Print a one-time link with which somebody chooses a new password; needs no mail server.

    The link does not get past a second factor. For somebody who has lost that too there is --second-factor.
    """
    _look_for_it(config)
    with _blog(config):
        person = _somebody(email)
        if second_factor:
            _remove_second_factor(person, ask=not yes)
        _print_link(config, person)


def _somebody(email: str) -> User:
    person = queries.by_email(email)
    if person is None:
        hint = "See who has one with: homeport user list"
        raise Problem(f"There is no account with the address {email}.", code="no_such_person", hint=hint)
    if person.suspended_at is not None:
        raise Problem(f"{email} is suspended.", code="suspended", hint="Readmit them on the page People first.")
    return person


def _remove_second_factor(person: User, *, ask: bool) -> None:
    click.echo(f"This removes what {person.display_name} has beside the password:")
    for line in rescue.what_goes(person):
        click.echo(f"  - {line}")
    click.echo("Every device is logged out. Only do it if you know for certain that it is they who ask.")
    if ask:
        end_transaction()  # nobody else waits for an answer at this terminal
        click.confirm("Go on?", abort=True)
    rescue.remove_second_factor(person, by=SYSTEM, now=now())


@user.command("list")
@with_config
def list_(config: Config) -> None:
    """List everybody: role, state, e-mail address, name."""
    _look_for_it(config)
    with _blog(config):
        people = queries.people()
        if not people:
            click.echo("Nobody has an account yet. The link that homeport serve prints makes the owner's.")
        for person in people:
            has_way_in = person.password_hash or factors.count_passkeys(person.id)
            state = "suspended" if person.suspended_at else "active" if has_way_in else "waiting"
            click.echo(f"{person.role.label:<8} {state:<10} {person.email:<32} {person.display_name}")


def _print_link(config: Config, person: User) -> None:
    link = service.issue_link(person, by=SYSTEM, now=now())
    click.echo(f"Choose a password: {served.origin(config)}/reset?token={link.token}")
    click.echo(f"The link works once, within {link.hours} hour{'' if link.hours == 1 else 's'}.")


@click.group()
def audit() -> None:
    """Look into the audit log, and check that it is as it was written."""


@audit.command(short_help="Check that nobody has changed the log.")
@click.option("--seen", metavar="HASH", default="", help="A hash noted down earlier, which must still be in the log.")
@with_config
def verify(config: Config, seen: str) -> None:
    """Follow the log from its beginning. Exit code 1 where it is not as it was written.

    Note the hash that is printed somewhere else: only with it can a later check tell that the end was cut off.
    """
    _look_for_it(config)
    with _blog(config), reading():
        found = log.verify(seen.strip())
    for fault in found.faults[:MOST_FAULTS]:
        click.echo(fault)
    if len(found.faults) > MOST_FAULTS:
        click.echo(f"And {len(found.faults) - MOST_FAULTS} more.")
    if found.faults:
        hint = "Somebody changed the database behind the blog's back, or it was damaged. Compare it with a copy."
        raise Problem("The audit log is not as it was written.", code="audit_broken", hint=hint)
    click.echo(f"The audit log is whole. Events: {found.events}. Without details: {found.without_details}.")
    click.echo(f"The last hash, to be noted down: {found.last_hash}")


@audit.command("list", short_help="Print the last events.")
@click.option("--last", default=50, type=click.IntRange(1, 100_000), help="How many (default: 50).")
@click.option("--person", default="", help="By or about one person: an e-mail address, a handle or a number.")
@with_config
def list_events(config: Config, last: int, person: str) -> None:
    """Print the last events, the newest at the end: time in UTC, number, what happened, from where."""
    _look_for_it(config)
    with _blog(config), reading():
        who = audit_search.find_person(person) if person else None
        if person and who is None:
            raise Problem(f"Nobody is called {person}.", code="no_such_person", hint="See: homeport user list")
        for line in audit_search.newest(last, audit_search.Wanted(person=who)):
            origin = ", ".join(part for part in (line.browser and name_of(line.browser), line.address) if part)
            what = plain(line.pieces) + (f" ({origin})" if origin else "")
            click.echo(f"{line.at:%Y-%m-%d %H:%M:%S}  {line.id:>6}  {_one_line(what)}")


def _one_line(text: str) -> str:
    # What somebody named themselves must neither move a terminal's cursor nor look like an event of its own.
    return "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in text)


@click.group()
def keys() -> None:
    """Look after the key with which the blog encrypts its secrets."""


@keys.command(short_help="Change the encryption key.")
@with_config
def rotate(config: Config) -> None:
    """Encrypt every secret with a new key and forget the old one. The blog may run meanwhile.

    Killed at any point, it can be run again.
    """
    _look_for_it(config)
    with _blog(config):
        secrets = rotation.rotate(config, by=SYSTEM, now=now())
    click.echo(f"There is a new key, and {secrets} secret{'s are' if secrets != 1 else ' is'} encrypted with it.")
    click.echo(f"Keep a copy of {vault.path(config)} apart from the copies of the database.")
