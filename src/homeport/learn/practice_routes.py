"""How far one is in the exercises, as one's own folder tells it: by its program, or as a file."""

from flask import Blueprint, current_app, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from wtforms import FileField
from wtforms.validators import InputRequired

from homeport.accounts import queries as accounts
from homeport.accounts import service as accounts_service
from homeport.accounts.models import ApiToken, User
from homeport.core.clock import now
from homeport.core.config import Config
from homeport.core.db import db
from homeport.core.errors import Problem, not_found
from homeport.core.http import member, sensitive, viewer
from homeport.core.programs import PRACTICE, api, sent_object
from homeport.learn import practice_told, queries, service
from homeport.learn.practice import chapters, exercises
from homeport.ui.forms import Form
from homeport.ui.messages import say

bp = Blueprint("practice", __name__, template_folder="templates")

NAME = "homeport learn"
"""What the token of somebody's folder is called on the page of their tokens."""

DAYS = 365


class UploadForm(Form):
    """The file in which a folder keeps its progress."""

    progress = FileField("Your file", validators=[InputRequired("Choose the file first.")])


@bp.put("/api/learn/exercises")
@member
@api(PRACTICE)
def tell() -> ResponseReturnValue:
    """Keep all that a folder tells, in the place of what it told before."""
    told = practice_told.read(sent_object(practice_told.MOST_BYTES), now())
    service.note_exercises(told, by=viewer(), now=now())
    return jsonify(done=len(told.done), of=len(exercises()), unknown=told.unknown)


@bp.get("/learn/practice")
@member
def page() -> str:
    """What the exercises are, how far one is, and how this blog learns of it."""
    return _page(UploadForm())


@bp.post("/learn/practice/connect")
@member
@sensitive
def connect() -> ResponseReturnValue:
    """Make a token for one's folder. It is in this answer, and at no address is it shown again."""
    me, scopes = _me(), [PRACTICE]
    value = accounts_service.replace_token(me, name=NAME, scopes=scopes, days=DAYS, by=viewer(), now=now())
    return render_template("learn/practice/token.html", value=value, days=DAYS, config=_config())


@bp.post("/learn/practice/upload")
@member
def upload() -> ResponseReturnValue:
    """Keep what the file of a folder tells, as if its program had told it."""
    form = UploadForm(request.files)
    if not form.validate():
        return _page(form), 422
    try:
        told = practice_told.read_file(form.progress.data.read(practice_told.MOST_BYTES + 1), now())
        service.note_exercises(told, by=viewer(), now=now())
    except Problem as problem:
        db.session.rollback()
        form.add_problem(problem, "progress")
        return _page(form), problem.status
    say(f"This blog knows now: {len(told.done)} of {len(exercises())} exercises are done.")
    if told.unknown:
        say(f"It does not know {', '.join(told.unknown)}: your program and this one differ.", "warning")
    return redirect(url_for("practice.page"), 303)


def _page(form: UploadForm) -> str:
    known = queries.exercises_of(viewer().user_id)
    return render_template(
        "learn/practice/page.html",
        form=form,
        chapters=chapters(),
        known=known,
        done=sum(row.done_at is not None for row in known.values()),
        total=len(exercises()),
        token=_token(),
    )


def _token() -> ApiToken | None:
    """The token with which one's folder tells, while it counts."""
    found = (one for one in accounts_service.tokens_of(_me().id) if one.name == NAME and one.scopes == [PRACTICE])
    return next((token for token in found if token.expires_at > now()), None)


def _me() -> User:
    user = accounts.by_id(viewer().user_id)
    if user is None:
        raise not_found()
    return user


def _config() -> Config:
    config: Config = current_app.config["HOMEPORT"]
    return config
