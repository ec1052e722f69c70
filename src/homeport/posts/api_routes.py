"""Posts for programs: JSON in, JSON out, by the same verbs and with the same refusals as the pages (docs/api.md)."""

from typing import Any

from flask import Blueprint, current_app, jsonify, request, url_for
from flask.typing import ResponseReturnValue

from homeport.core.clock import now
from homeport.core.errors import Problem
from homeport.core.http import author, viewer
from homeport.core.programs import READ, WRITE, api, sent_object
from homeport.posts import library, queries, representations, service, texts
from homeport.posts.models import Post

bp = Blueprint("api", __name__, url_prefix="/api/posts")

PAGE = 50


@bp.get("")
@author
@api(READ)
def list_posts() -> ResponseReturnValue:
    """One's own posts, the newest first, without their texts; those in the trash are left out."""
    lines = library.own_lines(viewer(), _before(), PAGE + 1)
    following = url_for("api.list_posts", before=lines[PAGE - 1].id) if len(lines) > PAGE else None
    return jsonify(posts=[representations.line(line, _origin()) for line in lines[:PAGE]], next=following)


@bp.post("")
@author
@api(WRITE)
def create_post() -> ResponseReturnValue:
    """Store a new draft."""
    draft = representations.draft(sent_object())
    post = service.create(by=viewer(), now=now(), draft=draft)
    answer = jsonify(_whole(post))
    answer.headers["Location"] = url_for("api.get_post", post_id=post.id)
    return answer, 201


@bp.get("/<int:post_id>")
@author
@api(READ)
def get_post(post_id: int) -> ResponseReturnValue:
    """A post that one may work on, with its text."""
    return jsonify(_whole(queries.to_edit(post_id, viewer())))


@bp.put("/<int:post_id>")
@author
@api(WRITE)
def save_post(post_id: int) -> ResponseReturnValue:
    """Store a new text over the version that was read; 409 when somebody else has changed it since."""
    post, sent = queries.to_edit(post_id, viewer()), sent_object()
    draft, seen = representations.draft(sent, texts.draft_of(post)), representations.version(sent)
    return jsonify(_whole(service.save(post, by=viewer(), now=now(), seen_version=seen, draft=draft)))


@bp.post("/<int:post_id>/publish")
@author
@api(WRITE)
def publish_post(post_id: int) -> ResponseReturnValue:
    """Make a post public; nothing to one that is."""
    post = queries.to_edit(post_id, viewer())
    service.publish(post, viewer(), now())
    return jsonify(_whole(post))


def _whole(post: Post) -> dict[str, Any]:
    return representations.whole(post, queries.standing(post), _origin())


def _origin() -> str:
    origin: str = current_app.config["HOMEPORT"].origin
    return origin


def _before() -> int | None:
    asked = request.args.get("before")
    if asked is None:
        return None
    if not (asked.isascii() and asked.isdecimal() and len(asked) < 10):
        raise Problem("“before” is not the number of a post.", hint="Follow the address that “next” gives.")
    return int(asked)
