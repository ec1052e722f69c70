"""Somebody deletes their account and leaves posts behind, or does not: what becomes of each, and of its pictures."""

from datetime import timedelta
from typing import Any

from sqlalchemy import select

from homeport.accounts import service
from homeport.accounts.models import PostsFate, User
from homeport.core import clock
from homeport.core.config import Config
from homeport.core.db import commit, db, site_version
from homeport.core.http import SYSTEM
from homeport.media import service as media
from homeport.media.models import Media
from homeport.posts import service as posts
from homeport.posts.departures import NOBODY
from homeport.posts.models import Post, Redirect, Revision
from homeport.posts.service import Draft
from tests.cast import Person
from tests.conftest import Browser
from tests.factories import make_post
from tests.interop.conftest import Leaving
from tests.interop.folders import png


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
