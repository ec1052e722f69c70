"""Changes the encryption key again and again, ended each time one step later, as by kill -9.

Run as `python -m tests.accounts.crash_keys FOLDER`: FOLDER holds a blog. Every statement, commit, flush to the disk and
renaming is a step. Writes one line of JSON for each run: how it ended, how many keys the file then has, and whether
every secret can be opened, both then and after the change was made once more. Stops after the first run that nothing
ended.
"""

import json
import os
import shutil
import sys
from pathlib import Path
from typing import Any

from sqlalchemy import event, select

from homeport.accounts import rotation
from homeport.accounts.models import Totp
from homeport.app import create_app
from homeport.core import clock, vault
from homeport.core.config import Config
from homeport.core.db import db
from homeport.core.http import SYSTEM


def rotate(folder: Path, steps: int) -> None:
    """Change the key; the process ends when the given number of steps has been carried out."""
    config, left, fsync, replace = Config(data=folder), steps, os.fsync, Path.replace
    app = create_app(config)

    def count(*_arguments: Any) -> None:
        nonlocal left
        left -= 1
        if left < 0:
            os._exit(9)

    def counted_fsync(file: int) -> None:
        fsync(file)
        count()

    def counted_replace(path: Path, target: Path) -> Path:
        done = replace(path, target)
        count()
        return done

    os.fsync, Path.replace = counted_fsync, counted_replace  # type: ignore[assignment,method-assign]  # this process ends soon
    with app.app_context():
        event.listen(db.engine, "after_cursor_execute", count)
        event.listen(db.engine, "commit", count)
        rotation.rotate(config, by=SYSTEM, now=clock.now())
    os._exit(0)


def state(folder: Path) -> dict[str, Any]:
    """How many keys there are, and what the secrets are, opened with them."""
    config = Config(data=folder)
    with create_app(config).app_context():
        sealed = db.session.scalars(select(Totp.sealed_secret).order_by(Totp.user_id)).all()
        opened = [vault.unseal(config, secret) for secret in sealed]
        db.session.rollback()
        db.engine.dispose()
    return {"keys": len(vault.path(config).read_text().split()), "secrets": opened}


def main(template: Path) -> None:
    """Run until nothing ends a run."""
    create_app(Config(data=template))  # loads every feature, once and not in each child
    for steps in range(100):
        folder = template.parent / f"run-{steps}"
        shutil.copytree(template, folder)
        child = os.fork()
        if child == 0:
            rotate(folder, steps)
        ended = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        after = state(folder)
        with create_app(Config(data=folder)).app_context():
            rotation.rotate(Config(data=folder), by=SYSTEM, now=clock.now())
            db.engine.dispose()
        print(json.dumps({"ended": ended, **after, "again": state(folder)}))  # noqa: T201 (what the test reads)
        shutil.rmtree(folder)
        if ended != 9:
            return


if __name__ == "__main__":
    main(Path(sys.argv[1]))
