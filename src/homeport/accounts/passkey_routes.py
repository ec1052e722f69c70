"""One's own passkeys: make, rename, remove; and doing without a password once there is one."""

from flask import jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from homeport.accounts import passkeys, presence, protection
from homeport.accounts.browsers import name_of
from homeport.accounts.passkey_forms import NewPasskeyForm, PasskeyNameForm
from homeport.accounts.passkey_login_routes import count_challenge
from homeport.accounts.routes import bp, refused, wrong
from homeport.accounts.security_routes import show_codes
from homeport.core.clock import now
from homeport.core.errors import Problem
from homeport.core.http import member, sensitive, viewer, while_enrolling
from homeport.ui.messages import say

ADD, ONE = "accounts/passkey_add.html", "accounts/passkey.html"


@bp.get("/account/passkeys/add")
@member
@while_enrolling
@sensitive
def new_passkey() -> ResponseReturnValue:
    """What a passkey is, and the button that makes one; the name suggested is the browser's."""
    return render_template(ADD, form=NewPasskeyForm(name=name_of(viewer().browser)))


@bp.post("/account/passkeys/options")
@member
@while_enrolling
@sensitive
def new_passkey_options() -> ResponseReturnValue:
    """What to ask the browser to make."""
    count_challenge()
    return jsonify(passkeys.begin_adding(presence.me(), presence.bind_ceremony(), now()))


@bp.post("/account/passkeys/add")
@member
@while_enrolling
@sensitive
def add_passkey() -> ResponseReturnValue:
    """Keep the new passkey; with the first second factor come the recovery codes."""
    form = NewPasskeyForm(request.form)
    if not form.validate():
        return wrong(form, ADD)
    name, bound_to = form.name.data or "", presence.ceremony_binding()
    try:
        codes = passkeys.add(presence.me(), form.answer(), bound_to=bound_to, name=name, by=viewer(), now=now())
    except Problem as problem:
        return refused(form, problem, ADD)
    return show_codes(codes) if codes else _done(f"The passkey “{name}” is added.")


@bp.get("/account/passkeys/<int:passkey_id>")
@member
@while_enrolling
@sensitive
def passkey(passkey_id: int) -> ResponseReturnValue:
    """The form for another name."""
    found = passkeys.one_of(presence.me().id, passkey_id)
    return render_template(ONE, form=PasskeyNameForm(name=found.name), passkey_id=passkey_id, name=found.name)


@bp.post("/account/passkeys/<int:passkey_id>")
@member
@while_enrolling
@sensitive
def rename_passkey(passkey_id: int) -> ResponseReturnValue:
    """Call it something else."""
    found, form = passkeys.one_of(presence.me().id, passkey_id), PasskeyNameForm(request.form)
    if not form.validate():
        return wrong(form, ONE, passkey_id=passkey_id, name=found.name)
    passkeys.rename(found, form.name.data or "", by=viewer(), now=now())
    return _done(f"The passkey is now called “{form.name.data}”.")


@bp.post("/account/passkeys/<int:passkey_id>/remove")
@member
@sensitive
def remove_passkey(passkey_id: int) -> ResponseReturnValue:
    """Have it open nothing any more, where enough is left without it."""
    me = presence.me()
    found = passkeys.one_of(me.id, passkey_id)
    name = found.name
    passkeys.remove(found, me, by=viewer(), now=now())
    return _done(f"The passkey “{name}” opens nothing any more. Delete it from your device or password manager too.")


@bp.post("/account/password/remove")
@member
@sensitive
def remove_password() -> ResponseReturnValue:
    """Do without a password from now on."""
    protection.remove_password(presence.me(), by=viewer(), now=now())
    return _done("Your password is removed: you log in with a passkey from now on.")


def _done(sentence: str) -> ResponseReturnValue:
    say(sentence)
    return redirect(url_for("accounts.security"), 303)
