"""Authenticator apps: six digits that change every 30 seconds (TOTP, RFC 6238).

A code is taken once, and from one step before to one step after the present one (RFC 6238, 5.2; OWASP ASVS 5.0 V6.5.1).
"""

import hmac
from datetime import datetime

import pyotp
from sqlalchemy import delete, or_, select, update

from homeport.accounts.models import Totp
from homeport.accounts.turns import KEYS, take_turns
from homeport.core import vault
from homeport.core.config import Config
from homeport.core.db import db

STEP = 30  # seconds
DIGITS = 6


def begin(user_id: int, config: Config, now: datetime) -> str:
    """Make a secret that counts once a code of it was shown; returns it in base32. An unconfirmed one is replaced."""
    secret = pyotp.random_base32()
    take_turns(KEYS)  # before the key is chosen
    db.session.execute(delete(Totp).where(Totp.user_id == user_id, Totp.confirmed_at.is_(None)))
    db.session.add(Totp(user_id=user_id, sealed_secret=vault.seal(config, secret), created_at=now))
    db.session.flush()
    return secret


def pending_secret(user_id: int, config: Config) -> str | None:
    """The secret that waits for its first code."""
    waiting = select(Totp.sealed_secret).where(Totp.user_id == user_id, Totp.confirmed_at.is_(None))
    sealed = db.session.scalar(waiting)
    return vault.unseal(config, sealed) if sealed else None


def confirm(user_id: int, code: str, config: Config, now: datetime) -> bool:
    """Have the waiting secret count from now on, if `code` is one of its present ones."""
    secret = pending_secret(user_id, config)
    step = _step_of(secret, code, now) if secret else None
    if step is None:
        return False
    waiting = (Totp.user_id == user_id, Totp.confirmed_at.is_(None))
    claimed = update(Totp).where(*waiting).values(confirmed_at=now, last_step=step).returning(Totp.user_id)
    return db.session.scalar(claimed) is not None


def use(user_id: int, code: str, config: Config, now: datetime) -> bool:
    """Whether `code` is right, and newer than every one that was taken before. Of two at once, one is told True."""
    sealed = db.session.scalar(
        select(Totp.sealed_secret).where(Totp.user_id == user_id, Totp.confirmed_at.is_not(None))
    )
    step = _step_of(vault.unseal(config, sealed), code, now) if sealed else None
    if step is None:
        return False
    newer = (Totp.user_id == user_id, or_(Totp.last_step.is_(None), Totp.last_step < step))
    claimed = update(Totp).where(*newer).values(last_step=step).returning(Totp.user_id)
    return db.session.scalar(claimed) is not None


def remove(user_id: int) -> None:
    """Delete somebody's authenticator app."""
    db.session.execute(delete(Totp).where(Totp.user_id == user_id))


def is_on(user_id: int) -> bool:
    """Whether somebody has one that counts."""
    counts = select(Totp.user_id).where(Totp.user_id == user_id, Totp.confirmed_at.is_not(None))
    return db.session.scalar(counts) is not None


def uri(secret: str, account: str, issuer: str) -> str:
    """What the QR code says (https://github.com/google/google-authenticator/wiki/Key-Uri-Format)."""
    return pyotp.TOTP(secret).provisioning_uri(name=account, issuer_name=issuer)


def _step_of(secret: str, code: str, now: datetime) -> int | None:
    typed = "".join(code[:40].split())
    if len(typed) != DIGITS or not typed.isascii():
        return None
    present = int(now.timestamp()) // STEP
    generator = pyotp.TOTP(secret)
    for step in (present, present - 1, present + 1):
        if hmac.compare_digest(generator.generate_otp(step), typed):
            return step
    return None
