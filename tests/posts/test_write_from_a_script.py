"""A program of alice's writes: it makes a draft, changes it, publishes it, and loses nothing when she does the same."""

import json
import re
import shlex
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select
from werkzeug.exceptions import HTTPException

from homeport.accounts import api_tokens
from homeport.accounts.models import User
from homeport.core import clock, programs
from homeport.core.db import commit, db
from homeport.core.http import SYSTEM
from homeport.core.programs import MOST_BYTES, READ, WRITE
from homeport.posts.models import Post, Revision, Status
from tests.cast import Cast, Person
from tests.conftest import Browser
from tests.factories import make_post
from tests.parts import ROOT
from tests.posts.desk import press, put, stored

Login = Callable[[Person], Browser]


class Script:
    """A program with a token."""

    def __init__(self, app: Flask, token: str) -> None:
        self._client = app.test_client(use_cookies=False)
        self.headers = {"Authorization": f"Bearer {token}"}

    def send(self, method: str, path: str, message: Any = None, **options: Any) -> Any:
        """Send a message as JSON, or `data` as it is."""
        headers = self.headers | options.pop("headers", {})
        if message is not None:
            options |= {"data": json.dumps(message), "content_type": "application/json"}
        return self._client.open(path, method=method, headers=headers, **options)


def token_of(app: Flask, person: Person, *scopes: str) -> str:
    """A new token."""
    with app.app_context():
        user = db.session.get_one(User, person.id)
        value = api_tokens.make(user, name="Script", scopes=scopes, days=7, by=SYSTEM, now=clock.now())
        commit()
        return value


@pytest.fixture
def script(app: Flask, everybody: Cast) -> Script:
    """A program of alice's that may read and write."""
    return Script(app, token_of(app, everybody.alice, READ, WRITE))


def code_of(answer: Any) -> tuple[int, str]:
    """Status and code of a refusal."""
    assert answer.mimetype == "application/json"
    error = answer.json["error"]
    assert error["message"]
    assert error["hint"]
    assert error["request_id"] == answer.headers["X-Request-Id"]
    return answer.status_code, error["code"]


def test_make_a_token_in_the_browser_then_write_publish_and_read(
    app: Flask, everybody: Cast, browser: Login, client: Browser
) -> None:
    page = browser(everybody.alice).submit(
        "/account/tokens", {"name": "Script", "read": "y", "write": "y", "days": "7"}
    )
    found = re.search(r'value="(hp_[^"]+)"', page.text)
    assert found
    script = Script(app, found[1])
    made = script.send("POST", "/api/posts", {"title": "From a *script*", "body": "It went **well**.", "tags": ["Sea"]})
    assert made.status_code == 201
    assert made.json["state"] == "draft"
    assert client.get("/posts/from-a-script").status_code == 404
    place = made.headers["Location"]
    assert script.send("GET", place).json == made.json
    saved = script.send("PUT", place, {"body": "It went very **well**.", "version": made.json["version"]})
    assert (saved.status_code, saved.json["title"]) == (200, "From a *script*"), "what is left out stays"
    published = script.send("POST", f"{place}/publish")
    assert (published.status_code, published.json["state"]) == (200, "published")
    assert published.json["address"] == "http://localhost:8000/posts/from-a-script"
    assert "It went very <strong>well</strong>." in client.get("/posts/from-a-script").text


def test_what_was_read_may_be_sent_back_changed(script: Script) -> None:
    made = script.send("POST", "/api/posts", {"title": "A walk", "summary": "Far", "tags": ["a", "b"]}).json
    again = script.send("PUT", f"/api/posts/{made['id']}", made | {"body": "We went far."})
    assert again.status_code == 200
    kept = ("title", "summary", "tags", "path", "id", "created_at", "state")
    assert {name: again.json[name] for name in kept} == {name: made[name] for name in kept}
    assert again.json["version"] == made["version"] + 1


def test_saving_over_somebody_elses_change_is_refused_and_loses_nothing(
    app: Flask, everybody: Cast, browser: Login, script: Script
) -> None:
    post_id = put(app, everybody.alice, "A walk", "First.")
    alice = browser(everybody.alice)
    press(alice, alice.get(f"/write/{post_id}"), "save", body="By hand.")
    before = stored(app, f"/write/{post_id}")
    answer = script.send("PUT", f"/api/posts/{post_id}", {"body": "By the script.", "version": 1})
    assert code_of(answer) == (409, "conflict")
    assert stored(app, f"/write/{post_id}") == before
    with app.app_context():
        assert db.session.scalar(select(func.count()).select_from(Revision)) == 2
    present = script.send("GET", f"/api/posts/{post_id}").json
    assert present["body"] == "By hand."
    merged = {"body": "By hand and by the script.", "version": present["version"]}
    assert script.send("PUT", f"/api/posts/{post_id}", merged).status_code == 200


def test_the_text_before_is_in_the_history(app: Flask, everybody: Cast, browser: Login, script: Script) -> None:
    post_id = put(app, everybody.alice, "A walk", "Before.")
    script.send("PUT", f"/api/posts/{post_id}", {"body": "After.", "version": 1})
    history = browser(everybody.alice).get(f"/write/{post_id}/history/1")
    assert "Before." in history.text


@pytest.mark.parametrize("version", [None, "1", 1.0, True, 0, -1, 10**12, [1]])
def test_who_saves_says_which_version_was_read(app: Flask, everybody: Cast, script: Script, version: Any) -> None:
    post_id = put(app, everybody.alice, "A walk", "First.")
    sent = {"body": "x"} | ({"version": version} if version is not None else {})
    answer = script.send("PUT", f"/api/posts/{post_id}", sent)
    assert code_of(answer) == (422, "invalid_post")
    assert answer.json["error"]["field"] == "version"
    assert stored(app, f"/write/{post_id}")["body"] == "First."


def test_one_pages_through_ones_own_posts(app: Flask, everybody: Cast, script: Script) -> None:
    with app.app_context():
        for number in range(120):
            make_post(everybody.alice if number % 2 else everybody.bob, f"Post {number}", status=Status.DRAFT)
        make_post(everybody.alice, "Thrown away", status=Status.TRASHED)
    seen, place, pages = [], "/api/posts", 0
    while place:
        page = script.send("GET", place).json
        seen += [post["title"] for post in page["posts"]]
        place, pages = page["next"], pages + 1
        assert "body" not in page["posts"][0]
    assert seen == [f"Post {number}" for number in range(119, 0, -2)]
    assert pages == 2


@pytest.mark.parametrize("before", ["x", "", "-1", "1.5", "9" * 30, "٣"])
def test_a_place_that_is_none_is_refused(script: Script, before: str) -> None:
    assert code_of(script.send("GET", "/api/posts", query_string={"before": before})) == (400, "bad_request")


def test_the_post_of_somebody_else_is_as_absent_as_none(app: Flask, everybody: Cast, script: Script) -> None:
    hidden = put(app, everybody.bob, "Bob's")
    before = stored(app, f"/write/{hidden}")
    for method, end, message in (("GET", "", None), ("PUT", "", {"body": "x", "version": 1}), ("POST", "/publish", {})):
        one, none = (script.send(method, f"/api/posts/{number}{end}", message) for number in (hidden, 999))
        assert code_of(one) == code_of(none) == (404, "not_found")
        ids = [answer.headers["X-Request-Id"].encode() for answer in (one, none)]
        assert one.data.replace(ids[0], b"") == none.data.replace(ids[1], b"")
    assert stored(app, f"/write/{hidden}") == before


def test_an_editors_program_works_on_everybodys_posts_as_its_owner_does(app: Flask, everybody: Cast) -> None:
    script = Script(app, token_of(app, everybody.eve, READ, WRITE))
    post_id = put(app, everybody.alice, "Alice's")
    assert script.send("PUT", f"/api/posts/{post_id}", {"body": "Edited", "version": 1}).status_code == 200
    assert stored(app, f"/write/{post_id}")["author_id"] == everybody.alice.id
    assert script.send("GET", "/api/posts").json["posts"] == [], "the list is of one's own"


def test_only_editable_columns_can_be_sent(app: Flask, script: Script) -> None:
    made = script.send("POST", "/api/posts", {"title": "A walk", "body": "Far."}).json
    before = stored(app, f"/write/{made['id']}")
    editable = {"title", "body", "summary", "path"}
    for column in Post.__table__.columns:
        if column.info["kind"] != "editable":
            assert column.key not in editable
            sent = {column.key: 7, "version": 1} if column.key != "version" else {"version": 1}
            answer = script.send("PUT", f"/api/posts/{made['id']}", sent)
            assert answer.status_code == 200 or code_of(answer) == (422, "invalid_post"), column
            assert stored(app, f"/write/{made['id']}") == before, column
            script.send("POST", "/api/posts", {"title": "Other", column.key: 7})
    with app.app_context():
        others = db.session.scalars(select(Post).where(Post.title == "Other")).all()
        assert {(post.author_id, post.status) for post in others} == {(before["author_id"], Status.DRAFT)}


@pytest.mark.parametrize(
    ("message", "field"),
    [
        ({"title": 3}, "title"),
        ({"title": None}, "title"),
        ({"title": ""}, "title"),
        ({"title": "x" * 301}, "title"),
        ({"title": "x", "body": ["x"]}, "body"),
        ({"title": "x", "tags": "sea"}, "tags"),
        ({"title": "x", "tags": [1]}, "tags"),
        ({"title": "x", "tags": ["!"]}, "tags"),
        ({"title": "x", "path": "admin/x"}, "path"),
        ({"title": "x", "path": "../x"}, "path"),
        ({"title": "x", "is_admin": True}, "is_admin"),
        ({"title": "x", "status": "published"}, "status"),
        ({}, "title"),
    ],
)
def test_what_is_wrong_is_named(app: Flask, script: Script, message: dict[str, Any], field: str) -> None:
    answer = script.send("POST", "/api/posts", message)
    assert answer.status_code == 422
    code_of(answer)
    assert answer.json["error"]["field"] == field
    with app.app_context():
        assert db.session.scalars(select(Post)).all() == []


@pytest.mark.parametrize(
    "body",
    [b"", b"x", b"[]", b'"x"', b"null", b'{"title": NaN}', b'{"title": "a", "title": "b"}', b"\xff", b"{" * 100_000,
     b"[" * 100_000, b'{"title": "x"} x', b'{"version": ' + b"9" * 5000 + b"}", '{"title": "x"}'.encode("utf-16")],
)  # fmt: skip
def test_what_is_no_json_object_is_refused(script: Script, body: bytes) -> None:
    answer = script.send("POST", "/api/posts", data=body, content_type="application/json")
    assert code_of(answer) == (400, "bad_json")


@pytest.mark.parametrize(
    "kind",
    ["", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "application/json5",
     "application/json; charset=latin-1", "text/json"],
)  # fmt: skip
def test_only_json_is_taken(app: Flask, script: Script, kind: str) -> None:
    headers = {"Content-Type": kind} if kind else {}
    answer = script.send("POST", "/api/posts", data=b'{"title": "x"}', headers=headers)
    assert code_of(answer) == (415, "wrong_type")
    with app.app_context():
        assert db.session.scalars(select(Post)).all() == []


def test_json_in_utf_8_is_taken_however_it_is_called(script: Script) -> None:
    for kind in ("application/json", "APPLICATION/JSON", "application/json; charset=UTF-8"):
        body = '{"title": "Grüße \\ud83d\\ude00 \\ud800"}'.encode()
        answer = script.send("POST", "/api/posts", data=body, content_type=kind)
        assert answer.status_code == 201
        assert answer.json["title"] == "Grüße 😀 ?"


def test_too_much_at_once_is_refused(script: Script) -> None:
    body = b'{"title": "' + b"x" * MOST_BYTES + b'"}'
    answer = script.send("POST", "/api/posts", data=body, content_type="application/json")
    assert code_of(answer) == (413, "too_large")


def test_publishing_twice_publishes_once_and_what_is_in_the_trash_stays_there(
    app: Flask, everybody: Cast, script: Script
) -> None:
    post_id = put(app, everybody.alice, "A walk")
    first, second = (script.send("POST", f"/api/posts/{post_id}/publish").json for _ in range(2))
    assert first == second
    with app.app_context():
        make_post(everybody.alice, "Thrown away", status=Status.TRASHED)
    assert code_of(script.send("POST", f"/api/posts/{post_id + 1}/publish")) == (409, "in_trash")


def test_a_script_that_asks_for_a_page_gets_json_all_the_same(script: Script) -> None:
    page = {"Accept": "text/html"}
    for call in ("GET /api/posts/99", "GET /api/nothing", "DELETE /api/posts", "POST /api/nothing"):
        method, path = call.split()
        assert script.send(method, path, headers=page).mimetype == "application/json"


EXAMPLE = re.compile(r"^curl (.+?)$", re.MULTILINE)


def examples() -> list[tuple[str, str, Any]]:
    """The calls in docs/api.md: method, path, and what is sent."""
    text = (ROOT / "docs" / "api.md").read_text().replace("\\\n", " ")
    found = []
    for line in EXAMPLE.findall(text):
        words = shlex.split(line)
        data = json.loads(words[words.index("--json") + 1]) if "--json" in words else None
        method = words[words.index("-X") + 1] if "-X" in words else "GET" if data is None else "POST"
        assert "$AUTH" in words, line
        path = next(word.removeprefix("$BLOG") for word in words if word.startswith("$BLOG"))
        found.append((method, path, data))
    return found


def test_every_example_in_the_documentation_is_a_call_there_is_and_every_call_has_one(app: Flask) -> None:
    adapter = app.url_map.bind("localhost")
    shown = set()
    for method, path, _data in examples():
        try:
            endpoint, _values = adapter.match(path.partition("?")[0], method)
        except HTTPException as error:
            raise AssertionError(f"{method} {path} is no call") from error
        shown.add((endpoint, method))
    calls = {
        (rule.endpoint, method)
        for rule in app.url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
        if programs.scope_of(app.view_functions[rule.endpoint])
    }
    assert shown == calls


def test_the_examples_do_what_the_documentation_says(app: Flask, everybody: Cast, script: Script) -> None:
    with app.app_context():
        for number in range(11):
            make_post(everybody.alice, f"Post {number}", status=Status.DRAFT)
    for method, path, data in examples():
        answer = script.send(method, path, data)
        assert answer.status_code in {200, 201}, f"{method} {path}: {answer.text}"
