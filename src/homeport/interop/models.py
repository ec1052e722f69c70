"""What an import brought, so that running it again changes nothing; and what people take along of their own."""

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


class PersonalExport(Base):
    """Everything about one person as a file in the data directory's folder `exports`, made by a job.

    `digest` is that of the token it is downloaded with, which is made when the file is and works until `expires_at`.
    `done` of `total` posts and pictures are in the file so far. `failure` says in a sentence why there is no file.
    """

    __tablename__ = "personal_exports"

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    ready_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    expires_at: Mapped[datetime | None] = mapped_column(UTCDateTime, index=True)
    file: Mapped[str | None] = mapped_column(String(80))
    size: Mapped[int | None]
    digest: Mapped[str | None] = mapped_column(String(64), unique=True)
    done: Mapped[int] = mapped_column(default=0)
    total: Mapped[int] = mapped_column(default=0)
    failure: Mapped[str | None] = mapped_column(String(300))
