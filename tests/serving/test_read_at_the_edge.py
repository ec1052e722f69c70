"""Readers through a real edge, which answers by itself where it may: never with an old page, and never with another
answer than the web server's."""

import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import psutil
import pytest
from flask import Flask
from sqlalchemy import select, update

from homeport.app import create_app
from homeport.core import clock
from homeport.core.db import commit, db
from homeport.https.shelf import folder, place, take_down
from homeport.migrations.runner import upgrade
from homeport.posts.models import Post, Status
from tests.cast import Cast, make_cast, open_session
from tests.factories import make_post
from tests.serving.at_the_edge import Edge, SecureReader, WebProcess, at_domain, by_caddy_alone, edge
from tests.serving.running import Answer, Reader, eventually
from tests.serving.test_read_while_somebody_writes import Chase

COUNTER = "/posts/counter"
PATHS = ("/", COUNTER, "/archive")


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Flask:
    config = at_domain(tmp_path_factory.mktemp("edge") / "data")
    config.data.mkdir()
    upgrade(config)
    return create_app(config)


@pytest.fixture(scope="module")
def cast(app: Flask) -> Cast:
    with app.app_context():
        people = make_cast("no password")
        make_post(people.alice, "Number 0.", path=COUNTER[1:])
    return people


@pytest.fixture(scope="module")
def blog(app: Flask, cast: Cast) -> Iterator[Edge]:
    """One blog that all of it happens to, one after the other."""
    config = app.config["HOMEPORT"]
    left = place(config, 1, COUNTER)
    left.parent.mkdir(parents=True)
    left.write_text("of an earlier run")
    (folder(config) / "1").mkdir()
    with edge(config, web_processes=2) as it:
        yield it
    with app.app_context():
        db.engine.dispose()


def write(app: Flask, title: str) -> None:
    """Change the post as a route does: in a transaction that is committed when this returns."""
    with app.app_context():
        db.session.execute(update(Post).where(Post.path == COUNTER[1:]).values(title=title))
        commit()


def test_what_an_earlier_run_has_left_is_thrown_away(blog: Edge) -> None:
    assert b"of an earlier run" not in blog.ask(COUNTER).body
    assert b"Number 0." in blog.shelved(COUNTER).body


class EdgeChase(Chase):
    """The same by HTTPS. The writer waits until Caddy is let at pages, and counts those that it answers by itself."""

    def __init__(self, blog: Edge, app: Flask) -> None:
        super().__init__(blog.config.https_port, self.change)
        self.web, self.app, self.alone = WebProcess(blog.config, app.wsgi_app), app, 0

    def connect(self) -> Reader:
        return SecureReader(self.port)

    def change(self, number: int) -> None:
        eventually(lambda: self.web.shown is not None or self.over.is_set(), "pages at the edge")
        self.over.wait(0.01)
        write(self.app, f"Number {number}.")

    def noted(self, answer: Answer) -> Answer:
        self.alone += by_caddy_alone(answer)
        return answer

    def keep_filling(self) -> None:
        while not self.over.is_set():
            self.web.fill(*PATHS)
            self.over.wait(0.002)


def test_readers_are_never_given_an_old_page(
    blog: Edge, app: Flask, record_property: Callable[[str, object], None]
) -> None:
    chase = EdgeChase(blog, app)
    filling = threading.Thread(target=chase.keep_filling)
    filling.start()
    chase.run()
    filling.join()
    record_property("pages read", sum(chase.checks))
    record_property("by Caddy alone", chase.alone)
    record_property("writes", chase.answered)
    assert not chase.failed
    assert not chase.stale
    assert chase.answered > 50
    assert chase.alone > 500


CODINGS = ("", "gzip", "br", "gzip, deflate, br, zstd", "deflate", "identity", "gzip;q=1.0, br;q=0.5", "br;q=0")
BENT = (
    *(f"Accept-Encoding: {coding}\r\n" for coding in CODINGS),
    "If-None-Match: *\r\n",
    'If-None-Match: "another"\r\n',
    "If-Modified-Since: Fri, 31 Dec 2100 23:59:59 GMT\r\n",
    "If-Unmodified-Since: Fri, 31 Dec 1999 23:59:59 GMT\r\n",
    'If-Match: "another"\r\n',
    "Range: bytes=0-10\r\n",
    "Range: bytes=0-10\r\nIf-Range: Fri, 31 Dec 2100 23:59:59 GMT\r\n",
    "X-Forwarded-Host: evil.example\r\n",
    "X-Forwarded-Proto: http\r\n",
    "X-Original-Url: /write\r\n",
    "Origin: https://evil.example\r\n",
    "Accept: application/json\r\n",
    "X-HTTP-Method-Override: POST\r\n",
    "Purpose: prefetch\r\n",
)
STRANGE = (
    *("/posts/counter/", "/posts", "/posts/", "/posts/counter/x", "/posts/counter.html", "/posts/counter;a"),
    *("//posts/counter", "/posts//counter", "/./posts/counter", "/x/../posts/counter", "/posts/counter/../counter"),
    *("/posts/counter/.", "/posts/counter/..", "/x/%2e%2e/posts/counter", "/posts/%25%2e%2e/counter"),
    *("/posts/%63ounter", "/posts%2Fcounter", "/%2Fposts%2Fcounter", "/%252Fposts%252Fcounter"),
    *("/posts/counter/page.html", "/posts/counter%2Fpage.html", "/posts/counter/page.html.br", "/page.html"),
    *("/page.html.br", "/%2Fposts%2Fcounter/page.html", "/%2F/page.html", "/17~", "/../17~", "/..%2f17~/posts/counter"),
    *("/posts/counter?", "/posts/counter?a=b", "/posts/counter?before=", "/?", "/POSTS/counter", "/posts/Counter"),
    *("/posts/c%C3%B6unter", "/posts/counter%00", "/posts/counter%0a", "/posts/counter%7E", "/posts/counter~"),
    *("http:%2Fposts%2Fcounter", "http:/posts/counter", "http:..", "http:.", "*", "http://localhost/posts/counter"),
    *("/" + "x" * 252, "/" + "x" * 253, "/" + "x/" * 3000, "/" + "y/" * 63 + "yy", "/" + "y/" * 63 + "y" * 3),
)


def told(answer: Answer) -> tuple[object, ...]:
    """All that a reader is told but for what differs each time, and whether it came through a second server."""
    differing = {"date", "via", "x-request-id"}
    return answer.status, {name: value for name, value in answer.headers.items() if name not in differing}, answer.body


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("headers", BENT)
def test_answer_is_the_web_servers_whatever_is_asked_with(blog: Edge, headers: str, method: str) -> None:
    blog.shelved(COUNTER)
    alone = blog.ask(COUNTER, method=method, headers=headers)
    asked = blog.ask(COUNTER, method=method, headers=f"{headers}Cookie: a=b\r\n")
    assert "via" in asked.headers
    assert told(alone) == told(asked)


@pytest.mark.parametrize("coding", ["", "gzip", "br", "gzip, deflate, br, zstd", "deflate"])
def test_every_browser_is_answered_by_caddy_alone(blog: Edge, coding: str) -> None:
    blog.shelved(COUNTER)
    assert by_caddy_alone(blog.ask(COUNTER, headers=f"Accept-Encoding: {coding}\r\n"))


@pytest.mark.parametrize("path", STRANGE)
def test_answer_is_the_web_servers_at_every_address(blog: Edge, path: str) -> None:
    blog.shelved(COUNTER)
    blog.shelved("/")
    assert told(blog.ask(path))[:2] == told(blog.ask(path, headers="Cookie: a=b\r\n"))[:2]


def test_browser_that_has_the_page_of_either_is_told_so(blog: Edge) -> None:
    for coding in ("", "gzip", "br"):
        asked = f"Accept-Encoding: {coding}\r\n"
        etag = blog.shelved(COUNTER) and blog.ask(COUNTER, headers=asked).headers["etag"]
        again = blog.ask(COUNTER, headers=f"{asked}If-None-Match: {etag}\r\n")
        assert (again.status, again.headers["etag"]) == (304, etag)


def test_other_methods_and_other_names_reach_the_web_server(blog: Edge) -> None:
    blog.shelved(COUNTER)
    assert blog.ask(COUNTER, method="POST").status in {403, 405}
    assert blog.ask(COUNTER, method="OPTIONS").headers["allow"]
    with closing(SecureReader(blog.config.https_port)) as reader:
        reader.host = "localhost"
        assert not by_caddy_alone(reader.ask(COUNTER))


def test_plain_address_of_the_owner_is_not_answered_by_caddy(blog: Edge) -> None:
    blog.shelved(COUNTER)
    with closing(Reader(blog.config.port)) as reader:
        answer = reader.ask(COUNTER)
    assert answer.status == 200
    assert "via" in answer.headers


@pytest.mark.parametrize("name", ["olga", "alice", "charlie"])
def test_who_is_logged_in_is_answered_by_the_web_server(blog: Edge, app: Flask, cast: Cast, name: str) -> None:
    blog.shelved(COUNTER)
    with app.app_context():
        token = open_session(getattr(cast, name).id)
        commit()
    answer = blog.ask(COUNTER, headers=f"Cookie: __Host-sid={token}\r\n")
    assert "via" in answer.headers
    assert answer.headers["cache-control"] == "no-store"
    assert by_caddy_alone(blog.shelved(COUNTER))


def test_program_with_a_token_is_answered_by_the_web_server(blog: Edge) -> None:
    blog.shelved(COUNTER)
    assert "via" in blog.ask(COUNTER, headers="Authorization: Bearer abc\r\n").headers


def test_withdrawn_post_is_gone_at_once(blog: Edge, app: Flask, cast: Cast) -> None:
    with app.app_context():
        path = f"/{make_post(cast.alice, 'Withdrawn')}"
    blog.shelved(path)
    with app.app_context():
        db.session.execute(update(Post).where(Post.path == path[1:]).values(status=Status.DRAFT))
        commit()
    assert blog.ask(path).status == 404


@pytest.mark.parametrize("who", ["web", "caddy"])
def test_after_a_process_was_killed_no_page_is_old(blog: Edge, app: Flask, who: str) -> None:
    blog.shelved(COUNTER)
    processes = [p for p in psutil.Process(blog.blog.process.pid).children(recursive=True) if p.name() == "caddy"]
    for process in blog.blog.web_processes() if who == "web" else processes:
        process.send_signal(signal.SIGKILL)
    write(app, f"After {who} was killed.")
    eventually(blog.is_ready, "an answer")
    assert f"After {who} was killed.".encode() in blog.ask(COUNTER).body
    assert f"After {who} was killed.".encode() in blog.shelved(COUNTER).body


def test_job_that_publishes_at_its_time_is_seen(blog: Edge, app: Flask, cast: Cast) -> None:
    blog.shelved("/")
    with app.app_context():
        due = clock.now() + timedelta(seconds=3)
        make_post(cast.alice, "Punctual", status=Status.SCHEDULED, scheduled_at=due)
    blog.shelved("/")

    def is_published() -> bool:
        with app.app_context():
            return db.session.scalar(select(Post.status).where(Post.title == "Punctual")) is Status.PUBLISHED

    eventually(is_published, "the post")
    assert b"Punctual" in blog.ask("/").body


def test_command_that_imports_is_seen_when_it_has_ended(blog: Edge, tmp_path: Path) -> None:
    blog.shelved("/archive")
    (tmp_path / "brought.md").write_text("---\ntitle: Brought along\ndate: 2020-01-01\n---\nHere.\n")
    command = [sys.executable, "-m", "homeport.cli", "import", str(tmp_path), "--author", "alice@example.com"]
    subprocess.run([*command, "--data", str(blog.config.data)], check=True, capture_output=True)
    assert b"Brought along" in blog.ask("/archive").body


def test_requests_that_no_page_is_there_for_fill_no_log(blog: Edge) -> None:
    log = blog.config.caddy_folder / "log.json"
    before = log.read_text()
    for number in range(20):
        take_down(blog.config)
        assert blog.ask(f"/nothing-{number}").status == 404
    assert log.read_text() == before
    assert '"logger":"tls' in before, "which is what the log is for"
