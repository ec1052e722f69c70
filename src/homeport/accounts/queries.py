"""Questions about people, their sessions and attempts."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import ColumnElement, exists, func, select

from homeport.accounts import api_tokens, audit_check, factors, recovery, sessions
from homeport.accounts.models import (
    ApiToken,
    Attempt,
    AuditDetail,
    AuditEvent,
    AuthSession,
    Ceremony,
    Departure,
    KnownDevice,
    OneTimeToken,
    Passkey,
    RecoveryCode,
    Registration,
    Totp,
    User,
)
from homeport.accounts.throttle import CLOCK_SLACK, WINDOW
from homeport.core.config import Config
from homeport.core.db import Base, db
from homeport.core.http import Role

DETAILS_KEPT = timedelta(days=400)
"""How long the audit log keeps addresses, browsers and names: a year, and time to look at it."""


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
    able = (User.role == Role.OWNER, User.suspended_at.is_(None), has_way_in())
    return db.session.scalars(select(User).where(*able).with_for_update()).all()


def owners() -> Sequence[User]:
    """The owners who are not suspended, the first one first: who is told of the place as a whole."""
    rule = (User.role == Role.OWNER, User.suspended_at.is_(None))
    return db.session.scalars(select(User).where(*rule).order_by(User.id)).all()


def has_way_in() -> ColumnElement[bool]:
    """The condition that somebody can log in: with a password, or with a passkey of this blog's present name."""
    here = exists().where(Passkey.user_id == User.id, Passkey.rp_id == factors.rp_id())
    return User.password_hash.is_not(None) | here


def has_second_factor() -> ColumnElement[bool]:
    """The condition that a password alone does not let somebody in (`factors.has_second_factor` of a row)."""
    app = exists().where(Totp.user_id == User.id, Totp.confirmed_at.is_not(None))
    return app | exists().where(Passkey.user_id == User.id, Passkey.rp_id == factors.rp_id())


def editors_without_second_factor() -> Sequence[str]:
    """What the owners and editors are called who have a password alone."""
    them = (User.role.in_([Role.EDITOR, Role.OWNER]), User.suspended_at.is_(None), ~has_second_factor())
    return db.session.scalars(select(User.display_name).where(*them).order_by(User.display_name)).all()


def owners_with_few_codes() -> Sequence[tuple[str, int]]:
    """Owners with a second factor who have hardly any recovery codes, each with how many are left."""
    unused = (RecoveryCode.user_id == User.id, RecoveryCode.used_at.is_(None))
    left = select(func.count()).select_from(RecoveryCode).where(*unused).scalar_subquery()
    them = (User.role == Role.OWNER, User.suspended_at.is_(None), has_second_factor(), left <= recovery.FEW)
    rows = db.session.execute(select(User.display_name, left.label("left")).where(*them).order_by(User.display_name))
    return [(row.display_name, row.left) for row in rows]


def count_idle_accounts() -> tuple[int, int]:
    """How many people have no way to log in yet, and how many are suspended."""
    is_in = User.suspended_at.is_(None)
    sums = (func.count().filter(is_in & ~has_way_in()), func.count().filter(~is_in))
    waiting, suspended = db.session.execute(select(*sums).select_from(User)).one()
    return waiting, suspended


def last_audit_check(config: Config) -> audit_check.Checked | None:
    """What the last look at the audit log came to; None before the first."""
    return audit_check.last(config)


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
        (ApiToken, ApiToken.expires_at <= now - api_tokens.LISTED_AFTER),
        (OneTimeToken, OneTimeToken.expires_at <= now),
        (Ceremony, Ceremony.expires_at <= now),
        (KnownDevice, KnownDevice.expires_at <= now),
        (Registration, Registration.expires_at <= now),
        (AuditDetail, AuditDetail.event_id.in_(select(AuditEvent.id).where(AuditEvent.at <= now - DETAILS_KEPT))),
        (Attempt, (Attempt.at <= now - WINDOW) | (Attempt.at > now + CLOCK_SLACK)),
    )


def count_spent(now: datetime) -> int:
    """How many rows have had their time."""
    counts = (select(func.count()).select_from(table).where(rule) for table, rule in spent(now))
    return sum(db.session.scalar(count) or 0 for count in counts)


def departure_of(user_id: int | None) -> Departure | None:
    """Somebody's wish to leave, if they have one."""
    return db.session.get(Departure, user_id) if user_id is not None else None


def departures_due(now: datetime) -> Sequence[int]:
    """Whose account is to be deleted by now, the longest waiting first."""
    due = select(Departure.user_id).where(Departure.due_at <= now)
    return db.session.scalars(due.order_by(Departure.due_at, Departure.user_id)).all()


def count_departures_due(now: datetime) -> int:
    """How many accounts are to be deleted by now."""
    return db.session.scalar(select(func.count()).select_from(Departure).where(Departure.due_at <= now)) or 0


def heirs(of_id: int) -> Sequence[User]:
    """Who could have the posts of somebody who leaves: writers, by name, but for those who are leaving too."""
    writes = (User.role != Role.READER, User.suspended_at.is_(None), User.id != of_id)
    found = db.session.scalars(select(User).where(*writes, ~exists().where(Departure.user_id == User.id)))
    return sorted(found, key=lambda user: user.display_name.casefold())


def heir(user_id: int | None, of_id: int) -> User | None:
    """One of the heirs, by id."""
    return next((user for user in heirs(of_id) if user.id == user_id), None)


def caretaker(of_id: int) -> int:
    """Who looks after posts that nobody inherits: an owner, the one with the oldest account of those who can log in."""
    able = [user.id for user in able_owners() if user.id != of_id]
    owners = select(User.id).where(User.role == Role.OWNER, User.id != of_id).order_by(User.id)
    return min(able, default=0) or db.session.scalars(owners).first() or 0


def fresh_id() -> int | None:
    """The number of the next account, where the database itself would give that of a deleted one to somebody else.

    SQLite does (https://sqlite.org/autoinc.html), and the audit log goes on naming people by theirs.
    """
    if db.session.get_bind().dialect.name != "sqlite":
        return None
    used = (User.id, AuditEvent.actor_id, AuditEvent.subject_id)
    return 1 + max(db.session.scalar(select(func.max(column))) or 0 for column in used)


def portraits() -> set[str]:
    """The names of the pictures that people show beside their names."""
    return {name for name in db.session.scalars(select(User.picture).where(User.picture.is_not(None))) if name}
