"""Things for tests to find: stored directly, so that a test says what it needs and nothing else."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

from sqlalchemy import select

from homeport.core.db import commit, db
from homeport.posts.models import Byline, Post, Status, Tag
from tests.cast import Person

START = datetime(2026, 1, 1, 12, tzinfo=UTC)
_numbers = count(1)


def slug(words: str) -> str:
    """Words as the last part of an address."""
    return re.sub(r"[^a-z0-9]+", "-", words.lower()).strip("-")


def make_post(
    author: Person,
    title: str = "",
    *,
    status: Status = Status.PUBLISHED,
    tags: Sequence[str] = (),
    bylines: Sequence[str] = (),
    **columns: Any,
) -> str:
    """Store a post, committed, and return its path. Each is an hour younger than the one before; columns win."""
    number = next(_numbers)
    title = title or f"Post number {number}"
    at = columns.pop("published_at", START + timedelta(hours=number))
    facts = {
        "path": f"posts/{slug(title)}",
        "body": title,
        "html": "<p>The text.</p>\n",
        "toc": [],
        "excerpt": f"How {title} begins.",
        "words": 200,
        "rendered_with": 1,
        "created_at": at,
        "updated_at": at,
    } | columns
    post = Post(author_id=author.id, title=title, status=status, **facts)
    post.published_at = at if status in {Status.PUBLISHED, Status.PRIVATE, Status.TRASHED} else None
    post.tags = [_tag(name) for name in tags]
    post.bylines = [Byline(position=place, name=name, slug=slug(name)) for place, name in enumerate(bylines)]
    db.session.add(post)
    path = post.path
    commit()
    return path


def _tag(name: str) -> Tag:
    return db.session.scalar(select(Tag).where(Tag.slug == slug(name))) or Tag(name=name, slug=slug(name))
