"""A sensitive change is noted in the audit log and told to the person by mail (OWASP ASVS 5.0 V6.3.7)."""

from datetime import datetime

from homeport.accounts import audit, mails
from homeport.accounts.models import User
from homeport.core.http import Viewer


def changed(user: User, action: str, *, by: Viewer, now: datetime, **facts: str) -> None:
    """Record `action` about somebody's account and write them a mail. Raises KeyError for an unknown action."""
    audit.record(action, by=by, now=now, subject=user.id, **facts)
    mails.send(user.email, mails.change(action, user.id, by, now), now)
