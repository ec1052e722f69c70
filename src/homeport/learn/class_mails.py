"""What somebody is written who is taken into a class."""

from datetime import datetime, timedelta

from homeport.accounts.models import User
from homeport.core.site import site
from homeport.jobs.service import queue_mail
from homeport.learn.class_service import Invited
from homeport.ui.letters import Letter


def invited(one: Invited, address: str, now: datetime) -> None:
    """That there is an account, and how to open it; not sent any more once the link is over."""
    letter = Letter(
        subject=f"{site().title}: your account in the class",
        paragraphs=(
            "You are invited to a class that learns here how the web works. An account was made for you; you log in "
            f"to it with this address, {one.user.email}.",
            f"Choose a password for it within {one.hours // 24} days. The link works once.",
        ),
        link=("Choose a password", address),
        after=("You know of no class? Then do nothing: without a password nobody can use the account.",),
    )
    expires_at = now + timedelta(hours=one.hours)
    queue_mail(one.user.email, letter.subject, letter.text, html=letter.html, now=now, expires_at=expires_at)


def joined(user: User, now: datetime) -> None:
    """That somebody who had an account is in the class, and what its teacher sees."""
    letter = Letter(
        subject=f"{site().title}: you are in the class",
        paragraphs=(
            "You were put into a class that learns here how the web works. Your account is as it was.",
            "Owners of this blog see from now on how far you are in its chapters and exercises, and when you did "
            "something last. Nobody else does.",
        ),
        after=("You don’t want that? Tell whoever runs the class: one click takes you out.",),
    )
    queue_mail(user.email, letter.subject, letter.text, html=letter.html, now=now)
