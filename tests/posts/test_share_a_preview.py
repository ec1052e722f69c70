"""Alice shows a draft to her mother, who has no account: by a link that ends, and that she can take back."""

import logging
import re
from collections.abc import Callable
from datetime import timedelta

import pytest
import time_machine
from flask import Flask
from sqlalchemy import select, update
from werkzeug.test import Client

from homeport.accounts.models import Attempt, User
from homeport.core import clock
from homeport.core.config import Config
from homeport.core.db import commit, db
from homeport.core.http import Role
from homeport.core.ids import digest
from homeport.posts import jobs, previews, service
from homeport.posts.models import Post, PreviewLink, Status
from homeport.serving.cache import page_cache
from homeport.serving.versions import site_version
from tests.accounts.acts import masked
from tests.cast import Cast, Person
from tests.conftest import Browser
from tests.factories import make_post
from tests.posts.desk import press
from tests.reading.page import Page

Login = Callable[[Person], Browser]
CANARY = "the-canary-of-alice"


@pytest.fixture
def draft(app: Flask, everybody: Cast) -> int:
    """A draft of alice's; its number."""
    with app.app_context():
        html = f"<p>{CANARY}</p>"
        make_post(everybody.alice, "Unfinished", status=Status.DRAFT, tags=["Sea"], html=html, summary=CANARY)
        return db.session.scalars(select(Post.id)).one()


def share(browser: Browser, post_id: int, days: str = "7", note: str = "Mum") -> str:
    """Make a link on the page, and return its address on this site."""
    page = browser.submit(f"/write/{post_id}/previews", {"days": days, "note": note})
    assert page.status_code == 200, page.text
    found = re.search(r'value="http://localhost:8000(/preview/[\w-]{43})"', page.text)
    assert found, page.text
    return found[1]


def test_somebody_without_an_account_reads_the_draft_as_readers_would(
    everybody: Cast, browser: Login, client: Browser, draft: int
) -> None:
    address = share(browser(everybody.alice), draft)
    page = client.get(address)
    assert page.status_code == 200
    assert Page(page).one("h1").text == "Unfinished"
    assert CANARY in page.text
    assert "This is a preview of a draft" in page.text
    assert "may still change" in page.text
    assert re.search(r"until \s*\d+ \w+ \d{4}, \d\d:\d\d", Page(page).one("aside").text)
    alice = browser(everybody.alice)
    assert press(alice, alice.get(f"/write/{draft}"), "save", body="The new ending").status_code == 303
    assert "The new ending" in client.get(address).text, "it shows the present draft"


def test_the_link_is_shown_once_and_only_its_digest_is_stored(
    app: Flask, config: Config, everybody: Cast, browser: Login, draft: int
) -> None:
    alice = browser(everybody.alice)
    token = share(alice, draft).rpartition("/")[2]
    assert token not in alice.get(f"/write/{draft}/previews").text
    assert token not in alice.get(f"/write/{draft}").text
    with app.app_context():
        assert db.session.scalars(select(PreviewLink.digest)).one() == digest(token)
        db.engine.dispose()
    for file in config.data.glob("homeport.db*"):
        assert token.encode() not in file.read_bytes()


def test_no_search_engine_no_cache_and_no_other_site_learns_of_it(
    everybody: Cast, browser: Login, client: Browser, draft: int
) -> None:
    page = client.get(share(browser(everybody.alice), draft))
    assert "noindex" in page.headers["X-Robots-Tag"]
    assert "noindex" in (Page(page).meta("robots") or "")
    assert page.headers["Cache-Control"] == "no-store"
    assert page.headers["Referrer-Policy"] == "strict-origin"
    assert "Set-Cookie" not in page.headers
    assert not Page(page).meta("og:title")
    assert 'rel="canonical"' not in page.text


def test_alice_sees_who_has_links_and_how_often_they_were_opened(
    everybody: Cast, browser: Login, client: Browser, draft: int
) -> None:
    alice = browser(everybody.alice)
    address = share(alice, draft)
    share(alice, draft, note="Uncle")
    assert Page(alice.get(f"/write/{draft}/previews")).one("main").text.count("not opened yet") == 2
    for _ in range(2):
        client.get(address).close()
    client.head(address).close()
    shown = Page(alice.get(f"/write/{draft}/previews")).one("main").text
    assert "opened 2 times, last" in shown
    assert shown.count("not opened yet") == 1
    assert shown.index("Uncle") < shown.index("Mum")


def test_a_link_that_is_taken_back_shows_nothing_and_the_others_go_on(
    app: Flask, everybody: Cast, browser: Login, client: Browser, draft: int
) -> None:
    alice = browser(everybody.alice)
    first, second = share(alice, draft), share(alice, draft)
    assert alice.get(f"/write/{draft}/previews/1/end").status_code == 404, "looking at an address takes nothing back"
    assert client.get(first).status_code == 200
    assert alice.submit(f"/write/{draft}/previews/1/end").status_code == 303
    assert client.get(first).status_code == 404
    assert client.get(second).status_code == 200
    assert alice.submit(f"/write/{draft}/previews/1/end").status_code == 404


@pytest.mark.parametrize(("days", "left"), [("1", 1), ("7", 7), ("30", 30)])
def test_a_link_ends_by_itself(
    app: Flask, everybody: Cast, browser: Login, client: Browser, draft: int, days: str, left: int
) -> None:
    address = share(browser(everybody.alice), draft, days)
    with time_machine.travel(clock.now() + timedelta(days=left, minutes=-1), tick=False):
        assert client.get(address).status_code == 200
    with time_machine.travel(clock.now() + timedelta(days=left, seconds=1), tick=False):
        assert client.get(address).status_code == 404
        with app.app_context():
            assert previews.count_over(clock.now()) == 1
            jobs.clear_preview_links()
            assert db.session.scalars(select(PreviewLink)).all() == []


@pytest.mark.parametrize("days", ["", "0", "2", "365", "-1", "x"])
def test_no_other_time_can_be_chosen(app: Flask, everybody: Cast, browser: Login, draft: int, days: str) -> None:
    assert browser(everybody.alice).submit(f"/write/{draft}/previews", {"days": days}).status_code == 422
    with app.app_context():
        assert db.session.scalars(select(PreviewLink)).all() == []


@pytest.mark.parametrize("step", ["publish", "trash"])
def test_links_end_when_the_post_is_published_or_thrown_away_even_if_it_becomes_a_draft_again(
    everybody: Cast, browser: Login, client: Browser, draft: int, step: str
) -> None:
    alice = browser(everybody.alice)
    address = share(alice, draft)
    press(alice, alice.get(f"/write/{draft}"), step)
    assert client.get(address).status_code == 404
    press(alice, alice.get(f"/write/{draft}"), "unpublish" if step == "publish" else "restore")
    assert client.get(address).status_code == 404


def test_links_end_when_the_post_is_published_at_its_time(
    app: Flask, everybody: Cast, browser: Login, client: Browser, draft: int
) -> None:
    address = share(browser(everybody.alice), draft)
    with app.app_context():
        post, now = db.session.get_one(Post, draft), clock.now()
        service.schedule(post, everybody.alice.viewer, now, now + timedelta(hours=1))
        commit()
    assert client.get(address).status_code == 200, "a scheduled post is not public yet"
    with app.app_context():
        assert service.publish_if_due(draft, clock.now() + timedelta(hours=2))
        commit()
        assert db.session.scalars(select(PreviewLink)).all() == []
    assert client.get(address).status_code == 404


def test_wrong_ended_revoked_and_trashed_answer_alike_to_the_byte(
    app: Flask, everybody: Cast, browser: Login, client: Browser, draft: int
) -> None:
    alice = browser(everybody.alice)
    revoked, ended, trashed, public, deleted = (share(alice, draft) for _ in range(5))
    alice.submit(f"/write/{draft}/previews/1/end")
    with app.app_context():
        db.session.execute(update(PreviewLink).where(PreviewLink.id == 2).values(expires_at=clock.now()))
        others = [make_post(everybody.alice, word, status=Status.DRAFT) for word in ("Trash", "Public", "Deleted")]
        for number, path in enumerate(others, 3):
            post = db.session.scalars(select(Post).where(Post.path == path)).one()
            db.session.execute(update(PreviewLink).where(PreviewLink.id == number).values(post_id=post.id))
            # Behind the verbs' back: the door itself has to be shut.
            post.status = (Status.TRASHED, Status.PUBLISHED, Status.DRAFT)[number - 3]
        commit()
        db.session.delete(post)
        commit()
    wrong = masked(client.get("/preview/" + "x" * 43))
    assert wrong[0] == 404
    for address in (revoked, ended, trashed, public, deleted, "/preview/x", "/preview/é"):
        assert masked(client.get(address)) == wrong, address


@pytest.mark.parametrize("fate", ["suspended", "an author no more", "only author of others' posts"])
def test_a_link_counts_while_its_maker_may_work_on_the_post(
    app: Flask, everybody: Cast, browser: Login, client: Browser, draft: int, fate: str
) -> None:
    maker = everybody.eve if fate.startswith("only") else everybody.alice
    address = share(browser(maker), draft)
    assert client.get(address).status_code == 200
    with app.app_context():
        user = db.session.get_one(User, maker.id)
        user.suspended_at = clock.now() if fate == "suspended" else None
        user.role = {"suspended": maker.role, "an author no more": Role.READER}.get(fate, Role.AUTHOR)
        commit()
    assert client.get(address).status_code == 404


def test_only_who_may_edit_the_post_makes_sees_and_ends_links(
    app: Flask, everybody: Cast, browser: Login, client: Browser, draft: int
) -> None:
    address = share(browser(everybody.eve), draft)
    for person in (everybody.bob, everybody.charlie, None):
        visitor = browser(person) if person else client
        assert visitor.get(f"/write/{draft}/previews").status_code in {303, 403, 404}
        assert visitor.submit(f"/write/{draft}/previews", {"days": "7"}).status_code in {401, 403, 404}
        assert visitor.submit(f"/write/{draft}/previews/1/end").status_code in {401, 403, 404}
    bob = browser(everybody.bob)
    assert masked(bob.get(f"/write/{draft}/previews")) == masked(bob.get("/write/999/previews"))
    with app.app_context():
        make_post(everybody.bob, "Bob's own", status=Status.DRAFT)
    assert bob.submit(f"/write/{draft + 1}/previews/1/end").status_code == 404, "a link of another post"
    assert client.get(address).status_code == 200


def test_a_preview_makes_the_post_visible_nowhere_else(
    everybody: Cast, browser: Login, client: Browser, draft: int
) -> None:
    client.get(share(browser(everybody.alice), draft)).close()
    for address in (
        "/",
        "/archive",
        "/tags",
        "/tags/sea",
        "/authors/alice",
        "/posts/unfinished",
        "/nothing/unfinished",
    ):
        for visitor in (client, browser(everybody.bob)):
            assert CANARY not in visitor.get(address).text
            assert "Unfinished" not in visitor.get(address).text


def test_the_page_cache_never_keeps_it(app: Flask, config: Config, everybody: Cast, browser: Login, draft: int) -> None:
    alice = browser(everybody.alice)
    address = share(alice, draft)
    reader = Client(page_cache(app.wsgi_app, site_version(config).current, 10_000_000), use_cookies=False)
    assert CANARY in reader.get(address).text
    alice.submit(f"/write/{draft}/previews/1/end")  # changes nothing that the public sees: no page is made anew for it
    assert reader.get(address).status_code == 404
    assert "Unfinished" not in reader.get("/").text


def test_there_is_nothing_to_preview_of_what_is_public_or_in_the_trash(
    app: Flask, everybody: Cast, browser: Login, draft: int
) -> None:
    alice = browser(everybody.alice)
    assert "Share a preview" in alice.get(f"/write/{draft}").text
    for status in (Status.PUBLISHED, Status.TRASHED):
        with app.app_context():
            db.session.execute(update(Post).values(status=status, published_at=clock.now()))
            commit()
        assert "Share a preview" not in alice.get(f"/write/{draft}").text
        assert "nothing to preview" in alice.get(f"/write/{draft}/previews").text
        assert alice.submit(f"/write/{draft}/previews", {"days": "7"}).status_code == 409


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


def test_the_log_says_that_a_link_was_made_and_not_which(
    everybody: Cast, browser: Login, client: Browser, draft: int, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    alice = browser(everybody.alice)
    address = share(alice, draft)
    client.get(address).close()
    alice.submit(f"/write/{draft}/previews/1/end")
    client.get(address).close()
    assert "preview link made" in caplog.text
    assert "preview link taken back" in caplog.text
    assert address.rpartition("/")[2] not in caplog.text
