"""Whether the place is well: each part as one word, cheap enough to be asked every second, and nobody's secret."""

import shutil
from collections.abc import Callable
from datetime import datetime

from flask import current_app
from sqlalchemy.exc import SQLAlchemyError

from homeport.core.db import is_alive
from homeport.jobs import queries as jobs

LEAST_FREE = 100 * 1024 * 1024
"""Bytes that have to be free for the data; below it a large upload could leave no room for the next post."""


def parts(now: datetime) -> dict[str, bool]:
    """Whether database, worker and disk are well."""
    return {
        "database": _holds(is_alive),
        "worker": _holds(lambda: jobs.worker_seen(now)),
        "disk": _holds(lambda: shutil.disk_usage(current_app.config["HOMEPORT"].data).free >= LEAST_FREE),
    }


def _holds(question: Callable[[], bool]) -> bool:
    try:
        return question()
    except (SQLAlchemyError, OSError):
        return False
