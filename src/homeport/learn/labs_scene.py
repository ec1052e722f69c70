"""What every lab stands on: a scratch blog, made-up people who live in it."""

import os
import secrets
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flask import Flask

from homeport.accounts import service as accounts
from homeport.core import command
from homeport.core.clock import now
from homeport.core.config import PREFIX, Config
from homeport.core.db import db, end_transaction
from homeport.core.errors import Problem
from homeport.core.http import SYSTEM, Role
from homeport.migrations.runner import upgrade


def stuck(what: str) -> Problem:
    """What ends a lab that cannot go on, to be raised."""
    hint = "Try it again while the machine is less busy."
    return Problem(f"The lab had to give up: {what.strip().rstrip('.')}.", code="lab_stuck", hint=hint)


@contextmanager
def scratch() -> Iterator[Path]:
    """A folder of this lab's own, for its owner alone; gone afterwards, also after Ctrl-C."""
    with tempfile.TemporaryDirectory(prefix="homeport-lab-", ignore_cleanup_errors=True) as folder:
        yield Path(folder)


@dataclass(frozen=True)
class Blog:
    """A real blog with nobody's data in it."""

    app: Flask
    config: Config

    @contextmanager
    def inside(self) -> Iterator[None]:
        """The blog's context; what is done within is kept if nothing raises."""
        with self.app.app_context():
            yield
            end_transaction()


@contextmanager
def blog(folder: Path, **settings: Any) -> Iterator[Blog]:
    """A blog in `folder`, by the real migrations and the real application. `settings` are fields of `Config`.

    The learner's own blog is not looked at: neither its folder nor its settings.
    """
    config = Config(data=folder / "blog", **settings)
    upgrade(config)
    app = command.make_app(config)
    try:
        yield Blog(app, config)
    finally:
        with app.app_context():
            db.engine.dispose()


def environ(config: Config, **settings: str) -> dict[str, str]:
    """The environment of a `homeport` process on a scratch blog, without the settings of the learner's own."""
    return {**inherited(), f"{PREFIX}DATA": str(config.data), **settings}


def inherited() -> dict[str, str]:
    """This process's environment without the settings of the learner's own blog."""
    return {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)}


@dataclass(frozen=True)
class Person:
    """Somebody made up. `example.org` belongs to nobody (RFC 2606)."""

    id: int
    name: str
    email: str
    password: str


def move_in(name: str, role: Role = Role.READER, password: str = "") -> Person:
    """Give somebody an account on the scratch blog of the present context, with a password nobody can guess.

    As the blog's own verbs do it, but without asking whether the password may be chosen: labs need bad ones too.
    """
    password = password or secrets.token_urlsafe(15)
    email = f"{name.split(maxsplit=1)[0].lower()}@example.org"
    hashed = accounts.hash_password(password)
    user = accounts.create(name, email, role, hashed, by=SYSTEM, now=now(), time_zone="UTC")
    return Person(user.id, name, email, password)
