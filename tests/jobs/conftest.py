"""Workers as real processes, and mail servers that behave as real ones do."""

import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from homeport.core.config import Config
from homeport.core.db import commit, db, reading
from homeport.jobs.models import Mail
from homeport.jobs.service import JOBS, enqueue
from tests.jobs import chores as _chores  # registers the chores in this process too
from tests.jobs.mailservers import Certificate, Sink, make_certificate, running

ROOT = Path(__file__).parents[2]
StartWorker = Callable[..., "subprocess.Popen[bytes]"]

assert _chores


def wait_until(condition: Callable[[], Any], seconds: float = 60) -> Any:
    """Look again and again until something is so; what it is. Fails when it takes too long."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if found := condition():
            return found
        time.sleep(0.05)
    pytest.fail("it did not come to be in time")


@pytest.fixture
def start_worker(config: Config) -> Iterator[StartWorker]:
    """Start worker processes on the blog, `start_worker(smtp_url)`, wait until they work, end them with the test."""
    started: list[subprocess.Popen[bytes]] = []
    log = config.data / "worker.log"

    def start(*args: str) -> "subprocess.Popen[bytes]":
        command = [sys.executable, "-m", "tests.jobs.chores", str(config.data), *args]
        with log.open("ab") as output:
            started.append(subprocess.Popen(command, cwd=ROOT, stderr=output))
        wait_until(lambda: log.read_text().count("worker is ready") == len(started))
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.wait()
    sys.stdout.write(log.read_text() if log.exists() else "")  # shown where the test failed


@pytest.fixture
def ask_for(app: Flask) -> Callable[..., None]:
    """Queue a job as a request does: `ask_for("chores", 30)`."""

    def ask(name: str, *args: Any, dedupe: str | None = None) -> None:
        with app.app_context():
            enqueue(JOBS[name], *args, dedupe=dedupe)
            commit()

    return ask


@pytest.fixture
def done(app: Flask) -> Callable[[], Counter[str]]:
    """How often each chore was done."""

    def count() -> Counter[str]:
        with app.app_context(), reading():
            return Counter(db.session.scalars(select(Mail.to)))

    return count


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    """A mail server's certificate."""
    return make_certificate(tmp_path_factory.mktemp("certificate"))


@pytest.fixture
def sink() -> Iterator[Sink]:
    """A mail server that takes everything."""
    with running(Sink()) as server:
        yield server
