"""Writing to the owners when the certificate is about to end or missing, and when it is good again."""

import logging
from dataclasses import replace
from datetime import datetime

from flask import current_app

from homeport.accounts import queries as accounts
from homeport.core.clock import now
from homeport.core.config import Config
from homeport.core.db import end_transaction
from homeport.https import queries as https
from homeport.https.queries import Standing
from homeport.jobs.service import every, job
from homeport.ops import mails, warned
from homeport.ops.warned import Noted, Plan

log = logging.getLogger(__name__)


def count_untold(moment: datetime) -> int:
    """1 while there is something to note or to write about the certificate."""
    config: Config = current_app.config["HOMEPORT"]
    return int(warned.plan(https.standing(config, moment), warned.read(config), moment) is not Plan.NOTHING)


@every(seconds=30, due=count_untold)
@job("warn_of_certificate")
def warn_of_certificate() -> None:
    """Write to every owner, once for each stage of each certificate, and once when all is well again."""
    look_after_certificate(current_app.config["HOMEPORT"], now())


def look_after_certificate(config: Config, moment: datetime) -> None:
    """Do what is to be done at a moment. The mails are committed before the note that they need no second time."""
    found, noted = https.standing(config, moment), warned.read(config)
    what = warned.plan(found, noted, moment)
    if found is None or what is Plan.NOTHING:
        return
    if what in {Plan.WARN, Plan.CALM}:
        _tell(config, found, noted, moment)
    end_transaction()
    warned.write(config, _after(found, noted, what, moment))


def _tell(config: Config, found: Standing, noted: Noted | None, moment: datetime) -> None:
    letter = mails.certificate(config, found)
    for user in accounts.owners():
        mails.send(user, letter, mails.key(found, noted, user), moment)
    log.warning("the owners are told of the certificate", extra={"subject": letter.subject})


def _after(found: Standing, noted: Noted | None, what: Plan, moment: datetime) -> Noted | None:
    if found.stage is None:
        return None
    if what is Plan.WARN and noted is not None:
        return replace(noted, told=True, worried=True)
    worried = noted is not None and noted.worried
    return Noted(found.ends, found.stage, moment, worried=worried)
