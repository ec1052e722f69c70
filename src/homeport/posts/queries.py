"""Questions about posts. The one door to visibility: nothing else looks at a post's status.

Readers' pages get plain rows with just the columns they show: making and tracking objects would cost more than the
database does.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, cast

from sqlalchemy import (
    ColumnElement,
    Executable,
    Result,
    and_,
    bindparam,
    case,
    exists,
    false,
    func,
    literal,
    literal_column,
    or_,
    select,
    true,
    tuple_,
    union_all,
)
from sqlalchemy.orm import InstrumentedAttribute, aliased

from homeport.accounts.models import User
from homeport.core.db import UTCDateTime, db
from homeport.core.errors import not_found
from homeport.core.http import ANONYMOUS, Role, Viewer
from homeport.posts.models import Byline, Post, PreviewLink, Redirect, Status, Tag, post_tags
from homeport.posts.names import Pairs, pairs
from homeport.posts.rows import Article, Entry, Line, Name, Position, Preview, Profile, Standing, address

# What other features may take from here besides the questions themselves.
__all__ = ["Article", "Entry", "Line", "Name", "Position", "Profile", "address"]

STATES = tuple(status.value for status in Status)
"""Where posts can stand, as words in the order in which a desk shows them."""

SIMILAR_AMONG = 1000
"""How many of the newest posts are looked through for similar ones: the bound of what a wrong address can cost."""


def visible_to(viewer: Viewer) -> ColumnElement[bool]:
    """The condition under which somebody may read a post at its own address.

    Published posts are everybody's, private ones their author's and the editors'. Drafts, scheduled and trashed posts
    are at no public address at all: their author meets them at the desk.
    """
    published = Post.status == Status.PUBLISHED
    if viewer.user_id is None:
        return published
    if viewer.may(Role.EDITOR):
        return Post.status.in_((Status.PUBLISHED, Status.PRIVATE))
    return or_(published, and_(Post.status == Status.PRIVATE, Post.author_id == viewer.user_id))


LISTED = visible_to(ANONYMOUS)
"""Lists, counts and neighbours are the same for everybody, whoever asks."""

_SUMMARY = case((Post.summary != "", Post.summary), else_=Post.excerpt).label("summary")
_TIME = cast("InstrumentedAttribute[datetime]", Post.published_at)  # a public post has one
_LINE = (Post.path, Post.title, _TIME)
_BYLINES = select(Byline.name, Byline.slug).where(Byline.post_id == Post.id).order_by(Byline.position).correlate(Post)
_TAGS = select(Tag.name, Tag.slug).join(post_tags, post_tags.c.tag_id == Tag.id)
_TAGS = _TAGS.where(post_tags.c.post_id == Post.id).order_by(Tag.name).correlate(Post)
_NAMES = (User.display_name, User.handle, pairs(_BYLINES).label("bylines"), pairs(_TAGS).label("tags"))
_ENTRY = (*_LINE, Post.id, _SUMMARY, Post.words, *_NAMES)
_ARTICLE = (Post.author_id, Post.updated_at, Post.html, Post.toc, Post.status, User.picture)
_HAS_BYLINE = exists().where(Byline.post_id == Post.id).correlate(Post)
_PLACE = tuple_(Post.published_at, Post.id)
_OLDEST_FIRST = (Post.published_at, Post.id)
_NEWEST_FIRST = (Post.published_at.desc(), Post.id.desc())

# The questions of every page are put together once, with places for what changes: doing it each time takes five times
# as long as asking.
_HERE = tuple_(bindparam("time", type_=UTCDateTime), bindparam("post"))
_NEWEST = select(*_ENTRY).join(Post.author).where(LISTED).order_by(*_NEWEST_FIRST).limit(bindparam("limit"))
_AT_PATH = select(*_ENTRY, *_ARTICLE).join(Post.author).where(Post.path == bindparam("path"))
_OLDER = select(*_LINE).where(LISTED, _HERE > _PLACE).order_by(*_NEWEST_FIRST).limit(1)
_NEWER = select(*_LINE).where(LISTED, _HERE < _PLACE).order_by(*_OLDEST_FIRST).limit(1)


def newest(limit: int, before: Position | None = None, among: ColumnElement[bool] | None = None) -> list[Entry]:
    """At most `limit` public posts, newest first, starting after `before` in that order; `among` narrows them."""
    statement = _NEWEST if among is None else _NEWEST.where(among)
    if before is not None:
        statement = statement.where(_HERE > _PLACE)
    return [_entry(row) for row in _ask(statement, limit=limit, **_at(before)).all()]


def positions_after(start: Position, limit: int, among: ColumnElement[bool] | None = None) -> list[Position]:
    """Where at most `limit` public posts newer than `start` stand, oldest first: what paging back needs."""
    statement = select(_TIME, Post.id).where(LISTED, _HERE < _PLACE, true() if among is None else among)
    statement = statement.order_by(*_OLDEST_FIRST).limit(limit)
    return [Position(*row) for row in db.session.execute(statement, _at(start))]


def tagged(slug: str) -> ColumnElement[bool]:
    """Narrows to the posts with a tag."""
    return Post.id.in_(select(post_tags.c.post_id).join(Tag, Tag.id == post_tags.c.tag_id).where(Tag.slug == slug))


def written_by(slug: str) -> ColumnElement[bool]:
    """Narrows to the posts that name somebody as author: in a byline, or by account where there is no byline."""
    return or_(Post.id.in_(select(Byline.post_id).where(Byline.slug == slug)), _own(slug))


def _own(slug: str) -> ColumnElement[bool]:
    return and_(Post.author_id.in_(select(User.id).where(User.handle == slug)), ~_HAS_BYLINE)


def article(path: str, viewer: Viewer) -> Article | None:
    """The post at exactly `path`, if `viewer` may read it."""
    row: Any = _ask(_AT_PATH.where(visible_to(viewer)), path=path).first()
    return None if row is None else _article(row)


def _article(row: Any) -> Article:
    authors, tags = _names(row.display_name, row.handle, row.bylines, row.tags)
    return Article(
        path=row.path,
        title=row.title,
        published_at=row.published_at or row.updated_at,
        id=row.id,
        summary=row.summary,
        words=row.words,
        authors=authors,
        tags=tags,
        author_id=row.author_id,
        updated_at=row.updated_at,
        html=row.html,
        toc=row.toc,
        public=row.status is Status.PUBLISHED,
        picture=None if row.bylines else row.picture,
    )


def present_path(paths: Sequence[str], viewer: Viewer) -> str | None:
    """Where the post is that stands at one of these paths, or once stood there; None if `viewer` may not read it."""
    here = select(Post.path, literal(0)).where(Post.path.in_(paths), visible_to(viewer))
    moved = select(Post.path, literal(1)).join(Redirect, Redirect.post_id == Post.id)
    moved = moved.where(Redirect.path.in_(paths), visible_to(viewer))
    found = db.session.execute(union_all(here, moved).order_by(literal_column("2"))).first()
    return None if found is None else str(found[0])


def neighbours(position: Position) -> tuple[Line | None, Line | None]:
    """The public posts just before and just after a place in time."""
    older, newer = (_ask(statement, **_at(position)).first() for statement in (_OLDER, _NEWER))
    return Line(*older) if older else None, Line(*newer) if newer else None


def published_times() -> Sequence[datetime]:
    """When each public post came out, newest first: what the archive counts its years from."""
    return db.session.scalars(select(_TIME).where(LISTED).order_by(*_NEWEST_FIRST)).all()


def lines(start: datetime, end: datetime) -> list[Line]:
    """The public posts of `start` <= time < `end`, newest first."""
    statement = select(*_LINE).where(LISTED, start <= _TIME, end > _TIME)
    return [Line(*row) for row in db.session.execute(statement.order_by(*_NEWEST_FIRST))]


def tag(slug: str) -> Name | None:
    """A tag, if a public post has it."""
    row = db.session.execute(select(Tag.name, Tag.slug).where(Tag.slug == slug, _any_public(tagged(slug)))).first()
    return None if row is None else Name(*row)


def tags_with_counts() -> list[tuple[Name, int]]:
    """Every tag of public posts with their number, by name."""
    statement = select(Tag.name, Tag.slug, func.count()).join(post_tags, post_tags.c.tag_id == Tag.id)
    statement = statement.join(Post, Post.id == post_tags.c.post_id).where(LISTED).group_by(Tag.id, Tag.name, Tag.slug)
    return [(Name(name, slug), count) for name, slug, count in db.session.execute(statement.order_by(Tag.name))]


def profile(slug: str) -> Profile | None:
    """The author of at least one public post; somebody whose posts are all hidden is not told of.

    An account needs a post of its own: else who registers under a byline's name would speak for its bearer.
    """
    account = select(User.display_name, User.handle, User.bio, User.link, User.picture)
    account = account.where(User.handle == slug, _any_public(_own(slug)))
    byline = select(Byline.name, Byline.slug).where(Byline.slug == slug, _any_public(written_by(slug))).limit(1)
    row: Any = db.session.execute(account).first() or db.session.execute(byline).first()
    return Profile(*row) if row else None


def similar(words: Sequence[str], limit: int) -> list[Line]:
    """Public posts with some of these words in title or path, the likeliest first."""
    recent = select(*_LINE).where(LISTED).order_by(*_NEWEST_FIRST).limit(SIMILAR_AMONG).subquery()
    found = (
        or_(recent.c.title.icontains(word, autoescape=True), recent.c.path.icontains(word, autoescape=True))
        for word in words
    )
    score = sum((case((hit, 1), else_=0) for hit in found), start=literal(0))
    statement = select(recent).where(score > 0).order_by(score.desc(), recent.c.published_at.desc(), recent.c.path)
    return [Line(*row) for row in db.session.execute(statement.limit(limit))]


def _at(position: Position | None) -> dict[str, Any]:
    return {"time": position.published_at, "post": position.id} if position else {}


def _any_public(among: ColumnElement[bool]) -> ColumnElement[bool]:
    return exists(select(true()).select_from(Post).where(LISTED, among))


def _entry(row: Sequence[Any]) -> Entry:
    path, title, time, post, summary, words, *names = row
    return Entry(path, title, time, post, summary, words, *_names(*names))


def _names(name: str, slug: str, bylines: Pairs, tags: Pairs) -> tuple[tuple[Name, ...], tuple[Name, ...]]:
    """A post's authors, which are those of its bylines or else its account's name, and its tags."""
    return tuple(map(Name._make, bylines or [(name, slug)])), tuple(map(Name._make, tags or ()))


def _ask(statement: Executable, **values: Any) -> Result[*tuple[Any, ...]]:
    # By the connection: the session would make ready for objects, which takes as long again, and there are none.
    return db.session.connection().execute(statement, values)


# For writers.


def standing(post: Post) -> Standing:
    """Where a post stands."""
    return Standing(*(post.status == state for state in STATES))


def is_previewable(post: Post) -> bool:
    """Whether there is something to preview: what is public shows itself, and what is in the trash nobody is shown."""
    return post.status not in {Status.PUBLISHED, Status.TRASHED}


def preview(link: str, now: datetime) -> Preview | None:
    """What the link with this digest shows now: a post that is neither public nor in the trash.

    The link counts while whoever made it may work on the post.
    """
    maker = aliased(User)
    may = or_(maker.role.in_((Role.EDITOR, Role.OWNER)), and_(maker.role == Role.AUTHOR, maker.id == Post.author_id))
    statement = select(*_ENTRY, *_ARTICLE, PreviewLink.id.label("link_id"), PreviewLink.expires_at)
    statement = statement.join(Post.author).join(PreviewLink, PreviewLink.post_id == Post.id)
    statement = statement.join(maker, maker.id == PreviewLink.made_by_id).where(may, maker.suspended_at.is_(None))
    statement = statement.where(PreviewLink.digest == link, PreviewLink.expires_at > now)
    row: Any = _ask(statement.where(Post.status.not_in((Status.PUBLISHED, Status.TRASHED)))).first()
    return None if row is None else Preview(_article(row), row.link_id, row.expires_at)


def editable_by(viewer: Viewer) -> ColumnElement[bool]:
    """The condition under which somebody may work on a post: an author on their own, an editor on every one."""
    if viewer.may(Role.EDITOR):
        return true()
    return Post.author_id == viewer.user_id if viewer.may(Role.AUTHOR) else false()


def to_edit(post_id: int, viewer: Viewer) -> Post:
    """The post to work on. Raises the same Problem for one that is not there and one that is not the viewer's."""
    post = db.session.scalar(select(Post).where(Post.id == post_id, editable_by(viewer)))
    if post is None:
        raise not_found()
    return post


STANDS = (Post.status.label("state"), Post.status.in_((Status.PUBLISHED, Status.PRIVATE)).label("has_page"))
"""What a list for writers shows of it."""


def in_state(state: str) -> ColumnElement[bool]:
    """Narrows to the posts that stand so; for any other word to all that are not in the trash."""
    return Post.status == Status(state) if state in STATES else Post.status != Status.TRASHED


def counts_by_state(among: ColumnElement[bool]) -> dict[str, int]:
    """How many posts stand where; every state is there."""
    found = select(Post.status, func.count()).where(among).group_by(Post.status)
    return dict.fromkeys(STATES, 0) | {status.value: count for status, count in db.session.execute(found)}


def due(now: datetime) -> Sequence[int]:
    """The ids of scheduled posts whose time has come, the longest waiting first."""
    return db.session.scalars(select(Post.id).where(_is_due(now)).order_by(Post.scheduled_at, Post.id)).all()


def count_due(now: datetime) -> int:
    """How many scheduled posts should be public by now."""
    return db.session.scalar(select(func.count()).select_from(Post).where(_is_due(now))) or 0


def _is_due(now: datetime) -> ColumnElement[bool]:
    return and_(Post.status == Status.SCHEDULED, Post.scheduled_at <= now)
