"""Somebody tries links until one shows a draft, or makes links without end."""

from collections.abc import Callable

import time_machine
from flask import Flask
from sqlalchemy import select

from homeport.accounts.models import Attempt
from homeport.core import clock
from homeport.core.db import commit, db
from homeport.posts import previews
from homeport.posts.models import Post
from tests.cast import Cast, Person
from tests.conftest import Browser
from tests.posts.sharing import share

Login = Callable[[Person], Browser]


def test_a_post_has_an_end_of_links(app: Flask, everybody: Cast, browser: Login, draft: int) -> None:
    with app.app_context():
        post = db.session.get_one(Post, draft)
        for _ in range(previews.MOST):
            previews.make(post, days=1, note="", by=everybody.alice.viewer, now=clock.now())
        commit()
    answer = browser(everybody.alice).submit(f"/write/{draft}/previews", {"days": "7"})
    assert answer.status_code == 409
    assert "Take some back" in answer.text


def test_who_guesses_links_has_to_wait_and_others_do_not(
    app: Flask, everybody: Cast, browser: Login, client: Browser, draft: int
) -> None:
    address = share(browser(everybody.alice), draft)
    here, elsewhere = {"REMOTE_ADDR": "192.0.2.1"}, {"REMOTE_ADDR": "192.0.2.2"}
    with time_machine.travel(clock.now(), tick=False):
        seen = [client.get(f"/preview/{n}", environ_base=here).status_code for n in range(40)]
        assert seen.count(404) == 30
        assert set(seen[30:]) == {429}
        assert "Retry-After" in client.get("/preview/x", environ_base=here).headers
        assert client.get(address, environ_base=here).status_code == 429
        assert client.get(address, environ_base=elsewhere).status_code == 200
    with app.app_context():
        assert len(db.session.scalars(select(Attempt)).all()) == 30, "what is refused is not counted"
