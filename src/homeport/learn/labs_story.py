"""A lab's story as data. What a lab shows is said once, to `Say`; a terminal prints it and a page shows it later."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

MOST_LINES = 400
MOST_CHARACTERS = 2000


class _Part:
    @property
    def kind(self) -> str:
        """Which kind of part it is, for a file or a template."""
        return type(self).__name__.lower()


@dataclass(frozen=True)
class Scene(_Part):
    """A new part of the lab begins."""

    title: str


@dataclass(frozen=True)
class Text(_Part):
    """A paragraph."""

    text: str


@dataclass(frozen=True)
class Recording(_Part):
    """Lines as they were found: bytes on a wire, a statement, a program's own lines."""

    lines: tuple[str, ...]


@dataclass(frozen=True)
class Figure(_Part):
    """Something measured or counted in this very run."""

    what: str
    value: str


@dataclass(frozen=True)
class Quoted(_Part):
    """A figure that was not measured here, with where it is from."""

    what: str
    value: str
    source: str


@dataclass(frozen=True)
class Attempt(_Part):
    """Something that was tried, and whether it worked. `harmless`: it is not an attacker who tries it."""

    text: str
    worked: bool
    harmless: bool = False


@dataclass(frozen=True)
class Table(_Part):
    """Rows below a head, all of the same length."""

    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class Remember(_Part):
    """What to take along."""

    points: tuple[str, ...]


@dataclass(frozen=True)
class Hides(_Part):
    """Where the lab is simpler than the world."""

    points: tuple[str, ...]


Part = Scene | Text | Recording | Figure | Quoted | Attempt | Table | Remember | Hides
KINDS: tuple[type[Part], ...] = (Scene, Text, Recording, Figure, Quoted, Attempt, Table, Remember, Hides)


class Say:
    """What a lab tells its story with: each part is kept in `parts`, and handed to `hear` as it happens."""

    def __init__(self, hear: Callable[[Part], None]) -> None:
        self._hear = hear
        self.parts: list[Part] = []
        self.is_recording = False
        """Whether what is said happened on another machine at another time."""

    def scene(self, text: str) -> None:
        """Begin a part."""
        self.part(Scene(text))

    def tell(self, text: str) -> None:
        """A paragraph."""
        self.part(Text(text))

    def raw(self, lines: Sequence[str]) -> None:
        """Lines as they were found. What cannot be shown is a dot, and a line or a list without end is cut."""
        shown = [_printable(line) for line in lines[:MOST_LINES]]
        left = [f"… {len(lines) - MOST_LINES} more lines"] if len(lines) > MOST_LINES else []
        self.part(Recording((*shown, *left)))

    def figure(self, what: str, value: str) -> None:
        """Something measured in this very run."""
        self.part(Figure(what, value))

    def quoted(self, what: str, value: str, source: str) -> None:
        """A figure that was not measured here, with where it is from."""
        self.part(Quoted(what, value, source))

    def works(self, text: str) -> None:
        """An attempt of the attacker's that worked."""
        self.part(Attempt(text, worked=True))

    def fails(self, text: str) -> None:
        """An attempt of the attacker's that came to nothing."""
        self.part(Attempt(text, worked=False))

    def tried(self, text: str, *, worked: bool) -> None:
        """An attempt of somebody who may."""
        self.part(Attempt(text, worked, harmless=True))

    def table(self, head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        """Columns with a head."""
        self.part(Table(tuple(head), tuple(tuple(row) for row in rows)))

    def remember(self, *points: str) -> None:
        """What to take along."""
        self.part(Remember(points))

    def hides(self, *points: str) -> None:
        """Where this lab is simpler than the world."""
        self.part(Hides(points))

    def part(self, part: Part) -> None:
        """Any part, such as one of a story that was kept."""
        self.parts.append(part)
        self._hear(part)


def _printable(line: str) -> str:
    shown = "".join(char if char.isprintable() else "·" for char in line[:MOST_CHARACTERS])
    return shown if len(line) <= MOST_CHARACTERS else f"{shown}…"
