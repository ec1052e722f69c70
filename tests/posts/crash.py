"""Saves and publishes a post again and again, ended each time one statement later, as by kill -9.

Run as `python -m tests.posts.crash FOLDER TOKEN`: FOLDER holds a blog with one draft, TOKEN is its writer's session.
Writes one line of JSON for each run: how it ended and what the database then says. Stops after the first run that
nothing ended.
"""

import json
import os
import shutil
import sqlite3
import sys
from pathlib import Path
from typing import Any

from sqlalchemy import event

from homeport.app import create_app
from homeport.core.config import Config
from homeport.core.db import db
from tests.conftest import Browser

QUESTIONS = {
    "post": "SELECT status, body, path, version, published_at IS NOT NULL FROM posts",
    "revisions": "SELECT body FROM revisions ORDER BY version",
    "tags": "SELECT slug FROM tags ORDER BY slug",
    "site_version": "SELECT version FROM site_version",
    "integrity": "PRAGMA integrity_check",
    "foreign_keys": "PRAGMA foreign_key_check",
}


def publish(folder: Path, token: str, statements: int) -> None:
    """Save and publish the post; the process ends when the given number of statements has been carried out."""
    app = create_app(Config(data=folder))
    app.test_client_class = Browser
    client = app.test_client()
    client.set_cookie("sid", token)
    left = statements

    def count(*_arguments: Any) -> None:
        nonlocal left
        left -= 1
        if left < 0:
            os._exit(9)

    with app.app_context():
        event.listen(db.engine, "after_cursor_execute", count)
        event.listen(db.engine, "commit", count)
    form = {"title": "A walk", "body": "New text", "path": "posts/new", "tags": "new", "version": "1", "do": "publish"}
    answer = client.submit("/write/1", form)  # type: ignore[attr-defined]  # it is a Browser
    os._exit(0 if answer.status_code == 303 else 1)


def state(folder: Path) -> dict[str, Any]:
    """What the database says when it is opened again."""
    with sqlite3.connect(folder / "homeport.db") as connection:
        answers = {name: connection.execute(question).fetchall() for name, question in QUESTIONS.items()}
    connection.close()
    return answers


def main(template: Path, token: str) -> None:
    """Run until nothing ends a run."""
    create_app(Config(data=template))  # loads every feature, once and not in each child
    for statements in range(500):
        folder = template.parent / f"run-{statements}"
        shutil.copytree(template, folder)
        child = os.fork()
        if child == 0:
            publish(folder, token, statements)
        _, status = os.waitpid(child, 0)
        ended = os.waitstatus_to_exitcode(status)
        print(json.dumps({"ended": ended, **state(folder)}))  # noqa: T201 (what the test reads)
        shutil.rmtree(folder)
        if ended != 9:
            return


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
