"""Logging in and confirming by a passkey. Options go out as JSON; the answer comes back by a form."""

from flask import jsonify, redirect, request, url_for
from flask.typing import ResponseReturnValue

from homeport.accounts import assertions, ceremonies, login_routes, presence, proofs, queries, throttle
from homeport.accounts.forms import CodeForm, ConfirmForm, LoginForm
from homeport.accounts.models import Ceremony, User
from homeport.accounts.passkey_forms import PasskeyForm
from homeport.accounts.routes import bp, refused
from homeport.core.clock import now
from homeport.core.errors import Problem
from homeport.core.http import member, public, safe_next, while_enrolling


def count_challenge() -> None:
    """Count that this network asks for a challenge. Raises Problem 429 when it asks too often."""
    throttle.begin(now(), (throttle.CHALLENGE, presence.network()))


@bp.post("/login/passkey/options")
@public
def passkey_login_options() -> ResponseReturnValue:
    """What to ask an unknown person's browser for: any passkey of this blog, and a name is not needed."""
    count_challenge()
    return jsonify(assertions.begin(ceremonies.PASSKEY_LOGIN, presence.bind_ceremony(anew=False), now()))


@bp.post("/login/passkey")
@public
def log_in_with_passkey() -> ResponseReturnValue:
    """Begin a session for whoever shows a passkey: it is possession and knowledge at once, so no code is asked for."""
    form = PasskeyForm(request.form)
    bound_to, visit = presence.ceremony_binding(), presence.visit()
    try:
        user = assertions.by_passkey(ceremonies.PASSKEY_LOGIN, bound_to, form.answer(), visit, now())
        proofs.refuse_suspended(user)
    except Problem as problem:
        return refused(LoginForm(next=form.next.data), problem, login_routes.LOGIN)
    return login_routes.let_in(user, "passkey", form.next.data)


@bp.post("/login/code/passkey/options")
@public
def passkey_code_options() -> ResponseReturnValue:
    """What to ask for as the second step: one of the passkeys of the person whose password was right."""
    count_challenge()
    user = _half_in(login_routes.half_logged_in())
    bound_to = presence.ceremony_binding()
    return jsonify(assertions.begin(ceremonies.PASSKEY_SECOND, bound_to, now(), user=user))


def _half_in(step: Ceremony | None) -> User:
    user = queries.by_id(step.user_id) if step else None
    if user is None:
        raise Problem("This login is over.", status=403, code="too_late", hint="Begin again with your password.")
    return user


@bp.post("/login/code/passkey")
@public
def send_code_passkey() -> ResponseReturnValue:
    """Begin the session for whoever has shown the password and now a passkey."""
    step = login_routes.half_logged_in()
    if step is None:
        return redirect(url_for("accounts.login", after="too-late"), 303)
    facts = login_routes.ways_on(step)
    try:
        user = _finish(step, PasskeyForm(request.form).answer())
    except Problem as problem:
        return refused(CodeForm(), problem, login_routes.CODE, **facts)
    return login_routes.let_in(user, "password and passkey", step.facts.get("next"))


def _finish(step: Ceremony, answer: str) -> User:
    user, visit, bound_to = _half_in(step), presence.visit(), presence.ceremony_binding()
    assertions.by_passkey(ceremonies.PASSKEY_SECOND, bound_to, answer, visit, now(), user=user)
    proofs.refuse_suspended(user)
    if not ceremonies.claim(step, now()):
        return _half_in(None)
    return user


@bp.post("/account/confirm/passkey/options")
@member
@while_enrolling
def passkey_confirm_options() -> ResponseReturnValue:
    """What to ask for as a proof: one of one's own passkeys."""
    count_challenge()
    bound_to = presence.bind_ceremony()
    return jsonify(assertions.begin(ceremonies.PASSKEY_PROOF, bound_to, now(), user=presence.me()))


@bp.post("/account/confirm/passkey")
@member
@while_enrolling
def confirm_with_passkey() -> ResponseReturnValue:
    """Go on to what they wanted to do, in a session with a new id."""
    form, me = PasskeyForm(request.form), presence.me()
    bound_to, visit = presence.ceremony_binding(), presence.visit()
    try:
        assertions.by_passkey(ceremonies.PASSKEY_PROOF, bound_to, form.answer(), visit, now(), user=me)
    except Problem as problem:
        again = login_routes.fitting(ConfirmForm(next=form.next.data))
        return refused(again, problem, login_routes.CONFIRM, **login_routes.ways_to_confirm())
    presence.prove("passkey")
    return redirect(safe_next(form.next.data, "/account/security"), 303)
