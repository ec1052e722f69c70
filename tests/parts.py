"""Parts of the system that tests need and that no Python package brings: a browser, a database server, real content.

What is there is used. What is missing is installed where that needs no question (we are root, as on a build machine);
anywhere else the test is skipped aloud, with what to type. With `CI=true` nothing is skipped: a test that did not run
there would be a test nobody runs.
"""

import ctypes
import fcntl
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NoReturn

import pytest

ROOT = Path(__file__).resolve().parent.parent


def require_chromium() -> str:
    """The path of Chromium; with it, what Playwright needs to drive it."""
    if not _has_library("libatomic.so.1") and not (_install("libatomic1") and _has_library("libatomic.so.1")):
        _missing("Playwright's node needs libatomic, which is not installed; type: sudo apt install libatomic1")
    # Pages are measured in the first font of their list that a bare Debian can have; elsewhere another one is there.
    if not any(Path("/usr/share/fonts").rglob("P052-Roman.*")):
        _install("fonts-urw-base35")
    return require("chromium", package="chromium")


def require(program: str, *, package: str) -> str:
    """The path of a program, which Debian's `package` brings."""
    found = shutil.which(program) or (_install(package) and shutil.which(program))
    return found or _missing(f"{program} is not installed; type: sudo apt install {package}")


def require_file(path: Path, *, package: str) -> Path:
    """The path of a file that Debian's `package` brings."""
    there = path.exists() or (_install(package) and path.exists())
    return path if there else _missing(f"{path} is not there; type: sudo apt install {package}")


def require_root(what: str) -> None:
    """Skip where this account may not make `what`."""
    if os.geteuid() != 0:
        _missing(f"only root can make {what}; type: sudo make test")


def require_real() -> Path:
    """The folder of real blogs beside the project's own folder; not part of it, for their size and licences."""
    real = ROOT.parent / "shared" / "real"
    if not real.is_dir():
        pytest.skip("there is no ../shared/real beside this folder: it holds the real blogs, and is not published")
    return real


@contextmanager
def postgresql() -> Iterator[str]:
    """A PostgreSQL server of our own, without a network port; yields the address of its empty database `homeport`."""
    bin_dir = _postgresql_programs()
    account = "postgres" if os.geteuid() == 0 else None  # the server refuses to run as root
    folder = Path(tempfile.mkdtemp(prefix="homeport-pg-"))  # short: a socket's path has at most 107 characters
    if account:
        shutil.chown(folder, account)

    def run(program: str, *args: str) -> None:
        command = [str(bin_dir / program), *args]
        done = subprocess.run(command, user=account, cwd=folder, capture_output=True, text=True, check=False)
        if done.returncode:
            raise RuntimeError(f"{program}: {done.stdout}{done.stderr}")

    data = str(folder / "data")
    try:
        run("initdb", "-D", data, "-U", "homeport", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync")
        run("pg_ctl", "-D", data, "-l", str(folder / "log"), "-w", "-o", f"-k {folder} -h '' -F", "start")
        try:
            run("createdb", "-h", str(folder), "-U", "homeport", "homeport")
            yield f"postgresql://homeport@/homeport?host={folder}"
        finally:
            run("pg_ctl", "-D", data, "-m", "immediate", "-w", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _postgresql_programs() -> Path:
    # Debian keeps the server's programs out of PATH, one folder for each version.
    def newest() -> Path | None:
        folders = [path.parent for path in Path("/usr/lib/postgresql").glob("*/bin/initdb")]
        return max(folders, key=lambda folder: int(folder.parent.name), default=None)

    if on_path := shutil.which("initdb"):
        return Path(on_path).resolve().parent
    found = newest() or (_install("postgresql") and newest())
    return found or _missing("PostgreSQL is not installed; type: sudo apt install postgresql")


def _has_library(name: str) -> bool:
    try:
        ctypes.CDLL(name)
    except OSError:
        return False
    return True


def _install(package: str) -> bool:
    """Have Debian's package installed, if we may; one test process at a time. False if we may not or it failed."""
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        return False
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    install = ["apt-get", "install", "-y", "--no-install-recommends", "-o", "DPkg::Lock::Timeout=300", package]
    with (Path(tempfile.gettempdir()) / "homeport-apt.lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        for command in (install, ["apt-get", "update"], install):
            with suppress(OSError):
                done = subprocess.run(command, env=environment, capture_output=True, check=False)
                if command is install and done.returncode == 0:
                    return True
    return False


def _missing(what: str) -> NoReturn:
    if os.environ.get("CI") == "true":
        pytest.fail(what)
    pytest.skip(what)
