"""What people see and change of their own account: profile, password, sessions."""

from dataclasses import dataclass
from datetime import datetime

from flask import g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from homeport.accounts import presence, queries, service, sessions
from homeport.accounts.browsers import name_of
from homeport.accounts.forms import PasswordForm, ProfileForm
from homeport.accounts.routes import bp, refused, wrong
from homeport.core.clock import now
from homeport.core.errors import Problem, not_found
from homeport.core.http import member, viewer
from homeport.core.site import site
from homeport.ui.messages import say


@bp.get("/account")
@member
def account() -> ResponseReturnValue:
    """What one says about oneself."""
    return render_template("accounts/profile.html", form=ProfileForm(obj=presence.me()))


@bp.post("/account")
@member
def change_profile() -> ResponseReturnValue:
    """Store the profile."""
    form = ProfileForm(request.form)
    if not form.validate():
        return wrong(form, "accounts/profile.html")
    try:
        service.change_profile(presence.me(), **form.data)
    except Problem as problem:
        return refused(form, problem, "accounts/profile.html")
    say("Your profile is saved.")
    return redirect(url_for("accounts.account"), 303)


@bp.get("/account/password")
@member
def password() -> ResponseReturnValue:
    """The form for another password."""
    return render_template("accounts/password.html", form=PasswordForm(), email=presence.me().email)


@bp.post("/account/password")
@member
def change_password() -> ResponseReturnValue:
    """Set another password: every other session ends, and this one goes on under a new id."""
    form, me = PasswordForm(request.form), presence.me()
    email = me.email
    if not form.validate():
        return wrong(form, "accounts/password.html", email=email)
    try:
        service.change_password(me, **form.data, network=presence.network(), settings=site(), now=now())
    except Problem as problem:
        return refused(form, problem, "accounts/password.html", email=email)
    presence.enter(presence.me(), "password")
    say("Your password is changed. Every other device is logged out.")
    return redirect(url_for("accounts.password"), 303)


@dataclass(frozen=True)
class Device:
    """A session as its owner sees it; `handle` names it and opens nothing."""

    handle: str
    browser: str
    address: str
    began: datetime
    last_seen: datetime
    is_this: bool


@bp.get("/account/sessions")
@member
def list_sessions() -> ResponseReturnValue:
    """Where one is logged in."""
    rows = queries.sessions_of(presence.me().id, now())
    devices = [
        Device(row.handle, name_of(row.browser), row.address, row.created_at, row.last_seen_at, row.handle == _this())
        for row in rows
    ]
    return render_template("accounts/sessions.html", devices=devices)


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
    if not sessions.end_one(presence.me().id, handle):
        raise not_found()
    say("That device is logged out.")
    return redirect(url_for("accounts.list_sessions"), 303)


@bp.post("/account/sessions/end-others")
@member
def end_other_sessions() -> ResponseReturnValue:
    """Log every device out but this one."""
    sessions.end_all(viewer().user_id or 0, keep=presence.cookie())
    say("Every other device is logged out.")
    return redirect(url_for("accounts.list_sessions"), 303)
