"""A request's way through the house: who asks, may they, one transaction, one commit.

Every view carries exactly one mark (`@public @member @author @editor @owner`); one without is refused at the start.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum
from typing import Any, ParamSpec, TypeVar
from urllib.parse import urlsplit

from flask import Flask, Response, g, has_request_context, make_response, redirect, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.routing import IntegerConverter

from homeport.core import csrf, programs, refusals
from homeport.core.db import commit, site_version
from homeport.core.errors import Problem, not_found
from homeport.core.ids import handle
from homeport.core.watching import view_begins, view_ended

log = logging.getLogger(__name__)

P = ParamSpec("P")
R = TypeVar("R")
SESSION_COOKIES = ("__Host-sid", "sid")


class Role(IntEnum):
    """What somebody with an account may do; each role may do what those below it may."""

    READER = 1
    AUTHOR = 2
    EDITOR = 3
    OWNER = 4

    @property
    def label(self) -> str:
        """The role's name in lower case, as commands and pages write it."""
        return self.name.lower()


@dataclass(frozen=True, slots=True)
class Viewer:
    """Who asks. Services take one as `by`; they never look at the request.

    `address` and `browser` (the User-Agent) say from where, for the audit log. `is_proven`: they have shown who they
    are a short while ago. `must_enrol`: their role asks for a second factor that they don't have yet; until then they
    are a reader with one page to go to.
    """

    user_id: int | None = None
    role: Role | None = None
    name: str = ""
    time_zone: str = ""
    address: str = ""
    browser: str = ""
    is_proven: bool = True
    must_enrol: bool = False

    def may(self, role: Role) -> bool:
        """Whether the viewer holds the role or a higher one."""
        return self.role is not None and self.role >= role


ANONYMOUS = Viewer()
SYSTEM = Viewer(None, Role.OWNER, "Homeport")


@dataclass(slots=True)
class Ticket:
    """How a view tells the page cache in front of Flask what it may keep.

    `version` is the site's version the page was made from, `forever` says that the address changes when the
    content does.
    """

    version: int | None = None
    forever: bool = False


TICKET = "homeport.ticket"
FOR_ALL = "homeport.for_all"
"""Set in the environment of a request whose answer is the same for everybody, so that browsers may keep it."""

BUSY = "homeport.busy"
"""Set in the environment of a request whose body was not read, since too many others are still being waited for."""


def viewer() -> Viewer:
    """Who makes the present request."""
    found: Viewer = g.get("viewer", ANONYMOUS)
    return found


def request_id() -> str:
    """The id of the present request, which its log lines and its answer carry; "" outside of one."""
    return str(g.get("request_id", "")) if has_request_context() else ""


def _marked(mark: Role | None) -> Callable[[Callable[P, R]], Callable[P, R]]:
    def decorate(view: Callable[P, R]) -> Callable[P, R]:
        if hasattr(view, "mark"):
            raise TypeError(f"{view.__name__} carries two marks")
        view.mark = mark  # type: ignore[attr-defined]  # functions take attributes; their type does not say so
        return view

    return decorate


public = _marked(None)
member = _marked(Role.READER)
author = _marked(Role.AUTHOR)
editor = _marked(Role.EDITOR)
owner = _marked(Role.OWNER)


def sensitive(view: Callable[P, R]) -> Callable[P, R]:
    """Have a view ask again who it is when the last proof is too old (OWASP ASVS 5.0 V7.5.1)."""
    view.is_sensitive = True  # type: ignore[attr-defined]  # as above
    return view


def while_enrolling(view: Callable[P, R]) -> Callable[P, R]:
    """Open a view to people who have yet to get the second factor that their role asks for."""
    view.is_for_enrolling = True  # type: ignore[attr-defined]  # as above
    return view


def cached(*params: str) -> Callable[[Callable[P, ResponseReturnValue]], Callable[P, ResponseReturnValue]]:
    """Let the page cache keep a public view's answers to anonymous readers. `params`: the query parameters it reads.

    A request with any other parameter is answered but not kept, so that nobody can fill the memory with
    made-up addresses.
    """

    def decorate(view: Callable[P, ResponseReturnValue]) -> Callable[P, ResponseReturnValue]:
        view.cached_params = frozenset(params)  # type: ignore[attr-defined]  # as above
        return view

    return decorate


class Application(Flask):
    """Flask with one transaction per request, committed at the edge: after the view, before the answer leaves."""

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        """`func` itself: nothing here is asynchronous, and Flask would look for that at each of a request's calls."""
        return func

    def dispatch_request(self) -> ResponseReturnValue:
        """Run the view, then commit. An exception of either goes to the error handlers and takes everything back."""
        view_begins.send(self)
        response = make_response(super().dispatch_request())
        view_ended.send(self)
        if not g.get("db_reading", False):
            commit()  # what only read is taken back with its session, at the end of the request
        return response


class RowNumber(IntegerConverter):
    """`<int:…>` in an address: what a column of integers can hold; anything longer is no address of ours."""

    regex = r"\d{1,18}"


VIEWER_LOADER = "homeport.viewer_loader"
PROGRAM_LOADER = "homeport.program_loader"


def _program(app: Flask, scope: str) -> Viewer:
    found: Viewer = app.extensions[PROGRAM_LOADER](scope)
    return found


def install(app: Flask) -> None:
    """Put the checks in front of every request: transaction kind, viewer, CSRF, the view's mark, the page's ticket.

    Whoever knows accounts sets `app.extensions[VIEWER_LOADER]` to a function that returns the present Viewer by the
    request's cookie, and `app.extensions[PROGRAM_LOADER]` to one that returns it by the token that a program sent.
    """

    def enter() -> ResponseReturnValue | None:
        g.request_id = handle()
        g.db_reading = request.method in csrf.SAFE_METHODS
        if BUSY in request.environ:
            raise refusals.too_busy()
        if not g.db_reading and request.mimetype == "application/x-www-form-urlencoded":
            refusals.bound_form(app)
        view = app.view_functions.get(request.endpoint or "")
        if view is not None and getattr(view, "cached_params", None) is not None:
            _fill_ticket(view)
        scope = programs.scope_of(view)
        strangers = csrf.takes_all_for_strangers(view)
        load = app.extensions.get(VIEWER_LOADER, lambda: ANONYMOUS)
        g.viewer = ANONYMOUS if strangers else load() if scope is None else _program(app, scope)
        csrf.check(by_cookie=scope is None and not strangers)
        if "\0" in request.path or b"%00" in request.query_string:
            raise not_found()  # no text that is stored holds it: PostgreSQL refuses even to compare with one
        return None if view is None else _admit(view)

    def leave(response: Response) -> Response:
        response.headers["X-Request-Id"] = request_id()
        return response

    refusals.install(app)
    app.url_map.converters["int"] = RowNumber
    app.before_request(enter)
    app.after_request(leave)
    app.jinja_env.globals["csrf_field"] = csrf.csrf_field
    app.context_processor(lambda: {"viewer": viewer(), "Role": Role})


def _fill_ticket(view: Any) -> None:
    # Read first, in the transaction the page is read in: a page can then never be newer or older than its version.
    if any(name in request.cookies for name in SESSION_COOKIES):
        return
    request.environ[FOR_ALL] = True
    ticket = request.environ.get(TICKET)
    if ticket is not None and set(request.args) <= view.cached_params:
        ticket.version = site_version()


def _admit(view: Any) -> ResponseReturnValue | None:
    needed: Role | None = view.mark
    if needed is None:
        return None
    if viewer().must_enrol and not hasattr(view, "is_for_enrolling"):
        return _have_them_enrol()
    if viewer().may(needed):
        return _have_them_prove() if hasattr(view, "is_sensitive") and not viewer().is_proven else None
    if viewer().role is not None:
        raise Problem(
            f"This page is for people with the role {needed.label}; yours is {viewer().role.label}.",  # type: ignore[union-attr]  # not None, a line above
            status=403,
            code="not_allowed",
            hint="The blog's owner can change your role.",
        )
    if _shows_a_page():
        return redirect(url_for("accounts.login", next=_here()), 303)
    raise Problem(
        "You are no longer logged in, so nothing has been changed yet.",
        status=401,
        code="signed_out",
        hint="Log in again in another tab or window, then come back to this page and send it again.",
        resend=True,
    )


def _shows_a_page() -> bool:
    return request.method in csrf.SAFE_METHODS and not programs.are_asked()


def _here() -> str:
    return request.full_path.rstrip("?")


def _have_them_enrol() -> ResponseReturnValue:
    if _shows_a_page():
        return redirect(url_for("accounts.security"), 303)
    raise Problem(
        "Your role needs a second factor, which you have not set up yet, so nothing has been changed.",
        status=403,
        code="second_factor_needed",
        hint="Open your account's page Security, add a passkey or an authenticator app, then come back.",
    )


def _have_them_prove() -> ResponseReturnValue:
    if _shows_a_page():
        return redirect(url_for("accounts.confirm", next=_here()), 303)
    raise Problem(
        "It is a while since you showed who you are, so nothing has been changed yet.",
        status=401,
        code="proof_too_old",
        hint="Confirm in another tab that it is you, then come back to this page and send it again.",
        resend=True,
    )


def refuse_unmarked(app: Flask) -> None:
    """Raise RuntimeError when a view carries no mark: forgetting one must not open a page to everybody."""
    unmarked = sorted(name for name, view in app.view_functions.items() if not hasattr(view, "mark"))
    if unmarked:
        raise RuntimeError(f"no mark (@public, @member, @author, @editor or @owner) on: {', '.join(unmarked)}")


def safe_next(target: str | None, default: str = "/") -> str:
    """`target` if it is a path of this site, else `default`.

    Browsers read `//`, `/\\` and control characters as ways to another host (ASVS V3.7; WHATWG URL, "relative
    slash state").
    """
    if not target or not target.startswith("/") or target[1:2] in {"/", "\\"}:
        return default
    if "\\" in target or any(ord(char) < 33 or ord(char) == 127 for char in target):
        return default
    parts = urlsplit(target)
    return default if parts.scheme or parts.netloc else target
