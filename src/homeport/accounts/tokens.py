"""Links that work once: 256 random bits, stored as their digest, claimed by a conditional update.

Purposes live side by side, in groups: a newer link takes the place of the older ones of its own group alone. Links that
take a change of address back are the exception: each newer one may have gone to whoever stole the account, so an older
one is never voided by them (`void_later`).
"""

from collections.abc import Collection
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, delete, select, update

from homeport.accounts.models import OneTimeToken
from homeport.core.db import db
from homeport.core.ids import digest, token

SETUP = "setup"
RESET = "reset"
INVITATION = "invitation"
NEW_ADDRESS = "new address"
UNDO = "undo"

LIFETIMES = {
    SETUP: timedelta(days=7),  # from the console of one's own machine, and a start makes a new one
    RESET: timedelta(minutes=60),  # ASVS 5.0 V6.4.1 asks for a short time
    INVITATION: timedelta(days=3),  # opens an account that holds nothing yet, and travels by a friend's message
    NEW_ADDRESS: timedelta(hours=24),
    UNDO: timedelta(days=7),  # whoever is on a journey still finds it in time
}
PASSWORD_LINKS = (RESET, INVITATION)
_GROUPS = {SETUP: (SETUP,), RESET: PASSWORD_LINKS, INVITATION: PASSWORD_LINKS, NEW_ADDRESS: (NEW_ADDRESS,), UNDO: ()}


def issue(purpose: str, user_id: int | None, now: datetime, *, email: str | None = None) -> str:
    """A new token. Those of the same person and group stop working; `email` is the address that it is about."""
    void(user_id, *_GROUPS[purpose])
    value = token()
    expires_at = now + LIFETIMES[purpose]
    facts = {"user_id": user_id, "created_at": now, "expires_at": expires_at, "email": email}
    db.session.add(OneTimeToken(digest=digest(value), purpose=purpose, **facts))
    return value


def void(user_id: int | None, *purposes: str) -> None:
    """Take back somebody's tokens of these purposes. SETUP belongs to nobody yet: None."""
    theirs = (OneTimeToken.user_id == user_id, OneTimeToken.purpose.in_(purposes))
    db.session.execute(delete(OneTimeToken).where(*theirs))


def void_all(user_id: int) -> None:
    """Take back every token of somebody."""
    db.session.execute(delete(OneTimeToken).where(OneTimeToken.user_id == user_id))


def void_later(user_id: int, purpose: str, since: datetime) -> None:
    """Take back somebody's tokens of this purpose that were made at `since` or later."""
    theirs = (OneTimeToken.user_id == user_id, OneTimeToken.purpose == purpose, OneTimeToken.created_at >= since)
    db.session.execute(delete(OneTimeToken).where(*theirs))


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


def find_of(user_id: int, now: datetime, purpose: str) -> OneTimeToken | None:
    """The newest row of somebody's that can still be used: what they are waiting for."""
    theirs = (OneTimeToken.user_id == user_id, OneTimeToken.purpose == purpose)
    usable = (OneTimeToken.used_at.is_(None), OneTimeToken.expires_at > now)
    newest = select(OneTimeToken).where(*theirs, *usable).order_by(OneTimeToken.created_at.desc()).limit(1)
    return db.session.scalar(newest)


def claim(value: str, now: datetime, *purposes: str) -> bool:
    """Use the token up. Of any number who try at once, exactly one is told True."""
    claimed = update(OneTimeToken).where(_usable(value, now, purposes)).values(used_at=now)
    return db.session.scalar(claimed.returning(OneTimeToken.digest)) is not None
