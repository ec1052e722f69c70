"""What becomes of somebody's posts when their account is deleted, and of the pictures in them."""

import re
from datetime import datetime

from flask import current_app
from sqlalchemy import ColumnElement, and_, delete, exists, insert, literal, not_, or_, select, update

from homeport.accounts import service as accounts
from homeport.accounts.models import PostsFate, User
from homeport.core.db import db
from homeport.core.events import account_deleted, post_withdrawn
from homeport.core.http import SYSTEM
from homeport.core.site import site
from homeport.media import service as media
from homeport.media.queries import names_of
from homeport.posts import queries, slugs, texts
from homeport.posts.models import Byline, Post, Revision

SENDER = "homeport"
NOBODY = "A former author"
_PICTURE = re.compile(r"/media/([0-9a-f]{64}\.\w{2,5})")

STAYS: dict[PostsFate, ColumnElement[bool] | None] = {
    PostsFate.DELETE: None,
    PostsFate.HAND_OVER: queries.in_state(""),
    PostsFate.KEEP: or_(queries.in_state("published"), queries.in_state("scheduled")),
}
"""Which posts are left: of what nobody has read, only what is handed to somebody on purpose."""


@account_deleted.connect
def settle(_sender: object, *, user: User, posts: PostsFate, heir_id: int | None, now: datetime) -> None:
    """Delete somebody's posts, or give them to their heir without the author's name, and drop pictures none shows."""
    own, stays = Post.author_id == user.id, STAYS[posts]
    _delete(user, own if stays is None else and_(own, not_(stays)), now)
    if stays is not None:
        _drop_name(user, neutral=posts is PostsFate.KEEP)
        db.session.execute(update(Post).where(own).values(author_id=heir_id, creation_key=None))
    texts.drop_unused_tags()
    if names_of(user.id):  # else there is nothing to read every text for
        media.drop_unused(user.id, pictures_shown(), current_app.config["HOMEPORT"].media)


def _delete(user: User, which: ColumnElement[bool], now: datetime) -> None:
    for post in db.session.scalars(select(Post).where(which, queries.LISTED)).all():
        post_withdrawn.send(SENDER, post=post, now=now)
    gone = db.session.scalars(delete(Post).where(which).returning(Post.id)).all()
    if gone:
        accounts.forget_targets([f"post:{post_id}" for post_id in gone])
        accounts.record("post_deleted", by=SYSTEM, now=now, target=f"{len(gone)} posts of user:{user.id}")


def _drop_name(user: User, *, neutral: bool) -> None:
    """Take the author's name from the posts that stay. `neutral`: what then has none is by a former author."""
    own = select(Post.id).where(Post.author_id == user.id)
    names = (user.handle, slugs.for_name(user.display_name))
    db.session.execute(delete(Byline).where(Byline.post_id.in_(own), Byline.slug.in_(names)))
    if neutral:
        bare = select(Post.id, literal(0), literal(NOBODY), literal(slugs.for_name(NOBODY)))
        bare = bare.where(Post.author_id == user.id, ~exists().where(Byline.post_id == Post.id))
        db.session.execute(insert(Byline).from_select(["post_id", "position", "name", "slug"], bare))


def pictures_shown() -> set[str]:
    """The names of all pictures that a text of the blog shows, or that an earlier version of one did."""
    found = set(_PICTURE.findall(site().about))
    for column in (Post.body, Revision.body):
        for body in db.session.scalars(select(column).execution_options(yield_per=200)):
            found.update(_PICTURE.findall(body))
    return found
