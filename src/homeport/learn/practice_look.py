"""A look at the program itself: the source of a thing, read from the program that runs."""

import inspect
import pkgutil
import textwrap
from dataclasses import dataclass
from pathlib import Path

MOST_LINES = 30
_PACKAGES = Path(__file__).parents[2]


@dataclass(frozen=True)
class Place:
    """Where something stands, its first lines, and how many lines were left out."""

    file: str
    line: int
    source: str
    left_out: int


def look(symbol: str) -> Place:
    """The source of `package.module:name`. Raises ImportError or AttributeError where there is no such thing."""
    found = pkgutil.resolve_name(symbol)
    found = getattr(found, "fget", found)  # a property's function
    lines, first = inspect.getsourcelines(found)
    path = Path(inspect.getsourcefile(inspect.unwrap(found)) or "")
    shown = textwrap.dedent("".join(lines[:MOST_LINES])).rstrip()
    return Place(path.relative_to(_PACKAGES).as_posix(), first, shown, max(0, len(lines) - MOST_LINES))
