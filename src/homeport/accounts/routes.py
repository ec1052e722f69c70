"""The doors beside the login: set the blog up, set a password by a link, log out. Coming in: `entry_routes`."""

from flask import Blueprint, Response, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from homeport.accounts import presence, queries, service, throttle
from homeport.accounts.forms import ResetForm, SetUpForm
from homeport.accounts.models import User
from homeport.core.clock import now
from homeport.core.db import db
from homeport.core.errors import Problem, not_found
from homeport.core.http import public, viewer
from homeport.core.site import Site, site
from homeport.ui.forms import Form
from homeport.ui.messages import say

bp = Blueprint("accounts", __name__, template_folder="templates")

UNPROCESSABLE = 422
# At which field a service's problem is shown; any other stands above the form.
_FIELD_OF = {
    "weak_password": ("password", "new"),
    "wrong_password": ("password",),
    "wrong_code": ("code",),
    "handle_taken": ("handle",),
    "email_taken": ("email",),
    "same_email": ("email",),
}


def refused(form: Form, problem: Problem, template: str, **facts: object) -> Response:
    """The form's page once more, with what is wrong; nothing of what was begun is kept. Passwords are not sent back."""
    db.session.rollback()
    field = next((name for name in _FIELD_OF.get(problem.code, ()) if name in form), None)
    form.add_problem(problem, field)
    response = make_response(render_template(template, form=form, **facts), problem.status)
    response.headers.update(problem.headers)
    return response


def wrong(form: Form, template: str, **facts: object) -> Response:
    """The form's page once more, where the form itself found something wrong."""
    return make_response(render_template(template, form=form, **facts), UNPROCESSABLE)


@bp.post("/logout")
@public
def log_out() -> ResponseReturnValue:
    """End this session, here and on the server; whoever is out already gets what they asked for."""
    presence.leave()
    return redirect("/", 303)


def guard_token(response: ResponseReturnValue) -> Response:
    """A page whose address holds a one-time token."""
    # The address holds a secret: not even this site's own log of referrers may have it. Not `no-referrer`, with which
    # browsers send `Origin: null` (Fetch, "append a request Origin header"), and the form would be refused over HTTP.
    guarded = make_response(response)
    guarded.headers["Referrer-Policy"] = "strict-origin"
    return guarded


@bp.get("/setup")
@public
def setup() -> ResponseReturnValue:
    """The owner's first page, for who holds the link from the console; gone once there is an owner."""
    if queries.owner_exists():
        raise not_found()
    token = request.args.get("token", "")
    service.check_setup_token(token, now())
    form = SetUpForm(token=token, title=Site.title, time_zone=site().time_zone)
    return guard_token(render_template("accounts/setup.html", form=form))


@bp.post("/setup")
@public
def set_up() -> ResponseReturnValue:
    """Make the owner's account, log in, and go to where the first post is written."""
    if queries.owner_exists():
        raise not_found()
    form = SetUpForm(request.form)
    service.check_setup_token(form.token.data or "", now())
    if not form.validate():
        return wrong(form, "accounts/setup.html")
    try:
        user = _set_up(**form.data)
    except Problem as problem:
        return refused(form, problem, "accounts/setup.html")
    presence.enter(user, "password")
    say(f"Welcome, {user.display_name}. {form.title.data} is yours.")
    return redirect("/write", 303)


def _set_up(title: str, time_zone: str, **person: str) -> User:
    return service.set_up(**person, by=viewer(), settings=Site(title=title, time_zone=time_zone), now=now())


@bp.get("/reset")
@public
def reset() -> ResponseReturnValue:
    """Choose a password, for who holds a one-time link."""
    token = request.args.get("token", "")
    user = service.person_of_link(token, now())
    page = render_template("accounts/reset.html", form=ResetForm(token=token), email=user.email)
    return guard_token(page)


@bp.post("/reset")
@public
def send_reset() -> ResponseReturnValue:
    """Set the password; logging in with it is the next step, so that a stolen link alone opens no session."""
    form = ResetForm(request.form)
    user = throttle.counted(lambda: service.person_of_link(form.token.data or "", now()), presence.network(), now())
    email = user.email
    if not form.validate():
        return wrong(form, "accounts/reset.html", email=email)
    try:
        service.reset_password(**form.data, by=viewer(), settings=site(), now=now())
    except Problem as problem:
        return refused(form, problem, "accounts/reset.html", email=email)
    return redirect(url_for("accounts.login", after="reset"), 303)
