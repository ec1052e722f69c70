"""The database session, its one commit, and the version of what the public can see.

SQLite is set up for a machine that may lose power: WAL, `synchronous=FULL`, foreign keys, a busy time-out. What is
deleted is overwritten (`secure_delete`), since people who leave are promised that nothing of theirs stays. What will
write begins IMMEDIATE, so that it waits for its turn at once instead of failing halfway; readers begin DEFERRED and
never wait.
"""

import sqlite3
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from inspect import iscoroutinefunction
from typing import Any, ClassVar

from flask import Flask, current_app, g, has_app_context
from flask_sqlalchemy_lite import SQLAlchemy
from sqlalchemy import (
    DateTime,
    Dialect,
    Engine,
    MetaData,
    TypeDecorator,
    event,
    inspect,
    select,
    text,
    update,
)
from sqlalchemy.engine import Connection
from sqlalchemy.orm import (
    DeclarativeBase,
    Mapped,
    ORMExecuteState,
    Session,
    SessionTransaction,
    mapped_column,
)

BUSY_SECONDS = 10.0

BEFORE_PUBLIC_CHANGE = "homeport.before_public_change"
"""Key in `app.extensions`: what is called before a transaction that raises the site's version is committed, while no
other one can be. Where it raises, nothing is changed."""

db = SQLAlchemy()


class Base(DeclarativeBase):
    """The base of every table; the naming convention lets migrations name each constraint."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(column_0_N_label)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


class UTCDateTime(TypeDecorator[datetime]):
    """An aware datetime, kept in UTC; refuses a naive one, whose meaning nobody knows."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002 (signature)
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a stored time must have a time zone")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002 (signature)
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class SiteVersion(Base):
    """One row, raised by every transaction that changes what the public can see."""

    __tablename__ = "site_version"

    id: Mapped[int] = mapped_column(primary_key=True)
    version: Mapped[int]


_SITE_VERSION = select(SiteVersion.version)


class PublicContent:
    """Mixin for tables that readers see: any change of a row raises the site's version in the same transaction.

    `public_columns` narrows this to some attributes (None: all); rows then count when one of those changes,
    and when deleted.
    """

    public_columns: ClassVar[frozenset[str] | None] = None


def site_version() -> int:
    """The version of the public site, as the current transaction sees it; asked for once in each."""
    known: int | None = db.session.info.get("site_version")
    if known is None:
        known = db.session.info["site_version"] = db.session.connection().scalar(_SITE_VERSION) or 0
    return known


def end_transaction() -> None:
    """Commit what there is and let go of the write lock, before slow work such as hashing a password."""
    commit()


def commit() -> None:
    """Commit, then run what `after_commit` collected. Called at the edges only: request, command, job."""
    db.session.commit()
    waiting: list[Callable[[], None]] = db.session.info.pop("after_commit", [])
    for action in waiting:
        action()


def after_commit(action: Callable[[], None]) -> None:
    """Run `action` once when the current transaction has committed; never if it is rolled back.

    Of actions that are equal only the first is kept.
    """
    if not db.session.in_transaction():
        db.session.begin()  # else a rollback would find nothing to take back, and `action` would wait on
    waiting = db.session.info.setdefault("after_commit", [])
    if action not in waiting:
        waiting.append(action)


@contextmanager
def reading() -> Iterator[None]:
    """Within it, transactions only read: they begin DEFERRED and take no lock."""
    before = g.get("db_reading", False)
    g.db_reading = True
    try:
        yield
    finally:
        g.db_reading = before


def engine_options(url: str) -> dict[str, Any]:
    """Flask-SQLAlchemy-Lite's options for an address: pool sizes and, for SQLite, the busy time-out in seconds."""
    # An error would else repeat what was to be stored: in the log, where nobody looks for a password's hash or a link.
    quiet = {"url": url, "hide_parameters": True}
    if url.startswith("sqlite"):
        return {**quiet, "connect_args": {"timeout": BUSY_SECONDS}}
    return {**quiet, "pool_pre_ping": True}


def install(app: Flask) -> None:
    """Give the application its engine and the sessions that end with each request."""
    db.init_app(app)
    # The extension closes asynchronous sessions too, of which there are none: Flask would start a thread and an event
    # loop for that after each request, which takes longer than a page does.
    app.teardown_appcontext_funcs[:] = [end for end in app.teardown_appcontext_funcs if not iscoroutinefunction(end)]
    with app.app_context():
        configure_engine(db.engine)


def configure_engine(engine: Engine) -> None:
    """Attach the SQLite settings to an engine; PostgreSQL needs none."""
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _set_pragmas)
        event.listen(engine, "begin", _begin)


def _set_pragmas(connection: sqlite3.Connection, _record: object) -> None:
    # The driver must not begin transactions by itself: `_begin` says which kind.
    connection.isolation_level = None
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "secure_delete=ON"):
        connection.execute(f"PRAGMA {pragma}")


def _begin(connection: Connection) -> None:
    if has_app_context() and g.get("db_reading", False):
        # Straight to the driver, which is ten times as quick: this takes no lock yet, so it has no error to translate.
        connection.connection.cursor().execute("BEGIN")
    else:
        connection.exec_driver_sql("BEGIN IMMEDIATE")


def _is_public_change(session: Session, row: object) -> bool:
    if not isinstance(row, PublicContent):
        return False
    if row.public_columns is None or row in session.deleted:
        return row in session.new or row in session.deleted or session.is_modified(row)
    state = inspect(row)
    return row not in session.new and any(state.attrs[name].history.has_changes() for name in row.public_columns)


@event.listens_for(Session, "before_flush")
def _note_public_change(session: Session, _context: object, _instances: object) -> None:
    changed: Iterable[object] = (*session.new, *session.dirty, *session.deleted)
    if any(_is_public_change(session, row) for row in changed):
        session.info["public_change"] = True


@event.listens_for(Session, "do_orm_execute")
def _note_public_statement(state: ORMExecuteState) -> None:
    if not (state.is_insert or state.is_update or state.is_delete) or state.bind_mapper is None:
        return
    if issubclass(state.bind_mapper.class_, PublicContent):
        state.session.info["public_change"] = True


@event.listens_for(Session, "before_commit")
def _raise_site_version(session: Session) -> None:
    if session.in_nested_transaction():
        return  # the end of a savepoint: the version is raised once, at the end of the whole
    session.flush()
    if session.info.get("public_change", False):
        session.execute(update(SiteVersion).values(version=SiteVersion.version + 1))
        # Only now: from this statement to the end of the transaction nobody else has the write lock.
        before: Callable[[], None] | None = current_app.extensions.get(BEFORE_PUBLIC_CHANGE)
        if before is not None:
            before()
        session.info["public_change"] = False


@event.listens_for(Session, "after_transaction_end")
def _forget_version(session: Session, transaction: SessionTransaction) -> None:
    if transaction.parent is None:
        session.info.pop("site_version", None)


@event.listens_for(Session, "after_soft_rollback")
def _forget(session: Session, previous: SessionTransaction) -> None:
    if previous.nested:
        return
    session.info.pop("public_change", None)
    session.info.pop("after_commit", None)


def empty_log() -> bool:
    """Move SQLite's write-ahead log into the database and cut it to nothing: it still held what was deleted.

    False where somebody was reading from it and it has to be tried again; PostgreSQL sees to its own.
    """
    if db.engine.dialect.name != "sqlite":
        return True
    end_transaction()  # the session's own snapshot would be such a reader
    connection = db.engine.raw_connection()
    try:
        busy = connection.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
    finally:
        connection.close()
    return not busy


def is_alive() -> bool:
    """Whether the database answers a question now."""
    return bool(db.session.scalar(text("SELECT 1")) == 1)
