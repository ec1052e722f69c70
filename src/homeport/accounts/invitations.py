"""Invitations: links with which people make their own account, so and so many times, until a day.

A use is claimed by a conditional update when an account is made, not when the page is opened, so that a look at the
link costs nothing and of two who come by the last use one gets in.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, func, select, update

from homeport.accounts import audit
from homeport.accounts.models import Invitation, InvitationUse, User
from homeport.core.db import db
from homeport.core.errors import Problem
from homeport.core.http import Role, Viewer
from homeport.core.ids import digest, token

MOST_USES, MOST_DAYS = 100, 90
HIGHEST = Role.EDITOR
"""Whom an invitation can make. Another owner is made by hand, of somebody whose account is there to be looked at."""


@dataclass(frozen=True)
class Listed:
    """An invitation as the owner's list shows it, with who made it and who came by it (None: deleted since)."""

    invitation: Invitation
    maker: User | None
    guests: tuple[User, ...]
    state: str


def _usable(at: datetime) -> ColumnElement[bool]:
    return and_(Invitation.revoked_at.is_(None), Invitation.expires_at > at, Invitation.uses < Invitation.most_uses)


def make(role: Role, uses: int, days: int, note: str, *, by: Viewer, now: datetime) -> str:
    """A new invitation; returns its token, which is kept nowhere. Raises Problem for a role above HIGHEST."""
    if role > HIGHEST:
        raise Problem("Nobody becomes an owner by a link.", status=422, code="invalid", hint="Choose another role.")
    value = token()
    facts = {"digest": digest(value), "role": role, "note": note, "most_uses": uses, "created_by_id": by.user_id}
    made = Invitation(**facts, created_at=now, expires_at=now + timedelta(days=days), uses=0)
    db.session.add(made)
    db.session.flush()
    audit.record("invitation_made", by=by, now=now, target=name_of(made.id), role=role.label, uses=str(uses))
    return value


def revoke(invitation: Invitation, *, by: Viewer, now: datetime) -> None:
    """Have an invitation let nobody in any more; also those who have asked by it and not confirmed yet."""
    if invitation.revoked_at is None:
        invitation.revoked_at = now
        audit.record("invitation_revoked", by=by, now=now, target=name_of(invitation.id))


def open_with(value: str, now: datetime) -> Invitation:
    """The invitation of a link. Raises Problem 403 for one that is unknown, used up, revoked or too old."""
    found = db.session.scalar(select(Invitation).where(Invitation.digest == digest(value), _usable(now)))
    if found is None:
        raise _over()
    return found


def claim(invitation_id: int, at: datetime) -> Role:
    """Take one use, and say whom it makes. Raises Problem 403 when none is left. `at`: when the person asked."""
    taken = update(Invitation).where(Invitation.id == invitation_id, _usable(at)).values(uses=Invitation.uses + 1)
    role: Role | None = db.session.scalar(
        taken.returning(Invitation.role), execution_options={"synchronize_session": False}
    )
    if role is None:
        raise _over()
    return role


def _over() -> Problem:
    return Problem(
        "This invitation has been used up or taken back, or is too old.",
        status=403,
        code="wrong_invitation",
        hint="Ask whoever gave it to you for a new one.",
    )


def note_use(invitation_id: int, user: User, now: datetime) -> None:
    """Remember who came by it."""
    db.session.add(InvitationUse(user_id=user.id, invitation_id=invitation_id, used_at=now))


def name_of(invitation_id: int) -> str:
    """How the audit log names an invitation."""
    return f"invitation:{invitation_id}"


def by_id(invitation_id: int) -> Invitation | None:
    """One invitation."""
    return db.session.get(Invitation, invitation_id)


def listed(now: datetime) -> Sequence[Listed]:
    """Every invitation, those that still work first, then the newest."""
    rows = db.session.execute(
        select(Invitation, User).outerjoin(User, User.id == Invitation.created_by_id).order_by(Invitation.id.desc())
    ).all()
    found = [Listed(one, maker, tuple(_guests(one.id)), state_of(one, now)) for one, maker in rows]
    return sorted(found, key=lambda each: each.state != "Open")


def state_of(invitation: Invitation, now: datetime) -> str:
    """A word for what an invitation is good for now."""
    if invitation.revoked_at is not None:
        return "Revoked"
    if invitation.uses >= invitation.most_uses:
        return "Used up"
    return "Expired" if invitation.expires_at <= now else "Open"


def _guests(invitation_id: int) -> Sequence[User]:
    came = select(User).join(InvitationUse, InvitationUse.user_id == User.id)
    return db.session.scalars(came.where(InvitationUse.invitation_id == invitation_id).order_by(User.id)).all()


def came_by(user_id: int) -> tuple[Invitation, User | None] | None:
    """By which invitation somebody came, and who made it; None for who came another way."""
    way = select(Invitation, User).join(InvitationUse, InvitationUse.invitation_id == Invitation.id)
    way = way.outerjoin(User, User.id == Invitation.created_by_id).where(InvitationUse.user_id == user_id)
    row = db.session.execute(way).first()
    return None if row is None else (row[0], row[1])


def guests_of(user_id: int) -> Sequence[User]:
    """Who came by somebody's invitations."""
    came = select(User).join(InvitationUse, InvitationUse.user_id == User.id)
    came = came.join(Invitation, Invitation.id == InvitationUse.invitation_id)
    return db.session.scalars(
        came.where(Invitation.created_by_id == user_id).order_by(func.lower(User.display_name))
    ).all()
