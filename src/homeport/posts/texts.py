"""What a post says: taken in, rendered, written down, and kept as it was."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import delete, exists, select

from homeport.core import markdown
from homeport.core.db import db
from homeport.core.markdown import MOST_CHARACTERS, RENDERER_VERSION
from homeport.posts import addresses, library, slugs
from homeport.posts.models import Post, Revision, Tag, post_tags
from homeport.posts.problems import DraftProblem

LIMITS = {"title": 300, "summary": 1000, "body": MOST_CHARACTERS}
"""The most characters of each field; PostgreSQL holds the columns to the same."""
TAG_LIMIT = 80
MOST_TAGS = 30


@dataclass(frozen=True)
class Draft:
    """A text as its writer sends it. An empty `path` asks for one made from the title."""

    title: str
    body: str
    summary: str = ""
    tags: tuple[str, ...] = ()
    path: str = ""


def draft_of(post: Post) -> Draft:
    """What a post says now."""
    return Draft(post.title, post.body, post.summary, tuple(tag.name for tag in post.tags), post.path)


def draft_from(revision: Revision, path: str) -> Draft:
    """What an earlier version said. Versions keep no address: `path` is the one to use."""
    return Draft(revision.title, revision.body, revision.summary, tuple(revision.tags), path)


def says_the_same(one: Draft, other: Draft) -> bool:
    """Whether saving one over the other would change nothing."""
    return _comparable(one) == _comparable(other)


def _comparable(draft: Draft) -> tuple[Draft, list[str]]:
    return replace(draft, tags=()), sorted(slugs.for_name(name) for name in draft.tags)


def accept(draft: Draft, now: datetime, post: Post | None = None) -> Draft:
    """The draft with everything as it can be stored: its path found, stray blanks gone. Raises DraftProblem.

    `post` is the one it is for; None for a new one.
    """
    tidy = Draft(
        title=_one_line(draft.title),
        body=_storable(draft.body).replace("\r\n", "\n").replace("\r", "\n"),
        summary=_one_line(draft.summary),
        tags=tuple(_distinct(_one_line(name) for name in draft.tags)),
        path=addresses.normal(_storable(draft.path)),
    )
    _check(tidy)
    post_id = post.id if post else None
    if not tidy.path:
        return replace(tidy, path=addresses.make(tidy.title, now, post_id))
    if post is None or tidy.path != post.path:
        addresses.check(tidy.path)
        addresses.check_free(tidy.path, post_id)
    return tidy


def _storable(text: str) -> str:
    # PostgreSQL stores no NUL, and neither database half a surrogate pair. U+FFFD as in CommonMark 0.31, section 2.3.
    return text.replace("\0", "\ufffd").encode("utf-8", "replace").decode("utf-8")


def _one_line(text: str) -> str:
    return " ".join(_storable(text).split())


def _distinct(names: Iterable[str]) -> Iterable[str]:
    """The names whose slugs differ, each as it was spelled first."""
    found: dict[str, str] = {}
    for name in names:
        if name:
            short = name[: TAG_LIMIT + 1]  # what is longer is refused anyway, and would take long to make a slug of
            found.setdefault(slugs.for_name(short) or short, name)
    return found.values()


def _check(draft: Draft) -> None:
    if not draft.title:
        raise DraftProblem("title", "A post needs a title.", "A working title will do; you can change it at any time.")
    for field, most in LIMITS.items():
        if len(getattr(draft, field)) > most:
            length = len(getattr(draft, field))
            raise DraftProblem(field, f"This has {length:,} characters.", f"Use at most {most:,}.", code="too_long")
    if len(draft.tags) > MOST_TAGS:
        raise DraftProblem("tags", f"These are {len(draft.tags)} tags.", f"Choose at most {MOST_TAGS}.")
    for name in draft.tags:
        if len(name) > TAG_LIMIT:
            raise DraftProblem("tags", f"“{name[:20]}…” is too long for a tag.", f"Use at most {TAG_LIMIT} characters.")
        if not slugs.for_name(name):
            raise DraftProblem("tags", f"“{name}” holds no letter and no digit.", "A tag needs at least one.")


def write(post: Post, draft: Draft) -> None:
    """Make a post say what an accepted draft says. Does not touch version, times or status."""
    post.title, post.body, post.summary, post.path = draft.title, draft.body, draft.summary, draft.path
    for column, value in derived(draft.body).items():
        setattr(post, column, value)
    _tag(post, draft.tags)


def derived(body: str) -> dict[str, Any]:
    """What is made from a text's body, by column of `Post`."""
    rendered = markdown.render(body)
    return {
        "html": rendered.html,
        "toc": [heading._asdict() for heading in rendered.toc],
        "words": rendered.words,
        "excerpt": rendered.summary,
        "rendered_with": RENDERER_VERSION,
    }


def _tag(post: Post, names: Iterable[str]) -> None:
    wanted = {slugs.for_name(name): name for name in names}
    known = library.tags_named(list(wanted))
    had = {tag.slug for tag in post.tags} if post.id else set()
    if had != set(wanted):
        post.tags = [known.get(slug) or Tag(name=name, slug=slug) for slug, name in wanted.items()]


def drop_unused_tags() -> None:
    """Remove the tags that no post has any more."""
    db.session.flush()
    db.session.execute(delete(Tag).where(~exists(select(post_tags.c.tag_id).where(post_tags.c.tag_id == Tag.id))))


def keep(post: Post, draft: Draft, version: int, at: datetime, by_id: int | None) -> None:
    """Keep a text for ever as a version of its post, unless the newest kept text up to there says the same."""
    kept = library.revision_before(post, version)
    if kept is None or not says_the_same(draft_from(kept, draft.path), draft):
        facts = {"title": draft.title, "body": draft.body, "summary": draft.summary, "tags": list(draft.tags)}
        db.session.add(Revision(post_id=post.id, version=version, saved_at=at, saved_by_id=by_id, **facts))
        db.session.flush()
