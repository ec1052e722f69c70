"""The machine's clock is set: back, forward, by a year. A scheduled post goes out once, at the first time it is due."""

from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask

from homeport.core import clock
from homeport.core.db import commit, db
from homeport.core.events import post_published
from homeport.posts import queries, service
from homeport.posts.models import Post
from tests.cast import Cast
from tests.posts.desk import put

AT = datetime(2026, 10, 25, 0, 30, tzinfo=UTC)  # half past two in Berlin, for the first of two times that night


def publish_all(app: Flask, now: datetime) -> int:
    """What the worker does at `now`; how many posts went out."""
    with app.app_context():
        out = sum(service.publish_if_due(post_id, now) for post_id in queries.due(now))
        commit()
        return out


@pytest.mark.parametrize(
    "jumps",
    [
        [0, 1, -1, 1],
        [-1, 0, -2, 3],
        [24 * 400, 0, 24 * 400],
        [-24 * 400, -1, 0, -24 * 400, 1],
        [0.5, -0.5, 0.5],
    ],
)
def test_a_post_goes_out_once_however_often_its_time_comes(app: Flask, everybody: Cast, jumps: list[float]) -> None:
    post_id, told = put(app, everybody.alice, "Later"), []
    with app.app_context():
        post = db.session.get_one(Post, post_id)
        service.schedule(post, everybody.alice.viewer, AT - timedelta(days=500), AT)
        commit()
    with post_published.connected_to(lambda _sender, **facts: told.append(facts["post"].id)):
        out = [publish_all(app, AT + timedelta(hours=hours)) for hours in jumps]
    assert sum(out) == len(told) == 1
    assert out.index(1) == next(place for place, hours in enumerate(jumps) if hours >= 0), "not before its time"


def test_a_clock_set_back_takes_nothing_back_and_a_post_of_the_future_can_be_read(app: Flask, everybody: Cast) -> None:
    post_id = put(app, everybody.alice, "From tomorrow")
    with app.app_context():
        tomorrow = clock.now() + timedelta(days=1)
        service.publish(db.session.get_one(Post, post_id), everybody.alice.viewer, tomorrow)
        commit()
        assert queries.due(clock.now()) == []
        path = db.session.get_one(Post, post_id).path
    assert app.test_client().get(f"/{path}").status_code == 200
    assert "From tomorrow" in app.test_client().get("/").text
