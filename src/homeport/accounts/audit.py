"""The audit log: who did what, when. It only grows, and every event seals those before it.

The hash of an event covers its columns and the hash of the event before (a hash chain, as in RFC 9162 without the
tree), so that whoever changes, removes or inserts one behind the database's back has to change all that follow;
`verify` finds it. What tells of people (addresses, browsers, names) lies in `AuditDetail`, salted; the event holds its
digest. So a deleted account takes its details along, and the chain still holds.
"""

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Row, String, cast, delete, insert, or_, select

from homeport.accounts.models import AuditDetail, AuditEvent
from homeport.accounts.turns import take_turns
from homeport.core.db import db
from homeport.core.http import Viewer
from homeport.core.ids import token

TURN = "audit log"
BEGINNING = "0" * 64
LONGEST_FACT = 300

ACTIONS = {
    "login": "Logged in",
    "login_failed": "Tried to log in and failed",
    "logout": "Logged out",
    "proof": "Confirmed who they are",
    "proof_failed": "Tried to confirm who they are and failed",
    "session_ended": "Ended a session",
    "account_created": "Got an account",
    "registration_asked": "Asked for an account",
    "email_change_asked": "Asked to change the e-mail address",
    "email_changed": "Changed the e-mail address",
    "email_change_undone": "Took back the change of the e-mail address",
    "password_changed": "Changed the password",
    "password_removed": "Removed the password",
    "reset_asked": "Asked for a link to set a new password",
    "reset_link_made": "Made a link to set a new password",
    "password_reset": "Set a new password by a link",
    "totp_added": "Added an authenticator app",
    "totp_removed": "Removed the authenticator app",
    "passkey_added": "Added a passkey",
    "passkey_renamed": "Renamed a passkey",
    "passkey_removed": "Removed a passkey",
    "recovery_codes_made": "Made new recovery codes",
    "recovery_code_used": "Used a recovery code",
    "second_factor_removed": "Had the second factor removed",
    "device_trusted": "Trusted a device",
    "device_distrusted": "Took the trust in a device back",
    "token_made": "Made an API token",
    "token_revoked": "Revoked an API token",
    "invitation_made": "Made an invitation",
    "invitation_revoked": "Revoked an invitation",
    "role_changed": "Got another role",
    "suspended": "Was suspended",
    "readmitted": "Was let in again",
    "export_asked": "Asked for a copy of everything",
    "export_downloaded": "Downloaded a copy of everything",
    "departure_asked": "Is going to be deleted",
    "departure_cancelled": "Stays after all",
    "account_deleted": "The account was deleted",
    "post_published": "Published a post",
    "post_withdrawn": "Took a post back",
    "post_deleted": "Deleted a post",
    "settings_changed": "Changed the settings",
    "keys_rotated": "Changed the encryption key",
}
"""Every action there is, and what it is called on a page. The one whom it happened to is the sentence's subject."""

_as_json = json.JSONEncoder(sort_keys=True).encode  # made once: `json.dumps` makes one for each of 100,000 events


@dataclass(frozen=True)
class Finding:
    """What `verify` came to: `faults` as sentences (none: the log is whole), and where the log stands."""

    faults: list[str]
    events: int
    without_details: int
    last_hash: str


def record(
    action: str, *, by: Viewer, now: datetime, subject: int | None = None, target: str = "", **facts: str
) -> None:
    """Add an event, in the caller's transaction.

    `subject`: whose account it is about, where that is not the actor's own. `target` names what else it is about and
    nobody in it, such as `post:12`. `facts` are what may be forgotten. Raises KeyError for an action not in ACTIONS.
    """
    ACTIONS[action]
    take_turns(TURN)
    number, before = _last()
    origin = {"address": by.address, "browser": by.browser}
    known = {name: text[:LONGEST_FACT] for name, text in (origin | facts).items() if text}
    salt, moment = token(), now.astimezone(UTC)
    event = {"id": number + 1, "at": moment, "actor_id": by.user_id, "action": action, "target": target[:120]}
    event |= {"subject_id": by.user_id if subject is None else subject, "details_digest": _digest_of(salt, known)}
    db.session.execute(insert(AuditEvent).values(**event, hash=_hash_of(before, **event)))
    db.session.execute(insert(AuditDetail).values(event_id=number + 1, salt=salt, facts=known))


def _last() -> tuple[int, str]:
    newest = select(AuditEvent.id, AuditEvent.hash).order_by(AuditEvent.id.desc()).limit(1)
    row = db.session.execute(newest).first()
    return (row.id, row.hash) if row else (0, BEGINNING)


def _digest_of(salt: str, facts: dict[str, str]) -> str:
    return hashlib.sha256(_as_json([salt, facts]).encode()).hexdigest()


def _hash_of(before: str, **event: object) -> str:
    row = {name: value.isoformat() if isinstance(value, datetime) else value for name, value in event.items()}
    return hashlib.sha256(_as_json([before, row]).encode()).hexdigest()


def forget(user_id: int, email: str) -> None:
    """Delete what the log tells of somebody but for their number: their account is gone.

    What happened before they had an account, or to others, may name their address too.
    """
    theirs = select(AuditEvent.id).where(or_(AuditEvent.actor_id == user_id, AuditEvent.subject_id == user_id))
    names_them = cast(AuditDetail.facts, String).icontains(json.dumps(email)[1:-1], autoescape=True)
    db.session.execute(delete(AuditDetail).where(or_(AuditDetail.event_id.in_(theirs), names_them)))


def forget_targets(targets: Sequence[str]) -> None:
    """Delete what the log tells about things that are gone, such as a deleted post's title, whoever did something to
    them.
    """
    for start in range(0, len(targets), 500):
        about = select(AuditEvent.id).where(AuditEvent.target.in_(targets[start : start + 500]))
        db.session.execute(delete(AuditDetail).where(AuditDetail.event_id.in_(about)))


def verify(seen: str = "") -> Finding:
    """Follow the chain from its beginning. `seen`: a hash that somebody noted down earlier, which must still be in it.

    A log that was cut off at its end is whole as far as it goes: only a hash noted elsewhere shows that.
    """
    faults: list[str] = []
    number, before, bare, found = 0, BEGINNING, 0, not seen
    for row in _events():
        faults += _faults_of(row, number, before)
        number, before, bare = row.id, row.hash, bare + (row.salt is None)
        found = found or row.hash == seen
    if not found:
        faults.append("The hash that you noted is not in the log: its end was cut off, or all of it was written anew.")
    return Finding(faults, number, bare, before)


def _events() -> Iterator[Row[Any]]:
    # Columns and not objects: a log of 100,000 events is then followed in seconds, and in little memory.
    rows = select(*AuditEvent.__table__.columns, AuditDetail.salt, AuditDetail.facts)
    rows = rows.outerjoin(AuditDetail, AuditDetail.event_id == AuditEvent.id).order_by(AuditEvent.id)
    found: Iterator[Row[Any]] = iter(db.session.execute(rows, execution_options={"yield_per": 500}))
    return found


def _faults_of(row: Row[Any], number: int, before: str) -> Iterator[str]:
    columns = ("id", "at", "actor_id", "subject_id", "action", "target", "details_digest")
    if row.id != number + 1:
        yield f"After event {number} comes event {row.id}: what was between them is gone."
    elif row.hash != _hash_of(before, **{name: getattr(row, name) for name in columns}):
        yield f"Event {row.id} is not as it was written."
    if row.salt is not None and row.details_digest != _digest_of(row.salt, row.facts):
        yield f"The details of event {row.id} are not as they were written."
