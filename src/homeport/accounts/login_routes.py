"""Logging in: password, second step; and showing again who one is before something sensitive."""

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from homeport.accounts import ceremonies, factors, presence, proofs, queries, recovery, totp
from homeport.accounts.forms import CodeForm, ConfirmForm, LoginForm
from homeport.accounts.models import Ceremony, User
from homeport.accounts.routes import bp, refused, wrong
from homeport.core.clock import now
from homeport.core.errors import Problem
from homeport.core.http import Role, member, public, safe_next, viewer, while_enrolling
from homeport.ui.messages import say

LOGIN, CODE, CONFIRM = "accounts/login.html", "accounts/code.html", "accounts/confirm.html"
NO_CODES = (
    "You have no recovery codes: if you lose this device, nothing else lets you in. Make them on your page Account, "
    "under Security."
)


@bp.get("/login")
@public
def login() -> ResponseReturnValue:
    """The form to log in with; somebody who is logged in goes straight on."""
    if viewer().user_id is not None:
        return redirect(safe_next(request.args.get("next"), home_of(viewer().role)), 303)
    form = LoginForm(next=request.args.get("next", ""))
    return render_template(LOGIN, form=form, after=request.args.get("after"))


@bp.post("/login")
@public
def log_in() -> ResponseReturnValue:
    """Begin a session for whoever knows the password, or ask for the second factor first."""
    form = LoginForm(request.form)
    if not form.validate():
        return wrong(form, LOGIN)
    try:
        user = proofs.by_password(form.email.data or "", form.password.data or "", presence.visit(), now())
    except Problem as problem:
        return refused(form, problem, LOGIN)
    if proofs.needs_second_step(user, presence.visit(), now()):
        facts = {"next": form.next.data or ""}
        ceremonies.begin(ceremonies.SECOND_STEP, presence.bind_ceremony(), now(), user_id=user.id, facts=facts)
        return redirect(url_for("accounts.code"), 303)
    trusted = factors.has_second_factor(user.id)
    return let_in(user, "password on a trusted device" if trusted else "password", form.next.data)


def let_in(user: User, means: str, next_: str | None, *, trust: bool = False) -> ResponseReturnValue:
    """Begin the session and go to where the person was, on this site."""
    presence.enter(user, means, trust=trust)
    if factors.has_second_factor(user.id) and not recovery.left(user.id):
        say(NO_CODES, "warning")
    return redirect(safe_next(next_, home_of(user.role)), 303)


def home_of(role: Role | None) -> str:
    """Where somebody begins who came to log in and for nothing else."""
    return "/write" if role is not None and role >= Role.AUTHOR else "/"


def half_logged_in() -> Ceremony | None:
    """The login of this browser that still needs its second step."""
    return ceremonies.find(ceremonies.SECOND_STEP, presence.ceremony_binding(), now())


@bp.get("/login/code")
@public
def code() -> ResponseReturnValue:
    """The form of the second step; back to the first for who has not done that."""
    step = half_logged_in()
    if step is None:
        return redirect(url_for("accounts.login"), 303)
    return render_template(CODE, form=CodeForm(), **ways_on(step))


@bp.post("/login/code")
@public
def send_code() -> ResponseReturnValue:
    """Begin the session for whoever shows the second factor too."""
    step = half_logged_in()
    if step is None:
        return redirect(url_for("accounts.login", after="too-late"), 303)
    form, facts = CodeForm(request.form), ways_on(step)
    if not form.validate():
        return wrong(form, CODE, **facts)
    try:
        user, means = finish(step, form.code.data or "")
    except Problem as problem:
        return refused(form, problem, CODE, **facts)
    return let_in(user, f"password and {means}", step.facts.get("next"), trust=bool(form.trust.data))


def finish(step: Ceremony, code: str) -> tuple[User, str]:
    """Take the code and end the ceremony. Raises Problem for a wrong code, and for a login that is over."""
    user = queries.by_id(step.user_id)
    if user is None:
        raise Problem("This login is over.", status=403, code="too_late", hint="Begin again with your password.")
    means = proofs.by_code(user, code, presence.visit(), now())
    proofs.refuse_suspended(user)
    if not ceremonies.claim(step, now()):
        raise Problem("This login is over.", status=403, code="too_late", hint="Begin again with your password.")
    return user, means


def ways_on(step: Ceremony) -> dict[str, object]:
    """What the page of the second step offers: an app's code, a passkey. Recovery codes always work."""
    user_id = step.user_id or 0
    return {"has_app": totp.is_on(user_id), "has_passkey": factors.count_passkeys(user_id) > 0}


@bp.get("/account/confirm")
@member
@while_enrolling
def confirm() -> ResponseReturnValue:
    """Ask who it is once more; the last proof is too old for what they want to do."""
    form = ConfirmForm(next=request.args.get("next", ""))
    return render_template(CONFIRM, form=fitting(form), **ways_to_confirm())


@bp.post("/account/confirm")
@member
@while_enrolling
def send_confirmation() -> ResponseReturnValue:
    """Go on to what they wanted to do, in a session with a new id."""
    form = fitting(ConfirmForm(request.form))
    if not form.validate():
        return wrong(form, CONFIRM, **ways_to_confirm())
    try:
        means = _check(form)
    except Problem as problem:
        return refused(form, problem, CONFIRM, **ways_to_confirm())
    presence.prove(means)
    return redirect(safe_next(form.next.data, "/account/security"), 303)


def _check(form: ConfirmForm) -> str:
    me, visit = presence.me(), presence.visit()
    if "password" not in form:
        raise Problem("Use a passkey to confirm that it is you.", status=422, code="wrong_proof")
    proofs.check_password(me, form.password.data or "", visit, now())
    if "code" not in form:
        return "password"
    return f"password and {proofs.by_code(presence.me(), form.code.data or '', visit, now())}"


def fitting(form: ConfirmForm) -> ConfirmForm:
    """The form without the fields that this person has nothing for."""
    me = presence.me()
    if me.password_hash is None:
        del form["password"]
    if me.password_hash is None or not factors.has_second_factor(me.id):
        del form["code"]
    return form


def ways_to_confirm() -> dict[str, object]:
    me = presence.me()
    return {"email": me.email, "has_app": totp.is_on(me.id), "has_passkey": factors.count_passkeys(me.id) > 0}
