"""The owner looks at the jobs page, and tries again, cancels or deletes there."""

import re
import sqlite3
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from html import unescape

import pytest
import time_machine
from flask import Flask

from homeport.app import FEATURES
from homeport.core import clock
from homeport.core.config import Config
from homeport.core.db import commit, db
from homeport.jobs import jobs, service
from homeport.jobs.models import Mail
from homeport.jobs.service import JOBS, SCHEDULES
from tests.cast import Cast, Person
from tests.conftest import Browser
from tests.jobs import chores
from tests.jobs.conftest import StartWorker, wait_until

PAGE = "/admin/jobs"
Login = Callable[[Person], Browser]
Ask = Callable[..., None]
Done = Callable[[], Counter[str]]


@pytest.fixture
def olga(browser: Login, everybody: Cast) -> Browser:
    """The owner's browser."""
    return browser(everybody.olga)


def _page(who: Browser) -> str:
    """The page as a person reads it: words without tags."""
    answer = who.get(PAGE)
    assert answer.status_code == 200
    return " ".join(unescape(re.sub("<[^>]*>", " ", answer.text)).split())


def _job_id(config: Config, name: str) -> str:
    with closing(sqlite3.connect(config.data / "jobs.db")) as books:
        [row] = books.execute("SELECT workflow_uuid FROM workflow_status WHERE name = ?", [name])
    return str(row[0])


def _queue(app: Flask, **columns: str) -> int:
    with app.app_context():
        queued = service.queue_mail(
            "reader@example.com", "Hello", "a secret link", now=datetime(2026, 11, 22, tzinfo=UTC)
        )
        for name, value in columns.items():
            setattr(queued, name, value)
        commit()
        return queued.id


def _mail(app: Flask, mail_id: int) -> Mail | None:
    with app.app_context():
        return db.session.get(Mail, mail_id)


def test_owner_of_a_new_blog_reads_that_nothing_was_done_and_no_worker_runs(olga: Browser) -> None:
    page = _page(olga)
    assert "The worker is not running" in page
    assert "Nothing runs at the moment." in page
    assert "No mail waits." in page
    assert "Send mails 30 seconds when the worker runs" in page


def test_owner_sees_when_schedules_run_next_while_the_worker_runs(olga: Browser, start_worker: StartWorker) -> None:
    start_worker()
    wait_until(lambda: "The worker is not running" not in _page(olga))
    page = _page(olga)
    # Tests of a room that is taken out of FEATURES load its schedules here all the same; the worker does not know them.
    served = [name for name in SCHEDULES if JOBS[name].__module__.split(".")[1] in FEATURES]
    assert len(served) >= 5
    for name in served:
        row = re.search(rf"{name.replace('_', ' ').capitalize()} \d+ \w+ (.{{30}})", page)
        assert row, name
        assert "when the worker runs" not in row[1], name
    wait_until(lambda: "Clean jobs Done" in _page(olga))


def test_owner_sees_progress_and_cancels(
    olga: Browser, start_worker: StartWorker, ask_for: Ask, done: Done, config: Config
) -> None:
    start_worker()
    ask_for("chores_until_told")
    wait_until(lambda: "1 of 2" in _page(olga))
    assert '<progress aria-label="Chores" max="2" value="1">' in olga.get(PAGE).text
    cancelled = olga.submit(f"{PAGE}/{_job_id(config, 'chores_until_told')}/cancel")
    assert (cancelled.status_code, cancelled.location) == (303, PAGE)
    (config.data / "go-on").touch()
    wait_until(lambda: "Chores until told Cancelled" in _page(olga))
    assert done() == Counter({"chore-0": 1})
    olga.submit(f"{PAGE}/{_job_id(config, 'chores_until_told')}/retry")
    wait_until(lambda: done() == Counter({"chore-0": 1, "chore-1": 1}))


def test_owner_reads_why_a_job_failed_and_lets_it_go_on(
    olga: Browser, start_worker: StartWorker, ask_for: Ask, done: Done, config: Config
) -> None:
    start_worker()
    ask_for("broken_until_repaired")
    wait_until(lambda: "Broken until repaired Failed" in _page(olga))
    page = _page(olga)
    assert "RuntimeError: the pipe is broken" in page
    assert "Details Traceback" in page
    (config.data / "repaired").touch()
    assert olga.submit(f"{PAGE}/{_job_id(config, 'broken_until_repaired')}/retry").status_code == 303
    wait_until(lambda: "Broken until repaired Done" in _page(olga))
    assert done() == Counter({"chore-0": 1, "chore-1": 1})  # what had succeeded was not done again


def test_job_that_is_done_can_be_neither_tried_again_nor_cancelled(
    olga: Browser, start_worker: StartWorker, ask_for: Ask, config: Config
) -> None:
    start_worker()
    ask_for("chores", 1)
    wait_until(lambda: "Chores 1 Done" in _page(olga))
    for action in ("retry", "cancel"):
        assert olga.submit(f"{PAGE}/{_job_id(config, 'chores')}/{action}").status_code == 409
    assert olga.submit(f"{PAGE}/no-such-job/retry").status_code == 404


def test_waiting_job_is_listed_and_cancelled_before_a_worker_comes(
    olga: Browser, start_worker: StartWorker, ask_for: Ask, config: Config, done: Done
) -> None:
    worker = start_worker()
    worker.terminate()
    worker.wait()
    ask_for("chores", 1)
    wait_until(lambda: "Chores 1 Waiting" in _page(olga))
    olga.submit(f"{PAGE}/{_job_id(config, 'chores')}/cancel")
    assert "Chores 1 Cancelled" in _page(olga)


def test_jobs_that_ended_two_weeks_ago_are_forgotten(
    app: Flask, olga: Browser, start_worker: StartWorker, ask_for: Ask
) -> None:
    start_worker()
    ask_for("chores", 1)
    wait_until(lambda: "Chores 1 Done" in _page(olga))
    for days, kept in ((13, True), (15, False)):
        with app.app_context(), time_machine.travel(clock.now() + timedelta(days=days)):
            jobs.clean_jobs()
        assert ("Chores 1 Done" in _page(olga)) is kept


def test_same_job_asked_for_twice_waits_once_and_one_of_a_failed_request_never(
    app: Flask, olga: Browser, start_worker: StartWorker, ask_for: Ask
) -> None:
    worker = start_worker()
    worker.terminate()
    worker.wait()
    for _ in range(3):
        ask_for("chores", 1, dedupe="one of these")
    with app.app_context():
        service.enqueue(chores.chores, 2)
        db.session.rollback()
        service.enqueue(chores.chores, 3)
        service.enqueue(chores.chores, 3)
        commit()
    wait_until(lambda: "Chores 3 Waiting" in _page(olga))
    page = _page(olga)
    assert [page.count(f"Chores {number} Waiting") for number in (1, 2, 3)] == [1, 0, 1]


def test_owner_sees_mail_wait_for_a_mail_server_and_deletes_it(app: Flask, olga: Browser) -> None:
    waiting = _queue(app)
    page = _page(olga)
    assert "These wait, because no mail server is set." in page
    assert "Hello Waiting" in page
    assert "reader@example.com" in page
    assert "a secret link" not in page
    assert olga.submit(f"{PAGE}/mails/{waiting}/delete").status_code == 303
    assert _mail(app, waiting) is None
    assert "No mail waits." in _page(olga)


def test_owner_reads_why_a_mail_failed_and_sends_it_again(app: Flask, olga: Browser) -> None:
    failed = _queue(app, status="failed", last_error="the mail server said 550 no <b>such</b> person")
    answer = olga.get(PAGE).text
    assert "The mail server said 550 no &lt;b&gt;such&lt;/b&gt; person." in answer
    assert olga.submit(f"{PAGE}/mails/{failed}/retry").status_code == 303
    again = _mail(app, failed)
    assert again is not None
    assert (again.status, again.last_error) == ("queued", None)
    assert again.next_attempt_at <= clock.now()


def test_mail_that_is_being_sent_is_left_alone(app: Flask, olga: Browser) -> None:
    sending = _queue(app, status="sending")
    for action in ("retry", "delete"):
        assert olga.submit(f"{PAGE}/mails/{sending}/{action}").status_code == 409
    assert olga.submit(f"{PAGE}/mails/{sending + 1}/delete").status_code == 404


def test_unreadable_list_of_jobs_is_said_and_the_rest_is_shown(olga: Browser, config: Config) -> None:
    (config.data / "jobs.db").write_bytes(b"this is not a database" * 1000)
    page = _page(olga)
    assert "The list of jobs cannot be read." in page
    assert "No mail waits." in page


def test_nobody_but_the_owner_gets_in(
    app: Flask, client: Browser, browser: Login, everybody: Cast, olga: Browser
) -> None:
    waiting = _queue(app)
    delete = f"{PAGE}/mails/{waiting}/delete"
    assert client.get(PAGE).status_code == 303
    assert client.submit(delete).status_code == 401
    for person in (everybody.eve, everybody.alice, everybody.charlie):
        assert browser(person).get(PAGE).status_code == 403
        assert browser(person).submit(delete).status_code == 403
    assert olga.submit(delete, headers={"Sec-Fetch-Site": "cross-site"}).status_code == 403
    assert _mail(app, waiting) is not None
