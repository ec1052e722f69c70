"""Who wrote posts and what they are about: bylines and tags, asked for many posts at once."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Executable, Result, bindparam, literal, literal_column, select, union_all

from homeport.core.db import db
from homeport.posts.models import Byline, Tag, post_tags
from homeport.posts.rows import Name

_POSTS: ColumnElement[Any] = bindparam("posts", expanding=True)
_BYLINES = select(Byline.post_id, literal(0), Byline.position, Byline.name, Byline.slug)
_BYLINES = _BYLINES.where(Byline.post_id.in_(_POSTS))
_TAGS = select(post_tags.c.post_id, literal(1), literal(0), Tag.name, Tag.slug).where(post_tags.c.post_id.in_(_POSTS))
_TAGS = _TAGS.join(Tag, Tag.id == post_tags.c.tag_id)
_NAMES = union_all(_BYLINES, _TAGS).order_by(literal_column("3"), literal_column("4"))


class Names(NamedTuple):
    """Of one post, both in order."""

    bylines: list[Name]
    tags: list[Name]


def names_of(posts: Sequence[int]) -> dict[int, Names]:
    """For each of these posts its bylines and its tags, by one question for all."""
    found = {post: Names([], []) for post in posts}
    for post, kind, _position, name, slug in ask(_NAMES, posts=posts):
        found[post][kind].append(Name(name, slug))
    return found


def ask(statement: Executable, **values: Any) -> Result[*tuple[Any, ...]]:
    """The rows of a statement with these values in its places.

    By the connection: the session would make ready for objects, which takes as long again, and there are none.
    """
    return db.session.connection().execute(statement, values)
