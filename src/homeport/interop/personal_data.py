"""Everything that the database holds about one person, found by a walk over the schema.

Each table with a key to `users` is looked into, so that a table that is added later cannot be forgotten. What is left
out is listed here with the reason; `tests/interop/test_take_everything_along.py` holds both to it.
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from enum import Enum
from typing import Any, NamedTuple

from sqlalchemy import Column, ColumnElement, Table, or_, select

from homeport.core.db import Base, db, end_transaction, reading

Row = dict[str, Any]


class Person(NamedTuple):
    """Whose data it is: what the database knows them by, as plain values that need no transaction."""

    id: int
    email: str
    name: str


NAMED_WITHOUT_A_KEY = {
    "audit_events.actor_id": "id",
    "audit_events.subject_id": "id",
    "mails.to": "email",
    "registrations.email": "email",
}
"""Columns that name a person but are no foreign keys, with the column of `users` that they hold."""

FOLLOWED = {
    "audit_details.event_id",
    "bylines.post_id",
    "imported_posts.post_id",
    "post_tags.post_id",
    "redirects.post_id",
    "revisions.post_id",
}
"""Keys to what is a person's own, whose rows are then theirs as well."""

NOT_FOLLOWED = {
    "auth_sessions.device_digest": "sessions name their person themselves",
    "departures.heir_id": "tells of somebody else's wish to leave",
    "preview_links.post_id": "a link names whoever made it, and is theirs",
    "invitation_uses.invitation_id": "tells who else came by an invitation",
    "registrations.invitation_id": "tells who else is about to come by an invitation",
}

_LINK = "the digest of a secret that opens something"
_CEREMONY = "part of a proof of identity, over within minutes"
_ELSEWHERE = "stands in the Markdown files"
_MADE = "is made from the Markdown"
_SEAL = "keeps the log from being changed, and says nothing about anybody"
LEFT_OUT = {
    "users.password_hash": "helps nobody but who tries passwords",
    "passkeys.credential_id": "names the key to this blog, and nothing else",
    "passkeys.public_key": "is of use to this blog alone",
    "totps.sealed_secret": "is the secret of the authenticator app, encrypted",
    "recovery_codes.digest": _LINK,
    "ceremonies.bound_to": _LINK,
    "ceremonies.challenge": _CEREMONY,
    "ceremonies.facts": _CEREMONY,
    "known_devices.digest": _LINK,
    "auth_sessions.digest": _LINK,
    "auth_sessions.device_digest": _LINK,
    "one_time_tokens.digest": _LINK,
    "invitations.digest": _LINK,
    "registrations.digest": _LINK,
    "api_tokens.digest": _LINK,
    "preview_links.digest": _LINK,
    "registrations.password_hash": "helps nobody but who tries passwords",
    "registrations.passkey": "is of use to this blog alone",
    "personal_exports.digest": _LINK,
    "personal_exports.file": "names a file of this server's, for a day",
    "imported_posts.digest": "tells this blog whether a file has changed",
    "audit_events.hash": _SEAL,
    "audit_events.details_digest": _SEAL,
    "audit_details.salt": _SEAL,
    "mails.text": "may hold a link that lets its reader in; is emptied once it is sent",
    "mails.html": "as mails.text",
    "posts.body": _ELSEWHERE,
    "posts.html": _MADE,
    "posts.toc": _MADE,
    "posts.creation_key": "names the form that a post was made with",
    "revisions.body": _ELSEWHERE,
}
"""Columns that an export does not carry, each with the reason."""


def name_of(column: Column[Any]) -> str:
    """A column as the lists above name it."""
    return f"{column.table.name}.{column.name}"


def tables_about(person: Person) -> dict[Table, ColumnElement[bool]]:
    """Each table that can hold something about somebody, with the condition on its rows."""
    people = Base.metadata.tables["users"]
    found = {people: people.c.id == person.id}
    for table in Base.metadata.sorted_tables:
        conditions = [*_named(table, person), *_keys(table, people, person), *_own(table, found)]
        if conditions and table is not people:
            found[table] = or_(*conditions)
    return found


def _named(table: Table, person: Person) -> Iterator[ColumnElement[bool]]:
    for column in table.columns:
        if name_of(column) in NAMED_WITHOUT_A_KEY:
            yield column == getattr(person, NAMED_WITHOUT_A_KEY[name_of(column)])


def _keys(table: Table, people: Table, person: Person) -> Iterator[ColumnElement[bool]]:
    for key in sorted(table.foreign_keys, key=str):
        if key.column.table is people and name_of(key.parent) not in NOT_FOLLOWED:
            yield key.parent == person.id


def _own(table: Table, found: dict[Table, ColumnElement[bool]]) -> Iterator[ColumnElement[bool]]:
    for key in table.foreign_keys:
        if name_of(key.parent) in FOLLOWED and key.column.table in found:
            yield key.parent.in_(select(key.column).where(found[key.column.table]))


def rows_about(person: Person) -> Iterator[tuple[str, list[Row]]]:
    """Each table's name with the rows about somebody, ready for JSON; the events of the log with what is known of them.

    Every table is read in a transaction of its own, so that nobody waits for a long export.
    """
    everything = {table.name: _read(table, condition) for table, condition in tables_about(person).items()}
    details = {row["event_id"]: row["facts"] for row in everything.pop("audit_details")}
    for event in everything["audit_events"]:
        facts = dict(details.get(event["id"], {}))
        if event["actor_id"] not in {None, person.id}:
            # Where somebody else was when they did it, an owner perhaps, is theirs.
            facts = {name: fact for name, fact in facts.items() if name not in {"address", "browser"}}
        event["facts"] = facts
    yield from sorted(everything.items())


def _read(table: Table, condition: ColumnElement[bool]) -> list[Row]:
    columns = [column for column in table.columns if name_of(column) not in LEFT_OUT]
    with reading():
        rows = db.session.execute(select(*columns).where(condition).order_by(*table.primary_key)).all()
        end_transaction()
    return [{column.name: _plain(value) for column, value in zip(columns, row, strict=True)} for row in rows]


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    return value.name.lower() if isinstance(value, Enum) else value
