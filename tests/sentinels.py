"""A word of its own in every column of every table that knows a person: where it is found later is where it went."""

import re
import zlib
from datetime import datetime, timedelta
from typing import Any

from flask import Flask
from sqlalchemy import JSON, Boolean, Column, DateTime, Enum, Integer, LargeBinary, Table, insert

from homeport.core import clock
from homeport.core.db import Base, commit, db
from homeport.interop.personal_data import FOLLOWED, NAMED_WITHOUT_A_KEY, name_of
from tests.cast import Person

MARK = "zqx"
# What a column may hold is sometimes fixed; the words below are such values.
FIXED: dict[str, Any] = {
    "mails.status": "failed",
    "posts.status": "published",
    "departures.posts": "keep",
    "users.time_zone": "UTC",
    "posts.status_before_trash": None,
    "audit_events.action": "login",
    "posts.scheduled_at": None,
    "posts.trashed_at": None,
    "media.content_type": "image/png",
    "passkeys.transports": ["usb"],
    "posts.toc": [],
    "tags.slug": "a-tag",
}


def _number(column: Column[Any]) -> int:
    return zlib.crc32(name_of(column).encode())


def plant(app: Flask, person: Person, other: Person) -> dict[str, str]:
    """Store a row about somebody in every table that can hold one; what to look for, by the column it stands in.

    The person's own account is changed, but for what they log in with. A mail to `other` stands beside those to them.
    """
    planted: dict[str, str] = {}
    with app.app_context():
        keys: dict[str, Any] = {"users.id": person.id}
        for table in Base.metadata.sorted_tables:
            if table.name == "users":
                values = {c.name: _word(c) for c in table.columns if c.name in {"bio", "link", "handle"}}
                db.session.execute(table.update().where(table.c.id == person.id).values(**values))
            elif _is_about_people(table):
                filled = [column for column in table.columns if column is not table.autoincrement_column]
                values = {column.name: _value(column, keys, person) for column in filled}
                key = db.session.execute(insert(table).values(**values).returning(*table.primary_key)).one()
                keys |= {name_of(column): value for column, value in zip(table.primary_key, key, strict=True)}
            else:
                continue
            planted |= {name_of(table.c[name]): _as_text(value) for name, value in values.items() if _as_text(value)}
        _plant_for_another(other)
        commit()
    return planted


def _word(column: Column[Any]) -> str:
    return f"{MARK}{_number(column):08x}"


def _as_text(value: Any) -> str:
    if isinstance(value, datetime):
        return f"{value:%M:%S.%f}"
    found = re.search(MARK + r"[0-9a-f]{8}", str(value))
    return found[0] if found else ""


def _is_about_people(table: Table) -> bool:
    keys = {name_of(key.parent) for key in table.foreign_keys}
    to_users = any(key.column.table.name == "users" for key in table.foreign_keys)
    named = any(name_of(column) in NAMED_WITHOUT_A_KEY for column in table.columns)
    return to_users or named or table.name == "tags" or bool(keys & FOLLOWED)


def _value(column: Column[Any], keys: dict[str, Any], person: Person) -> Any:
    name = name_of(column)
    if name in FIXED:
        return FIXED[name]
    if name in NAMED_WITHOUT_A_KEY:
        return getattr(person, NAMED_WITHOUT_A_KEY[name])
    if column.foreign_keys:
        return keys.get(str(next(iter(column.foreign_keys)).column))
    return _of_type(column, _word(column))


def _of_type(column: Column[Any], word: str) -> Any:
    kind = column.type
    if isinstance(kind, Integer):
        return 7000
    if isinstance(getattr(kind, "impl", kind), DateTime):
        days = 9 if column.name in {"expires_at", "due_at"} else -1
        return (clock.now() + timedelta(days=days)).replace(microsecond=_number(column) % 1_000_000 or 1)
    if isinstance(kind, Enum):
        return next(iter(kind.enum_class or kind.enums))
    if isinstance(kind, JSON):
        return [word] if column.name == "tags" else {"fact": word}
    return False if isinstance(kind, Boolean) else word.encode() if isinstance(kind, LargeBinary) else word


def _plant_for_another(other: Person) -> None:
    moment = clock.now()
    row = {"to": other.email, "subject": "s", "text": "t", "status": "failed", "attempts": 0, "message_id": "m"}
    db.session.execute(insert(Base.metadata.tables["mails"]).values(**row, next_attempt_at=moment, created_at=moment))
