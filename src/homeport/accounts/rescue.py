"""The verb for somebody who has lost everything but is known to whoever runs the blog: the second factor goes."""

from datetime import datetime

from sqlalchemy import delete, func, select

from homeport.accounts import api_tokens, ceremonies, devices, notices, recovery, sessions, totp
from homeport.accounts.models import Passkey, User
from homeport.core.db import db
from homeport.core.http import Viewer


def what_goes(user: User) -> list[str]:
    """What `remove_second_factor` takes away, in words."""
    passkeys = db.session.scalar(select(func.count()).select_from(Passkey).where(Passkey.user_id == user.id)) or 0
    codes = recovery.left(user.id)
    found = {
        "the authenticator app": totp.is_on(user.id),
        f"{passkeys} passkey{'' if passkeys == 1 else 's'}": passkeys > 0,
        f"{codes} recovery code{'' if codes == 1 else 's'}": codes > 0,
        "the password, which is too short to be all there is": bool(user.has_short_password),
    }
    return [name for name, is_there in found.items() if is_there] or ["nothing: there is no second factor"]


def remove_second_factor(user: User, *, by: Viewer, now: datetime) -> None:
    """Take somebody's app, every passkey and the recovery codes away; a password that is too short alone goes too."""
    db.session.execute(delete(Passkey).where(Passkey.user_id == user.id))
    totp.remove(user.id)
    recovery.remove(user.id)
    if user.has_short_password:
        user.password_hash = None
        user.has_short_password = None
    sessions.end_all(user.id)
    api_tokens.end_all(user.id)
    devices.distrust_all(user.id)
    ceremonies.void(user.id)
    notices.changed(user, "second_factor_removed", by=by, now=now)
