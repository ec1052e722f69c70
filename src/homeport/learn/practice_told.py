"""What a learner's folder tells of their progress, looked at before anything of it is kept."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from homeport.core.errors import Problem
from homeport.core.programs import object_in
from homeport.learn.practice import exercises
from homeport.learn.practice_folder import PROGRESS

MOST_BYTES = 200 * 1000
"""More than forty times what all exercises take."""

AHEAD = timedelta(days=1)
"""How far the clock of somebody's machine may be ahead: more than any time zone that was taken for another."""

EARLIEST = datetime(2020, 1, 1, tzinfo=UTC)

MOST_NAMED = 20
_LONGEST = 80


@dataclass(frozen=True)
class Told:
    """Of the exercises there are: when each was solved, None for a time that can't be true, and how many of its hints
    were seen. `unknown` names others, at most MOST_NAMED; a newer or older program has them.
    """

    done: dict[str, datetime | None]
    hints: dict[str, int]
    unknown: tuple[str, ...]


class ToldProblem(Problem):
    """Something in it is not as `homeport learn` writes it. `field` says where: `done`, `hints`, or a name in them."""

    def __init__(self, field: str, message: str, *, status: int = 422) -> None:
        hint = f"Send the file {PROGRESS} of your folder as it is. Nothing that the blog knew is changed."
        super().__init__(message, status=status, code="bad_progress", hint=hint)
        self.field: str = field


def read(sent: dict[str, Any], now: datetime) -> Told:
    """What was sent, `{"done": {name: time}, "hints": {name: number}}`. Raises ToldProblem for anything else."""
    done, hints = _part(sent, "done"), _part(sent, "hints")
    known = {exercise.name: exercise for exercise in exercises()}
    shown = {name: _count(name, count) for name, count in hints.items() if name in known}
    return Told(
        {name: _moment(name, said, now) for name, said in done.items() if name in known},
        {name: min(count, len(known[name].hints)) for name, count in shown.items()},
        tuple(sorted(map(_plain, {*done, *hints} - known.keys()))[:MOST_NAMED]),
    )


def read_file(content: bytes, now: datetime) -> Told:
    """What the file `progress.json` says. Raises ToldProblem, with 413 for more than MOST_BYTES."""
    if len(content) > MOST_BYTES:
        message = f"This file is larger than {MOST_BYTES // 1000} kB, so it is no {PROGRESS}."
        raise ToldProblem("progress", message, status=413)
    try:
        sent = object_in(content)
    except Problem:
        raise ToldProblem("progress", f"This file is no {PROGRESS}: it holds no JSON object.") from None
    return read(sent, now)


def _part(sent: dict[str, Any], name: str) -> dict[str, Any]:
    found = sent.get(name)
    if not isinstance(found, dict):
        raise ToldProblem(name, f"This is no {PROGRESS}: “{name}” is missing, or no object.")
    return found


def _moment(name: str, said: Any, now: datetime) -> datetime | None:
    """A time with its zone, in UTC: nobody can tell later which zone was meant. None for one
    that can't be true."""
    try:
        at = datetime.fromisoformat(said)
        if at.tzinfo is None:
            raise ValueError("no zone")
        at = at.astimezone(UTC)
    except (ValueError, TypeError, OverflowError):
        raise ToldProblem(name, f"When {name} was solved is no time with its zone, as ISO 8601 writes it.") from None
    # A small computer that has no clock of its own begins in 1970 until it has asked somebody for the time. What it
    # noted then stands in the folder for good, and must not keep everything else from being told.
    return at if EARLIEST <= at <= now + AHEAD else None


def _count(name: str, shown: Any) -> int:
    if type(shown) is not int or shown < 0:
        raise ToldProblem(name, f"How many hints of {name} were seen is no number.")
    return shown


def _plain(name: str) -> str:
    # It is shown on a page and at a terminal, and may hold signs that neither can write.
    return "".join(char if char.isprintable() else "?" for char in name[:_LONGEST])
