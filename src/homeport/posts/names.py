"""The names that belong to a post as columns of its own row, so that a list of posts is one question and not two."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import JSON, ColumnElement, Select, select
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

Pairs = Sequence[Sequence[str]] | None
"""What the database answers: pairs of a name and the last part of its address, None where there is none."""


class _Array(FunctionElement[Pairs]):
    """Rows of two columns as a JSON array of pairs, and no rows as NULL. Each database calls it differently."""

    name = "array"
    type = JSON()
    inherit_cache = True


@compiles(_Array, "sqlite")
def _sqlite(element: _Array, compiler: SQLCompiler, **options: Any) -> str:
    return f"nullif(json_group_array(json_array({compiler.process(element.clauses, **options)})), '[]')"


@compiles(_Array, "postgresql")
def _postgresql(element: _Array, compiler: SQLCompiler, **options: Any) -> str:
    return f"json_agg(json_build_array({compiler.process(element.clauses, **options)}))"


def pairs(names: Select[str, str]) -> ColumnElement[Pairs]:
    """The rows of `names`, in their order, as one column."""
    # Sorted before they are put together: SQLite knows an ORDER BY inside an aggregate only since 3.44.
    return select(_Array(*names.subquery().c)).scalar_subquery()
