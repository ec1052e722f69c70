"""A post goes out later, at a time on its writer's own clock."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from flask import Flask

from homeport.accounts.models import User
from homeport.core import clock
from homeport.core.db import commit, db
from homeport.core.events import post_published
from homeport.jobs.service import JOBS, SCHEDULES
from homeport.posts import jobs, queries, service, timing
from homeport.posts.models import Post
from homeport.posts.problems import DraftProblem
from tests.cast import Cast, Person
from tests.conftest import Browser
from tests.posts.desk import fields, press, put, stored, write

Login = Callable[[Person], Browser]
BERLIN = ZoneInfo("Europe/Berlin")


@pytest.fixture
def alice(app: Flask, browser: Login, everybody: Cast) -> Browser:
    """Alice, who lives in Berlin."""
    with app.app_context():
        db.session.get_one(User, everybody.alice.id).time_zone = "Europe/Berlin"
        commit()
    return browser(everybody.alice)


def next_year() -> int:
    return clock.now().year + 1


def test_the_time_is_meant_and_shown_on_the_writers_own_clock(alice: Browser, app: Flask) -> None:
    editor = write(alice, "schedule", publish_at=f"{next_year()}-07-01T18:30")
    post = stored(app, editor)
    assert post["status"] == "scheduled"
    assert post["scheduled_at"] == datetime(next_year(), 7, 1, 16, 30, tzinfo=UTC)
    page = alice.get(editor)
    assert f"1 July {next_year()}, 18:30 CEST" in page.text
    assert "By the clocks in Europe/Berlin" in page.text
    assert fields(page)["publish_at"] == f"{next_year()}-07-01T18:30"


def test_a_scheduled_post_can_be_moved_and_called_off(alice: Browser, app: Flask) -> None:
    editor = write(alice, "schedule", publish_at=f"{next_year()}-07-01T18:30")
    press(alice, alice.get(editor), "schedule", publish_at=f"{next_year()}-01-01T12:00")
    assert stored(app, editor)["scheduled_at"] == datetime(next_year(), 1, 1, 11, tzinfo=UTC)
    press(alice, alice.get(editor), "unpublish")
    assert (stored(app, editor)["status"], stored(app, editor)["scheduled_at"]) == ("draft", None)


def test_saving_a_scheduled_post_leaves_its_time(alice: Browser, app: Flask) -> None:
    editor = write(alice, "schedule", publish_at=f"{next_year()}-07-01T18:30")
    press(alice, alice.get(editor), "save", body="Better")
    assert stored(app, editor)["status"] == "scheduled"


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("2020-01-01T10:00", "use Publish to do it now"),
        ("", "Enter the day and the time"),
        ("soon", "This is not a time."),
        ("9999-12-31T23:59", None),
        ("0001-01-01T00:00", "This is not a time."),
        ("2026-02-30T10:00", "This is not a time."),
    ],
)
def test_a_time_that_cannot_be_is_refused_and_the_text_kept(
    alice: Browser, app: Flask, typed: str, words: str | None
) -> None:
    answer = press(alice, alice.get("/write/new"), "schedule", title="T", body="Long text", publish_at=typed)
    if words is None:
        assert answer.status_code == 303
        return
    assert answer.status_code == 422
    assert words in answer.text
    assert (fields(answer)["body"], fields(answer)["publish_at"]) == ("Long text", typed)
    assert 'value="publish"' in answer.text
    with app.app_context():
        assert db.session.query(Post).count() == 0


def test_an_hour_that_the_clocks_skip_is_refused_with_the_next_one(alice: Browser) -> None:
    with pytest.raises(DraftProblem, match="there is no 02:30") as refused:
        timing.parse("2027-03-28T02:30", BERLIN)
    assert refused.value.hint == "Choose 03:30, or another time."
    assert timing.parse("2027-03-28T01:59", BERLIN) == datetime(2027, 3, 28, 0, 59, tzinfo=UTC)
    assert timing.parse("2027-03-28T03:00", BERLIN) == datetime(2027, 3, 28, 1, 0, tzinfo=UTC)


def test_of_an_hour_that_comes_twice_the_first_is_meant_and_said() -> None:
    moment = timing.parse("2026-10-25T02:30", BERLIN)
    assert moment == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    assert timing.in_words(moment, BERLIN) == "25 October 2026, 02:30 CEST (the first of two)"
    assert timing.in_words(moment + timedelta(hours=1), BERLIN) == "25 October 2026, 02:30 CET (the second of two)"


@pytest.mark.parametrize("zone", ["Pacific/Apia", "Australia/Lord_Howe", "America/St_Johns", "UTC"])
def test_every_time_that_is_shown_is_understood_again(zone: str) -> None:
    here = timing.zone_of(zone)
    for hours in range(0, 24 * 365, 7):
        moment = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(hours=hours)
        again = timing.parse(timing.for_input(moment, here), here)
        assert again == moment or (timing.comes_twice(moment, here) and again < moment)


def test_an_unknown_time_zone_is_universal_time() -> None:
    assert timing.zone_of("Mars/Olympus").key == "UTC"
    assert timing.zone_of("../../etc/passwd").key == "UTC"
    assert timing.zone_of("", "Asia/Tokyo").key == "Asia/Tokyo"


def schedule(app: Flask, person: Person, title: str, at: datetime) -> int:
    post_id = put(app, person, title)
    with app.app_context():
        post = db.session.get_one(Post, post_id)
        service.schedule(post, person.viewer, at - timedelta(days=1), at)
        commit()
    return post_id


def test_a_post_goes_out_at_its_time_and_not_before(app: Flask, everybody: Cast, client: Browser) -> None:
    at = datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    post_id = schedule(app, everybody.alice, "In the night of the clocks", at)
    with app.app_context():
        assert queries.count_due(at - timedelta(microseconds=1)) == 0
        assert not service.publish_if_due(post_id, at - timedelta(microseconds=1))
        assert queries.due(at) == [post_id]
        assert service.publish_if_due(post_id, at)
        commit()
        assert not service.publish_if_due(post_id, at)
        assert db.session.get_one(Post, post_id).published_at == at
    assert client.get("/posts/in-the-night-of-the-clocks").status_code == 200


def test_a_post_that_is_thrown_away_at_the_last_moment_does_not_go_out(app: Flask, everybody: Cast) -> None:
    at = datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    post_id = schedule(app, everybody.alice, "Better not", at)
    with app.app_context():
        assert queries.due(at) == [post_id]
        post = db.session.get_one(Post, post_id)
        service.trash(post, everybody.alice.viewer, at)
        assert not service.publish_if_due(post_id, at)
        commit()
    assert stored(app, f"/write/{post_id}")["status"] == "trashed"


def test_the_job_publishes_everything_due_and_sends_word_once(app: Flask, everybody: Cast, client: Browser) -> None:
    past = clock.now() - timedelta(minutes=1)
    due = [schedule(app, everybody.alice, f"Due {number}", past + timedelta(seconds=number)) for number in range(3)]
    later = schedule(app, everybody.alice, "Later", clock.now() + timedelta(hours=1))
    sent: list[int] = []

    def note(_sender: object, post: Post, now: datetime) -> None:
        sent.append(post.id)

    with app.app_context(), post_published.connected_to(note):
        jobs.publish_due_posts()
        jobs.publish_due_posts()
        commit()
    assert sent == due
    assert stored(app, f"/write/{later}")["status"] == "scheduled"
    assert [client.get(f"/posts/due-{number}").status_code for number in range(3)] == [200, 200, 200]


def test_a_post_that_fails_holds_up_no_other(
    app: Flask, everybody: Cast, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    past = clock.now() - timedelta(minutes=1)
    poisoned = schedule(app, everybody.alice, "Poisoned", past)
    healthy = schedule(app, everybody.alice, "Healthy", past + timedelta(seconds=1))

    def refuse(_sender: object, post: Post, now: datetime) -> None:
        if post.id == poisoned:
            db.session.rollback()
            raise RuntimeError("a receiver's mistake")

    with app.app_context(), post_published.connected_to(refuse):
        jobs.publish_due_posts()
        commit()
        assert queries.due(clock.now()) == [poisoned]
    assert stored(app, f"/write/{healthy}")["status"] == "published"
    assert "a scheduled post could not be published" in caplog.text


def test_the_worker_looks_often_and_only_when_something_is_due() -> None:
    schedule = SCHEDULES["publish_due_posts"]
    assert JOBS["publish_due_posts"] is jobs.publish_due_posts
    assert schedule.interval <= timedelta(seconds=30)
    assert schedule.due is queries.count_due


def test_old_html_is_made_anew_and_the_text_left_alone(app: Flask, everybody: Cast) -> None:
    post_id = put(app, everybody.alice, "Old", "Some *text*.")
    with app.app_context():
        post = db.session.get_one(Post, post_id)
        post.html, post.rendered_with, version = "<p>old</p>", 0, post.version
        commit()
        jobs.render_posts_again()
        commit()
        db.session.expire_all()
        assert re.sub(r"\s+$", "", post.html) == "<p>Some <em>text</em>.</p>"
        assert (post.version, post.body) == (version, "Some *text*.")
