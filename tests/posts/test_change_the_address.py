"""A post moves to another address; whoever has the old one still finds it."""

from collections.abc import Callable

import pytest
from flask import Flask

from homeport.posts import addresses, slugs
from tests.cast import Cast, Person
from tests.conftest import Browser
from tests.posts.desk import fields, press, put, stored, write

Login = Callable[[Person], Browser]


@pytest.fixture
def alice(browser: Login, everybody: Cast) -> Browser:
    return browser(everybody.alice)


def test_readers_of_the_old_address_are_sent_on(alice: Browser, client: Browser) -> None:
    editor = write(alice, "publish")
    press(alice, alice.get(editor), "save", path="walks/far")
    press(alice, alice.get(editor), "save", path="walks/home")
    for old in ("/posts/a-walk", "/walks/far"):
        answer = client.get(old)
        assert (answer.status_code, answer.location) == (301, "/walks/home")
    assert client.get("/walks/home").status_code == 200


def test_a_post_can_go_back_to_its_old_address(alice: Browser, client: Browser) -> None:
    editor = write(alice, "publish")
    press(alice, alice.get(editor), "save", path="walks/far")
    press(alice, alice.get(editor), "save", path="posts/a-walk")
    assert client.get("/posts/a-walk").status_code == 200
    assert client.get("/walks/far").location == "/posts/a-walk"


def test_the_old_address_of_a_draft_is_free_again(alice: Browser, client: Browser, app: Flask) -> None:
    editor = write(alice)
    press(alice, alice.get(editor), "save", path="walks/far")
    assert stored(app, write(alice, path="posts/a-walk"))["path"] == "posts/a-walk"


def test_where_a_post_was_taken_back_the_old_address_leads_nowhere(alice: Browser, client: Browser) -> None:
    editor = write(alice, "publish")
    press(alice, alice.get(editor), "save", path="walks/far")
    press(alice, alice.get(editor), "unpublish")
    assert client.get("/posts/a-walk").status_code == 404


@pytest.mark.parametrize(
    "taken", ["posts/taken", "posts/taken-before", "/posts/taken/", "posts//taken", "posts/a/../x"]
)
def test_an_address_that_cannot_be_is_refused_and_the_text_kept(alice: Browser, app: Flask, taken: str) -> None:
    other = write(alice, "publish", title="Taken before")
    press(alice, alice.get(other), "save", path="posts/taken")
    editor = write(alice)
    answer = press(alice, alice.get(editor), "save", path=taken, body="New text")
    assert answer.status_code == 422
    assert 'aria-describedby="path-help path-error"' in answer.text
    assert (fields(answer)["path"], fields(answer)["body"]) == (taken, "New text")
    assert (stored(app, editor)["path"], stored(app, editor)["body"]) == ("posts/a-walk", "We went far.")


@pytest.mark.parametrize(
    "path",
    [
        "login",
        "Admin/x",
        "write/new",
        "static/x.css",
        "feed.xml",
        ".well-known/x",
        "posts",
        "a?b",
        "a#b",
        "a\\b",
        "../x",
        "a/./b",
        "a\u202eb",
        "a\u200bb",
        "a\tb",
        "x" * 401,
    ],
)
def test_an_address_the_blog_needs_or_that_hides_something_is_refused(alice: Browser, path: str) -> None:
    answer = press(alice, alice.get("/write/new"), "save", title="T", body="B", path=path)
    assert answer.status_code == 422
    assert fields(answer)["body"] == "B"


@pytest.mark.parametrize(
    ("typed", "path"),
    [
        (" /walks/far/ ", "walks/far"),
        ("2025/06/26/Rust-1.88.0", "2025/06/26/Rust-1.88.0"),
        ("cafe\u0301/日本", "caf\u00e9/日本"),
        ("about-us", "about-us"),
        ("100%", "100%"),
    ],
)
def test_an_address_is_kept_as_it_is_meant(alice: Browser, client: Browser, app: Flask, typed: str, path: str) -> None:
    editor = write(alice, "publish", path=typed)
    assert stored(app, editor)["path"] == path
    page = alice.get(editor).text
    address = page.split('">View post')[0].rsplit('"', 1)[1]
    assert client.get(address).status_code == 200


def test_no_post_can_take_an_address_the_blog_answers_itself(app: Flask) -> None:
    first = {rule.rule.split("/")[1] for rule in app.url_map.iter_rules() if not rule.rule.startswith("/<")}
    assert first - {""} <= addresses.RESERVED


def test_an_emptied_address_is_made_from_the_title_anew(alice: Browser, app: Flask) -> None:
    editor = write(alice)
    press(alice, alice.get(editor), "save", path="", title="Another walk")
    assert stored(app, editor)["path"] == "posts/another-walk"
    press(alice, alice.get(editor), "save", path="")
    assert stored(app, editor)["path"] == "posts/another-walk"


def test_a_new_post_evades_the_former_addresses_of_others(alice: Browser, app: Flask, everybody: Cast) -> None:
    editor = write(alice, "publish")
    press(alice, alice.get(editor), "save", path="walks/far")
    post_id = put(app, everybody.bob, "A walk")
    assert stored(app, f"/write/{post_id}")["path"] == "posts/a-walk-2"


@pytest.mark.parametrize(
    ("title", "slug"),
    [
        ("Hello, World!", "hello-world"),
        ("Don't panic: it\u2019s fine", "dont-panic-its-fine"),
        ("Ærøskøbing & Straße", "aeroskobing-strasse"),
        ("\uff26\uff55\uff4c\uff4c\u3000\u00bd ﬁne", "full-1-2-fine"),
        ("日本語", ""),
        ("İstanbul I\u011fd\u0131r", "istanbul-igdir"),
        ("a/b\\c.d", "a-b-c-d"),
        ("word " * 40, "word-" * 15 + "word"),
        ("x" * 200, "x" * 80),
    ],
)
def test_a_title_becomes_plain_words(title: str, slug: str) -> None:
    assert slugs.for_post(title) == slug


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        ("C", "c"),
        ("C++", "c-plus-plus"),
        ("C#", "c-sharp"),
        ("R&D", "r-and-d"),
        ("Été", "ete"),
        ("日本語", "日本語"),
        ("日本語 Rust", "日本語-rust"),
        ("Русский", "русский"),
        ("!!!", ""),
    ],
)
def test_names_that_differ_get_slugs_that_differ(name: str, slug: str) -> None:
    assert slugs.for_name(name) == slug


def test_a_title_without_letters_gets_the_day_as_its_address(alice: Browser, app: Flask) -> None:
    post = stored(app, write(alice, title="日本語"))
    assert post["path"] == f"posts/{post['created_at'].date()}"
