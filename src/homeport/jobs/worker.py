"""The worker: the one process that runs jobs.

It gives a sign of life, asks each schedule's question when its time has come, takes up what dead workers left, and
starts afresh when the engine's file was replaced under it. Intervals are measured by the monotonic clock, so that
setting the machine's clock moves no schedule.
"""

import fcntl
import logging
import platform
import traceback
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from itertools import count
from time import monotonic
from typing import Any, TypeVar

from dbos import DBOS, PortableWorkflowError
from flask import Flask
from sqlalchemy import Engine, delete

from homeport.core.clock import now
from homeport.core.config import Config, make_folder
from homeport.core.db import commit, reading
from homeport.core.errors import Problem
from homeport.core.signals import Wish
from homeport.core.watching import job_begins, job_ended
from homeport.jobs import engine as background
from homeport.jobs import store
from homeport.jobs.service import JOBS, SCHEDULES, Progress, current_run

T = TypeVar("T")
log = logging.getLogger(__name__)
SIGN_SECONDS = 10.0
GRACE_SECONDS = 3
LONGEST_WAIT = timedelta(hours=1)


def run_worker(app: Flask, stop: Wish) -> None:
    """Run jobs until `stop` is set; then return within a few seconds, leaving unfinished jobs to the next worker."""
    config: Config = app.config["HOMEPORT"]
    make_folder(config)
    with _name(config) as name:
        while not stop.is_set():
            _Worker(app, config, name).run(stop)


@contextmanager
def _name(config: Config) -> Iterator[str]:
    # The lowest free number: a worker that is started again gets its old name, and with it the jobs it was killed in.
    # The lock goes away with the process, however it ends.
    host = "" if store.path(config) else f"{platform.node()}-"
    for number in count():
        with (config.data / f"worker-{number}.lock").open("w") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                continue
            yield f"{host}worker-{number}"
            return


class _Worker:
    def __init__(self, app: Flask, config: Config, name: str) -> None:
        self.app, self.config, self.name = app, config, name
        self.failures: Counter[str] = Counter()
        self.running: set[str] = set()
        self.agenda = dict.fromkeys(SCHEDULES, monotonic())  # at the start everything is looked at once

    def run(self, stop: Wish) -> None:
        store.put_damaged_aside(self.config)
        engine = store.open_engine(self.config, worker=True)
        background.launch(engine, self.name, {name: self._job(engine, name) for name in JOBS})
        file, next_sign = self._file(), monotonic()
        log.info("worker is ready", extra={"worker": self.name})
        try:
            while not stop.wait(0.5):
                if self._file() != file:
                    log.warning("jobs.db was removed or replaced; starting with a new one")
                    break
                if monotonic() >= next_sign:
                    next_sign = monotonic() + SIGN_SECONDS
                    _survive(self._sign, engine)
                self._look_for_work()
        finally:
            background.stop(GRACE_SECONDS if self.running else 0)
            engine.dispose()

    def _file(self) -> tuple[int, int] | None:
        path = store.path(self.config)
        try:
            return (path.stat().st_dev, path.stat().st_ino) if path else None
        except FileNotFoundError:
            return (0, 0)

    def _sign(self, engine: Engine) -> None:
        moment = now()
        next_runs = {job: moment.timestamp() + at - monotonic() for job, at in self.agenda.items()}
        store.sign_of_life(engine, self.name, moment, next_runs)
        background.adopt(engine, moment)

    def _look_for_work(self) -> None:
        for job, at in self.agenda.items():
            if monotonic() >= at:
                _survive(self._ask, job)
                schedule = SCHEDULES[job]
                interval = schedule.interval
                waits = interval * 2 ** min(0 if schedule.own_waits else self.failures[job], 12)
                self.agenda[job] = monotonic() + max(interval, min(waits, LONGEST_WAIT)).total_seconds()

    def _ask(self, job: str) -> None:
        due = SCHEDULES[job].due
        with self.app.app_context(), reading():
            if due is not None and not due(now()):
                return
        background.enqueue(self.config, job, (), f"schedule {job}")

    def _job(self, engine: Engine, name: str) -> Callable[..., None]:
        def run(*args: Any) -> None:
            job_id = str(DBOS.workflow_id)
            token = current_run.set(_Run(self.app, engine, job_id))
            self.running.add(job_id)
            failed: Exception | None = None
            job_begins.send(self.app, name=name, args=args, job_id=job_id)
            try:
                _in_transaction(self.app, lambda: JOBS[name](*args))
            except Exception as error:
                failed = error
                self.failures[name] += 1
                raise _failure(error) from error
            finally:
                job_ended.send(self.app, job_id=job_id, error=failed)
                self.running.discard(job_id)
                current_run.reset(token)
            self.failures[name] = 0

        return run


class _Run:
    """The running job, for `service.step` and `service.progress`."""

    def __init__(self, app: Flask, engine: Engine, job_id: str) -> None:
        self.app, self.engine, self.job_id = app, engine, job_id
        self.shown = 0.0

    def step(self, function: Callable[[], Any], name: str) -> Any:
        commit()  # what the job did before: its write lock would stand in the step's way
        return DBOS.run_step({"name": name}, _in_transaction, self.app, function)

    def report(self, progress: Progress) -> None:
        if monotonic() < self.shown + 1 and progress.done != progress.total:
            return  # nobody reads faster
        self.shown = monotonic()
        with self.engine.begin() as connection:
            connection.execute(delete(store.progress).where(store.progress.c.job_id == self.job_id))
            connection.execute(store.progress.insert().values(job_id=self.job_id, **vars(progress)))


def _survive(action: Callable[[T], None], argument: T) -> None:
    # The worker outlives a database that is away for a while.
    try:
        action(argument)
    except Exception:
        log.exception("the worker could not %s", action.__name__.strip("_"), extra={"about": argument})


def _in_transaction(app: Flask, function: Callable[[], Any]) -> Any:
    with app.app_context():
        result = function()
        commit()
        return result


def _failure(error: Exception) -> PortableWorkflowError:
    kind = type(error).__name__
    reason = error.message if isinstance(error, Problem) else f"{kind}: {error}"
    return PortableWorkflowError(reason, kind, data="".join(traceback.format_exception(error)))
