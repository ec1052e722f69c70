"""What people see and change of their own account: profile, password, sessions."""

from dataclasses import dataclass
from datetime import datetime

from flask import g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from homeport.accounts import audit, devices, factors, presence, queries, service, sessions
from homeport.accounts.browsers import name_of
from homeport.accounts.forms import PasswordForm, ProfileForm
from homeport.accounts.models import AuthSession, User
from homeport.accounts.routes import bp, refused, wrong
from homeport.core.clock import now
from homeport.core.errors import Problem, not_found
from homeport.core.http import Viewer, member, sensitive, viewer
from homeport.core.site import site
from homeport.ui.filters import date_and_time
from homeport.ui.messages import say
from homeport.ui.notices import Notice


def notice_of_departure(viewer: Viewer, _now: datetime) -> Notice | None:
    """What somebody whose account is going to be deleted sees on each page that does not say so itself: it may not have
    been their own wish, and there may be no mail server to tell them."""
    departure = queries.departure_of(viewer.user_id)
    if departure is None or request.path.startswith("/account"):
        return None
    words = f"Your account will be deleted on {date_and_time(departure.due_at)}."
    return Notice(words, ("Keep it", "/account"), is_urgent=True)


@bp.get("/account")
@member
def account() -> ResponseReturnValue:
    """What one says about oneself."""
    return render_template("accounts/profile.html", form=ProfileForm(obj=presence.me()), me=presence.me())


@bp.post("/account")
@member
def change_profile() -> ResponseReturnValue:
    """Store the profile."""
    form = ProfileForm(request.form)
    if not form.validate():
        return wrong(form, "accounts/profile.html", me=presence.me())
    try:
        service.change_profile(presence.me(), **form.data)
    except Problem as problem:
        return refused(form, problem, "accounts/profile.html", me=presence.me())
    say("Your profile is saved.")
    return redirect(url_for("accounts.account"), 303)


@bp.get("/account/password")
@member
@sensitive
def password() -> ResponseReturnValue:
    """The form for another password, or for the first one of somebody who has come by a passkey so far."""
    return _password_page(PasswordForm())


@bp.post("/account/password")
@member
@sensitive
def change_password() -> ResponseReturnValue:
    """Set another password: every other session ends, and this one goes on under a new id."""
    form, me = PasswordForm(request.form), presence.me()
    if not form.validate():
        return wrong(form, PASSWORD, **_about_password(me))
    try:
        service.change_password(me, form.new.data or "", by=viewer(), settings=site(), now=now())
    except Problem as problem:
        return refused(form, problem, PASSWORD, **_about_password(presence.me()))
    presence.enter(presence.me(), "password")
    say("Your password is changed. Every other device is logged out.")
    return redirect(url_for("accounts.security"), 303)


PASSWORD = "accounts/password.html"  # noqa: S105 (a template's name)


def _password_page(form: PasswordForm) -> str:
    return render_template(PASSWORD, form=form, **_about_password(presence.me()))


def _about_password(user: User) -> dict[str, object]:
    least = factors.least_password(user.id)
    return {"email": user.email, "has_one": user.password_hash is not None, "least": least}


@dataclass(frozen=True)
class Device:
    """A session as its owner sees it. `handle` opens nothing; until `trusted_until` the device is asked for no code."""

    handle: str
    browser: str
    address: str
    means: str
    began: datetime
    last_seen: datetime
    is_this: bool
    trusted_until: datetime | None


@bp.get("/account/sessions")
@member
def list_sessions() -> ResponseReturnValue:
    """Where one is logged in."""
    me, moment = presence.me().id, now()
    trusted = devices.trusted(me, moment)
    return render_template(
        "accounts/sessions.html",
        devices=[_device(row, trusted) for row in queries.sessions_of(me, moment)],
        has_second=factors.has_second_factor(me),
    )


def _device(row: AuthSession, trusted: dict[str, datetime]) -> Device:
    times = (row.created_at, row.last_seen_at, row.handle == _this(), trusted.get(row.device_digest or ""))
    return Device(row.handle, name_of(row.browser), row.address, row.means, *times)


def _this() -> str:
    handle: str = g.get("session_handle", "")
    return handle


@bp.post("/account/sessions/<handle>/end")
@member
def end_session(handle: str) -> ResponseReturnValue:
    """Log one device out. Somebody else's session is as absent as one that never was."""
    if handle == _this():
        presence.leave()
        return redirect(url_for("accounts.login"), 303)
    devices.forget_of_session(presence.me().id, handle)
    if not sessions.end_one(presence.me().id, handle):
        raise not_found()
    audit.record("session_ended", by=viewer(), now=now())
    say("That device is logged out.")
    return redirect(url_for("accounts.list_sessions"), 303)


@bp.post("/account/sessions/<handle>/distrust")
@member
def distrust_device(handle: str) -> ResponseReturnValue:
    """Ask for a code again at the next login from that device."""
    if not devices.distrust_of_session(presence.me().id, handle):
        raise not_found()
    audit.record("device_distrusted", by=viewer(), now=now())
    say("That device is asked for a code again at its next login.")
    return redirect(url_for("accounts.list_sessions"), 303)


@bp.post("/account/sessions/end-others")
@member
def end_other_sessions() -> ResponseReturnValue:
    """Log every device out but this one."""
    me = presence.me()
    sessions.end_all(me.id, keep=presence.cookie())
    devices.forget_others(me.id, keep=presence.device_cookie())
    audit.record("session_ended", by=viewer(), now=now(), which="all others")
    say("Every other device is logged out.")
    return redirect(url_for("accounts.list_sessions"), 303)
