"""The verb of having forgotten one's password: a mail to the address, whoever it belongs to.

A known and an unknown address cost the same: a token (which nobody is told when there is no account), an event and a
mail. The mail tells whoever reads it what is the case, so that who has another address here tries that one.
"""

from datetime import datetime

from homeport.accounts import audit, mails, queries, throttle, tokens
from homeport.core.errors import Problem
from homeport.core.http import Viewer
from homeport.jobs.queries import has_mail_server


def ask_for_link(email: str, *, by: Viewer, network: str, now: datetime) -> None:
    """Have a link to set a new password mailed. Raises Problem 429 after too many, 409 where no mail can be sent."""
    if not has_mail_server():
        raise Problem(
            "This blog sends no mail.", status=409, code="no_mail_server", hint="Ask its owner for a link instead."
        )
    throttle.begin(now, (throttle.LETTER, email), (throttle.REGISTRATION, network))
    user = queries.by_email(email)
    able = user is not None and user.suspended_at is None
    user_id = user.id if user is not None and able else None
    value = tokens.issue(tokens.RESET, user_id, now)
    audit.record("reset_asked", by=by, now=now, subject=user_id)
    letter = mails.reset(value, by, now) if able else mails.no_account(by, now)
    mails.send(email, letter, now, expires_at=now + tokens.LIFETIMES[tokens.RESET])
