"""The same pages from PostgreSQL, for who has outgrown one machine."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask

from homeport.app import create_app
from homeport.core import site
from homeport.core.config import Config
from homeport.core.db import commit, db
from homeport.migrations.runner import upgrade
from homeport.posts.models import Status
from tests.cast import Cast, make_cast
from tests.conftest import Browser
from tests.factories import START, make_post
from tests.parts import postgresql
from tests.reading.page import Page


@pytest.fixture(scope="module")
def blog(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Flask, Cast]]:
    """A blog on a server of its own, with posts of one moment, a hidden one and a byline."""
    data: Path = tmp_path_factory.mktemp("data")
    with postgresql() as address:
        config = Config(data=data, database_url=address)
        upgrade(config)
        app = create_app(config)
        app.test_client_class = Browser
        with app.app_context():
            everybody = make_cast("none")
            site.change(posts_per_page=2)
            for title in ("One", "Two", "Three"):
                make_post(everybody.alice, title, published_at=START, tags=["Sea", "Boats"])
            make_post(everybody.bob, "Hidden", status=Status.DRAFT, tags=["Secret"])
            make_post(everybody.bob, "Private", status=Status.PRIVATE)
            make_post(everybody.bob, "Last one", bylines=["Bo Ek", "Ann Lee"])
            commit()
        yield app, everybody
        with app.app_context():
            db.engine.dispose()


def test_readers_see_the_same(blog: tuple[Flask, Cast]) -> None:
    client = blog[0].test_client()
    first = Page(client.get("/"))
    assert first.titles() == ["Last one", "Three"]
    second = Page(client.get(first.links()["Older"]))
    assert second.titles() == ["Two", "One"]
    assert second.links()["Newer"] == "/"
    page = Page(client.get("/posts/two"))
    assert [*page.links(rel="prev").values(), *page.links(rel="next").values()] == ["/posts/one", "/posts/three"]
    assert list(page.links(rel="tag")) == ["Boats", "Sea"]
    assert list(Page(client.get("/posts/last-one")).links(rel="author")) == ["Bo Ek", "Ann Lee"]
    for address in ("/tags", "/tags/sea", "/authors/alice", "/authors/bo-ek", "/archive", "/archive/2026", "/about"):
        answer = client.get(address)
        assert answer.status_code == 200, address
        assert "Hidden" not in answer.text


def test_what_is_hidden_stays_so(blog: tuple[Flask, Cast]) -> None:
    app, everybody = blog
    client = app.test_client()
    for address in ("/posts/hidden", "/posts/private", "/tags/secret", "/authors/bob", "/posts/none"):
        assert client.get(address).status_code == 404, address
    assert isinstance(client, Browser)
    assert client.login(everybody.bob).get("/posts/private").status_code == 200


def test_wrong_addresses_are_answered(blog: tuple[Flask, Cast]) -> None:
    client = blog[0].test_client()
    assert client.get("/posts/two/").headers["Location"] == "/posts/two"
    assert "Last one" in Page(client.get("/the-last")).links()
    for address in ("/a%00b", "/%ff", "/tags/a%00b", "/authors/a%00b", "/?before=AAAAAAAAAAD_____"):
        assert client.get(address).status_code == 404, address


def test_a_nul_in_a_form_is_left_out(blog: tuple[Flask, Cast]) -> None:
    app, everybody = blog
    olga = app.test_client()
    assert isinstance(olga, Browser)
    form = {"title": "A\0B", "about": "x\0y", "language": "en", "time_zone": "UTC", "registration": "closed"}
    form |= {"second_factor": "editors"}
    assert olga.login(everybody.olga).submit("/admin/settings", form | {"posts_per_page": "2"}).status_code == 303
    assert Page(app.test_client().get("/")).one("title").text == "AB"
    assert app.test_client().post("/login", data={"email": "a\0b@example.com", "password": "a\0b"}).status_code < 500
