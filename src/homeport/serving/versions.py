"""What version the public site has now. The page cache asks this for every request it may answer.

It is one SELECT, on a connection that each thread keeps for it; on SQLite even that is left out while nothing at all
was written. Other ways were measured and are worse. `PRAGMA data_version`, made for this, costs what the SELECT costs:
both let another thread run in between, and waiting for the turn back takes 5 µs, a fifth of a whole answer out of
memory. On PostgreSQL a LISTEN connection let 19 of 100 readers see a page older than a write that had been answered,
because nobody waits for a notification to arrive; the SELECT is never late and takes 20 µs.
"""

import mmap
import os
import sqlite3
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sqlalchemy import URL, make_url

from homeport.core.config import Config

_SELECT = "SELECT version FROM site_version"
_HEADER = 96


class SiteVersion:
    """The site's version as committed now, read through `connect()` on a connection per thread.

    `connect` returns a DB-API connection that begins no transaction by itself, as each SELECT must see all that is
    committed by then; `error` is what it raises.
    """

    def __init__(self, connect: Callable[[], Any], error: type[Exception]) -> None:
        self._connect = connect
        self._error = error
        self._threads = threading.local()

    def current(self) -> int | None:
        """The version, or None while the database doesn't answer; the cache then steps aside."""
        return self._read()

    def _read(self) -> int | None:
        try:
            row = self._threads.execute(_SELECT).fetchone()
        except AttributeError:
            return self._first()
        except self._error:
            del self._threads.execute
            return None
        return row[0] if row else None

    def _first(self) -> int | None:
        try:
            self._threads.execute = self._connect().cursor().execute
        except self._error:
            return None
        return self._read()


class SqliteVersion(SiteVersion):
    """The version in an SQLite file, read again only when something was written.

    Every commit, before it returns, changes the first 96 bytes of the WAL-index, the file `-shm` that all connections
    map into memory (https://sqlite.org/walformat.html#the_wal_index_header). They are compared, not understood: while
    they are what they were before the version was last read, that version holds.
    """

    def __init__(self, path: Path) -> None:
        address = f"{path.resolve().as_uri()}?mode=ro"
        super().__init__(lambda: sqlite3.connect(address, uri=True, isolation_level=None), sqlite3.Error)
        self._index = _wal_index(path.resolve())
        self._known: tuple[bytes | None, int | None] = None, None

    def current(self) -> int | None:
        """The version, or None while the database doesn't answer."""
        header = self._index[:_HEADER]  # before the version is read, or a commit in between would be missed
        known, version = self._known
        if header != known:
            version = self._read()
            self._known = (header or None) if version is not None else None, version
        return version


def _wal_index(path: Path) -> mmap.mmap | bytes:
    """The WAL-index, mapped for as long as this process lives; empty where the database has none.

    Nothing of it is ever closed. Closing a file takes from a process all its locks on it (POSIX), SQLite's among them;
    and the open connection keeps SQLite from making a new WAL-index when the last other one goes.
    """
    try:
        connection = sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True, check_same_thread=False)
        connection.execute(_SELECT).fetchone()
        index = mmap.mmap(os.open(f"{path}-shm", os.O_RDONLY), _HEADER, access=mmap.ACCESS_READ)
    except (sqlite3.Error, OSError, ValueError):
        return b""
    _KEPT.append((connection, index))
    return index


_KEPT: list[object] = []


def site_version(config: Config) -> SiteVersion:
    """The site's version in the configured database."""
    url = make_url(config.sqlalchemy_url)
    return SqliteVersion(Path(url.database or "")) if url.get_backend_name() == "sqlite" else _server_version(url)


def _server_version(url: URL) -> SiteVersion:
    dialect = url.get_dialect()
    driver = dialect.import_dbapi()  # SQLAlchemy loads it where it is needed: psycopg takes 8 MB
    _, options = dialect().create_connect_args(url)
    # Unprepared, so that a connection pooler may stand in between; the time-outs (seconds, milliseconds) are for a
    # network that swallows everything: readers then get their pages made anew, not nothing.
    options.update(autocommit=True, prepare_threshold=None, connect_timeout=2, tcp_user_timeout=3000)
    return SiteVersion(lambda: driver.connect(**options), driver.Error)
