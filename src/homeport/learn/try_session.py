"""The experiments of chapter 5: one's own session as the database keeps it, and real requests with and without it."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

from homeport.accounts import queries as accounts
from homeport.accounts.models import AuthSession
from homeport.core.errors import Problem
from homeport.core.http import SESSION_COOKIES
from homeport.core.ids import digest, token
from homeport.learn.experiments import Context, Fields, Outcome, experiment
from homeport.learn.real_request import Exchange

PAGE = "/account"
"""A page that is for its reader alone."""
_SHOWN = 8
"""Characters of a digest that are shown: enough to compare, and no use to anybody."""

COLUMNS = {
    "digest": "The SHA-256 of your cookie. Only its beginning is shown here.",
    "handle": "A name for this row that may be shown, for the button that ends it.",
    "user_id": "Whose session it is.",
    "created_at": "When you logged in.",
    "last_seen_at": "When you were last here, noted at most once a minute.",
    "authenticated_at": "When you last showed who you are; for what is sensitive, that must not be long ago.",
    "means": "How you showed it.",
    "address": "Where you logged in from.",
    "browser": "What your browser said of itself.",
    "expires_at": "When this session ends whatever you do.",
    "device_digest": "The SHA-256 of another cookie, by which this blog knows the browser again.",
}

ATTRIBUTES = {
    "HttpOnly": "No script can read it, so an injected one cannot send it away.",
    "SameSite=Lax": "When another site has your browser send a form here, the cookie stays at home.",
    "Secure": "It travels by HTTPS alone, so nobody on the way can read it.",
    "Path=/": "It is for the whole of this blog.",
}
_ABSENT = "Secure"


class Row(NamedTuple):
    """A column of the table, what stands in it, and what for."""

    name: str
    value: str
    meaning: str


@dataclass(frozen=True)
class Try:
    """One real request, by what it brought along."""

    brought: str
    exchange: Exchange

    @property
    def goal(self) -> str:
        """Where the answer sends its reader; "" where it is the page."""
        return self.exchange.answer.header("Location")


@experiment("session-row", title="Your own session", button="Look it up")
def session_row(_form: Fields, seen: Context) -> Outcome:
    """The row by which this blog knows the reader, with digests cut short."""
    value = cookie(seen)
    found = own(seen, value)
    return "learn/experiments/session_row.html", {
        "rows": list(rows(found)),
        "length": len(value),
        "computed": shortened(digest(value)),
        "name": next(name for name in SESSION_COOKIES if name in seen.cookies),
    }


@experiment("cookie-copy", title="With the cookie, without it, with an invented one", button="Send the three requests")
def cookie_copy(_form: Fields, seen: Context) -> Outcome:
    """Three real requests for a page that is for its reader alone."""
    invented = (("Cookie", f"{next(name for name in SESSION_COOKIES if name in seen.cookies)}={token()}"),)
    tries = [
        Try("no cookie", seen.ask(PAGE)),
        Try("a copy of your cookie", seen.ask(PAGE, as_me=True)),
        Try("an invented cookie of the same length", seen.ask(PAGE, headers=invented)),
    ]
    given = tries[-1].exchange.answer.header("Set-Cookie")
    return "learn/experiments/cookie_copy.html", {
        "tries": tries,
        "name": seen.viewer.name,
        "page": PAGE,
        "attributes": [(name, meaning) for name, meaning in ATTRIBUTES.items() if has(given, name)],
        "is_plain": not has(given, _ABSENT),
    }


def cookie(seen: Context) -> str:
    """The session cookie's value. Raises Problem where the reader is known by something else."""
    found = next((seen.cookies[name] for name in SESSION_COOKIES if name in seen.cookies), "")
    if not found:
        raise Problem("Your browser sent no session cookie.", status=422, code="no_session_cookie")
    return found


def own(seen: Context, value: str) -> AuthSession:
    """The row of a cookie, among those of the reader. Raises Problem where it has just ended."""
    for row in accounts.sessions_of(seen.viewer.user_id or 0, seen.now):
        if row.digest == digest(value):
            return row
    raise Problem("Your session has just ended.", status=409, code="session_ended", hint="Log in again.")


def rows(found: AuthSession) -> Iterator[Row]:
    """Every column of a session, in the table's order."""
    for column in AuthSession.__table__.columns:
        yield Row(column.name, _shown(column.name, getattr(found, column.name)), COLUMNS[column.name])


def _shown(name: str, value: Any) -> str:
    if name.endswith("digest") and value:
        return shortened(value)
    return f"{value:%Y-%m-%d %H:%M:%S} UTC" if hasattr(value, "tzinfo") else str(value or "none")


def shortened(text: str) -> str:
    """The beginning of a digest, and how long it is."""
    return f"{text[:_SHOWN]}… ({len(text)} hexadecimal digits)"


def has(set_cookie: str, attribute: str) -> bool:
    """Whether an attribute stands in a Set-Cookie header (RFC 6265, 4.1.1)."""
    return attribute.lower() in {part.strip().lower() for part in set_cookie.split(";")[1:]}
