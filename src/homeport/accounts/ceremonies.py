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


def begin(
    purpose: str, bound_to: str, now: datetime, *, user_id: int | None = None, facts: dict[str, Any] | None = None
) -> Ceremony:
    """Begin one, with a challenge of 32 random bytes; an earlier one of the same browser and purpose is void."""
    db.session.execute(delete(Ceremony).where(Ceremony.bound_to == bound_to, Ceremony.purpose == purpose))
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


def find(purpose: str, bound_to: str, now: datetime) -> Ceremony | None:
    """The one that this browser has begun and not yet ended."""
    if not bound_to:
        return None
    open_ = (Ceremony.used_at.is_(None), Ceremony.expires_at > now)
    return db.session.scalar(select(Ceremony).where(Ceremony.bound_to == bound_to, Ceremony.purpose == purpose, *open_))


def claim(ceremony: Ceremony, now: datetime) -> bool:
    """End it. Of any number who try at once, exactly one is told True."""
    open_ = (Ceremony.id == ceremony.id, Ceremony.used_at.is_(None), Ceremony.expires_at > now)
    claimed = update(Ceremony).where(*open_).values(used_at=now).returning(Ceremony.id)
    return db.session.scalar(claimed, execution_options={"synchronize_session": False}) is not None


def void(user_id: int) -> None:
    """Take back all that somebody has begun."""
    db.session.execute(delete(Ceremony).where(Ceremony.user_id == user_id))
