"""The session cookie: finding out from it who asks, giving one at login, taking it away.

`__Host-sid` over HTTPS, plain `sid` where the blog is served on http://localhost (OWASP ASVS 5.0 V3.3). It is set by
logging in and by nothing else, so anonymous readers have none and their pages need no `Vary: Cookie`.
"""

from datetime import datetime
from typing import Any

from flask import Flask, Response, current_app, g, request

from homeport.accounts import queries, sessions
from homeport.accounts.models import AuthSession, User
from homeport.core.clock import now
from homeport.core.csrf import session_secret
from homeport.core.errors import Problem
from homeport.core.http import ANONYMOUS, SESSION_COOKIES, VIEWER_LOADER, Viewer, viewer
from homeport.core.net import network_of


def cookie_name() -> str:
    """The session cookie's name: with the prefix that binds it to host and HTTPS wherever there is HTTPS."""
    return SESSION_COOKIES[0] if _secure() else SESSION_COOKIES[1]


def _secure() -> bool:
    secure: bool = current_app.config["HOMEPORT"].secure
    return secure


def cookie() -> str:
    """The present session's cookie; empty for somebody who is not logged in."""
    return session_secret()


def network() -> str:
    """The network the present request comes from, as throttles count it."""
    return network_of(request.remote_addr or "")


def load_viewer() -> Viewer:
    """Who asks, by the request's cookie; looked up anew for each request, so that a role or suspension acts at once."""
    g.csrf_secret = ""
    value = request.cookies.get(cookie_name())
    if value is None:
        return ANONYMOUS
    moment = now()
    found = sessions.find(value, moment)
    if found is None:
        g.cookie_to_clear = True
        return ANONYMOUS
    g.csrf_secret, g.session_handle = value, found.handle
    _note_use(found, moment)
    user = found.user
    return Viewer(user.id, user.role, user.display_name, user.time_zone)


def _note_use(found: AuthSession, moment: datetime) -> None:
    if moment - found.last_seen_at >= sessions.SEEN_EVERY:
        g.session_to_touch = (found.digest, moment)


def me() -> User:
    """The account of the person who asks. Raises Problem 401 for nobody, which the view's mark rules out."""
    user = queries.by_id(viewer().user_id)
    if user is None:
        raise Problem("You are not logged in.", status=401, code="signed_out")
    return user


def enter(user: User, means: str) -> None:
    """Log somebody in with a new session; one that this browser had before ends."""
    if cookie():
        sessions.end(cookie())
    device = sessions.Device(means, request.remote_addr or "", request.user_agent.string)
    g.csrf_secret = g.cookie_to_set = sessions.begin(user, device, now())


def leave() -> None:
    """End the present session."""
    sessions.end(cookie())
    g.csrf_secret, g.cookie_to_clear = "", True


def _carry_cookie(response: Response) -> Response:
    # An annotation of Any: the two methods name the same attributes in two orders, with types of their own.
    attributes: dict[str, Any] = {"secure": _secure(), "httponly": True, "samesite": "Lax", "path": "/"}
    if "cookie_to_set" in g and response.status_code < 400:
        lifetime = int(sessions.ABSOLUTE.total_seconds())
        response.set_cookie(cookie_name(), g.cookie_to_set, max_age=lifetime, **attributes)
    elif "cookie_to_clear" in g:
        response.delete_cookie(cookie_name(), **attributes)
    if "session_to_touch" in g:
        app, touched = current_app._get_current_object(), g.session_to_touch  # type: ignore[attr-defined]  # the proxy's own method
        response.call_on_close(lambda: _touch(app, *touched))
    return response


def _touch(app: Flask, digest: str, moment: datetime) -> None:
    with app.app_context():
        sessions.touch(digest, moment)


def register(app: Flask) -> None:
    """Have every request of `app` know who asks."""
    app.extensions[VIEWER_LOADER] = load_viewer
    app.after_request(_carry_cookie)
