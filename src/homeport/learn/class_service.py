"""What a teacher does with a class: invite it, look who is in it, let it end."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete

from homeport.accounts import queries as people
from homeport.accounts import service as accounts
from homeport.accounts.models import PostsFate, User
from homeport.core import site
from homeport.core.db import db
from homeport.core.errors import Problem
from homeport.core.http import Role, Viewer
from homeport.core.site import Site
from homeport.learn import class_queries
from homeport.learn.class_list import Entry, Fault
from homeport.learn.models import LearnExercise, LearnPupil, LearnStep

HIGHEST = Role.AUTHOR
"""Whom a class takes: who looks after other people's texts is no pupil, and must not be deleted at a term's end."""


@dataclass(frozen=True)
class Invited:
    """Somebody who was taken into the class. `token` opens their account, once, within `hours`; "" for somebody who
    was here already."""

    user: User
    token: str = ""
    hours: int = 0


def invite(entries: Sequence[Entry], role: Role, *, by: Viewer, settings: Site, now: datetime) -> list[Invited]:
    """Take everybody on a list into the class, those without an account with one of that role.

    Raises Problem 422 for a role above HIGHEST.
    """
    if role > HIGHEST:
        raise Problem("A class is made of authors or readers.", status=422, code="invalid")
    return [_invite(entry, role, by, settings, now) for entry in entries]


def _invite(entry: Entry, role: Role, by: Viewer, settings: Site, now: datetime) -> Invited:
    user = people.by_email(entry.email)
    is_new = user is None
    if user is None:
        user = accounts.add(
            name=entry.name, email=entry.email, role=role, by=by, now=now, password=None, settings=settings
        )
    place = class_queries.known(user.id)
    if place is None:
        db.session.add(LearnPupil(user_id=user.id, joined_at=now, came_for_it=is_new))
    elif place.left_at is not None:
        place.joined_at, place.left_at = now, None
    db.session.flush()
    return new_link(user, by=by, now=now) if is_new else Invited(user)


def unfit(entries: Sequence[Entry]) -> list[Fault]:
    """A fault for each on a list who has an account already that can't be a pupil's."""
    faults = []
    for entry in entries:
        user = people.by_email(entry.email)
        if user is not None and user.role > HIGHEST:
            sentence = f"{entry.email} is the account of an {user.role.label}; a class takes authors and readers."
            faults.append(Fault(entry.line, sentence))
        elif user is not None and user.suspended_at is not None:
            faults.append(Fault(entry.line, f"{entry.email} is suspended; readmit them on the page People first."))
    return faults


def new_link(user: User, *, by: Viewer, now: datetime) -> Invited:
    """A link with which somebody chooses a password; an older one stops working."""
    link = accounts.issue_link(user, by=by, now=now)
    return Invited(user, link.token, link.hours)


def take_out(user: User, *, now: datetime) -> None:
    """Have somebody belong to the class no longer; account, texts and progress stay. Raises Problem 409 for somebody
    whose account is going to be deleted."""
    _refuse_while_leaving(user in class_queries.dismissed())
    place = class_queries.pupil(user.id)
    if place is not None:
        place.left_at = now


def _refuse_while_leaving(is_leaving: bool) -> None:
    if is_leaving:
        raise Problem(
            "Accounts of the class are going to be deleted, and this would not stop it.",
            status=409,
            code="class_leaves",
            hint="On the page of the class, keep them first.",
        )


def set_room(*, is_open: bool, by: Viewer, now: datetime) -> None:
    """Open the class room or close it; nothing happens where it is so already."""
    wanted = "open" if is_open else "closed"
    if site.site().class_room != wanted:
        site.change(class_room=wanted)
        accounts.record("settings_changed", by=by, now=now, target="class_room")


def going() -> list[User]:
    """Whose account was made for the class, and goes when it leaves; not who is leaving already."""
    everyone = class_queries.everybody()
    fit = [user for place, user in everyone if place.came_for_it and user.role <= HIGHEST]
    return [user for user in fit if people.departure_of(user.id) is None]


def dismiss(*, by: Viewer, now: datetime) -> int:
    """Have the accounts that were made for the class deleted, with what was written by them, when the grace of every
    deletion is over (`keep_all` takes it back until then). Others leave the class with all that is theirs.

    Returns how many accounts go.
    """
    leaving = going()
    for place, user in class_queries.everybody():
        if user in leaving:
            accounts.ask_to_leave(user, PostsFate.DELETE, None, by=by, now=now)
            place.dismissed_at = now
        elif people.departure_of(user.id) is None:
            place.left_at = now
    return len(leaving)


def keep_all(*, by: Viewer, now: datetime) -> int:
    """Take back what `dismiss` began; who wished to leave by themselves still does. Returns for how many."""
    kept = 0
    for user in class_queries.dismissed():
        kept += accounts.cancel_leaving(user, by=by, now=now)
        place = class_queries.pupil(user.id)
        if place is not None:
            place.dismissed_at = None
    return kept


def begin_anew() -> int:
    """Forget how far everybody in the class is; returns of how many people. Raises Problem 409 while it leaves."""
    _refuse_while_leaving(bool(class_queries.dismissed()))
    ids = [user.id for _pupil, user in class_queries.everybody()]
    forget_progress(ids)
    return len(ids)


def forget_progress(user_ids: Sequence[int]) -> None:
    """Forget how far people are in chapters and exercises."""
    for table in (LearnStep, LearnExercise):
        db.session.execute(delete(table).where(table.user_id.in_(user_ids)))


def part(*, now: datetime) -> None:
    """Have the class be over, and everybody keep account and progress. Raises Problem 409 while it leaves."""
    _refuse_while_leaving(bool(class_queries.dismissed()))
    for place, _user in class_queries.everybody():
        place.left_at = now
