"""A job is started from the chapter on background work, watched, killed with its worker, and watched coming back."""

import fcntl
import http.client
import re
import time
from collections.abc import Callable
from datetime import timedelta
from html import unescape
from urllib.parse import urlencode, urlsplit

import pytest
from flask import Flask

from homeport.core import clock, csrf, served, site
from homeport.core.config import Config
from homeport.core.db import commit, db
from homeport.core.errors import Problem
from homeport.learn import jobs, try_jobs
from homeport.learn.models import LearnPupil
from tests.cast import Cast, Person, open_session
from tests.conftest import Browser
from tests.jobs.conftest import wait_until
from tests.journeys.conftest import serve

pytestmark = pytest.mark.usefixtures("with_learn")
Login = Callable[[Person], Browser]
PAGE = "/learn/background-work/experiments"


def test_without_a_worker_the_page_says_so(everybody: Cast, browser: Login) -> None:
    charlie = browser(everybody.charlie)
    assert "Nobody has had anything counted here yet" in charlie.submit(f"{PAGE}/watch-count").text
    started = charlie.submit(f"{PAGE}/count", {"count-total": "6"})
    assert started.status_code == 200
    assert "the worker has not given a sign of life" in started.text


def test_only_the_owner_kills_and_only_where_it_is_started_again(everybody: Cast, browser: Login) -> None:
    refused = browser(everybody.eve).submit(f"{PAGE}/kill-worker")
    assert "Only the owner of this blog may do this" in refused.text
    alone = browser(everybody.olga).submit(f"{PAGE}/kill-worker")
    assert alone.status_code == 409
    assert "Nobody would start the worker again" in alone.text


def test_in_an_open_class_room_the_class_may(app: Flask, everybody: Cast, browser: Login) -> None:
    with app.app_context():
        site.change(class_room="open")
        db.session.add(LearnPupil(user_id=everybody.charlie.id, joined_at=clock.now()))
        commit()
    alone = browser(everybody.charlie).submit(f"{PAGE}/kill-worker")
    assert "Nobody would start the worker again" in alone.text, "this blog runs without a supervisor"
    stranger = browser(everybody.alice).submit(f"{PAGE}/kill-worker")
    assert "Only the owner of this blog may do this" in stranger.text, "who is not in the class"


def test_a_supervisor_is_seen_by_its_lock(config: Config) -> None:
    assert not served.is_watched(config)
    with (config.data / served.LOCK).open("a") as file:
        assert not served.is_watched(config)
        fcntl.flock(file, fcntl.LOCK_EX)
        assert served.is_watched(config)
    assert not served.is_watched(config)


def test_another_process_than_the_one_that_is_meant_is_left_alone() -> None:
    jobs.pull_the_plug(1)  # it would end this very test


@pytest.mark.parametrize("total", ["4", "41", "x", ""])
def test_counting_has_its_bounds(everybody: Cast, browser: Login, total: str) -> None:
    assert browser(everybody.charlie).submit(f"{PAGE}/count", {"count-total": total}).status_code == 422


def test_the_worker_is_killed_and_the_count_goes_on(app: Flask, config: Config, everybody: Cast) -> None:
    with app.app_context():
        cookie = open_session(everybody.olga.id)
        db.engine.dispose()
    with serve(config.data, has_owner=True) as blog:

        def run(name: str, **typed: str) -> str:
            return _run(blog.address, cookie, name, typed)

        def watch() -> str:
            time.sleep(1)  # so that nobody runs too many experiments in a minute
            return run("watch-count")

        wait_until(lambda: "has not given a sign of life" not in watch())
        assert "will take the row" in run("count", total="8")
        assert "is counting already" in wait_until(lambda: _if(run("count", total="5"), "is counting already"))
        wait_until(lambda: len(_numbers(watch())) >= 3)
        assert "A second job has been queued" in run("kill-worker")
        assert "killed a moment ago" in wait_until(lambda: _if(run("kill-worker"), "killed a moment ago"))
        text = wait_until(lambda: _if(watch(), "<dd>Done</dd>"), 120)
    assert "Here the process ended." in text
    assert _numbers(text) == list(range(1, 9))
    assert len(set(re.findall(r"<tr><td>\d+</td><td>(\d+)</td>", text))) == 2
    assert "No number is missing, and none is there twice, although the process that counted was killed" in text


def _if(text: str, said: str) -> str:
    return text if said in text else ""


def _numbers(text: str) -> list[int]:
    return [int(number) for number in re.findall(r"<tr><td>(\d+)</td><td>\d+</td>", text)]


def _run(address: str, cookie: str, name: str, typed: dict[str, str]) -> str:
    connection = http.client.HTTPConnection(urlsplit(address).netloc, timeout=30)
    fields = {csrf.FIELD: csrf.token(cookie), **{f"{name}-{field}": value for field, value in typed.items()}}
    headers = {
        "Cookie": f"sid={cookie}",
        "Content-Type": "application/x-www-form-urlencoded",
        "Sec-Fetch-Site": "same-origin",
    }
    connection.request("POST", f"{PAGE}/{name}", urlencode(fields), headers)
    text = connection.getresponse().read().decode()
    connection.close()
    found = re.search(rf'id="experiment-{name}".*?</section>', text, re.DOTALL)
    return unescape(found[0]) if found else text


def test_what_is_repeated_or_missing_is_said() -> None:
    lines = tuple(try_jobs.Line(number, 1, float(number), None) for number in (1, 2, 2))
    assert not try_jobs.Watched("running", 5, lines).is_right
    assert try_jobs.Watched("running", 5, lines[:2]).is_right


def test_nobody_is_killed_while_nobody_counts(app: Flask) -> None:
    with app.app_context(), pytest.raises(Problem, match="No job is counting"):
        try_jobs.victim(clock.now() + timedelta(days=1))
