"""Workers on both databases, by the command an operator types."""

import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import psutil
import pytest
from flask import Flask
from sqlalchemy import text, update

from homeport.core import clock
from homeport.core.config import Config
from homeport.core.db import commit, db
from homeport.jobs import jobs, queries, service
from homeport.jobs.models import Mail
from homeport.migrations.runner import upgrade
from tests.jobs.conftest import StartWorker, wait_until
from tests.jobs.mailservers import Sink
from tests.parts import postgresql

Done = Callable[[], Counter[str]]
Ask = Callable[..., None]
SQLITE, POSTGRESQL = "sqlite", "postgresql"
HOMEPORT = Path(sys.executable).with_name("homeport")


@pytest.fixture
def config(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Config]:
    """A new blog on the database the test names; its settings are in its folder, where the workers read them."""
    with ExitStack() as server:
        url = server.enter_context(postgresql()) if request.param is POSTGRESQL else ""
        (tmp_path / "homeport.toml").write_text(f'database_url = "{url}"\n')
        config = Config(data=tmp_path, database_url=url)
        upgrade(config)
        yield config


@pytest.mark.parametrize("config", [SQLITE, POSTGRESQL], indirect=True)
def test_two_workers_send_each_mail_once_and_share_the_chores(
    app: Flask, start_worker: StartWorker, sink: Sink, ask_for: Ask, done: Done
) -> None:
    with app.app_context():
        for number in range(40):
            service.queue_mail(f"reader{number}@example.com", "Hello", "text", now=clock.now())
        commit()
    start_worker(sink.url)
    start_worker(sink.url)
    for _ in range(4):
        ask_for("chores", 5)
    wait_until(lambda: len(sink.mails) >= 40)
    readers = {f"reader{number}@example.com": 1 for number in range(40)}
    wait_until(lambda: done().total() == 40 + 20)
    assert done() == Counter({f"chore-{number}": 4 for number in range(5)} | readers)
    assert len(sink.mails) == len({arrived["Message-ID"] for arrived in sink.mails}) == 40
    with app.app_context():
        assert queries.worker_seen(clock.now())


@pytest.mark.parametrize("config", [POSTGRESQL], indirect=True)
def test_a_mail_that_another_worker_is_just_claiming_is_left_to_it(app: Flask) -> None:
    def claim_too() -> object:
        with app.app_context():
            return jobs.claim(clock.now())

    def somebody_waits() -> bool:
        with db.engine.connect() as connection:
            return bool(connection.scalar(text("SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted)")))

    with app.app_context(), ThreadPoolExecutor(1) as pool:
        service.queue_mail("reader@example.com", "Hello", "text", now=clock.now())
        commit()
        db.session.execute(update(Mail).values(status="sending"))
        late = pool.submit(claim_too)
        wait_until(somebody_waits)
        commit()
        assert late.result(30) is None


@pytest.mark.parametrize("config", [POSTGRESQL], indirect=True)
def test_job_goes_on_after_its_worker_was_killed(start_worker: StartWorker, ask_for: Ask, done: Done) -> None:
    worker = start_worker()
    ask_for("chores", 8, 5)
    assert worker.wait(30) == -signal.SIGKILL
    start_worker()
    wait_until(lambda: done().total() == 8)
    assert done() == Counter(f"chore-{number}" for number in range(8))


def test_worker_command_for_a_blog_that_is_not_there_says_what_to_do(tmp_path: Path) -> None:
    ended = subprocess.run(
        [str(HOMEPORT), "worker", "--data", str(tmp_path)], capture_output=True, text=True, check=False
    )
    assert ended.returncode == 1
    assert ended.stderr.splitlines()[0] == "homeport: The blog's database is not there or not up to date."
    assert not (tmp_path / "homeport.db").exists()


@pytest.mark.parametrize("config", [SQLITE], indirect=True)
def test_worker_command_ends_at_once_on_sigterm_and_talks_to_nobody(config: Config, app: Flask) -> None:
    command = [str(HOMEPORT), "worker", "--data", str(config.data)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as worker:

        def seen() -> bool:
            with app.app_context():
                return queries.worker_seen(clock.now())

        wait_until(seen)
        assert psutil.Process(worker.pid).net_connections("inet") == []
        worker.terminate()
        output, log = worker.communicate(timeout=10)
    assert worker.returncode == 0
    assert output == ""
    assert log.count("\n") == log.count("worker is ready") == 1


@pytest.mark.parametrize("config", [SQLITE], indirect=True)
def test_process_that_only_answers_requests_does_not_carry_the_engine(config: Config) -> None:
    code = """
import sys
from pathlib import Path
from homeport.app import create_app
from homeport.core.config import Config
client = create_app(Config(data=Path(sys.argv[1]))).test_client()
assert client.get("/healthz").status_code in (200, 503)
assert "dbos" not in sys.modules
"""
    subprocess.run([sys.executable, "-c", code, str(config.data)], check=True)
