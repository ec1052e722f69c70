"""The worker is killed or ended in the middle of a job, and nobody lends a hand."""

import os
import signal
import sqlite3
from collections import Counter
from collections.abc import Callable

import pytest
from flask import Flask
from sqlalchemy import select

from homeport.core import clock
from homeport.core.config import Config
from homeport.core.db import commit, db, reading
from homeport.jobs import service
from homeport.jobs import worker as worker_module
from homeport.jobs.models import Mail
from homeport.serving import lifeline
from tests.jobs.conftest import StartWorker, wait_until
from tests.jobs.mailservers import Slow, running

Done = Callable[[], Counter[str]]
Ask = Callable[..., None]


def _each_once(total: int) -> Counter[str]:
    return Counter(f"chore-{number}" for number in range(total))


def test_job_killed_within_a_step_goes_on_with_that_step(start_worker: StartWorker, ask_for: Ask, done: Done) -> None:
    worker = start_worker()
    ask_for("chores", 30, 17)
    assert worker.wait(30) == -signal.SIGKILL
    assert done() == _each_once(17)
    start_worker()
    wait_until(lambda: len(done()) == 30)
    assert done() == _each_once(30)


def test_worker_killed_again_and_again_loses_no_step(start_worker: StartWorker, ask_for: Ask, done: Done) -> None:
    worker = start_worker()
    ask_for("chores", 60)
    for kill in range(1, 3):
        wait_until(lambda kill=kill: len(done()) >= kill * 20)  # type: ignore[misc]  # bound early
        worker.kill()
        worker.wait()
        worker = start_worker()
    wait_until(lambda: len(done()) == 60)
    # Killed between the commit of a step and its record, that one step is done again: at least once, as promised.
    repeated = done() - _each_once(60)
    assert repeated.total() <= 2
    assert set(done()) == set(_each_once(60))


def test_worker_killed_while_it_sends_mails_sends_none_twice(
    app: Flask, start_worker: StartWorker, config: Config
) -> None:
    def statuses() -> Counter[str]:
        with app.app_context(), reading():
            return Counter(db.session.scalars(select(Mail.status)))

    with app.app_context():
        for number in range(40):
            service.queue_mail(f"reader{number}@example.com", "Hello", "text", now=clock.now())
        commit()
    with running(Slow()) as sink:
        for kill in (1, 2):
            worker = start_worker(sink.url)
            wait_until(lambda kill=kill: len(sink.mails) >= kill * 10)  # type: ignore[misc]  # bound early
            worker.kill()
            worker.wait()
        start_worker(sink.url)
        wait_until(lambda: not statuses()["queued"] and statuses()["sending"] <= 2)
    # What a killed worker held stays with it until its lease ends, and is then unknown: it may have been handed over.
    assert statuses()["sent"] + statuses()["sending"] == 40
    arrived = [mail["Message-ID"] for mail in sink.mails]
    assert len(arrived) == len(set(arrived)) >= statuses()["sent"]


def test_sigterm_in_a_long_job_ends_in_seconds_and_the_next_worker_finishes_it(
    start_worker: StartWorker, ask_for: Ask, done: Done, config: Config
) -> None:
    worker = start_worker()
    ask_for("chores_until_told")
    wait_until(lambda: len(done()) == 1)
    worker.terminate()
    assert worker.wait(60) == 0  # it has not waited for the job, which goes on only when it is told below
    assert worker_module.GRACE_SECONDS < lifeline.GRACE_SECONDS / 2  # after that the supervisor kills it
    (config.data / "go-on").touch()
    start_worker()
    wait_until(lambda: len(done()) == 2)
    assert done() == _each_once(2)


def test_job_that_runs_when_its_worker_ends_leaves_no_stack_trace_in_the_log(
    start_worker: StartWorker, ask_for: Ask, done: Done, config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EXIT_AFTER_FILE", "thrown-out")
    worker = start_worker()
    ask_for("chores_without_end")
    wait_until(lambda: len(done()) == 1)
    worker.terminate()
    assert worker.wait(60) == 0
    assert "Traceback" not in (config.data / "worker.log").read_text()


def test_second_worker_leaves_the_first_ones_job_alone_and_takes_it_up_when_that_is_gone(
    start_worker: StartWorker, ask_for: Ask, done: Done, config: Config
) -> None:
    first = start_worker()
    ask_for("chores_until_told")
    wait_until(lambda: len(done()) == 1)
    start_worker()
    os.kill(first.pid, signal.SIGKILL)
    first.wait()
    # Its last sign of life grows old (here by a date in its row), and it does not come back.
    with sqlite3.connect(config.data / "jobs.db") as books:
        books.execute("UPDATE homeport_workers SET seen = seen - 3600 WHERE name = 'worker-0'")
    books.close()
    (config.data / "go-on").touch()
    wait_until(lambda: len(done()) == 2)
    assert done() == _each_once(2)
