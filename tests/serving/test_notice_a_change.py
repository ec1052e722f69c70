"""The site's version, as the page cache asks for it: never behind a commit, whoever made it."""

import sqlite3
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from flask import Flask

from homeport.core.config import Config
from homeport.core.db import BEFORE_PUBLIC_CHANGE, commit, db
from homeport.core.site import SiteSetting
from homeport.serving.versions import SqliteVersion, site_version

RAISE = "UPDATE site_version SET version = version + 1"


@pytest.fixture
def path(config: Config, app: Flask) -> Path:
    return config.data / "homeport.db"


@pytest.fixture
def writer(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA journal_mode=WAL")
    return connection


def stored(writer: sqlite3.Connection) -> int:
    """What the table holds."""
    return int(writer.execute("SELECT version FROM site_version").fetchone()[0])


def test_every_commit_is_seen_at_once(path: Path, writer: sqlite3.Connection) -> None:
    version = SqliteVersion(path)
    for number in range(500):
        writer.execute(RAISE)
        assert version.current() == stored(writer)
        if number % 50 == 0:
            writer.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            writer.execute("VACUUM")
    writer.close()


def test_commit_of_another_process_is_seen_at_once(path: Path) -> None:
    code = f"import sqlite3, sys; c = sqlite3.connect(sys.argv[1]); c.execute({RAISE!r}); c.commit(); c.close()"
    version = SqliteVersion(path)
    for _ in range(5):
        before = version.current()
        # It opens and closes: were it the last connection, SQLite would make a new WAL-index the next time.
        subprocess.run([sys.executable, "-c", code, str(path)], check=True)
        assert before is not None
        assert version.current() == before + 1


def test_change_within_savepoints_counts_once_and_when_it_is_committed(path: Path, app: Flask) -> None:
    version = SqliteVersion(path)
    told: list[int] = []
    before = version.current()
    assert before is not None
    with app.app_context():
        app.extensions[BEFORE_PUBLIC_CHANGE] = lambda: told.append(1)
        for name in ("title", "footer"):
            with db.session.begin_nested():
                db.session.add(SiteSetting(name=name, value="Another"))
            assert (version.current(), told) == (before, [])
        commit()
    assert (version.current(), told) == (before + 1, [1])


def test_what_is_not_committed_is_not_seen(path: Path, writer: sqlite3.Connection) -> None:
    version = SqliteVersion(path)
    before = version.current()
    writer.execute("BEGIN IMMEDIATE")
    writer.execute(RAISE)
    assert version.current() == before
    writer.execute("ROLLBACK")
    assert version.current() == before
    writer.close()


def test_other_writes_leave_the_version_and_it_is_not_read_while_there_are_none(
    path: Path, writer: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    reads: list[int] = []
    version = SqliteVersion(path)
    first = version.current()
    real = version._read

    def counted() -> int | None:
        reads.append(1)
        return real()

    monkeypatch.setattr(version, "_read", counted)
    for _ in range(10):
        assert version.current() == first
    assert not reads
    writer.execute("CREATE TABLE something (x)")
    assert version.current() == first
    assert len(reads) == 1
    writer.close()


def test_all_threads_see_the_same(path: Path, writer: sqlite3.Connection) -> None:
    version, behind = SqliteVersion(path), []
    least = [stored(writer)]
    over = threading.Event()

    def look() -> None:
        while not over.is_set():
            known = least[0]
            seen = version.current()
            if seen is None or seen < known:
                behind.append((seen, known))

    threads = [threading.Thread(target=look) for _ in range(4)]
    for thread in threads:
        thread.start()
    for _ in range(300):
        writer.execute(RAISE)
        least[0] = stored(writer)
    over.set()
    for thread in threads:
        thread.join()
    writer.close()
    assert not behind


def test_database_without_a_wal_is_read_each_time(tmp_path: Path) -> None:
    writer = sqlite3.connect(tmp_path / "plain.db", isolation_level=None)
    writer.execute("CREATE TABLE site_version (version INTEGER)")
    writer.execute("INSERT INTO site_version VALUES (1)")
    version = SqliteVersion(tmp_path / "plain.db")
    assert version.current() == 1
    writer.execute(RAISE)
    assert version.current() == 2
    writer.close()


@pytest.mark.parametrize("what", ["nothing", "damaged", "folder"])
def test_version_is_unknown_while_the_database_cannot_be_read(tmp_path: Path, what: str) -> None:
    path = tmp_path / "homeport.db"
    if what == "damaged":
        path.write_bytes(b"damaged" * 1000)
    elif what == "folder":
        path.mkdir()
    version = site_version(Config(data=tmp_path))
    assert version.current() is None
    assert version.current() is None
