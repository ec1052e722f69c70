"""The statements of a record, each with its plan and with the line of Homeport's that asked."""

import linecache
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy.exc import SQLAlchemyError

from homeport.core.db import db
from homeport.learn.xray_record import PACKAGE
from homeport.learn.xray_story import Cause, Record, Statement, highlighted

_PLANNED = frozenset({"SELECT", "INSERT", "UPDATE", "DELETE", "WITH"})
MOST = 120


def statements(record: Record) -> list[Statement]:
    """Everything that was asked of the database, in order; the first MOST."""
    asked = [step for step in record["steps"] if step[0] == "sql"]
    plans: dict[int, list[str]] = {}
    return [_statement(record, number, step, asked, plans) for number, step in enumerate(asked[:MOST], 1)]


def _statement(
    record: Record, number: int, step: Sequence[Any], asked: Sequence[Sequence[Any]], plans: dict[int, list[str]]
) -> Statement:
    _kind, verb, _depth, begin, took, about = step
    text = record["statements"][about["text"]]
    if about["text"] not in plans:
        plans[about["text"]] = plan(verb, text, about["marks"])
    return Statement(
        number,
        highlighted(text, "sql"),
        text,
        [(name, value) for name, value in about["values"]],
        about["rows"][0] if about.get("rows") else None,
        begin,
        took,
        cause(about["from"]),
        plans[about["text"]],
        sum(1 for other in asked if other[5]["text"] == about["text"]),
    )


def plan(verb: str, text: str, marks: int) -> list[str]:
    """How SQLite goes about a statement, in its own words (sqlite.org/eqp.html); the statement itself is not run.

    Asked for now, with nothing in the place of the parameters: the plan does not depend on them. Empty where there is
    none: on PostgreSQL, for what only begins a transaction, and for what is not there any more.
    """
    if verb.partition(" ")[0] not in _PLANNED or db.engine.dialect.name != "sqlite":
        return []
    try:
        asked = db.session.connection().exec_driver_sql(f"EXPLAIN QUERY PLAN {text}", (None,) * marks)
        return _indented(asked.all())
    except SQLAlchemyError:
        return []


def _indented(rows: Sequence[Any]) -> list[str]:
    depths: dict[int, int] = {0: -1}
    lines = []
    for number, parent, _unused, words in rows:
        depths[number] = depths.get(parent, -1) + 1
        lines.append("  " * depths[number] + words)
    return lines


def cause(found: Sequence[Any] | None) -> Cause | None:
    """The line of Homeport's, read now."""
    if found is None:
        return None
    file, line, function = found
    return Cause(file, line, function, linecache.getline(f"{PACKAGE}{file}", line).strip())


def causes(error: Mapping[str, Any]) -> list[Cause]:
    """The lines that an error went through."""
    return [each for place in error["places"] if (each := cause(place))]
