"""When a certificate was last asked for, what came of it, and when next."""

from dataclasses import dataclass
from datetime import datetime

from homeport.core.config import Config


@dataclass(frozen=True)
class Attempt:
    """One attempt to get a certificate. `error` is one plain sentence, "" for none."""

    at: datetime
    succeeded: bool
    error: str
    next_at: datetime | None


def last(config: Config) -> Attempt | None:  # noqa: ARG001
    """The last one that is known; None for none."""
    return None
