"""People, what proves who they are, their sessions and their one-time links."""

from datetime import datetime
from enum import StrEnum
from typing import Any, ClassVar

from sqlalchemy import JSON, Enum, ForeignKey, Index, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from homeport.core.db import Base, PublicContent, UTCDateTime
from homeport.core.http import Role


class User(PublicContent, Base):
    """Somebody with an account. `handle` names them in addresses, `email` is kept in lower case.

    `has_short_password`: the password is too short to be all there is, so that a second factor has to stay.
    `email_confirmed_at` is empty while nobody has shown that mail to the address reaches them. `webauthn_id` is what
    passkeys know them by: random, since authenticators show it to whoever holds one (WebAuthn, 14.6.1).
    """

    __tablename__ = "users"
    public_columns: ClassVar[frozenset[str] | None] = frozenset({"display_name", "handle", "bio", "link", "picture"})

    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str] = mapped_column(String(254), unique=True)
    handle: Mapped[str] = mapped_column(String(64), unique=True)
    display_name: Mapped[str] = mapped_column(String(80))
    bio: Mapped[str] = mapped_column(String(2000), default="")
    link: Mapped[str] = mapped_column(String(500), default="")
    role: Mapped[Role] = mapped_column(Enum(Role, native_enum=False, length=16))
    password_hash: Mapped[str | None] = mapped_column(String(255))
    has_short_password: Mapped[bool | None]
    time_zone: Mapped[str] = mapped_column(String(64), default="UTC")
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    suspended_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    email_confirmed_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    picture: Mapped[str | None] = mapped_column(String(80))
    webauthn_id: Mapped[str | None] = mapped_column(String(64), index=True, unique=True)


class Passkey(Base):
    """A WebAuthn credential. It works at `rp_id` alone: the host name the blog had when it was made."""

    __tablename__ = "passkeys"

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    credential_id: Mapped[str] = mapped_column(String(1400), unique=True)
    """Base64url; at most 1,023 bytes before (WebAuthn, 4: Credential ID)."""
    public_key: Mapped[bytes] = mapped_column(LargeBinary)
    sign_count: Mapped[int]
    rp_id: Mapped[str] = mapped_column(String(254))
    transports: Mapped[list[str]] = mapped_column(JSON)
    backed_up: Mapped[bool]
    name: Mapped[str] = mapped_column(String(80))
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    last_used_at: Mapped[datetime | None] = mapped_column(UTCDateTime)


class Totp(Base):
    """An authenticator app. `sealed_secret` is encrypted (`core.vault`); it counts once `confirmed_at` is set.

    `last_step` is the 30-second step of the last code that was taken, so that none is taken twice (RFC 6238, 5.2).
    """

    __tablename__ = "totps"

    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), primary_key=True)
    sealed_secret: Mapped[str] = mapped_column(String(400))
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    confirmed_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    last_step: Mapped[int | None]


class RecoveryCode(Base):
    """A way in for who has lost the second factor: 80 random bits, stored as their digest, taken once."""

    __tablename__ = "recovery_codes"
    __table_args__ = (UniqueConstraint("user_id", "digest"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    digest: Mapped[str] = mapped_column(String(64))
    used_at: Mapped[datetime | None] = mapped_column(UTCDateTime)


class Ceremony(Base):
    """A proof of identity that has begun and needs one more request: a login's second step, a passkey's challenge.

    `bound_to` is the digest of the cookie that has to come along, so that what one browser began no other one ends.
    Claimed by a conditional update of `used_at`.
    """

    __tablename__ = "ceremonies"
    __table_args__ = (Index("ix_ceremonies_bound_to_purpose", "bound_to", "purpose"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    bound_to: Mapped[str] = mapped_column(String(64))
    purpose: Mapped[str] = mapped_column(String(32))
    user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    challenge: Mapped[str] = mapped_column(String(64))
    facts: Mapped[dict[str, Any]] = mapped_column(JSON)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    expires_at: Mapped[datetime] = mapped_column(UTCDateTime, index=True)
    used_at: Mapped[datetime | None] = mapped_column(UTCDateTime)


class KnownDevice(Base):
    """A browser somebody has logged in with before, known by a cookie of its own that outlives the session.

    Strangers who guess at the account do not slow it down. Until `trusted_until` it is not asked for a second factor.
    """

    __tablename__ = "known_devices"

    digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    last_used_at: Mapped[datetime] = mapped_column(UTCDateTime)
    expires_at: Mapped[datetime] = mapped_column(UTCDateTime, index=True)
    trusted_until: Mapped[datetime | None] = mapped_column(UTCDateTime)


class Invitation(Base):
    """A link with which up to `most_uses` people make an account of `role`, until `expires_at`."""

    __tablename__ = "invitations"

    id: Mapped[int] = mapped_column(primary_key=True)
    digest: Mapped[str] = mapped_column(String(64), unique=True)
    role: Mapped[Role] = mapped_column(Enum(Role, native_enum=False, length=16))
    note: Mapped[str] = mapped_column(String(200), default="")
    created_by_id: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"), index=True)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    expires_at: Mapped[datetime] = mapped_column(UTCDateTime)
    revoked_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    most_uses: Mapped[int]
    uses: Mapped[int] = mapped_column(default=0)


class InvitationUse(Base):
    """Who came by which invitation."""

    __tablename__ = "invitation_uses"

    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), primary_key=True)
    invitation_id: Mapped[int] = mapped_column(ForeignKey("invitations.id", ondelete="CASCADE"), index=True)
    used_at: Mapped[datetime] = mapped_column(UTCDateTime)


class Registration(Base):
    """An account that is asked for and not made yet: whoever opens the mailed link makes it. `digest` is the link's.

    No account exists before, so an address that nobody confirms is taken by nobody, and a login tells nothing of it.
    """

    __tablename__ = "registrations"

    digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    email: Mapped[str] = mapped_column(String(254), index=True)
    name: Mapped[str] = mapped_column(String(80))
    password_hash: Mapped[str | None] = mapped_column(String(255))
    passkey: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    invitation_id: Mapped[int | None] = mapped_column(ForeignKey("invitations.id", ondelete="CASCADE"))
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    expires_at: Mapped[datetime] = mapped_column(UTCDateTime, index=True)


class PostsFate(StrEnum):
    """What becomes of somebody's posts when the account is deleted; `HAND_OVER` names an heir."""

    DELETE = "delete"
    HAND_OVER = "hand_over"
    KEEP = "keep"


class Departure(Base):
    """Somebody's wish to leave: from `due_at` on the account is deleted. Until then they may change their mind.

    `posts` is a PostsFate: what becomes of what they wrote; `heir_id`, who is to have it.
    """

    __tablename__ = "departures"

    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), primary_key=True)
    asked_at: Mapped[datetime] = mapped_column(UTCDateTime)
    due_at: Mapped[datetime] = mapped_column(UTCDateTime, index=True)
    posts: Mapped[str] = mapped_column(String(16))
    heir_id: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))


class AuthSession(Base):
    """A login on one device. The cookie's value is stored as its SHA-256 only; `handle` is what may be shown.

    `authenticated_at` is when its holder last showed who they are, by `means`.
    """

    __tablename__ = "auth_sessions"

    digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    handle: Mapped[str] = mapped_column(String(16), unique=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    last_seen_at: Mapped[datetime] = mapped_column(UTCDateTime)
    authenticated_at: Mapped[datetime] = mapped_column(UTCDateTime)
    means: Mapped[str] = mapped_column(String(32))
    address: Mapped[str] = mapped_column(String(64))
    browser: Mapped[str] = mapped_column(String(200))
    expires_at: Mapped[datetime] = mapped_column(UTCDateTime, index=True)
    device_digest: Mapped[str | None] = mapped_column(ForeignKey("known_devices.digest", ondelete="SET NULL"))

    user: Mapped[User] = relationship(lazy="joined", innerjoin=True)


class OneTimeToken(Base):
    """A link that works once: owner set-up, password reset, another address. Claimed by a conditional update.

    `email` is the address it is about, where that is not the account's present one.
    """

    __tablename__ = "one_time_tokens"

    digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    purpose: Mapped[str] = mapped_column(String(32))
    user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    expires_at: Mapped[datetime] = mapped_column(UTCDateTime)
    used_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    email: Mapped[str | None] = mapped_column(String(254))


class ApiToken(Base):
    """What a program is known by: 256 random bits, stored as their digest. It can do what its `scopes` name, no more
    than its owner may, and nothing after `expires_at`. A token that is taken back has no row any more.
    """

    __tablename__ = "api_tokens"

    id: Mapped[int] = mapped_column(primary_key=True)
    digest: Mapped[str] = mapped_column(String(64), unique=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    name: Mapped[str] = mapped_column(String(80))
    scopes: Mapped[list[str]] = mapped_column(JSON)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    expires_at: Mapped[datetime] = mapped_column(UTCDateTime, index=True)
    last_used_at: Mapped[datetime | None] = mapped_column(UTCDateTime)

    user: Mapped[User] = relationship(lazy="joined", innerjoin=True)


class AuditEvent(Base):
    """Something that happened to an account, a role, a post or a setting: who, what, when. Rows are only ever added.

    Triggers refuse to change or delete one, and `hash` covers the row and the hash before it, so that a row that was
    changed behind the database's back is found. People are named by number: what else is known stands in
    `AuditDetail`, of which the row holds the digest only, and which is deleted with the account. `actor_id` is no
    foreign key, since the row outlives the person.
    """

    __tablename__ = "audit_events"
    __table_args__ = (Index("ix_audit_events_subject_id", "subject_id"), Index("ix_audit_events_actor_id", "actor_id"))

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    at: Mapped[datetime] = mapped_column(UTCDateTime, index=True)
    actor_id: Mapped[int | None]
    subject_id: Mapped[int | None]
    action: Mapped[str] = mapped_column(String(40))
    target: Mapped[str] = mapped_column(String(120))
    details_digest: Mapped[str] = mapped_column(String(64))
    hash: Mapped[str] = mapped_column(String(64), unique=True)


class AuditDetail(Base):
    """What an event tells about people: network address, browser, names. `salt` keeps its digest from being guessed."""

    __tablename__ = "audit_details"

    event_id: Mapped[int] = mapped_column(ForeignKey("audit_events.id"), primary_key=True, autoincrement=False)
    salt: Mapped[str] = mapped_column(String(64))
    facts: Mapped[dict[str, str]] = mapped_column(JSON)


class Attempt(Base):
    """A failed proof of identity, counted by account and by network before any hashing. `subject` is a digest."""

    __tablename__ = "attempts"
    __table_args__ = (Index("ix_attempts_subject_at", "subject", "at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    subject: Mapped[str] = mapped_column(String(80))
    at: Mapped[datetime] = mapped_column(UTCDateTime)
