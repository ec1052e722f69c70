"""`docs/security.md` promises nothing that no test shows, and leaves no requirement out."""

import ast
import re

import pytest

from tests.parts import ROOT

IDS = [
    f"{letter}{number}"
    for letter, most in {
        "Session ": 3, "A": 23, "S": 11, "Z": 6, "I": 11, "U": 8, "H": 5,
        "C": 3, "D": 4, "L": 3, "E": 4, "N": 5, "F": 24, "P": 15, "X": 5, "W": 4,
    }.items()
    for number in range(1, most + 1)
]  # fmt: skip
OPEN = "not built yet"
_ROW = re.compile(r"^\| ((?:Session )?[A-Z]?\d+) \| (.+?) \| (.+?) \|$", re.MULTILINE)
_TEST = re.compile(r"`(tests/[^`]+)::([^`]+)`")


def rows() -> dict[str, str]:
    """The last cell of each row, by its ID."""
    found = _ROW.findall((ROOT / "docs" / "security.md").read_text())
    assert len({name for name, _, _ in found}) == len(found), "a row is there twice"
    return {name: tests for name, _, tests in found}


def missing(cell: str) -> list[str]:
    """The tests that a cell names and that do not exist."""
    return [f"{path}::{name}" for path, name in _TEST.findall(cell) if name not in functions(path)]


def functions(path: str) -> set[str]:
    """The names of a file's test functions; none where there is no such file."""
    file = ROOT / path
    tree = ast.parse(file.read_text()) if file.is_file() else ast.Module([], [])
    return {node.name for node in tree.body if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")}


def test_every_requirement_has_its_row_and_no_row_is_made_up() -> None:
    assert list(rows()) == IDS


def test_every_row_names_a_test_or_says_that_it_is_not_built() -> None:
    assert [name for name, cell in rows().items() if not _TEST.search(cell) and OPEN not in cell] == []


def test_every_test_that_is_named_exists() -> None:
    assert [fault for cell in rows().values() for fault in missing(cell)] == []


@pytest.mark.parametrize(
    "cell",
    [
        "`tests/core/test_none.py::test_x`",
        "`tests/architecture/test_security_table.py::test_none`",
        "`tests/architecture/test_security_table.py::missing`",
    ],
)
def test_a_test_that_is_not_there_is_found(cell: str) -> None:
    assert len(missing(cell)) == 1
    assert missing("`tests/architecture/test_security_table.py::test_a_test_that_is_not_there_is_found`") == []
