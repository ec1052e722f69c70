"""The daily look at the audit log. What it came to is noted in the data directory, with the hash of the last event: a
log whose end is cut off later no longer has that hash, which the log alone could not show.
"""

import json
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

from homeport.accounts import audit
from homeport.core.config import Config

FILE = "audit-check"


@dataclass(frozen=True)
class Checked:
    """What a check came to. `hash` is the last event's at the last check that found no fault."""

    at: datetime
    events: int
    hash: str
    faults: tuple[str, ...] = ()


def check(config: Config, now: datetime) -> Checked:
    """Follow the chain, and look for the hash noted the last time; notes what it came to."""
    before = last(config)
    found = audit.verify(before.hash if before else "")
    known = before.hash if before and found.faults else found.last_hash
    checked = Checked(now, found.events, "" if known == audit.BEGINNING else known, tuple(found.faults[:20]))
    _note(config, checked)
    return checked


def last(config: Config) -> Checked | None:
    """What the last check came to; None where there was none."""
    try:
        noted = json.loads(_path(config).read_text(encoding="utf-8"))
        return Checked(datetime.fromisoformat(noted["at"]), noted["events"], noted["hash"], tuple(noted["faults"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _note(config: Config, checked: Checked) -> None:
    fresh = _path(config).with_suffix(".new")
    with suppress(OSError):  # a full disk: the next check notes it
        fresh.write_text(json.dumps({**asdict(checked), "at": checked.at.isoformat()}), encoding="utf-8")
        fresh.replace(_path(config))


def _path(config: Config) -> Path:
    return config.data / FILE
