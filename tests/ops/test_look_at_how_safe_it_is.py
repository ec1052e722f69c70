"""The security page: each check with the bad case planted, and the page as a whole."""

import sqlite3
from dataclasses import replace
from datetime import date
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from homeport.accounts import audit_check, recovery
from homeport.accounts.models import Totp, User
from homeport.core import clock, site
from homeport.core.config import Config
from homeport.core.db import commit, db
from homeport.core.findings import Mark, Row, Way
from homeport.jobs import store
from homeport.jobs.service import queue_mail
from homeport.ops import checks, inspection
from tests.accounts.log import behind_its_back, fill
from tests.cast import Cast
from tests.reading.page import Page

HERE = Config(data=Path("/nowhere"))


@pytest.mark.parametrize(
    ("change", "mark", "words"),
    [
        ({"domain": "blog.example.com", "https_method": "off"}, Mark.GOOD, "https://blog.example.com"),
        ({}, Mark.LOOK, "this computer alone"),
        ({"host": "::1"}, Mark.LOOK, "this computer alone"),
        ({"host": "0.0.0.0"}, Mark.MEND, "travel readably"),
        ({"host": "192.168.1.5"}, Mark.MEND, "travel readably"),
    ],
)
def test_https(change: dict[str, Any], mark: Mark, words: str) -> None:
    row = checks.https(replace(HERE, **change), None)
    assert row.mark is mark
    assert words in row.meaning
    assert bool(row.type_this) is (mark is not Mark.GOOD)


@pytest.mark.parametrize(
    ("networks", "domain", "method", "mark"),
    [
        ((), "", "auto", Mark.GOOD),
        ((), "blog.example.com", "auto", Mark.GOOD),
        ((), "blog.example.com", "off", Mark.LOOK),
        (("127.0.0.1/32",), "blog.example.com", "off", Mark.GOOD),
        (("10.0.0.0/8", "fd00::/64"), "", "auto", Mark.GOOD),
        (("0.0.0.0/0",), "", "auto", Mark.MEND),
        (("0.0.0.0/0",), "blog.example.com", "auto", Mark.MEND),
        (("127.0.0.1/32", "::/0"), "", "auto", Mark.MEND),
    ],
)
def test_proxies(networks: tuple[str, ...], domain: str, method: str, mark: Mark) -> None:
    known = tuple(map(ip_network, networks))
    config = replace(HERE, domain=domain, https_method=method, trusted_proxies=known)
    assert checks.proxies(config).mark is mark


@pytest.mark.parametrize(
    ("without", "rule", "mark"),
    [([], "editors", Mark.GOOD), (["Eve"], "editors", Mark.LOOK), (["Eve"], "nobody", Mark.MEND)],
)
def test_second_factors(without: list[str], rule: str, mark: Mark) -> None:
    row = checks.second_factors(without, rule)
    assert row.mark is mark
    assert ("Eve" in row.meaning) is bool(without)
    assert checks.second_factor_rule(rule).mark is (Mark.GOOD if rule == "editors" else Mark.MEND)


def test_of_many_only_some_are_named() -> None:
    row = checks.second_factors([f"Editor {number}" for number in range(9)], "nobody")
    assert "Editor 4 and 4 more." in row.meaning
    assert "Editor 5" not in row.meaning


@pytest.mark.parametrize(("setting", "mark"), [("open", Mark.LOOK), ("invitation", Mark.GOOD), ("closed", Mark.GOOD)])
def test_registration(setting: str, mark: Mark) -> None:
    assert checks.registration(setting).mark is mark


def data_folder(tmp_path: Path) -> Config:
    """A data folder with every file that matters, each for its owner alone."""
    config = Config(data=tmp_path / "my data")
    config.keys.mkdir(parents=True, mode=0o700)
    config.data.chmod(0o700)
    for name in ("homeport.db", "jobs.db", "homeport.toml", "keys/secrets.key"):
        (config.data / name).touch()
        (config.data / name).chmod(0o600)
    return config


def test_files_that_nobody_else_can_reach_are_good(tmp_path: Path) -> None:
    config = data_folder(tmp_path)
    assert [row.mark for row in checks.file_modes(config)] == [Mark.GOOD]
    (config.data / "homeport.db").chmod(0o644)
    assert [row.mark for row in checks.file_modes(config)] == [Mark.GOOD], "nobody else gets into the folder"


@pytest.mark.parametrize(
    ("name", "mode", "right"),
    [
        (".", 0o755, "700"),
        (".", 0o770, "700"),
        ("homeport.db", 0o644, "600"),
        ("homeport.db", 0o620, "600"),
        ("jobs.db", 0o604, "600"),
        ("homeport.toml", 0o640, "600"),
        ("keys", 0o755, "700"),
        ("keys/secrets.key", 0o640, "600"),
        ("keys/secrets.key", 0o604, "600"),
    ],
)
def test_a_file_that_others_can_reach_is_named_with_what_to_type(
    tmp_path: Path, name: str, mode: int, right: str
) -> None:
    config = data_folder(tmp_path)
    if not name.startswith("keys"):
        config.data.chmod(0o711)
    (config.data / name).chmod(mode)
    rows = {row.type_this: row.mark for row in checks.file_modes(config)}
    assert rows[f"chmod {right} '{(config.data / name)}'"] is Mark.MEND


def test_a_blog_without_keys_has_none_to_guard(tmp_path: Path) -> None:
    config = Config(data=tmp_path)
    tmp_path.chmod(0o700)
    assert [row.mark for row in checks.file_modes(config)] == [Mark.GOOD]


@pytest.mark.parametrize(
    ("has_server", "failed", "mark"), [(True, 0, Mark.GOOD), (True, 2, Mark.LOOK), (False, 0, Mark.LOOK)]
)
def test_mail(has_server: bool, failed: int, mark: Mark) -> None:
    assert checks.mail(has_server=has_server, failed=failed).mark is mark


def test_copies_are_said_to_be_unknown() -> None:
    row = checks.backup(HERE)
    assert row.mark is Mark.LOOK
    assert "docs/running.md" in row.meaning
    assert "/nowhere" in row.type_this


@pytest.mark.parametrize(
    ("version", "today", "mark"),
    [
        ((3, 11, 9), date(2026, 11, 24), Mark.GOOD),
        ((3, 11, 9), date(2027, 4, 1), Mark.LOOK),
        ((3, 11, 9), date(2027, 10, 31), Mark.LOOK),
        ((3, 11, 9), date(2027, 11, 1), Mark.MEND),
        ((3, 14, 0), date(2027, 11, 1), Mark.GOOD),
        ((3, 99, 0), date(2027, 11, 1), Mark.GOOD),
    ],
)
def test_python(version: tuple[int, int, int], today: date, mark: Mark) -> None:
    assert checks.python(version, today).mark is mark


@pytest.mark.parametrize(("present", "mark"), [("0002", Mark.GOOD), ("0001", Mark.MEND), (None, Mark.MEND)])
def test_pending_migrations(present: str | None, mark: Mark) -> None:
    assert checks.database("SQLite", present=present, newest="0002").mark is mark


@pytest.mark.parametrize(("is_alive", "mark"), [(True, Mark.GOOD), (False, Mark.MEND)])
def test_worker(is_alive: bool, mark: Mark) -> None:
    assert checks.worker(is_alive=is_alive).mark is mark


@pytest.mark.parametrize(
    ("free", "mark"), [(5 * 1024**3, Mark.GOOD), (900 * 1024**2, Mark.LOOK), (99 * 1024**2, Mark.MEND)]
)
def test_disk(free: int, mark: Mark) -> None:
    assert checks.disk(free, 100 * 1024**2).mark is mark


@pytest.mark.parametrize(
    ("checked", "faults", "mark"),
    [("", (), Mark.LOOK), ("today", (), Mark.GOOD), ("today", ("Event 3 is not as it was written.",), Mark.MEND)],
)
def test_audit_log(checked: str, faults: tuple[str, ...], mark: Mark) -> None:
    row = checks.audit_log(checked=checked, faults=faults)
    assert row.mark is mark
    assert all(fault in row.meaning for fault in faults)


def test_accounts_that_wait_or_are_suspended() -> None:
    assert [row.mark for row in checks.people(0, 0)] == [Mark.GOOD]
    assert [row.meaning.split(" can")[0] for row in checks.people(1, 1200)] == ["1 person", "1,200 people"]


def test_recovery_codes() -> None:
    assert checks.recovery_codes([], "Olga").mark is Mark.GOOD
    row = checks.recovery_codes([("Olga", 2)], "Olga")
    assert row.mark is Mark.LOOK
    assert row.way is not None
    assert checks.recovery_codes([("Olga", 2)], "Eve").way is None


def rows_of(app: Flask, everybody: Cast) -> dict[str, Row]:
    with app.test_request_context():
        found = inspection.rows(app.config["HOMEPORT"], everybody.olga.viewer, clock.now())
        db.session.rollback()
    return {row.title: row for row in found}


def test_the_page_gathers_what_is_so(app: Flask, everybody: Cast, config: Config) -> None:
    rows = rows_of(app, everybody)
    assert rows["Second factors of owners and editors"].mark is Mark.GOOD
    assert rows["Accounts"].mark is Mark.GOOD
    assert rows["Worker"].mark is Mark.MEND
    assert rows["Audit log"].mark is Mark.LOOK
    assert rows["Recovery codes of the owners"].mark is Mark.LOOK
    assert rows["Mail"].mark is Mark.LOOK
    assert rows[f"SQLite {sqlite3.sqlite_version}"].mark is Mark.GOOD
    assert [row.mark for row in rows.values()] == sorted(
        [row.mark for row in rows.values()], key=(Mark.MEND, Mark.LOOK, Mark.GOOD).index
    ), "what has to be mended stands first"


def test_the_page_gathers_what_has_gone_wrong(app: Flask, everybody: Cast, config: Config) -> None:
    fill(app, everybody)
    with app.app_context():
        db.session.delete(db.session.get_one(Totp, everybody.eve.id))
        db.session.get_one(User, everybody.bob.id).suspended_at = clock.now()
        db.session.get_one(User, everybody.charlie.id).password_hash = None
        recovery.renew(everybody.olga.id)
        site.change(second_factor="nobody", registration="open")
        queue_mail("bob@example.com", "Subject", "Text", now=clock.now()).status = "failed"
        db.session.connection().exec_driver_sql("UPDATE alembic_version SET version_num = '0001'")
        commit()
    behind_its_back(app, "UPDATE audit_events SET action = 'logout' WHERE id = 2")
    engine = store.open_engine(config, worker=True)
    store.metadata.create_all(engine)
    store.sign_of_life(engine, "test", clock.now(), {})
    engine.dispose()
    with app.app_context():
        audit_check.check(config, clock.now())
    app.config["HOMEPORT"] = replace(config, smtp_url="smtp://localhost:2525")
    rows = rows_of(app, everybody)
    assert "Without: Eve." in rows["Second factors of owners and editors"].meaning
    assert rows["Rule for second factors"].mark is Mark.MEND
    assert rows["Registration"].mark is Mark.LOOK
    assert rows["Accounts that wait"].meaning.startswith("1 person")
    assert rows["Suspended accounts"].meaning.startswith("1 person")
    assert rows["Mail"].meaning.startswith("1 mail ")
    assert rows["Recovery codes of the owners"].mark is Mark.GOOD
    assert rows["Worker"].mark is Mark.GOOD
    assert "Event 2 is not" in rows["Audit log"].meaning
    assert rows[f"SQLite {sqlite3.sqlite_version}"].type_this == "homeport db upgrade"


def test_a_check_that_fails_is_said_and_the_others_stay(
    app: Flask, everybody: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    with app.app_context():
        db.session.connection().exec_driver_sql("DROP TABLE alembic_version")
        commit()
    rows = rows_of(app, everybody)
    assert "could not be found out" in rows["Database"].meaning
    assert len(rows) > 12


def test_the_page_says_it_by_word_and_links_lead_somewhere(app: Flask, everybody: Cast, browser: Any) -> None:
    olga = browser(everybody.olga)
    page = olga.get("/admin/security")
    assert page.status_code == 200
    words = [element.text for element in Page(page).all("span") if "badge" in element.attributes.get("class", "")]
    assert set(words) <= {"Good", "Look", "Mend"}
    assert words.count("Mend") >= 1
    assert "to mend" in Page(page).one("p", _class="lead").text
    for address in set(Page(page).links().values()) - {"#main"}:
        assert olga.get(address).status_code == 200, address


@pytest.mark.parametrize("way", [value for value in vars(checks).values() if isinstance(value, Way)])
def test_every_way_leads_to_a_page(app: Flask, everybody: Cast, browser: Any, way: Way) -> None:
    assert browser(everybody.olga).get(way.path).status_code == 200


@pytest.mark.parametrize("who", ["eve", "alice", "charlie"])
def test_nobody_but_the_owner_reads_it(everybody: Cast, browser: Any, who: str) -> None:
    assert browser(getattr(everybody, who)).get("/admin/security").status_code == 403


def test_the_pages_for_running_the_place_lead_to_each_other(everybody: Cast, browser: Any) -> None:
    olga = browser(everybody.olga)
    for path in ("/admin/settings", "/admin/security", "/admin/audit"):
        links = Page(olga.get(path)).links()
        assert {links["Settings"], links["Safety"], links["Audit log"]} == {
            "/admin/settings", "/admin/security", "/admin/audit",
        }  # fmt: skip
