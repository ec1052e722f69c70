"""The cookies: finding out from them who asks, giving them at login, taking them away.

`__Host-sid` over HTTPS, plain `sid` where the blog is served on http://localhost (OWASP ASVS 5.0 V3.3), and likewise
`device` (a browser somebody logged in with before) and `ceremony` (a proof of identity that has begun). They are set
by logging in and by nothing else, so anonymous readers have none and their pages need no `Vary: Cookie`.
"""

from datetime import datetime, timedelta
from typing import Any

from flask import Flask, Response, current_app, g, request

from homeport.accounts import audit, ceremonies, devices, factors, queries, sessions
from homeport.accounts.models import AuthSession, User
from homeport.accounts.proofs import Visit
from homeport.core import afterwards
from homeport.core.clock import now
from homeport.core.csrf import session_secret
from homeport.core.errors import Problem
from homeport.core.http import SESSION_COOKIES, VIEWER_LOADER, Role, Viewer, viewer
from homeport.core.ids import digest, token
from homeport.core.net import network_of

DEVICE, CEREMONY = "device", "ceremony"
PROOF_LIFETIME = timedelta(minutes=15)
"""How long somebody who has shown who they are may do what is sensitive (OWASP ASVS 5.0 V7.5.1)."""


def cookie_name(plain: str = SESSION_COOKIES[1]) -> str:
    """A cookie's name: with the prefix that binds it to host and HTTPS wherever there is HTTPS."""
    return f"__Host-{plain}" if _secure() else plain


def _secure() -> bool:
    secure: bool = current_app.config["HOMEPORT"].secure
    return secure


def cookie() -> str:
    """The present session's cookie; empty for somebody who is not logged in."""
    return session_secret()


def network() -> str:
    """The network the present request comes from, as throttles count it."""
    return network_of(request.remote_addr or "")


def visit() -> Visit:
    """Who asks and with which browser, as the verbs of logging in want to know it."""
    return Visit(viewer(), network(), device_cookie())


def device_cookie() -> str:
    """The cookie of a device that somebody has logged in with before; empty without one."""
    return _sent(DEVICE)


def _sent(plain: str) -> str:
    return request.cookies.get(cookie_name(plain), "")


def load_viewer() -> Viewer:
    """Who asks, by the request's cookie; looked up anew for each request, so that a role or suspension acts at once."""
    g.csrf_secret = ""
    value = request.cookies.get(cookie_name())
    if value is None:
        return _nobody()
    moment = now()
    found = sessions.find(value, moment)
    if found is None:
        _clear(SESSION_COOKIES[1])
        return _nobody()
    g.csrf_secret, g.session_handle = value, found.handle
    if moment - found.last_seen_at >= sessions.SEEN_EVERY:
        g.session_to_touch = (found.digest, moment)
    return _somebody(found, moment)


def _nobody() -> Viewer:
    return Viewer(address=_address(), browser=_browser())


def _somebody(found: AuthSession, moment: datetime) -> Viewer:
    return viewer_of(found.user, is_proven=moment - found.authenticated_at < PROOF_LIFETIME)


def viewer_of(user: User, *, is_proven: bool) -> Viewer:
    """Somebody who is known, at the present request: with the role they have now, or have earned so far."""
    must_enrol = factors.must_enrol(user)
    return Viewer(
        user.id,
        Role.READER if must_enrol else user.role,
        user.display_name,
        user.time_zone,
        address=_address(),
        browser=_browser(),
        is_proven=is_proven,
        must_enrol=must_enrol,
    )


def _address() -> str:
    return request.remote_addr or ""


def _browser() -> str:
    return request.user_agent.string


def me() -> User:
    """The account of the person who asks. Raises Problem 401 for nobody, which the view's mark rules out."""
    user = queries.by_id(viewer().user_id)
    if user is None:
        raise Problem("You are not logged in.", status=401, code="signed_out")
    return user


def enter(user: User, means: str, *, trust: bool = False) -> None:
    """Log somebody in with a new session; one that this browser had before ends.

    `trust`: ask this browser for no second factor for a while.
    """
    moment = now()
    device = devices.note(_sent(DEVICE), user.id, moment)
    if trust:
        devices.trust(device, user.id, moment)
        audit.record("device_trusted", by=_as(user), now=moment)
    _set(DEVICE, device, devices.LIFETIME)
    _begin(user, means, device, moment)
    audit.record("login", by=_as(user), now=moment, means=means)


def prove(means: str) -> None:
    """Note that who is logged in has just shown who they are: the same session goes on under a new id."""
    user, moment = me(), now()
    _begin(user, means, _sent(DEVICE), moment)
    audit.record("proof", by=viewer(), now=moment, means=means)


def _begin(user: User, means: str, device: str, moment: datetime) -> None:
    if cookie():
        sessions.end(cookie())
    known = digest(device) if devices.find(device, user.id, moment) else None
    begun = sessions.begin(user, sessions.Device(means, _address(), _browser(), known), moment)
    g.csrf_secret = begun
    _set(SESSION_COOKIES[1], begun, sessions.ABSOLUTE)
    if _sent(CEREMONY):
        _clear(CEREMONY)


def _as(user: User) -> Viewer:
    return Viewer(user.id, user.role, user.display_name, user.time_zone, address=_address(), browser=_browser())


def leave() -> None:
    """End the present session."""
    if cookie():
        audit.record("logout", by=viewer(), now=now())
    sessions.end(cookie())
    g.csrf_secret = ""
    _clear(SESSION_COOKIES[1])


def bind_ceremony(*, anew: bool = True) -> str:
    """What a new ceremony of this browser is bound to: the session's digest, or for nobody that of a new cookie.

    A half login needs a new one, so that nobody who planted a cookie takes part in it. With `anew=False` the present
    one goes on: for a challenge, of which only its own answer is any use, beside a half login that must not end.
    """
    if cookie():
        return digest(cookie())
    value = token() if anew else _sent(CEREMONY) or token()
    _set(CEREMONY, value, ceremonies.STEP_LIFETIME)
    return digest(value)


def ceremony_binding() -> str:
    """What the ceremonies that this browser has begun are bound to; empty where it can have begun none."""
    value = cookie() or _sent(CEREMONY)
    return digest(value) if value else ""


def _set(plain: str, value: str, lifetime: timedelta) -> None:
    g.setdefault("cookies_to_set", {})[cookie_name(plain)] = (value, int(lifetime.total_seconds()))


def _clear(plain: str) -> None:
    g.setdefault("cookies_to_set", {}).pop(cookie_name(plain), None)
    g.setdefault("cookies_to_clear", set()).add(cookie_name(plain))


def _carry_cookies(response: Response) -> Response:
    # An annotation of Any: the two methods name the same attributes in two orders, with types of their own.
    attributes: dict[str, Any] = {"secure": _secure(), "httponly": True, "samesite": "Lax", "path": "/"}
    given: dict[str, tuple[str, int]] = g.get("cookies_to_set", {}) if response.status_code < 400 else {}
    for name, (value, lifetime) in given.items():
        response.set_cookie(name, value, max_age=lifetime, **attributes)
    for name in g.get("cookies_to_clear", set()) - set(given):
        response.delete_cookie(name, **attributes)
    if "session_to_touch" in g:
        afterwards.note(response, sessions.touched(*g.session_to_touch))
    return response


def register(app: Flask) -> None:
    """Have every request of `app` know who asks."""
    app.extensions[VIEWER_LOADER] = load_viewer
    app.after_request(_carry_cookies)
