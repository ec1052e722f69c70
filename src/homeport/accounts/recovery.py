"""Recovery codes: ten ways past a lost second factor, each of which works once (OWASP ASVS 5.0 V6.5.2, V6.5.4)."""

import secrets
from datetime import datetime

from sqlalchemy import delete, func, select, update

from homeport.accounts.models import RecoveryCode
from homeport.core.db import db
from homeport.core.ids import digest

NUMBER = 10
FEW = 3
"""From here on their owner is told to make new ones."""

GROUPS, LETTERS = 4, 4
ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"  # without what is easily misread: i, l, o, 0, 1


def renew(user_id: int) -> list[str]:
    """Ten new codes of 79 random bits each; the old ones stop working. They are stored as digests, so show them now."""
    codes = [_code() for _ in range(NUMBER)]
    remove(user_id)
    db.session.add_all(RecoveryCode(user_id=user_id, digest=digest(_plain(code))) for code in codes)
    return codes


def remove(user_id: int) -> None:
    """Delete somebody's codes."""
    db.session.execute(delete(RecoveryCode).where(RecoveryCode.user_id == user_id))


def use(user_id: int, code: str, now: datetime) -> bool:
    """Use a code up, however it is spaced and capitalised. Of any number who try at once, one is told True."""
    theirs = (RecoveryCode.user_id == user_id, RecoveryCode.digest == digest(_plain(code)))
    claimed = update(RecoveryCode).where(*theirs, RecoveryCode.used_at.is_(None)).values(used_at=now)
    return db.session.scalar(claimed.returning(RecoveryCode.id)) is not None


def left(user_id: int) -> int:
    """How many codes still work."""
    unused = (RecoveryCode.user_id == user_id, RecoveryCode.used_at.is_(None))
    return db.session.scalar(select(func.count()).select_from(RecoveryCode).where(*unused)) or 0


def looks_like_one(code: str) -> bool:
    """Whether somebody typed a recovery code and not the six digits of an authenticator app."""
    return len(_plain(code)) == GROUPS * LETTERS


def _code() -> str:
    return "-".join("".join(secrets.choice(ALPHABET) for _ in range(LETTERS)) for _ in range(GROUPS))


def _plain(code: str) -> str:
    return "".join(char for char in code[:100].casefold() if char.isalnum())
