"""Somebody deletes their account: what they are told, how they change their mind, and what becomes of their posts."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select, update

from homeport.accounts import audit, queries, service
from homeport.accounts.departure_jobs import delete_departed_accounts
from homeport.accounts.models import AuditDetail, AuditEvent, Departure, Invitation, PostsFate, User
from homeport.core import clock
from homeport.core.config import Config
from homeport.core.db import commit, db, site_version
from homeport.core.http import SYSTEM, Role
from homeport.core.site import Site
from homeport.jobs.jobs import send_mails
from homeport.jobs.models import Mail
from homeport.media import service as media
from homeport.media.models import Media
from homeport.posts import service as posts
from homeport.posts.departures import NOBODY
from homeport.posts.models import Post, Redirect, Revision
from homeport.posts.service import Draft
from tests.accounts.acts import is_logged_in, log_in
from tests.cast import Cast, Person
from tests.conftest import Browser
from tests.factories import make_post
from tests.interop.folders import png

PAGES = ("/account", "/account/security", "/account/sessions", "/account/picture", "/account/export", "/account/delete")


@dataclass
class Leaving:
    """A blog, and alice who is about to leave it."""

    app: Flask
    everybody: Cast
    alice: Browser

    def ask(self, fate: str = "delete", heir: Person | None = None) -> Any:
        return self.alice.submit("/account/delete", {"posts": fate, "heir": str(heir.id) if heir else ""})

    def a_week_passes(self) -> None:
        """The time comes, and the job does what is due."""
        with self.app.app_context():
            db.session.execute(update(Departure).values(due_at=clock.now()))
            commit()
            delete_departed_accounts()
            commit()

    def count(self, table: Any) -> int:
        with self.app.app_context():
            return db.session.scalar(select(func.count()).select_from(table)) or 0

    def mails(self) -> list[tuple[str, str]]:
        with self.app.app_context():
            return [(mail.to, mail.subject) for mail in db.session.scalars(select(Mail).order_by(Mail.id))]

    def actions(self) -> list[str]:
        with self.app.app_context():
            return list(db.session.scalars(select(AuditEvent.action).order_by(AuditEvent.id)))


@pytest.fixture
def leaving(app: Flask, everybody: Cast, browser: Callable[..., Browser]) -> Leaving:
    with app.app_context():
        make_post(everybody.alice, "Harbour lights", tags=["ships"], body="Lit at six")
        make_post(everybody.bob, "Winds", tags=["air"])
    return Leaving(app, everybody, browser(everybody.alice))


def test_asking_tells_when_and_what_and_nothing_is_gone_yet(leaving: Leaving, client: Browser) -> None:
    page = leaving.alice.get("/account/delete").text
    for word in ("What goes", "What stays", "7 days", "at most 30 days", "1 post", "Bob", "Eve", "Olga"):
        assert word in page
    assert "Charlie" not in page, "a reader could not look after posts"
    assert leaving.ask("hand_over", leaving.everybody.bob).location == "/account/delete"
    assert "go to Bob" in leaving.alice.get("/account/delete").text
    ((to, subject),) = leaving.mails()
    assert (to, "your account will be deleted on" in subject) == ("alice@example.com", True)
    assert client.get("/posts/harbour-lights").status_code == 200
    assert leaving.actions()[-1] == "departure_asked"


def test_for_a_week_every_page_of_the_account_offers_to_keep_it(leaving: Leaving, app: Flask) -> None:
    leaving.ask()
    again: Any = app.test_client()
    log_in(again, leaving.everybody.alice)
    for page in PAGES:
        assert "Keep my account" in again.get(page).text, page
    assert again.submit("/account/keep").location == "/account"
    assert "Keep my account" not in again.get("/account").text
    assert [subject.partition(": ")[2][:12] for _, subject in leaving.mails()] == ["your account", "your account"]
    leaving.a_week_passes()
    assert is_logged_in(leaving.alice)
    assert leaving.actions()[-1] in {"departure_cancelled", "login"}


def test_the_account_ends_with_its_sessions_and_logins(leaving: Leaving, app: Flask) -> None:
    leaving.ask()
    leaving.a_week_passes()
    assert leaving.actions()[-1] == "account_deleted"
    assert not is_logged_in(leaving.alice)
    stranger: Any = app.test_client()
    assert log_in(stranger, leaving.everybody.alice).status_code == 422
    assert leaving.mails() == [("alice@example.com", "A blog at home: your account is deleted")]
    assert leaving.count(User) == 4


def test_the_last_mail_goes_with_its_address(leaving: Leaving, app: Flask) -> None:
    leaving.ask()
    leaving.a_week_passes()
    with app.app_context():
        db.session.execute(update(Mail).values(expires_at=clock.now()))
        commit()
        send_mails()
        commit()
    assert leaving.mails() == []


def write(leaving: Leaving) -> dict[str, str]:
    """alice's post in each state, one with a former address; two pictures, one of which bob's post shows too."""
    config: Config = leaving.app.config["HOMEPORT"]
    with leaving.app.app_context():
        now, by = clock.now(), leaving.everybody.alice.viewer
        store: dict[str, Any] = {"owner_id": by.user_id, "folder": config.media, "now": now}
        own = media.store(png("red"), original_name="my house.png", **store).name
        shared = media.store(png("blue"), original_name="our street.png", **store).name
        unused = media.store(png("green"), original_name="unused.png", **store).name
        text = f"![](/media/{own}) ![](/media/{shared})"
        for title in ("Out", "Draft", "Scheduled", "Private", "Trashed"):
            posts.create(by=by, now=now, draft=Draft(title, text, "", ("mine",)))
        out, _, scheduled, private, trashed = db.session.scalars(select(Post).where(Post.body == text)).all()
        posts.publish(out, by, now)
        posts.save(out, by=by, now=now, seen_version=2, draft=Draft("Out", text, "", ("mine",), "posts/moved"))
        posts.schedule(scheduled, by, now, now + timedelta(days=9))
        posts.make_private(private, by, now)
        posts.trash(trashed, by, now)
        bobs = posts.create(by=leaving.everybody.bob.viewer, now=now, draft=Draft("Bob", f"![](/media/{shared})"))
        posts.publish(bobs, leaving.everybody.bob.viewer, now)
        commit()
    return {"own": own, "shared": shared, "unused": unused}


def titles(leaving: Leaving, author: Person) -> set[str]:
    with leaving.app.app_context():
        return set(db.session.scalars(select(Post.title).where(Post.author_id == author.id)))


def pictures(leaving: Leaving) -> set[str]:
    folder = leaving.app.config["HOMEPORT"].media
    with leaving.app.app_context():
        rows = {row.name: row for row in db.session.scalars(select(Media))}
        assert all(row.owner_id is None and row.original_name == "" for row in rows.values())
    assert {path.name for path in folder.iterdir()} == set(rows)
    return set(rows)


def test_deleted_posts_go_with_versions_addresses_tags_and_pictures(leaving: Leaving, client: Browser) -> None:
    names = write(leaving)
    with leaving.app.app_context():
        before = site_version()
    leaving.ask("delete")
    leaving.a_week_passes()
    assert titles(leaving, leaving.everybody.bob) == {"Winds", "Bob"}
    assert leaving.count(Post) == 2
    assert (leaving.count(Redirect), leaving.count(Revision)) == (0, 1)
    assert pictures(leaving) == {names["shared"]}, "bob's post still shows it"
    for address in ("/posts/harbour-lights", "/posts/moved", "/posts/out", "/tags/ships", "/authors/alice"):
        assert client.get(address).status_code == 404, address
    with leaving.app.app_context():
        assert site_version() > before


def test_posts_that_are_handed_over_bear_the_new_name(leaving: Leaving, client: Browser) -> None:
    names = write(leaving)
    with leaving.app.app_context():
        make_post(leaving.everybody.alice, "By us", bylines=["Alice", "Ann Lee"])
        make_post(leaving.everybody.alice, "By others", bylines=["Ann Lee"])
    leaving.ask("hand_over", leaving.everybody.bob)
    leaving.a_week_passes()
    expected = {"Harbour lights", "Winds", "Out", "Draft", "Scheduled", "Private", "Bob", "By us", "By others"}
    assert titles(leaving, leaving.everybody.bob) == expected
    assert leaving.count(Post) == len(expected), "what was in the trash is gone"
    assert pictures(leaving) == {names["own"], names["shared"]}
    page = client.get("/posts/moved").text
    assert "Bob" in page
    assert "Alice" not in page
    assert client.get("/posts/out").location == "/posts/moved"
    assert "Alice" not in client.get("/posts/by-us").text
    assert "Ann Lee" in client.get("/posts/by-us").text
    assert "Ann Lee" in client.get("/posts/by-others").text


def test_posts_that_are_kept_bear_no_name_and_an_owner_looks_after_them(leaving: Leaving, client: Browser) -> None:
    names = write(leaving)
    leaving.ask("keep")
    leaving.a_week_passes()
    assert titles(leaving, leaving.everybody.olga) == {"Harbour lights", "Out", "Scheduled"}
    assert leaving.count(Post) == 5, "drafts, private posts and the trash are gone"
    assert pictures(leaving) == {names["own"], names["shared"]}
    for address in ("/posts/moved", "/", "/posts/harbour-lights"):
        page = client.get(address).text
        assert NOBODY in page, address
        assert "Alice" not in page, address
        assert "Olga" not in page, address
    assert "Harbour lights" in client.get("/authors/a-former-author").text
    assert client.get("/authors/alice").status_code == 404


def test_names_in_the_posts_of_others_stay(leaving: Leaving, client: Browser) -> None:
    with leaving.app.app_context():
        make_post(leaving.everybody.bob, "Imported", bylines=["Alice"])
    leaving.ask("delete")
    leaving.a_week_passes()
    assert "Alice" in client.get("/posts/imported").text, "a byline is a name and not an account"


def test_where_the_heir_has_left_first_the_posts_stay_without_a_name(leaving: Leaving, client: Browser) -> None:
    leaving.ask("hand_over", leaving.everybody.bob)
    with leaving.app.app_context():
        bob = db.session.get_one(User, leaving.everybody.bob.id)
        service.delete_account(bob, PostsFate.DELETE, None, by=SYSTEM, now=clock.now())
        commit()
    assert "can’t have them any more" in leaving.alice.get("/account/delete").text
    leaving.a_week_passes()
    assert NOBODY in client.get("/posts/harbour-lights").text
    assert titles(leaving, leaving.everybody.olga) == {"Harbour lights"}


@pytest.mark.parametrize("heir", ["", "5", "3", "99", "x"])
def test_only_somebody_who_writes_here_can_have_the_posts(leaving: Leaving, heir: str) -> None:
    answer = leaving.alice.submit("/account/delete", {"posts": "hand_over", "heir": heir})
    assert answer.status_code == 422
    assert leaving.count(Departure) == 0


def test_a_choice_has_to_be_made_where_there_are_posts(leaving: Leaving, browser: Callable[..., Browser]) -> None:
    answer = leaving.alice.submit("/account/delete")
    assert answer.status_code == 422
    assert "Choose what becomes of your posts." in answer.text
    charlie = browser(leaving.everybody.charlie)
    assert "Hand them" not in charlie.get("/account/delete").text
    assert charlie.submit("/account/delete").status_code == 303


def test_the_last_owner_cannot_leave(leaving: Leaving, browser: Callable[..., Browser]) -> None:
    olga = browser(leaving.everybody.olga)
    assert "only owner who can log in" in olga.get("/account/delete").text
    answer = olga.submit("/account/delete")
    assert answer.status_code == 409
    assert "Make somebody else an owner first." in answer.text
    with leaving.app.app_context():
        db.session.get_one(User, leaving.everybody.bob.id).role = Role.OWNER
        commit()
    assert olga.submit("/account/delete").status_code == 303
    with leaving.app.app_context():
        db.session.get_one(User, leaving.everybody.bob.id).role = Role.AUTHOR
        commit()
    leaving.a_week_passes()
    assert is_logged_in(olga)
    assert leaving.count(Departure) == 0
    assert leaving.mails()[-1] == ("olga@example.com", "A blog at home: your account was not deleted")


def test_the_log_forgets_all_but_a_number_and_still_holds(leaving: Leaving) -> None:
    with leaving.app.app_context():
        now, eve = clock.now(), leaving.everybody.eve.viewer
        post = db.session.scalars(select(Post)).first()
        assert post is not None
        posts.unpublish(post, eve, now)
        service.record("registration_asked", by=SYSTEM, now=now, email="alice@example.com")
        service.record("login_failed", by=SYSTEM, now=now, subject=leaving.everybody.alice.id, name="Alice")
        service.record("login", by=eve, now=now, note="eve's own")
        commit()
    leaving.ask("delete")
    leaving.a_week_passes()
    with leaving.app.app_context():
        known = [detail.facts for detail in db.session.scalars(select(AuditDetail))]
        assert "eve's own" in str(known)
        for word in ("Alice", "alice@example.com", "Harbour"):
            assert word not in str(known)
        assert audit.verify().faults == []


def test_invitations_of_who_left_let_nobody_in(leaving: Leaving) -> None:
    with leaving.app.app_context():
        now = clock.now()
        facts = {"digest": "x", "role": Role.READER, "note": "for Alice's mother", "most_uses": 3}
        row = Invitation(**facts, created_by_id=leaving.everybody.alice.id, created_at=now, expires_at=now)
        db.session.add(row)
        commit()
    leaving.ask()
    leaving.a_week_passes()
    with leaving.app.app_context():
        (left,) = db.session.scalars(select(Invitation))
        assert (left.created_by_id, left.note, left.revoked_at is not None) == (None, "", True)


def test_nobody_gets_the_number_of_somebody_who_left(leaving: Leaving, browser: Callable[..., Browser]) -> None:
    last = leaving.everybody.charlie
    browser(last).submit("/account/delete")
    leaving.a_week_passes()
    with leaving.app.app_context():
        facts: dict[str, Any] = {"name": "Dan", "email": "dan@example.com", "role": Role.READER, "password": None}
        dan = service.add(**facts, by=SYSTEM, settings=Site(), now=clock.now())
        commit()
        assert dan.id > last.id
        assert [told.action for told in queries.events_of(dan.id, 9)] == ["account_created"]


def test_a_job_that_runs_twice_deletes_once(leaving: Leaving) -> None:
    leaving.ask()
    leaving.a_week_passes()
    before = leaving.actions()
    leaving.a_week_passes()
    assert leaving.actions() == before
