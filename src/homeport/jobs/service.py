"""Have something done later: declare a job, run it on a schedule, put it in the queue, send a mail.

A feature writes plain functions and knows nothing of the engine:

    @every(minutes=1, due=queries.count_due)
    @job("publish_due_posts")
    def publish_due_posts() -> None: ...

Rows of the domain are the record of what is due. A job must be idempotent and claim its rows by conditional update:
it runs at least once, and after a crash again from its last finished `step`.
"""

import json
from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, ParamSpec, Protocol, TypeVar
from urllib.parse import urlsplit
from uuid import uuid4

from flask import current_app
from sqlalchemy import delete, select

from homeport.core import mail
from homeport.core.config import Config
from homeport.core.db import after_commit, db
from homeport.core.errors import Problem
from homeport.core.ids import digest, token
from homeport.core.watching import job_queued
from homeport.jobs import outside
from homeport.jobs.models import Mail

P = ParamSpec("P")
R = TypeVar("R")
Count = Callable[[datetime], int]


@dataclass(frozen=True)
class Schedule:
    """A job the worker starts every `interval`; with `due`, only when that finds something to work on. `own_waits`:
    also after a failure, as `due` says itself when to try again."""

    interval: timedelta
    due: Count | None
    own_waits: bool = False


@dataclass(frozen=True)
class Progress:
    """How far a job is: `done` of `total` (0: unknown) `what`, such as posts."""

    done: int
    total: int
    what: str


class Run(Protocol):
    """What the worker offers to the job it runs."""

    def step(self, function: Callable[[], Any], name: str) -> Any:
        """Do a part once, in a transaction of its own."""

    def report(self, progress: Progress) -> None:
        """Show how far the job is."""


@dataclass(frozen=True)
class _Asked:
    """One call of `enqueue`; equal ones in a transaction become one job."""

    config: Config
    name: str
    args: tuple[Any, ...]
    dedupe: str | None
    job_id: str = field(default_factory=lambda: str(uuid4()), compare=False)

    def __call__(self) -> None:
        app = current_app._get_current_object()  # type: ignore[attr-defined]  # the proxy's own method
        job_queued.send(app, name=self.name, args=self.args, job_id=self.job_id)
        outside.enqueue(self.config, self.name, self.args, self.dedupe, self.job_id)


JOBS: dict[str, Callable[..., object]] = {}
SCHEDULES: dict[str, Schedule] = {}
DUE: dict[str, Count] = {}
current_run: ContextVar[Run | None] = ContextVar("current_run", default=None)


def job(name: str) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Register a function as a job. `name` is kept in the queue: never change it while jobs of that name wait.

    Arguments must be JSON (numbers, strings, lists): ids, not objects. The worker runs the function in an application
    context and commits once at its end. That is one writing transaction from the first query on, and others wait for
    it: put slow work after `end_transaction()`, and long work into steps. Raises ValueError for a name that is taken.
    """

    def register(function: Callable[P, R]) -> Callable[P, R]:
        if name in JOBS:
            raise ValueError(f"two jobs are named {name}")
        JOBS[name] = function
        return function

    return register


def name_of(function: Callable[..., object]) -> str:
    """The name a job is registered under; raises LookupError for a function that is none."""
    for name, known in JOBS.items():
        if known is function:
            return name
    raise LookupError(f"{function.__qualname__} is not a job; decorate it with @job")


def every(
    *, hours: float = 0, minutes: float = 0, seconds: float = 0, due: Count | None = None, own_waits: bool = False
) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Have the worker run a job regularly; stands above `@job`.

    With `due`, a function of the time that counts waiting rows, nothing is written anywhere while there are none; give
    one to everything more frequent than hourly. A job that failed is started at doubling intervals, up to an hour;
    with `own_waits`, its `due` says by itself when to try again.
    """
    interval = timedelta(hours=hours, minutes=minutes, seconds=seconds)

    def schedule(function: Callable[P, R]) -> Callable[P, R]:
        SCHEDULES[name_of(function)] = Schedule(interval, due, own_waits)
        return function

    return schedule


def due(label: str, count: Count) -> None:
    """Show on the jobs page how many rows wait: `due("Scheduled posts", queries.count_scheduled)`."""
    DUE[label] = count


def enqueue(function: Callable[P, object], *args: Any, dedupe: str | None = None) -> None:
    """Run a job as soon as possible after the current transaction has committed; not at all if it is rolled back.

    While a job with the same `dedupe` waits or runs, this one is dropped. When the queue cannot be written the job is
    lost, so whatever must happen also needs a row and a schedule that looks for it.
    """
    json.dumps(args)  # a TypeError here, where the mistake is, rather than in the log of another thread
    after_commit(_Asked(current_app.config["HOMEPORT"], name_of(function), args, dedupe))


def step(function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    """Do one part of a long job, in a transaction of its own, and remember that it is done.

    A job that was killed starts again from the top, with the results of the finished steps in the place of running
    them: call steps in the same order each time, and let them return JSON. Outside the worker it is a plain call.
    """
    run = current_run.get()
    if run is None:
        return function(*args, **kwargs)
    result: R = run.step(lambda: function(*args, **kwargs), function.__name__)
    return result


def progress(done: int, total: int, what: str) -> None:
    """Show on the jobs page how far this job is. Outside the worker it does nothing."""
    run = current_run.get()
    if run is not None:
        run.report(Progress(done, total, what))


def queue_mail(
    to: str,
    subject: str,
    text: str,
    *,
    now: datetime,
    html: str | None = None,
    expires_at: datetime | None = None,
    key: str | None = None,
    is_last: bool = False,
) -> Mail:
    """Put a mail into the outbox, in the caller's transaction. It leaves after the commit, but not after `expires_at`.

    A second mail with the same `key` is not queued: the first is returned. `is_last`: nothing of it is kept once it is
    sent, refused or too old. Raises Problem for an address no mail can go to. Line breaks in the subject become blanks.
    """
    try:
        mail.check_address(to)
    except ValueError as error:
        raise Problem(f"No mail can be sent to this address: {error}.", code="bad_address") from None
    host = urlsplit(current_app.config["HOMEPORT"].origin).hostname
    message_id = f"<{digest(key or token())[:40]}@{host}>"
    queued = db.session.scalar(select(Mail).where(Mail.message_id == message_id)) if key else None
    if queued is None:
        subject = mail.one_line(subject)
        queued = Mail(to=to, subject=subject, text=text, html=html, message_id=message_id, created_at=now)
        queued.next_attempt_at, queued.expires_at, queued.is_last = now, expires_at, is_last
        db.session.add(queued)
        if current_app.config["HOMEPORT"].smtp_url:
            enqueue(JOBS["send_mails"])
    return queued


def retry_mail(queued: Mail, now: datetime) -> None:
    """Send a mail again at a person's wish, even one that may have arrived. Raises Problem where nothing is to send."""
    if queued.status not in {"queued", "failed", "unknown"} or not (queued.text or queued.html):
        raise Problem("This mail can't be sent again.", status=409, code="mail_gone")
    queued.status, queued.next_attempt_at, queued.last_error = "queued", now, None
    enqueue(JOBS["send_mails"])


def forget_recipient(address: str) -> None:
    """Take every mail to an address out of the outbox, sent or not: nobody there is to be written to any more."""
    db.session.execute(delete(Mail).where(Mail.to == address))


def delete_mail(queued: Mail) -> None:
    """Take a mail out of the outbox. Raises Problem while it is being sent."""
    if queued.status == "sending":
        raise Problem("This mail is being sent right now.", status=409, code="mail_busy", hint="Wait a minute.")
    db.session.delete(queued)
