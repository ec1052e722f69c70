"""The verbs of coming in: ask for an account, confirm the address, be there.

With a mail server no account is made before somebody at the address has pressed a button (`Registration`), and whoever
asks learns nothing: a known and a new address cost the same hash and the same rows, and to each goes a mail. Without
one the account is made at once, and whether an address had one shows when its password is tried.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, select

from homeport.accounts import (
    audit,
    ceremonies,
    invitations,
    mails,
    passkeys,
    passwords,
    queries,
    service,
    throttle,
)
from homeport.accounts.browsers import name_of
from homeport.accounts.models import Registration, User
from homeport.accounts.turns import PEOPLE, take_turns
from homeport.core.db import db
from homeport.core.errors import Problem
from homeport.core.http import Role, Viewer
from homeport.core.ids import digest, token
from homeport.core.site import Site
from homeport.jobs.queries import has_mail_server

LIFETIME = timedelta(hours=24)


@dataclass(frozen=True)
class Newcomer:
    """Somebody who asks for an account, by invitation or by themselves; with a password or a passkey to log in with.

    `passkey` is what `passkeys.verify_registration` found, and the passkey's name.
    """

    name: str
    email: str
    invitation_id: int | None = None
    password_hash: str | None = None
    passkey: dict[str, Any] | None = None


def require_open(settings: Site, *, invited: bool = False) -> None:
    """Raise Problem 403 while nobody may register, or only who is invited."""
    if settings.registration == "open" or (settings.registration == "invitation" and invited):
        return
    asks = settings.registration == "invitation"
    raise Problem(
        "This blog takes whoever has an invitation." if asks else "This blog does not take registrations.",
        status=403,
        code="registration_closed",
        hint="Its owner can give you one." if asks else "Its owner can add you.",
    )


def register(person: Newcomer, password: str, *, by: Viewer, network: str, settings: Site, now: datetime) -> None:
    """Take somebody's wish for an account. The caller answers alike whether or not the address has one.

    Raises Problem where they may not register, for a weak password, and for too many from one network or to one
    address.
    """
    require_open(settings, invited=person.invitation_id is not None)
    passwords.check_new(password, (settings.title, person.name, person.email))
    _count(person.email, network, now)
    hashed = service.hash_password(password)
    admit(replace(person, password_hash=hashed), by=by, settings=settings, now=now)


def register_with_passkey(
    person: Newcomer, credential: str, bound_to: str, *, by: Viewer, network: str, settings: Site, now: datetime
) -> None:
    """As `register`, for who brings a passkey that the ceremony of this browser has made, and no password at all."""
    require_open(settings, invited=person.invitation_id is not None)
    _count(person.email, network, now)
    ceremony = passkeys.take(ceremonies.PASSKEY_REGISTRATION, bound_to, credential, now)
    found = passkeys.verify_registration(ceremony, credential) | {"name": name_of(by.browser)}
    admit(replace(person, passkey=found), by=by, settings=settings, now=now)


def _count(email: str, network: str, now: datetime) -> None:
    to_address = [(throttle.LETTER, email)] if has_mail_server() else []
    throttle.begin(now, (throttle.REGISTRATION, network), *to_address)


def admit(person: Newcomer, *, by: Viewer, settings: Site, now: datetime) -> None:
    """Write to the address first, where mail can be sent; else make the account, unless the address has one."""
    if has_mail_server():
        _ask_to_confirm(person, by=by, now=now)
        return
    take_turns(PEOPLE)
    if queries.by_email(person.email) is None:
        _make(person, asked_at=now, by=by, settings=settings, now=now)


def _ask_to_confirm(person: Newcomer, *, by: Viewer, now: datetime) -> None:
    # For an address that has an account the same row is written, under a token that nobody is told.
    value, is_known = token(), queries.by_email(person.email) is not None
    db.session.add(
        Registration(
            digest=digest(value),
            email=person.email,
            name=person.name,
            password_hash=person.password_hash,
            passkey=person.passkey,
            invitation_id=person.invitation_id,
            created_at=now,
            expires_at=now + LIFETIME,
        )
    )
    audit.record("registration_asked", by=by, now=now)
    letter = mails.known_address(by, now) if is_known else mails.confirmation(value, by, now)
    mails.send(person.email, letter, now, expires_at=now + LIFETIME)


def find(value: str, now: datetime) -> Registration:
    """What a mailed link asks for. Raises Problem 403 for one that is unknown, used or too old."""
    alive = (Registration.digest == digest(value), Registration.expires_at > now)
    found = db.session.scalar(select(Registration).where(*alive))
    if found is None:
        raise _wrong_link()
    return found


def confirm(value: str, *, by: Viewer, settings: Site, now: datetime) -> User:
    """Make the account that a mailed link asks for, once; the address is confirmed by it.

    Raises Problem for a link that is over, where registration was closed meanwhile, for an invitation that has been
    used up, and for an address that has got an account.
    """
    asked = find(value, now)
    require_open(settings, invited=asked.invitation_id is not None)
    take_turns(PEOPLE)
    claimed = delete(Registration).where(Registration.digest == digest(value)).returning(Registration.digest)
    person = Newcomer(asked.name, asked.email, asked.invitation_id, asked.password_hash, asked.passkey)
    asked_at = asked.created_at
    if db.session.scalar(claimed, execution_options={"synchronize_session": False}) is None:
        raise _wrong_link()
    if queries.by_email(person.email) is not None:
        raise Problem("There is an account with this e-mail address.", status=409, code="email_taken")
    user = _make(person, asked_at=asked_at, by=by, settings=settings, now=now)
    user.email_confirmed_at = now
    # Whatever else was asked for with this address was asked by somebody else, or is not needed any more.
    others = delete(Registration).where(Registration.email == person.email)
    db.session.execute(others, execution_options={"synchronize_session": False})
    return user


def _wrong_link() -> Problem:
    return Problem(
        "This link has been used, or is too old.",
        status=403,
        code="wrong_link",
        hint="If your account is there, log in; if not, register again.",
    )


def _make(person: Newcomer, *, asked_at: datetime, by: Viewer, settings: Site, now: datetime) -> User:
    came_by = person.invitation_id
    role = Role.READER if came_by is None else invitations.claim(came_by, asked_at)
    target = "" if came_by is None else invitations.name_of(came_by)
    who = (person.name, person.email, role, person.password_hash)
    user = service.create(*who, by=by, now=now, time_zone=settings.time_zone, target=target)
    if person.passkey is not None:
        passkeys.add_from(user, person.passkey, name=person.passkey["name"], now=now)
    if came_by is not None:
        invitations.note_use(came_by, user, now)
    return user
