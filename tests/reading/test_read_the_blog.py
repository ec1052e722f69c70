"""A stranger comes to the blog and reads."""

from datetime import UTC, datetime

import pytest
from flask import Flask

from homeport.accounts.models import User
from homeport.core import site
from homeport.core.config import Config
from homeport.core.db import commit, db
from homeport.posts.models import Status
from tests.cast import Cast, Person
from tests.conftest import Browser
from tests.factories import make_post
from tests.reading.page import Page

TOC: list[dict[str, str | int]] = [
    {"level": 2, "id": "c-first", "text": "First"},
    {"level": 3, "id": "c-second", "text": "Second <b>"},
    {"level": 2, "id": "c-third", "text": "Third"},
]


@pytest.fixture
def alice(app: Flask, everybody: Cast) -> Person:
    """Alice, who writes; the site is hers for these tests."""
    with app.app_context():
        site.change(title="The Harbour", description="Notes from the water.")
        commit()
    return everybody.alice


def open_page(client: Browser, path: str, status: int = 200) -> Page:
    answer = client.get(path)
    assert answer.status_code == status
    return Page(answer)


def test_a_new_blog_is_friendly_to_strangers_and_shows_its_owner_the_way(
    app: Flask, client: Browser, everybody: Cast
) -> None:
    page = open_page(client, "/")
    assert "The first post is still to be written." in page.one("main").text
    assert "/write/new" not in page.links().values()
    for path in ("/archive", "/tags", "/about"):
        assert len(open_page(client, path).one("main").text) > 10
    olga = app.test_client()
    assert isinstance(olga, Browser)
    page = Page(olga.login(everybody.olga).get("/"))
    assert page.links()["Write the first post"] == "/write/new"
    assert "/admin/settings#about" in Page(olga.get("/about")).links().values()


def test_the_front_page_shows_the_newest_posts_first(app: Flask, client: Browser, alice: Person) -> None:
    with app.app_context():
        make_post(alice, "Older", tags=["Sea", "Boats"], summary="In a sentence.", words=500)
        make_post(alice, "Newer", bylines=["Bo Ek", "Ann Lee", "Cy"])
    page = open_page(client, "/")
    assert page.titles() == ["Newer", "Older"]
    main = page.one("main").text
    assert "Notes from the water." in main
    assert "In a sentence." in main
    assert "How Newer begins." in main
    assert "3 minutes" in main
    assert "by Bo Ek, Ann Lee and Cy" in main
    links = page.links()
    assert links["Older"] == "/posts/older"
    assert links["Alice"] == "/authors/alice"
    assert links["Bo Ek"] == "/authors/bo-ek"
    assert links["Boats"] == "/tags/boats"
    assert page.one("title").text == "The Harbour"
    assert page.meta("description") == "Notes from the water."


def test_a_post_is_read_at_its_address(app: Flask, client: Browser, alice: Person) -> None:
    at = datetime(2026, 3, 4, 5, 6, tzinfo=UTC)
    with app.app_context():
        make_post(alice, "A walk", published_at=at, tags=["Sea"], html="<p>It was <em>windy</em>.</p>", words=700)
    page = open_page(client, "/posts/a-walk")
    assert page.one("h1").text == "A walk"
    assert page.one("title").text == "A walk \u2013 The Harbour"
    assert page.one("em").text == "windy"
    assert page.one("time").attributes["datetime"] == "2026-03-04T05:06:00Z"
    assert page.one("time").text == "4 March 2026"
    assert "3 minutes" in page.one("header", _class="page-head").text
    assert page.links(rel="author") == {"Alice": "/authors/alice"}
    assert page.links(rel="tag") == {"Sea": "/tags/sea"}
    assert "Edit" not in page.links()


def test_a_post_leads_to_the_one_before_and_the_one_after(app: Flask, client: Browser, alice: Person) -> None:
    with app.app_context():
        make_post(alice, "One")
        make_post(alice, "Hidden", status=Status.DRAFT)
        make_post(alice, "Two")
        make_post(alice, "Secret", status=Status.PRIVATE)
        make_post(alice, "Three")
    page = open_page(client, "/posts/two")
    assert page.links(rel="prev") == {"BeforeOne": "/posts/one"}
    assert page.links(rel="next") == {"AfterThree": "/posts/three"}
    assert open_page(client, "/posts/one").links(rel="prev") == {}
    assert open_page(client, "/posts/three").links(rel="next") == {}


def test_posts_of_the_same_moment_have_an_order_too(app: Flask, client: Browser, alice: Person) -> None:
    at = datetime(2026, 3, 4, tzinfo=UTC)
    with app.app_context():
        for title in ("One", "Two", "Three"):
            make_post(alice, title, published_at=at)
    assert open_page(client, "/").titles() == ["Three", "Two", "One"]
    page = open_page(client, "/posts/two")
    assert [*page.links(rel="prev").values(), *page.links(rel="next").values()] == ["/posts/one", "/posts/three"]


@pytest.mark.parametrize(("words", "headings", "shown"), [(900, 3, True), (800, 3, False), (900, 2, False)])
def test_a_long_text_has_a_table_of_contents(
    app: Flask, client: Browser, alice: Person, words: int, headings: int, shown: bool
) -> None:
    with app.app_context():
        make_post(alice, "Long", words=words, toc=TOC[:headings])
    page = open_page(client, "/posts/long")
    assert ("#c-second" in page.links().values()) is shown
    if shown:
        assert page.links()["Second <b>"] == "#c-second"


def test_a_tag_gathers_its_posts(app: Flask, client: Browser, alice: Person) -> None:
    with app.app_context():
        make_post(alice, "On boats", tags=["Boats", "Sea"])
        make_post(alice, "On the sea", tags=["Sea"])
        make_post(alice, "Draft", tags=["Sea", "Hidden"], status=Status.DRAFT)
    page = open_page(client, "/tags/sea")
    assert page.titles() == ["On the sea", "On boats"]
    assert page.one("h1").text == "Sea"
    cloud = open_page(client, "/tags").all("li")
    assert [item.text for item in cloud if "post" in item.text] == ["Boats 1 post", "Sea 2 posts"]
    assert client.get("/tags/hidden").status_code == 404
    assert client.get("/tags/none").status_code == 404


def test_an_author_has_a_page_with_bio_and_link(app: Flask, client: Browser, alice: Person) -> None:
    with app.app_context():
        user = db.session.get_one(User, alice.id)
        user.bio, user.link = "I sail.\n\nAnd I write.", "https://alice.example"
        commit()
        make_post(alice, "Mine")
        make_post(alice, "Not mine", bylines=["Ann Lee"])
    page = open_page(client, "/authors/alice")
    assert page.titles() == ["Mine"]
    assert [paragraph.text for paragraph in page.all("p")][1:3] == ["I sail.", "And I write."]
    link = page.one("a", href="https://alice.example")
    assert {"nofollow", "ugc"} <= set(link.attributes["rel"].split())
    assert open_page(client, "/authors/ann-lee").titles() == ["Not mine"]


def test_who_has_published_nothing_has_no_page(app: Flask, client: Browser, everybody: Cast) -> None:
    with app.app_context():
        make_post(everybody.bob, "Draft", status=Status.DRAFT, bylines=[])
        make_post(everybody.bob, "Other draft", status=Status.DRAFT, bylines=["Ghost"])
    for handle in ("bob", "charlie", "olga", "ghost", "nobody"):
        assert client.get(f"/authors/{handle}").status_code == 404


def test_nobody_speaks_for_an_author_by_registering_under_the_name(
    app: Flask, client: Browser, everybody: Cast
) -> None:
    with app.app_context():
        impostor = db.session.get_one(User, everybody.charlie.id)
        impostor.handle, impostor.display_name, impostor.bio = "ann-lee", "Charlie", "Buy my things."
        make_post(everybody.alice, "Hers", bylines=["Ann Lee"])
    page = open_page(client, "/authors/ann-lee")
    assert page.one("h1").text == "Ann Lee"
    assert "Buy my things." not in page.one("main").text


def test_a_small_archive_is_one_page_by_the_sites_own_years(app: Flask, client: Browser, alice: Person) -> None:
    with app.app_context():
        site.change(time_zone="Europe/Berlin")
        make_post(alice, "New Year", published_at=datetime(2025, 12, 31, 23, 30, tzinfo=UTC))
        make_post(alice, "Autumn", published_at=datetime(2025, 10, 5, tzinfo=UTC))
        make_post(alice, "Long ago", published_at=datetime(1999, 5, 5, tzinfo=UTC))
    page = open_page(client, "/archive")
    assert page.titles() == ["2026 1 post", "2025 1 post", "1999 1 post"]
    assert page.links()["2025"] == "#y2025"
    assert open_page(client, "/archive/2026").links()["New Year"] == "/posts/new-year"
    assert "Autumn" in open_page(client, "/archive/2025").links()
    for year in ("2024", "0", "1", "9999", "99999", "2025x", "-5"):
        assert client.get(f"/archive/{year}").status_code == 404


def test_a_large_archive_opens_with_its_newest_year(app: Flask, client: Browser, alice: Person) -> None:
    with app.app_context():
        for number in range(201):
            at = datetime(2026 if number < 3 else 2020, 1, 1, number % 24, number % 60, tzinfo=UTC)
            make_post(alice, f"Number {number}", published_at=at)
    page = open_page(client, "/archive")
    assert page.titles() == ["2026 3 posts"]
    assert page.links()["2020"] == "/archive/2020"
    assert open_page(client, "/archive/2020").titles() == ["2020 198 posts"]


def test_the_about_page_is_the_owners_markdown(app: Flask, client: Browser) -> None:
    with app.app_context():
        site.change(about="I am **Olga**.\n\n<script>alert(1)</script>")
        commit()
    page = open_page(client, "/about")
    assert page.one("strong").text == "Olga"
    assert page.all("script") == []


def test_who_may_edit_finds_the_way_from_the_page(app: Flask, everybody: Cast) -> None:
    with app.app_context():
        make_post(everybody.alice, "Mine")
    for person, may in (
        (everybody.alice, True),
        (everybody.eve, True),
        (everybody.olga, True),
        (everybody.bob, False),
        (everybody.charlie, False),
    ):
        browser = app.test_client()
        assert isinstance(browser, Browser)
        assert ("Edit" in Page(browser.login(person).get("/posts/mine")).links()) is may


def test_dates_are_written_in_the_sites_language(app: Flask, client: Browser, alice: Person) -> None:
    with app.app_context():
        site.change(language="de")
        make_post(alice, "Spaziergang", published_at=datetime(2026, 3, 4, tzinfo=UTC))
    page = open_page(client, "/posts/spaziergang")
    assert page.one("html").attributes["lang"] == "de"
    assert page.one("time").text == "2026-03-04"


def test_addresses_in_other_scripts_are_links_that_work(
    app: Flask, client: Browser, config: Config, alice: Person
) -> None:
    with app.app_context():
        make_post(alice, "Straße", path="2014/über/ñandú 100%", tags=["C++ и C#"])
    links = open_page(client, "/").links()
    assert links["Straße"] == "/2014/%C3%BCber/%C3%B1and%C3%BA%20100%25"
    page = open_page(client, links["Straße"])
    assert page.one("link", rel="canonical").attributes["href"] == config.origin + links["Straße"]
