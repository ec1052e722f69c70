"""What an import brought, so that running it again changes nothing."""

from datetime import datetime

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from homeport.core.db import Base, UTCDateTime


class ImportedPost(Base):
    """A post and the file it came from. `digest` is the SHA-256 of everything that was read for it."""

    __tablename__ = "imported_posts"

    source: Mapped[str] = mapped_column(String(500), primary_key=True)
    post_id: Mapped[int] = mapped_column(ForeignKey("posts.id", ondelete="CASCADE"), unique=True)
    digest: Mapped[str] = mapped_column(String(64))
    post_version: Mapped[int]
    imported_at: Mapped[datetime] = mapped_column(UTCDateTime)
