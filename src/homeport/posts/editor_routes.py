"""The pages on which a post is written. Whatever goes wrong, the answer holds what was typed."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from flask import redirect as redirect_to
from flask import render_template, request, url_for
from flask.typing import ResponseReturnValue
from markupsafe import Markup

from homeport.core import ids, markdown
from homeport.core.clock import now
from homeport.core.db import db, end_transaction, reading
from homeport.core.errors import Problem
from homeport.core.http import Viewer, author, viewer
from homeport.core.site import site
from homeport.posts import differences, library, queries, service, texts, timing
from homeport.posts.forms import EditorForm, fields_of
from homeport.posts.models import Post
from homeport.posts.problems import Conflict, DraftProblem
from homeport.posts.routes import bp
from homeport.posts.rows import address
from homeport.ui.messages import say

Step = Callable[[Post, Viewer, datetime], None]

# The editor's buttons that do more than save: their value, what they do, and what is said when it is done.
STEPS: Mapping[str, tuple[Step, str]] = {
    "publish": (service.publish, "Published. Everybody can read it now."),
    "unpublish": (service.unpublish, "This is a draft again; only you and editors can see it."),
    "make_private": (service.make_private, "This is private now: at its address, only you and editors can read it."),
    "trash": (service.trash, "Moved to the trash, from where you can restore it."),
    "restore": (service.restore, "Out of the trash again."),
}


@bp.get("/new")
@author
def new() -> ResponseReturnValue:
    """An empty editor."""
    return _editor(EditorForm(data={"key": ids.handle()}), None)


@bp.post("/new")
@author
def create() -> ResponseReturnValue:
    """Store a new post."""
    return _take_in(EditorForm(request.form), None)


@bp.get("/<int:post_id>")
@author
def edit(post_id: int) -> ResponseReturnValue:
    """The editor with a post in it."""
    post = queries.to_edit(post_id, viewer())
    publish_at = timing.for_input(post.scheduled_at, _zone())
    fields = fields_of(texts.draft_of(post), post.version)
    return _editor(EditorForm(data={**fields, "publish_at": publish_at}), post)


@bp.post("/<int:post_id>")
@author
def save(post_id: int) -> ResponseReturnValue:
    """Store a post's new text, and do what else the button says."""
    form = EditorForm(request.form)
    try:
        post = queries.to_edit(post_id, viewer())
    except Problem:
        # Deleted by somebody, perhaps, while this was being written. Nothing on the page depends on which it is.
        return render_template("posts/gone.html", form=form), 404
    return _take_in(form, post)


@bp.post("/preview")
@author
def preview() -> ResponseReturnValue:
    """The text as HTML, for the preview beside it."""
    end_transaction()
    return markdown.render(request.form.get("body", "")).html


def _take_in(form: EditorForm, post: Post | None) -> ResponseReturnValue:
    do = request.form.get("do", "save")
    if do == "preview":
        return _preview(form, post)
    post_id = post.id if post else None
    try:
        if form.validate():
            return _carry_out(form, post, do)
    except Conflict:
        return _conflict(form, post_id, do)
    except Problem as problem:
        form.add_problem(problem, problem.field if isinstance(problem, DraftProblem) else None)
    with _nothing_stored():
        return _editor(form, queries.to_edit(post_id, viewer()) if post_id else None, unsaved=True), 422


def _carry_out(form: EditorForm, post: Post | None, do: str) -> ResponseReturnValue:
    moment, by = now(), viewer()
    draft = form.draft(texts.draft_of(post)) if post else form.draft()
    at = timing.parse(form.publish_at.data or "", _zone()) if do == "schedule" else None
    if post is None:
        post = service.create(by=by, now=moment, draft=draft, key=(form.key.data or "")[:16] or None)
    elif do == "keep_theirs":
        service.set_aside(post, by=by, now=moment, draft=draft)
    else:
        service.save(post, by=by, now=moment, seen_version=form.seen_version(), draft=draft)
    if at is not None:
        service.schedule(post, by, moment, at)
    if do in STEPS:
        STEPS[do][0](post, by, moment)
    say(_done(post, do))
    target = url_for(".desk") if do == "trash" else url_for(".edit", post_id=post.id)
    return redirect_to(target, 303)


def _done(post: Post, do: str) -> str:
    if do in STEPS:
        return STEPS[do][1]
    if do == "keep_theirs":
        return "Their text stays. Yours is in the history, should you want it back."
    if post.scheduled_at is not None and do == "schedule":
        return f"Saved. It will be published on {timing.in_words(post.scheduled_at, _zone())}."
    return "Saved. Readers see the new text now." if queries.standing(post).published else "Saved."


def _nothing_stored() -> Any:
    # Takes back what a verb had begun; the page is then made from what is stored, without the lock that writing needs.
    db.session.rollback()
    return reading()


def _preview(form: EditorForm, post: Post | None) -> ResponseReturnValue:
    page = _facts(form, post)
    end_transaction()
    try:
        html = Markup(markdown.render(form.body.data or "").html)  # noqa: S704 (sanitised last, by core.markdown)
    except Problem as problem:
        form.add_problem(problem, "body")
        html = Markup()
    return render_template("posts/edit.html", **page, preview=html, unsaved=True)


def _conflict(form: EditorForm, post_id: int | None, do: str) -> ResponseReturnValue:
    with _nothing_stored():
        made = library.created_with(form.key.data or "", viewer())
        post = queries.to_edit(post_id or (made.id if made else 0), viewer())
        base, latest = (
            library.revision_before(post, form.seen_version() or 1),
            library.revision_before(post, post.version),
        )
        theirs = texts.draft_of(post)
        mine = form.draft(theirs)
        started = texts.draft_from(base, post.path) if base else theirs
        fields = {**fields_of(mine, post.version), "publish_at": form.publish_at.data}
        page = render_template(
            "posts/conflict.html",
            form=EditorForm(data=fields),
            post=post,
            by_myself=latest is not None and latest.saved_by_id == viewer().user_id,
            who=latest.saved_by.display_name if latest and latest.saved_by else "Somebody",
            theirs=theirs,
            their_changes=differences.changes(started, theirs),
            my_changes=differences.changes(started, mine),
            do="save" if do == "keep_theirs" else do,
            standing=queries.standing(post),
        )
    return page, 409


def _editor(form: EditorForm, post: Post | None, *, unsaved: bool = False) -> str:
    return render_template("posts/edit.html", **_facts(form, post), unsaved=unsaved)


def _facts(form: EditorForm, post: Post | None) -> dict[str, Any]:
    """What the editor's page shows around the form."""
    zone = _zone()
    return {
        "form": form,
        "post": post,
        "standing": queries.standing(post) if post else None,
        "address": address(post.path) if post else "",
        "scheduled": timing.in_words(post.scheduled_at, zone) if post and post.scheduled_at else "",
        "zone": zone.key,
        "clock": timing.in_words(now(), zone),
        "person": viewer().user_id,
    }


def _zone() -> ZoneInfo:
    return timing.zone_of(viewer().time_zone, site().time_zone)
