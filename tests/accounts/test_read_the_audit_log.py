"""The owner reads the audit log, narrows it, checks it and takes it along."""

import csv
import io
import json
import re
from datetime import UTC, datetime, timedelta
from itertools import product
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import insert

from homeport.accounts import audit, audit_export, audit_search, service
from homeport.accounts.audit_sentences import GROUPS, WORDINGS, Happening, plain, sentence
from homeport.accounts.models import AuditEvent, User
from homeport.core import clock, site
from homeport.core.db import commit, db
from homeport.core.http import SYSTEM, Viewer
from homeport.core.spreadsheets import harmless
from tests.accounts.log import DAY, at, behind_its_back, fill
from tests.cast import Cast, open_session
from tests.reading.page import Page

NAMES = {1: "Olga", 2: "Bob"}


def lines(answer: Any) -> list[str]:
    """What the events on a page say, without from where and when."""
    assert answer.status_code == 200, answer.status_code
    found = re.findall(r"<li><span>(.*?)</span>\n<span class=\"meta\">", answer.text, re.DOTALL)
    return [re.sub(r"<[^>]+>", "", line) for line in found]


@pytest.fixture
def olga(app: Flask, everybody: Cast, browser: Any) -> Any:
    """The owner's browser, on a blog with six events."""
    fill(app, everybody)
    return browser(everybody.olga)


def test_events_are_sentences_the_newest_first(olga: Any) -> None:
    page = olga.get("/admin/audit")
    assert lines(page) == [
        "Olga changed Bob’s role from author to editor",
        "Homeport made a link with which Bob can set a new password",
        "Olga changed the settings: title",
        "Bob published the post “=Tides”",
        "Somebody tried to log in as Bob and failed",
        "Bob logged in with password",
    ]
    text = Page(page).all("li")
    first = next(one.text for one in text if one.text.startswith("Olga changed Bob"))
    assert first.endswith("editor Firefox on Linux192.0.2.124 November 2026, 08:32 UTC")
    assert Page(page).links()["Bob"] == "/admin/people/4"


def test_only_the_owner_reads_it(app: Flask, everybody: Cast, browser: Any) -> None:
    for path in ("/admin/audit", "/admin/audit.csv", "/admin/audit.jsonl", "/admin/audit/check"):
        assert browser(everybody.eve).get(path).status_code == 403
        assert app.test_client().get(path).location == f"/login?next={path}"


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"person": "olga@example.com"}, 2),
        ({"person": "BOB"}, 5),
        ({"person": "Bob"}, 5),
        ({"person": "4"}, 5),
        ({"person": "account 4"}, 5),
        ({"person": "alice"}, 0),
        ({"group": "login"}, 2),
        ({"group": "people"}, 2),
        ({"group": "posts"}, 1),
        ({"group": "place"}, 1),
        ({"group": "account"}, 0),
        ({"group": "login", "person": "bob"}, 2),
        ({"since": "2026-11-24"}, 6),
        ({"since": "2026-11-25"}, 0),
        ({"until": "2026-11-24"}, 6),
        ({"until": "2026-11-23"}, 0),
        ({"since": "2026-11-24", "until": "2026-11-24", "group": "posts"}, 1),
        ({"person": "", "group": "", "since": "", "until": ""}, 6),
    ],
)
def test_the_log_is_narrowed(olga: Any, query: dict[str, str], found: int) -> None:
    page = olga.get("/admin/audit", query_string=query)
    assert len(lines(page)) == found
    if not found:
        assert "Nothing of this kind happened" in page.text
    csv_file = olga.get("/admin/audit.csv", query_string=query).text
    assert len(list(csv.reader(io.StringIO(csv_file)))) == found + 1, "the file is of the same events"


def test_a_day_is_one_of_the_sites_time_zone(app: Flask, olga: Any) -> None:
    with app.app_context():
        site.change(time_zone="Pacific/Kiritimati")  # 14 hours ahead: the last event was in the evening of the 24th
        audit.record("logout", by=SYSTEM, now=datetime(2026, 11, 24, 10, tzinfo=UTC))
        commit()
    assert len(lines(olga.get("/admin/audit?since=2026-11-25"))) == 1
    assert len(lines(olga.get("/admin/audit?until=2026-11-24"))) == 6


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ("since=yesterday", "Enter a date, as 2026-11-22."),
        ("until=0001-01-01", "Enter a date of this century."),
        ("until=9999-12-31", "Enter a date of this century."),
        ("since=2026-02-30", "Enter a date, as 2026-11-22."),
        ("group=x", "Choose one of the options."),
        ("person=Mallory", "Nobody has this address, name or number."),
        (f"person={'9' * 30}", "Nobody has this address, name or number."),
        (f"person={'x' * 300}", "Use at most 254 characters."),
    ],
)
def test_what_cannot_be_looked_for_is_said_at_its_field(olga: Any, query: str, sentence: str) -> None:
    page = olga.get(f"/admin/audit?{query}")
    assert page.status_code == 422
    assert sentence in page.text
    assert olga.get(f"/admin/audit.csv?{query}").status_code == 422


@pytest.mark.parametrize("before", ["x", "-1", "9" * 30, "1.5", "²"])
def test_a_page_that_nobody_was_given_is_not_found(olga: Any, before: str) -> None:
    assert olga.get("/admin/audit", query_string={"before": before}).status_code == 404


def test_many_events_are_paged_and_none_is_left_out(app: Flask, everybody: Cast, olga: Any) -> None:
    with app.app_context():
        for number in range(114):
            audit.record("login", by=at(everybody.alice), now=DAY + timedelta(minutes=number), means=f"key {number}")
        commit()
    address, forth = "/admin/audit", []
    while address:
        page = olga.get(address)
        forth.append(lines(page))
        last, address = address, next((one.attributes["href"] for one in Page(page).all("a", rel="next")), "")
    assert [len(page) for page in forth] == [50, 50, 20]
    assert [line for page in forth for line in page][:114] == [
        f"Alice logged in with key {number}" for number in range(113, -1, -1)
    ]
    address, back = last, []
    while address:
        page = olga.get(address)
        back.append(lines(page))
        address = next((one.attributes["href"] for one in Page(page).all("a", rel="prev")), "")
    assert back == list(reversed(forth))
    first = Page(olga.get("/admin/audit?group=login")).one("a", rel="next").attributes["href"]
    assert "group=login" in first, "the next page is of the same events"


def test_an_empty_log_says_what_will_be_in_it(everybody: Cast, browser: Any) -> None:
    assert "Nothing has happened yet" in browser(everybody.olga).get("/admin/audit").text


def test_who_has_left_is_a_number_and_can_still_be_looked_for(app: Flask, everybody: Cast, olga: Any) -> None:
    with app.app_context():
        audit.forget(everybody.bob.id, everybody.bob.email)
        db.session.delete(db.session.get_one(User, everybody.bob.id))
        commit()
    page = olga.get("/admin/audit?person=4")
    assert lines(page) == [
        "Olga changed Account 4’s role",
        "Somebody made a link with which Account 4 can set a new password",
        "Account 4 published the post",
        "Somebody tried to log in as Account 4 and failed",
        "Account 4 logged in",
    ]
    assert "192.0.2.1" not in page.text
    assert "Account 4" not in Page(page).links()


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


def test_a_button_tells_whether_the_log_is_whole(app: Flask, olga: Any) -> None:
    page = olga.get("/admin/audit/check").text
    assert "The log is whole" in page
    with app.app_context():
        noted = audit.verify().last_hash
    assert noted in page
    behind_its_back(app, "DELETE FROM audit_details WHERE event_id = 6", "DELETE FROM audit_events WHERE id = 6")
    assert "The log is whole" in olga.get("/admin/audit/check").text
    page = olga.get("/admin/audit/check", query_string={"seen": noted}).text
    assert "The log is not as it was written" in page
    assert "its end was cut off" in page
    behind_its_back(app, "UPDATE audit_events SET actor_id = 5 WHERE id = 3")
    assert "Event 3 is not as it was written." in olga.get("/admin/audit/check").text


def test_a_hundred_thousand_events_take_little_memory(app: Flask, everybody: Cast) -> None:
    """Followed in pieces: the database's cursor is never read to its end at once."""
    with app.app_context():
        before = audit.BEGINNING
        rows = []
        for number in range(1, 3001):
            event = {"id": number, "at": DAY, "actor_id": 1, "subject_id": 1, "action": "login", "target": ""}
            event["details_digest"] = "x"
            before = audit._hash_of(before, **event)
            rows.append({**event, "hash": before})
        db.session.execute(insert(AuditEvent), rows)
        commit()
        events = audit._events()
        assert next(events).id == 1
        found = audit.verify()
        assert (found.faults, found.events, found.without_details) == ([], 3000, 3000)
        assert sum(1 for _ in audit_search.every_line(audit_search.Wanted())) == 3000


def test_every_action_has_its_sentence_and_its_group() -> None:
    assert set(WORDINGS) == set(audit.ACTIONS)
    assert {wording.group for wording in WORDINGS.values()} == set(GROUPS)


def test_every_sentence_is_whole_whatever_is_known() -> None:
    details: list[dict[str, str] | None] = [None, {}, {"address": "192.0.2.1"}]
    for action, facts, actor, subject in product(audit.ACTIONS, details, (None, 1, 9), (None, 1, 2, 9)):
        said = plain(sentence(Happening(action, actor, subject, "", facts), NAMES))
        assert re.fullmatch(r"(Olga|Bob|Account 9|Somebody|Homeport) [^{}\[\]]+[a-z0-9]", said), said


def test_who_did_something_to_whom_is_said() -> None:
    def say(action: str, actor: int | None, subject: int | None, target: str = "", **facts: str) -> str:
        return plain(sentence(Happening(action, actor, subject, target, facts), NAMES))

    assert say("password_changed", 2, 2) == "Bob changed the password"
    assert say("password_reset", None, 2, address="192.0.2.1") == "Bob set a new password by a link"
    assert say("account_created", None, 2, address="x", role="reader") == "Bob got an account as reader"
    assert say("account_created", 1, 2, role="author") == "Olga made an account for Bob as author"
    assert say("account_created", None, 2, role="author") == "Homeport made an account for Bob as author"
    assert say("suspended", 1, 2) == "Olga suspended Bob"
    assert say("totp_removed", 1, 2) == "Olga removed the authenticator app for Bob"
    assert say("role_changed", 1, 2) == "Olga changed Bob’s role"
    assert say("login_failed", None, None, address="x") == "Somebody tried to log in and failed"
    assert say("keys_rotated", None, None, "2 secrets") == "Homeport changed the encryption key of 2 secrets"
    assert say("something_new", 1, 1) == "Olga: something new"


def test_what_the_services_record_reads_well(app: Flask, everybody: Cast) -> None:
    with app.app_context():
        bob = db.session.get_one(User, everybody.bob.id)
        by = everybody.olga.viewer
        service.suspend(bob, by=by, now=clock.now())
        service.readmit(bob, by=by, now=clock.now())
        service.issue_link(bob, by=by, now=clock.now())
        commit()
        assert [plain(line.pieces) for line in audit_search.newest(3, audit_search.Wanted())] == [
            "Olga suspended Bob",
            "Olga let Bob in again",
            "Olga made a link with which Bob can set a new password",
        ]
