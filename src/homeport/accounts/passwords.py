"""Passwords: which ones may be chosen, and how they are kept.

Long ones and no rules about their make-up (OWASP ASVS 5.0 V6.2, NIST SP 800-63B-4 section 3.1.1), kept as Argon2id
(RFC 9106). Hashing is slow on purpose, so it never happens inside a write transaction, and never more than two at once.
"""

import base64
import secrets
import unicodedata
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from threading import BoundedSemaphore

from argon2 import PasswordHasher, Type
from argon2.exceptions import InvalidHashError, VerificationError

from homeport.core.config import ConfigError
from homeport.core.errors import Problem
from homeport.core.lazily import Lazy
from homeport.core.waiting import place

LEAST, LEAST_BESIDE_SECOND_FACTOR, MOST = 15, 8, 1000
"""Characters (OWASP ASVS 5.0 V6.2.1, NIST SP 800-63B-4 3.1.1.2). There is an upper end only so that nobody sends
megabytes; what fits is used to its last character."""

LEAST_GUESSES = 10**8
"""What zxcvbn calls "safely unguessable: moderate protection from offline slow-hash scenario" (its score 3)."""

MOST_TYPED = 4 * MOST
"""Characters as they are typed. Of a longer text Unicode's normal form is not even made: that takes time with the
square of the number of accents, and no normal form is that much shorter (three letters of Hangul become one)."""

JUDGED = 72
"""Characters zxcvbn looks at: its time grows with the square of the length, and no weak password is longer."""

_zxcvbn = Lazy("zxcvbn")  # its word lists take 14 MB and 70 ms, which only who chooses a password should cost

AT_ONCE = 2
"""Hashes at a time in a process, which bounds the memory; more wait for their turn, as many as may wait at all."""


@dataclass(frozen=True)
class Cost:
    """What one hash costs: memory in KiB, passes over it, lanes (RFC 9106: m, t, p)."""

    memory: int
    passes: int
    lanes: int


FLOOR = Cost(memory=19456, passes=2, lanes=1)  # ASVS 5.0 V11.4.2
COST = Cost(memory=47104, passes=2, lanes=1)  # about 0.1 s on a small computer, and 92 MiB for two at once


class Hasher:
    """Argon2id at one cost, at most AT_ONCE hashes at a time in this process."""

    def __init__(self, cost: Cost = COST) -> None:
        """Raises ConfigError for a cost below the floor: the blog then does not start."""
        if cost.memory < FLOOR.memory or cost.passes < FLOOR.passes or cost.lanes < FLOOR.lanes:
            raise ConfigError(f"Passwords must cost at least {FLOOR} to hash, not {cost}.")
        self._argon2 = PasswordHasher(
            time_cost=cost.passes, memory_cost=cost.memory, parallelism=cost.lanes, type=Type.ID
        )
        self._turns = BoundedSemaphore(AT_ONCE)
        self._nobody = _hash_of_nobody(cost)

    def hash(self, password: str) -> str:
        """The hash to store, with its cost and salt in it. Raises Problem 503 when too many wait."""
        with self._turn():
            return self._argon2.hash(normal(password))

    def matches(self, stored: str | None, password: str) -> bool:
        """Whether `password` is the stored one; without one (no such account) the same work for nothing."""
        if len(password) > MOST_TYPED:
            password, stored = "", None
        with self._turn():
            try:
                return self._argon2.verify(stored or self._nobody, normal(password)) and stored is not None
            except (VerificationError, InvalidHashError):
                return False

    @contextmanager
    def _turn(self) -> Iterator[None]:
        with place() as found:
            if not found:
                raise _busy()
            with self._turns:
                yield

    def is_outdated(self, stored: str) -> bool:
        """Whether a stored hash was made at another cost than today's."""
        return self._argon2.check_needs_rehash(stored)


def _busy() -> Problem:
    return Problem(
        "Too many people are logging in right now.",
        status=503,
        code="busy",
        hint="Try again in a few seconds.",
        headers={"Retry-After": "2"},
    )


def _hash_of_nobody(cost: Cost) -> str:
    # A well-formed hash that no password has: made of random bytes, so that starting costs no hash.
    salt, digest = (base64.b64encode(secrets.token_bytes(size)).decode().rstrip("=") for size in (16, 32))
    return f"$argon2id$v=19$m={cost.memory},t={cost.passes},p={cost.lanes}${salt}${digest}"


hasher = Hasher()


def normal(password: str) -> bytes:
    """The bytes that are hashed: NFKC, so that é typed as one sign or as two is one password (SP 800-63B-4)."""
    return unicodedata.normalize("NFKC", password).encode("utf-8", "surrogatepass")


def check_new(password: str, about: Iterable[str], least: int = LEAST) -> None:
    """Raise Problem `weak_password` unless `password` may be chosen. `about`: words an attacker would try first."""
    length = length_of(password)
    if length < least:
        raise _weak(f"Use at least {least} characters; these are {length}.", "A few words in a row are easy to keep.")
    if length > MOST:
        raise _weak(f"Use at most {MOST} characters.", None)
    if guesses(password, about) < LEAST_GUESSES:
        raise _weak("This password is among the first that would be guessed.", "Choose a few unrelated words.")


def length_of(password: str) -> int:
    """The characters that count; of a text that is far too long, only that it is."""
    return MOST + 1 if len(password) > MOST_TYPED else len(unicodedata.normalize("NFKC", password))


def _weak(message: str, hint: str | None) -> Problem:
    return Problem(message, status=422, code="weak_password", hint=hint)


def guesses(password: str, about: Iterable[str]) -> float:
    """About how many tries a clever attacker needs, who knows common passwords, patterns and the words in `about`."""
    estimate = _zxcvbn.zxcvbn(password[:JUDGED], user_inputs=sorted(_words(about)))
    return float(estimate["guesses"])


def _words(about: Iterable[str]) -> set[str]:
    found: set[str] = set()
    for text in about:
        parts = "".join(char if char.isalnum() else " " for char in text.casefold()).split()
        found.update((text.casefold(), "".join(parts), *(part for part in parts if len(part) > 2)))
    return found - {""}
