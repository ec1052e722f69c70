"""Proofs of identity that take two requests: what the first one begins, the second one ends, once, in the same browser.

Each is a row bound to the digest of a cookie: the session's, or for who is not logged in one of its own
(`presence.CEREMONY`). A row is claimed by a conditional update, so of two who try at once exactly one succeeds.
"""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, select, update

from homeport.accounts.models import Ceremony
from homeport.core.db import db
from homeport.core.ids import token

SECOND_STEP = "second step"
"""The password was right; the second factor is still to be shown."""

PASSKEY_LOGIN = "passkey login"
PASSKEY_SECOND = "passkey as second step"
PASSKEY_PROOF = "passkey as proof"
PASSKEY_NEW = "new passkey"
PASSKEY_REGISTRATION = "passkey of a new account"

LIFETIME = timedelta(minutes=5)  # of a challenge: SECURITY A19
STEP_LIFETIME = timedelta(minutes=10)  # somebody has to find their telephone
WINDOWS = 5
"""Challenges that one browser may have at once: each window with a login form has one."""


def begin(
    purpose: str, bound_to: str, now: datetime, *, user_id: int | None = None, facts: dict[str, Any] | None = None
) -> Ceremony:
    """Begin one, with a challenge of 32 random bytes. Of earlier ones of the same browser and purpose the newest go
    on, as far as there are windows for them; a second step has one."""
    _make_room(purpose, bound_to, 1 if purpose == SECOND_STEP else WINDOWS)
    lifetime = STEP_LIFETIME if purpose == SECOND_STEP else LIFETIME
    ceremony = Ceremony(
        bound_to=bound_to,
        purpose=purpose,
        user_id=user_id,
        challenge=token(),
        facts=facts or {},
        created_at=now,
        expires_at=now + lifetime,
    )
    db.session.add(ceremony)
    return ceremony


def _make_room(purpose: str, bound_to: str, most: int) -> None:
    mine = (Ceremony.bound_to == bound_to, Ceremony.purpose == purpose)
    kept = select(Ceremony.id).where(*mine).order_by(Ceremony.id.desc()).limit(most - 1)
    db.session.execute(delete(Ceremony).where(*mine, Ceremony.id.not_in(kept)))


def find(purpose: str, bound_to: str, now: datetime, challenge: str = "") -> Ceremony | None:
    """The one that this browser has begun and not yet ended: with this challenge, or else the newest."""
    if not bound_to:
        return None
    open_ = (Ceremony.used_at.is_(None), Ceremony.expires_at > now)
    mine = select(Ceremony).where(Ceremony.bound_to == bound_to, Ceremony.purpose == purpose, *open_)
    return db.session.scalar(mine.order_by((Ceremony.challenge == challenge).desc(), Ceremony.id.desc()).limit(1))


def claim(ceremony: Ceremony, now: datetime) -> bool:
    """End it. Of any number who try at once, exactly one is told True."""
    open_ = (Ceremony.id == ceremony.id, Ceremony.used_at.is_(None), Ceremony.expires_at > now)
    claimed = update(Ceremony).where(*open_).values(used_at=now).returning(Ceremony.id)
    return db.session.scalar(claimed, execution_options={"synchronize_session": False}) is not None


def void(user_id: int) -> None:
    """Take back all that somebody has begun."""
    db.session.execute(delete(Ceremony).where(Ceremony.user_id == user_id))
