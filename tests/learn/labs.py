"""A terminal to run labs at: what they print is kept, and they find the application as a command does."""

from collections.abc import Iterator
from contextlib import contextmanager

import click
from click.testing import CliRunner, Result

from homeport.app import create_app
from homeport.cli import group
from homeport.learn.labs_story import Say
from homeport.learn.labs_terminal import Printer


class Terminal:
    """Keeps the lines that a lab prints."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    @property
    def text(self) -> str:
        """All of it, each paragraph on one line, so that a test can look for a sentence."""
        return " ".join(" ".join(self.lines).split())


@contextmanager
def terminal() -> Iterator[tuple[Say, Terminal]]:
    """What a lab is run with, and what it has said."""
    kept = Terminal()
    with click.Context(group, obj=create_app):
        yield Say(Printer(kept.lines.append, colour=False).show), kept


def lab(*arguments: str) -> Result:
    """`homeport lab …`, as it is typed."""
    return CliRunner().invoke(group, ["lab", *arguments])
