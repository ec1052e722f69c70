"""A blog of an earlier version is brought up to date with everything that is in it."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic import command
from sqlalchemy import Connection, create_engine, text

from homeport.app import create_app
from homeport.core.config import Config
from homeport.core.db import configure_engine, db
from homeport.migrations import is_current
from homeport.migrations.runner import alembic_config, upgrade
from tests.parts import postgresql

# What a blog of the first version held: somebody who is logged in, and what they wrote.
ROWS = (
    "INSERT INTO site_settings (name, value) VALUES ('title', 'The Harbour')",
    "INSERT INTO users (id, email, handle, display_name, bio, link, role, password_hash, time_zone, created_at) VALUES"
    " (1, 'olga@example.com', 'olga', 'Olga', '', '', 'OWNER', 'x', 'UTC', '2026-01-01 12:00:00+00:00')",
    "INSERT INTO auth_sessions (digest, handle, user_id, created_at, last_seen_at, authenticated_at, means, address,"
    " browser, expires_at) VALUES ('d', 'h', 1, '2026-01-01 12:00:00+00:00', '2026-01-01 12:00:00+00:00',"
    " '2026-01-01 12:00:00+00:00', 'password', '127.0.0.1', 'Firefox', '2027-01-01 12:00:00+00:00')",
    "INSERT INTO one_time_tokens (digest, purpose, user_id, created_at, expires_at) VALUES"
    " ('t', 'reset', 1, '2026-01-01 12:00:00+00:00', '2026-01-01 13:00:00+00:00')",
    "INSERT INTO posts (id, author_id, path, title, summary, status, created_at, updated_at, version, excerpt, words,"
    " rendered_with, toc, body, html) VALUES (1, 1, 'posts/lights', 'Lights', '', 'draft', '2026-01-01 12:00:00+00:00',"
    " '2026-01-01 12:00:00+00:00', 1, 'Text.', 1, 1, '[]', 'Text.', '<p>Text.</p>')",
    "INSERT INTO revisions (id, post_id, version, title, body, summary, tags, saved_at, saved_by_id) VALUES"
    " (1, 1, 1, 'Lights', 'Text.', '', '[]', '2026-01-01 12:00:00+00:00', 1)",
)
TABLES = ("users", "auth_sessions", "one_time_tokens", "posts", "revisions", "site_settings")


@pytest.fixture(params=["sqlite", "postgresql"])
def in_use(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Config]:
    """A blog as the first version left it, on each database."""
    if request.param == "sqlite":
        yield _first_version(Config(data=tmp_path))
    else:
        with postgresql() as address:
            yield _first_version(Config(data=tmp_path, database_url=address))


def _first_version(config: Config) -> Config:
    engine = create_engine(config.sqlalchemy_url)
    configure_engine(engine)
    with engine.begin() as connection:
        command.upgrade(alembic_config(connection), "0001")
    with engine.begin() as connection:
        for row in ROWS:
            connection.execute(text(row))
    engine.dispose()
    return config


def contents(connection: Connection) -> dict[str, list[dict[str, object]]]:
    """Every row of the tables that there were."""
    found = {table: connection.execute(text(f"SELECT * FROM {table} ORDER BY 1")).mappings() for table in TABLES}
    return {table: [dict(row) for row in rows] for table, rows in found.items()}


def test_everything_is_there_afterwards(in_use: Config) -> None:
    with create_app(in_use).app_context():
        before = contents(db.session.connection())
        db.session.rollback()
        db.engine.dispose()
    upgrade(in_use)
    assert in_use.database_url or is_current(in_use)
    with create_app(in_use).app_context():
        after = contents(db.session.connection())
        assert [len(rows) for rows in after.values()] == [1] * len(TABLES)
        for table, rows in before.items():
            for old, new in zip(rows, after[table], strict=True):
                assert old.items() <= new.items(), "what was there is there, and only new columns are added"
        db.session.rollback()
        db.engine.dispose()
