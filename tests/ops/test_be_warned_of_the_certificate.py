"""A certificate is about to end: the owner reads it on every page, a monitor in a word, and every owner in one mail."""

import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from html import unescape
from pathlib import Path

import pytest
import time_machine
from flask import Flask

from homeport.app import create_app
from homeport.core import clock
from homeport.core.config import Config
from homeport.core.db import db
from homeport.core.findings import Mark
from homeport.https import refusals
from homeport.ops import inspection
from tests.cast import Cast, Person, make_cast
from tests.conftest import Browser
from tests.https.placed import NAME, at, fail, place
from tests.reading.page import Page

Open = Callable[[Person], Browser]
DAY = timedelta(days=1)


@pytest.fixture
def config(tmp_path: Path, migrated: Path) -> Config:
    """A blog that does its HTTPS itself, and got a certificate by a record in its domain."""
    data = tmp_path / "data"
    data.mkdir()
    shutil.copy(migrated, data / "homeport.db")
    return at(Config(data=data), https_method="dns")


def notice(page: str) -> str:
    """The words of the one notice on a page; "" for none."""
    [*found] = [part for part in page.split("<p ") if part.startswith('class="flash flash-')]
    assert len(found) <= 1
    return unescape(found[0].partition(">")[2].partition("</p>")[0]) if found else ""


# On pages


@pytest.mark.parametrize(
    ("left", "kind", "words"),
    [(20 * DAY, "warning", "ends on"), (2 * DAY, "error", "ends on"), (-DAY, "error", "ended on")],
)
def test_an_owner_reads_it_on_every_page(
    config: Config, everybody: Cast, browser: Open, left: timedelta, kind: str, words: str
) -> None:
    place(config, left=left)
    fail(config, "The name server refused the key.")
    for path in ("/", "/archive", "/account", "/admin/settings", "/write", "/nowhere"):
        page = browser(everybody.olga).get(path).text
        assert f'class="flash flash-{kind}"' in page, path
        assert f"The certificate for {NAME} {words}" in notice(page)
        assert "The name server refused the key." in notice(page)
        assert 'href="/admin/https"' in notice(page)


def test_an_owner_reads_that_there_is_none(everybody: Cast, browser: Open) -> None:
    assert f"There is no certificate for {NAME}, so nobody can come" in notice(browser(everybody.olga).get("/").text)


def test_an_owner_reads_nothing_while_all_is_well(config: Config, everybody: Cast, browser: Open) -> None:
    place(config, left=22 * DAY)
    fail(config, "Yesterday’s failure, mended since.")
    assert notice(browser(everybody.olga).get("/").text) == ""


@pytest.mark.parametrize("name", ["eve", "alice", "charlie"])
def test_nobody_else_reads_it(config: Config, everybody: Cast, browser: Open, name: str) -> None:
    place(config, left=-DAY)
    page = browser(getattr(everybody, name)).get("/").text
    assert "certificate" not in page
    assert notice(page) == ""


def test_what_readers_are_given_is_the_same_as_before(config: Config, everybody: Cast, client: Browser) -> None:
    place(config, left=80 * DAY)
    before = client.get("/").data
    place(config, left=-DAY)
    assert client.get("/").data == before
    assert b"certificate" not in before


def test_whoever_does_the_https_elsewhere_reads_nothing(config: Config, everybody: Cast) -> None:
    app = create_app(replace(config, https_method="off"))
    app.test_client_class = Browser
    client = app.test_client()
    assert isinstance(client, Browser)
    assert notice(client.login(everybody.olga).get("/").text) == ""
    assert "certificate" not in client.get("/healthz").get_json()
    with app.app_context():
        db.engine.dispose()


def test_what_a_failed_try_says_is_text_and_no_markup(config: Config, everybody: Cast, browser: Open) -> None:
    place(config, left=DAY)
    fail(config, "<script>alert(1)</script>")
    assert "<script>alert" not in browser(everybody.olga).get("/").text


def test_new_files_that_the_edge_refuses_are_told_to_the_owner_and_to_a_monitor(
    tmp_path: Path, migrated: Path, password_hash: str
) -> None:
    (tmp_path / "data").mkdir()
    shutil.copy(migrated, tmp_path / "data/homeport.db")
    files = {"https_certificate": str(tmp_path / "own.pem"), "https_key": str(tmp_path / "key.pem")}
    config = at(Config(data=tmp_path / "data"), https_method="files", **files)
    place(config, left=30 * DAY)
    (tmp_path / "key.pem").touch()
    refusals.taken(config)
    place(config, left=89 * DAY)
    refusals.note(config, "private key does not match public key")
    app = create_app(config)
    app.test_client_class = Browser
    with app.app_context():
        olga = make_cast(password_hash).olga
    client = app.test_client()
    assert isinstance(client, Browser)
    said = notice(client.login(olga).get("/").text)
    assert f"The new certificate in {tmp_path / 'own.pem'} is refused (private key does not match public key)" in said
    assert "and it is taken by itself" in said
    assert client.get("/healthz").get_json()["certificate"] == "new one refused"
    with time_machine.travel(clock.now() + 28 * DAY):  # what readers are shown is near its end, whatever lies there
        assert client.get("/healthz").get_json()["certificate"] == "not ok"
        assert "is refused" in notice(client.login(olga).get("/").text)
    refusals.taken(config)
    with time_machine.travel(clock.now() + timedelta(minutes=1)):
        assert client.get("/healthz").get_json()["certificate"] == "ok"
        assert notice(client.get("/").text) == ""
    with app.app_context():
        db.engine.dispose()


# To monitors


@pytest.mark.parametrize(
    ("left", "word", "status"),
    [
        (22 * DAY, "ok", 200),
        (20 * DAY, "ends soon", 200),
        (4 * DAY, "ends soon", 200),
        (3 * DAY - timedelta(hours=1), "not ok", 503),
        (-DAY, "not ok", 503),
        (None, "not ok", 503),
    ],
)
def test_a_monitor_is_told_in_a_word(
    config: Config, client: Browser, worker: None, left: timedelta | None, word: str, status: int
) -> None:
    if left is not None:
        place(config, left=left)
    fail(config, "The name server refused the key.")
    answer = client.get("/healthz")
    assert answer.status_code == status
    said = {"status": "ok" if status == 200 else "not ok", "database": "ok", "worker": "ok", "disk": "ok"}
    assert answer.get_json() == said | {"certificate": word}


# On the safety page


@pytest.mark.parametrize(
    ("left", "mark", "words"),
    [
        (80 * DAY, Mark.GOOD, "is good until"),
        (20 * DAY, Mark.LOOK, "ends on"),
        (2 * DAY, Mark.MEND, "ends on"),
        (-DAY, Mark.MEND, "ended on"),
        (None, Mark.MEND, "no certificate"),
    ],
)
def test_the_safety_page_tells_how_it_stands(
    app: Flask, config: Config, everybody: Cast, left: timedelta | None, mark: Mark, words: str
) -> None:
    if left is not None:
        place(config, left=left)
    with app.test_request_context():
        rows = {row.title: row for row in inspection.rows(config, everybody.olga.viewer, clock.now())}
        db.session.rollback()
    assert rows["HTTPS"].mark is mark
    assert words in rows["HTTPS"].meaning
    assert rows["Proxies"].mark is Mark.GOOD


def test_the_safety_page_says_who_renews_it(app: Flask, config: Config, everybody: Cast, tmp_path: Path) -> None:
    for method, words in (("dns", "renewed by itself before"), ("files", "Nothing renews it by itself")):
        changed = replace(config, https_method=method, https_certificate=str(tmp_path / "own.pem"))
        place(changed, left=80 * DAY)
        with app.test_request_context():
            [row] = [
                row for row in inspection.rows(changed, everybody.olga.viewer, clock.now()) if row.title == "HTTPS"
            ]
            db.session.rollback()
        assert words in row.meaning


def test_what_the_safety_page_shows_can_be_read(config: Config, everybody: Cast, browser: Open) -> None:
    place(config, left=20 * DAY)
    page = Page(browser(everybody.olga).get("/admin/security"))
    assert any(f"The certificate for {NAME} ends on" in part.text for part in page.all("p"))


def test_the_notice_leads_to_the_page_about_it(config: Config, everybody: Cast, browser: Open) -> None:
    place(config, left=20 * DAY)
    olga = browser(everybody.olga)
    [path] = [part.partition('"')[0] for part in notice(olga.get("/").text).split('href="')[1:]]
    assert olga.get(path).status_code == 200
