"""Deletes an account again and again, ended each time a few statements later, as by kill -9.

Run as `python -m tests.interop.crash FOLDER`: FOLDER holds a blog in which one account is due. Writes one line of JSON
for each run: how it ended and what the database then says. Stops after the first run that nothing ended.
"""

import json
import os
import shutil
import sqlite3
import sys
from pathlib import Path
from typing import Any

from sqlalchemy import event

from homeport.accounts.departure_jobs import delete_departed_accounts
from homeport.app import create_app
from homeport.core.config import Config
from homeport.core.db import commit, db

STEP = 3
"""How many statements later each run ends: every one would take a minute, and each is within the one transaction."""

QUESTIONS = {
    "people": "SELECT count(*) FROM users",
    "departures": "SELECT count(*) FROM departures",
    "posts": "SELECT count(*) FROM posts",
    "bylines": "SELECT name FROM bylines",
    "details": "SELECT count(*) FROM audit_details",
    "last": "SELECT action FROM audit_events ORDER BY id DESC LIMIT 1",
    "mails": "SELECT count(*) FROM mails",
    "site_version": "SELECT version FROM site_version",
    "integrity": "PRAGMA integrity_check",
    "foreign_keys": "PRAGMA foreign_key_check",
}


def leave(folder: Path, statements: int) -> None:
    """Do what the worker does; the process ends when the given number of statements has been carried out."""
    app = create_app(Config(data=folder))
    left = statements

    def count(*_arguments: Any) -> None:
        nonlocal left
        left -= 1
        if left < 0:
            os._exit(9)

    with app.app_context():
        event.listen(db.engine, "after_cursor_execute", count)
        event.listen(db.engine, "commit", count)
        delete_departed_accounts()
        commit()
    os._exit(0)


def state(folder: Path) -> dict[str, Any]:
    """What the database says when it is opened again."""
    with sqlite3.connect(folder / "homeport.db") as connection:
        answers = {name: connection.execute(question).fetchall() for name, question in QUESTIONS.items()}
    connection.close()
    return answers


def main(template: Path) -> None:
    """Run until nothing ends a run."""
    create_app(Config(data=template))  # loads every feature, once and not in each child
    for statements in range(0, 900, STEP):
        folder = template.parent / f"run-{statements}"
        shutil.copytree(template, folder)
        child = os.fork()
        if child == 0:
            leave(folder, statements)
        _, status = os.waitpid(child, 0)
        ended = os.waitstatus_to_exitcode(status)
        print(json.dumps({"ended": ended, **state(folder)}))  # noqa: T201 (what the test reads)
        shutil.rmtree(folder)
        if ended != 9:
            return


if __name__ == "__main__":
    main(Path(sys.argv[1]))
