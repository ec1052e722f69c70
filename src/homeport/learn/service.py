"""Keeping how far somebody is."""

from datetime import datetime

from sqlalchemy import delete

from homeport.accounts.models import User
from homeport.core.db import db
from homeport.core.http import Viewer
from homeport.learn import queries
from homeport.learn.models import LearnExercise, LearnStep
from homeport.learn.practice_told import Told
from homeport.learn.primer import Chapter


def note_step(chapter: Chapter, step: str, *, done: bool, by: Viewer, now: datetime) -> None:
    """Keep that somebody tried a step, and whether it went right; nothing is kept of who is not logged in."""
    if by.user_id is None:
        return
    key = {"user_id": by.user_id, "chapter": chapter.slug, "step": step}
    row = db.session.get(LearnStep, key)
    if row is None:
        row = LearnStep(**key, tries=0)
        db.session.add(row)
    row.tries += 1
    if done and row.done_at is None:
        row.done_at = now


def note_exercises(told: Told, *, by: Viewer, now: datetime) -> None:
    """Keep how far somebody's folder says that they are; what it said before and says no more is forgotten. Of what it
    can't say when, it is kept when it was heard of first."""
    if by.user_id is None:
        return
    # On PostgreSQL two folders of one person could tell at once: one after the other, and the last one counts.
    db.session.get(User, by.user_id, with_for_update=True)
    names = told.done.keys() | told.hints.keys()
    gone = LearnExercise.user_id == by.user_id, LearnExercise.exercise.not_in(names)
    db.session.execute(delete(LearnExercise).where(*gone))
    known = queries.exercises_of(by.user_id)
    for name in names:
        row = known.get(name)
        if row is None:
            row = LearnExercise(user_id=by.user_id, exercise=name)
            db.session.add(row)
        row.hints = told.hints.get(name, 0)
        row.done_at = told.done[name] or row.done_at or now if name in told.done else None
