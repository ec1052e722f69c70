"""Tokens for programs: `hp_` and 256 random bits, shown once, stored as their digest.

A token can do what its scopes name and its owner's role allows at that moment. It ends with its time, when it is taken
back, when the account is suspended, and when the password is set anew: whoever does that because somebody got in must
not have to think of tokens.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import Update, delete, func, select, update

from homeport.accounts import notices
from homeport.accounts.models import ApiToken, User
from homeport.core.db import db
from homeport.core.errors import Problem
from homeport.core.http import Role, Viewer
from homeport.core.ids import digest, token
from homeport.core.programs import PRACTICE

PREFIX = "hp_"
"""So that people and programs that look for lost secrets know one when they see it."""

MOST = 50
DAYS = (7, 30, 90, 365)
USED_EVERY = timedelta(minutes=1)
LISTED_AFTER = timedelta(days=30)
"""How long one whose time is over stays on its owner's list, where it says why a program fails."""


def make(user: User, *, name: str, scopes: Sequence[str], days: int, by: Viewer, now: datetime) -> str:
    """Make a token; what is returned is kept nowhere. Raises Problem for more than MOST.

    Also for readers, but for one whose only scope is PRACTICE: they write no posts, and may do exercises.
    """
    if user.role < Role.AUTHOR and set(scopes) != {PRACTICE}:
        raise Problem("Your role writes no posts, so a token would open nothing.", status=403, code="not_allowed")
    if count(user.id) >= MOST:
        hint = "Revoke one that no program uses any more."
        raise Problem(f"You have {MOST} tokens already.", status=409, code="too_many_tokens", hint=hint)
    value = PREFIX + token()
    expires_at = now + timedelta(days=days)
    db.session.add(
        ApiToken(
            digest=digest(value),
            user_id=user.id,
            name=name,
            scopes=sorted(scopes),
            created_at=now,
            expires_at=expires_at,
        )
    )
    notices.changed(user, "token_made", by=by, now=now, name=name, scopes=", ".join(sorted(scopes)))
    return value


def replace(user: User, *, name: str, scopes: Sequence[str], days: int, by: Viewer, now: datetime) -> str:
    """Make a token in the place of those that have the same name and scopes, which end. Raises Problem as `make`."""
    for older in of(user.id):
        if older.name == name and older.scopes == sorted(scopes):
            revoke(user, older.id, by=by, now=now)
    return make(user, name=name, scopes=scopes, days=days, by=by, now=now)


def find(value: str, now: datetime) -> ApiToken | None:
    """The token with its owner, while it counts; None also where the owner is suspended."""
    found = select(ApiToken).join(ApiToken.user).where(ApiToken.digest == digest(value), ApiToken.expires_at > now)
    return db.session.scalar(found.where(User.suspended_at.is_(None)))


def used(found: ApiToken, now: datetime) -> Update | None:
    """The statement that notes a use, for `core.afterwards`; None where one was noted within the last minute."""
    if found.last_used_at is not None and now - found.last_used_at < USED_EVERY:
        return None
    return update(ApiToken).where(ApiToken.id == found.id).values(last_used_at=now)


def of(user_id: int) -> Sequence[ApiToken]:
    """Somebody's tokens, the newest first."""
    mine = select(ApiToken).where(ApiToken.user_id == user_id)
    return db.session.scalars(mine.order_by(ApiToken.id.desc())).all()


def count(user_id: int) -> int:
    """How many tokens somebody has."""
    return db.session.scalar(select(func.count()).select_from(ApiToken).where(ApiToken.user_id == user_id)) or 0


def revoke(user: User, token_id: int, *, by: Viewer, now: datetime) -> bool:
    """Take one of somebody's tokens back; False when they have none of that number."""
    mine = (ApiToken.user_id == user.id, ApiToken.id == token_id)
    name = db.session.scalar(delete(ApiToken).where(*mine).returning(ApiToken.name))
    if name is not None:
        notices.changed(user, "token_revoked", by=by, now=now, name=name)
    return name is not None


def end_all(user_id: int) -> None:
    """Take all of somebody's tokens back."""
    db.session.execute(delete(ApiToken).where(ApiToken.user_id == user_id))
