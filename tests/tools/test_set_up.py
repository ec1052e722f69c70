"""Somebody types `make setup`: in a new folder, again, after moving it, after breaking it off, without a fit Python.

The script and pip are the real ones. What is installed is a wheel made here, because tests reach nothing beyond this
machine; for the same reason the way over Debian's packages is not walked here.
"""

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.parts import ROOT
from tests.tools import wheels

PROJECT = """
[project]
name = "planted"
version = "1"
[project.scripts]
planted = "planted:main"
[build-system]
requires = []
build-backend = "wheels"
backend-path = ["."]
"""
# As on Debian: it makes environments, but none with pip in it.
PYTHON = f"""#!/bin/sh
[ "$*" = "-m venv .venv" ] && exit 1
exec {sys.executable} "$@"
"""


class Folder:
    """A project with the real script, whose lock files ask for the package `tiny`."""

    def __init__(self, path: Path, shelf: Path) -> None:
        self.path, self.shelf = path, shelf
        (path / "tools").mkdir(parents=True)
        shutil.copy(ROOT / "tools/setup.sh", path / "tools")
        (path / "src").mkdir()
        (path / "src/planted.py").write_text("import tiny\ndef main(): print('planted', tiny.VERSION)\n")
        (path / "pyproject.toml").write_text(PROJECT)
        shutil.copy(Path(__file__).with_name("wheels.py"), path)
        self.python("python", PYTHON)
        self.lock("1")

    def python(self, name: str, script: str) -> str:
        """Put a Python there that behaves as `script` says; its path."""
        (self.path / name).write_text(script)
        (self.path / name).chmod(0o755)
        return str(self.path / name)

    @contextmanager
    def watched(self) -> Iterator[Callable[[], list[str]]]:
        """Whoever starts a Python meanwhile is noted: with which arguments."""
        notes = self.path.with_name("started")
        notes.touch()
        for python in (self.path / "python", self.path / ".venv/bin/python"):
            real = python.rename(python.with_name("real"))
            self.python(str(python.relative_to(self.path)), f'#!/bin/sh\necho "$*" >>"{notes}"\nexec "{real}" "$@"\n')
        yield lambda: notes.read_text().splitlines()
        for python in (self.path / "python", self.path / ".venv/bin/python"):
            python.with_name("real").rename(python)

    def lock(self, version: str, digest: str = "") -> None:
        """Have both lock files ask for a version of `tiny`."""
        wheel = wheels.write(self.shelf, "tiny", version, {"tiny.py": f"VERSION = {version!r}\n"})
        digest = digest or hashlib.sha256(wheel.read_bytes()).hexdigest()
        for name in ("requirements.lock", "requirements-dev.lock"):
            (self.path / name).write_text(f"tiny=={version} \\\n    --hash=sha256:{digest}\n")

    def setup(self, kind: str = "run", python: str = "") -> subprocess.CompletedProcess[str]:
        """Run the script, with no index to ask."""
        environment = {name: value for name, value in os.environ.items() if not name.startswith("PIP_")}
        environment |= {
            "PYTHON": python or str(self.path / "python"),
            "PIP_NO_INDEX": "1",
            "PIP_FIND_LINKS": str(self.shelf),
        }
        command = [str(self.path / "tools/setup.sh"), kind]
        return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)

    def says(self) -> str:
        """What the installed command prints."""
        return subprocess.run([self.path / ".venv/bin/planted"], capture_output=True, text=True, check=True).stdout


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    """A new clone, in a folder whose name has a space."""
    shelf = tmp_path / "wheels"
    shelf.mkdir()
    return Folder(tmp_path / "a blog", shelf)


def test_in_a_new_folder_again_and_with_a_new_lock_file(folder: Folder) -> None:
    first = folder.setup()
    assert first.returncode == 0, first.stdout + first.stderr
    assert folder.says() == "planted 1\n"
    with folder.watched() as started:
        second = folder.setup()
    assert started() == ["-V"], "nothing but the question which Python this is"
    assert (second.returncode, second.stdout, second.stderr) == (0, "", "")
    assert folder.setup("dev").returncode == 0
    assert folder.setup("run").stdout == "", "what the tests need holds what the blog needs"
    folder.lock("2")
    assert folder.setup().returncode == 0
    assert folder.says() == "planted 2\n"


def test_in_a_folder_that_was_moved_and_after_an_install_was_broken_off(folder: Folder) -> None:
    folder.setup()
    folder.path = folder.path.rename(folder.path.with_name("moved"))
    assert "Making .venv" in folder.setup().stdout
    assert folder.says() == "planted 1\n"
    (folder.path / ".venv/.homeport-whole").unlink()  # gone from before the first package until after the last
    (next((folder.path / ".venv/lib").glob("*/site-packages")) / "tiny.py").unlink()
    assert folder.setup().returncode == 0
    assert folder.says() == "planted 1\n"


def test_with_a_package_that_is_not_what_was_locked(folder: Folder) -> None:
    folder.lock("1", digest="0" * 64)
    failed = folder.setup()
    assert failed.returncode == 1
    assert "DO NOT MATCH THE HASHES" in failed.stderr
    assert failed.stderr.splitlines()[-1].startswith("The packages of requirements.lock could not be installed")
    folder.lock("1")
    assert folder.setup().returncode == 0
    assert folder.says() == "planted 1\n"


def test_with_a_python_that_is_too_old(folder: Folder) -> None:
    old = folder.path / "python3"
    old.write_text('#!/bin/sh\n[ "$1" = -V ] && echo Python 3.9.2 || exit 1\n')
    old.chmod(0o755)
    failed = folder.setup(python=str(old))
    assert failed.returncode == 1
    assert failed.stdout == ""
    assert failed.stderr.count("\n") == 1
    assert failed.stderr.startswith(
        "Homeport needs Python 3.11 or later (complete, with ssl and sqlite3) and found Python 3.9.2:"
    )


def test_without_any_python(folder: Folder) -> None:
    failed = folder.setup(python="/nowhere/python3")
    assert failed.returncode == 1
    assert "found no Python" in failed.stderr
    assert failed.stderr.count("\n") == 1
