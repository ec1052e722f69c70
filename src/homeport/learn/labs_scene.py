"""What every lab stands on: one way to say things, a scratch blog, and made-up people who live in it."""

import os
import secrets
import tempfile
import textwrap
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path
from typing import Any

import click
from flask import Flask

from homeport.accounts import service as accounts
from homeport.core import command
from homeport.core.clock import now
from homeport.core.config import PREFIX, Config
from homeport.core.db import db, end_transaction
from homeport.core.http import SYSTEM, Role
from homeport.migrations.runner import upgrade

WIDTH = 78
INDENT = "  "
WIDEST = 28


class Say:
    """Prints a lab as it happens: headings, paragraphs, figures, tables; at most 80 columns wide.

    `echo` prints one line. Without `colour` there are no escape sequences, and nothing is said by colour alone.
    """

    def __init__(self, echo: Callable[[str], None], *, colour: bool) -> None:
        self._echo, self._colour = echo, colour

    def scene(self, text: str) -> None:
        """Begin a part."""
        self._echo("")
        self._echo(self._styled(text, bold=True))

    def tell(self, text: str) -> None:
        """A paragraph."""
        for line in textwrap.wrap(text, WIDTH, initial_indent=INDENT, subsequent_indent=INDENT):
            self._echo(line)

    def raw(self, lines: Sequence[str]) -> None:
        """Lines as they were found, cut to the width: bytes on a wire, a statement."""
        for line in lines:
            shown = "".join(char if char.isprintable() else "·" for char in line)
            short = shown if len(shown) <= WIDTH - 4 else f"{shown[: WIDTH - 5]}…"
            self._echo(self._styled(f"{INDENT}│ {short}", dim=True))

    def figure(self, what: str, value: str) -> None:
        """Something measured in this very run."""
        dots = "." * max(3, WIDTH - 4 - len(what) - len(value))
        self._echo(f"{INDENT}{what} {dots} {self._styled(value, bold=True)}")

    def quoted(self, what: str, value: str, source: str) -> None:
        """A figure that was not measured here, with where it is from."""
        self.tell(f"Quoted, not measured here: {what}: {value}.")
        self.tell(f"Source: {source}")

    def works(self, text: str) -> None:
        """An attempt of the attacker's that worked."""
        self._mark("WORKS", text, "red")

    def fails(self, text: str) -> None:
        """An attempt of the attacker's that came to nothing."""
        self._mark("FAILS", text, "green")

    def _mark(self, word: str, text: str, colour: str) -> None:
        first, *rest = textwrap.wrap(text, WIDTH - 8)
        self._echo(f"{INDENT}{self._styled(word, fg=colour, bold=True)} {first}")
        for line in rest:
            self._echo(f"{INDENT}      {line}")

    def table(self, head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        """Columns as wide as they need to be, within reason; what is longer is wrapped."""
        widths = [min(WIDEST, max(len(row[at]) for row in [head, *rows])) for at in range(len(head) - 1)]
        widths.append(WIDTH - len(INDENT) - sum(widths) - 2 * len(widths))
        for number, row in enumerate([head, *rows]):
            cells = [textwrap.wrap(cell, width) or [""] for cell, width in zip(row, widths, strict=True)]
            for parts in zip_longest(*cells, fillvalue=""):
                line = "  ".join(f"{part:<{width}}" for part, width in zip(parts, widths, strict=True))
                self._echo(self._styled(f"{INDENT}{line}".rstrip(), bold=number == 0))

    def remember(self, *points: str) -> None:
        """What to take along."""
        self._points("What to remember", points)

    def hides(self, *points: str) -> None:
        """Where this lab is simpler than the world."""
        self._points("What this lab does not show", points)

    def _points(self, title: str, points: Sequence[str]) -> None:
        self.scene(title)
        for point in points:
            for line in textwrap.wrap(point, WIDTH, initial_indent=f"{INDENT}- ", subsequent_indent=f"{INDENT}  "):
                self._echo(line)

    def _styled(self, text: str, **style: Any) -> str:
        return click.style(text, **style) if self._colour else text


def amount(number: float) -> str:
    """A number for people: three digits that count, thousands apart."""
    if number >= 100:
        return f"{number:,.0f}"
    return f"{number:.3g}"


def duration(seconds: float) -> str:
    """A time for people, in the largest unit that fits."""
    for unit, size in (("years", 31_557_600.0), ("days", 86_400.0), ("hours", 3_600.0), ("minutes", 60.0)):
        if seconds >= 2 * size:
            return f"{amount(seconds / size)} {unit}"
    return f"{amount(seconds)} seconds" if seconds >= 0.1 else f"{amount(seconds * 1000)} ms"


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
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)}
    return {**inherited, f"{PREFIX}DATA": str(config.data), **settings}


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
