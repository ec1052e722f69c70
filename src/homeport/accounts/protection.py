"""The verbs of protecting an account: each change of a second factor is recorded, told, and never the last way in."""

from datetime import datetime

from homeport.accounts import ceremonies, devices, factors, notices, recovery, totp
from homeport.accounts.models import User
from homeport.core.config import Config
from homeport.core.db import db
from homeport.core.errors import Problem
from homeport.core.http import Viewer


def begin_app(user: User, config: Config, now: datetime) -> None:
    """Make the secret of an authenticator app. Raises Problem where one is in use: that goes first."""
    if totp.is_on(user.id):
        raise Problem("You have an authenticator app already.", status=409, code="has_app", hint="Remove it first.")
    totp.begin(user.id, config, now)


def confirm_app(user: User, code: str, config: Config, *, by: Viewer, now: datetime) -> list[str]:
    """Have the app count; returns recovery codes to show, none where there are some. Raises Problem 422."""
    if not totp.confirm(user.id, code, config, now):
        raise Problem(
            "This is not the code that the app should show now.",
            status=422,
            code="wrong_code",
            hint="Check that the clock of your telephone is right, and type the newest code.",
        )
    return second_factor_added(user, "totp_added", by=by, now=now)


def second_factor_added(user: User, action: str, *, by: Viewer, now: datetime, **facts: str) -> list[str]:
    """Record and tell a new second factor; returns recovery codes to show, none where there are some."""
    notices.changed(user, action, by=by, now=now, **facts)
    devices.distrust_all(user.id)
    return [] if recovery.left(user.id) else make_codes(user, by=by, now=now)


def remove_app(user: User, *, by: Viewer, now: datetime) -> None:
    """Take the app away. Raises Problem where too little would be left."""
    if not totp.is_on(user.id):
        return
    factors.check_removal(user, app=True)
    totp.remove(user.id)
    db.session.flush()
    factors.tidy(user.id)
    notices.changed(user, "totp_removed", by=by, now=now)


def remove_password(user: User, *, by: Viewer, now: datetime) -> None:
    """Have no password open the account any more. Raises Problem where nothing else would."""
    if user.password_hash is None:
        return
    factors.check_removal(user, password=True)
    user.password_hash, user.has_short_password = None, None
    ceremonies.void(user.id)
    notices.changed(user, "password_removed", by=by, now=now)


def make_codes(user: User, *, by: Viewer, now: datetime) -> list[str]:
    """New recovery codes; the old ones stop working. Raises Problem for who has no second factor to lose."""
    if not factors.has_second_factor(user.id):
        raise Problem(
            "Recovery codes stand in for a second factor, and you have none.",
            status=409,
            code="no_second_factor",
            hint="Add a passkey or an authenticator app first.",
        )
    notices.changed(user, "recovery_codes_made", by=by, now=now)
    return recovery.renew(user.id)
