"""`homeport keys rotate`: another key for the secrets, whatever happens meanwhile."""

import fcntl
import json
import os
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from flask import Flask
from sqlalchemy import select

from homeport import cli
from homeport.accounts import rotation, totp
from homeport.accounts.models import AuditEvent, Totp
from homeport.app import create_app
from homeport.core import clock, vault
from homeport.core.config import Config
from homeport.core.db import commit, db
from homeport.core.errors import Problem
from homeport.core.http import SYSTEM
from homeport.migrations.runner import upgrade
from tests.accounts.acts import is_logged_in, log_in_with_code
from tests.cast import SECRET, Cast, make_cast
from tests.parts import ROOT, postgresql


@pytest.fixture
def rotate(config: Config) -> Callable[[], Result]:
    """`homeport keys rotate` on the test's blog."""
    return lambda: CliRunner().invoke(cli.group, ["keys", "rotate", "--data", str(config.data)])


def keys_of(config: Config) -> list[str]:
    return vault.path(config).read_text().split()


def secrets(app: Flask, config: Config) -> list[str]:
    """Every secret, opened with the keys that there are."""
    with app.app_context():
        return [vault.unseal(config, sealed) for sealed in db.session.scalars(select(Totp.sealed_secret))]


def test_one_new_key_takes_the_place_of_the_old(
    app: Flask, everybody: Cast, config: Config, client: Any, rotate: Callable[[], Result]
) -> None:
    old = keys_of(config)
    result = rotate()
    assert result.exit_code == 0, result.output
    assert "2 secrets" in result.output
    assert "copy" in result.output, "whoever changes the key is told to copy the new one"
    assert len(keys_of(config)) == 1
    assert keys_of(config) != old
    assert vault.path(config).stat().st_mode & 0o777 == 0o600
    assert secrets(app, config) == [SECRET, SECRET]
    log_in_with_code(client, everybody.eve)
    assert is_logged_in(client)


def test_it_stands_in_the_audit_log(app: Flask, everybody: Cast, rotate: Callable[[], Result]) -> None:
    rotate()
    with app.app_context():
        newest = select(AuditEvent).order_by(AuditEvent.id.desc()).limit(1)
        event = db.session.scalars(newest).one()
        assert (event.action, event.target) == ("keys_rotated", "2 secrets")


def test_a_secret_whose_key_is_lost_stops_it_and_no_key_is_dropped(
    app: Flask, everybody: Cast, config: Config, rotate: Callable[[], Result]
) -> None:
    theirs = keys_of(config)
    vault.path(config).unlink()
    with app.app_context():
        totp.begin(everybody.alice.id, config, clock.now())
        commit()
    result = rotate()
    assert isinstance(result.exception, Problem)
    assert result.exception.code == "key_lost"
    vault.path(config).write_text("\n".join([*keys_of(config), *theirs]))
    assert len(secrets(app, config)) == 3, "with the old key put back, all is there"
    assert rotate().exit_code == 0
    assert len(secrets(app, config)) == 3


@pytest.mark.parametrize("content", ["", "no key\n"])
def test_a_damaged_key_file_is_told_as_that(
    app: Flask, everybody: Cast, config: Config, client: Any, content: str
) -> None:
    vault.path(config).write_text(content)
    answer = log_in_with_code(client, everybody.eve)
    assert answer.status_code == 503
    assert "The key file is damaged." in answer.text


def test_two_do_not_change_the_keys_at_once(config: Config, everybody: Cast, rotate: Callable[[], Result]) -> None:
    other = os.open(config.keys, os.O_RDONLY)
    fcntl.flock(other, fcntl.LOCK_EX)
    result = rotate()
    os.close(other)
    assert isinstance(result.exception, Problem)
    assert result.exception.code == "keys_busy"
    assert len(keys_of(config)) == 1
    assert rotate().exit_code == 0


def test_killed_at_any_step_it_loses_nothing_and_can_be_run_again(app: Flask, everybody: Cast, config: Config) -> None:
    with app.app_context():
        db.session.connection().exec_driver_sql("COMMIT")
        db.session.connection().exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        db.engine.dispose()
    command = [sys.executable, "-m", "tests.accounts.crash_keys", str(config.data)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=True)
    runs = [json.loads(line) for line in done.stdout.splitlines()]
    assert [run["ended"] for run in runs] == [9] * (len(runs) - 1) + [0]
    assert len(runs) > 10
    assert all(run["secrets"] == [SECRET, SECRET] for run in runs)
    assert {run["keys"] for run in runs} == {1, 2}
    assert all(run["again"] == {"keys": 1, "secrets": [SECRET, SECRET]} for run in runs)


def test_on_postgresql_who_sets_an_app_up_meanwhile_keeps_their_secret(tmp_path: Path, password_hash: str) -> None:
    with postgresql() as address:
        config = Config(data=tmp_path, database_url=address)
        upgrade(config)
        app = create_app(config)
        with app.app_context():
            cast = make_cast(password_hash)

        def set_up(user_id: int) -> None:
            with app.app_context():
                totp.begin(user_id, config, clock.now())
                commit()

        def change() -> None:
            with app.app_context():
                rotation.rotate(config, by=SYSTEM, now=clock.now())

        with ThreadPoolExecutor(3) as pool:
            for _ in range(5):
                tasks = [pool.submit(change)]
                tasks += [pool.submit(set_up, person.id) for person in (cast.alice, cast.bob)]
                assert [task.result() for task in tasks] == [None] * 3
        assert len(secrets(app, config)) == 4
        assert len(keys_of(config)) == 1
        with app.app_context():
            db.engine.dispose()
