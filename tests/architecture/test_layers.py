"""import-linter's contract holds, and it bites: shown on a copy of the package with something planted in it."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.parts import ROOT


def lint_imports(folder: Path) -> subprocess.CompletedProcess[str]:
    """Check the package in `folder`/src by the contract in `folder`/pyproject.toml."""
    program = Path(sys.executable).with_name("lint-imports")
    environment = {**os.environ, "PYTHONPATH": str(folder / "src")}
    command = [str(program), "--no-cache", "--no-logo"]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The package and its contract, to plant something in."""
    shutil.copytree(ROOT / "src", tmp_path / "src", ignore=shutil.ignore_patterns("__pycache__", "static"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


def test_a_line_imports_only_lines_below_it(copy: Path) -> None:
    done = lint_imports(copy)
    assert done.returncode == 0, done.stdout + done.stderr


def test_an_import_upwards_is_refused(copy: Path) -> None:
    with (copy / "src/homeport/core/clock.py").open("a") as file:
        file.write("import homeport.posts.models\n")
    done = lint_imports(copy)
    assert done.returncode == 1
    assert "homeport.core.clock -> homeport.posts.models" in done.stdout


def test_an_import_of_a_neighbour_is_refused(copy: Path) -> None:
    (copy / "src/homeport/interop/planted.py").write_text("import homeport.ops\n")
    done = lint_imports(copy)
    assert done.returncode == 1
    assert "homeport.interop.planted -> homeport.ops" in done.stdout


def test_a_room_without_a_line_is_refused(copy: Path) -> None:
    (copy / "src/homeport/attic").mkdir()
    (copy / "src/homeport/attic/__init__.py").write_text("")
    done = lint_imports(copy)
    assert done.returncode == 1
    assert "homeport.attic" in done.stdout
