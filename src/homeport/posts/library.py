"""Questions about texts, versions, tags and addresses; who sees a post is for `queries` alone."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import defer, joinedload

from homeport.accounts.models import User
from homeport.core.db import db
from homeport.core.http import Viewer
from homeport.posts import queries
from homeport.posts.models import Post, Redirect, Revision, Tag

SHOWN_REVISIONS = 500
_OWN_LINE = (Post.id, Post.version, Post.title, Post.path, Post.created_at, Post.updated_at, Post.published_at)
_DESK_LINE = (Post.id, Post.title, Post.path, Post.updated_at, Post.scheduled_at, User.display_name, *queries.STANDS)


def desk_page(among: ColumnElement[bool], number: int, size: int) -> Sequence[Any]:
    """Page `number` (from 1) of posts, the last changed first: rows with the columns that a line of a desk shows.

    There is one row more than `size` where another page follows.
    """
    lines = select(*_DESK_LINE).join(User, Post.author_id == User.id).where(among)
    lines = lines.order_by(Post.updated_at.desc(), Post.id.desc())
    return db.session.execute(lines.offset((number - 1) * size).limit(size + 1)).all()


def titled(words: str) -> ColumnElement[bool]:
    """Narrows to the posts with these words in their title, upper or lower case."""
    return Post.title.icontains(words, autoescape=True)


def own(viewer: Viewer) -> ColumnElement[bool]:
    """Narrows to somebody's own posts."""
    return Post.author_id == viewer.user_id


def own_lines(viewer: Viewer, before: int | None, limit: int) -> Sequence[Any]:
    """At most `limit` of somebody's own posts but for those in the trash, the newest first, starting after `before`."""
    lines = select(*_OWN_LINE, Post.scheduled_at, *queries.STANDS).where(own(viewer), queries.in_state(""))
    if before is not None:
        lines = lines.where(Post.id < before)
    return db.session.execute(lines.order_by(Post.id.desc()).limit(limit)).all()


def owners(path: str) -> set[int]:
    """The ids of the post at a path and of the one that readers are sent on to from there."""
    here, moved = select(Post.id).where(Post.path == path), select(Redirect.post_id).where(Redirect.path == path)
    return set(db.session.scalars(here.union(moved)))


def owned_like(stem: str, but: int | None) -> set[str]:
    """The paths `stem` and `stem-…` that posts have or had; `but` names a post that does not count."""
    found = set()
    for path, owner in ((Post.path, Post.id), (Redirect.path, Redirect.post_id)):
        like = or_(path == stem, path.startswith(f"{stem}-", autoescape=True))
        found |= set(db.session.scalars(select(path).where(like, owner != (but or 0))))
    return found


def created_with(key: str, by: Viewer) -> Post | None:
    """The post that somebody already made with the form of this key."""
    return db.session.scalar(select(Post).where(Post.author_id == by.user_id, Post.creation_key == key))


def tags_named(slugs: Sequence[str]) -> dict[str, Tag]:
    """The known tags among these slugs."""
    return {tag.slug: tag for tag in db.session.scalars(select(Tag).where(Tag.slug.in_(slugs)))}


def revision(post: Post, version: int) -> Revision | None:
    """The text of one version, if it was kept."""
    return db.session.scalar(select(Revision).where(Revision.post_id == post.id, Revision.version == version))


def revision_before(post: Post, version: int) -> Revision | None:
    """The newest kept text of `version` or an earlier one: changes of status count as versions but keep no text."""
    kept = select(Revision).where(Revision.post_id == post.id, Revision.version <= version)
    return db.session.scalar(kept.order_by(Revision.version.desc()).limit(1))


def history(post: Post) -> Sequence[Revision]:
    """The kept texts, newest first, without their bodies; at most SHOWN_REVISIONS."""
    kept = select(Revision).where(Revision.post_id == post.id).order_by(Revision.version.desc())
    kept = kept.options(joinedload(Revision.saved_by), defer(Revision.body))
    return db.session.scalars(kept.limit(SHOWN_REVISIONS)).all()


def rendered_before(renderer: int, limit: int) -> Sequence[int]:
    """The ids of posts whose HTML an older renderer made."""
    return db.session.scalars(select(Post.id).where(Post.rendered_with < renderer).order_by(Post.id).limit(limit)).all()


def count_rendered_before(renderer: int) -> int:
    """How many posts have HTML that an older renderer made."""
    return db.session.scalar(select(func.count()).select_from(Post).where(Post.rendered_with < renderer)) or 0
