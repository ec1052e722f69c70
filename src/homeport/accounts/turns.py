"""Waiting for each other where two who write at once would both be right and together wrong."""

from sqlalchemy import func, select

from homeport.core.db import db
from homeport.core.ids import digest

PEOPLE = "people"
"""Whoever makes an account or takes a handle: addresses, handles and the first owner are looked up, then written."""

KEYS = "keys"
"""Whoever encrypts something new, and whoever encrypts everything anew: the old key goes when no secret needs it."""


def take_turns(*names: str) -> None:
    """Wait until nobody else's transaction has taken one of `names`; they are free again at the end of this one.

    SQLite has one writer at a time anyway. On PostgreSQL these are advisory locks, taken in one order.
    """
    if db.session.get_bind().dialect.name == "postgresql":
        for key in sorted(int(digest(name)[:15], 16) for name in names):
            db.session.execute(select(func.pg_advisory_xact_lock(key)))
