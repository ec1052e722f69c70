"""Another e-mail address: asking for it, the two pages that mailed links open, and the owner's way without mail."""

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from homeport.accounts import addresses, presence, queries, throttle, tokens
from homeport.accounts.entry_forms import AddressForm, LinkForm, TheirAddressForm
from homeport.accounts.models import User
from homeport.accounts.routes import bp, guard_token, refused, wrong
from homeport.core.clock import now
from homeport.core.errors import Problem, not_found
from homeport.core.http import member, owner, public, sensitive, viewer
from homeport.jobs.queries import has_mail_server
from homeport.ui.messages import say

EMAIL, BUTTON, THEIRS = "accounts/email.html", "accounts/button.html", "accounts/their_address.html"


@bp.get("/account/email")
@member
@sensitive
def email() -> ResponseReturnValue:
    """The present address, one that waits to be confirmed, and the form for another one."""
    return render_template(EMAIL, form=AddressForm(), **_facts())


@bp.post("/account/email")
@member
@sensitive
def ask_for_address() -> ResponseReturnValue:
    """Have a link mailed to the new address; the answer is the same whether or not somebody else has it."""
    form = AddressForm(request.form)
    if not form.validate():
        return wrong(form, EMAIL, **_facts())
    try:
        addresses.ask(presence.me(), form.email.data or "", by=viewer(), now=now())
    except Problem as problem:
        return refused(form, problem, EMAIL, **_facts())
    say(f"A mail with a link is on its way to {form.email.data}.")
    return redirect(url_for("accounts.email"), 303)


def _facts() -> dict[str, object]:
    me = presence.me()
    return {"me": me, "pending": addresses.pending(me, now()), "has_mail": has_mail_server()}


@bp.get("/account/email/confirm")
@public
def new_address() -> ResponseReturnValue:
    """The button that gives an account its new address."""
    return _button(tokens.NEW_ADDRESS)


@bp.post("/account/email/confirm")
@public
def confirm_address() -> ResponseReturnValue:
    """Change the address. The link is proof enough: it may be opened where nobody is logged in."""
    addresses.confirm(_token_to_try(tokens.NEW_ADDRESS), by=viewer(), now=now())
    return redirect(url_for("accounts.address_done", what="changed"), 303)


@bp.get("/account/email/undo")
@public
def undo_address() -> ResponseReturnValue:
    """The button that puts the old address back."""
    return _button(tokens.UNDO)


@bp.post("/account/email/undo")
@public
def put_address_back() -> ResponseReturnValue:
    """Put the old address back and log everybody out."""
    addresses.undo(_token_to_try(tokens.UNDO), by=viewer(), now=now())
    return redirect(url_for("accounts.address_done", what="undone"), 303)


@bp.get("/account/email/done")
@public
def address_done() -> ResponseReturnValue:
    """What has happened, and what to do now."""
    return render_template("accounts/address_done.html", undone=request.args.get("what") == "undone")


def _button(purpose: str) -> ResponseReturnValue:
    token = request.args.get("token", "")
    address = addresses.find(token, now(), purpose).email
    return guard_token(render_template(BUTTON, form=LinkForm(token=token), about=purpose, email=address))


def _token_to_try(purpose: str) -> str:
    token = LinkForm(request.form).token.data or ""
    throttle.counted(lambda: addresses.find(token, now(), purpose), presence.network(), now())
    return token


@bp.get("/admin/people/<int:user_id>/email")
@owner
@sensitive
def their_address(user_id: int) -> ResponseReturnValue:
    """The form for the address of somebody who cannot confirm one by mail."""
    user = _person(user_id)
    return render_template(THEIRS, form=TheirAddressForm(obj=user), person=user, has_mail=has_mail_server())


@bp.post("/admin/people/<int:user_id>/email")
@owner
@sensitive
def change_their_address(user_id: int) -> ResponseReturnValue:
    """Write down another address for somebody."""
    user, form = _person(user_id), TheirAddressForm(request.form)
    if not form.validate():
        return wrong(form, THEIRS, person=user, has_mail=has_mail_server())
    try:
        addresses.change_theirs(user, form.email.data or "", by=viewer(), now=now())
    except Problem as problem:
        return refused(form, problem, THEIRS, person=user, has_mail=has_mail_server())
    say(f"{user.display_name} logs in with {user.email} from now on.")
    return redirect(url_for("accounts.person", user_id=user.id), 303)


def _person(user_id: int) -> User:
    user = queries.by_id(user_id)
    if user is None:
        raise not_found()
    return user
