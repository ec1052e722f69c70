"""What was found where somebody looked after the place: one row for each thing.

A row says how it stands by a word and a shape, what that means in one sentence, and what mends it: a page, or something
to type.
"""

from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from typing import NamedTuple


class Mark(StrEnum):
    """How something stands."""

    GOOD = "Good"
    LOOK = "Look"
    MEND = "Mend"


class Way(NamedTuple):
    """A page that mends something: what its link says, and its address."""

    label: str
    path: str


@dataclass(frozen=True)
class Row:
    """One line of the page. `type_this` is for the console."""

    mark: Mark
    title: str
    meaning: str
    way: Way | None = None
    type_this: str = ""


good, look, mend = partial(Row, Mark.GOOD), partial(Row, Mark.LOOK), partial(Row, Mark.MEND)
