"""Sessions: who is logged in where. The cookie holds 32 random bytes, the table only their SHA-256."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Update, and_, delete, or_, select, update

from homeport.accounts.models import AuthSession, User
from homeport.core.db import db
from homeport.core.ids import digest, handle, token

IDLE = timedelta(days=14)
ABSOLUTE = timedelta(days=60)
SEEN_EVERY = timedelta(minutes=1)


@dataclass(frozen=True)
class Device:
    """Where a session was begun: by what means, from which address, with which browser (its User-Agent).

    `digest` is that of the known device's cookie, if there is one.
    """

    means: str
    address: str
    browser: str
    digest: str | None = None


def begin(user: User, device: Device, now: datetime) -> str:
    """Log somebody in, by a new id whatever came before; returns the cookie's value, which is kept nowhere."""
    value = token()
    db.session.add(
        AuthSession(
            digest=digest(value),
            handle=handle(),
            user_id=user.id,
            created_at=now,
            last_seen_at=now,
            authenticated_at=now,
            means=device.means,
            address=device.address[:64],
            browser=device.browser[:200],
            expires_at=now + ABSOLUTE,
            device_digest=device.digest,
        )
    )
    return value


def alive(now: datetime) -> ColumnElement[bool]:
    """The condition that a session has neither expired nor lain idle for too long."""
    return and_(AuthSession.expires_at > now, AuthSession.last_seen_at > now - IDLE)


def over(now: datetime) -> ColumnElement[bool]:
    """The opposite of `alive`."""
    return or_(AuthSession.expires_at <= now, AuthSession.last_seen_at <= now - IDLE)


def find(value: str, now: datetime) -> AuthSession | None:
    """The living session of a cookie, with its user; None also where the user is suspended."""
    found = select(AuthSession).join(AuthSession.user).where(AuthSession.digest == digest(value), alive(now))
    return db.session.scalar(found.where(User.suspended_at.is_(None)))


def end(value: str) -> None:
    """End the session of a cookie."""
    db.session.execute(delete(AuthSession).where(AuthSession.digest == digest(value)))


def end_one(user_id: int, session_handle: str) -> bool:
    """End one of somebody's sessions; False when they have none of that handle."""
    mine = (AuthSession.user_id == user_id, AuthSession.handle == session_handle)
    return db.session.scalar(delete(AuthSession).where(*mine).returning(AuthSession.handle)) is not None


def end_all(user_id: int, keep: str = "") -> None:
    """End all of somebody's sessions, but for the one of the cookie `keep`."""
    db.session.execute(delete(AuthSession).where(AuthSession.user_id == user_id, AuthSession.digest != digest(keep)))


def touched(session_digest: str, now: datetime) -> Update:
    """The statement that notes that a session was used; for `core.afterwards`, since nobody may wait for it."""
    seen = (AuthSession.digest == session_digest, AuthSession.last_seen_at < now)
    return update(AuthSession).where(*seen).values(last_seen_at=now)
