"""A learner's folder, and what is written into it."""

from pathlib import Path

from homeport.learn.practice import Exercise, exercises, find
from homeport.learn.practice_folder import Folder
from homeport.learn.practice_run import SECONDS, Outcome, check

GREETING = find("a-greeting")
PLURAL = find("one-or-many")


def tried(folder: Path, exercise: Exercise, text: str, seconds: float = SECONDS) -> Outcome:
    """Check an exercise with this text in the learner's file."""
    place = folder / exercise.file_name
    place.write_text(text, encoding="utf-8")
    return check(place, exercise.check, seconds)


def solve(folder: Folder, *names: str) -> None:
    """Write the reference solutions of some exercises, or of all, into the learner's files."""
    for exercise in [find(name) for name in names] or exercises():
        folder.open(exercise).write_text(exercise.solution, encoding="utf-8")
