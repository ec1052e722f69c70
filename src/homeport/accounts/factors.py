"""Which ways in somebody has, and which they must have.

A passkey is possession and a fingerprint or PIN at once, so it is a whole login by itself, and beside a password it is
the second factor. Passkeys belong to the host name the blog had when they were made: those of another name open
nothing and count for nothing.
"""

from urllib.parse import urlsplit

from flask import current_app
from sqlalchemy import func, select

from homeport.accounts import recovery, totp
from homeport.accounts.models import Passkey, User
from homeport.accounts.passwords import LEAST, LEAST_BESIDE_SECOND_FACTOR
from homeport.core.db import db
from homeport.core.errors import Problem
from homeport.core.http import Role
from homeport.core.site import site


def rp_id() -> str:
    """The relying party id of this blog's passkeys: its host name (WebAuthn, 4)."""
    return urlsplit(current_app.config["HOMEPORT"].origin).hostname or "localhost"


def count_passkeys(user_id: int) -> int:
    """How many passkeys somebody can use here."""
    here = (Passkey.user_id == user_id, Passkey.rp_id == rp_id())
    return db.session.scalar(select(func.count()).select_from(Passkey).where(*here)) or 0


def has_second_factor(user_id: int) -> bool:
    """Whether a password alone does not let somebody in."""
    return totp.is_on(user_id) or count_passkeys(user_id) > 0


def must_enrol(user: User) -> bool:
    """Whether somebody's role asks for a second factor that they do not have."""
    asks = user.role >= Role.EDITOR and site().second_factor == "editors"
    return asks and not has_second_factor(user.id)


def least_password(user_id: int | None) -> int:
    """How many characters somebody's password needs: fewer beside a second factor (OWASP ASVS 5.0 V6.2.1)."""
    second = user_id is not None and has_second_factor(user_id)
    return LEAST_BESIDE_SECOND_FACTOR if second else LEAST


def check_removal(user: User, *, passkeys: int = 0, app: bool = False, password: bool = False) -> None:
    """Raise Problem if somebody could not get in, or not well enough, without these: so many passkeys, the app, the
    password.
    """
    keys = count_passkeys(user.id) - passkeys
    has_password = user.password_hash is not None and not password
    has_app = totp.is_on(user.id) and not app
    if not keys and not has_password:
        raise _refusal("This is your last way to log in.", "last_way", "Set a password or add another passkey first.")
    if keys or has_app:
        return
    if user.has_short_password:
        hint = f"Set a password of at least {LEAST} characters first."
        raise _refusal("Your password is too short to be all that protects your account.", "short_password", hint)
    if user.role >= Role.EDITOR and site().second_factor == "editors":
        hint = "Add another passkey or an authenticator app first."
        raise _refusal("Your role needs a second factor, and this is the last one.", "second_factor_needed", hint)


def _refusal(message: str, code: str, hint: str) -> Problem:
    return Problem(message, status=409, code=code, hint=hint)


def tidy(user_id: int) -> None:
    """Delete the recovery codes of somebody who has no second factor left that they could stand in for."""
    if not has_second_factor(user_id):
        recovery.remove(user_id)
