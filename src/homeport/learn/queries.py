"""How far people are, in the primer and in the exercises."""

from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import func, select

from homeport.core.db import db
from homeport.learn.models import LearnExercise, LearnStep
from homeport.learn.practice import exercises
from homeport.learn.primer import Chapter, chapters


class Progress(NamedTuple):
    """How many of a chapter's steps somebody has done."""

    done: int
    total: int

    @property
    def is_whole(self) -> bool:
        """Whether nothing is left."""
        return self.done == self.total


def steps_of(chapter: Chapter) -> frozenset[str]:
    """The names of what can be done in a chapter."""
    questions = (question_step(question.number) for question in chapter.questions)
    return frozenset((*questions, *map(experiment_step, chapter.names("experiment"))))


def question_step(number: int) -> str:
    """How the answering of a question is filed."""
    return f"question {number}"


def experiment_step(name: str) -> str:
    """How the running of an experiment is filed."""
    return f"experiment {name}"


def done_in(chapter: Chapter, user_id: int | None) -> frozenset[str]:
    """The steps of one chapter that somebody has done; none for who is not logged in."""
    return _done([chapter], user_id).get(chapter.slug, frozenset())


def progress_of(user_id: int | None) -> dict[str, Progress]:
    """How far somebody is, by chapter; empty for who is not logged in."""
    if user_id is None:
        return {}
    done = _done(chapters(), user_id)
    return {one.slug: Progress(len(done.get(one.slug, ())), len(steps_of(one))) for one in chapters()}


class ExercisesDone(NamedTuple):
    """How many exercises somebody has solved, and when the last one, by the clock of their machine."""

    done: int
    last: datetime | None


def exercises_of(user_id: int | None) -> dict[str, LearnExercise]:
    """What somebody's folder told, by the exercise's name; empty for who told nothing or is not logged in.

    Of exercises that this program has: another version's are in no page's numbers.
    """
    mine = select(LearnExercise).where(LearnExercise.user_id == user_id, LearnExercise.exercise.in_(_names()))
    return {row.exercise: row for row in db.session.scalars(mine)}


def exercises_done() -> dict[int, ExercisesDone]:
    """Everybody who has solved an exercise that this program has, by their number."""
    done = select(LearnExercise.user_id, func.count(), func.max(LearnExercise.done_at))
    done = done.where(LearnExercise.done_at.is_not(None), LearnExercise.exercise.in_(_names()))
    rows = db.session.execute(done.group_by(LearnExercise.user_id)).all()
    return {user_id: ExercisesDone(count, last) for user_id, count, last in rows}


def _names() -> list[str]:
    return [exercise.name for exercise in exercises()]


def _done(among: Iterable[Chapter], user_id: int | None) -> dict[str, frozenset[str]]:
    # A chapter that was rewritten since has fewer steps than somebody may have done in it.
    known = {chapter.slug: steps_of(chapter) for chapter in among}
    if user_id is None:
        return {}
    columns = select(LearnStep.chapter, LearnStep.step)
    rows = db.session.execute(columns.where(LearnStep.user_id == user_id, LearnStep.done_at.is_not(None))).all()
    found: dict[str, set[str]] = {}
    for chapter, step in rows:
        if step in known.get(chapter, ()):
            found.setdefault(chapter, set()).add(step)
    return {chapter: frozenset(steps) for chapter, steps in found.items()}
