"""What is done for HTTPS in the background: certificates that don't lapse, and looking what is in the way."""

import fcntl
import importlib
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

from flask import current_app

from homeport.core.clock import now
from homeport.core.config import Config
from homeport.core.db import end_transaction
from homeport.core.errors import Problem
from homeport.core.lazily import Lazy
from homeport.https import attempts, caddy, certificates, examination, renewals
from homeport.jobs.service import enqueue, every, job, progress

if TYPE_CHECKING:
    from homeport.https import dns01
else:
    dns01 = Lazy("homeport.https.dns01")  # 30 MB, which only a blog with the method dns should cost

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


def count_due(moment: datetime) -> int:
    """How many certificates are due: one or none."""
    return int(renewals.due(_config(), moment))


@every(seconds=5, due=count_due, own_waits=True)
@job("get_certificate_by_dns")
def get_certificate_by_dns() -> None:
    """Get a certificate and hand it to the edge. Raises Problem with the reason where that fails; the next try is then
    noted, and waits longer each time."""
    config = _config()
    with _the_only_one(config) as alone:
        if not (alone and renewals.due(config, now())):
            return
        try:
            renewals.begin(config)
            signed = dns01.obtain(config)
            renewals.keep(config, signed.key, signed.chain)
            _compare_with_the_clock(config)
        except Problem as problem:
            renewals.note(config, now(), problem.message)
            raise
        except OSError as error:
            why = f"The folder {config.caddy_folder} can't be written: {error.strerror or error}."
            raise Problem(why, status=507, code="storage_failed") from None
        except Exception as error:  # a defect of ours, or of a provider's part; it may hold a secret
            renewals.note(config, now(), "Something went wrong that should not have; the log has the kind of error.")
            log.error("getting a certificate failed: %s", type(error).__name__)
            raise Problem(f"A defect: {type(error).__name__}.", code="unexpected") from None
        renewals.note(config, now())


def try_now(config: Config, moment: datetime) -> None:
    """Have a certificate asked for at once, for somebody who has mended what was in the way."""
    if config.https_method != "dns":
        enqueue(start_edge_again, dedupe="start_edge_again")
    elif last := attempts.last(config):
        attempts.note(config, replace(last, next_at=moment))


@job("start_edge_again")
def start_edge_again() -> None:
    """End the edge, which is started again at once, and then asks for what it lacks. Caddy's waits grow to six hours,
    and only a start ends them. It is no web process's affair: the edge waits for the end of their answers.

    Raises ConfigError where it does not run: it asks as soon as it does.
    """
    caddy.end(_config())


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
