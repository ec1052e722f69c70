"""What to tell a person when the database can't do what was asked: it is full, busy or away.

None of this is a defect of the blog, so none of it may end as "something went wrong": the person keeps the text and
learns what to wait for.
"""

import sqlite3
from collections.abc import Iterator

from sqlalchemy.exc import DBAPIError, OperationalError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from homeport.core.errors import Problem

# SQLite: https://sqlite.org/rescode.html, by the first word of a code. PostgreSQL: SQLSTATE, appendix A of its manual.
_FULL = frozenset({"SQLITE_FULL", "53100"})
_BUSY = frozenset({"SQLITE_BUSY", "SQLITE_LOCKED", "53300", "55P03", "40001", "40P01"})
_AWAY = frozenset({"SQLITE_CANTOPEN", "SQLITE_IOERR", "SQLITE_READONLY", "SQLITE_NOTADB", "SQLITE_CORRUPT"})


def problem(error: SQLAlchemyError, *, writing: bool) -> Problem | None:
    """The Problem behind a database error, or None where the error is a defect of ours.

    `writing`: somebody sent a form, which they may send again.
    """
    kind = next((kind for kind in map(_kind, _chain(error)) if kind in _FULL | _BUSY | _AWAY), "")
    if kind in _FULL:
        return _problem("There is no room left on the disk that holds this blog.", 507, 60, writing, code="disk_full")
    if kind in _BUSY:
        return _problem("The database is busy and did not answer in time.", 503, 5, writing, code="database_busy")
    if kind in _AWAY:
        return _problem("The database can't be reached.", 503, 30, writing, code="database_unavailable")
    return None


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    # A full disk ends the whole transaction, so that going back to a savepoint then fails with an error of its own.
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def _kind(error: BaseException) -> str:
    if isinstance(error, PoolTimeout):
        return "SQLITE_BUSY"
    cause = error.orig if isinstance(error, DBAPIError) else None
    if isinstance(cause, sqlite3.Error):
        return "_".join(getattr(cause, "sqlite_errorname", "").split("_")[:2])
    state = getattr(cause, "sqlstate", "") or ""
    # Class 08 is a broken connection, 57P a server that shuts down or starts; no state at all is no server.
    lost = isinstance(error, OperationalError) and (not state or state[:2] == "08" or state[:3] == "57P")
    return "SQLITE_CANTOPEN" if lost else state


def _problem(message: str, status: int, seconds: int, writing: bool, *, code: str) -> Problem:
    hint = "Nothing has been saved. Wait a moment, then send it again." if writing else "Wait a moment and try again."
    headers = {"Retry-After": str(seconds)}
    return Problem(message, status=status, code=code, hint=hint, resend=writing, headers=headers)
