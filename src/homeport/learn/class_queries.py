"""Who is in the class, and how far everybody is: in which chapter, at which exercise, and when they did something."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select

from homeport.accounts import queries as people
from homeport.accounts.models import Departure, User
from homeport.core.db import db
from homeport.learn import primer, queries
from homeport.learn.models import LearnExercise, LearnPupil, LearnStep
from homeport.learn.practice import Exercise, exercises
from homeport.learn.primer import Chapter
from homeport.learn.queries import Progress, steps_of


@dataclass(frozen=True)
class Pupil:
    """How far somebody is.

    `chapters`: how much of each is done, by slug, in the primer's order. `exercises`: when which was
    solved, by name.
    """

    user: User
    is_here: bool
    """Whether they can log in: a password was chosen, or a passkey made."""
    leaves_at: datetime | None
    chapters: Mapping[str, Progress]
    exercises: Mapping[str, datetime]
    chapter: Chapter | None
    """Where they did something last; None before the first step."""
    last_at: datetime | None

    @property
    def whole_chapters(self) -> int:
        """How many chapters they are done with."""
        return sum(progress.is_whole for progress in self.chapters.values())

    @property
    def exercise(self) -> Exercise | None:
        """The first exercise that is not solved; None where all are."""
        return next((one for one in exercises() if one.name not in self.exercises), None)


def pupil(user_id: int) -> LearnPupil | None:
    """Somebody's place in the class; None for who is not in it."""
    return db.session.get(LearnPupil, user_id)


def everybody() -> list[tuple[LearnPupil, User]]:
    """Who is in the class, by name."""
    rows = select(LearnPupil, User).join(User, User.id == LearnPupil.user_id)
    found = db.session.execute(rows.order_by(func.lower(User.display_name), User.id)).all()
    return [(row[0], row[1]) for row in found]


def waiting() -> list[User]:
    """Who is in the class, may come, and has not been here yet."""
    users = [user for _pupil, user in everybody() if user.suspended_at is None]
    here = _here([user.id for user in users])
    return [user for user in users if user.id not in here]


def whole_class() -> list[Pupil]:
    """How far everybody in the class is, by name."""
    return _pupils([user for _pupil, user in everybody()])


def one(user: User) -> Pupil:
    """How far somebody is, in the class or not."""
    return _pupils([user])[0]


def _pupils(users: Sequence[User]) -> list[Pupil]:
    ids = [user.id for user in users]
    here, leaving = _here(ids), _leaving(ids)
    steps, told = _steps(ids), queries.exercises_of_each(ids)
    return [
        _pupil(user, user.id in here, leaving.get(user.id), steps.get(user.id, []), told.get(user.id, {}))
        for user in users
    ]


_Step = tuple[str, str, datetime]


def _pupil(
    user: User,
    is_here: bool,
    leaves_at: datetime | None,
    steps: Sequence[_Step],
    told: Mapping[str, LearnExercise],
) -> Pupil:
    done: dict[str, set[str]] = {}
    for slug, step, _at in steps:
        done.setdefault(slug, set()).add(step)
    chapters = {
        chapter.slug: Progress(len(done.get(chapter.slug, set()) & steps_of(chapter)), len(steps_of(chapter)))
        for chapter in primer.chapters()
    }
    last = max(steps, key=lambda step: step[2], default=None)
    moments = [last[2]] if last else []
    solved = {name: row.done_at for name, row in told.items() if row.done_at is not None}
    moments += solved.values()
    chapter = primer.chapter(last[0]) if last else None
    return Pupil(user, is_here, leaves_at, chapters, solved, chapter, max(moments, default=None))


def _here(ids: Sequence[int]) -> set[int]:
    return set(db.session.scalars(select(User.id).where(User.id.in_(ids), people.has_way_in())))


def _leaving(ids: Sequence[int]) -> dict[int, datetime]:
    rows = db.session.execute(select(Departure.user_id, Departure.due_at).where(Departure.user_id.in_(ids)))
    return {row[0]: row[1] for row in rows}


def _steps(ids: Sequence[int]) -> dict[int, list[_Step]]:
    known = {chapter.slug for chapter in primer.chapters()}
    columns = select(LearnStep.user_id, LearnStep.chapter, LearnStep.step, LearnStep.done_at)
    found: dict[int, list[_Step]] = {}
    for user_id, chapter, step, at in db.session.execute(
        columns.where(LearnStep.user_id.in_(ids), LearnStep.done_at.is_not(None))
    ):
        if chapter in known and at is not None:
            found.setdefault(user_id, []).append((chapter, step, at))
    return found
