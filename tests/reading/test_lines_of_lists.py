"""Lists are made of lines that are kept; a reader must never notice that."""

from collections.abc import Callable

from flask import Flask

from homeport.core import clock
from homeport.core.db import commit, db
from homeport.core.site import change
from homeport.posts import service
from homeport.posts.models import Post
from homeport.posts.service import Draft
from tests.cast import Cast
from tests.conftest import Browser
from tests.factories import make_post


def test_a_changed_post_is_changed_in_every_list(app: Flask, everybody: Cast, client: Browser) -> None:
    with app.app_context():
        path = make_post(everybody.alice, "Old title", tags=["Sea"])
    lists = ("/", "/tags/sea", "/authors/alice")
    assert all("Old title" in client.get(address).text for address in lists)
    with app.app_context():
        post = db.session.query(Post).filter_by(path=path).one()
        draft = Draft("New title", "Text", "A new summary", ("Sea", "Wind"), path)
        service.save(post, by=everybody.alice.viewer, now=clock.now(), seen_version=1, draft=draft)
        commit()
    for address in lists:
        page = client.get(address).text
        assert "New title" in page
        assert "A new summary" in page
        assert "/tags/wind" in page
        assert "Old title" not in page


def test_a_new_name_and_a_new_time_zone_are_in_every_line(
    app: Flask, everybody: Cast, client: Browser, browser: Callable[..., Browser]
) -> None:
    with app.app_context():
        make_post(everybody.alice, "Late", published_at=clock.now().replace(year=2025, month=3, day=9, hour=23))
    assert "9 Mar 2025" in client.get("/").text
    with app.app_context():
        change(time_zone="Asia/Tokyo")
        commit()
    assert "10 Mar 2025" in client.get("/").text
    browser(everybody.alice).submit("/account", {"display_name": "Alicia", "handle": "alice", "time_zone": "UTC"})
    assert ">Alicia</a>" in client.get("/").text
