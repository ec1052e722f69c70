"""What a teacher does with a class: invite it, look who is in it, let it end."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, update

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
    """Somebody on a list, who is in the class now. `token` opens their account, once, within `hours`; "" for somebody
    who had an account. `is_new_here`: they were not in the class before."""

    user: User
    is_new_here: bool
    token: str = ""
    hours: int = 0


def invite(entries: Sequence[Entry], role: Role, *, by: Viewer, settings: Site, now: datetime) -> list[Invited]:
    """Take everybody on a list into the class, those without an account with one of that role.

    Raises Problem 422 for a role above HIGHEST.
    """
    if role > HIGHEST:
        raise Problem("A class is made of authors or readers.", status=422, code="invalid")
    accounts.take_turns_at_making_accounts()  # who is looked up here must not be made by somebody else meanwhile
    return [_invite(entry, role, by, settings, now) for entry in entries]


def _invite(entry: Entry, role: Role, by: Viewer, settings: Site, now: datetime) -> Invited:
    user = people.by_email(entry.email)
    is_new = user is None
    if user is None:
        user = accounts.add(
            name=entry.name, email=entry.email, role=role, by=by, now=now, password=None, settings=settings
        )
    place = class_queries.membership(user.id)
    is_new_here = place is None or place.left_at is not None
    if place is None:
        db.session.add(LearnPupil(user_id=user.id, joined_at=now, came_for_it=is_new))
    elif is_new_here:
        place.joined_at, place.left_at, place.dismissed_at = now, None, None
        place.came_for_it = False  # they had their account without a class, and may have come to need it
    db.session.flush()
    return new_link(user, by=by, now=now) if is_new else Invited(user, is_new_here)


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
    return Invited(user, True, link.token, link.hours)


def take_out(user: User, *, now: datetime) -> None:
    """Have somebody belong to the class no longer; account, texts and progress stay. Raises Problem 409 for somebody
    whose account is going to be deleted."""
    _refuse_while_leaving(user in class_queries.dismissed())
    place = class_queries.current_membership(user.id)
    if place is not None:
        place.left_at = now


def _refuse_while_leaving(is_leaving: bool) -> None:
    if is_leaving:
        raise Problem(
            "Accounts of the class are going to be deleted already.",
            status=409,
            code="class_leaves",
            hint="If something else is to become of them, keep them first, on the page of the class.",
        )


def set_room(*, is_open: bool, by: Viewer, now: datetime) -> None:
    """Open the class room or close it; nothing happens where it is so already."""
    wanted = "open" if is_open else "closed"
    if site.site().class_room != wanted:
        site.change(class_room=wanted)
        accounts.record("settings_changed", by=by, now=now, target="class_room")


def accounts_to_delete() -> list[User]:
    """Whose account was made for the class, and goes when it leaves; not who is leaving already, or chose to stay when
    it was to go before."""
    everyone = class_queries.everybody()
    leaving = class_queries.departures([user.id for _place, user in everyone])
    made = [user for place, user in everyone if place.came_for_it and place.dismissed_at is None]
    return [user for user in made if user.role <= HIGHEST and user.id not in leaving]


def dismiss(*, by: Viewer, now: datetime) -> int:
    """Have the accounts that were made for the class deleted, with what was written by them, when the grace of every
    deletion is over (`keep_all` takes it back until then). Others leave the class with all that is theirs.

    Returns how many accounts go. Raises Problem 409 while it leaves.
    """
    _refuse_while_leaving(bool(class_queries.dismissed()))
    gone, everyone = accounts_to_delete(), class_queries.everybody()
    leaving = class_queries.departures([user.id for _place, user in everyone])
    for place, user in everyone:
        if user in gone:
            accounts.ask_to_leave(user, PostsFate.DELETE, None, by=by, now=now)
            place.dismissed_at = now
        elif user.id not in leaving:
            place.left_at = now
    return len(gone)


def keep_all(*, by: Viewer, now: datetime) -> int:
    """Take back what `dismiss` did, also for who left the class by it; who wished to leave by themselves still does.
    Returns how many accounts stay."""
    kept = 0
    for user in class_queries.dismissed():
        kept += accounts.cancel_leaving(user, by=by, now=now)
        place = db.session.get_one(LearnPupil, user.id)
        left_with_them = update(LearnPupil).where(LearnPupil.left_at == place.dismissed_at)
        db.session.execute(left_with_them.values(left_at=None))
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


def dissolve(*, now: datetime) -> None:
    """Have the class be over, and everybody keep account and progress. Raises Problem 409 while it leaves."""
    _refuse_while_leaving(bool(class_queries.dismissed()))
    for place, _user in class_queries.everybody():
        place.left_at = now
