"""What somebody who leaves is written: that it was asked for, that it was taken back, and that it is done."""

from datetime import datetime, timedelta

from homeport.accounts import mails
from homeport.accounts.models import Departure, PostsFate, User
from homeport.core.http import Viewer
from homeport.core.site import site
from homeport.jobs.service import queue_mail
from homeport.ui.filters import date, date_and_time
from homeport.ui.letters import Letter

LAST_MAIL_WAITS = timedelta(days=5)


def asked(user: User, departure: Departure, heir: User | None, by: Viewer, now: datetime) -> None:
    """That the account will be deleted, when, what becomes of the posts, and how to keep it."""
    letter = Letter(
        subject=f"{site().title}: your account will be deleted on {date(departure.due_at)}",
        paragraphs=(
            f"On {date_and_time(now)} {_who(user, by)} asked for your account to be deleted. That happens on "
            f"{date_and_time(departure.due_at)}. {_of_the_posts(departure, heir)}",
            "Until then everything works as before, and you can change your mind.",
        ),
        link=("Keep my account", mails.address("/account/delete")),
        after=(mails.NOT_YOU_KEEP_IT if _is_own(user, by) else mails.ASK_THE_OWNER,),
    )
    mails.send(user.email, letter, now)


def _who(user: User, by: Viewer) -> str:
    return "you" if _is_own(user, by) else "an owner of this blog"


def _is_own(user: User, by: Viewer) -> bool:
    # A link that takes a change of address back is followed by whoever the account belongs to, who is not logged in.
    return by.user_id in {None, user.id}


def _of_the_posts(departure: Departure, heir: User | None) -> str:
    if heir is not None:
        return f"What you have written then belongs to {heir.display_name}."
    if departure.posts == PostsFate.KEEP:
        return "What you have published stays, without your name."
    return "What you have written is deleted with it."


def cancelled(user: User, by: Viewer, now: datetime) -> None:
    """That the account stays."""
    sentence = f"On {date_and_time(now)} {_who(user, by)} chose to keep your account. Nothing of it will be deleted."
    letter = Letter(
        subject=f"{site().title}: your account stays",
        paragraphs=(sentence,),
        link=("Look at your account", mails.address("/account/security")),
        after=(mails.NOT_YOU if _is_own(user, by) else mails.ASK_THE_OWNER,),
    )
    mails.send(user.email, letter, now)


def stays(user: User, now: datetime) -> None:
    """That the account was not deleted, and why."""
    letter = Letter(
        subject=f"{site().title}: your account was not deleted",
        paragraphs=(
            "You asked for your account to be deleted, and today was the day. But you are the only owner who can log "
            "in, and without one nobody could look after the blog, so the account stays.",
            "Make somebody else an owner, then ask again.",
        ),
        link=("Look at the people", mails.address("/admin/people")),
    )
    mails.send(user.email, letter, now)


def gone(email: str, now: datetime) -> None:
    """That it is done. The mail's row goes as soon as it is sent, or too old: it is all that still has the address."""
    letter = Letter(
        subject=f"{site().title}: your account is deleted",
        paragraphs=(
            "Your account is deleted, as it was asked for, and with it your devices and whatever was noted about you.",
            "This is the last mail, and your address is forgotten once it is sent. Thank you for having been here.",
        ),
    )
    expires_at = now + LAST_MAIL_WAITS
    queue_mail(email, letter.subject, letter.text, html=letter.html, now=now, expires_at=expires_at, is_last=True)
