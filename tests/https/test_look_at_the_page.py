"""The owner looks at the page about HTTPS, has the doctor look, and sees what it found; nobody else does."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.x509 import load_pem_x509_certificate
from flask import Flask
from werkzeug.test import TestResponse

from homeport.app import create_app
from homeport.core import clock, csrf
from homeport.core.config import Config
from homeport.core.db import db
from homeport.core.findings import Mark, good, mend
from homeport.https import attempts, certificates, examination, renewals
from homeport.https.jobs import count_asked, examine_https
from tests.cast import Cast, Person, make_cast, open_session
from tests.conftest import Browser
from tests.https.authority import make_certificate
from tests.https.blog import eventually, serving
from tests.https.lab import DOMAIN, OUTSIDE, Lab, lab

PAGE, ROOT, TRUST = "/admin/https", "/admin/https/root.crt", "/admin/https/trust"
Login = Callable[[Person], Browser]


def of(app: Flask) -> Config:
    config: Config = app.config["HOMEPORT"]
    return config


class ByHttps(Browser):
    """Somebody who comes to the blog by its public name."""

    def login(self, person: Person) -> "ByHttps":
        with self.application.app_context():
            token = open_session(person.id)
        self.set_cookie("__Host-sid", token, domain=DOMAIN, secure=True)
        self.set_cookie("sid", token, domain=DOMAIN)
        return self

    @property
    def token(self) -> str:
        found = self.get_cookie("__Host-sid", domain=DOMAIN)
        return found.value if found else ""

    def open(self, *args: Any, **kwargs: Any) -> TestResponse:
        return super().open(*args, **{"base_url": f"https://{DOMAIN}", **kwargs})


@pytest.fixture
def config(config: Config) -> Config:
    """The blog has a public name."""
    return replace(config, domain=DOMAIN)


@pytest.fixture
def app(app: Flask) -> Flask:
    """The application, which is visited by that name."""
    app.test_client_class = ByHttps
    return app


def without_a_name(app: Flask) -> Flask:
    """The same blog before it has one."""
    app.config["HOMEPORT"] = replace(of(app), domain="")
    return app


def test_before_there_is_a_name_the_page_says_what_to_do_first(app: Flask, everybody: Cast, browser: Login) -> None:
    without_a_name(app)
    page = browser(everybody.olga).get(PAGE).text
    assert "What to do first" in page
    assert "homeport serve --domain" in page
    assert "Look now" not in page


def test_the_owner_has_the_doctor_look(app: Flask, everybody: Cast, browser: Login) -> None:
    olga = browser(everybody.olga)
    assert "Nobody has looked yet" in olga.get(PAGE).text
    assert olga.submit(PAGE).status_code == 303
    waiting = olga.get(PAGE).text
    assert 'data-work="waits"' in waiting
    assert "Look now" not in waiting
    with app.app_context():
        assert count_asked(clock.now()) == 1
    examination.note_progress(of(app), 3, 7)
    assert "3 of 7" in olga.get(PAGE).text
    examination.finish(
        of(app), [good("Clock", "Right."), mend("Port 443", "<b>Closed</b>", type_this="open it")], clock.now()
    )
    page = olga.get(PAGE).text
    assert "1 thing to mend, as of" in page
    assert page.index("Port 443") < page.index("Clock"), "what is to be mended comes first"
    assert "&lt;b&gt;Closed" in page
    with app.app_context():
        assert count_asked(clock.now()) == 0


def test_what_was_found_stays_while_it_is_looked_again(app: Flask, everybody: Cast, browser: Login) -> None:
    examination.finish(of(app), [mend("Port 443", "Closed")], clock.now())
    before = examination.read(of(app))
    browser(everybody.olga).submit(PAGE)
    after = examination.read(of(app))
    assert (after.at, after.rows) == (before.at, before.rows)
    assert not examination.ask(of(app), clock.now()), "one at a time"


def test_an_examination_that_nobody_finished_is_given_up(app: Flask, everybody: Cast, browser: Login) -> None:
    examination.ask(of(app), clock.now() - examination.LONGEST)
    assert "Look now" in browser(everybody.olga).get(PAGE).text


def test_a_file_that_somebody_broke_is_none(app: Flask, everybody: Cast, browser: Login) -> None:
    examination.ask(of(app), clock.now())
    (of(app).caddy_folder / examination.FILE).write_text('{"rows": 1}')
    assert "Nobody has looked yet" in browser(everybody.olga).get(PAGE).text


def test_the_job_keeps_what_the_doctor_says(app: Flask) -> None:
    with without_a_name(app).app_context():
        examination.ask(of(app), clock.now())
        examine_https()
    found = examination.read(of(app))
    assert [row.mark for row in found.rows] == [Mark.MEND], "it has no name, and no other is asked about that"
    assert (of(app).caddy_folder / examination.FILE).stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(
    ("ends", "words"),
    [(60, "has a good certificate"), (5, "ends soon"), (-1, "has ended. Browsers warn")],
)
def test_the_page_says_how_the_certificate_stands(
    app: Flask, everybody: Cast, browser: Login, ends: int, words: str
) -> None:
    shown = certificates.place(of(app))
    shown.parent.mkdir(parents=True)
    make_certificate(shown.parent, [DOMAIN], begins=timedelta(days=ends - 90), lasts=timedelta(days=90, hours=1))
    (shown.parent / "certificate.pem").rename(shown)
    assert words in browser(everybody.olga).get(PAGE).text


@pytest.mark.parametrize("who", ["eve", "alice", "charlie"])
def test_nobody_but_the_owner_sees_it_or_has_it_look(app: Flask, everybody: Cast, browser: Login, who: str) -> None:
    somebody = browser(getattr(everybody, who))
    assert somebody.get(PAGE).status_code == 403
    assert somebody.submit(PAGE).status_code == 403
    assert not (of(app).caddy_folder / examination.FILE).exists()


def test_at_home_the_root_is_there_for_every_device(
    app: Flask, everybody: Cast, browser: Login, client: Browser
) -> None:
    folder = of(app).caddy_folder / "pki" / "authorities" / "local"
    folder.mkdir(parents=True)
    make_certificate(folder, ["blog.home.arpa"])
    root = (folder / "root.pem").rename(folder / "root.crt").read_text()
    fingerprint = load_pem_x509_certificate(root.encode()).fingerprint(SHA256()).hex(":").upper()
    (folder / "root.key").write_text("secret")
    for path in (ROOT, TRUST):
        assert client.get(path).status_code == 404, "with another method it means nothing"
    app.config["HOMEPORT"] = replace(of(app), https_method="internal")
    answer = client.get(ROOT)
    assert answer.status_code == 200
    assert answer.text == root
    assert answer.headers["Content-Type"] == "application/x-x509-ca-cert"
    assert answer.headers["Cache-Control"] == "no-store"
    owners, everybodys = browser(everybody.olga).get(PAGE).text, client.get(TRUST).text
    assert f"https://{of(app).domain}{TRUST}" in owners
    for page in (owners, everybodys):
        assert fingerprint in page, "to be compared"
        for device in ("Windows", "macOS", "iPhone", "Android", "Firefox", "Linux"):
            assert f"<summary>{device}" in page


@pytest.fixture(scope="module")
def small_internet() -> Iterator[Lab]:
    with lab() as it:
        yield it


def open_as_owner(data: Path) -> str:
    """A session of an owner of the blog that is served from this folder."""
    app = create_app(Config(data=data))
    with app.app_context():
        token = open_session(make_cast("").olga.id)
        db.session.close()
        db.engine.dispose()
    return token


def test_with_both_ports_dropped_the_page_says_so_and_what_to_do(small_internet: Lab) -> None:
    world = small_internet
    world.router.dropped = (80, 443)
    world.router.apply()
    with serving(world) as blog:
        token = open_as_owner(blog.data)
        cookie = ["--cookie", f"__Host-sid={token}; sid={token}"]
        form = [*cookie, "--header", "Sec-Fetch-Site: same-origin", "--data", f"{csrf.FIELD}={csrf.token(token)}"]
        assert "has no certificate yet" in blog.ask_at_home(PAGE, *cookie).body
        assert blog.ask_at_home(PAGE, *form).status == 303
        eventually(lambda: "to mend, as of" in blog.ask_at_home(PAGE, *cookie).body, "the doctor’s findings")
        page = blog.ask_at_home(PAGE, *cookie).body
    assert page.count(f"Nothing came back from {OUTSIDE}") == 2
    assert "Neither port 443 nor port 80 comes through" in page
    assert "https_method = &#34;dns&#34;" in page
    assert "tunnel" in page


def test_where_no_try_has_failed_there_is_nothing_to_try_again(
    app: Flask, everybody: Cast, browser: Login, config: Config
) -> None:
    olga = browser(everybody.olga)
    assert "Try again now" not in olga.get(PAGE).text
    assert "no try has failed" in olga.submit(f"{PAGE}/again", follow_redirects=True).text


def test_a_failed_try_by_dns_is_due_at_once_when_the_owner_says_so(
    app: Flask, everybody: Cast, browser: Login, config: Config
) -> None:
    app.config["HOMEPORT"] = by_dns = replace(config, https_method="dns")
    at = clock.now()
    attempts.note(
        by_dns, attempts.Attempt(at, succeeded=False, error="Nobody answers.", next_at=at + timedelta(hours=6))
    )
    olga = browser(everybody.olga)
    assert "Try again now" in olga.get(PAGE).text
    assert "It is being tried again" in olga.submit(f"{PAGE}/again", follow_redirects=True).text
    assert renewals.due(by_dns, clock.now())
