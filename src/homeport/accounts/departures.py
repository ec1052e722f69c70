"""Leaving for good: asked for, taken back within a week, and then carried out by a job.

The account goes in one transaction: what the database's own rules don't take along, the receivers of `account_deleted`
do. Afterwards nothing here names the person but a number in the audit log, and one last mail until it is sent.
"""

from datetime import datetime, timedelta

from sqlalchemy import delete, update

from homeport.accounts import audit, departure_mails, owners, queries, throttle
from homeport.accounts.models import Departure, Invitation, PostsFate, Registration, User
from homeport.core import events
from homeport.core.db import db
from homeport.core.errors import Problem
from homeport.core.http import SYSTEM, Viewer
from homeport.jobs import service as jobs

GRACE = timedelta(days=7)
BACKUPS = timedelta(days=30)
"""How long copies of the blog are kept, as people are told; docs/running.md asks it of whoever makes them."""


def ask(user: User, posts: PostsFate, heir_id: int | None, *, by: Viewer, now: datetime) -> None:
    """Have an account deleted after the grace; nothing changes where that was asked for before.

    Raises Problem for the last owner, and where the posts are to go to somebody who cannot have them.
    """
    owners.keep_one(user)
    if db.session.get(Departure, user.id) is not None:
        return
    heir = queries.heir(heir_id, user.id) if posts is PostsFate.HAND_OVER else None
    if posts is PostsFate.HAND_OVER and heir is None:
        raise Problem("Choose who is to have your posts.", status=422, code="no_heir")
    departure = Departure(user_id=user.id, asked_at=now, due_at=now + GRACE, posts=posts)
    departure.heir_id = heir.id if heir else None
    db.session.add(departure)
    audit.record("departure_asked", by=by, now=now, subject=user.id, posts=posts)
    departure_mails.asked(user, departure, heir, by, now)


def cancel(user: User, *, by: Viewer, now: datetime) -> bool:
    """Keep an account after all; False where nobody had asked for it to be deleted."""
    if not _take_back(user.id):
        return False
    audit.record("departure_cancelled", by=by, now=now, subject=user.id)
    departure_mails.cancelled(user, by, now)
    return True


def cancel_later(user: User, since: datetime, *, by: Viewer, now: datetime) -> None:
    """Keep an account whose deletion was asked for at or after `since`, when it was in other hands."""
    found = db.session.get(Departure, user.id)
    if found is not None and found.asked_at >= since:
        cancel(user, by=by, now=now)


def carry_out(user_id: int, now: datetime) -> bool:
    """Delete an account whose time has come; False where it is not due, was kept, or is gone already.

    The last owner stays, and is told: all others have left meanwhile.
    """
    claim = delete(Departure).where(Departure.user_id == user_id, Departure.due_at <= now)
    row = db.session.execute(claim.returning(Departure.posts, Departure.heir_id)).first()
    user = queries.by_id(user_id)
    if row is None or user is None:
        return False
    try:
        owners.keep_one(user)
    except Problem:
        audit.record("departure_cancelled", by=SYSTEM, now=now, subject=user_id, why="the last owner")
        departure_mails.stays(user, now)
        return False
    delete_account(user, PostsFate(row.posts), row.heir_id, by=SYSTEM, now=now)
    return True


def delete_account(user: User, posts: PostsFate, heir_id: int | None, *, by: Viewer, now: datetime) -> None:
    """Delete an account now, with everything that names its owner. Raises Problem for the last owner.

    Posts go to `heir_id`, or, where nobody is left who could have them, stay without a name in an owner's care.
    """
    owners.keep_one(user)
    if posts is PostsFate.HAND_OVER and queries.heir(heir_id, user.id) is None:
        posts = PostsFate.KEEP
    if posts is PostsFate.KEEP:
        heir_id = queries.caretaker(user.id)
    user_id, email = user.id, user.email
    events.account_deleted.send(user=user, posts=posts, heir_id=None if posts is PostsFate.DELETE else heir_id, now=now)
    db.session.flush()
    _forget(user_id, email, now)
    departure_mails.gone(email, now)
    db.session.delete(user)
    db.session.flush()
    audit.record("account_deleted", by=by, now=now, subject=user_id)


def _forget(user_id: int, email: str, now: datetime) -> None:
    audit.forget(user_id, email)
    throttle.forget_account(email)
    jobs.forget_recipient(email)
    db.session.execute(delete(Registration).where(Registration.email == email))
    theirs = update(Invitation).where(Invitation.created_by_id == user_id)
    db.session.execute(theirs.values(note=""))
    db.session.execute(theirs.where(Invitation.revoked_at.is_(None)).values(revoked_at=now))


def _take_back(user_id: int) -> bool:
    gone = delete(Departure).where(Departure.user_id == user_id).returning(Departure.user_id)
    return db.session.scalar(gone) is not None
