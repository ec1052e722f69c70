"""A program asks again and again whether the blog is well; strangers learn nothing from it."""

import shutil
from collections import namedtuple
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import event

from homeport.core.config import Config
from homeport.core.db import db
from homeport.ops import health
from tests.cast import Cast
from tests.conftest import Browser

Usage = namedtuple("Usage", "total used free")


def test_all_is_well(client: Browser, worker: None) -> None:
    answer = client.get("/healthz")
    assert answer.status_code == 200
    assert answer.get_json() == {"status": "ok", "database": "ok", "worker": "ok", "disk": "ok"}
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Content-Type"] == "application/json"


def test_a_worker_that_is_missed_is_told(client: Browser) -> None:
    answer = client.get("/healthz")
    assert answer.status_code == 503
    assert answer.get_json() == {"status": "not ok", "database": "ok", "worker": "not ok", "disk": "ok"}


def test_a_disk_that_fills_up_is_told_before_it_is_full(
    client: Browser, worker: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    for free, status in ((health.LEAST_FREE, 200), (health.LEAST_FREE - 1, 503)):
        monkeypatch.setattr(shutil, "disk_usage", lambda _path, free=free: Usage(10**12, 0, free))
        assert client.get("/healthz").status_code == status


def test_a_database_that_is_gone_is_told_and_no_more(
    app: Flask, config: Config, client: Browser, worker: None, tmp_path: Path
) -> None:
    with app.app_context():
        db.engine.dispose()
    (config.data / "homeport.db").write_bytes(b"not a database" * 1000)
    answer = client.get("/healthz")
    assert answer.status_code == 503
    assert answer.get_json() == {"status": "not ok", "database": "not ok", "worker": "ok", "disk": "ok"}
    assert str(tmp_path) not in answer.text
    assert "sqlite" not in answer.text


@pytest.mark.parametrize("name", ["charlie", "olga"])
def test_nobody_learns_more_by_logging_in(
    app: Flask, everybody: Cast, client: Browser, worker: None, name: str
) -> None:
    with_login = client.login(getattr(everybody, name)).get("/healthz")
    assert with_login.data == app.test_client().get("/healthz").data


def test_asking_is_cheap_and_leaves_no_trace(app: Flask, client: Browser, worker: None) -> None:
    client.get("/healthz")
    asked: list[str] = []
    with app.app_context():
        event.listen(db.engine, "before_cursor_execute", lambda *call: asked.append(call[2]))
    answer = client.get("/healthz")
    assert asked == ["SELECT 1"]  # its BEGIN goes straight to the driver and takes no lock
    assert "Set-Cookie" not in answer.headers
