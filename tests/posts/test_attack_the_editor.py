"""Somebody sends what the form does not offer: scripts in every field, columns that are not theirs, huge texts."""

from collections.abc import Callable, Iterable
from html.parser import HTMLParser
from pathlib import Path

import pytest
from flask import Flask

from homeport.core import clock
from homeport.core.db import commit, db
from homeport.posts import differences, service
from homeport.posts.models import Post
from homeport.posts.service import Draft
from tests.cast import Cast, Person
from tests.conftest import Browser
from tests.growth import MOST_GROWTH, growth
from tests.posts.desk import fields, press, put, stored, write

Login = Callable[[Person], Browser]
CANARY = """"'><script>alert(1)</script><img src=x onerror=alert(1)>{{7919*6029}}</textarea></title>"""
VECTORS = (Path(__file__).parent.parent / "core" / "xss_vectors.txt").read_text().splitlines()


@pytest.fixture
def alice(browser: Login, everybody: Cast) -> Browser:
    return browser(everybody.alice)


class Danger(HTMLParser):
    """Collects what would run in a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        runs = tag == "script" and "src" not in values and values.get("type") != "application/ld+json"
        if runs or (tag == "script" and not (values.get("src") or "/static/").startswith("/static/")):
            self.found.append(tag)
        for name, value in attrs:
            address = "".join((value or "").split()).lower()
            if name.startswith("on") or (name in {"href", "src", "action"} and address.startswith("javascript:")):
                self.found.append(f"{tag} {name}")


def test_script_in_any_field_is_shown_as_text_on_every_page(
    alice: Browser, client: Browser, browser: Login, everybody: Cast, app: Flask
) -> None:
    typed = {"title": CANARY, "summary": CANARY, "tags": "a<script>alert(1)</script>", "body": CANARY}
    editor = write(alice, "publish", **typed, path="posts/attack")
    eve = browser(everybody.eve)
    page = alice.get(editor)
    press(eve, eve.get(editor), "save", body="Eve's " + CANARY, title=CANARY + "2")
    pages = {
        "conflict": press(alice, page, "save", body="Alice's " + CANARY),
        "wrong": press(alice, page, "save", path="login/" + CANARY, publish_at=CANARY),
        "preview": press(alice, page, "preview"),
        "live": alice.submit("/write/preview", {"body": CANARY}),
        "gone": alice.submit("/write/999", {**fields(page)}),
        **{
            address: alice.get(address)
            for address in (editor, f"{editor}/history", f"{editor}/history/1", f"{editor}/delete", "/write")
        },
        "search": alice.get("/write", query_string={"q": CANARY, "state": CANARY, "page": CANARY, "mine": CANARY}),
        **{address: client.get(address) for address in ("/", "/posts/attack", "/tags", "/archive")},
    }
    for name, answer in pages.items():
        assert answer.status_code in {200, 404, 409, 422}, name
        assert Danger(answer.text).found == [], name
        assert "47743651" not in answer.text, name


def test_no_vector_runs_from_a_text(alice: Browser) -> None:
    for start in range(0, len(VECTORS), 40):
        some = "\n\n".join(VECTORS[start : start + 40])
        assert Danger(alice.submit("/write/preview", {"body": some}).text).found == []


@pytest.mark.parametrize("title", VECTORS[::9])
def test_no_vector_runs_from_a_title_a_tag_or_a_summary(alice: Browser, client: Browser, title: str) -> None:
    typed = {"title": title[:300], "summary": title, "tags": "t" + title.replace(",", "")[:70], "path": "posts/attack"}
    editor = write(alice, "publish", **typed)
    for answer in (alice.get(editor), client.get("/posts/attack"), client.get("/"), alice.get("/write")):
        assert Danger(answer.text).found == []


def test_only_editable_columns_of_a_post_can_be_sent(alice: Browser, app: Flask, everybody: Cast) -> None:
    """Each column is sent, in the names of the model and of its relations; the rest stays as the verbs made it."""
    editor = write(alice)
    before = stored(app, editor)
    year = clock.now().year + 1
    values = {column.key: f"{year}-01-01T00:00:00" for column in Post.__table__.columns if column.key.endswith("_at")}
    values |= {column.key: "7" for column in Post.__table__.columns if column.key not in values}
    values |= {
        "status": "published",
        "author": str(everybody.bob.id),
        "bylines": "Bob",
        "user_id": "1",
        "role": "owner",
    }
    form = fields(alice.get(editor))
    sent = {**values, **{"version": form["version"], "creation_key": "x", "do": "save", "key": "x"}}
    assert alice.submit(editor, sent).status_code == 303
    after = stored(app, editor)
    kinds = {column.key: column.info["kind"] for column in Post.__table__.columns}
    changed = {name for name in kinds if before[name] != after[name]}
    assert {name for name in changed if kinds[name] == "editable"} == {"title", "body", "summary", "path"}
    assert {name for name in changed if kinds[name] == "system"} == {"version", "updated_at"}
    assert after["version"] == before["version"] + 1
    assert abs((after["updated_at"] - clock.now()).total_seconds()) < 60
    assert (after["author_id"], after["status"]) == (everybody.alice.id, "draft")


def test_a_new_post_takes_nothing_but_its_text_either(alice: Browser, app: Flask, everybody: Cast) -> None:
    columns = {column.key: "7" for column in Post.__table__.columns}
    sent = {**columns, "status": "published", "author_id": str(everybody.bob.id), "do": "save", "key": ""}
    post = stored(app, alice.submit("/write/new", sent).location)
    assert (post["id"], post["author_id"], post["status"], post["version"]) == (1, everybody.alice.id, "draft", 1)
    assert (post["html"], post["published_at"], post["creation_key"]) == ("<p>7</p>\n", None, None)


def test_the_key_of_somebody_elses_form_opens_nothing(
    alice: Browser, app: Flask, everybody: Cast, browser: Login
) -> None:
    page = alice.get("/write/new")
    editor = press(alice, page, "save", title="Alice's", body="Text").location
    bob = browser(everybody.bob)
    answer = bob.submit("/write/new", {"title": "Bob's", "body": "B", "key": fields(page)["key"], "do": "save"})
    assert answer.status_code == 303
    assert answer.location != editor
    assert stored(app, editor)["title"] == "Alice's"


def lines(numbers: Iterable[int]) -> str:
    return "".join(f"{number}\n" for number in numbers)


# Lines that come again and again, as difflib takes minutes for; more changes than anybody would read; and few of them
# in a long text.
COSTLY: dict[str, Callable[[int], tuple[str, str]]] = {
    "seven lines in turn": lambda n: (lines(i % 7 for i in range(n)), lines(i % 7 for i in range(1, n))),
    "every second line": lambda n: ("a\n" * n, "b\na\n" * (n // 2)),
    "one line": lambda n: ("x" * 100 * n, "y" * 100 * n),
    "the other way round": lambda n: (lines(range(n)), lines(range(n, 0, -1))),
    "a hundred lines less": lambda n: ("a\n" * n, "b\n" + "a\n" * (n - 100)),
}


@pytest.mark.parametrize("name", COSTLY)
def test_texts_that_are_costly_to_compare_are_compared_in_step_with_their_length(name: str) -> None:
    def compare(size: int) -> Callable[[], object]:
        before, after = COSTLY[name](size)
        return lambda: differences.changes(Draft("T", before), Draft("T", after))

    assert compare(1_600)()
    assert growth(compare, 1_600) < MOST_GROWTH


def test_blind_characters_are_stored_as_something_to_see(app: Flask, everybody: Cast) -> None:
    post_id = put(app, everybody.alice, "A\0B", "Text\0with \ud800 half", summary="S\0", tags=("t\0t",))
    post = stored(app, f"/write/{post_id}")
    assert (post["title"], post["body"]) == ("A\ufffdB", "Text\ufffdwith ? half")


def test_the_search_takes_any_words(alice: Browser) -> None:
    for words in ("%", "_", "\\", "'; DROP TABLE posts; --", "x" * 100_000, "[a-z]*", "日本", '"'):
        assert alice.get("/write", query_string={"q": words}).status_code == 200
    for page in ("0", "-1", "x", "99999", "9" * 40, "²"):
        assert alice.get("/write", query_string={"page": page}).status_code == 200


def test_two_verbs_that_meet_in_a_deleted_post_do_no_harm(app: Flask, everybody: Cast) -> None:
    post_id = put(app, everybody.alice, "Gone")
    with app.app_context():
        post = db.session.get_one(Post, post_id)
        service.trash(post, everybody.alice.viewer, clock.now())
        service.delete_forever(post, everybody.alice.viewer, clock.now())
        commit()
        assert not service.publish_if_due(post_id, clock.now())
