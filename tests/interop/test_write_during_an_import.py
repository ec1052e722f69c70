"""Somebody writes in the blog while a folder is brought into it."""

import sqlite3
import threading
from contextlib import closing
from pathlib import Path

import pytest
from flask import Flask

from homeport.core.config import Config
from homeport.core.db import BUSY_SECONDS
from tests.cast import Cast
from tests.interop.folders import write
from tests.interop.test_import_command import run

# Long enough to render that the import commits several times.
LONG = "Some *words* about `one` thing, and [a link](https://example.com/).\n\n- and\n- a list\n\n" * 120


@pytest.mark.alone
def test_others_get_their_turn_again_and_again(app: Flask, everybody: Cast, config: Config, tmp_path: Path) -> None:
    head = "+++\ntitle = 'Post {0}'\ndate = 2020-01-01\n+++\n{1}"
    old = write(tmp_path / "old", {f"{number}.md": head.format(number, LONG) for number in range(80)})
    said = []
    import_ = threading.Thread(target=lambda: said.append(run(config, str(old), "--author", "alice@example.com")))
    import_.start()
    turns = 0
    with closing(sqlite3.connect(config.data / "homeport.db", timeout=BUSY_SECONDS, isolation_level=None)) as other:
        while import_.is_alive():
            other.execute("BEGIN IMMEDIATE")
            other.execute("ROLLBACK")
            turns += other.execute("SELECT count(*) > 0 FROM posts").fetchone()[0]
            import_.join(0.2)
    assert said[0].exit_code == 0
    assert "80 of 80 posts" in said[0].output
    assert turns >= 3
