"""The owners are written to when the certificate is about to end: once about each stage, and once when all is well."""

import shutil
from datetime import datetime, timedelta
from pathlib import Path
from threading import Barrier, Thread

import pytest
from flask import Flask

from homeport.accounts.models import User
from homeport.core import clock
from homeport.core.config import Config
from homeport.core.db import commit, db
from homeport.core.http import Role
from homeport.https import queries
from homeport.jobs.models import Mail
from homeport.ops import jobs, warned
from tests.accounts.letterbox import letters
from tests.cast import Cast, Person
from tests.https.placed import NAME, at, fail, place

DAY = timedelta(days=1)
LATER = 2 * warned.PATIENCE


@pytest.fixture
def config(tmp_path: Path, migrated: Path) -> Config:
    """A blog that does its HTTPS itself, and got a certificate by a record in its domain."""
    data = tmp_path / "data"
    data.mkdir()
    shutil.copy(migrated, data / "homeport.db")
    return at(Config(data=data), https_method="dns")


def look(app: Flask, moment: datetime) -> list[Mail]:
    """Have the worker look at a moment, and again once a warning has stood for a while; returns all the mails."""
    config: Config = app.config["HOMEPORT"]
    for at_last in (moment, moment + LATER):
        with app.app_context():
            if jobs.count_untold(at_last):
                jobs.look_after_certificate(config, at_last)
            db.session.rollback()
    return letters(app)


def add_owner(app: Flask, person: Person) -> None:
    """Make somebody a second owner."""
    with app.app_context():
        db.session.get_one(User, person.id).role = Role.OWNER
        commit()


def test_every_owner_gets_one_mail_for_each_stage(app: Flask, config: Config, everybody: Cast) -> None:
    add_owner(app, everybody.bob)
    place(config, left=80 * DAY)
    fail(config, "The name server refused the key.")
    start = clock.now()
    assert look(app, start) == []
    for days, count in ((60, 2), (65, 2), (74, 4), (76, 4), (78, 6), (79, 6), (81, 8), (90, 8)):
        mails = look(app, start + days * DAY)
        assert len(mails) == count, days
        assert {mail.to for mail in mails} == {"olga@example.com", "bob@example.com"}
    assert "the certificate ends on" in mails[0].subject
    assert "the certificate has ended" in mails[-1].subject
    for mail in mails:
        for text in (mail.text, mail.html or ""):
            assert "The name server refused the key." in " ".join(text.split())
            assert f"https://{NAME}/admin/https" in text
            assert "homeport doctor" in text


def test_a_restart_and_a_lost_note_write_nothing_twice(app: Flask, config: Config, everybody: Cast) -> None:
    place(config, left=5 * DAY)
    start = clock.now()
    [before] = look(app, start)
    with app.app_context():
        assert jobs.count_untold(start + LATER) == 0, "there is nothing left to do"
    (config.caddy_folder / warned.FILE).unlink()
    [after] = look(app, start + DAY)
    assert after.id == before.id
    (config.caddy_folder / warned.FILE).write_text("torn in half {")
    assert len(look(app, start + DAY)) == 1


def test_two_workers_at_once_write_one_mail(app: Flask, config: Config, everybody: Cast) -> None:
    place(config, left=5 * DAY)
    start = clock.now()
    with app.app_context():
        jobs.look_after_certificate(config, start)
    both = Barrier(2)

    def work() -> None:
        with app.app_context():
            both.wait()
            jobs.look_after_certificate(config, start + LATER)

    workers = [Thread(target=work) for _ in range(2)]
    for each in workers:
        each.start()
    for each in workers:
        each.join()
    assert [mail.to for mail in letters(app)] == ["olga@example.com"]


def test_when_it_is_good_again_that_is_written_once(app: Flask, config: Config, everybody: Cast) -> None:
    place(config, left=2 * DAY)
    start = clock.now()
    assert len(look(app, start)) == 1
    place(config, left=89 * DAY)
    mails = look(app, start + 3 * DAY)
    assert "the certificate is good again" in mails[-1].subject
    assert len(mails) == 2
    assert len(look(app, start + 4 * DAY)) == 2
    # The next trouble is a new one.
    assert len(look(app, start + 80 * DAY)) == 3


def test_one_worry_after_another_ends_in_one_good_word(app: Flask, config: Config, everybody: Cast) -> None:
    place(config, left=2 * DAY)
    start = clock.now()
    look(app, start)
    place(config, left=10 * DAY)  # new, and late too
    assert len(look(app, start + DAY)) == 2
    with app.app_context():
        jobs.look_after_certificate(config, start + 4 * DAY)  # the next stage is seen, and not told yet
    place(config, left=89 * DAY)
    assert "good again" in look(app, start + 5 * DAY)[-1].subject


def test_a_computer_that_slept_renews_first_and_nobody_is_written_to(
    app: Flask, config: Config, everybody: Cast
) -> None:
    place(config, left=-DAY)
    woken = clock.now()
    with app.app_context():
        jobs.look_after_certificate(config, woken)
    place(config, left=80 * DAY)
    assert look(app, woken + timedelta(minutes=1)) == []


def test_a_short_certificate_is_told_within_its_short_life(app: Flask, config: Config, everybody: Cast) -> None:
    place(config, left=timedelta(seconds=-29), lasts=timedelta(seconds=60))
    start = clock.now() + timedelta(seconds=2)
    with app.app_context():
        jobs.look_after_certificate(config, start)
        jobs.look_after_certificate(config, start + queries.LOOK_AGAIN)
    assert len(letters(app)) == 1


def test_a_suspended_owner_is_not_written_to(app: Flask, config: Config, everybody: Cast) -> None:
    add_owner(app, everybody.bob)
    with app.app_context():
        db.session.get_one(User, everybody.bob.id).suspended_at = clock.now()
        commit()
    place(config, left=DAY)
    assert [mail.to for mail in look(app, clock.now())] == ["olga@example.com"]


def test_a_first_start_without_a_certificate_is_written_about_after_a_day_and_once(
    app: Flask, config: Config, everybody: Cast
) -> None:
    start = clock.now()
    for hours in (0, 6, 12, 18):
        assert look(app, start + timedelta(hours=hours)) == [], "whoever sets it up knows"
    [mail] = look(app, start + DAY)
    assert "there is no certificate" in mail.subject
    assert f"There is no certificate for {NAME}, so nobody can come by HTTPS." in " ".join(mail.text.split())
    assert len(look(app, start + 9 * DAY)) == 1
    place(config, left=100 * DAY)
    assert "the certificate is good again" in look(app, start + 10 * DAY)[-1].subject


def test_a_certificate_that_is_gone_again_is_written_about_again(app: Flask, config: Config, everybody: Cast) -> None:
    start = clock.now()
    look(app, start)
    assert len(look(app, start + DAY)) == 1
    file = place(config, left=80 * DAY)
    assert len(look(app, start + 2 * DAY)) == 2
    file.unlink()
    look(app, start + 3 * DAY)
    assert len(look(app, start + 4 * DAY)) == 3


def test_a_certificate_that_comes_within_the_day_is_not_written_about(
    app: Flask, config: Config, everybody: Cast
) -> None:
    start = clock.now()
    look(app, start)
    place(config, left=80 * DAY)
    assert look(app, start + DAY) == []
