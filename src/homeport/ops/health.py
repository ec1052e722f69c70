"""Whether the place is well: each part as one word, cheap enough to be asked every second, and nobody's secret."""

import shutil
from collections.abc import Callable
from datetime import datetime

from flask import current_app
from sqlalchemy.exc import SQLAlchemyError

from homeport.core.config import Config
from homeport.core.db import is_alive
from homeport.https import queries as https
from homeport.https.queries import Standing
from homeport.jobs import queries as jobs

LEAST_FREE = 100 * 1024 * 1024
"""Bytes that have to be free for the data; below it a large upload could leave no room for the next post."""


OK, ENDS_SOON, REFUSED, NOT_OK = "ok", "ends soon", "new one refused", "not ok"


def parts(now: datetime) -> dict[str, str]:
    """How database, worker and disk are, and the certificate where the blog does the HTTPS itself, as a word each."""
    config: Config = current_app.config["HOMEPORT"]
    found = {
        "database": _holds(is_alive),
        "worker": _holds(lambda: jobs.worker_seen(now)),
        "disk": _holds(lambda: shutil.disk_usage(config.data).free >= LEAST_FREE),
    }
    words = {name: OK if well else NOT_OK for name, well in found.items()}
    return words | _certificate(https.standing(config, now))


def is_well(words: dict[str, str]) -> bool:
    """Whether nothing has to be done at once."""
    return NOT_OK not in words.values()


def _certificate(found: Standing | None) -> dict[str, str]:
    if found is None:
        return {}
    if not found.is_well:
        return {"certificate": NOT_OK}
    return {"certificate": REFUSED if found.refused else OK if found.stage is None else ENDS_SOON}


def _holds(question: Callable[[], bool]) -> bool:
    try:
        return question()
    except (SQLAlchemyError, OSError):
        return False
