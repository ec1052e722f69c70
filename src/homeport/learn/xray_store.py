"""Where records of the x-ray lie: `xray.db` in the data directory, a file of its own that all processes share.

The file is there while somebody has the x-ray switched on, so that whether to look on at all costs one question to the
file system. It holds what happened in the last hour, at most MOST_RECORDS and MOST_BYTES. Nothing in it is needed: it
is neither backed up nor exported, a broken one is removed, and one that can't be written harms nobody.
"""

import json
import logging
import os
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from homeport.core.config import Config

log = logging.getLogger(__name__)
FILE = "xray.db"
FORMAT = 2
"""Raised with what a record holds: a file of another format is removed, since nobody misses it."""
KEPT = timedelta(hours=1)
MOST_RECORDS = 200
MOST_BYTES = 8_000_000
MOST_RECORDS_OF_A_CLASS, MOST_BYTES_OF_A_CLASS = 800, 32_000_000
"""With everybody in it: 30 people keep some 25 each, more than they open in a quarter of an hour."""
MOST_IN_ONE = 400_000
"""Bytes of one record; of a longer one the second half of its steps is left out, as often as it takes."""
EVERYBODY = 0
"""In the place of a person: each who is signed in, for a class room."""

_TABLES = f"""
PRAGMA user_version={FORMAT};
CREATE TABLE IF NOT EXISTS switches (who INTEGER PRIMARY KEY);
CREATE TABLE IF NOT EXISTS records (
    id TEXT PRIMARY KEY, who INTEGER NOT NULL, at REAL NOT NULL, head TEXT NOT NULL, size INTEGER NOT NULL,
    body TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS records_who ON records (who, at);
CREATE TABLE IF NOT EXISTS expected (
    job TEXT PRIMARY KEY, who INTEGER NOT NULL, record TEXT NOT NULL, at REAL NOT NULL
);
"""


@dataclass(frozen=True)
class Head:
    """A line of the list: enough to know a record by. `what` is a method and an address, or a job's name."""

    id: str
    at: datetime
    kind: str
    what: str
    outcome: str
    ms: float


def path(config: Config) -> Path:
    """The file, whether it is there or not."""
    return config.data / FILE


def switch_on(config: Config, who: int = EVERYBODY) -> None:
    """Have somebody's requests recorded from now on. Raises OSError or sqlite3.Error where the file can't be made."""
    file = path(config)
    with suppress(FileExistsError):
        os.close(os.open(file, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    with _opened(file) as books:
        books.executescript(_TABLES)
        books.execute("INSERT OR IGNORE INTO switches VALUES (?)", (who,))


def switch_off(config: Config, who: int = EVERYBODY) -> None:
    """Record somebody no longer, and forget what was recorded: with EVERYBODY, of all who have no switch of their own.
    The file goes with the last switch, and also where it can't be read: off is off."""
    file, left = path(config), 0
    theirs = "who NOT IN (SELECT who FROM switches)" if who == EVERYBODY else f"who = {int(who)}"
    with _guarded(file), _opened(file) as books:
        books.execute("DELETE FROM switches WHERE who = ?", (who,))
        for table in ("records", "expected"):
            books.execute(f"DELETE FROM {table} WHERE {theirs}")  # noqa: S608 (our words, and a number)
        left = books.execute("SELECT count(*) FROM switches").fetchone()[0]
    if not left:
        file.unlink(missing_ok=True)


def set_for_everybody(config: Config, *, is_on: bool) -> None:
    """Have it as the class room is. Where the file can't be made, it is tried again every few minutes."""
    try:
        if is_on:
            switch_on(config)
        else:
            switch_off(config)
    except (OSError, sqlite3.Error) as error:
        log.warning("the x-ray of the class room could not be switched: %s", error)


def has_switched_on(config: Config, who: int = EVERYBODY) -> bool:
    """Whether somebody has."""
    return any(row[0] == who for row in _rows(path(config), "SELECT who FROM switches"))


def wants(file: Path, who: int, *, is_owner: bool) -> bool:
    """Whether somebody's requests are to be recorded: an owner's who switched it on, and each one's in a class room."""
    switched = {row[0] for row in _rows(file, "SELECT who FROM switches")}
    return EVERYBODY in switched or (is_owner and who in switched)


def keep(file: Path, who: int, record: dict[str, Any], now: datetime) -> None:
    """Store a record and forget what is too old or too much."""
    head = Head(record["id"], now, record["kind"], record["what"], record["outcome"], record["ms"])
    first = json.dumps([head.kind, head.what, head.outcome, head.ms])
    with _guarded(file), _opened(file) as books:
        body = _body(record)
        row = (head.id, who, now.timestamp(), first, len(body.encode()), body)
        books.execute("INSERT OR REPLACE INTO records VALUES (?, ?, ?, ?, ?, ?)", row)
        _prune(books, now)


def _body(record: dict[str, Any]) -> str:
    body = json.dumps(record, ensure_ascii=False)
    while len(body) > MOST_IN_ONE and record["steps"]:
        steps = record["steps"]
        record |= {"steps": steps[: len(steps) // 2], "left_out": record.get("left_out", 0) + (len(steps) + 1) // 2}
        body = json.dumps(record, ensure_ascii=False)
    return body


def _prune(books: sqlite3.Connection, now: datetime) -> None:
    oldest = (now - KEPT).timestamp()
    books.execute("DELETE FROM records WHERE at < ?", (oldest,))
    books.execute("DELETE FROM expected WHERE at < ?", (oldest,))
    most_records, most_bytes = _most(books)
    # The n-th newest of each person before anybody's n+1st: who clicks quickly loses their own, and nobody else's.
    rows = books.execute(
        "SELECT id, size, row_number() OVER (PARTITION BY who ORDER BY at DESC, rowid DESC) AS n"
        " FROM records ORDER BY n, at DESC"
    ).fetchall()
    total = 0
    for number, (record_id, size, _place) in enumerate(rows):
        total += size
        if number >= most_records or total > most_bytes:
            books.execute("DELETE FROM records WHERE id = ?", (record_id,))


def _most(books: sqlite3.Connection) -> tuple[int, int]:
    of_a_class = books.execute("SELECT count(*) FROM switches WHERE who = ?", (EVERYBODY,)).fetchone()[0]
    return (MOST_RECORDS_OF_A_CLASS, MOST_BYTES_OF_A_CLASS) if of_a_class else (MOST_RECORDS, MOST_BYTES)


def forget_old(file: Path, now: datetime) -> None:
    """Forget what is too old, when nothing is recorded for a while."""
    with _guarded(file), _opened(file) as books:
        _prune(books, now)


def recent(file: Path, who: int, now: datetime) -> list[Head]:
    """Somebody's records, the newest first."""
    question = "SELECT id, at, head FROM records WHERE who = ? AND at >= ? ORDER BY at DESC, rowid DESC"
    rows = _rows(file, question, who, (now - KEPT).timestamp())
    return [Head(row[0], datetime.fromtimestamp(row[1], UTC), *json.loads(row[2])) for row in rows]


def find(file: Path, who: int, record_id: str, now: datetime) -> Mapping[str, Any] | None:
    """One record of somebody's own; None where there is none (any more), or it is another's."""
    question = "SELECT body FROM records WHERE id = ? AND who = ? AND at >= ?"
    rows = _rows(file, question, record_id, who, (now - KEPT).timestamp())
    found: Mapping[str, Any] | None = json.loads(rows[0][0]) if rows else None
    return found


def expect(file: Path, job_id: str, who: int, record_id: str, now: datetime) -> None:
    """Have the worker record a job that a recorded request leaves behind."""
    with _guarded(file), _opened(file) as books:
        books.execute("INSERT OR REPLACE INTO expected VALUES (?, ?, ?, ?)", (job_id, who, record_id, now.timestamp()))


def expected(file: Path, job_id: str) -> tuple[int, str, datetime] | None:
    """Whose request left a job behind, which record tells of it, and when; None for a job that nobody looks on at."""
    rows = _rows(file, "SELECT who, record, at FROM expected WHERE job = ?", job_id)
    return (rows[0][0], rows[0][1], datetime.fromtimestamp(rows[0][2], UTC)) if rows else None


def _rows(file: Path, question: str, *values: Any) -> list[Any]:
    found: list[Any] = []
    if file.exists():
        with _guarded(file), _opened(file) as books:
            found = books.execute(question, values).fetchall()
    return found


@contextmanager
def _opened(file: Path) -> Iterator[sqlite3.Connection]:
    """One transaction. A power cut may take the file: what it holds is gone in an hour anyway."""
    with closing(sqlite3.connect(f"{file.absolute().as_uri()}?mode=rw", uri=True, timeout=0.3)) as books:
        books.executescript("PRAGMA synchronous=OFF; PRAGMA secure_delete=ON; PRAGMA foreign_keys=OFF;")
        if books.execute("PRAGMA user_version").fetchone()[0] not in {0, FORMAT}:
            raise sqlite3.DatabaseError("a file of another format")
        with books:
            yield books


@contextmanager
def _guarded(file: Path) -> Iterator[None]:
    """Nobody who looks on is in the way of what happens: a full disk or a lock loses a record, and no more."""
    try:
        yield
    except (sqlite3.OperationalError, OSError) as error:
        log.debug("an x-ray could not be read or kept: %s", error)
    except sqlite3.DatabaseError as error:
        log.warning("xray.db is not usable and was removed: %s", error)
        with suppress(OSError):
            file.unlink(missing_ok=True)
