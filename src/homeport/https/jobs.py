"""Examining the way to this blog in the background, as the owner's page asks for it."""

import importlib
import logging
from datetime import datetime

from flask import current_app

from homeport.core.clock import now
from homeport.core.config import Config
from homeport.core.db import end_transaction
from homeport.https import examination
from homeport.jobs.service import every, job, progress

log = logging.getLogger(__name__)


def _config() -> Config:
    found: Config = current_app.config["HOMEPORT"]
    return found


def count_asked(moment: datetime) -> int:
    """Whether an examination waits to be made: 1 or 0."""
    return int(examination.read(_config()).waits(moment))


@every(seconds=20, due=count_asked)
@job("examine_https")
def examine_https() -> None:
    """Make the examination that was asked for, if none has been made meanwhile."""
    end_transaction()  # it waits for others' answers
    config = _config()
    if not count_asked(now()):
        return

    def tell(done: int, total: int, what: str) -> None:
        examination.note_progress(config, done, total)
        progress(done, total, what)

    try:
        # What it needs is large, and the worker never needs it before somebody asks.
        found = importlib.import_module("homeport.https.doctor").examine(config, tell)
    except Exception:
        log.exception("the examination broke")
        examination.fail(config)
        return
    examination.finish(config, [each.row for each in found], now())
