"""The engine's file is missing, locked, deleted or damaged: what is due has a row of its own, and is done anyway."""

import sqlite3
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import closing
from dataclasses import replace
from datetime import timedelta

from flask import Flask

from homeport.app import create_app
from homeport.core import clock
from homeport.core.config import Config
from homeport.core.db import commit, db
from homeport.jobs import queries, service, store
from tests.jobs.conftest import StartWorker, wait_until
from tests.jobs.mailservers import Sink

Ask = Callable[..., None]


def _queue_mail(config: Config, smtp_url: str) -> None:
    """As a request does: write the row, ask for the job, commit."""
    app = create_app(replace(config, smtp_url=smtp_url))
    with app.app_context():
        service.queue_mail("reader@example.com", "Hello", "text", now=clock.now())
        commit()
        db.engine.dispose()


def test_mail_queued_while_there_is_no_worker_and_no_file_is_sent_by_the_first_worker(
    config: Config, start_worker: StartWorker, sink: Sink
) -> None:
    _queue_mail(config, sink.url)
    assert not (config.data / "jobs.db").exists()
    start_worker(sink.url)
    wait_until(lambda: sink.mails)


def test_mail_is_sent_within_a_minute_after_the_file_was_deleted_under_the_worker(
    config: Config, start_worker: StartWorker, sink: Sink
) -> None:
    worker = start_worker(sink.url)
    for name in ("jobs.db", "jobs.db-wal", "jobs.db-shm"):
        (config.data / name).unlink(missing_ok=True)
    _queue_mail(config, sink.url)
    wait_until(lambda: sink.mails, seconds=60)
    assert worker.poll() is None
    assert len(sink.mails) == 1


def test_two_processes_that_make_the_file_at_once_wait_for_each_other(config: Config) -> None:
    with ThreadPoolExecutor(1) as pool, closing(sqlite3.connect(config.data / "jobs.db")) as other:
        other.execute("BEGIN IMMEDIATE")
        engine = store.open_engine(config, worker=True)
        opened = pool.submit(engine.connect)
        wait([opened], timeout=0.3)
        other.rollback()
        with opened.result() as connection:
            assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
    engine.dispose()


def test_damaged_file_is_put_aside_and_the_work_goes_on(config: Config, start_worker: StartWorker, sink: Sink) -> None:
    (config.data / "jobs.db").write_bytes(b"this is not a database" * 1000)
    _queue_mail(config, sink.url)
    start_worker(sink.url)
    wait_until(lambda: sink.mails)
    assert (config.data / "jobs.db.damaged").read_bytes().startswith(b"this is not")


def test_request_does_not_wait_for_a_locked_file(
    app: Flask, config: Config, start_worker: StartWorker, ask_for: Ask, done: Callable[[], Counter[str]]
) -> None:
    start_worker()
    with closing(sqlite3.connect(config.data / "jobs.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        # Were this to wait for the lock, it would give up before the next line lets go of it, and the job were lost.
        ask_for("chores", 1)
        other.execute("ROLLBACK")
    wait_until(lambda: done().total() == 1)


def test_worker_is_seen_while_it_lives_and_not_half_a_minute_later(
    app: Flask, config: Config, start_worker: StartWorker
) -> None:
    def seen(seconds_later: float = 0) -> bool:
        with app.app_context():
            return queries.worker_seen(clock.now() + timedelta(seconds=seconds_later))

    assert not seen()
    start_worker()
    wait_until(seen)
    assert not seen(31)
