"""The verbs of showing who one is: password, second step, and the same again before something sensitive.

Attempts are counted before any work is done, by account and network; from a browser its owner has logged in with
before, by that browser alone, so that nobody can lock the owner out. What hashes ends the transaction first.
"""

from dataclasses import dataclass
from datetime import datetime

from flask import current_app

from homeport.accounts import audit, devices, factors, passwords, queries, recovery, throttle, totp
from homeport.accounts.models import User
from homeport.core.db import db, end_transaction
from homeport.core.errors import Problem
from homeport.core.http import Viewer


@dataclass(frozen=True)
class Visit:
    """Who asks (`by`), from which network, and the cookie of a known device, empty without one."""

    by: Viewer
    network: str
    device: str = ""


def by_password(email: str, password: str, visit: Visit, now: datetime) -> User:
    """The person with this address and password. Raises Problem 422 for any other pair, 429 after too many of them."""
    user = queries.by_email(email)
    attempt = count(email.strip().lower(), user, visit, now)
    user_id, stored = (user.id, user.password_hash) if user else (0, None)
    if not verify(user_id, stored, password):
        _note_failure("login_failed", user_id or None, visit, now)
        raise Problem(
            "That e-mail address and password don't belong together.",
            status=422,
            code="wrong_login",
            hint="Check both; capital letters count in the password.",
        )
    _settle(attempt, user_id)
    user = db.session.get_one(User, user_id)
    refuse_suspended(user)
    return user


def _settle(attempt: throttle.Counted, user_id: int) -> None:
    # Were the count of an account taken back for the password alone, whoever knows it could guess at codes for ever.
    (throttle.take_back if factors.has_second_factor(user_id) else throttle.forgive)(attempt)


def refuse_suspended(user: User) -> None:
    """Raise Problem 403 for somebody who may not log in although they have shown who they are."""
    if user.suspended_at is not None:
        raise Problem("This account is suspended.", status=403, code="suspended", hint="Ask the blog's owner.")


def needs_second_step(user: User, visit: Visit, now: datetime) -> bool:
    """Whether the password is only the first half of this login."""
    return factors.has_second_factor(user.id) and not devices.is_trusted(visit.device, user.id, now)


def by_code(user: User, code: str, visit: Visit, now: datetime) -> str:
    """Take a code of the authenticator app, or a recovery code; returns the means. Raises Problem 422 or 429."""
    attempt = count(user.email, user, visit, now)
    user_id = user.id
    end_transaction()  # counted, whatever comes of it
    means = _take_code(user_id, code, visit, now)
    if means is None:
        _note_failure("login_failed", user_id, visit, now)
        raise Problem(
            "This code is not right, or has been used.",
            status=422,
            code="wrong_code",
            hint="Wait for the app to show the next one, or use a recovery code.",
        )
    throttle.forgive(attempt)
    return means


def _take_code(user_id: int, code: str, visit: Visit, now: datetime) -> str | None:
    if not recovery.looks_like_one(code):
        return "code" if totp.use(user_id, code, current_app.config["HOMEPORT"], now) else None
    if not recovery.use(user_id, code, now):
        return None
    audit.record("recovery_code_used", by=visit.by, now=now, subject=user_id)
    return "recovery code"


def check_password(user: User, password: str, visit: Visit, now: datetime) -> None:
    """Raise Problem 422 unless this is the password of somebody who is logged in, 429 after too many that were not."""
    attempt = count(user.email, user, visit, now)
    user_id, stored = user.id, user.password_hash
    if not verify(user_id, stored, password):
        _note_failure("proof_failed", user_id, visit, now)
        raise Problem("This is not your present password.", status=422, code="wrong_password")
    _settle(attempt, user_id)


def count(email: str, user: User | None, visit: Visit, now: datetime) -> throttle.Counted:
    """Count an attempt to be this person, before it is looked at. Raises Problem 429 while the next has to wait."""
    if user is not None and devices.find(visit.device, user.id, now):
        return throttle.begin(now, (throttle.DEVICE, visit.device))
    return throttle.begin(now, (throttle.ACCOUNT, email), (throttle.NETWORK, visit.network))


def _note_failure(action: str, user_id: int | None, visit: Visit, now: datetime) -> None:
    audit.record(action, by=visit.by, now=now, subject=user_id)
    end_transaction()  # the Problem that follows takes back what is not yet committed


def verify(user_id: int, stored: str | None, password: str) -> bool:
    """Whether the password is right, also after the time that took; hashes anew what was hashed at another cost."""
    end_transaction()
    if not passwords.hasher.matches(stored, password) or stored is None:
        return False
    fresh = passwords.hasher.hash(password) if passwords.hasher.is_outdated(stored) else stored
    user = db.session.get(User, user_id, with_for_update=True)
    if user is None:
        return False
    if user.password_hash != stored:  # somebody set another one, or another login hashed it anew: look again
        return verify(user_id, user.password_hash, password)
    user.password_hash = fresh
    return True
