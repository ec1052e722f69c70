"""Statements as they go to the database: text, parameters by their columns, rows, time, and who asked."""

import re
import sqlite3
from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, Engine, Enum, event
from sqlalchemy.engine.interfaces import ExecutionContext

from homeport.learn import xray_masks
from homeport.learn.xray_record import Recording, Step, cause, current, quietly

MOST_PARAMETERS = 40
_STEP = "homeport.xray"
_TABLE = re.compile(r"\b(?:FROM|INTO|UPDATE)\s+(\w{1,40})")


def watch(engine: Engine) -> None:
    """Have what an engine is asked be looked on at from now on."""
    event.listen(engine, "before_cursor_execute", quietly(_begins))
    event.listen(engine, "after_cursor_execute", quietly(_ended))
    event.listen(engine, "commit", quietly(_commits))
    event.listen(engine, "rollback", quietly(_rolls_back))


def _begins(
    connection: Connection, cursor: Any, text: str, given: Any, context: ExecutionContext | None, many: bool
) -> None:
    recording = current.get()
    if recording is None:
        return
    about = {
        "text": recording.statement(xray_masks.statement(text)),
        "values": _values(context),
        "marks": len(given) if isinstance(given, list | tuple) and not many else 0,
        "from": cause(),
    }
    step = connection.info[_STEP] = recording.leaf("sql", _title(text), **about)
    if isinstance(cursor, sqlite3.Cursor):
        _count_rows(cursor, step, recording)


def _title(text: str) -> str:
    """What a statement does, and with which table: enough to tell it from the others."""
    table = _TABLE.search(text)
    return " ".join([text.split(None, 1)[0][:20].upper(), *([table[1]] if table else [])])


def _count_rows(cursor: sqlite3.Cursor, step: Step, recording: Recording) -> None:
    # SQLite looks for each row when it is asked for: only the last one shows how many there are, and how long it took.
    counted = step.about["rows"] = [0]

    def count(_cursor: sqlite3.Cursor, row: tuple[Any, ...]) -> tuple[Any, ...]:
        counted[0] += 1
        recording.end_leaf(step)
        return row

    cursor.row_factory = count


def _ended(
    connection: Connection, cursor: Any, _text: str, _given: Any, _context: ExecutionContext | None, _many: bool
) -> None:
    recording, step = current.get(), connection.info.pop(_STEP, None)
    if recording is None or step is None:
        return
    recording.end_leaf(step)
    if cursor.description is None or not isinstance(cursor, sqlite3.Cursor):
        step.about["rows"] = [max(0, getattr(cursor, "rowcount", -1))]


def _values(context: ExecutionContext | None) -> list[list[str]]:
    """The parameters of a statement as pairs of name and what may be kept; of many sets the first one's."""
    compiled, sets = getattr(context, "compiled", None), getattr(context, "compiled_parameters", None)
    if compiled is None or not sets:
        return []
    binds = getattr(compiled, "binds", {})
    return [_value(name, value, binds) for name, value in list(sets[0].items())[:MOST_PARAMETERS]]


def _value(name: str, value: object, binds: Mapping[str, Any]) -> list[str]:
    bind = binds.get(name)
    closed = bind is not None and isinstance(bind.type, Enum)
    return [name.rstrip("_0123456789"), xray_masks.parameter(name, value, closed=closed)]


def _commits(_connection: Connection) -> None:
    _point(current.get(), "COMMIT")


def _rolls_back(_connection: Connection) -> None:
    _point(current.get(), "ROLLBACK")


def _point(recording: Recording | None, name: str) -> None:
    if recording is not None:
        recording.end_leaf(recording.leaf("commit", name))
