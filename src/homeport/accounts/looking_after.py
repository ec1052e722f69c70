"""What an owner does to end somebody's sessions; the other verbs about people are in `service`."""

from datetime import datetime

from homeport.accounts import audit, ceremonies, devices, sessions
from homeport.accounts.models import User
from homeport.core.http import Viewer


def end_sessions(user: User, *, keep: str, by: Viewer, now: datetime) -> None:
    """Log somebody out everywhere, but for the session of the cookie `keep`, and ask each device for a code again.

    What they have begun elsewhere (a login between its two steps) is over too.
    """
    sessions.end_all(user.id, keep=keep)
    devices.distrust_all(user.id)
    ceremonies.void(user.id)
    audit.record("session_ended", by=by, now=now, subject=user.id, which="all")
