"""The last try to get a certificate: when it was, what became of it, and when the next one is."""

import json
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

from homeport.core.config import Config

FILE = "attempt.json"


@dataclass(frozen=True)
class Attempt:
    """One try. `error` is one plain sentence without secrets, "" where it succeeded; `next_at` is when the next is."""

    at: datetime
    succeeded: bool
    error: str
    next_at: datetime | None


def note(config: Config, attempt: Attempt) -> None:
    """Keep the last try. Raises OSError where the folder of the edge can't be written."""
    path = _path(config)
    fresh = path.with_suffix(".new")
    fresh.write_text(json.dumps(asdict(attempt), default=datetime.isoformat), encoding="utf-8")
    fresh.replace(path)


def last(config: Config) -> Attempt | None:
    """The last try; None before the first."""
    try:
        noted = json.loads(_path(config).read_text(encoding="utf-8"))
        next_at = datetime.fromisoformat(noted["next_at"]) if noted["next_at"] else None
        return Attempt(datetime.fromisoformat(noted["at"]), noted["succeeded"], noted["error"], next_at)
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _path(config: Config) -> Path:
    return config.caddy_folder / FILE
