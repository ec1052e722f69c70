"""The owner's pages about people: who there is, in which role, and letting somebody in or out."""

from flask import current_app, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from homeport.accounts import audit_search, factors, looking_after, people, presence, queries, recovery, service, totp
from homeport.accounts.forms import PersonForm, RoleForm
from homeport.accounts.models import User
from homeport.accounts.routes import bp, refused, wrong
from homeport.core.clock import now
from homeport.core.errors import Problem, not_found
from homeport.core.http import Role, owner, sensitive, viewer
from homeport.core.site import site
from homeport.ui.messages import say

PERSON = "accounts/person.html"
SIZE = 50
RECENT = 10


def _person(user_id: int) -> User:
    user = queries.by_id(user_id)
    if user is None:
        raise not_found()
    return user


@bp.get("/admin/people", endpoint="people")
@owner
def list_people() -> ResponseReturnValue:
    """Everybody, or whom one looks for."""
    wanted = _wanted()
    return render_template(
        "accounts/people.html",
        page=people.page(wanted, request.args.get("after", type=int), SIZE),
        counts=people.counts(wanted),
        wanted=wanted,
        labels=people.LABELS,
    )


def _wanted() -> people.Wanted:
    role = Role.__members__.get(request.args.get("role", "").upper())
    states = {state.value: state for state in people.State}
    words = " ".join(request.args.get("q", "")[:100].split())
    return people.Wanted(words, role, states.get(request.args.get("state", "")))


@bp.get("/admin/people/add")
@owner
@sensitive
def new_person() -> ResponseReturnValue:
    """The form for somebody new."""
    return render_template("accounts/person_add.html", form=PersonForm())


@bp.post("/admin/people/add")
@owner
@sensitive
def add_person() -> ResponseReturnValue:
    """Make an account, and show the link with which its owner chooses a password."""
    form = PersonForm(request.form)
    if not form.validate():
        return wrong(form, "accounts/person_add.html")
    person = {**form.data, "role": form.chosen()}
    try:
        user = service.add(**person, by=viewer(), password=None, settings=site(), now=now())
    except Problem as problem:
        return refused(form, problem, "accounts/person_add.html")
    return _show_link(user)


@bp.get("/admin/people/<int:user_id>")
@owner
def person(user_id: int) -> ResponseReturnValue:
    """What there is to know about one person, and what can be done."""
    user = _person(user_id)
    return render_template(PERSON, form=RoleForm(role=user.role.label), **_about(user))


def _about(user: User) -> dict[str, object]:
    made = people.maker_of(user.id)
    return {
        "person": user,
        "entry": people.find(user.id),
        "labels": people.LABELS,
        "added_by": queries.by_id(made.actor_id) if made and made.actor_id != user.id else None,
        "passkeys": factors.count_passkeys(user.id),
        "has_app": totp.is_on(user.id),
        "codes_left": recovery.left(user.id),
        "few_codes": recovery.FEW,
        "sessions": queries.sessions_of(user.id, now()),
        "lines": audit_search.page(audit_search.Wanted(person=user.id), None, RECENT).lines,
    }


@bp.post("/admin/people/<int:user_id>/role")
@owner
@sensitive
def change_role(user_id: int) -> ResponseReturnValue:
    """Give somebody another role."""
    user, form = _person(user_id), RoleForm(request.form)
    if not form.validate():
        return wrong(form, PERSON, **_about(user))
    before = user.role
    try:
        service.change_role(user, form.chosen(), by=viewer(), now=now())
    except Problem as problem:
        return refused(form, problem, PERSON, **_about(_person(user_id)))
    say(f"{user.display_name} is now {user.role.label}. Before: {before.label}.")
    return _back_to(user)


@bp.post("/admin/people/<int:user_id>/suspend")
@owner
@sensitive
def suspend(user_id: int) -> ResponseReturnValue:
    """Shut somebody out."""
    user = _person(user_id)
    service.suspend(user, by=viewer(), now=now())
    say(f"{user.display_name} is suspended and logged out everywhere.")
    return _back_to(user)


@bp.post("/admin/people/<int:user_id>/readmit")
@owner
@sensitive
def readmit(user_id: int) -> ResponseReturnValue:
    """Let somebody in again."""
    user = _person(user_id)
    service.readmit(user, by=viewer(), now=now())
    say(f"{user.display_name} can log in again.")
    return _back_to(user)


@bp.post("/admin/people/<int:user_id>/sessions/end")
@owner
@sensitive
def end_sessions(user_id: int) -> ResponseReturnValue:
    """Log somebody out everywhere."""
    user = _person(user_id)
    looking_after.end_sessions(user, keep=presence.cookie(), by=viewer(), now=now())
    say(f"{user.display_name} is logged out everywhere{' but here' if user.id == viewer().user_id else ''}.")
    return _back_to(user)


@bp.post("/admin/people/<int:user_id>/link")
@owner
@sensitive
def make_link(user_id: int) -> ResponseReturnValue:
    """Make a link with which somebody chooses a new password; shown once, on the page that answers."""
    return _show_link(_person(user_id))


def _show_link(user: User) -> ResponseReturnValue:
    if user.suspended_at is not None:
        raise Problem(f"{user.display_name} is suspended.", status=409, code="suspended", hint="Readmit them first.")
    link = service.issue_link(user, by=viewer(), now=now())
    address = current_app.config["HOMEPORT"].origin + url_for("accounts.reset", token=link.token)
    return render_template("accounts/person_link.html", person=user, address=address, hours=link.hours)


def _back_to(user: User) -> ResponseReturnValue:
    if user.id == viewer().user_id and user.role < Role.OWNER:
        return redirect(url_for("accounts.account"), 303)  # this page is no longer theirs
    return redirect(url_for("accounts.person", user_id=user.id), 303)
