"""Links that show a post before it is public, to somebody without an account: 256 random bits, stored as their digest.

What a link shows is asked of `queries.preview`. It ends with its time, when it is taken back, and when the post is
published or thrown away: what is unpublished later is not what somebody was once shown.
"""

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Update, delete, func, select, update
from sqlalchemy.orm import joinedload

from homeport.accounts import service as accounts
from homeport.core.db import db
from homeport.core.errors import Problem, not_found
from homeport.core.http import Viewer
from homeport.core.ids import digest, token
from homeport.posts import queries
from homeport.posts.models import Post, PreviewLink
from homeport.posts.rows import Preview

log = logging.getLogger(__name__)

DAYS = (1, 7, 30)
MOST = 50


def make(post: Post, *, days: int, note: str, by: Viewer, now: datetime) -> str:
    """Make a link to a post; what is returned is kept nowhere. Raises Problem where there is nothing to preview."""
    if not queries.is_previewable(post):
        hint = "Share its own address, or restore it from the trash first."
        raise Problem("There is nothing to preview here.", status=409, code="no_preview", hint=hint)
    if len(of(post, now)) >= MOST:
        raise Problem(f"This post has {MOST} links already.", status=409, code="too_many_links", hint="Take some back.")
    value = token()
    expires_at = now + timedelta(days=days)
    link = PreviewLink(digest=digest(value), post_id=post.id, made_by_id=by.user_id, note=note, created_at=now)
    link.expires_at, link.opened = expires_at, 0
    db.session.add(link)
    db.session.flush()
    log.info("preview link made", extra={"post": post.id, "link": link.id, "by": by.user_id})
    return value


def open_link(value: str, network: str, now: datetime) -> Preview:
    """What a link shows. Raises Problem 404, the same for every link that shows nothing, and 429 for who guesses."""
    accounts.refuse_guessers(network, now)
    found = queries.preview(digest(value), now)
    if found is None:
        accounts.note_guess(network, now)
        raise not_found()
    return found


def opened(found: Preview, now: datetime) -> Update:
    """The statement that notes that a link was opened, for `core.afterwards`."""
    this = update(PreviewLink).where(PreviewLink.id == found.link_id)
    return this.values(opened=PreviewLink.opened + 1, last_opened_at=now)


def of(post: Post, now: datetime) -> Sequence[PreviewLink]:
    """The links of a post whose time is not over, the newest first."""
    alive = (PreviewLink.post_id == post.id, PreviewLink.expires_at > now)
    found = select(PreviewLink).where(*alive).order_by(PreviewLink.id.desc())
    return db.session.scalars(found.options(joinedload(PreviewLink.made_by))).all()


def take_back(post: Post, link_id: int, *, by: Viewer) -> None:
    """End one of a post's links. Raises Problem 404 for one that the post does not have."""
    this = (PreviewLink.post_id == post.id, PreviewLink.id == link_id)
    if db.session.scalar(delete(PreviewLink).where(*this).returning(PreviewLink.id)) is None:
        raise not_found()
    log.info("preview link taken back", extra={"post": post.id, "link": link_id, "by": by.user_id})


def end_all(post: Post) -> None:
    """End all of a post's links."""
    db.session.execute(delete(PreviewLink).where(PreviewLink.post_id == post.id))


def _over(now: datetime) -> ColumnElement[bool]:
    return PreviewLink.expires_at <= now


def count_over(now: datetime) -> int:
    """How many links have had their time."""
    return db.session.scalar(select(func.count()).select_from(PreviewLink).where(_over(now))) or 0


def clear(now: datetime) -> None:
    """Delete the links that have had their time."""
    db.session.execute(delete(PreviewLink).where(_over(now)))
