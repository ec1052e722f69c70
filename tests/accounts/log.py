"""An audit log to look into, and hands that reach behind the database's back."""

from datetime import UTC, datetime, timedelta

from flask import Flask

from homeport.accounts import audit
from homeport.core.db import commit, db
from homeport.core.http import SYSTEM, Viewer
from tests.cast import Cast, Person

DAY = datetime(2026, 11, 24, 8, 32, tzinfo=UTC)
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"


def at(person: Person, address: str = "192.0.2.1") -> Viewer:
    """Somebody at a browser."""
    return Viewer(person.id, person.role, person.name, "UTC", address=address, browser=FIREFOX)


def fill(app: Flask, everybody: Cast) -> None:
    """Six events, an hour apart, the last of them today's."""
    olga, bob = everybody.olga, everybody.bob
    stranger = Viewer(address="203.0.113.9", browser=FIREFOX)
    with app.app_context():
        hours = iter(DAY - timedelta(hours=number) for number in range(5, -1, -1))
        audit.record("login", by=at(bob), now=next(hours), means="password")
        audit.record("login_failed", by=stranger, now=next(hours), subject=bob.id)
        audit.record("post_published", by=at(bob), now=next(hours), target="post:1", title="=Tides")
        audit.record("settings_changed", by=at(olga), now=next(hours), target="title")
        audit.record("reset_link_made", by=SYSTEM, now=next(hours), subject=bob.id)
        audit.record("role_changed", by=at(olga), now=next(hours), subject=bob.id, before="author", after="editor")
        commit()


def behind_its_back(app: Flask, *statements: str) -> None:
    """Change the database as somebody would who has its file: without the triggers."""
    with app.app_context():
        connection = db.session.connection()
        for table, act in (("audit_events", "update"), ("audit_events", "delete"), ("audit_details", "update")):
            on = f" ON {table}" if connection.dialect.name == "postgresql" else ""
            connection.exec_driver_sql(f"DROP TRIGGER IF EXISTS {table}_no_{act}{on}")
        for statement in statements:
            connection.exec_driver_sql(statement)
        commit()
