"""Who is in the class, and how far everybody is: in which chapter, at which exercise, and when they did something."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypedDict

from sqlalchemy import func, select

from homeport.accounts import queries as people
from homeport.accounts.models import Departure, User
from homeport.core.db import db
from homeport.core.http import Viewer
from homeport.learn import classroom, primer, queries
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
    """When the account is deleted: by the teacher's wish (`is_dismissed`) or their own."""
    is_dismissed: bool
    chapters: Mapping[str, Progress]
    exercises: Mapping[str, datetime]
    chapter: Chapter | None
    """Where they did something last; None before the first step."""
    last_at: datetime | None

    @property
    def is_awaited(self) -> bool:
        """Whether a new link would be of use: they may come, and have not been here yet."""
        return not self.is_here and self.leaves_at is None and self.user.suspended_at is None

    @property
    def whole_chapters(self) -> int:
        """How many chapters they are done with."""
        return sum(progress.is_whole for progress in self.chapters.values())

    @property
    def exercise(self) -> Exercise | None:
        """The first exercise that is not solved; None where all are."""
        return next((one for one in exercises() if one.name not in self.exercises), None)


def current_membership(user_id: int) -> LearnPupil | None:
    """Somebody's place in the class; None for who is not in it (any more)."""
    found = membership(user_id)
    return found if found is not None and found.left_at is None else None


def membership(user_id: int) -> LearnPupil | None:
    """Somebody's place in the class, also from before; None for who never was in it."""
    return db.session.get(LearnPupil, user_id)


def may_break_things(who: Viewer) -> bool:
    """Whether somebody is in the class, while its room is open: then what disturbs others for a moment is a lesson."""
    return who.user_id is not None and classroom.is_open() and current_membership(who.user_id) is not None


def everybody() -> list[tuple[LearnPupil, User]]:
    """Who is in the class, by name."""
    rows = select(LearnPupil, User).join(User, User.id == LearnPupil.user_id)
    rows = rows.where(LearnPupil.left_at.is_(None))
    found = db.session.execute(rows.order_by(func.lower(User.display_name), User.id)).all()
    return [(row[0], row[1]) for row in found]


def departures(ids: Sequence[int]) -> dict[int, Departure]:
    """Of these people, whose account is going to be deleted."""
    rows = db.session.scalars(select(Departure).where(Departure.user_id.in_(ids)))
    return {row.user_id: row for row in rows}


def dismissed() -> list[User]:
    """Whose account is going to be deleted by the teacher's wish, by name; not who wished it themselves or stayed."""
    everyone = everybody()
    leaving = departures([user.id for _place, user in everyone])
    return [user for place, user in everyone if _is_dismissed(place, leaving.get(user.id))]


def _is_dismissed(place: LearnPupil | None, departure: Departure | None) -> bool:
    # Somebody may have kept their account then, and wish to leave now.
    return place is not None and departure is not None and departure.asked_at == place.dismissed_at


def whole_class() -> list[Pupil]:
    """How far everybody in the class is, by name."""
    everyone = everybody()
    return _pupils([user for _place, user in everyone], {user.id: place for place, user in everyone})


def one(user: User) -> Pupil:
    """How far somebody is, in the class or not."""
    place = current_membership(user.id)
    return _pupils([user], {user.id: place} if place is not None else {})[0]


def _pupils(users: Sequence[User], places: Mapping[int, LearnPupil]) -> list[Pupil]:
    ids = [user.id for user in users]
    here, leaving = _here(ids), departures(ids)
    steps, told = _steps(ids), queries.exercises_of_each(ids)
    return [
        Pupil(
            user=user,
            is_here=user.id in here,
            leaves_at=leaving[user.id].due_at if user.id in leaving else None,
            is_dismissed=_is_dismissed(places.get(user.id), leaving.get(user.id)),
            **_how_far(steps.get(user.id, []), told.get(user.id, {})),
        )
        for user in users
    ]


_Step = tuple[str, str, datetime]


class _HowFar(TypedDict):
    chapters: Mapping[str, Progress]
    exercises: Mapping[str, datetime]
    chapter: Chapter | None
    last_at: datetime | None


def _how_far(steps: Sequence[_Step], told: Mapping[str, LearnExercise]) -> _HowFar:
    done: dict[str, set[str]] = {}
    for slug, step, _at in steps:
        done.setdefault(slug, set()).add(step)
    chapters = {
        chapter.slug: Progress(len(done.get(chapter.slug, set()) & steps_of(chapter)), len(steps_of(chapter)))
        for chapter in primer.chapters()
    }
    last = max(steps, key=lambda step: step[2], default=None)
    solved = {name: row.done_at for name, row in told.items() if row.done_at is not None}
    last_at = max([*([last[2]] if last else []), *solved.values()], default=None)
    return {
        "chapters": chapters,
        "exercises": solved,
        "chapter": primer.chapter(last[0]) if last else None,
        "last_at": last_at,
    }


def _here(ids: Sequence[int]) -> set[int]:
    return set(db.session.scalars(select(User.id).where(User.id.in_(ids), people.has_way_in())))


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
