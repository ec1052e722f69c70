"""Questions about earlier imports."""

from sqlalchemy import select

from homeport.core.db import db
from homeport.interop.models import ImportedPost
from homeport.posts.models import Post


def imported(source: str, path: str, digest: str) -> ImportedPost | None:
    """What came from this file before; or, where the folder was moved since, the same text at the same address."""
    known = db.session.get(ImportedPost, source)
    if known is not None:
        return known
    same = select(ImportedPost).join(Post, Post.id == ImportedPost.post_id)
    return db.session.scalar(same.where(Post.path == path, ImportedPost.digest == digest))
