"""The owner takes the audit log along, as a table or for programs."""

import csv
import io
import json
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

from homeport.accounts import audit, audit_export
from homeport.accounts.models import User
from homeport.core import clock
from homeport.core.db import commit, db
from homeport.core.http import Viewer
from homeport.core.spreadsheets import harmless
from tests.accounts.log import DAY, fill
from tests.cast import Cast, open_session


@pytest.fixture
def olga(app: Flask, everybody: Cast, browser: Any) -> Any:
    """The owner's browser, on a blog with six events."""
    fill(app, everybody)
    return browser(everybody.olga)


def read_csv(answer: Any) -> list[list[str]]:
    assert answer.status_code == 200
    assert int(answer.headers["Content-Length"]) == len(answer.data)
    assert answer.headers["Cache-Control"] == "no-store"
    return list(csv.reader(io.StringIO(answer.data.decode())))


def test_the_log_is_taken_along_as_a_table(app: Flask, everybody: Cast, olga: Any) -> None:
    answer = olga.get("/admin/audit.csv")
    rows = read_csv(answer)
    assert answer.mimetype == "text/csv"
    assert answer.headers["Content-Disposition"] == "attachment; filename=audit-log.csv"
    assert rows[0][:4] == ["number", "time", "action", "what"]
    assert [row[0] for row in rows[1:]] == ["1", "2", "3", "4", "5", "6"]
    assert rows[6][1:9] == [
        "2026-11-24T08:32:00+00:00", "role_changed", "Olga changed Bob’s role from author to editor", "1", "4", "",
        "Firefox on Linux", "192.0.2.1",
    ]  # fmt: skip


def test_a_long_log_is_put_together_on_the_disk(olga: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    small = olga.get("/admin/audit.csv").data
    monkeypatch.setattr(audit_export, "IN_MEMORY", 100)
    with olga.get("/admin/audit.csv") as answer:
        assert answer.data == small
        assert int(answer.headers["Content-Length"]) == len(small) > 100


def test_the_log_is_taken_along_for_programs(app: Flask, everybody: Cast, olga: Any) -> None:
    answer = olga.get("/admin/audit.jsonl?group=people")
    assert int(answer.headers["Content-Length"]) == len(answer.data)
    found = [json.loads(line) for line in answer.data.decode().splitlines()]
    assert [event["action"] for event in found] == ["reset_link_made", "role_changed"]
    assert found[1]["facts"]["before"] == "author"
    with app.app_context():
        assert found[1]["hash"] == audit.verify().last_hash


def test_taking_it_along_asks_again_who_it_is(app: Flask, everybody: Cast, olga: Any) -> None:
    stale: Any = app.test_client()
    with app.app_context():
        stale.set_cookie("sid", open_session(everybody.olga.id, clock.now() - timedelta(minutes=16)))
    assert stale.get("/admin/audit").status_code == 200
    for path in ("/admin/audit.csv?group=login", "/admin/audit.jsonl"):
        assert stale.get(path).location.startswith("/account/confirm?next=/admin/audit.")


FORMULAS = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "\uff1d1", "\uff0b1", "\uff0d1", "\uff201"]


@pytest.mark.parametrize("text", FORMULAS)
def test_no_cell_is_a_formula(app: Flask, everybody: Cast, browser: Any, text: str) -> None:
    with app.app_context():
        db.session.get_one(User, everybody.bob.id).display_name = f"{text}|cmd"
        by = Viewer(everybody.bob.id, everybody.bob.role, address=text, browser=text)
        audit.record("login", by=by, now=DAY, target=text, means=text)
        commit()
    rows = read_csv(browser(everybody.olga).get("/admin/audit.csv"))
    cells = [cell for row in rows[1:] for cell in row]
    assert sum(text in cell for cell in cells) >= 3
    assert [cell for cell in cells if cell.startswith(tuple("=+-@\t\r\n\uff1d\uff0b\uff0d\uff20"))] == []


@pytest.mark.parametrize("text", ["", "Olga", "2026-11-24", "1=1", "'=1", "a@b.example", " =1"])
def test_what_is_no_formula_stays_as_it_is(text: str) -> None:
    assert harmless(text) == text
