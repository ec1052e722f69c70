"""Somebody takes everything along, shows a picture, asks to leave and stays after all."""

import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from playwright.sync_api import expect

from homeport.app import create_app
from homeport.core import clock
from homeport.core.config import Config
from homeport.core.db import commit, db
from homeport.media import service as media
from homeport.migrations.runner import upgrade
from homeport.posts import service as posts
from homeport.posts.service import Draft
from tests.cast import PASSWORD, make_cast
from tests.interop.folders import png
from tests.journeys.conftest import DESKTOP, PHONE, Served, Visit, Visitor, serve
from tests.media.test_keeping_pictures import picture

TEXT = "We moored at six.\n\n![The quay](/media/{name})\n"


@pytest.fixture
def served(tmp_path: Path, password_hash: str) -> Iterator[Served]:
    """A blog in use, with a post of alice's that shows a picture."""
    config = Config(data=tmp_path / "data")
    config.data.mkdir()
    upgrade(config)
    app: Flask = create_app(config)
    with app.app_context():
        cast, now = make_cast(password_hash), clock.now()
        by = cast.alice.viewer
        name = media.store(png(), original_name="quay.png", owner_id=by.user_id, folder=config.media, now=now).name
        posts.publish(posts.create(by=by, now=now, draft=Draft("On tides", TEXT.format(name=name))), by, now)
        commit()
        db.engine.dispose()
    with serve(config.data, has_owner=True) as blog:
        yield blog


def log_in(visitor: Visitor) -> None:
    visitor.page.goto("/login?next=/account/export")
    visitor.page.get_by_label("E-mail address").fill("alice@example.com")
    visitor.page.get_by_label("Password", exact=True).fill(PASSWORD)
    press(visitor, "Log in")


def press(visitor: Visitor, button: str) -> None:
    with visitor.page.expect_navigation():
        visitor.page.locator("main").get_by_role("button", name=button, exact=True).click()


@pytest.mark.parametrize("scripts", [True, False])
def test_somebody_takes_everything_along(visit: Visit, tmp_path: Path, scripts: bool) -> None:
    alice = visit(screen=DESKTOP if scripts else PHONE, color_scheme="light" if scripts else "dark", scripts=scripts)
    log_in(alice)
    if scripts:
        alice.check()
    press(alice, "Make my copy")
    expect(alice.page.get_by_role("button", name="Download", exact=True)).to_be_visible(timeout=60_000)
    expect(alice.page.get_by_role("status")).to_contain_text("Your copy is ready")
    if scripts:
        alice.check()
    with alice.page.expect_download() as download:
        alice.page.get_by_role("button", name="Download", exact=True).click()
    assert download.value.suggested_filename.startswith("alice-")
    file = tmp_path / "mine.zip"
    download.value.save_as(file)
    with zipfile.ZipFile(file) as content:
        assert content.testzip() is None
        (post,) = (name for name in content.namelist() if name.startswith("content/"))
        assert "We moored at six." in content.read(post).decode()
        assert sum(name.startswith("media/") for name in content.namelist()) == 1


def test_somebody_asks_to_leave_and_stays(visit: Visit, tmp_path: Path) -> None:
    alice = visit(screen=PHONE)
    log_in(alice)
    alice.check()
    alice.page.get_by_role("link", name="Delete my account").click()
    alice.check()
    alice.page.get_by_label("Hand them to somebody else").check()
    press(alice, "Delete my account")
    alice.check()
    expect(alice.page.get_by_role("alert")).to_contain_text("Choose who is to have your posts.")
    alice.page.get_by_label("Who is to have them").select_option("Bob")
    press(alice, "Delete my account")
    alice.check()
    expect(alice.page.get_by_text("go to Bob")).to_be_visible()
    for part in ("Profile", "Security", "Devices", "Your data"):
        alice.page.get_by_role("navigation", name="Your account").get_by_role("link", name=part).click()
        expect(alice.page.get_by_text("Your account will be deleted on")).to_be_visible()
        alice.check()
    press(alice, "Keep my account")
    expect(alice.page.get_by_text("Your account stays.")).to_be_visible()
    alice.check()
    assert alice.page.get_by_text("will be deleted on").count() == 0


def test_somebody_shows_a_picture(visit: Visit, tmp_path: Path) -> None:
    alice = visit(screen=PHONE, color_scheme="dark")
    log_in(alice)
    alice.page.goto("/account")
    alice.check()
    alice.page.get_by_role("link", name="Add a picture").click()
    alice.check()
    (tmp_path / "me.txt").write_text("not a picture")
    alice.page.get_by_label("A picture of you").set_input_files(tmp_path / "me.txt")
    press(alice, "Use this picture")
    expect(alice.page.get_by_role("alert")).to_contain_text("not a picture")
    alice.check()
    (tmp_path / "me.jpg").write_bytes(picture("JPEG", (800, 600)))
    alice.page.get_by_label("A picture of you").set_input_files(tmp_path / "me.jpg")
    press(alice, "Use this picture")
    alice.check()
    for page in ("/account", "/authors/alice", "/posts/on-tides"):
        alice.page.goto(page)
        alice.check()
        assert alice.page.locator("img.portrait").evaluate("image => image.naturalWidth") == 256, page
    alice.page.goto("/account/picture")
    press(alice, "Remove it")
    expect(alice.page.get_by_text("You have none yet.")).to_be_visible()
