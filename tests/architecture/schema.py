"""The schema, as a database tells it: what the models make and what the migrations make must be the same."""

import ast
import re
from collections.abc import Iterable
from importlib import import_module
from typing import Any

from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, MetaData, inspect

from homeport.core.db import Base
from tests.architecture.source import Source, package


def models() -> MetaData:
    """Every table of every feature."""
    for source in package():
        if source.name == "models.py" or source.room == "core":
            import_module(source.path.removeprefix("src/").removesuffix(".py").replace("/", "."))
    return Base.metadata


def described(connection: Connection) -> dict[str, dict[str, Any]]:
    """Every table as the database reflects it, in plain values that can be compared and printed."""
    look = inspect(connection)
    return {
        table: {
            "columns": {column["name"]: _column(column) for column in look.get_columns(table)},
            "primary key": _plain(look.get_pk_constraint(table)),
            "foreign keys": _sorted(look.get_foreign_keys(table)),
            "unique": _sorted(look.get_unique_constraints(table)),
            "checks": _sorted(look.get_check_constraints(table)),
            "indexes": _sorted(look.get_indexes(table)),
        }
        for table in look.get_table_names()
        if table != "alembic_version"
    }


def _column(column: Any) -> dict[str, Any]:
    return {"type": str(column["type"]), "nullable": column["nullable"], "default": str(column["default"])}


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(inner) for key, inner in sorted(value.items())}
    return re.sub(r"\s+", " ", value) if isinstance(value, str) else value


def _sorted(found: Iterable[Any]) -> list[Any]:
    return sorted((_plain(item) for item in found), key=repr)


def differences(migrated: Connection, metadata: MetaData) -> list[str]:
    """What Alembic would still have to do to the migrated database, and what it does not look at.

    `metadata` is made in the same database once more under nobody's eyes: the caller rolls back.
    """
    context = MigrationContext.configure(migrated, opts={"compare_type": True, "compare_server_default": True})
    found = [f"alembic would: {step}" for step in compare_metadata(context, metadata)]
    before = described(migrated)
    metadata.drop_all(migrated)
    metadata.create_all(migrated)
    after = described(migrated)
    for table in sorted({*before, *after}):
        for part in sorted({*before.get(table, {}), *after.get(table, {})}):
            old, new = before.get(table, {}).get(part), after.get(table, {}).get(part)
            if old != new:
                found.append(f"{table}, {part}: the migrations make {old}, the models {new}")
    return found


def chain_faults(steps: Iterable[Source]) -> list[str]:
    """What is wrong with the chain of migrations: 0001, 0002, …, each upon the one before, forward only."""
    found = []
    for number, step in enumerate(sorted(steps, key=lambda source: source.name), 1):
        names = {
            node.targets[0].id: ast.literal_eval(node.value)
            for node in step.tree.body
            if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name)
        }
        below = f"{number - 1:04}" if number > 1 else None
        if not step.name.startswith(f"{number:04}_") or names.get("revision") != f"{number:04}":
            found.append(step.at(1, f"should be migration {number:04}, by its file name and its `revision`"))
        if names.get("down_revision") != below:
            found.append(step.at(1, f"should stand upon {below}, so that there is one line of them"))
        for node in step.tree.body:
            if isinstance(node, ast.FunctionDef) and node.name != "upgrade":
                found.append(step.at(node, f"{node.name}(): migrations go forward; the way back is a backup"))
    return found
