"""Questions about earlier imports, and about what people take along."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import and_, func, select

from homeport.core.db import db
from homeport.interop.models import ImportedPost, PersonalExport
from homeport.posts.models import Post, Redirect, Revision

WAITS = and_(PersonalExport.ready_at.is_(None), PersonalExport.failure.is_(None))
"""Asked for and not there yet."""


def imported(source: str, path: str, digest: str) -> ImportedPost | None:
    """What came from this file before; or, where the folder was moved since, the same text at the same address."""
    known = db.session.get(ImportedPost, source)
    if known is not None:
        return known
    same = select(ImportedPost).join(Post, Post.id == ImportedPost.post_id)
    return db.session.scalar(same.where(Post.path == path, ImportedPost.digest == digest))


def posts_of(user_id: int) -> Sequence[int]:
    """The ids of everything that somebody has written, the oldest first."""
    return db.session.scalars(select(Post.id).where(Post.author_id == user_id).order_by(Post.id)).all()


def revisions_of(post_id: int) -> Sequence[Revision]:
    """Every version that was kept of a post, the oldest first."""
    return db.session.scalars(select(Revision).where(Revision.post_id == post_id).order_by(Revision.version)).all()


def revisions_elsewhere(user_id: int) -> Sequence[Revision]:
    """What somebody has saved in the posts of others."""
    mine = select(Revision).join(Post, Post.id == Revision.post_id).where(Revision.saved_by_id == user_id)
    return db.session.scalars(mine.where(Post.author_id != user_id).order_by(Revision.id)).all()


def former_paths(post_id: int) -> Sequence[str]:
    """The addresses from which readers are sent on to a post."""
    return db.session.scalars(select(Redirect.path).where(Redirect.post_id == post_id).order_by(Redirect.path)).all()


def export_of(user_id: int | None) -> PersonalExport | None:
    """Somebody's newest file with everything about them, finished or not."""
    theirs = select(PersonalExport).where(PersonalExport.user_id == user_id)
    return db.session.scalar(theirs.order_by(PersonalExport.id.desc()).limit(1))


def exports_to_make() -> Sequence[int]:
    """The ids of files that were asked for and are not there yet, the longest waiting first."""
    return db.session.scalars(select(PersonalExport.id).where(WAITS).order_by(PersonalExport.id)).all()


def count_exports_to_make(now: datetime) -> int:  # noqa: ARG001 (every count takes the time)
    """How many files were asked for and are not there yet."""
    return db.session.scalar(select(func.count()).select_from(PersonalExport).where(WAITS)) or 0


def export_files(user_id: int | None = None) -> set[str]:
    """The names of the files that are there to be downloaded: somebody's, or all."""
    named = select(PersonalExport.file).where(PersonalExport.file.is_not(None))
    found = db.session.scalars(named if user_id is None else named.where(PersonalExport.user_id == user_id))
    return {name for name in found if name}
