"""The jobs of `jobs` itself: sending the outbox, and clearing away what is old."""

import logging
import random
from datetime import datetime, timedelta
from email.message import EmailMessage
from urllib.parse import urlsplit

from flask import current_app
from sqlalchemy import delete, select, update

from homeport.core import mail
from homeport.core.clock import now
from homeport.core.config import Config
from homeport.core.db import after_commit, db, empty_log, end_transaction
from homeport.jobs import outside, queries
from homeport.jobs.models import Mail
from homeport.jobs.service import due, every, job

log = logging.getLogger(__name__)
LEASE = timedelta(minutes=10)
"""How long a worker may hold a mail; far longer than `mail.Server` allows it to take."""
GIVE_UP_AFTER = timedelta(days=5)  # RFC 5321, 4.5.4.1: "at least 4-5 days"
LONGEST_WAIT_MINUTES = 360
KEEP_JOBS = timedelta(days=14)
KEEP_MAILS = timedelta(days=30)


@every(seconds=30, due=queries.count_sendable)
@job("send_mails")
def send_mails() -> None:
    """Send every mail that is due, over one connection; stop at the first sign that the server is not well."""
    config: Config = current_app.config["HOMEPORT"]
    settle(now())
    end_transaction()
    if not config.smtp_url:
        return
    server = mail.server_of(config.smtp_url, own_name(config))
    with mail.Courier(server) as courier:
        while (claimed := claim(now())) is not None:
            _send(courier, config, claimed)
            if not courier.is_connected:
                return


def settle(moment: datetime) -> None:
    """Decide about the mails that time has decided about: expired ones, and those whose worker died over them."""
    expired = update(Mail).where(Mail.status == "queued", Mail.expires_at <= moment)
    db.session.execute(
        expired.values(status="failed", text="", html=None, last_error="It expired before it could be sent.")
    )
    left = update(Mail).where(Mail.status == "sending", Mail.next_attempt_at <= moment)
    db.session.execute(
        left.values(status="unknown", last_error="The worker ended while it was handing this mail over.")
    )
    forget_last_ones()


def forget_last_ones() -> None:
    """Delete the mails to people without an account that nothing is left to be done with, whatever became of them."""
    settled = (Mail.is_last.is_(True), Mail.status.in_(["sent", "failed", "unknown"]))
    if db.session.scalars(delete(Mail).where(*settled).returning(Mail.id)).all():
        after_commit(_empty_log)


def _empty_log() -> None:
    empty_log()  # where somebody is reading, the chore of every day does it


def claim(moment: datetime) -> Mail | None:
    """The next due mail, marked as ours and committed; None when there is none, or another worker was quicker."""
    next_one = (
        select(Mail.id)
        .where(Mail.status == "queued", Mail.next_attempt_at <= moment)
        .order_by(Mail.next_attempt_at, Mail.id)
        .limit(1)
        .scalar_subquery()
    )
    found = db.session.scalar(
        update(Mail)
        .where(Mail.id == next_one, Mail.status == "queued")
        .values(status="sending", attempts=Mail.attempts + 1, next_attempt_at=moment + LEASE)
        .returning(Mail)
    )
    if found is not None:
        db.session.expunge(found)  # no look at it later may begin a transaction
    end_transaction()
    return found


def _send(courier: mail.Courier, config: Config, claimed: Mail) -> None:
    outcome: dict[str, object]
    try:
        courier.hand_over(_message(config, claimed))
        outcome = {"status": "sent", "text": "", "html": None, "last_error": None, "sent_at": now()}
    except (mail.Refused, ValueError) as error:
        outcome = {"status": "failed", "last_error": str(error)}
    except mail.TryAgain as error:
        outcome = again(claimed, now(), str(error))
    except mail.Unanswered as error:
        outcome = {"status": "unknown", "last_error": f"{error}, after it had taken the whole mail"}
    mine = (Mail.id == claimed.id, Mail.status == "sending", Mail.attempts == claimed.attempts)
    db.session.execute(update(Mail).where(*mine).values(**outcome))
    forget_last_ones()
    end_transaction()
    log.info("mail %s", outcome["status"], extra={"mail": claimed.id, "why": outcome["last_error"]})


def _message(config: Config, claimed: Mail) -> EmailMessage:
    return mail.build(
        config.mail_from or f"homeport@{own_name(config)}",
        claimed.to,
        claimed.subject,
        claimed.text,
        html=claimed.html,
        message_id=claimed.message_id,
        date=claimed.created_at,
    )


def own_name(config: Config) -> str:
    """The name this machine goes by, without a port."""
    return urlsplit(config.origin).hostname or "localhost"


def again(claimed: Mail, moment: datetime, reason: str) -> dict[str, object]:
    """The columns of a mail to be tried again: after 1, 2, 4 … minutes, at most 6 hours, with a fifth of jitter."""
    if moment >= claimed.created_at + GIVE_UP_AFTER:
        return {"status": "failed", "last_error": f"Given up after five days: {reason}"}
    minutes = min(2.0 ** min(claimed.attempts - 1, 10), LONGEST_WAIT_MINUTES)
    wait = timedelta(minutes=minutes * random.uniform(0.8, 1.2))  # noqa: S311 (spreads load, hides nothing)
    return {"status": "queued", "last_error": reason, "next_attempt_at": moment + wait}


@every(hours=24)
@job("clean_jobs")
def clean_jobs() -> None:
    """Forget ended jobs after 14 days and sent mails after 30; failed mails stay until somebody deletes them."""
    moment = now()
    clean_mails(moment)
    end_transaction()
    while outside.ask("clean", current_app.config["HOMEPORT"], moment - KEEP_JOBS):
        pass


def clean_mails(moment: datetime) -> None:
    """Forget the mails that were sent 30 days before a moment, and what stands in those that have expired."""
    db.session.execute(delete(Mail).where(Mail.status == "sent", Mail.sent_at < moment - KEEP_MAILS))
    expired = update(Mail).where(Mail.status.in_(["failed", "unknown"]), Mail.expires_at <= moment, Mail.text != "")
    db.session.execute(expired.values(text="", html=None))


due("Mails", queries.count_waiting)
