"""What others ask about HTTPS: how the certificate stands, without reading it anew for each page."""

from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

from homeport.core.config import Config
from homeport.https import attempts, certificates, refusals
from homeport.https.attempts import Attempt
from homeport.https.certificates import Certificate

LOOK_AGAIN = timedelta(seconds=3)
"""How long an answer is believed before its file is looked at again."""
NOT_WELL = 3
"""The stage from which on something has to be done today."""


@dataclass(frozen=True)
class Standing:
    """How the certificate stands. `stage`: as in `Certificate.warning`, and 0 where there is no certificate at all;
    `failed`: the last try to get one, where that came to nothing; `refused`: a sentence where there is a new one that
    the edge does not take."""

    certificate: Certificate | None
    stage: int | None
    failed: Attempt | None = None
    refused: str = ""

    @property
    def ends(self) -> datetime | None:
        """When the certificate ends; None where there is none."""
        return self.certificate.ends if self.certificate else None

    @property
    def is_well(self) -> bool:
        """Whether readers can come, and nothing has to be done today."""
        return self.stage is None or self.stage > NOT_WELL


@dataclass(frozen=True)
class _Seen:
    """What was found at a moment; `file` tells whether it is still the same one."""

    at: datetime
    file: tuple[int, int] | None
    certificate: Certificate | None
    attempt: Attempt | None
    refused: str


chain = certificates.chain

_seen: dict[Config, _Seen] = {}


def standing(config: Config, now: datetime) -> Standing | None:
    """How the certificate stands at a moment; None where somebody else does the HTTPS, or nobody."""
    if not config.edge:
        return None
    seen = _seen.get(config)
    if seen is None or abs(now - seen.at) >= LOOK_AGAIN:
        seen = _seen[config] = _look(config, seen, now)
    stage = seen.certificate.warning(now) if seen.certificate else 0
    failed = seen.attempt if stage is not None and seen.attempt and not seen.attempt.succeeded else None
    return Standing(seen.certificate, stage, failed, seen.refused)


def _look(config: Config, before: _Seen | None, now: datetime) -> _Seen:
    file = None
    with suppress(OSError):
        found = certificates.shown(config).stat()
        file = found.st_ino, found.st_mtime_ns
    same = before is not None and before.file == file
    certificate = before.certificate if before and same else certificates.current(config)
    # Who tried last and why it failed is of interest only where something is wrong.
    all_well = certificate is not None and certificate.warning(now) is None
    return _Seen(now, file, certificate, None if all_well else attempts.last(config), refusals.sentence(config))
