"""Which function answers an address: asked of the very table of routes by which Flask finds it."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from flask import Flask
from werkzeug.exceptions import HTTPException, MethodNotAllowed
from werkzeug.routing import RequestRedirect

from homeport.core.http import Role
from homeport.core.programs import scope_of
from homeport.learn.practice_look import Place, look

TESTS = Path(__file__).parents[3] / "tests"
"""Beside the package in a copy of the whole program; an installed one comes without."""
MOST_TESTS = 8
_TEST = re.compile(r"^def (test_\w+)", re.MULTILINE)


@dataclass(frozen=True)
class Proof:
    """A test that asks for an address."""

    file: str
    name: str


@dataclass(frozen=True)
class Way:
    """How a request finds its function. `rule` is the route that fits, `parts` what it takes out of the address.

    `mark` says who may come in; `notes` what else the function carries.
    """

    rule: str
    methods: tuple[str, ...]
    parts: dict[str, Any]
    endpoint: str
    mark: str
    notes: tuple[str, ...]
    place: Place
    tests: tuple[Proof, ...]


@dataclass(frozen=True)
class NoWay:
    """Why no function answers: what Flask says instead, and with which status."""

    status: int
    why: str


def find(app: Flask, method: str, path: str) -> Way | NoWay:
    """The way of a request for a path, as Flask would find it."""
    try:
        rule, parts = app.url_map.bind("localhost").match(path, method=method, return_rule=True)
    except RequestRedirect as found:
        goal = found.new_url.removeprefix("http://localhost")
        return NoWay(found.code, f"The address is written a little differently: {goal}.")
    except MethodNotAllowed as found:
        return NoWay(405, f"There is such an address, but not for {method}: {', '.join(found.valid_methods or ())}.")
    except HTTPException:
        return NoWay(404, "No route fits this address.")
    view = app.view_functions[rule.endpoint]
    return Way(
        rule=rule.rule,
        methods=tuple(sorted(rule.methods or ())),
        parts=dict(parts),
        endpoint=rule.endpoint,
        mark=mark_of(view),
        notes=tuple(_notes(view)),
        place=look(f"{view.__module__}:{view.__qualname__}"),
        tests=tests_of(rule.rule, view.__module__.split(".")[1], TESTS),
    )


def mark_of(view: Callable[..., Any]) -> str:
    """The mark of a view, as it stands above the function."""
    mark: Role | None = getattr(view, "mark", None)
    names = {Role.READER: "member"}
    return "@public" if mark is None else f"@{names.get(mark, mark.label)}"


def _notes(view: Callable[..., Any]) -> Iterator[str]:
    if getattr(view, "cached_params", None) is not None:
        yield "@cached: the page cache may keep its answers to readers without a cookie"
    if hasattr(view, "is_sensitive"):
        yield "@sensitive: who has not shown for a while who they are is asked again"
    if hasattr(view, "is_for_enrolling"):
        yield "@while_enrolling: open to people whose second factor is still missing"
    if scope := scope_of(view):
        yield f"@api: for programs with a token for {scope}"


def tests_of(rule: str, room: str, folder: Path) -> tuple[Proof, ...]:
    """Tests in whose text the fixed beginning of a route stands as an address, those of its own room first.

    None where there is no such folder, or where nothing of the address is fixed.
    """
    fixed, part, _ = rule.partition("<")
    if fixed == "/" and part:
        return ()
    pattern = re.compile("[\"']" + re.escape(fixed) + ("" if part else "[\"'?#]"))
    files = sorted(folder.rglob("test_*.py"), key=lambda file: (room not in file.parts, file))
    found = (test for file in files for test in _tests_in(file, folder, pattern))
    return tuple(islice(found, MOST_TESTS))


def _tests_in(file: Path, folder: Path, pattern: re.Pattern[str]) -> Iterator[Proof]:
    text = file.read_text("utf-8")
    names: dict[str, None] = {}
    for hit in pattern.finditer(text):
        before = _TEST.findall(text, 0, hit.start())
        if before:
            names[before[-1]] = None
    yield from (Proof(file.relative_to(folder.parent).as_posix(), name) for name in names)
