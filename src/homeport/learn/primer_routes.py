"""The primer's pages. Everybody reads them; how far somebody is, is kept for those who are logged in."""

from dataclasses import dataclass, replace
from typing import Any

from flask import Blueprint, current_app, render_template, request
from flask.typing import ResponseReturnValue
from markupsafe import Markup
from wtforms import Form

from homeport.core import csrf
from homeport.core.clock import now
from homeport.core.db import db, end_transaction
from homeport.core.errors import Problem, not_found
from homeport.core.http import cached, member, public, viewer
from homeport.core.site import site
from homeport.learn import experiments, primer, queries, service
from homeport.learn.experiments import Context, Experiment, Outcome
from homeport.learn.limits import Limit
from homeport.learn.primer import Chapter
from homeport.learn.primer_glossary import words
from homeport.learn.primer_text import pieces
from homeport.learn.real_request import masked
from homeport.learn.teaching import notes

bp = Blueprint("learn", __name__, template_folder="templates", url_prefix="/learn")

_EACH_MINUTE = 30
_limit = Limit(_EACH_MINUTE)


@dataclass(frozen=True)
class Shown:
    """What a chapter's page shows beside the chapter: what came of an experiment, or the answer that was chosen."""

    experiment: str = ""
    form: Form | None = None
    outcome: Markup | str = ""
    problem: Problem | None = None
    question: int = 0
    chosen: int | None = None


@bp.before_request
def show_to_readers_only_if_wanted() -> None:
    """Answer who is not logged in as if nothing were here, where the owner keeps the primer to members."""
    if site().primer != "everybody" and viewer().user_id is None:
        raise not_found()


@bp.get("")
@public
@cached()
def contents() -> str:
    """The chapters, and what else there is to learn with."""
    return render_template(
        "learn/contents.html", chapters=primer.chapters(), progress=queries.progress_of(viewer().user_id)
    )


@bp.get("/glossary")
@public
@cached()
def glossary() -> str:
    """Every word that the primer explains."""
    return render_template("learn/glossary.html", words=words().values())


@bp.get("/booklet")
@public
@cached()
def booklet() -> str:
    """All chapters on one page, to be printed."""
    every = [(chapter, pieces(chapter)) for chapter in primer.chapters()]
    return render_template("learn/booklet.html", every=every, find=experiments.find, words=words().values())


@bp.get("/teaching")
@public
@cached()
def teaching() -> str:
    """A plan for a class, for whoever teaches it."""
    return render_template("learn/teaching.html", notes=notes())


@bp.get("/<chapter>")
@public
@cached()
def chapter(chapter: str) -> str:
    """A chapter."""
    return _page(_chapter(chapter), Shown())


@bp.post("/<chapter>/questions/<int:number>")
@public
def answer(chapter: str, number: int) -> ResponseReturnValue:
    """Choose an answer, and see why it is right or not."""
    found = _chapter(chapter)
    question = next((one for one in found.questions if one.number == number), None)
    if question is None:
        raise not_found()
    chosen = request.form.get("answer", type=int)
    if chosen is None or not 0 <= chosen < len(question.answers):
        return _page(found, Shown(question=number)), 422
    done = question.answers[chosen].is_right
    service.note_step(found, queries.question_step(number), done=done, by=viewer(), now=now())
    return _page(found, Shown(question=number, chosen=chosen))


@bp.post("/<chapter>/experiments/<experiment>")
@member
def run_experiment(chapter: str, experiment: str) -> ResponseReturnValue:
    """Run an experiment, and show the chapter with what came of it."""
    found = _chapter(chapter)
    if experiment not in found.names("experiment"):
        raise not_found()
    trial = experiments.find(experiment)
    form = trial.form(request.form)
    shown = Shown(experiment=experiment, form=form)
    if form is not None and not form.validate():
        return _page(found, shown), 422
    try:
        _limit.take(viewer().user_id or 0)
        outcome = _run(trial)
    except Problem as problem:
        db.session.rollback()
        return _page(found, replace(shown, problem=problem)), problem.status
    service.note_step(found, queries.experiment_step(experiment), done=True, by=viewer(), now=now())
    return _page(found, replace(shown, outcome=outcome))


def _run(trial: Experiment) -> Markup | str:
    end_transaction()  # the request that it may send to this blog would wait for the lock that this one holds
    outcome: Outcome = trial.run(trial.typed(request.form), _context())
    if isinstance(outcome, tuple):
        template, values = outcome
        return Markup(render_template(template, **values))  # noqa: S704 (a template's own output, which is escaped)
    return outcome


def _context() -> Context:
    return Context(
        config=current_app.config["HOMEPORT"],
        viewer=viewer(),
        now=now(),
        method=request.method,
        path=request.full_path.rstrip("?"),
        scheme=request.scheme,
        address=request.remote_addr or "",
        headers=tuple((name, masked(name, value)) for name, value in request.headers),
        cookies=dict(request.cookies),
        csrf_token=csrf.token(csrf.session_secret()),
    )


def _chapter(slug: str) -> Chapter:
    found = primer.chapter(slug)
    if found is None:
        raise not_found()
    return found


def _page(chapter: Chapter, shown: Shown) -> str:
    every = primer.chapters()
    place = every.index(chapter)
    values: dict[str, Any] = {
        "before": every[place - 1] if place else None,
        "after": every[place + 1] if place + 1 < len(every) else None,
        "done": queries.done_in(chapter, viewer().user_id),
    }
    return render_template(
        "learn/chapter.html",
        chapter=chapter,
        pieces=pieces(chapter),
        shown=shown,
        find=experiments.find,
        **values,
    )
