"""Protection against cross-site request forgery, for every request that may change something.

Three walls, the first two without any state (OWASP CSRF cheat sheet, "Fetch Metadata" and "Verifying Origin"):

1. `Sec-Fetch-Site`, which the browser itself sets and a page cannot, must say that the request comes from this
   origin. Browsers send it to https and localhost only, so
2. where it is absent the `Origin` header must name this very origin; `null` or nothing is refused.
3. With a session, a token bound to that session must come along (`csrf_token` in the form or `X-CSRF-Token`).

The views for programs (`core.programs`) need none of this, for one reason: they look at no cookie, and what they do
look at, a token in `Authorization`, no browser sends along by itself. Nor do views that take everybody for a stranger
(`@for_strangers`).
"""

import hashlib
import hmac
from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar

from flask import g, request
from markupsafe import Markup

from homeport.core.errors import Problem

FIELD = "csrf_token"
HEADER = "X-CSRF-Token"
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
P = ParamSpec("P")
R = TypeVar("R")


def for_strangers(view: Callable[P, R]) -> Callable[P, R]:
    """Have a public view take everybody for a stranger: no cookie counts there, so another site can forge nothing.

    For pages that browsers are told to keep apart from the blog, and whose forms come from no site at all
    (`Origin: null`).
    """
    view.is_for_strangers = True  # type: ignore[attr-defined]  # functions take attributes; their type does not say so
    return view


def takes_all_for_strangers(view: Any) -> bool:
    """Whether a view is marked so."""
    return hasattr(view, "is_for_strangers")


def check(*, by_cookie: bool = True) -> None:
    """Raise Problem 403 unless the present request comes from this site's own page.

    `by_cookie`: whether the view knows who asks by a cookie; where none counts there is nothing to forge.
    """
    if request.method in SAFE_METHODS or not by_cookie:
        return
    if not _same_origin():
        raise Problem(
            "This request did not come from a page of this blog, so it was not carried out.",
            status=403,
            code="cross_site",
            hint="Open the blog's page yourself and try it there.",
        )
    secret = session_secret()
    sent = request.form.get(FIELD) or request.headers.get(HEADER, "")
    if secret and not hmac.compare_digest(sent.encode(), token(secret).encode()):
        raise Problem(
            "The page you sent this from is out of date, so nothing has been changed yet.",
            status=403,
            code="stale_page",
            hint="Look at what you wrote below, and send it again.",
            resend=True,
        )


def _same_origin() -> bool:
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        return site == "same-origin"
    return request.headers.get("Origin") == request.host_url.rstrip("/")


def session_secret() -> str:
    """What the present session's token is derived from; empty without a session."""
    secret: str = g.get("csrf_secret", "")
    return secret


def token(secret: str) -> str:
    """The token for a session: a digest that does not give the session's own secret away."""
    return hmac.new(secret.encode(), b"homeport form token", hashlib.sha256).hexdigest()


def csrf_field() -> Markup:
    """The hidden field every form carries; nothing for a visitor without a session, who gets no cookie either."""
    secret = session_secret()
    if not secret:
        return Markup("")
    return Markup('<input type="hidden" name="{}" value="{}">').format(FIELD, token(secret))
