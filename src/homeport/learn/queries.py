"""How far people are, in the primer and in the exercises."""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from sqlalchemy import select

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


def exercises_of(user_id: int | None) -> Mapping[str, LearnExercise]:
    """What somebody's folder told, by the exercise's name; empty for who told nothing or is not logged in.

    Of exercises that this program has: another version's are in no page's numbers.
    """
    return {} if user_id is None else exercises_of_each([user_id]).get(user_id, {})


def exercises_of_each(user_ids: Sequence[int]) -> dict[int, dict[str, LearnExercise]]:
    """The same of many people, by their number."""
    names = [exercise.name for exercise in exercises()]
    theirs = select(LearnExercise).where(LearnExercise.user_id.in_(user_ids), LearnExercise.exercise.in_(names))
    found: dict[int, dict[str, LearnExercise]] = {}
    for row in db.session.scalars(theirs):
        found.setdefault(row.user_id, {})[row.exercise] = row
    return found


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
