"""The desk: lists of posts, the trash, and a post's history. Writing itself is in `editor_routes`."""

from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import and_

from homeport.core.clock import now
from homeport.core.errors import not_found
from homeport.core.http import author, viewer
from homeport.posts import differences, library, queries, service, texts
from homeport.posts.models import Post, Revision
from homeport.posts.rows import address
from homeport.ui.messages import say

bp = Blueprint("posts", __name__, template_folder="templates", url_prefix="/write")

PAGE = 50
LONGEST_SEARCH = 100


@bp.get("")
@author
def desk() -> ResponseReturnValue:
    """One's posts (for editors: everybody's), narrowed by state and words of the title."""
    state, words = request.args.get("state", ""), request.args.get("q", "").strip()[:LONGEST_SEARCH]
    mine, number = "mine" in request.args, _page_number()
    among = queries.editable_by(viewer())
    if mine:
        among = and_(among, library.own(viewer()))
    counts = queries.counts_by_state(among)
    shown = and_(among, queries.in_state(state))
    if words:
        shown = and_(shown, library.titled(words))
    lines = library.desk_page(shown, number, PAGE)
    narrowed: dict[str, Any] = {"state": state or None, "q": words or None, "mine": "" if mine else None}
    return render_template(
        "posts/desk.html",
        lines=lines[:PAGE],
        address=address,
        counts=counts,
        state=state if state in queries.STATES else "",
        words=words,
        mine=mine,
        newer=url_for(".desk", **narrowed, page=number - 1) if number > 1 else None,
        older=url_for(".desk", **narrowed, page=number + 1) if len(lines) > PAGE else None,
    )


def _page_number() -> int:
    asked = request.args.get("page", "1")
    return max(1, int(asked)) if asked.isascii() and asked.isdecimal() and len(asked) < 6 else 1


@bp.post("/<int:post_id>/restore")
@author
def restore(post_id: int) -> ResponseReturnValue:
    """Take a post out of the trash."""
    post = queries.to_edit(post_id, viewer())
    service.restore(post, viewer(), now())
    say(f"“{post.title}” is out of the trash.")
    return redirect(url_for(".edit", post_id=post.id), 303)


@bp.get("/<int:post_id>/delete")
@author
def confirm_delete(post_id: int) -> ResponseReturnValue:
    """Ask before a post is deleted for ever."""
    post = queries.to_edit(post_id, viewer())
    return render_template(
        "ui/confirm.html",
        title="Delete for ever",
        question=f"Delete “{post.title}” with its whole history? Nobody can bring it back then.",
        action=url_for(".delete", post_id=post.id),
        verb="Delete for ever",
        cancel=url_for(".desk", state="trashed"),
        danger=True,
    )


@bp.post("/<int:post_id>/delete")
@author
def delete(post_id: int) -> ResponseReturnValue:
    """Delete a post in the trash for ever."""
    post = queries.to_edit(post_id, viewer())
    title = post.title
    service.delete_forever(post, viewer(), now())
    say(f"“{title}” is deleted.")
    return redirect(url_for(".desk", state="trashed"), 303)


@bp.get("/<int:post_id>/history")
@author
def history(post_id: int) -> ResponseReturnValue:
    """Every text that was saved."""
    post = queries.to_edit(post_id, viewer())
    return render_template("posts/history.html", post=post, revisions=library.history(post))


@bp.get("/<int:post_id>/history/<int:version>")
@author
def revision(post_id: int, version: int) -> ResponseReturnValue:
    """One saved text: what it changed, what has changed since, and the whole of it."""
    post = queries.to_edit(post_id, viewer())
    kept = _revision(post, version)
    before = library.revision_before(post, version - 1)
    says = texts.draft_from(kept, post.path)
    return render_template(
        "posts/revision.html",
        post=post,
        kept=kept,
        first=before is None,
        made=differences.changes(texts.draft_from(before, post.path), says) if before else [],
        since=differences.changes(says, texts.draft_of(post)),
    )


@bp.post("/<int:post_id>/history/<int:version>/restore")
@author
def bring_back(post_id: int, version: int) -> ResponseReturnValue:
    """Make an earlier text the present one; the present one stays in the history."""
    post = queries.to_edit(post_id, viewer())
    kept = _revision(post, version)
    service.bring_back(post, kept, by=viewer(), now=now(), seen_version=post.version)
    say("The earlier text is back. The one it replaced is in the history.")
    return redirect(url_for(".edit", post_id=post.id), 303)


def _revision(post: Post, version: int) -> Revision:
    kept = library.revision(post, version)
    if kept is None:
        raise not_found()
    return kept
