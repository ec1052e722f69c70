"""The outbox: a mail is a row written in the same transaction as what it tells about, and sent later by a job."""

from datetime import datetime

from sqlalchemy import CheckConstraint, Index
from sqlalchemy.orm import Mapped, mapped_column

from homeport.core.db import Base, UTCDateTime

MAIL_STATUSES = ("queued", "sending", "sent", "failed", "unknown")


class Mail(Base):
    """One message to one recipient.

    `queued` waits for `next_attempt_at`. `sending` is claimed by a worker until `next_attempt_at`, which is then
    the end of its lease. `failed` was refused for good or ran out of time. `unknown` was handed over without an
    answer: RFC 1047 shows why nobody can tell whether it arrived, so it is never sent again without a person.
    """

    __tablename__ = "mails"
    __table_args__ = (
        CheckConstraint(f"status IN {MAIL_STATUSES}", name="mail_status"),
        Index("ix_mails_due", "status", "next_attempt_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    to: Mapped[str]
    subject: Mapped[str]
    text: Mapped[str]
    """The body; emptied once it is sent or expired, because it may hold a link that lets its reader in."""
    html: Mapped[str | None]
    status: Mapped[str] = mapped_column(default="queued")
    attempts: Mapped[int] = mapped_column(default=0)
    next_attempt_at: Mapped[datetime] = mapped_column(UTCDateTime)
    last_error: Mapped[str | None]
    message_id: Mapped[str] = mapped_column(unique=True)
    """The same at every attempt, so that a mail system which sees it twice can tell (RFC 5322, 3.6.4)."""
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    sent_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    expires_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    is_last: Mapped[bool | None]
    """Whether its recipient has no account any more: the row then goes as soon as nothing is left to be done."""
