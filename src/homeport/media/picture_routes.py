"""One's own picture: shown, chosen, taken away."""

from flask import current_app, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from homeport.accounts import queries as accounts
from homeport.accounts.models import User
from homeport.core.clock import now
from homeport.core.config import Config
from homeport.core.db import db
from homeport.core.errors import Problem, not_found
from homeport.core.http import member, viewer
from homeport.media import portraits
from homeport.media.forms import PictureForm
from homeport.media.routes import bp
from homeport.ui.messages import say

PAGE = "media/picture.html"


def _me() -> User:
    user = accounts.by_id(viewer().user_id)
    if user is None:
        raise not_found()
    return user


def _page(form: PictureForm) -> str:
    return render_template(PAGE, form=form, me=_me(), most=portraits.MOST_BYTES // 2**20)


@bp.get("/account/picture")
@member
def own_picture() -> ResponseReturnValue:
    """One's picture as it is, and the form for another."""
    return _page(PictureForm())


@bp.post("/account/picture")
@member
def change_picture() -> ResponseReturnValue:
    """Show another picture from now on."""
    form, config = PictureForm(), _config()
    sent = request.files.get("picture")
    data = sent.read() if sent is not None and sent.filename else b""
    try:
        portraits.change(_me(), data, folder=config.media, now=now())
    except Problem as problem:
        db.session.rollback()
        form.add_problem(problem, "picture")
        return _page(form), problem.status
    say("Your picture is changed.")
    return redirect(url_for("media.own_picture"), 303)


@bp.post("/account/picture/remove")
@member
def remove_picture() -> ResponseReturnValue:
    """Show no picture any more."""
    portraits.remove(_me(), folder=_config().media)
    say("Your picture is removed.")
    return redirect(url_for("media.own_picture"), 303)


def _config() -> Config:
    config: Config = current_app.config["HOMEPORT"]
    return config
