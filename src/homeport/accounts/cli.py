"""`homeport user`: accounts without a browser."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

import click
from werkzeug.datastructures import MultiDict

from homeport.accounts import queries, rescue, service
from homeport.accounts.forms import PersonForm
from homeport.accounts.models import User
from homeport.core import served
from homeport.core.clock import now
from homeport.core.command import make_app, with_config
from homeport.core.config import Config
from homeport.core.db import commit, end_transaction
from homeport.core.errors import Problem
from homeport.core.http import SYSTEM, Role
from homeport.core.site import site
from homeport.migrations.runner import upgrade


@click.group()
def user() -> None:
    """Add people, list them, and let them choose a new password."""


@contextmanager
def _blog(config: Config) -> Iterator[None]:
    """The blog of `config`, up to date; what is done within is kept if nothing raises."""
    upgrade(config)
    with make_app(config).app_context():
        yield
        commit()


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
            state = "suspended" if person.suspended_at else "active" if person.password_hash else "waiting"
            click.echo(f"{person.role.label:<8} {state:<10} {person.email:<32} {person.display_name}")


def _print_link(config: Config, person: User) -> None:
    link = service.issue_link(person, by=SYSTEM, now=now())
    click.echo(f"Choose a password: {served.origin(config)}/reset?token={link.token}")
    click.echo(f"The link works once, within {link.hours} hour{'' if link.hours == 1 else 's'}.")
