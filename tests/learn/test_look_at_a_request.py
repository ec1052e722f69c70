"""The owner switches the x-ray on and reads what happened: to her requests, and to nobody else's."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import timedelta

import pytest
import time_machine
from flask import Flask

from homeport.accounts.models import PostsFate, User
from homeport.core import clock, site, watching
from homeport.core.config import Config
from homeport.core.db import commit, db
from homeport.core.events import account_deleted
from homeport.core.http import member
from homeport.jobs.service import JOBS, enqueue
from homeport.learn import xray_store
from homeport.posts import service
from homeport.posts.service import Draft
from tests.cast import Cast, Person
from tests.conftest import Browser
from tests.jobs.conftest import start_worker, wait_until
from tests.learn.xraying import HAS_LEARN, WITHOUT_LEARN, ask, records, statements, switch

pytestmark = pytest.mark.skipif(not HAS_LEARN, reason=WITHOUT_LEARN)
assert start_worker  # a fixture
LINK = "X-ray of this page"


@pytest.fixture
def olga(everybody: Cast, browser: Callable[[Person], Browser]) -> Browser:
    """The owner at her browser, who has switched nothing on yet."""
    return browser(everybody.olga)


@pytest.fixture
def post(app: Flask, everybody: Cast) -> str:
    """The address of a post that everybody may read."""
    with app.app_context():
        made = service.create(by=everybody.olga.viewer, now=clock.now(), draft=Draft("On tides", "High.", "", ("Sea",)))
        service.publish(made, everybody.olga.viewer, clock.now())
        commit()
    return "/posts/on-tides"


def room(app: Flask, state: str) -> None:
    """Open the class room, or close it."""
    with app.app_context():
        site.change(class_room=state)
        commit()


def story(browser: Browser, config: Config, number: int = -1) -> str:
    """The page of one of the records, without its tags' line breaks."""
    answer = ask(browser, f"/learn/xray/{records(config)[number]['id']}")
    assert answer.status_code == 200
    return " ".join(answer.text.split())


def test_while_it_is_off_nothing_is_recorded_and_nothing_listens(
    app: Flask, olga: Browser, config: Config, post: str
) -> None:
    assert LINK not in ask(olga, post).text
    assert not (config.data / "xray.db").exists()
    assert "homeport.xray" not in app.extensions
    assert not watching.view_begins.has_receivers_for(app)


def test_a_page_leads_to_its_own_story(olga: Browser, config: Config, post: str) -> None:
    switch(olga)
    page = ask(olga, post).text
    [record] = records(config)
    assert f'<a href="/learn/xray/{record["id"]}" rel="nofollow" data-key="x">{LINK}</a>' in page
    assert ask(olga, f"/learn/xray/{record['id']}").status_code == 200
    assert f"GET {post}" in ask(olga, "/learn/xray").text


def test_the_story_tells_what_happened(olga: Browser, config: Config, post: str) -> None:
    switch(olga)
    ask(olga, post, headers={"Accept-Language": "de", "X-Strange": "1"})
    told = story(olga, config)
    assert f"GET {post} HTTP/1.1" in told
    assert "Accept-Language: de" in told
    assert "Which languages the reader would like" in told
    assert "X-Strange: ⟨text, 1 character⟩" in told
    assert "homeport.reading.routes.post" in told
    assert "The function carries the mark @public" in told
    assert "Its SHA-256 was looked up in the table auth_sessions" in told
    assert "which does not hold the cookie itself; the row led to your account, whose role is owner" in told
    assert "reading/post.html" in told
    assert "title of reading/post.html" in told
    assert "Where the page may load scripts" in told
    assert "This request left no job behind" in told


def test_every_statement_is_there_with_rows_plan_and_the_line_that_asked(
    olga: Browser, config: Config, post: str
) -> None:
    switch(olga)
    ask(olga, post)
    [record] = records(config)
    asked = [about for kind, *_rest, about in record["steps"] if kind == "sql"]
    [session] = [about for about in asked if "FROM auth_sessions" in record["statements"][about["text"]]]
    assert session["rows"] == [1]
    assert session["from"][0] == "accounts/sessions.py"
    assert session["from"][2] == "find"
    assert ["digest", "⟨text, 64 characters⟩"] in session["values"]
    told = story(olga, config)
    assert "USING INDEX sqlite_autoindex_auth_sessions_1 (digest=?)" in told
    assert "<code>accounts/sessions.py</code>, line" in told
    assert "return db.session.scalar(found.where(User.suspended_at.is_(None)))" in told


def test_a_refusal_names_the_rule(olga: Browser, config: Config, browser: Callable[[Person], Browser]) -> None:
    switch(olga)
    ask(olga, "/admin/people", method="POST")
    ask(olga, "/write", method="POST", headers={"Sec-Fetch-Site": "cross-site"})
    told = story(olga, config)
    assert "403 FORBIDDEN" in told
    assert "(Sec-Fetch-Site: cross-site)" in told
    assert "because this is not a GET" not in told  # there is no page cache in front of a test


def test_over_https_a_listener_finds_the_blogs_name_and_nothing_else(olga: Browser, config: Config, post: str) -> None:
    switch(olga)
    ask(olga, post)
    told = story(olga, config)
    assert f"Does <code>{post}</code> stand in them? <strong>No</strong>" in told
    assert "Does <code>Cookie</code> stand in them? <strong>No</strong>" in told
    assert "Does <code>localhost</code> stand in them? <strong>Yes</strong>" in told
    assert "TLSv1.3" in told
    assert "Browser: ClientHello" in told


def test_what_the_edge_and_the_cache_say_is_told(app: Flask, olga: Browser, config: Config, post: str) -> None:
    switch(olga)
    said = "tls1.3 TLS_AES_128_GCM_SHA256 h2 HTTP/2.0 false"
    ask(olga, post, environ_overrides={watching.EDGE: said, watching.PAGE_CACHE: "session"})
    told = story(olga, config)
    for word in ("TLS 1.3", "TLS_AES_128_GCM_SHA256", "h2", "HTTP/2.0", "no: a full handshake"):
        assert f"<dd>{word}</dd>" in told
    assert "The page cache stepped aside, because you brought a session’s cookie" in told
    assert "Somebody who is not logged in would have been given a page from memory" in told


def test_what_a_stranger_says_of_the_edge_is_not_believed(olga: Browser, config: Config, post: str) -> None:
    switch(olga)
    ask(olga, post, headers={"X-Forwarded-Tls": "tls1.3 TLS_MADE_UP h2 HTTP/2.0 false"})
    assert "TLS_MADE_UP" not in story(olga, config)


def test_a_failure_shows_its_way_and_the_page_its_templates(app: Flask, olga: Browser, config: Config) -> None:
    app.add_url_rule("/failing", "failing", member(lambda: str(1 / 0)))
    switch(olga)
    assert ask(olga, "/failing").status_code == 500
    told = story(olga, config)
    assert "A <code>ZeroDivisionError</code> was raised" in told
    assert "ui/error.html" in told


def test_nobody_sees_anothers_records(
    olga: Browser, config: Config, post: str, everybody: Cast, browser: Callable[[Person], Browser], client: Browser
) -> None:
    switch(olga)
    ask(olga, post)
    [record] = records(config)
    for person in (everybody.eve, everybody.alice, everybody.charlie):
        other = browser(person)
        assert LINK not in ask(other, post).text
        assert ask(other, f"/learn/xray/{record['id']}").status_code == 404
        assert post not in ask(other, "/learn/xray").text
        assert other.submit("/learn/xray", {"do": "on"}).status_code == 403
    assert client.get(f"/learn/xray/{record['id']}").status_code == 303
    assert len(records(config)) == 1


def test_in_a_class_room_each_one_sees_their_own(
    app: Flask, config: Config, post: str, everybody: Cast, browser: Callable[[Person], Browser], client: Browser
) -> None:
    room(app, "open")
    charlie, alice = browser(everybody.charlie), browser(everybody.alice)
    assert LINK in ask(charlie, post).text
    assert LINK in ask(alice, "/write").text
    assert LINK not in ask(client, post).text
    assert len(records(config)) == 2
    assert f"GET {post}" in ask(charlie, "/learn/xray").text
    assert "GET /write" not in ask(charlie, "/learn/xray").text
    assert ask(charlie, f"/learn/xray/{records(config)[1]['id']}").status_code == 404
    room(app, "closed")
    assert not (config.data / "xray.db").exists()


def test_switching_it_off_forgets_everything(olga: Browser, config: Config, post: str) -> None:
    switch(olga)
    ask(olga, post)
    assert (config.data / "xray.db").stat().st_mode & 0o077 == 0
    switch(olga, "off")
    assert list(config.data.glob("xray.db*")) == []
    assert LINK not in ask(olga, post).text


def test_records_last_an_hour_and_are_few(olga: Browser, config: Config, post: str) -> None:
    switch(olga)
    with time_machine.travel(clock.now() - timedelta(minutes=61), tick=True):
        ask(olga, post)
    file = xray_store.path(config)
    assert len(records(config)) == 1
    assert "Nothing yet" in ask(olga, "/learn/xray").text
    assert ask(olga, f"/learn/xray/{records(config)[0]['id']}").status_code == 404
    record = {**records(config)[0], "steps": [["sql", "x" * 1000, 0, 0, 0, {}]] * 600}
    for number in range(30):
        xray_store.keep(file, 1, {**record, "id": str(number)}, clock.now())
    assert len(records(config)) < 30
    assert sum(len(str(kept)) for kept in records(config)) < 1.2 * xray_store.MOST_BYTES
    assert records(config)[-1]["left_out"] == 300
    for number in range(xray_store.MOST_RECORDS + 5):
        xray_store.keep(file, 1, {**record, "id": f"s{number}", "steps": []}, clock.now())
    assert len(records(config)) == xray_store.MOST_RECORDS
    xray_store.forget_old(file, clock.now() + timedelta(hours=2))
    assert records(config) == []


def test_a_broken_locked_or_unwritable_file_harms_no_request(olga: Browser, config: Config, post: str) -> None:
    switch(olga)
    file = config.data / "xray.db"
    with closing(sqlite3.connect(file, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        assert ask(olga, post).status_code == 200
    file.write_bytes(b"this is not a database" * 1000)
    assert ask(olga, post).status_code == 200
    assert not file.exists()
    (config.data / "xray.db").mkdir()
    assert ask(olga, post).status_code == 200
    with olga.submit("/learn/xray", {"do": "on"}) as answer:
        assert answer.status_code == 503


def test_the_blogs_own_database_is_not_written(olga: Browser, config: Config, post: str) -> None:
    switch(olga)
    ask(olga, post)
    with closing(sqlite3.connect(config.data / "homeport.db")) as watcher:
        before = watcher.execute("PRAGMA data_version").fetchone()
        for _ in range(3):
            ask(olga, post)
        assert watcher.execute("PRAGMA data_version").fetchone() == before
    assert len(records(config)) == 4


def test_who_leaves_leaves_no_record(
    app: Flask, config: Config, post: str, everybody: Cast, browser: Callable[[Person], Browser]
) -> None:
    room(app, "open")
    for person in (everybody.charlie, everybody.alice):
        ask(browser(person), post)
    assert len(records(config)) == 2
    with app.app_context():
        charlie = db.session.get_one(User, everybody.charlie.id)
        account_deleted.send(app, user=charlie, posts=PostsFate.DELETE, heir_id=None, now=clock.now())
        commit()
    assert [head.what for head in xray_store.recent(config.data / "xray.db", everybody.alice.id, clock.now())]
    assert len(records(config)) == 1


def test_a_job_that_a_request_left_behind_has_a_story_of_its_own(
    app: Flask, olga: Browser, config: Config, start_worker: Callable[..., object]
) -> None:
    def leave() -> str:
        enqueue(JOBS["chores"], 3)
        return "left"

    app.add_url_rule("/leave", "leave", member(leave), methods=["POST"])
    switch(olga)
    start_worker()
    with olga.submit("/leave") as answer:
        assert answer.status_code == 200
    [left] = records(config)[0]["jobs"]
    assert f'<a href="/learn/xray/{left["id"]}">chores</a>' in story(olga, config, 0)
    wait_until(lambda: len(records(config)) == 2)
    job = records(config)[1]
    assert (job["id"], job["kind"], job["outcome"], job["facts"]["args"]) == (left["id"], "job", "done", ["3"])
    assert len([text for text in statements(job) if text.startswith("INSERT INTO mails")]) == 3
    told = story(olga, config)
    assert "A request of yours" in told
    assert f'href="/learn/xray/{records(config)[0]["id"]}"' in told
