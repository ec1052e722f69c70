"""A learner's folder tells the blog which exercises are done: by its program, with a token, or as a file on a page."""

import io
import json
import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, update

from homeport.accounts.models import ApiToken, AuthSession
from homeport.core import clock
from homeport.core.db import commit, db
from homeport.core.programs import PRACTICE, READ, WRITE
from homeport.learn import queries
from homeport.learn.models import LearnExercise
from homeport.learn.practice import exercises, find
from tests.cast import Cast, Person
from tests.conftest import Browser
from tests.posts.script import Script, token_of

pytestmark = pytest.mark.usefixtures("with_learn")
Login = Callable[[Person], Browser]
API = "/api/learn/exercises"
PAGE = "/learn/practice"
AT = "2026-05-02T08:30:00+00:00"
TWO = {"done": {"a-title": AT, "a-greeting": "2026-05-02T11:00:00+02:00"}, "hints": {"a-title": 2, "tidy-words": 1}}


@pytest.fixture
def folder(app: Flask, everybody: Cast) -> Script:
    """The program in charlie's folder; charlie is a reader."""
    return Script(app, token_of(app, everybody.charlie, PRACTICE))


def kept(app: Flask, person: Person) -> dict[str, tuple[str, int]]:
    """What the blog knows of somebody: when an exercise was done, and how many hints were seen."""
    with app.app_context():
        rows = db.session.scalars(select(LearnExercise).where(LearnExercise.user_id == person.id))
        return {row.exercise: (row.done_at.isoformat() if row.done_at else "", row.hints) for row in rows}


def send_file(browser: Browser, content: bytes) -> Any:
    """Send a file by the form on the page."""
    file = {"progress": (io.BytesIO(content), "progress.json")}
    return browser.submit(f"{PAGE}/upload", file, content_type="multipart/form-data")


def test_the_blog_keeps_what_the_folder_tells(app: Flask, everybody: Cast, folder: Script) -> None:
    for _ in range(2):
        answer = folder.send("PUT", API, TWO)
        assert (answer.status_code, answer.json) == (200, {"done": 2, "of": len(exercises()), "unknown": []})
        assert kept(app, everybody.charlie) == {
            "a-title": (AT, 2),
            "a-greeting": ("2026-05-02T09:00:00+00:00", 0),
            "tidy-words": ("", 1),
        }


def test_what_the_folder_no_longer_tells_is_forgotten(app: Flask, everybody: Cast, folder: Script) -> None:
    folder.send("PUT", API, TWO)
    assert folder.send("PUT", API, {"done": {"a-greeting": AT}, "hints": {}}).json["done"] == 1
    assert kept(app, everybody.charlie) == {"a-greeting": (AT, 0)}
    folder.send("PUT", API, {"done": {}, "hints": {}})
    assert kept(app, everybody.charlie) == {}


def test_everybodys_progress_is_their_own(app: Flask, everybody: Cast, folder: Script) -> None:
    Script(app, token_of(app, everybody.alice, PRACTICE)).send("PUT", API, TWO)
    folder.send("PUT", API, {"done": {}, "hints": {"a-title": 1}})
    folder.send("PUT", API, {"done": {}, "hints": {}})
    assert len(kept(app, everybody.alice)) == 3
    with app.app_context():
        everybodys = queries.exercises_of_each([everybody.alice.id, everybody.charlie.id])
        assert list(everybodys) == [everybody.alice.id]
        dates = [row.done_at for row in everybodys[everybody.alice.id].values() if row.done_at]
        assert (len(dates), str(max(dates))) == (2, "2026-05-02 09:00:00+00:00")
        assert queries.exercises_of(everybody.alice.id)["a-title"].hints == 2
        assert queries.exercises_of(None) == {}


def test_exercises_of_another_version_are_named_and_do_not_count(app: Flask, everybody: Cast, folder: Script) -> None:
    told = {"done": {"a-title": AT, "of-tomorrow": "whenever"}, "hints": {"b\x1b[2J\ud800": "x"}}
    assert folder.send("PUT", API, told).json == {
        "done": 1,
        "of": len(exercises()),
        "unknown": ["b?[2J?", "of-tomorrow"],
    }
    assert list(kept(app, everybody.charlie)) == ["a-title"]
    with app.app_context():
        db.session.add(LearnExercise(user_id=everybody.charlie.id, exercise="of-yesterday", done_at=clock.now()))
        commit()
        assert list(queries.exercises_of(everybody.charlie.id)) == ["a-title"]


def test_more_hints_than_there_are_count_as_all(app: Flask, everybody: Cast, folder: Script) -> None:
    folder.send("PUT", API, {"done": {}, "hints": {"a-title": 10**30}})
    assert kept(app, everybody.charlie) == {"a-title": ("", len(find("a-title").hints))}


WRONG: list[tuple[Any, str]] = [
    ({"hints": {}}, "done"),
    ({"done": {}}, "hints"),
    ({"done": [], "hints": {}}, "done"),
    ({"done": {}, "hints": 3}, "hints"),
    ({"done": {"a-title": "yesterday"}, "hints": {}}, "a-title"),
    ({"done": {"a-title": "2026-05-02T08:30:00"}, "hints": {}}, "a-title"),
    ({"done": {"a-title": "0001-01-01T00:00:00+14:00"}, "hints": {}}, "a-title"),
    ({"done": {"a-title": True}, "hints": {}}, "a-title"),
    ({"done": {"a-title": None}, "hints": {}}, "a-title"),
    ({"done": {}, "hints": {"a-title": "2"}}, "a-title"),
    ({"done": {}, "hints": {"a-title": -1}}, "a-title"),
    ({"done": {}, "hints": {"a-title": True}}, "a-title"),
    ({"done": {}, "hints": {"a-title": 1.5}}, "a-title"),
]


@pytest.mark.parametrize(("told", "field"), WRONG)
def test_what_is_no_progress_is_refused_and_nothing_lost(
    app: Flask, everybody: Cast, folder: Script, browser: Login, told: Any, field: str
) -> None:
    folder.send("PUT", API, TWO)
    before = kept(app, everybody.charlie)
    answer = folder.send("PUT", API, told)
    assert answer.status_code == 422
    assert (answer.json["error"]["code"], answer.json["error"]["field"]) == ("bad_progress", field)
    page = send_file(browser(everybody.charlie), json.dumps(told).encode())
    assert page.status_code == 422
    assert 'id="progress-error"' in page.text
    assert kept(app, everybody.charlie) == before


@pytest.mark.parametrize("said", ["0001-01-01T00:00:00Z", "1970-01-01T00:03:00Z", "9999-12-31T00:00:00Z"])
def test_of_a_clock_that_was_wrong_it_is_kept_when_the_blog_heard_of_it_first(
    app: Flask, everybody: Cast, folder: Script, said: str
) -> None:
    before, heard = clock.now(), []
    for _ in range(2):
        assert folder.send("PUT", API, {"done": {"a-title": said}, "hints": {}}).status_code == 200
        with app.app_context():
            heard.append(queries.exercises_of(everybody.charlie.id)["a-title"].done_at)
    assert heard[0] is not None
    assert before <= heard[0] <= clock.now()
    assert heard[1] == heard[0]


def test_a_clock_may_be_a_little_ahead(app: Flask, everybody: Cast, folder: Script) -> None:
    ahead = clock.now() + timedelta(hours=20)
    folder.send("PUT", API, {"done": {"a-title": ahead.isoformat()}, "hints": {}})
    with app.app_context():
        assert queries.exercises_of(everybody.charlie.id)["a-title"].done_at == ahead


def test_too_much_is_refused(folder: Script) -> None:
    answer = folder.send("PUT", API, {"done": {f"x{number}": AT for number in range(9000)}, "hints": {}})
    assert (answer.status_code, answer.json["error"]["code"]) == (413, "too_large")


def test_the_token_of_a_folder_opens_nothing_else(app: Flask, everybody: Cast) -> None:
    for person in (everybody.charlie, everybody.alice):
        program = Script(app, token_of(app, person, PRACTICE))
        assert program.send("PUT", API, TWO).status_code == 200
        for method, path in (("GET", "/api/posts"), ("POST", "/api/posts"), ("PUT", "/api/posts/1")):
            answer = program.send(method, path, {"title": "x", "version": 1} if method != "GET" else None)
            assert (answer.status_code, answer.json["error"]["code"]) == (403, "scope_missing")
        for path in (PAGE, "/account", "/account/tokens"):
            assert program.send("GET", path).location.startswith("/login")
    other = Script(app, token_of(app, everybody.alice, READ, WRITE))
    assert other.send("PUT", API, TWO).json["error"]["code"] == "scope_missing"


def test_a_reader_gets_a_token_for_their_folder_and_sees_it_once(app: Flask, everybody: Cast, browser: Login) -> None:
    charlie = browser(everybody.charlie)
    assert "Connect this blog" in charlie.get(PAGE).text
    answer = charlie.submit(f"{PAGE}/connect")
    found = re.search(r'value="(hp_[\w-]{43})"', answer.text)
    assert found
    assert "homeport learn connect http://localhost" in answer.text
    assert answer.headers["Cache-Control"] == "no-store"
    page = charlie.get(PAGE).text
    assert "nothing was told with it yet" in page
    assert "Your folder is connected" not in page
    told = Script(app, found[1]).send("PUT", API, TWO)
    assert told.status_code == 200
    told.close()  # the use of a token is noted once the answer is away
    page = charlie.get(PAGE).text
    assert "Your folder is connected" in page
    assert found[1] not in page
    with app.app_context():
        token = db.session.scalars(select(ApiToken)).one()
        assert (token.name, token.scopes, token.user_id) == ("homeport learn", [PRACTICE], everybody.charlie.id)
        assert timedelta(days=364) < token.expires_at - clock.now() <= timedelta(days=365)
    assert "Tell this blog how far you are in the exercises" in charlie.get("/account/tokens").text
    charlie.submit("/account/tokens/1/revoke")
    assert Script(app, found[1]).send("PUT", API, TWO).status_code == 401
    assert "Connect this blog" in charlie.get(PAGE).text


def test_connecting_again_ends_the_token_of_before_and_no_other(app: Flask, everybody: Cast, browser: Login) -> None:
    alice = browser(everybody.alice)
    form = {"name": "homeport learn", "read": "y", "days": "30"}
    alice.submit("/account/tokens", form)
    tokens = [re.findall(r"hp_[\w-]{43}", alice.submit(f"{PAGE}/connect").text)[0] for _ in range(2)]
    assert [Script(app, token).send("PUT", API, TWO).status_code for token in tokens] == [401, 200]
    with app.app_context():
        assert list(db.session.scalars(select(ApiToken.scopes).order_by(ApiToken.id))) == [[READ], [PRACTICE]]


def test_no_form_makes_a_reader_a_token_for_anything_else(everybody: Cast, browser: Login) -> None:
    charlie = browser(everybody.charlie)
    for more in ({}, {"read": "y"}, {"write": "y"}, {"scopes": PRACTICE, "read": "y"}):
        answer = charlie.submit("/account/tokens", {"name": "x", "days": "30", **more})
        assert answer.status_code in {403, 422}


def test_an_old_login_confirms_first_and_comes_back(app: Flask, everybody: Cast, browser: Login) -> None:
    charlie = browser(everybody.charlie)
    with app.app_context():
        db.session.execute(update(AuthSession).values(authenticated_at=clock.now() - timedelta(minutes=16)))
        commit()
    page = charlie.get(PAGE).text
    assert 'href="/account/confirm?next=/learn/practice' in page.replace("%2F", "/")
    assert "Connect this blog" not in page
    assert charlie.submit(f"{PAGE}/connect").status_code == 401


def test_the_page_shows_what_is_done_and_how_many_hints_were_seen(
    everybody: Cast, browser: Login, folder: Script
) -> None:
    folder.send("PUT", API, TWO)
    page = browser(everybody.charlie).get(PAGE).text
    assert f"2 of {len(exercises())}" in page
    assert page.count(">Done</span>") == 2
    total = len(find("a-title").hints)
    assert f"2 of {total} hints seen" in page
    assert f"0 of {len(exercises())}" in browser(everybody.bob).get(PAGE).text


def test_send_the_file_where_the_program_can_not_reach_the_blog(app: Flask, everybody: Cast, browser: Login) -> None:
    charlie = browser(everybody.charlie)
    told = TWO | {"hints": {"of-tomorrow": 1}}
    assert send_file(charlie, json.dumps(told, indent=2).encode()).status_code == 303
    page = charlie.get(PAGE).text
    assert f"This blog knows now: 2 of {len(exercises())} exercises are done." in page
    assert "It does not know of-tomorrow" in page
    assert set(kept(app, everybody.charlie)) == {"a-title", "a-greeting"}


@pytest.mark.parametrize(
    ("content", "status", "words"),
    [
        (b"", 422, "it holds no JSON object"),
        (b"\xff\x00", 422, "it holds no JSON object"),
        (b"[1]", 422, "it holds no JSON object"),
        (b'{"done": {}, "done": {}, "hints": {}}', 422, "it holds no JSON object"),
        (b"[" * 100_000, 422, "it holds no JSON object"),
        (b" " * 200_001, 413, "larger than 200 kB"),
    ],
    ids=["empty", "bytes", "list", "twice", "deep", "large"],
)
def test_another_file_is_refused_with_a_sentence(
    app: Flask, everybody: Cast, browser: Login, content: bytes, status: int, words: str
) -> None:
    charlie = browser(everybody.charlie)
    send_file(charlie, json.dumps(TWO).encode())
    answer = send_file(charlie, content)
    assert answer.status_code == status
    assert words in answer.text
    assert len(kept(app, everybody.charlie)) == 3


def test_no_file_is_asked_for_again(everybody: Cast, browser: Login) -> None:
    answer = browser(everybody.charlie).submit(f"{PAGE}/upload")
    assert answer.status_code == 422
    assert "Choose the file first." in answer.text


def test_the_way_there_is_on_the_contents_page(client: Browser) -> None:
    assert f'href="{PAGE}"' in client.get("/learn").text
    assert client.get(PAGE).location.startswith("/login?next=/learn/practice")
