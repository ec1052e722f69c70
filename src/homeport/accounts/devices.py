"""Browsers that somebody has logged in with before: each is known by a cookie that outlives the session.

Whoever guesses at an account from elsewhere does not slow down its owner's own browser, and a browser that its owner
trusts is not asked for the second factor for a while. The cookie opens nothing by itself.
"""

from datetime import datetime, timedelta

from sqlalchemy import delete, select, update

from homeport.accounts.models import AuthSession, KnownDevice
from homeport.core.db import db
from homeport.core.ids import digest, token

LIFETIME = timedelta(days=400)  # as long as a browser keeps a cookie (RFC 6265bis, 5.5)
TRUST = timedelta(days=30)


def find(value: str, user_id: int, now: datetime) -> KnownDevice | None:
    """The device of a cookie, where this person has logged in with it before."""
    theirs = (KnownDevice.digest == digest(value), KnownDevice.user_id == user_id, KnownDevice.expires_at > now)
    return db.session.scalar(select(KnownDevice).where(*theirs)) if value else None


def note(value: str, user_id: int, now: datetime) -> str:
    """Remember that somebody has logged in with a browser; returns what its cookie has to hold from now on."""
    known = find(value, user_id, now)
    if known is None:
        value = token()
        known = KnownDevice(digest=digest(value), user_id=user_id, created_at=now)
        db.session.add(known)
    known.last_used_at, known.expires_at = now, now + LIFETIME
    return value


def is_trusted(value: str, user_id: int, now: datetime) -> bool:
    """Whether a login from this browser needs no second factor."""
    known = find(value, user_id, now)
    return known is not None and known.trusted_until is not None and known.trusted_until > now


def trust(value: str, user_id: int, now: datetime) -> None:
    """Ask this browser for no second factor for a while."""
    known = find(value, user_id, now)
    if known is not None:
        known.trusted_until = now + TRUST


def trusted(user_id: int, now: datetime) -> dict[str, datetime]:
    """Those of somebody's devices that are asked for no second factor, by digest, and until when."""
    theirs = (KnownDevice.user_id == user_id, KnownDevice.trusted_until > now)
    rows = db.session.execute(select(KnownDevice.digest, KnownDevice.trusted_until).where(*theirs))
    return {row.digest: row.trusted_until for row in rows}


def distrust_of_session(user_id: int, session_handle: str) -> bool:
    """Ask the browser of a session for the second factor again; False where somebody has no such session."""
    theirs = (AuthSession.user_id == user_id, AuthSession.handle == session_handle)
    found = select(AuthSession.device_digest).where(*theirs).scalar_subquery()
    device = update(KnownDevice).where(KnownDevice.user_id == user_id, KnownDevice.digest == found)
    return db.session.scalar(device.values(trusted_until=None).returning(KnownDevice.digest)) is not None


def distrust_all(user_id: int) -> None:
    """Ask every browser of somebody for the second factor again: it has changed, or the password has."""
    db.session.execute(update(KnownDevice).where(KnownDevice.user_id == user_id).values(trusted_until=None))


def forget_of_session(user_id: int, session_handle: str) -> None:
    """Forget the browser that a session is on: its owner does not recognise it."""
    theirs = (AuthSession.user_id == user_id, AuthSession.handle == session_handle)
    found = db.session.scalar(select(AuthSession.device_digest).where(*theirs))
    db.session.execute(delete(KnownDevice).where(KnownDevice.user_id == user_id, KnownDevice.digest == found))


def forget_others(user_id: int, keep: str) -> None:
    """Forget all of somebody's browsers but the one of the cookie `keep`."""
    db.session.execute(delete(KnownDevice).where(KnownDevice.user_id == user_id, KnownDevice.digest != digest(keep)))
