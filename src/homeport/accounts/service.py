"""What can be done with accounts: set up, register, add and change people. Showing who one is: `proofs`.

Whatever hashes a password ends the transaction first (`core.db.end_transaction`), so that no writer waits for it, and
looks again at what it relies on afterwards. Raises Problem; time, settings and actor are arguments.
"""

from dataclasses import dataclass
from datetime import datetime

from homeport.accounts import (
    api_tokens,
    audit,
    ceremonies,
    contact,
    departures,
    devices,
    factors,
    notices,
    owners,
    passwords,
    queries,
    sessions,
    throttle,
    tokens,
)
from homeport.accounts.handles import free_handle
from homeport.accounts.models import OneTimeToken, User
from homeport.accounts.turns import PEOPLE, take_turns
from homeport.core import events, site
from homeport.core.db import db, end_transaction
from homeport.core.errors import Problem
from homeport.core.http import Role, Viewer
from homeport.core.site import Site

record = audit.record
"""What other features note in the audit log."""
forget_targets = audit.forget_targets
"""What other features have it forget."""
ask_to_leave, cancel_leaving, delete_account = departures.ask, departures.cancel, departures.delete_account
"""Leaving: with a grace, taken back, and at once."""
plain_name, email_address = contact.plain_name, contact.email_address
"""What somebody may be called, and what an address looks like."""
GRACE, BACKUPS = departures.GRACE, departures.BACKUPS
replace_token, tokens_of = api_tokens.replace, api_tokens.of
"""Tokens for programs that another feature brings: made in the place of older ones, and listed."""


def take_turns_at_making_accounts() -> None:
    """Wait until nobody else's transaction makes an account; others wait for this one until its end."""
    take_turns(PEOPLE)


def refuse_guessers(network: str, now: datetime) -> None:
    """Raise Problem 429 while a network has to wait that tried too many links which show nothing."""
    throttle.refuse_guessers(throttle.PREVIEW, network, now)


def note_guess(network: str, now: datetime) -> None:
    """Count a link that shows nothing against a network. Takes back what the present transaction has changed."""
    throttle.note_guess(throttle.PREVIEW, network, now)


def issue_setup_link(now: datetime) -> str:
    """The token of the owner's set-up link, `/setup?token=…`; an older one stops working."""
    return tokens.issue(tokens.SETUP, None, now)


def check_setup_token(token: str, now: datetime) -> None:
    """Raise Problem 403 unless this token can make the owner's account now."""
    if tokens.find(token, now, tokens.SETUP) is None:
        raise Problem(
            "This is not the set-up link that was printed last.",
            status=403,
            code="wrong_link",
            hint="Open the link that “homeport serve” printed when it was started; starting it again prints a new one.",
        )


def set_up(*, token: str, name: str, email: str, password: str, by: Viewer, settings: Site, now: datetime) -> User:
    """Make the owner's account and store the site's first `settings`. Raises Problem; the token works once."""
    check_setup_token(token, now)
    passwords.check_new(password, (settings.title, name, email))
    hashed = hash_password(password)
    take_turns(PEOPLE)
    if not tokens.claim(token, now, tokens.SETUP) or queries.owner_exists():
        raise Problem("This blog has been set up already.", status=409, code="set_up", hint="Log in instead.")
    site.change(title=settings.title, time_zone=settings.time_zone)
    return create(name, email, Role.OWNER, hashed, by=by, now=now, time_zone=settings.time_zone)


def change_password(user: User, new: str, *, by: Viewer, settings: Site, now: datetime) -> None:
    """Set a new password for somebody who has just shown who they are. Every session ends; the caller begins a new one.

    Raises Problem for a weak one, and 409 when somebody else has set another one meanwhile.
    """
    passwords.check_new(new, _about(user, settings), factors.least_password(user.id))
    user_id, before = user.id, user.password_hash
    hashed = hash_password(new)
    found = db.session.get(User, user_id, with_for_update=True)
    if found is None or found.password_hash != before:
        # A reset, perhaps, by somebody whose old password is known to others: it must not be undone by them.
        raise Problem("The password was changed by somebody else just now.", status=409, code="conflict")
    _set_password(found, new, hashed)
    notices.changed(found, "password_changed", by=by, now=now)


@dataclass(frozen=True)
class Link:
    """A one-time link: its token, kept nowhere else, and for how many hours it works."""

    token: str
    hours: int


def issue_link(user: User, *, by: Viewer, now: datetime) -> Link:
    """The token for `/reset?token=…`, with which somebody sets their password; older ones stop working."""
    audit.record("reset_link_made", by=by, now=now, subject=user.id)
    is_new = user.password_hash is None and not factors.count_passkeys(user.id)
    purpose = tokens.INVITATION if is_new else tokens.RESET
    hours = tokens.LIFETIMES[purpose].total_seconds() / 3600
    return Link(tokens.issue(purpose, user.id, now), int(hours))


def person_of_link(token: str, now: datetime) -> User:
    """Whose password a link sets. Raises Problem 403 for one that is unknown, used or too old."""
    found = tokens.find(token, now, tokens.RESET, tokens.INVITATION)
    user = _user_of(found)
    if user is None:
        raise Problem(
            "This link has been used, or is too old.",
            status=403,
            code="wrong_link",
            hint="Ask the blog's owner for a new one.",
        )
    return user


def reset_password(*, token: str, password: str, by: Viewer, settings: Site, now: datetime) -> None:
    """Set a password by a link, once. Nobody is logged in by it, and everybody who was is logged out.

    A second factor stays: a link alone must not get past it.
    """
    user = person_of_link(token, now)
    passwords.check_new(password, _about(user, settings), factors.least_password(user.id))
    user_id = user.id
    hashed = hash_password(password)
    if not tokens.claim(token, now, tokens.RESET, tokens.INVITATION):
        raise Problem("This link has just been used.", status=403, code="wrong_link")
    user = db.session.get_one(User, user_id)
    throttle.forget_account(user.email)
    _set_password(user, password, hashed)
    notices.changed(user, "password_reset", by=by, now=now)


def add(*, name: str, email: str, role: Role, by: Viewer, now: datetime, password: str | None, settings: Site) -> User:
    """Make somebody's account; without a password they set one by `issue_link`. Raises Problem for a known address."""
    hashed = None
    if password is not None:
        passwords.check_new(password, (settings.title, name, email))
        hashed = hash_password(password)
    take_turns(PEOPLE)
    if queries.by_email(email) is not None:
        raise Problem("There is an account with this e-mail address.", status=409, code="email_taken")
    return create(name, email, role, hashed, by=by, now=now, time_zone=settings.time_zone)


def change_profile(user: User, *, display_name: str, handle: str, bio: str, link: str, time_zone: str) -> None:
    """Store what somebody says about themselves. Raises Problem for a handle that somebody else has."""
    take_turns(PEOPLE)
    other = queries.by_handle(handle)
    if other is not None and other is not user:
        raise Problem("Somebody else has this name.", status=409, code="handle_taken", hint="Choose another one.")
    user.display_name, user.handle, user.bio, user.link, user.time_zone = display_name, handle, bio, link, time_zone


def change_role(user: User, role: Role, *, by: Viewer, now: datetime) -> None:
    """Give somebody another role, from their next request on. Raises Problem if no owner would be left."""
    if role < Role.OWNER:
        owners.keep_one(user)
    if role is not user.role:
        change = {"before": user.role.label, "after": role.label}
        user.role = role
        notices.changed(user, "role_changed", by=by, now=now, **change)


def change_picture(user: User, name: str | None) -> None:
    """Show a stored picture beside somebody's name from now on; None shows none."""
    user.picture = name


def suspend(user: User, *, by: Viewer, now: datetime) -> None:
    """Shut somebody out: sessions and links end, what they wrote stays. Raises Problem if no owner would be left."""
    owners.keep_one(user)
    if user.suspended_at is None:
        audit.record("suspended", by=by, now=now, subject=user.id, name=user.display_name)
    user.suspended_at = user.suspended_at or now
    sessions.end_all(user.id)
    api_tokens.end_all(user.id)
    ceremonies.void(user.id)
    tokens.void_all(user.id)


def readmit(user: User, *, by: Viewer, now: datetime) -> None:
    """Let somebody in again who was suspended."""
    if user.suspended_at is not None:
        audit.record("readmitted", by=by, now=now, subject=user.id, name=user.display_name)
    user.suspended_at = None


def create(
    name: str,
    email: str,
    role: Role,
    password_hash: str | None,
    *,
    by: Viewer,
    now: datetime,
    time_zone: str,
    target: str = "",
) -> User:
    """Make an account; the caller has taken its turn (`PEOPLE`) and knows that nobody has the address.

    `target`: what they came by, for the audit log.
    """
    handle = free_handle(name, lambda handle: queries.by_handle(handle) is not None)
    user = User(email=email.lower(), handle=handle, display_name=name, role=role, created_at=now, time_zone=time_zone)
    user.password_hash = password_hash
    user.id = queries.fresh_id() or user.id
    db.session.add(user)
    db.session.flush()
    audit.record("account_created", by=by, now=now, subject=user.id, target=target, name=name, role=role.label)
    events.account_created.send(user=user, now=now)
    return user


def hash_password(password: str) -> str:
    """The hash to store. What was written so far is committed first, since hashing takes long."""
    end_transaction()
    return passwords.hasher.hash(password)


def _set_password(user: User, password: str, password_hash: str) -> None:
    user.password_hash = password_hash
    user.has_short_password = passwords.length_of(password) < passwords.LEAST
    sessions.end_all(user.id)
    api_tokens.end_all(user.id)
    devices.distrust_all(user.id)
    ceremonies.void(user.id)
    tokens.void(user.id, *tokens.PASSWORD_LINKS, tokens.NEW_ADDRESS)


def _user_of(token: OneTimeToken | None) -> User | None:
    user = queries.by_id(token.user_id) if token else None
    return None if user is None or user.suspended_at else user


def _about(user: User, settings: Site) -> tuple[str, ...]:
    return settings.title, user.display_name, user.handle, user.email
