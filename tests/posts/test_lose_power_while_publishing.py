"""The machine stops in the middle of publishing, at every moment there is: the post is fully old or fully new."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from flask import Flask

from homeport.core.config import Config
from homeport.core.db import db
from tests.cast import Cast, Person, open_session
from tests.conftest import Browser
from tests.posts.desk import write

ROOT = Path(__file__).resolve().parent.parent.parent


def test_a_post_is_never_half_published(
    app: Flask, config: Config, everybody: Cast, browser: Callable[[Person], Browser]
) -> None:
    write(browser(everybody.alice), body="Old text", tags="old")
    with app.app_context():
        token = open_session(everybody.alice.id)
        db.session.connection().exec_driver_sql("COMMIT")
        db.session.connection().exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        db.engine.dispose()
    command = [sys.executable, "-m", "tests.posts.crash", str(config.data), token]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=True)
    runs = [json.loads(line) for line in done.stdout.splitlines()]

    assert [run["ended"] for run in runs] == [9] * (len(runs) - 1) + [0]
    assert len(runs) > 20  # a statement more would be a moment more: none is left out
    old, new = runs[0], runs[-1]
    assert old["post"] == [["draft", "Old text", "posts/a-walk", 1, 0]]
    assert new["post"] == [["published", "New text", "posts/new", 3, 1]]
    assert (old["revisions"], new["revisions"]) == ([["Old text"]], [["Old text"], ["New text"]])
    assert (old["tags"], new["tags"]) == ([["old"]], [["new"]])
    assert new["site_version"] > old["site_version"]
    assert {json.dumps({**run, "ended": 9}) for run in runs} == {json.dumps(old), json.dumps({**new, "ended": 9})}
    assert all(run["integrity"] == [["ok"]] and run["foreign_keys"] == [] for run in runs)
