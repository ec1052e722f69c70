"""Coming in: the pages to register, with and without an invitation, and the one that a mailed link opens."""

from flask import jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from homeport.accounts import entry, invitations, passkeys, presence, throttle
from homeport.accounts.entry_forms import InvitedForm, LinkForm, NewcomerForm, WhoForm
from homeport.accounts.models import Invitation
from homeport.accounts.passkey_login_routes import count_challenge
from homeport.accounts.routes import UNPROCESSABLE, bp, guard_token, refused, wrong
from homeport.core.clock import now
from homeport.core.errors import Problem
from homeport.core.http import public, viewer
from homeport.core.site import site
from homeport.jobs.queries import has_mail_server

REGISTER, CONFIRM, SENT = "accounts/register.html", "accounts/button.html", "accounts/sent.html"


@bp.get("/register")
@public
def register() -> ResponseReturnValue:
    """The form for new readers, or plain words where registration is not open."""
    if viewer().user_id is not None:
        return redirect("/", 303)
    return render_template(REGISTER, form=NewcomerForm(), mode=site().registration)


@bp.post("/register")
@public
def send_registration() -> ResponseReturnValue:
    """Ask for a reader's account; the answer is the same whether or not the address has one."""
    entry.require_open(site())
    form = NewcomerForm(request.form)
    if not form.validate():
        return wrong(form, REGISTER)
    try:
        _register(form)
    except Problem as problem:
        return refused(form, problem, REGISTER)
    return after_asking()


def after_asking() -> ResponseReturnValue:
    """Where somebody goes who has asked for an account: to their mail, or where there is none to the login."""
    if has_mail_server():
        return redirect(url_for("accounts.registration_sent"), 303)
    return redirect(url_for("accounts.login", after="registration"), 303)


@bp.get("/register/sent")
@public
def registration_sent() -> ResponseReturnValue:
    """What to do now: look into one's mail."""
    return render_template(SENT, about="registration")


@bp.get("/invitation")
@public
def invitation() -> ResponseReturnValue:
    """The form for who holds an invitation. Opening it uses nothing up."""
    entry.require_open(site(), invited=True)
    token = request.args.get("token", "")
    found = invitations.open_with(token, now())
    return guard_token(render_template(REGISTER, form=InvitedForm(token=token), invitation=found))


@bp.post("/invitation")
@public
def accept_invitation() -> ResponseReturnValue:
    """Ask for an account by an invitation; its use is taken when the account is made."""
    entry.require_open(site(), invited=True)
    form = InvitedForm(request.form)
    found = _invitation(form.token.data or "")
    if not form.validate():
        return wrong(form, REGISTER, invitation=found)
    found_id = found.id
    try:
        _register(form, found_id)
    except Problem as problem:
        return refused(form, problem, REGISTER, invitation=invitations.by_id(found_id))
    return after_asking()


def _register(form: NewcomerForm, invitation_id: int | None = None) -> None:
    name, email, here = form.name.data or "", form.email.data or "", presence.network()
    person = entry.Newcomer(name, email, invitation_id)
    if form.answer():
        bound_to = presence.ceremony_binding()
        entry.register_with_passkey(
            person, form.answer(), bound_to, by=viewer(), network=here, settings=site(), now=now()
        )
        return
    entry.register(person, form.password.data or "", by=viewer(), network=here, settings=site(), now=now())


@bp.post("/register/passkey/options")
@public
def registration_options() -> ResponseReturnValue:
    """What to ask the browser to make for somebody who has no account yet."""
    form = WhoForm(request.form)
    if form.token.data:
        _invitation(form.token.data)
    entry.require_open(site(), invited=bool(form.token.data))
    count_challenge()
    if not form.validate():
        raise Problem(form.problems()[0][1], status=UNPROCESSABLE, code="invalid")
    bound_to = presence.bind_ceremony(anew=False)
    return jsonify(passkeys.begin_registration(bound_to, form.name.data or "", form.email.data or "", now()))


def _invitation(token: str) -> Invitation:
    return throttle.counted(lambda: invitations.open_with(token, now()), presence.network(), now())


@bp.get("/register/confirm")
@public
def confirmation() -> ResponseReturnValue:
    """The button that makes the account. Whatever opens links by itself, such as a scanner of mail, stops here."""
    token = request.args.get("token", "")
    asked = entry.find(token, now())
    return guard_token(render_template(CONFIRM, form=LinkForm(token=token), about="registration", asked=asked))


@bp.post("/register/confirm")
@public
def confirm_registration() -> ResponseReturnValue:
    """Make the account; logging in is the next step, so that a stolen link alone opens no session."""
    token = LinkForm(request.form).token.data or ""
    throttle.counted(lambda: entry.find(token, now()), presence.network(), now())
    entry.confirm(token, by=viewer(), settings=site(), now=now())
    return redirect(url_for("accounts.login", after="confirmation"), 303)
