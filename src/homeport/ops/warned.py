"""What owners have been written about the certificate, so that each is written once about each thing.

It is noted beside the certificate, because both belong to this machine. Losing the note sends nothing twice: the outbox
knows each mail by its key.
"""

import json
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from enum import Enum, auto

from homeport.core.config import Config
from homeport.https.queries import Standing

FILE = "warned.json"
PATIENCE = timedelta(hours=1)
"""How long a warning stands before it is mailed: a computer that was asleep renews first, and then there is no need."""
PATIENCE_WITHOUT = timedelta(days=1)
"""The same where there is no certificate: who sets up a blog, and opens its ports last, knows that."""


class Plan(Enum):
    """What is to be done about the certificate now."""

    NOTHING = auto()
    NOTE = auto()
    WARN = auto()
    FORGET = auto()
    CALM = auto()
    """Write that all is well again."""


@dataclass(frozen=True)
class Noted:
    """The stage of a certificate that ends at `ends` (None: there is none), seen first at `since`. `told`: owners were
    written about it; `worried`: they were written about this or another stage since all was well."""

    ends: datetime | None
    stage: int
    since: datetime
    told: bool = False
    worried: bool = False


def plan(found: Standing | None, noted: Noted | None, now: datetime) -> Plan:
    """What is to be done, for how the certificate stands and what was noted the last time."""
    if found is None:
        return Plan.NOTHING
    if found.stage is None:
        return Plan.NOTHING if noted is None else Plan.CALM if noted.worried else Plan.FORGET
    if noted is None or (noted.ends, noted.stage) != (found.ends, found.stage):
        return Plan.NOTE
    patience = PATIENCE * found.certificate.part if found.certificate else PATIENCE_WITHOUT
    return Plan.WARN if not noted.told and abs(now - noted.since) >= patience else Plan.NOTHING


def read(config: Config) -> Noted | None:
    """What was noted the last time; None for nothing."""
    try:
        kept = json.loads((config.caddy_folder / FILE).read_text(encoding="utf-8"))
        ends, since = kept.pop("ends"), datetime.fromisoformat(kept.pop("since"))
        return Noted(datetime.fromisoformat(ends) if ends else None, since=since, **kept)
    except (OSError, ValueError, KeyError, TypeError):
        return None


def write(config: Config, noted: Noted | None) -> None:
    """Note this in the place of what was noted; None for nothing. Raises OSError."""
    path = config.caddy_folder / FILE
    if noted is None:
        path.unlink(missing_ok=True)
        return
    path.parent.mkdir(mode=0o700, exist_ok=True)
    fresh = path.with_suffix(".new")
    fresh.write_text(json.dumps(asdict(noted), default=datetime.isoformat), encoding="utf-8")
    fresh.replace(path)
