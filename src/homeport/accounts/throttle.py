"""Slowing down whoever guesses: attempts are counted before the work is done, so that many at once count as many.

The first few are free; then each has to wait longer, up to a minute. That lets about 70 guesses an hour reach an
account's password, from the whole world together (OWASP ASVS 5.0 V6.3.1; NIST SP 800-63B-4 allows 100). What is
refused is not counted: nobody keeps somebody else out for longer by trying more often. Sessions are never affected.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil
from typing import TypeVar

from sqlalchemy import delete, func, select

from homeport.accounts.models import Attempt
from homeport.accounts.turns import take_turns
from homeport.core.db import db, end_transaction
from homeport.core.errors import Problem
from homeport.core.ids import digest

WINDOW = timedelta(hours=1)
LONGEST_WAIT = 60  # seconds
Found = TypeVar("Found")
CLOCK_SLACK = timedelta(seconds=LONGEST_WAIT)


@dataclass(frozen=True)
class Rule:
    """What is counted together, and how many attempts an hour are answered at once.

    The first that is not has to wait for `first` seconds, each further one twice as long, but never over `longest`.
    """

    kind: str
    free: int
    first: int = 1
    longest: int = LONGEST_WAIT

    def subject(self, value: str) -> str:
        """How the count of `value` (an e-mail address, a network) is filed: by digest, not by name."""
        return f"{self.kind}:{digest(value)}"

    def wait(self, attempts: int) -> timedelta:
        """How long after the last of `attempts` the next has to wait: `first`, then ever twice as long."""
        over = attempts - self.free
        return timedelta(seconds=min(self.first * 2 ** min(over, 6), self.longest) if over >= 0 else 0)


ACCOUNT = Rule("account", free=5)
DEVICE = Rule("device", free=10)
"""A browser that its owner has logged in with before: counted by itself, so that no stranger makes its owner wait."""

NETWORK = Rule("network", free=30)
REGISTRATION = Rule("registration", free=10)
LETTER = Rule("letter", free=3, first=300, longest=1200)
"""Mails that anybody can have sent to an address, whoever it belongs to: about six an hour."""
TOKEN = Rule("api token", free=30)
PREVIEW = Rule("preview link", free=30)
CHALLENGE = Rule("challenge", free=100)
"""Every page of the login asks for a challenge, to offer passkeys in its fields."""


@dataclass(frozen=True)
class Counted:
    """An attempt that has been counted; `forgive` takes it back when it turns out to be right.

    `account` is what the count of the account, or of its known device, is filed under.
    """

    ids: tuple[int, ...]
    account: str = ""


def begin(now: datetime, *counts: tuple[Rule, str]) -> Counted:
    """Count an attempt against each rule and value. Raises Problem 429 while one of them has to wait.

    The caller ends the transaction before it does the work, so that the next attempt sees this one.
    """
    subjects = [(rule, rule.subject(value)) for rule, value in counts]
    take_turns(*(subject for _rule, subject in subjects))
    wait = max((_wait(rule, subject, now) for rule, subject in subjects), default=timedelta())
    if wait > timedelta():
        raise _too_many(ceil(wait.total_seconds()))
    rows = [Attempt(subject=subject, at=now) for _rule, subject in subjects]
    db.session.add_all(rows)
    db.session.flush()
    account = next((subject for rule, subject in subjects if rule in {ACCOUNT, DEVICE}), "")
    return Counted(tuple(row.id for row in rows), account)


def _wait(rule: Rule, subject: str, now: datetime) -> timedelta:
    # Times in the future come from a clock that was set back; past a little slack they would lock people out.
    recent = (Attempt.subject == subject, Attempt.at > now - WINDOW, Attempt.at <= now + CLOCK_SLACK)
    count, last = db.session.execute(select(func.count(), func.max(Attempt.at)).where(*recent)).one()
    return rule.wait(count) - (now - min(last, now)) if last else timedelta()


def refuse_guessers(rule: Rule, network: str, now: datetime) -> None:
    """Raise Problem 429 while a network has to wait that sent too many wrong tokens. Nothing is written.

    What has 256 random bits is not found by guessing, however many try at once: here counting afterwards is enough, and
    who sends the right one makes nobody write.
    """
    wait = _wait(rule, rule.subject(network), now)
    if wait > timedelta():
        raise _too_many(ceil(wait.total_seconds()))


def note_guess(rule: Rule, network: str, now: datetime) -> None:
    """Count a wrong token, in a transaction of its own: the refusal that follows takes everything else back."""
    db.session.rollback()
    db.session.add(Attempt(subject=rule.subject(network), at=now))
    end_transaction()


def _too_many(seconds: int) -> Problem:
    return Problem(
        "There were too many attempts in a row.",
        status=429,
        code="too_many_attempts",
        hint=f"Wait {_in_words(seconds)}, then try again.",
        headers={"Retry-After": str(seconds)},
    )


def _in_words(seconds: int) -> str:
    count, unit = (seconds, "second") if seconds <= LONGEST_WAIT else (ceil(seconds / 60), "minute")
    return f"{count} {unit}{'' if count == 1 else 's'}"


def counted(look: Callable[[], Found], network: str, now: datetime) -> Found:
    """What `look` finds by a link. A try that raises stays counted against its network; a right one does not."""
    attempt = begin(now, (NETWORK, network))
    end_transaction()
    found = look()
    take_back(attempt)
    end_transaction()
    return found


def take_back(attempt: Counted) -> None:
    """Take an attempt back that was right as far as it went: the login still needs its second step."""
    db.session.execute(delete(Attempt).where(Attempt.id.in_(attempt.ids)))


def forgive(attempt: Counted) -> None:
    """Take an attempt back, and with it everything counted against its account: whoever made it is its owner.

    Other attempts from the same network stay counted: one's own account must not be a way to guess at others.
    """
    take_back(attempt)
    if attempt.account:
        db.session.execute(delete(Attempt).where(Attempt.subject == attempt.account))


def forget_account(email: str) -> None:
    """Start counting anew for an account whose password was set anew."""
    db.session.execute(delete(Attempt).where(Attempt.subject == ACCOUNT.subject(email)))
