"""What protects one's own account: password, authenticator app, recovery codes, and what happened lately."""

from flask import current_app, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from homeport.accounts import audit, factors, passkeys, presence, protection, qr, queries, recovery, totp
from homeport.accounts.forms import AppForm
from homeport.accounts.routes import bp, refused, wrong
from homeport.core.clock import now
from homeport.core.config import Config
from homeport.core.errors import Problem
from homeport.core.http import member, sensitive, viewer, while_enrolling
from homeport.core.site import site
from homeport.ui.messages import say

APP = "accounts/app.html"
RECENT = 15


def _config() -> Config:
    config: Config = current_app.config["HOMEPORT"]
    return config


@bp.get("/account/security")
@member
@while_enrolling
def security() -> ResponseReturnValue:
    """What there is, what is missing, and the last events."""
    me = presence.me()
    return render_template(
        "accounts/security.html",
        me=me,
        passkeys=passkeys.all_of(me.id),
        rp_id=factors.rp_id(),
        has_app=totp.is_on(me.id),
        codes_left=recovery.left(me.id),
        few_codes=recovery.FEW,
        has_second=factors.has_second_factor(me.id),
        events=queries.events_of(me.id, RECENT),
        actions=audit.ACTIONS,
    )


@bp.post("/account/app/begin")
@member
@while_enrolling
@sensitive
def begin_app() -> ResponseReturnValue:
    """Make the secret that the app is to hold."""
    protection.begin_app(presence.me(), _config(), now())
    return redirect(url_for("accounts.app"), 303)


@bp.get("/account/app")
@member
@while_enrolling
@sensitive
def app() -> ResponseReturnValue:
    """The QR code and the field for the first code; only while one waits to be confirmed."""
    secret = totp.pending_secret(presence.me().id, _config())
    if secret is None:
        return redirect(url_for("accounts.security"), 303)
    return render_template(APP, form=AppForm(), **_to_scan(secret))


@bp.post("/account/app")
@member
@while_enrolling
@sensitive
def confirm_app() -> ResponseReturnValue:
    """Have the app count from now on; with the first second factor come the recovery codes."""
    me, form = presence.me(), AppForm(request.form)
    secret = totp.pending_secret(me.id, _config())
    if secret is None:
        return redirect(url_for("accounts.security"), 303)
    if not form.validate():
        return wrong(form, APP, **_to_scan(secret))
    try:
        codes = protection.confirm_app(me, form.code.data or "", _config(), by=viewer(), now=now())
    except Problem as problem:
        return refused(form, problem, APP, **_to_scan(secret))
    return show_codes(codes) if codes else _done("Your authenticator app is set up.")


def _to_scan(secret: str) -> dict[str, object]:
    uri = totp.uri(secret, presence.me().email, site().title)
    return {"qr_code": qr.as_data(uri), "secret": " ".join(secret[n : n + 4] for n in range(0, len(secret), 4))}


@bp.post("/account/app/remove")
@member
@sensitive
def remove_app() -> ResponseReturnValue:
    """Take the app away, where enough is left without it."""
    protection.remove_app(presence.me(), by=viewer(), now=now())
    return _done("The authenticator app is removed.")


@bp.post("/account/recovery-codes")
@member
@while_enrolling
@sensitive
def make_codes() -> ResponseReturnValue:
    """Ten new codes in the place of the old ones."""
    return show_codes(protection.make_codes(presence.me(), by=viewer(), now=now()))


def show_codes(codes: list[str]) -> ResponseReturnValue:
    """The page with new recovery codes. It answers the form itself: at no address are they shown again."""
    return make_response(render_template("accounts/recovery_codes.html", codes=codes, email=presence.me().email))


def _done(sentence: str) -> ResponseReturnValue:
    say(sentence)
    return redirect(url_for("accounts.security"), 303)
