"""An open class room gives everybody who is logged in the x-ray of their own requests."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask

from homeport.core import clock, site
from homeport.core.config import Config
from homeport.core.db import commit
from homeport.learn import xray_jobs, xray_store
from tests.cast import Cast, Person
from tests.conftest import Browser
from tests.learn.teaching import olga, put_into_class

pytestmark = pytest.mark.usefixtures("with_learn")
assert olga  # a fixture


def test_an_open_room_gives_everybody_the_x_ray_and_a_closed_one_forgets_it(
    olga: Browser, everybody: Cast, app: Flask, config: Config, browser: Callable[[Person], Browser]
) -> None:
    alice, file = browser(everybody.alice), config.data / "xray.db"
    put_into_class(app, everybody.alice)
    assert "X-ray of this page" not in alice.get("/write").text
    olga.submit("/learn/class/room", {"do": "open"})
    page = alice.get("/write")
    assert "X-ray of this page" in page.text
    assert "Your space in the class" in page.text
    page.close()
    assert alice.get("/learn/labs").status_code == 200
    assert "GET /write" in alice.get("/learn/xray").text
    olga.submit("/learn/class/room", {"do": "closed"})
    assert not file.exists()
    assert alice.get("/learn/labs").status_code == 403
    assert "Your space in the class" not in alice.get("/write").text


def test_the_setting_and_the_room_are_one(olga: Browser, config: Config, app: Flask) -> None:
    with app.app_context():
        site.change(class_room="open")
        commit()
    assert xray_store.has_switched_on(config)
    assert "The class room is open" in olga.get("/learn/class").text


def test_the_teacher_is_told_that_strangers_have_it_too_where_anybody_may_register(olga: Browser, app: Flask) -> None:
    for registration, is_told in (("open", True), ("invited", False)):
        with app.app_context():
            site.change(class_room="open", registration=registration)
            commit()
        assert ("Registration is open: anybody may come in" in olga.get("/learn/class").text) is is_told


def test_the_x_ray_of_a_class_is_back_when_its_file_was_lost(config: Config, app: Flask) -> None:
    with app.app_context():
        site.change(class_room="open")
        commit()
        (config.data / "xray.db").unlink()
        assert xray_jobs.count_old(clock.now()) == 1
        xray_jobs.forget_xrays()
    assert xray_store.has_switched_on(config)


def test_who_clicks_quickly_pushes_nobody_elses_records_out(config: Config, app: Flask) -> None:
    file, at = xray_store.path(config), clock.now()
    xray_store.switch_on(config)
    record = {"kind": "request", "what": "GET /", "outcome": "200", "ms": 1.0, "steps": []}
    xray_store.keep(file, 2, {"id": "the one of the slow", **record}, at)
    for number in range(xray_store.MOST_RECORDS_OF_A_CLASS + 20):
        xray_store.keep(file, 1, {"id": f"{number}", **record}, at + timedelta(milliseconds=number + 1))
    assert len(xray_store.recent(file, 1, at)) == xray_store.MOST_RECORDS_OF_A_CLASS - 1
    assert len(xray_store.recent(file, 2, at)) == 1
