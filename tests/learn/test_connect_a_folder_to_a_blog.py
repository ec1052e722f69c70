"""Somebody has a blog told of their exercises: `homeport learn connect`, `send`, `disconnect`, and what goes wrong."""

import json
import os
import socket
import stat
from pathlib import Path

import pytest
from click.testing import Result
from flask import Flask
from sqlalchemy import delete

from homeport.accounts.models import ApiToken
from homeport.core.db import commit, db
from homeport.core.errors import Problem
from homeport.core.programs import PRACTICE, WRITE
from homeport.learn import practice_send, queries
from homeport.learn.practice import exercises, find
from homeport.learn.practice_folder import Folder
from homeport.learn.practice_send import PATH, address_of
from tests.cast import Cast, Person
from tests.learn.connecting import answering, connect, encrypted, learn
from tests.learn.practising import solve, tried
from tests.listening import listening
from tests.posts.script import token_of
from tests.serving.running import free_port

pytestmark = pytest.mark.usefixtures("with_learn")
TOKEN = f"hp_{'x' * 43}"
KNOWN = json.dumps({"done": 0, "of": 46, "unknown": []}).encode()


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    """A folder to practise in."""
    return Folder(tmp_path / "practice")


@pytest.fixture
def token(app: Flask, everybody: Cast) -> str:
    """A token for charlie's folder."""
    return token_of(app, everybody.charlie, PRACTICE)


def refused(said: Result) -> str:
    """The sentence that a command ended with."""
    assert isinstance(said.exception, Problem), said.output
    assert said.exception.message.count(". ") == 0, "one sentence"
    return said.exception.message


def done(app: Flask, person: Person) -> list[str]:
    """Which exercises the blog knows to be done."""
    with app.app_context():
        return sorted(name for name, row in queries.exercises_of(person.id).items() if row.done_at)


def test_connect_solve_begin_anew_and_disconnect(app: Flask, everybody: Cast, folder: Folder, token: str) -> None:
    solve(folder, "a-title", "a-greeting")
    learn(folder, "check", "a-title")
    learn(folder, "hint", "tidy-words")
    with listening(app) as server:
        blog = f"http://localhost:{server.server_port}"
        said = connect(folder, blog, token)
        assert said.exit_code == 0, said.output
        assert f"Connected. {blog} knows: 1 of {len(exercises())} exercises done." in said.output
        assert token not in said.output
        assert done(app, everybody.charlie) == ["a-title"], "what was solved before"
        said = learn(folder, "check", "a-greeting")
        assert (said.exit_code, f"knows: 2 of {len(exercises())}" in said.output) == (0, True)
        assert done(app, everybody.charlie) == ["a-greeting", "a-title"]
        with app.app_context():
            assert queries.exercises_of(everybody.charlie.id)["tidy-words"].hints == 1
        learn(folder, "reset", "a-title")
        assert done(app, everybody.charlie) == ["a-greeting"]
        assert "End the token as well" in learn(folder, "disconnect").output
        learn(folder, "reset", "a-greeting")
        assert done(app, everybody.charlie) == ["a-greeting"], "it is told nothing more"
    assert not (folder.path / "blog.json").exists()
    assert "No blog is connected" in refused(learn(folder, "send"))
    assert "No blog is connected" in refused(learn(folder, "disconnect"))


def test_the_token_is_for_ones_own_eyes_and_asked_for_without_showing_it(
    app: Flask, folder: Folder, token: str
) -> None:
    folder.path.mkdir()
    (folder.path / ".blog.json.new").touch(0o644)
    with listening(app) as server:
        before = os.umask(0)
        try:
            said = learn(folder, "connect", f"http://127.0.0.1:{server.server_port}", typed=f" {token}\n")
        finally:
            os.umask(before)
    assert said.exit_code == 0, said.output
    assert token not in said.output
    assert stat.S_IMODE((folder.path / "blog.json").stat().st_mode) == 0o600
    assert [one.name for one in folder.path.iterdir()] == ["blog.json"]


def test_what_the_learner_writes_is_not_told_the_token(folder: Folder, app: Flask, token: str) -> None:
    with listening(app) as server:
        connect(folder, f"http://127.0.0.1:{server.server_port}", token)
    exercise = find("a-title")
    text = "import os\nprint(sorted(os.listdir()), [key for key, value in os.environ.items() if 'hp_' in value])\n"
    assert tried(folder.path, exercise, text).printed == "[] []\n"


def test_a_blog_that_is_away_holds_nobody_up_and_hears_it_the_next_time(
    app: Flask, everybody: Cast, folder: Folder, token: str
) -> None:
    with listening(app) as server:
        connect(folder, f"http://localhost:{server.server_port}", token)
    solve(folder, "a-title")
    said = learn(folder, "check", "a-title")
    assert said.exit_code == 0
    assert said.output.splitlines()[-1].startswith("Not told to the blog: http://localhost:")
    assert said.output.endswith(" It is sent the next time.\n")
    assert learn(folder, "reset", "a-greeting").exit_code == 0
    assert "can't be reached" in refused(learn(folder, "send"))
    with listening(app) as server:
        kept = json.loads((folder.path / "blog.json").read_text())
        kept["address"] = f"http://localhost:{server.server_port}"
        (folder.path / "blog.json").write_text(json.dumps(kept))
        assert f"knows: 1 of {len(exercises())}" in learn(folder, "send").output
    assert done(app, everybody.charlie) == ["a-title"]


@pytest.mark.parametrize(
    "text", ["", "[]", "{", "{}", '{"address": "http://localhost:99999", "token": "x", "trust": ""}']
)
def test_a_damaged_blog_json_holds_nobody_up(folder: Folder, text: str) -> None:
    solve(folder, "a-title")
    (folder.path / "blog.json").write_text(text)
    said = learn(folder, "check", "a-title")
    assert said.exit_code == 0
    assert "Not told to the blog: " in said.output
    refused(learn(folder, "send"))


def test_a_wrong_or_revoked_token_says_where_to_get_another(app: Flask, folder: Folder, token: str) -> None:
    with listening(app) as server:
        blog = f"http://127.0.0.1:{server.server_port}"
        assert f"get another at {blog}/learn/practice" in refused(connect(folder, blog, TOKEN))
        assert not (folder.path / "blog.json").exists(), "what does not work is not kept"
        connect(folder, blog, token)
        with app.app_context():
            db.session.execute(delete(ApiToken))
            commit()
        solve(folder, "a-title")
        said = learn(folder, "check", "a-title")
        assert said.exit_code == 0
        assert "was revoked; get another at" in said.output


def test_a_token_for_something_else_is_refused_in_the_blogs_words(app: Flask, everybody: Cast, folder: Folder) -> None:
    with listening(app) as server:
        said = connect(folder, f"http://127.0.0.1:{server.server_port}", token_of(app, everybody.alice, WRITE))
    assert "(status 403): This API token was not made for this: it lacks practice:report." in refused(said)


@pytest.mark.parametrize("typed", ["", "hp_", "secret", f"{TOKEN}\x00", f"{TOKEN} {TOKEN}", "hp_ä" + "x" * 43])
def test_what_is_no_token_is_sent_nowhere(folder: Folder, typed: str) -> None:
    with answering(200, KNOWN) as (blog, asked):
        assert refused(connect(folder, blog, typed)) == "This is no token."
        assert asked == []


@pytest.mark.parametrize(
    "address", ["http://192.0.2.7", "http://[2001:db8::7]:8000", "http://8.8.8.8", "http://0.0.0.0"]
)
def test_without_https_the_token_goes_to_nobody_outside(folder: Folder, address: str) -> None:
    said = connect(folder, address, TOKEN)
    assert "without https others could read the token" in refused(said)
    assert said.exception.code == "not_encrypted"  # type: ignore[union-attr]  # refused() has looked
    assert not (folder.path / "blog.json").exists()


def test_over_https_the_blogs_own_authority_is_trusted_when_it_is_named(
    app: Flask, folder: Folder, token: str, tmp_path: Path
) -> None:
    with encrypted(app, tmp_path) as port:
        blog = f"https://localhost:{port}"
        said = refused(connect(folder, blog, token))
        assert "the certificate of localhost is not trusted" in said
        assert "--trust FILE" in said
        assert connect(folder, f"localhost:{port}", token, "--trust", str(tmp_path / "root.pem")).exit_code == 0
        assert f"{blog} knows: 0 of" in learn(folder, "send").output
        (tmp_path / "root.pem").write_text("none")
        assert "root.pem can't be read, or is no certificate" in refused(learn(folder, "send"))


def test_https_where_there_is_none(app: Flask, folder: Folder) -> None:
    with listening(app) as server:
        assert "does not speak https" in refused(connect(folder, f"localhost:{server.server_port}", TOKEN))


def test_a_redirect_is_named_and_not_followed(folder: Folder) -> None:
    with answering(200, KNOWN) as (other, asked), answering(308, b"", Location=f"{other}{PATH}") as (blog, first):
        said = refused(connect(folder, blog, TOKEN))
        assert f"{blog} points to {other}{PATH}; if that is the blog, connect with that address" in said
        assert (first, asked) == ([PATH], [])


NO_HOMEPORT = "there is no Homeport that can be told of exercises"


@pytest.mark.parametrize(
    ("status", "body", "words"),
    [
        (404, b"<h1>Not found</h1>", NO_HOMEPORT),
        (403, b'{"error": {"code": "cross_site", "message": "No."}}', NO_HOMEPORT),
        (200, b"<h1>Welcome</h1>", NO_HOMEPORT),
        (200, b'{"done": 1}', NO_HOMEPORT),
        (200, b'{"done": 1, "of": 46, "unknown": 3}', NO_HOMEPORT),
        (200, b"[" * 60_000, NO_HOMEPORT),
        (200, KNOWN + b" " * 70_000, NO_HOMEPORT),
        (503, b"", "has a fault of its own just now (status 503)"),
        (
            403,
            b'{"error": {"message": "Set up\\u001b[2J a second factor first."}}',
            "Set up?[2J a second factor first.",
        ),
        (429, b"[]", "refuses it (status 429): it says no more."),
    ],
)
def test_what_other_servers_answer(folder: Folder, status: int, body: bytes, words: str) -> None:
    with answering(status, body) as (blog, asked):
        assert words in refused(connect(folder, blog, TOKEN))
    assert asked == [PATH]
    assert not (folder.path / "blog.json").exists()


def test_nobody_is_there(folder: Folder) -> None:
    assert "can't be reached (Connection refused)" in refused(connect(folder, f"http://127.0.0.1:{free_port()}", TOKEN))
    assert "nobody knows the name blog.invalid" in refused(connect(folder, "blog.invalid", TOKEN))
    assert "nobody knows the name blog.invalid" in refused(connect(folder, "http://blog.invalid", TOKEN))


def test_a_server_that_says_nothing_is_given_up(folder: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(practice_send, "SECONDS", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        said = refused(connect(folder, f"http://127.0.0.1:{silent.getsockname()[1]}", TOKEN))
    assert "did not answer within 0.2 seconds" in said


def test_exercises_that_the_blog_does_not_have_are_named(folder: Folder) -> None:
    body = json.dumps({"done": 1, "of": 40, "unknown": ["new\u001b[2J"]}).encode()
    with answering(200, body) as (blog, _):
        said = connect(folder, blog, TOKEN).output
    assert f"{blog} knows: 1 of 40 exercises done. It has none called new?[2J." in said


@pytest.mark.parametrize(
    ("typed", "address"),
    [
        ("blog.example.com", "https://blog.example.com"),
        ("https://blog.example.com/", "https://blog.example.com"),
        (" HTTPS://Blog.example.com:8443/learn/practice ", "https://blog.example.com:8443"),
        ("http://localhost:8000", "http://localhost:8000"),
        ("localhost:8000", "https://localhost:8000"),
        ("http://[::1]:8000/", "http://[::1]:8000"),
        ("bücher.example", "https://xn--bcher-kva.example"),
    ],
)
def test_an_address_may_be_typed_or_copied(typed: str, address: str) -> None:
    assert address_of(typed) == address


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "https://",
        "ftp://blog.example.com",
        "https://me:secret@blog.example.com",
        "a blog",
        "https://x:99999",
        "a..b",
        "http://[::1",
        "file:///etc/passwd",
        f"https://{'x' * 64}.example",
    ],
)
def test_what_is_no_address_is_refused(folder: Folder, typed: str) -> None:
    assert "is no address of a blog." in refused(connect(folder, typed, TOKEN))
