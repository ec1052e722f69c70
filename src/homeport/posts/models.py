"""Posts, their tags, bylines, earlier versions and former addresses."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import JSON, Column, Enum, ForeignKey, Index, Integer, String, Table, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from homeport.accounts.models import User
from homeport.core.db import Base, PublicContent, UTCDateTime

EDITABLE = {"kind": "editable"}
SYSTEM = {"kind": "system"}
DERIVED = {"kind": "derived"}


class Status(StrEnum):
    """Where a post stands. Only `published` posts are public; `posts.queries` alone decides who sees what."""

    DRAFT = "draft"
    SCHEDULED = "scheduled"
    PUBLISHED = "published"
    PRIVATE = "private"
    TRASHED = "trashed"


post_tags = Table(
    "post_tags",
    Base.metadata,
    Column("post_id", Integer, ForeignKey("posts.id", ondelete="CASCADE"), primary_key=True),
    Column("tag_id", Integer, ForeignKey("tags.id", ondelete="CASCADE"), primary_key=True, index=True),
)


class Tag(PublicContent, Base):
    """A subject. `slug` is its address, `name` how it was first written."""

    __tablename__ = "tags"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(80))
    slug: Mapped[str] = mapped_column(String(80), unique=True)


class Post(PublicContent, Base):
    """A text. `path` is its whole address without the leading slash: imported posts keep theirs.

    `version` counts changes, so that two people who save at once are told. `published_at` orders public posts.
    `creation_key` names the form a post was made with, so that a double click makes one. The long columns stand last
    and are deferred: SQLite reads a row from its front, and lists need none of them.
    """

    __tablename__ = "posts"
    __table_args__ = (
        Index("ix_posts_public", "status", "published_at", "id"),
        Index("ix_posts_due", "status", "scheduled_at"),
        UniqueConstraint("author_id", "creation_key"),
    )

    id: Mapped[int] = mapped_column(primary_key=True, info=SYSTEM)
    author_id: Mapped[int] = mapped_column(ForeignKey("users.id"), index=True, info=SYSTEM)
    path: Mapped[str] = mapped_column(String(400), unique=True, info=EDITABLE)
    title: Mapped[str] = mapped_column(String(300), info=EDITABLE)
    summary: Mapped[str] = mapped_column(String(1000), default="", info=EDITABLE)
    status: Mapped[Status] = mapped_column(
        Enum(Status, native_enum=False, length=16, values_callable=lambda kinds: [kind.value for kind in kinds]),
        info=SYSTEM,
    )
    status_before_trash: Mapped[str | None] = mapped_column(String(16), info=SYSTEM)
    published_at: Mapped[datetime | None] = mapped_column(UTCDateTime, info=SYSTEM)
    scheduled_at: Mapped[datetime | None] = mapped_column(UTCDateTime, info=SYSTEM)
    trashed_at: Mapped[datetime | None] = mapped_column(UTCDateTime, info=SYSTEM)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime, info=SYSTEM)
    updated_at: Mapped[datetime] = mapped_column(UTCDateTime, info=SYSTEM)
    version: Mapped[int] = mapped_column(default=1, info=SYSTEM)
    creation_key: Mapped[str | None] = mapped_column(String(16), info=SYSTEM)
    excerpt: Mapped[str] = mapped_column(String(300), info=DERIVED)
    words: Mapped[int] = mapped_column(info=DERIVED)
    rendered_with: Mapped[int] = mapped_column(index=True, info=DERIVED)
    toc: Mapped[list[dict[str, str | int]]] = mapped_column(JSON, deferred=True, info=DERIVED)
    body: Mapped[str] = mapped_column(Text, deferred=True, info=EDITABLE)
    html: Mapped[str] = mapped_column(Text, deferred=True, info=DERIVED)

    author: Mapped[User] = relationship()
    tags: Mapped[list[Tag]] = relationship(secondary=post_tags, order_by=Tag.name)
    bylines: Mapped[list["Byline"]] = relationship(
        order_by="Byline.position", cascade="all, delete-orphan", passive_deletes=True
    )


class Byline(PublicContent, Base):
    """A name a post was written under where that is not its author's account, as in an imported post."""

    __tablename__ = "bylines"

    post_id: Mapped[int] = mapped_column(ForeignKey("posts.id", ondelete="CASCADE"), primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(120))
    slug: Mapped[str] = mapped_column(String(120), index=True)


class Revision(Base):
    """A text as it was saved, kept so that nobody's words are lost when somebody else saves over them."""

    __tablename__ = "revisions"
    __table_args__ = (UniqueConstraint("post_id", "version"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    post_id: Mapped[int] = mapped_column(ForeignKey("posts.id", ondelete="CASCADE"))
    version: Mapped[int]
    title: Mapped[str] = mapped_column(String(300))
    body: Mapped[str] = mapped_column(Text)
    summary: Mapped[str] = mapped_column(String(1000))
    tags: Mapped[list[str]] = mapped_column(JSON)
    saved_at: Mapped[datetime] = mapped_column(UTCDateTime)
    saved_by_id: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))

    saved_by: Mapped[User | None] = relationship()


class Redirect(PublicContent, Base):
    """A former address: readers who ask for `path` are sent to the post's present one."""

    __tablename__ = "redirects"

    path: Mapped[str] = mapped_column(String(400), primary_key=True)
    post_id: Mapped[int] = mapped_column(ForeignKey("posts.id", ondelete="CASCADE"), index=True)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)


class PreviewLink(Base):
    """A link that shows a post as it stands to whoever has it, until `expires_at`; stored as its digest.

    It works while its maker may work on the post. A link that is taken back, or whose post was published or thrown
    away, has no row any more. `note`: whom it was made for.
    """

    __tablename__ = "preview_links"

    id: Mapped[int] = mapped_column(primary_key=True)
    digest: Mapped[str] = mapped_column(String(64), unique=True)
    post_id: Mapped[int] = mapped_column(ForeignKey("posts.id", ondelete="CASCADE"), index=True)
    made_by_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    note: Mapped[str] = mapped_column(String(200), default="")
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    expires_at: Mapped[datetime] = mapped_column(UTCDateTime, index=True)
    opened: Mapped[int] = mapped_column(default=0)
    last_opened_at: Mapped[datetime | None] = mapped_column(UTCDateTime)

    made_by: Mapped[User] = relationship()
