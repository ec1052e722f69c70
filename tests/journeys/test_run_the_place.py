"""The owner runs the place in a real browser, at a desk and on a telephone: people, the audit log, how safe it is."""

import csv
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page

from homeport.accounts.models import User
from homeport.app import create_app
from homeport.core import clock
from homeport.core.config import Config
from homeport.core.db import commit, db
from homeport.core.http import Role
from homeport.migrations.runner import upgrade
from tests.accounts.acts import present_code
from tests.accounts.log import fill
from tests.cast import PASSWORD, Cast, make_cast, open_session
from tests.journeys.conftest import DESKTOP, PHONE, Served, Visitor, serve

Blog = tuple[Served, Flask, Cast]


@pytest.fixture(scope="module")
def blog(tmp_path_factory: pytest.TempPathFactory, password_hash: str) -> Iterator[Blog]:
    """A running blog with the cast, sixty readers and a few events; each test leaves it as the next one needs it."""
    data: Path = tmp_path_factory.mktemp("blog") / "data"
    data.mkdir(mode=0o700)
    config = Config(data=data)
    upgrade(config)
    app = create_app(config)
    with app.app_context():
        cast = make_cast(password_hash)
        for number in range(60):
            facts = {"role": Role.READER, "created_at": clock.now(), "display_name": f"Reader {number:02}"}
            db.session.add(User(email=f"r{number}@example.net", handle=f"r{number}", **facts))
        commit()
    fill(app, cast)
    with serve(data, has_owner=True) as served:
        yield served, app, cast
    with app.app_context():
        db.engine.dispose()


@pytest.fixture(params=["desk", "phone"])
def olga(request: pytest.FixtureRequest, blog: Blog, chromium: Browser) -> Iterator[Visitor]:
    """The owner at her browser, who has just shown who she is; in light at the desk, in the dark on the telephone."""
    phone = request.param == "phone"
    visitor = come(blog, chromium, clock.now(), phone=phone)
    yield visitor
    visitor.page.context.close()
    assert visitor.complaints == []


def come(blog: Blog, chromium: Browser, proven_at: datetime, *, phone: bool) -> Visitor:
    """The owner's browser window."""
    served, app, cast = blog
    context = chromium.new_context(
        base_url=served.address,
        viewport=PHONE if phone else DESKTOP,  # type: ignore[arg-type]  # two integers by name, as asked for
        color_scheme="dark" if phone else "light",
    )
    context.set_default_timeout(20_000)
    with app.app_context():
        token = open_session(cast.olga.id, proven_at)
    context.add_cookies([{"name": "sid", "value": token, "url": served.address}])
    visitor = Visitor(context.new_page())
    visitor.page.on("console", visitor.listen)
    visitor.page.on("pageerror", lambda error: visitor.complaints.append(str(error)))
    return visitor


def press(page: Page, button: str) -> None:
    with page.expect_navigation():
        page.locator("main").get_by_role("button", name=button, exact=True).click()


def test_the_owner_reads_the_log_and_takes_it_along(olga: Visitor) -> None:
    page = olga.page
    page.goto("/admin/settings")
    page.get_by_role("link", name="Audit log").click()
    olga.check()
    assert page.get_by_text("changed Bob’s role from author to editor").is_visible()
    page.get_by_label("Person").fill("bob")
    page.get_by_label("About").select_option("people")
    press(page, "Show")
    assert page.locator(".event-list > li").count() == 2
    olga.check()
    with page.expect_download() as download:
        page.get_by_role("link", name="as a table (CSV)").click()
    with Path(download.value.path()).open(newline="") as file:
        assert [row[2] for row in csv.reader(file)] == ["action", "reset_link_made", "role_changed"]
    page.get_by_label("From").fill("2030-01-01")
    press(page, "Show")
    olga.check()
    page.get_by_role("link", name="Show everything").last.click()
    press(page, "Check that it is whole")
    assert page.get_by_role("heading", name="The log is whole").is_visible()
    olga.check()


def test_the_owner_finds_somebody_and_looks_after_them(olga: Visitor) -> None:
    page = olga.page
    page.goto("/write")
    page.get_by_role("link", name="People").click()
    olga.check()
    page.get_by_role("link", name="More people").click()
    olga.check()
    page.get_by_role("link", name="Back").click()
    page.get_by_label("Name or e-mail address").fill("nobody like this")
    press(page, "Find")
    olga.check()
    page.get_by_role("link", name="Show everybody").click()
    page.locator("#role").select_option("author")
    press(page, "Find")
    assert page.locator("li.person").count() == 2
    olga.check()
    page.get_by_role("link", name="Bob", exact=True).click()
    olga.check()
    page.locator("#role").select_option("editor")
    press(page, "Change the role")
    assert page.get_by_text("Bob is now editor. Before: author.").is_visible()
    olga.check()
    press(page, "Suspend Bob")
    olga.check()
    page.get_by_role("link", name="People", exact=True).first.click()
    page.get_by_role("link", name="Suspended 1").click()
    olga.check()
    page.get_by_role("link", name="Bob", exact=True).click()
    press(page, "Let them in again")
    assert page.get_by_text("Olga let Bob in again").first.is_visible()
    page.locator("#role").select_option("author")
    press(page, "Change the role")
    assert page.get_by_text("Bob is now author. Before: editor.").is_visible()
    page.goto("/admin/people/1")
    olga.check()


def test_the_owner_sees_what_is_good_and_mends_what_is_not(blog: Blog, olga: Visitor) -> None:
    (blog[0].data).chmod(0o755)
    page = olga.page
    page.goto("/admin/settings")
    page.get_by_role("link", name="Safety").click()
    olga.check()
    assert page.locator(".badge-mend").first.is_visible()
    assert page.get_by_text(f"chmod 700 {blog[0].data}").is_visible()
    page.get_by_role("link", name="See who waits").click()
    assert page.locator("li.person").count() == 50
    assert page.get_by_role("link", name="Waiting 60").get_attribute("aria-current") == "page"
    (blog[0].data).chmod(0o700)


def test_whoever_showed_who_they_are_long_ago_is_asked_first(blog: Blog, chromium: Browser) -> None:
    olga = come(blog, chromium, clock.now() - timedelta(minutes=20), phone=True)
    page = olga.page
    page.goto("/admin/people/4")
    olga.check()
    page.get_by_role("link", name="confirm that it is you").click()
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_label("Code", exact=True).fill(present_code())
    press(page, "Confirm")
    assert page.url.endswith("/admin/people/4")
    press(page, "Suspend Bob")
    assert page.get_by_text("Bob is suspended and logged out everywhere.").is_visible()
    page.context.close()
    assert olga.complaints == []


def test_the_owner_is_told_that_somebody_changed_the_log(blog: Blog, olga: Visitor) -> None:
    with closing(sqlite3.connect(blog[0].data / "homeport.db")) as connection:
        connection.execute("DROP TRIGGER IF EXISTS audit_events_no_update")
        connection.execute("UPDATE audit_events SET actor_id = 5 WHERE id = 3")
        connection.commit()
    olga.page.goto("/admin/audit/check")
    assert olga.page.get_by_text("Event 3 is not as it was written.").is_visible()
    olga.check()
