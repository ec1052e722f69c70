"""Jobs that tests watch, and a worker process that knows them: `python -m tests.jobs.chores DATA [SMTP_URL]`.

Each finished chore is a row of the outbox addressed to it, so that what was done, and how often, is read from the
blog's own database. The outbox is not sent: the rows are `failed`.
"""

import os
import signal
import sys
from pathlib import Path
from threading import Event

from flask import current_app

from homeport.app import create_app
from homeport.core import clock, log
from homeport.core.config import load
from homeport.core.db import db
from homeport.core.ids import token
from homeport.core.signals import Wish
from homeport.jobs.models import Mail
from homeport.jobs.service import job, progress, step
from homeport.jobs.worker import run_worker


def chore(number: int) -> int:
    """Note that a chore was done."""
    moment = clock.now()
    row = Mail(to=f"chore-{number}", subject="", text="", status="failed", message_id=token())
    row.created_at = row.next_attempt_at = moment
    db.session.add(row)
    return number


def _data() -> Path:
    data: Path = current_app.config["HOMEPORT"].data
    return data


def chore_that_dies_once(number: int) -> int:
    """Do a chore, and be killed before it is committed; the second time, live."""
    chore(number)
    db.session.flush()
    killed = _data() / f"killed-{number}"
    if not killed.exists():
        killed.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return number


@job("chores")
def chores(total: int, deadly: int | None = None) -> None:
    """Do chores 0 to total - 1, each as a step."""
    done = 0
    for number in range(total):
        done += step(chore_that_dies_once if number == deadly else chore, number) == number
        progress(done, total, "chores")


@job("chores_until_told")
def chores_until_told() -> None:
    """Do one chore, then hold on until the file `go-on` is there, then do another."""
    step(chore, 0)
    progress(1, 2, "chores")
    while not (_data() / "go-on").exists():
        Event().wait(0.05)
    step(chore, 1)


@job("chores_without_end")
def chores_without_end() -> None:
    """Do one chore, then wait in one step after the other; leaves the file `thrown-out` when it can't go on."""
    step(chore, 0)
    try:
        while True:
            step(Event().wait, 0.05)
    finally:
        (_data() / "thrown-out").touch()


@job("broken_until_repaired")
def broken_until_repaired() -> None:
    """Do a chore, then fail, until the file `repaired` is there."""
    step(chore, 0)
    step(_needs_repair)
    step(chore, 1)


def _needs_repair() -> None:
    if not (_data() / "repaired").exists():
        raise RuntimeError("the pipe is broken")


def main() -> None:
    """Run a worker on a folder until SIGTERM."""
    stop = Wish()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    config = load({"data": sys.argv[1], "smtp_url": sys.argv[2] if len(sys.argv) > 2 else None}, {})
    log.configure(config)
    run_worker(create_app(config), stop)
    if name := os.environ.get("EXIT_AFTER_FILE"):
        while not (config.data / name).exists():
            Event().wait(0.05)
        Event().wait(1)  # the engine says what it has to say of it
    os._exit(0)  # as `homeport worker` does


if __name__ == "__main__":
    main()
