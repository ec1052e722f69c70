"""What the blog writes to people about their accounts. Links are built from the configured address alone."""

from datetime import datetime

from flask import current_app

from homeport.accounts import audit
from homeport.accounts.browsers import name_of
from homeport.core.http import Viewer
from homeport.core.site import site
from homeport.jobs.service import queue_mail
from homeport.ui.filters import date_and_time
from homeport.ui.letters import Letter

NOT_YOU = "If it was not you, log in, end every other session under Your devices, and set a new password."


def send(to: str, letter: Letter, now: datetime, *, expires_at: datetime | None = None, key: str | None = None) -> None:
    """Put a letter into the outbox, in the caller's transaction; not sent any more after `expires_at`."""
    queue_mail(to, letter.subject, letter.text, html=letter.html, now=now, expires_at=expires_at, key=key)


def address(path: str) -> str:
    """The whole address of a path of this blog; never built from a request."""
    origin: str = current_app.config["HOMEPORT"].origin
    return origin + path


def change(action: str, by: Viewer, now: datetime) -> Letter:
    """That something about the reader's account has changed: what, when, from where."""
    what = audit.ACTIONS[action]
    where = f" from {name_of(by.browser)}" if by.browser else ""
    place = f" at the address {by.address}" if by.address else ""
    return Letter(
        subject=f"{site().title}: {what[:1].lower()}{what[1:]}",
        paragraphs=(f"{what}: {date_and_time(now)}{where}{place}.",),
        link=("Look at your account", address("/account/security")),
        after=(NOT_YOU,),
    )
