"""The job of the method dns: it gets the blog a certificate when one is due."""

import fcntl
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING

from flask import current_app

from homeport.core.clock import now
from homeport.core.config import Config
from homeport.core.errors import Problem
from homeport.core.lazily import Lazy
from homeport.https import certificates, renewals
from homeport.jobs.service import every, job

if TYPE_CHECKING:
    from homeport.https import dns01
else:
    dns01 = Lazy("homeport.https.dns01")  # 30 MB, which only a blog with the method dns should cost

log = logging.getLogger(__name__)


def count_due(moment: datetime) -> int:
    """How many certificates are due: one or none."""
    return int(renewals.due(current_app.config["HOMEPORT"], moment))


@every(seconds=5, due=count_due, own_waits=True)
@job("get_certificate_by_dns")
def get_certificate_by_dns() -> None:
    """Get a certificate and hand it to the edge. Raises Problem with the reason where that fails; the next try is then
    noted, and waits longer each time."""
    config: Config = current_app.config["HOMEPORT"]
    with _the_only_one(config) as alone:
        if not (alone and renewals.due(config, now())):
            return
        try:
            signed = dns01.obtain(config)
            renewals.keep(config, signed.key, signed.chain)
            _compare_with_the_clock(config)
        except Problem as problem:
            renewals.note(config, now(), problem.message)
            raise
        except Exception as error:  # a defect of ours, or of a provider's part; it may hold a secret
            renewals.note(config, now(), "Something went wrong that should not have; the log has the kind of error.")
            log.error("getting a certificate failed: %s", type(error).__name__)
            raise Problem(f"A defect: {type(error).__name__}.", code="unexpected") from None
        renewals.note(config, now())


def _compare_with_the_clock(config: Config) -> None:
    # It is kept all the same: readers' clocks decide. But asking again at once would not bring another one.
    held, moment = certificates.current(config), now()
    if held is None or not held.begins <= moment < renewals.renewed_at(held):
        raise Problem(
            "The new certificate is not valid at the time that this machine's clock shows: is the clock right?",
            code="wrong_clock",
        )


@contextmanager
def _the_only_one(config: Config) -> Iterator[bool]:
    """Whether nobody else on this machine is at it."""
    config.caddy_folder.mkdir(mode=0o700, exist_ok=True)
    with (config.caddy_folder / "getting.lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            yield False
        else:
            yield True
