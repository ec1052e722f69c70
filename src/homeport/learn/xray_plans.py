"""How the database goes about a statement, in its own words; the statement itself is not run.

Asked for when somebody looks, with nothing in the place of the parameters, which no record holds.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from homeport.core.db import db
from homeport.core.ids import handle

_PLANNED = frozenset({"SELECT", "INSERT", "UPDATE", "DELETE", "WITH"})
_PREPARED = "SELECT 1 FROM pg_prepared_statements WHERE name = %s"
_PLACE = re.compile(r"%\((\w+)\)s")


def plan(verb: str, text: str, marks: int) -> list[str]:
    """The plan of a statement with so many `?` in it, a line each.

    Empty where there is none: for what only begins a transaction, and for what is not there any more.
    """
    if verb.partition(" ")[0] not in _PLANNED:
        return []
    try:
        return _ASKED[db.engine.dialect.name](db.session.connection(), text, marks)
    except SQLAlchemyError:
        return []


def _of_sqlite(connection: Connection, text: str, marks: int) -> list[str]:
    """By https://sqlite.org/eqp.html; the plan does not depend on the parameters."""
    return _indented(connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {text}", (None,) * marks).all())


def _indented(rows: Sequence[Any]) -> list[str]:
    depths: dict[int, int] = {0: -1}
    lines = []
    for number, parent, _unused, words in rows:
        depths[number] = depths.get(parent, -1) + 1
        lines.append("  " * depths[number] + words)
    return lines


def _of_postgresql(connection: Connection, text: str, _marks: int) -> list[str]:
    """The generic plan, which is the one for any parameters (https://www.postgresql.org/docs/current/sql-prepare.html).

    In savepoints, since a statement that fails would take the whole transaction along. What was prepared outlasts them.
    """
    numbers: dict[str, int] = {}
    numbered = _PLACE.sub(lambda found: f"${numbers.setdefault(found[1], len(numbers) + 1)}", text)
    nothing = f"({', '.join(['NULL'] * len(numbers))})" if numbers else ""
    name = f"homeport_xray_{handle()}"  # one that was left behind is in nobody's way
    with connection.begin_nested():
        connection.exec_driver_sql(f'PREPARE "{name}" AS {numbered}')
    try:
        with connection.begin_nested() as savepoint:
            connection.exec_driver_sql("SET LOCAL plan_cache_mode = force_generic_plan")
            lines = connection.exec_driver_sql(f'EXPLAIN EXECUTE "{name}"{nothing}').scalars().all()
            savepoint.rollback()  # the setting goes with it
    finally:
        # psycopg, which prepares statements of its own, may have thrown all away after the rollback.
        if connection.exec_driver_sql(_PREPARED, (name,)).first():
            connection.exec_driver_sql(f'DEALLOCATE "{name}"')
    return [str(line) for line in lines]


_ASKED: Mapping[str, Callable[[Connection, str, int], list[str]]] = {
    "sqlite": _of_sqlite,
    "postgresql": _of_postgresql,
}
