"""The statements of a record, each with its plan and with the line of Homeport's that asked."""

import linecache
from collections.abc import Mapping, Sequence
from typing import Any

from homeport.learn.xray_plans import plan
from homeport.learn.xray_record import PACKAGE
from homeport.learn.xray_story import Cause, Record, Statement, highlighted

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


def cause(found: Sequence[Any] | None) -> Cause | None:
    """The line of Homeport's, read now."""
    if found is None:
        return None
    file, line, function = found
    return Cause(file, line, function, linecache.getline(f"{PACKAGE}{file}", line).strip())


def causes(error: Mapping[str, Any]) -> list[Cause]:
    """The lines that an error went through."""
    return [each for place in error["places"] if (each := cause(place))]
