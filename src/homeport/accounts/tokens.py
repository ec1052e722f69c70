"""Links that work once: 256 random bits, stored as their digest, claimed by a conditional update."""

from collections.abc import Collection
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, delete, select, update

from homeport.accounts.models import OneTimeToken
from homeport.core.db import db
from homeport.core.ids import digest, token

SETUP = "setup"
RESET = "reset"
INVITATION = "invitation"

LIFETIMES = {
    SETUP: timedelta(days=7),  # from the console of one's own machine, and a start makes a new one
    RESET: timedelta(minutes=60),  # ASVS 5.0 V6.4.1 asks for a short time
    INVITATION: timedelta(days=3),  # opens an account that holds nothing yet, and travels by a friend's message
}


def issue(purpose: str, user_id: int | None, now: datetime) -> str:
    """A new token. Every other one of this person (for SETUP: of this purpose) stops working."""
    void(user_id)
    value = token()
    expires_at = now + LIFETIMES[purpose]
    db.session.add(
        OneTimeToken(digest=digest(value), purpose=purpose, user_id=user_id, created_at=now, expires_at=expires_at)
    )
    return value


def void(user_id: int | None) -> None:
    """Take back every token of somebody; None stands for the owner-to-be."""
    db.session.execute(delete(OneTimeToken).where(OneTimeToken.user_id == user_id))


def _usable(value: str, now: datetime, purposes: Collection[str]) -> ColumnElement[bool]:
    return and_(
        OneTimeToken.digest == digest(value),
        OneTimeToken.purpose.in_(purposes),
        OneTimeToken.used_at.is_(None),
        OneTimeToken.expires_at > now,
    )


def find(value: str, now: datetime, *purposes: str) -> OneTimeToken | None:
    """The token's row while it can still be used."""
    return db.session.scalar(select(OneTimeToken).where(_usable(value, now, purposes)))


def claim(value: str, now: datetime, *purposes: str) -> bool:
    """Use the token up. Of any number who try at once, exactly one is told True."""
    claimed = update(OneTimeToken).where(_usable(value, now, purposes)).values(used_at=now)
    return db.session.scalar(claimed.returning(OneTimeToken.digest)) is not None
