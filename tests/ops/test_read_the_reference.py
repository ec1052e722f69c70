"""Somebody looks a setting or an error code up, and finds it as it is."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from homeport.core.config import settings
from homeport.ops import cli, reference
from homeport.ui.pages import EXPLANATIONS, UNEXPECTED

ROOT = Path(__file__).parent.parent.parent
PACKAGE = ROOT / "src" / "homeport"


def test_the_settings_in_the_documents_are_the_settings_there_are() -> None:
    written = (ROOT / "docs" / "settings.md").read_text()
    assert written == reference.markdown(), "type: make docs"


def test_every_setting_has_its_row() -> None:
    rows = [line for line in reference.markdown().splitlines() if line.startswith("| `")]
    assert [row.split("`")[1] for row in rows] == [row.name for row in settings()]
    assert all(len(row.split(" | ")) == 4 for row in rows)


def test_the_command_prints_it() -> None:
    done = CliRunner().invoke(cli.settings)
    assert done.exit_code == 0
    assert done.output == reference.markdown()


def _parameter(function: ast.FunctionDef) -> tuple[int, ast.expr | None] | None:
    """Where a function takes `code`: its place among the positional arguments, and its default."""
    arguments = [argument for argument in function.args.args if argument.arg not in {"self", "cls"}]
    for place, argument in enumerate(arguments):
        if argument.arg == "code":
            default = place - (len(arguments) - len(function.args.defaults))
            return place, function.args.defaults[default] if default >= 0 else None
    for argument, value in zip(function.args.kwonlyargs, function.args.kw_defaults, strict=True):
        if argument.arg == "code":
            return 999, value
    return None


def codes_in(tree: ast.Module) -> Iterator[str]:
    """Every code that a file gives to a Problem: as `code=…`, as a default, or by place to a function of its own."""
    takers: dict[str, int] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef) and (found := _parameter(node)):
            takers[node.name] = found[0]
            if isinstance(found[1], ast.Constant) and isinstance(found[1].value, str):
                yield found[1].value
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        given = [keyword.value for keyword in node.keywords if keyword.arg == "code"]
        place = takers.get(node.func.id) if isinstance(node.func, ast.Name) else None
        if place is not None and place < len(node.args):
            given.append(node.args[place])
        yield from (value.value for value in given if isinstance(value, ast.Constant) and isinstance(value.value, str))


def codes() -> set[str]:
    found = {code for code, _message, _hint in (*EXPLANATIONS.values(), UNEXPECTED)}
    for path in PACKAGE.rglob("*.py"):
        found |= set(codes_in(ast.parse(path.read_text())))
    return found


def test_every_error_code_is_explained_and_no_other() -> None:
    rows = re.findall(r"^\| `(\w+)` \| .+ \|$", (ROOT / "docs" / "errors.md").read_text(), re.MULTILINE)
    missing, unknown = sorted(codes() - set(rows)), sorted(set(rows) - codes())
    assert not missing, f"explain in docs/errors.md: {', '.join(missing)}"
    assert not unknown, f"take out of docs/errors.md: {', '.join(unknown)}"
    assert rows == sorted(rows)


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("raise Problem('x', code='a')", {"a"}),
        ("def no(code: str): ...\nno('b')", {"b"}),
        ("class P:\n def __init__(self, *, code: str = 'c'): ...", {"c"}),
        ("def no(text, code='d'): ...\nno('x'); no('x', 'e')", {"d", "e"}),
        ("print('f')", set()),
    ],
)
def test_the_search_for_codes_finds_them(source: str, found: set[str]) -> None:
    assert set(codes_in(ast.parse(source))) == found
