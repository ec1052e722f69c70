"""Prints a lab's story as it happens, at most 80 columns wide."""

import textwrap
from collections.abc import Callable, Sequence
from itertools import zip_longest
from typing import Any

import click

from homeport.learn.labs_story import (
    Attempt,
    Figure,
    Hides,
    Part,
    Quoted,
    Recording,
    Remember,
    Scene,
    Table,
    Text,
)

WIDTH = 78
INDENT = "  "
WIDEST = 28


class Printer:
    """Shows parts of a story on a terminal.

    `echo` prints one line. Without `colour` there are no escape sequences, and nothing is said by colour alone.
    """

    def __init__(self, echo: Callable[[str], None], *, colour: bool) -> None:
        self._echo, self._colour = echo, colour

    def show(self, part: Part) -> None:
        """Print one part."""
        match part:
            case Scene(title):
                self._heading(title)
            case Text(text):
                self._paragraph(text)
            case Recording(lines):
                self._lines(lines)
            case Figure(what, value):
                dots = "." * max(3, WIDTH - 4 - len(what) - len(value))
                self._echo(f"{INDENT}{what} {dots} {self._styled(value, bold=True)}")
            case Quoted(what, value, source):
                self._paragraph(f"Quoted, not measured here: {what}: {value}.")
                self._paragraph(f"Source: {source}")
            case Attempt():
                self._attempt(part)
            case Table(head, rows):
                self._table(head, rows)
            case Remember(points):
                self._points("What to remember", points)
            case Hides(points):
                self._points("What this lab does not show", points)

    def _heading(self, title: str) -> None:
        self._echo("")
        self._echo(self._styled(title, bold=True))

    def _paragraph(self, text: str) -> None:
        for line in textwrap.wrap(text, WIDTH, initial_indent=INDENT, subsequent_indent=INDENT):
            self._echo(line)

    def _lines(self, lines: Sequence[str]) -> None:
        for line in lines:
            short = line if len(line) <= WIDTH - 4 else f"{line[: WIDTH - 5]}…"
            self._echo(self._styled(f"{INDENT}│ {short}", dim=True))

    def _attempt(self, tried: Attempt) -> None:
        word = "WORKS" if tried.worked else "FAILS"
        colour = "green" if tried.worked == tried.harmless else "red"
        first, *rest = textwrap.wrap(tried.text, WIDTH - 8)
        self._echo(f"{INDENT}{self._styled(word, fg=colour, bold=True)} {first}")
        for line in rest:
            self._echo(f"{INDENT}      {line}")

    def _table(self, head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        # Columns are as wide as they need to be, within reason; what is longer is wrapped.
        widths = [min(WIDEST, max(len(row[at]) for row in [head, *rows])) for at in range(len(head) - 1)]
        widths.append(WIDTH - len(INDENT) - sum(widths) - 2 * len(widths))
        for number, row in enumerate([head, *rows]):
            cells = [textwrap.wrap(cell, width) or [""] for cell, width in zip(row, widths, strict=True)]
            for parts in zip_longest(*cells, fillvalue=""):
                line = "  ".join(f"{part:<{width}}" for part, width in zip(parts, widths, strict=True))
                self._echo(self._styled(f"{INDENT}{line}".rstrip(), bold=number == 0))

    def _points(self, title: str, points: Sequence[str]) -> None:
        self._heading(title)
        for point in points:
            for line in textwrap.wrap(point, WIDTH, initial_indent=f"{INDENT}- ", subsequent_indent=f"{INDENT}  "):
                self._echo(line)

    def _styled(self, text: str, **style: Any) -> str:
        return click.style(text, **style) if self._colour else text
