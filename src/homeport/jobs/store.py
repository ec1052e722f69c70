"""Where the engine keeps its books: `jobs.db`, or the schema `dbos` of the blog's PostgreSQL; and our two tables there.

Kept apart from `engine` so that a web process can look for the worker without loading the engine itself (24 MB).
"""

import json
import logging
import sqlite3
from contextlib import closing, suppress
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from time import monotonic, sleep
from typing import Any

from sqlalchemy import (
    Column,
    Engine,
    Float,
    Integer,
    MetaData,
    NullPool,
    Table,
    Text,
    create_engine,
    delete,
    event,
    select,
)
from sqlalchemy.exc import DBAPIError
from sqlalchemy.schema import CreateTable

from homeport.core.config import Config

log = logging.getLogger(__name__)
SCHEMA = "dbos"
LEASE_SECONDS = 30.0
"""A worker says every 10 s that it lives; after three missed signs it is taken for dead."""

metadata = MetaData(schema="jobs")
workers = Table(
    "homeport_workers",
    metadata,
    Column("name", Text, primary_key=True),
    Column("seen", Float, nullable=False),  # seconds since 1970
    Column("next_runs", Text, nullable=False),  # JSON: job name -> seconds since 1970
)
progress = Table(
    "homeport_progress",
    metadata,
    Column("job_id", Text, primary_key=True),
    Column("done", Integer, nullable=False),
    Column("total", Integer, nullable=False),
    Column("what", Text, nullable=False),
)


def path(config: Config) -> Path | None:
    """The engine's file, or None where PostgreSQL keeps its tables."""
    return None if config.sqlalchemy_url.startswith("postgresql") else config.data / "jobs.db"


def open_engine(config: Config, *, worker: bool) -> Engine:
    """A connection pool for the worker; for others, connections that are opened each time.

    The others must see at once when the file is replaced, must not make it, and must not wait long for its lock.
    """
    file = path(config)
    pool: dict[str, Any] = {"pool_pre_ping": True} if worker else {"poolclass": NullPool}
    pool["hide_parameters"] = True
    if file is None:
        engine = create_engine(config.sqlalchemy_url, **pool)
        return engine.execution_options(schema_translate_map={"jobs": SCHEMA})
    engine = create_engine(f"sqlite:///file:{file}?mode={'rwc' if worker else 'rw'}&uri=true", **pool)
    patience = 30_000 if worker else 1_000

    @event.listens_for(engine, "connect")
    def _set_up(connection: sqlite3.Connection, _record: object) -> None:
        # IMMEDIATE as the engine's own set-up has it. NORMAL, unlike the blog's FULL: a power cut may take the last
        # jobs' records, never the file, and the rows that are due bring them back.
        connection.isolation_level = "IMMEDIATE"
        for pragma in (f"busy_timeout={patience}", "synchronous=NORMAL", "foreign_keys=ON"):
            connection.execute(f"PRAGMA {pragma}")
        if worker:
            _write_ahead(connection, patience / 1000)

    return engine.execution_options(schema_translate_map={"jobs": None})


def _write_ahead(connection: sqlite3.Connection, patience: float) -> None:
    # The file remembers its mode, so this changes something in a new file only. While another process is about to
    # write to it, SQLite refuses at once, whatever busy_timeout says: of two who wait for each other one must give up.
    give_up = monotonic() + patience
    while True:
        try:
            connection.execute("PRAGMA journal_mode=WAL")
        except sqlite3.OperationalError:
            if monotonic() > give_up:
                raise
            sleep(0.02)
        else:
            return


@lru_cache(maxsize=4)
def books(config: Config) -> Engine:
    """`open_engine` for whoever is not the worker, made once per process."""
    return open_engine(config, worker=False)


def create_tables(engine: Engine) -> None:
    """Add our tables to the engine's, whichever of two new workers comes first."""
    with engine.begin() as connection:
        for table in metadata.sorted_tables:
            connection.execute(CreateTable(table, if_not_exists=True))


def put_damaged_aside(config: Config) -> None:
    """Rename a file that is no database or a broken one: a new one loses no work, since what is due has rows."""
    file = path(config)
    if file is None or not file.exists():
        return
    try:
        with closing(sqlite3.connect(file)) as connection:
            healthy = connection.execute("PRAGMA quick_check(1)").fetchone() == ("ok",)
    except sqlite3.OperationalError:
        return  # locked: somebody works with it
    except sqlite3.DatabaseError:
        healthy = False
    if not healthy:
        log.error("jobs.db is damaged; it is now jobs.db.damaged, and a new one is made")
        for suffix in ("", "-wal", "-shm"):
            with suppress(FileNotFoundError):
                file.with_name(file.name + suffix).rename(file.with_name(f"{file.name}.damaged{suffix}"))


def sign_of_life(engine: Engine, name: str, now: datetime, next_runs: dict[str, float]) -> None:
    """Write down that the worker `name` lives, and when its schedules run next (seconds since 1970)."""
    with engine.begin() as connection:
        connection.execute(delete(workers).where(workers.c.name == name))
        row = {"name": name, "seen": now.timestamp(), "next_runs": json.dumps(next_runs)}
        connection.execute(workers.insert().values(row))


def living(engine: Engine, now: datetime) -> dict[str, dict[str, datetime]]:
    """The workers seen lately, each with the next times of its schedules; none where the books cannot be read."""
    recent = workers.c.seen > now.timestamp() - LEASE_SECONDS
    try:
        with engine.connect() as connection:
            rows = connection.execute(select(workers.c.name, workers.c.next_runs).where(recent)).all()
    except DBAPIError:
        return {}
    return {name: {job: datetime.fromtimestamp(at, UTC) for job, at in json.loads(runs).items()} for name, runs in rows}
