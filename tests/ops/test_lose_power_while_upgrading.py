"""The machine stops in the middle of making the database: the next start makes it, with nobody's help."""

import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

from homeport.core.config import Config
from homeport.migrations import is_current
from homeport.migrations.runner import upgrade

# Ends the process, as a power cut would, before the statement whose number is the second argument.
PROGRAM = """
import os, sys
from pathlib import Path
from sqlalchemy import event
from sqlalchemy.engine import Engine
from homeport.core.config import Config
from homeport.migrations.runner import upgrade

left = int(sys.argv[2])

@event.listens_for(Engine, "before_cursor_execute")
@event.listens_for(Engine, "commit")
def count(*_):
    global left
    left -= 1
    if left == 0:
        os._exit(9)

upgrade(Config(data=Path(sys.argv[1])))
"""


def tables(folder: Path) -> set[str]:
    with closing(sqlite3.connect(folder / "homeport.db")) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        return {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}


def test_an_upgrade_that_was_killed_left_nothing_and_runs_again(tmp_path: Path) -> None:
    endings = []
    for number in (1, 3, 8, 15, 25, 10_000):
        folder = tmp_path / str(number)
        folder.mkdir()
        done = subprocess.run([sys.executable, "-c", PROGRAM, str(folder), str(number)], check=False)
        endings.append(done.returncode)
        assert tables(folder) == set() or is_current(Config(data=folder))
        upgrade(Config(data=folder))
        assert is_current(Config(data=folder))
        assert {"posts", "users", "alembic_version"} <= tables(folder)
    assert endings == [9, 9, 9, 9, 9, 0]
