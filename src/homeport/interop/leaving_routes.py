"""Deleting one's account: the choice, the week in which it can be taken back."""

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from homeport.accounts import queries as accounts
from homeport.accounts import service
from homeport.accounts.models import PostsFate, User
from homeport.core.clock import now
from homeport.core.db import db
from homeport.core.errors import Problem
from homeport.core.http import member, sensitive, viewer, while_enrolling
from homeport.interop import queries
from homeport.interop.forms import LeavingForm
from homeport.interop.routes import bp, me
from homeport.ui.messages import say

PAGE = "interop/delete.html"


def _form(user: User, posts: int) -> LeavingForm:
    form = LeavingForm(request.form)
    form.offer([(str(heir.id), heir.display_name) for heir in accounts.heirs(user.id)] if posts else [])
    if not posts:
        del form.posts
    return form


def _page(form: LeavingForm, user: User, posts: int) -> str:
    departure, able = accounts.departure_of(user.id), accounts.able_owners()
    return render_template(
        PAGE,
        form=form,
        posts=posts,
        departure=departure,
        heir=accounts.heir(departure.heir_id, user.id) if departure else None,
        only_owner=user in able and len(able) == 1,
        grace=service.GRACE.days,
        backups=service.BACKUPS.days,
    )


@bp.get("/account/delete")
@member
@sensitive
def leave() -> ResponseReturnValue:
    """What goes and what stays, and the choice about one's posts; or when it will happen."""
    user = me()
    posts = len(queries.posts_of(user.id))
    return _page(_form(user, posts), user, posts)


@bp.post("/account/delete")
@member
@sensitive
def ask_to_leave() -> ResponseReturnValue:
    """Have the account deleted in a week."""
    user = me()
    posts = len(queries.posts_of(user.id))
    form = _form(user, posts)
    if not form.validate():
        return _page(form, user, posts), 422
    fate = PostsFate(form.posts.data) if posts else PostsFate.DELETE
    try:
        service.ask_to_leave(user, fate, form.chosen_heir(), by=viewer(), now=now())
    except Problem as problem:
        db.session.rollback()
        form.add_problem(problem, "heir" if problem.code == "no_heir" else None)
        return _page(form, me(), posts), problem.status
    return redirect(url_for("interop.leave"), 303)


@bp.post("/account/keep")
@member
@while_enrolling
def stay() -> ResponseReturnValue:
    """Keep the account after all."""
    if service.cancel_leaving(me(), by=viewer(), now=now()):
        say("Your account stays. Nothing of it will be deleted.")
    return redirect(url_for("accounts.account"), 303)
