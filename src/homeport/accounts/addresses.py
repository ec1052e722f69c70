"""The verbs of another e-mail address: ask, confirm at the new one, take it back at the old one.

Whoever stole an account changes its address first, so the old one is told and can undo it for a week, also after
further changes: an undo link is voided by the use of an older one, never by a newer one. Whether the new address
belongs to somebody else shows to nobody but them.
"""

from datetime import datetime
from typing import NamedTuple

from homeport.accounts import (
    api_tokens,
    audit,
    ceremonies,
    departures,
    devices,
    mails,
    notices,
    queries,
    sessions,
    throttle,
    tokens,
)
from homeport.accounts.models import OneTimeToken, User
from homeport.accounts.turns import PEOPLE, take_turns
from homeport.core.errors import Problem
from homeport.core.http import Viewer
from homeport.jobs.queries import has_mail_server


def ask(user: User, email: str, *, by: Viewer, now: datetime) -> None:
    """Have a link mailed to the new address. Raises Problem for the present one, after too many, and without mail."""
    if not has_mail_server():
        raise Problem(
            "This blog sends no mail, so it cannot find out whether the address is yours.",
            status=409,
            code="no_mail_server",
            hint="Ask its owner to change it.",
        )
    if email == user.email:
        raise Problem("This is your address already.", status=422, code="same_email")
    throttle.begin(now, (throttle.LETTER, email), (throttle.LETTER, f"from {user.id}"))
    is_taken = queries.by_email(email) is not None
    token = tokens.issue(tokens.NEW_ADDRESS, user.id, now, email=email)
    audit.record("email_change_asked", by=by, now=now, subject=user.id)
    letter = mails.address_taken(by, now) if is_taken else mails.new_address(token, by, now)
    mails.send(email, letter, now, expires_at=now + tokens.LIFETIMES[tokens.NEW_ADDRESS])


class Change(NamedTuple):
    """What a link is about: whose account, which address it gets, and since when the link is there."""

    user: User
    email: str
    since: datetime


def find(token: str, now: datetime, purpose: str) -> Change:
    """The change that a link stands for. Raises Problem 403 for one that is over."""
    found = tokens.find(token, now, purpose)
    user = queries.by_id(found.user_id) if found else None
    if found is None or found.email is None or user is None or user.suspended_at is not None:
        raise Problem(
            "This link has been used, has been replaced by another one, or is too old.",
            status=403,
            code="wrong_link",
            hint="Log in and see which address your account has.",
        )
    return Change(user, found.email, found.created_at)


def confirm(token: str, *, by: Viewer, now: datetime) -> User:
    """Give somebody the address that their link was sent to, and tell the old one. Raises Problem as `find` does."""
    take_turns(PEOPLE)
    user, email, _ = find(token, now, tokens.NEW_ADDRESS)
    _claim(token, now, tokens.NEW_ADDRESS)
    _refuse_taken(email, user)
    before = user.email
    _set(user, email)
    user.email_confirmed_at = now
    undo = tokens.issue(tokens.UNDO, user.id, now, email=before)
    audit.record("email_changed", by=by, now=now, subject=user.id, before=before, after=email)
    mails.send(before, mails.address_changed(undo, by, now), now, expires_at=now + tokens.LIFETIMES[tokens.UNDO])
    return user


def undo(token: str, *, by: Viewer, now: datetime) -> User:
    """Put the address back that a link was sent to; everybody is logged out, and what was begun since is void, the
    deletion of the account too."""
    take_turns(PEOPLE)
    user, email, since = find(token, now, tokens.UNDO)
    _claim(token, now, tokens.UNDO)
    _refuse_taken(email, user)
    _set(user, email)
    user.email_confirmed_at = now
    tokens.void_later(user.id, tokens.UNDO, since)
    sessions.end_all(user.id)
    api_tokens.end_all(user.id)
    devices.forget_others(user.id, keep="")
    ceremonies.void(user.id)
    departures.cancel_later(user, since, by=by, now=now)
    notices.changed(user, "email_change_undone", by=by, now=now)
    return user


def change_theirs(user: User, email: str, *, by: Viewer, now: datetime) -> None:
    """Write down another address for somebody, as the owner may: nobody confirms it, and nobody takes it back by mail.

    The old address may have fallen into other hands, so no link goes there. Raises Problem for one that is taken.
    """
    take_turns(PEOPLE)
    if email == user.email:
        return
    _refuse_taken(email, user)
    before = user.email
    _set(user, email)
    user.email_confirmed_at = None
    tokens.void(user.id, tokens.UNDO)
    audit.record("email_changed", by=by, now=now, subject=user.id, before=before, after=email)
    mails.send(before, mails.address_changed_by_owner(now), now)


def pending(user: User, now: datetime) -> OneTimeToken | None:
    """The change that waits to be confirmed."""
    return tokens.find_of(user.id, now, tokens.NEW_ADDRESS)


def _claim(token: str, now: datetime, purpose: str) -> None:
    if not tokens.claim(token, now, purpose):
        raise Problem("This link has just been used.", status=403, code="wrong_link")


def _refuse_taken(email: str, user: User) -> None:
    other = queries.by_email(email)
    if other is not None and other is not user:
        raise Problem("There is an account with this e-mail address.", status=409, code="email_taken")


def _set(user: User, email: str) -> None:
    # Links to set a password that went to the address before must not open the account any more.
    user.email = email
    tokens.void(user.id, *tokens.PASSWORD_LINKS, tokens.NEW_ADDRESS)
