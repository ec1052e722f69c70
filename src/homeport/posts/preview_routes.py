"""Showing a draft to somebody without an account: the links of a post, and the page behind each."""

from flask import Blueprint, Response, current_app, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from homeport.core import afterwards
from homeport.core.clock import now
from homeport.core.errors import Problem
from homeport.core.http import author, public, viewer
from homeport.core.net import network_of
from homeport.posts import previews, queries
from homeport.posts.forms import PreviewForm
from homeport.posts.models import Post
from homeport.posts.routes import bp
from homeport.ui.messages import say

LINKS = "posts/previews.html"
public_bp = Blueprint("previews", __name__, template_folder="templates")


@bp.get("/<int:post_id>/previews")
@author
def list_previews(post_id: int) -> ResponseReturnValue:
    """A post's links, and the form for another one."""
    return _links(queries.to_edit(post_id, viewer()), PreviewForm())


@bp.post("/<int:post_id>/previews")
@author
def make_preview(post_id: int) -> ResponseReturnValue:
    """Make a link. It is in this answer, and at no address is it shown again."""
    post, form = queries.to_edit(post_id, viewer()), PreviewForm(request.form)
    if not form.validate():
        return _links(post, form), 422
    days, note = int(form.days.data), form.note.data or ""
    try:
        token = previews.make(post, days=days, note=note, by=viewer(), now=now())
    except Problem as problem:
        form.add_problem(problem)
        return _links(post, form), problem.status
    address = current_app.config["HOMEPORT"].origin + url_for("previews.show", token=token)
    return render_template("posts/preview_link.html", post=post, address=address, days=days, note=note)


@bp.post("/<int:post_id>/previews/<int:link_id>/end")
@author
def end_preview(post_id: int, link_id: int) -> ResponseReturnValue:
    """Take a link back, at once."""
    previews.take_back(queries.to_edit(post_id, viewer()), link_id, by=viewer())
    say("The link is taken back. It shows nothing any more.")
    return redirect(url_for(".list_previews", post_id=post_id), 303)


def _links(post: Post, form: PreviewForm) -> str:
    facts = {"links": previews.of(post, now()), "can_share": queries.is_previewable(post)}
    return render_template(LINKS, post=post, form=form, **facts)


@public_bp.get("/preview/<token>")
@public
def show(token: str) -> ResponseReturnValue:
    """The post as readers would see it, for who holds a link. The page cache is told nothing, so it keeps nothing."""
    moment = now()
    found = previews.open_link(token, network_of(viewer().address), moment)
    page = make_response(render_template("posts/preview.html", post=found.article, expires_at=found.expires_at))
    if request.method == "GET":
        afterwards.note(page, previews.opened(found, moment))
    return _hide(page)


def _hide(page: Response) -> Response:
    page.headers["X-Robots-Tag"] = "noindex, nofollow, noarchive"
    page.headers["Cache-Control"] = "no-store"
    page.headers["Referrer-Policy"] = "strict-origin"  # the address is the secret: no log of referrers may have it
    return page
