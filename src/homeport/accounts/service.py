"""What can be done with accounts: set up, register, log in, add and change people.

Whatever hashes a password ends the transaction first (`core.db.end_transaction`), so that no writer waits for it, and
looks again at what it relies on afterwards. Raises Problem; time, settings and actor are arguments.
"""

from dataclasses import dataclass
from datetime import datetime

from homeport.accounts import passwords, queries, sessions, throttle, tokens
from homeport.accounts.handles import free_handle
from homeport.accounts.models import OneTimeToken, User
from homeport.accounts.turns import PEOPLE, take_turns
from homeport.core import events, site
from homeport.core.db import db, end_transaction
from homeport.core.errors import Problem
from homeport.core.http import Role
from homeport.core.site import Site


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


def set_up(*, token: str, name: str, email: str, password: str, settings: Site, now: datetime) -> User:
    """Make the owner's account and store the site's first `settings`. Raises Problem; the token works once."""
    check_setup_token(token, now)
    passwords.check_new(password, (settings.title, name, email))
    hashed = _hash(password)
    take_turns(PEOPLE)
    if not tokens.claim(token, now, tokens.SETUP) or queries.owner_exists():
        raise Problem("This blog has been set up already.", status=409, code="set_up", hint="Log in instead.")
    site.change(title=settings.title, time_zone=settings.time_zone)
    return _create(name, email, Role.OWNER, now, hashed, time_zone=settings.time_zone)


def require_open(settings: Site) -> None:
    """Raise Problem 403 while nobody may register."""
    if settings.registration != "open":
        raise Problem(
            "This blog does not take registrations.",
            status=403,
            code="registration_closed",
            hint="Its owner can add you.",
        )


def register(*, name: str, email: str, password: str, network: str, settings: Site, now: datetime) -> None:
    """Make a reader's account, unless the address has one: the caller answers alike, at the same cost of time.

    Raises Problem while registration is closed, for a weak password, and for too many from one network.
    """
    require_open(settings)
    passwords.check_new(password, (settings.title, name, email))
    throttle.begin(now, (throttle.REGISTRATION, network))
    hashed = _hash(password)
    take_turns(PEOPLE)
    if queries.by_email(email) is None:
        _create(name, email, Role.READER, now, hashed, time_zone=settings.time_zone)


def log_in(email: str, password: str, *, network: str, now: datetime) -> User:
    """The person with this address and password. Raises Problem 422 for any other pair, 429 after too many of them."""
    attempt = throttle.begin(now, (throttle.ACCOUNT, email.lower()), (throttle.NETWORK, network))
    user_id, stored = _credentials(queries.by_email(email))
    if not _verify(user_id, stored, password):
        raise Problem(
            "That e-mail address and password don't belong together.",
            status=422,
            code="wrong_login",
            hint="Check both; capital letters count in the password.",
        )
    throttle.forgive(attempt)
    user = db.session.get_one(User, user_id)
    if user.suspended_at is not None:
        raise Problem("This account is suspended.", status=403, code="suspended", hint="Ask the blog's owner.")
    return user


def change_password(user: User, *, present: str, new: str, network: str, settings: Site, now: datetime) -> None:
    """Set a new password after the present one was given. Every session ends; the caller begins a new one."""
    passwords.check_new(new, _about(user, settings))
    attempt = throttle.begin(now, (throttle.ACCOUNT, user.email), (throttle.NETWORK, network))
    user_id, stored = _credentials(user)
    if not _verify(user_id, stored, present):
        raise Problem("This is not your present password.", status=422, code="wrong_password")
    verified = db.session.get_one(User, user_id).password_hash
    hashed = _hash(new)
    throttle.forgive(attempt)
    now_stored = db.session.get(User, user_id, with_for_update=True)
    if now_stored is None or now_stored.password_hash != verified:
        # A reset, perhaps, by somebody whose old password is known to others: it must not be undone by them.
        raise Problem("The password was changed by somebody else just now.", status=409, code="conflict")
    _set_password(now_stored, hashed)


@dataclass(frozen=True)
class Link:
    """A one-time link: its token, kept nowhere else, and for how many hours it works."""

    token: str
    hours: int


def issue_link(user: User, now: datetime) -> Link:
    """The token for `/reset?token=…`, with which somebody sets their password; older ones stop working."""
    purpose = tokens.RESET if user.password_hash else tokens.INVITATION
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


def reset_password(*, token: str, password: str, settings: Site, now: datetime) -> None:
    """Set a password by a link, once. Nobody is logged in by it, and everybody who was is logged out."""
    user = person_of_link(token, now)
    passwords.check_new(password, _about(user, settings))
    user_id = user.id
    hashed = _hash(password)
    if not tokens.claim(token, now, tokens.RESET, tokens.INVITATION):
        raise Problem("This link has just been used.", status=403, code="wrong_link")
    user = db.session.get_one(User, user_id)
    throttle.forget_account(user.email)
    _set_password(user, hashed)


def add(*, name: str, email: str, role: Role, now: datetime, password: str | None, settings: Site) -> User:
    """Make somebody's account; without a password they set one by `issue_link`. Raises Problem for a known address."""
    hashed = None
    if password is not None:
        passwords.check_new(password, (settings.title, name, email))
        hashed = _hash(password)
    take_turns(PEOPLE)
    if queries.by_email(email) is not None:
        raise Problem("There is an account with this e-mail address.", status=409, code="email_taken")
    return _create(name, email, role, now, hashed, time_zone=settings.time_zone)


def change_profile(user: User, *, display_name: str, handle: str, bio: str, link: str, time_zone: str) -> None:
    """Store what somebody says about themselves. Raises Problem for a handle that somebody else has."""
    take_turns(PEOPLE)
    other = queries.by_handle(handle)
    if other is not None and other is not user:
        raise Problem("Somebody else has this name.", status=409, code="handle_taken", hint="Choose another one.")
    user.display_name, user.handle, user.bio, user.link, user.time_zone = display_name, handle, bio, link, time_zone


def change_role(user: User, role: Role) -> None:
    """Give somebody another role, from their next request on. Raises Problem if no owner would be left."""
    if role < Role.OWNER:
        _keep_an_owner(user)
    user.role = role


def suspend(user: User, now: datetime) -> None:
    """Shut somebody out: sessions and links end, what they wrote stays. Raises Problem if no owner would be left."""
    _keep_an_owner(user)
    user.suspended_at = user.suspended_at or now
    sessions.end_all(user.id)
    tokens.void(user.id)


def readmit(user: User) -> None:
    """Let somebody in again who was suspended."""
    user.suspended_at = None


def _keep_an_owner(user: User) -> None:
    able = queries.able_owners()
    if user in able and len(able) == 1:
        raise Problem(
            "The blog needs an owner who can log in, and this is the only one.",
            status=409,
            code="last_owner",
            hint="Make somebody else an owner first.",
        )


def _create(name: str, email: str, role: Role, now: datetime, password_hash: str | None, *, time_zone: str) -> User:
    handle = free_handle(name, lambda handle: queries.by_handle(handle) is not None)
    user = User(email=email.lower(), handle=handle, display_name=name, role=role, created_at=now, time_zone=time_zone)
    user.password_hash = password_hash
    db.session.add(user)
    db.session.flush()
    events.account_created.send(user=user, now=now)
    return user


def _credentials(user: User | None) -> tuple[int, str | None]:
    return (user.id, user.password_hash) if user else (0, None)


def _verify(user_id: int, stored: str | None, password: str) -> bool:
    """Whether the password is right, also after the time that took; hashes anew what was hashed at another cost."""
    end_transaction()
    if not passwords.hasher.matches(stored, password) or stored is None:
        return False
    fresh = passwords.hasher.hash(password) if passwords.hasher.is_outdated(stored) else stored
    user = db.session.get(User, user_id, with_for_update=True)
    if user is None:
        return False
    if user.password_hash != stored:  # somebody set another one, or another login hashed it anew: look again
        return _verify(user_id, user.password_hash, password)
    user.password_hash = fresh
    return True


def _hash(password: str) -> str:
    end_transaction()
    return passwords.hasher.hash(password)


def _set_password(user: User, password_hash: str) -> None:
    user.password_hash = password_hash
    sessions.end_all(user.id)
    tokens.void(user.id)


def _user_of(token: OneTimeToken | None) -> User | None:
    user = queries.by_id(token.user_id) if token else None
    return None if user is None or user.suspended_at else user


def _about(user: User, settings: Site) -> tuple[str, ...]:
    return settings.title, user.display_name, user.handle, user.email
