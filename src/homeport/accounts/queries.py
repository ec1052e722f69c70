"""Questions about people, their sessions and attempts."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import ColumnElement, exists, func, select

from homeport.accounts import factors, sessions
from homeport.accounts.models import (
    Attempt,
    AuditDetail,
    AuditEvent,
    AuthSession,
    Ceremony,
    KnownDevice,
    OneTimeToken,
    Passkey,
    Registration,
    User,
)
from homeport.accounts.throttle import CLOCK_SLACK, WINDOW
from homeport.core.db import Base, db
from homeport.core.http import Role


def by_id(user_id: int | None) -> User | None:
    """Somebody by their id."""
    return db.session.get(User, user_id) if user_id is not None else None


def by_email(email: str) -> User | None:
    """Somebody by their e-mail address, however it is capitalised."""
    return db.session.scalar(select(User).where(User.email == email.strip().lower()))


def by_handle(handle: str) -> User | None:
    """Somebody by the name in their page's address."""
    return db.session.scalar(select(User).where(User.handle == handle))


def owner_exists() -> bool:
    """Whether the blog has been set up."""
    return bool(db.session.scalar(select(exists().where(User.role == Role.OWNER))))


def people() -> Sequence[User]:
    """Everybody: the owner first, then by role and name."""
    return sorted(db.session.scalars(select(User)), key=lambda user: (-user.role, user.display_name.casefold()))


def able_owners() -> Sequence[User]:
    """The owners who can log in, locked until the end of the transaction (PostgreSQL) so that one stays."""
    has_passkey = exists().where(Passkey.user_id == User.id, Passkey.rp_id == factors.rp_id())
    able = (User.role == Role.OWNER, User.suspended_at.is_(None), User.password_hash.is_not(None) | has_passkey)
    return db.session.scalars(select(User).where(*able).with_for_update()).all()


def sessions_of(user_id: int, now: datetime) -> Sequence[AuthSession]:
    """Somebody's living sessions, the last used first."""
    mine = select(AuthSession).where(AuthSession.user_id == user_id, sessions.alive(now))
    return db.session.scalars(mine.order_by(AuthSession.last_seen_at.desc(), AuthSession.handle)).all()


class Told(NamedTuple):
    """An event as its owner is told of it: when, the action's name in `audit.ACTIONS`, and what else is known."""

    at: datetime
    action: str
    facts: dict[str, str]


def events_of(user_id: int, limit: int) -> Sequence[Told]:
    """The newest events about somebody's account, whoever caused them."""
    newest = select(AuditEvent.at, AuditEvent.action, AuditDetail.facts).outerjoin(
        AuditDetail, AuditDetail.event_id == AuditEvent.id
    )
    theirs = newest.where(AuditEvent.subject_id == user_id).order_by(AuditEvent.id.desc()).limit(limit)
    return [Told(at, action, facts or {}) for at, action, facts in db.session.execute(theirs)]


def spent(now: datetime) -> Sequence[tuple[type[Base], ColumnElement[bool]]]:
    """What has had its time: each table with the condition on its rows."""
    return (
        (AuthSession, sessions.over(now)),
        (OneTimeToken, OneTimeToken.expires_at <= now),
        (Ceremony, Ceremony.expires_at <= now),
        (KnownDevice, KnownDevice.expires_at <= now),
        (Registration, Registration.expires_at <= now),
        (Attempt, (Attempt.at <= now - WINDOW) | (Attempt.at > now + CLOCK_SLACK)),
    )


def count_spent(now: datetime) -> int:
    """How many rows have had their time."""
    counts = (select(func.count()).select_from(table).where(rule) for table, rule in spent(now))
    return sum(db.session.scalar(count) or 0 for count in counts)
