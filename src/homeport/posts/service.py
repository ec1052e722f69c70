"""The verbs of writing. Every text that another one replaces is kept, and each step is done once, however often asked.

What is claimed is claimed by a conditional UPDATE: on SQLite writers queue, on PostgreSQL they meet, and both come out
the same.
"""

import logging
from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import delete, func, update
from sqlalchemy.exc import IntegrityError

from homeport.accounts import service as accounts
from homeport.core.db import db
from homeport.core.errors import Problem
from homeport.core.events import post_published, post_withdrawn
from homeport.core.http import SYSTEM, Viewer
from homeport.posts import addresses, library, previews, queries, slugs, texts
from homeport.posts.models import Byline, Post, Revision, Status
from homeport.posts.problems import Conflict, DraftProblem
from homeport.posts.texts import Draft, draft_of

__all__ = ["Brought", "Conflict", "Draft", "DraftProblem", "IncomingPost"]

log = logging.getLogger(__name__)
SENDER = "homeport"
ALIVE = frozenset(Status) - {Status.TRASHED}


def create(*, by: Viewer, now: datetime, draft: Draft, key: str | None = None) -> Post:
    """Store a new draft. Raises DraftProblem.

    `key` names the form it was written in: sent twice it makes one post, sent again with another text it saves that.
    """
    made = library.created_with(key, by) if key else None
    if made is not None:
        return save(made, by=by, now=now, seen_version=1, draft=replace(draft, path=draft.path or made.path))
    draft = texts.accept(draft, now)
    post = Post(author_id=by.user_id, status=Status.DRAFT, created_at=now, updated_at=now, version=1, creation_key=key)
    try:
        _store(post, draft)
    except DraftProblem:
        if key is not None and library.created_with(key, by):  # by the other half of a double click, just now
            return create(by=by, now=now, draft=draft, key=key)
        raise
    texts.keep(post, draft, 1, now, by.user_id)
    return post


def save(post: Post, *, by: Viewer, now: datetime, seen_version: int, draft: Draft) -> Post:
    """Store a new text over the version its writer saw. A text that changes nothing makes no version.

    Raises DraftProblem, and Conflict when the post is no longer at `seen_version`; nothing is stored then.
    """
    draft = texts.accept(draft, now, post)
    if texts.says_the_same(draft_of(post), draft):
        return post
    if not _claim(post, seen_version):
        if texts.says_the_same(draft_of(post), draft):
            return post
        raise Conflict
    _overwrite(post, draft, now, by.user_id)
    return post


def set_aside(post: Post, *, by: Viewer, now: datetime, draft: Draft) -> Post:
    """Keep a text in the post's history without taking it: its writer chose the other one."""
    current, version = draft_of(post), post.version
    draft = texts.accept(replace(draft, path=post.path), now, post)
    if not _claim(post, version, steps=2):
        raise Conflict
    texts.keep(post, current, version, post.updated_at, None)
    texts.keep(post, draft, version + 1, now, by.user_id)
    texts.keep(post, current, version + 2, now, by.user_id)
    return post


def bring_back(post: Post, revision: Revision, *, by: Viewer, now: datetime, seen_version: int) -> Post:
    """Make an earlier text the present one. The address stays. Raises Conflict."""
    earlier = texts.draft_from(revision, post.path)
    return save(post, by=by, now=now, seen_version=seen_version, draft=earlier)


def _claim(post: Post, version: int, steps: int = 1) -> bool:
    """Go on to the next version if the post is still at `version`; whoever comes second gets False."""
    claim = update(Post).where(Post.id == post.id, Post.version == version).values(version=version + steps)
    claimed = db.session.scalar(claim.returning(Post.id), execution_options={"synchronize_session": False})
    db.session.expire(post)
    return claimed is not None


def _overwrite(post: Post, draft: Draft, now: datetime, by_id: int | None) -> None:
    """Write an accepted draft into a post whose next version is claimed, keeping both texts."""
    texts.keep(post, draft_of(post), post.version - 1, post.updated_at, None)
    if draft.path != post.path and post.published_at is not None:
        addresses.leave_redirect(post, post.path, now)
    post.updated_at = now
    _store(post, draft)
    texts.keep(post, draft, post.version, now, by_id)


def _store(post: Post, draft: Draft) -> None:
    texts.write(post, draft)
    try:
        with db.session.begin_nested():
            db.session.add(post)
    except IntegrityError:  # on PostgreSQL somebody else may have taken it since it was looked up
        raise DraftProblem("path", "Another post has just taken this address.", "Save again.") from None
    addresses.take_back(post, post.path)
    texts.drop_unused_tags()


def publish(post: Post, by: Viewer, now: datetime) -> None:
    """Make a post public now; nothing to one that is. A post that was public before keeps its date."""
    first = func.coalesce(Post.published_at, now)
    _move(post, Status.PUBLISHED, by, now, since=ALIVE, published_at=first, scheduled_at=None)


def schedule(post: Post, by: Viewer, now: datetime, at: datetime) -> None:
    """Have a post published at `at`, which becomes its date. Raises DraftProblem for a time that is past."""
    if at <= now:
        raise DraftProblem("publish_at", "This time is past.", "Choose a later one, or use Publish to do it now.")
    since = {Status.DRAFT, Status.PRIVATE, Status.SCHEDULED}
    _move(post, Status.SCHEDULED, by, now, since=since, again=True, scheduled_at=at)


def unpublish(post: Post, by: Viewer, now: datetime) -> None:
    """Make a post a draft again, whether it is public, private or scheduled."""
    _move(post, Status.DRAFT, by, now, since=ALIVE, scheduled_at=None)


def make_private(post: Post, by: Viewer, now: datetime) -> None:
    """Show a post, at its address, only to its author and to editors."""
    _move(post, Status.PRIVATE, by, now, since=ALIVE, scheduled_at=None)


def trash(post: Post, by: Viewer, now: datetime) -> None:
    """Put a post into the trash, from where it can be restored. Its address stays taken."""
    _move(post, Status.TRASHED, by, now, since=ALIVE, status_before_trash=Post.status, trashed_at=now)


def restore(post: Post, by: Viewer, now: datetime) -> None:
    """Take a post out of the trash to where it stood; one whose scheduled time has passed becomes a draft."""
    before = Status(post.status_before_trash or Status.DRAFT)
    missed = before is Status.SCHEDULED and (post.scheduled_at is None or post.scheduled_at <= now)
    back = Status.DRAFT if missed else before
    if post.status is Status.TRASHED:
        at = None if missed else Post.scheduled_at
        _move(post, back, by, now, since={Status.TRASHED}, status_before_trash=None, trashed_at=None, scheduled_at=at)


def delete_forever(post: Post, by: Viewer, now: datetime) -> None:
    """Remove a trashed post with all its versions. Raises Problem for one that is not in the trash."""
    title = post.title
    gone = delete(Post).where(Post.id == post.id, Post.status == Status.TRASHED).returning(Post.id)
    post_id = db.session.scalar(gone)
    if post_id is None:
        raise Problem("Only a post in the trash can be deleted.", status=409, code="not_in_trash")
    texts.drop_unused_tags()
    accounts.record("post_deleted", by=by, now=now, target=f"post:{post_id}", title=title)
    log.info("post deleted", extra={"post": post_id, "by": by.user_id})


def publish_if_due(post_id: int, now: datetime) -> bool:
    """Make a scheduled post public if its time has come; False if it has not, or if somebody else just did it."""
    due = (Post.id == post_id, Post.status == Status.SCHEDULED, Post.scheduled_at <= now)
    values = {"status": Status.PUBLISHED, "published_at": now, "scheduled_at": None, "version": Post.version + 1}
    claim = update(Post).where(*due).values(values).returning(Post.id)
    if db.session.scalar(claim, execution_options={"synchronize_session": False}) is None:
        return False
    post = db.session.get_one(Post, post_id, populate_existing=True)
    _announce(post, Status.SCHEDULED, SYSTEM, now)
    return True


def _move(
    post: Post, to: Status, by: Viewer, now: datetime, *, since: Collection[Status], again: bool = False, **values: Any
) -> None:
    """Change a post's status from one of `since`, once: whoever comes second finds it done and changes nothing."""
    db.session.flush()
    while again or post.status is not to:
        before = post.status
        if before is Status.TRASHED and before not in since:
            raise Problem("This post is in the trash.", status=409, code="in_trash", hint="Restore it first.")
        if before not in since:
            raise Problem("This post is public already.", status=409, code="already_public", hint="Unpublish it first.")
        step = update(Post).where(Post.id == post.id, Post.status == before)
        step = step.values(status=to, version=Post.version + 1, **values)
        moved = db.session.scalar(step.returning(Post.id), execution_options={"synchronize_session": False})
        db.session.expire(post)
        if moved is not None:
            _announce(post, before, by, now)
            return


def _announce(post: Post, before: Status, by: Viewer, now: datetime) -> None:
    log.info("post moved", extra={"post": post.id, "from": before, "to": post.status, "by": by.user_id})
    target = f"post:{post.id}"
    if not queries.is_previewable(post):
        previews.end_all(post)
    if post.status is Status.PUBLISHED:
        accounts.record("post_published", by=by, now=now, target=target, title=post.title)
        post_published.send(SENDER, post=post, now=now)
    elif before is Status.PUBLISHED:
        accounts.record("post_withdrawn", by=by, now=now, target=target, title=post.title)
        post_withdrawn.send(SENDER, post=post, now=now)


def render_again(post: Post) -> None:
    """Make a post's HTML with the present renderer, unless its text is being changed just now."""
    values = texts.derived(post.body)
    db.session.execute(update(Post).where(Post.id == post.id, Post.version == post.version).values(values))


@dataclass(frozen=True)
class IncomingPost:
    """A post as it was elsewhere. `status` is `published`, `private`, `draft` or `scheduled` (for `published_at`)."""

    path: str
    title: str
    body: str
    summary: str = ""
    tags: tuple[str, ...] = ()
    bylines: tuple[str, ...] = ()
    status: str = "published"
    published_at: datetime | None = None
    updated_at: datetime | None = None
    former_paths: tuple[str, ...] = ()


class Brought(NamedTuple):
    """What came of it: the post, and the former paths that could not be taken along, each with the reason."""

    post: Post
    refused: list[tuple[str, str]]


def bring_in(incoming: IncomingPost, *, author_id: int, now: datetime, post: Post | None = None) -> Brought:
    """Store a post from elsewhere, or over `post`, which an earlier run brought. Announces nothing: it is not news.

    A published post dated in the future is scheduled. Raises DraftProblem, with nothing stored.
    """
    draft = Draft(incoming.title, incoming.body, incoming.summary, incoming.tags, incoming.path)
    draft = texts.accept(draft, now, post)
    updated = incoming.updated_at or incoming.published_at or now
    if post is None:
        created = min(incoming.published_at or now, now)
        post = Post(author_id=author_id, created_at=created, version=1)
        _date(post, incoming, now)
        post.updated_at = updated
        _store(post, draft)
    else:
        if not _claim(post, post.version):
            raise Conflict
        _overwrite(post, draft, updated, None)
        _date(post, incoming, now)
        if not queries.is_previewable(post):
            previews.end_all(post)
    names = incoming.bylines
    post.bylines = [Byline(position=at, name=name, slug=slugs.for_name(name)) for at, name in enumerate(names)]
    return Brought(post, _redirect_all(post, incoming.former_paths, now))


def _date(post: Post, incoming: IncomingPost, now: datetime) -> None:
    post.status = Status(incoming.status)
    at = incoming.published_at
    if post.status is Status.PUBLISHED and at is not None and at > now:
        post.status = Status.SCHEDULED
    waits = post.status is Status.SCHEDULED
    post.scheduled_at, post.published_at = (at, None) if waits else (None, at)
    if post.status is Status.PUBLISHED and at is None:
        post.published_at = now


def _redirect_all(post: Post, paths: Collection[str], now: datetime) -> list[tuple[str, str]]:
    refused = []
    for path in map(addresses.normal, paths):
        try:
            addresses.check(path)
            addresses.check_free(path, post.id)
        except DraftProblem as problem:
            refused.append((path, problem.message))
        else:
            if path != post.path:
                addresses.leave_redirect(post, path, now)
    return refused
