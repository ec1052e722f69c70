"""When a certificate was last asked for, how that went, and when the next try is due."""

import json
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from homeport.core.config import Config
from homeport.https import secret_files

FILE = "attempt.json"


@dataclass(frozen=True)
class Attempt:
    """One try. `error` is a sentence without secrets, "" where there was none; `next_at` is None where nobody knows."""

    at: datetime
    succeeded: bool
    error: str = ""
    next_at: datetime | None = None


def last(config: Config) -> Attempt | None:
    """The newest try, or None where there was none."""
    with suppress(OSError, ValueError, KeyError, TypeError):
        read = json.loads((config.caddy_folder / FILE).read_text())
        next_at = datetime.fromisoformat(read["next_at"]) if read["next_at"] else None
        return Attempt(datetime.fromisoformat(read["at"]), read["succeeded"], read["error"], next_at)
    return None


def note(config: Config, attempt: Attempt) -> None:
    """Write a try down, for whoever asks and for the time after a restart."""
    next_at = attempt.next_at.isoformat() if attempt.next_at else None
    row = {"at": attempt.at.isoformat(), "succeeded": attempt.succeeded, "error": attempt.error, "next_at": next_at}
    secret_files.write(config.caddy_folder, {FILE: json.dumps(row).encode()})
