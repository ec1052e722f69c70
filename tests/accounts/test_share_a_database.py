"""The same on PostgreSQL, where writers run side by side: what happens once on SQLite must happen once there too."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import time_machine
from flask import Flask
from sqlalchemy import delete, func, select

from homeport.accounts import api_tokens, entry, invitations, queries, throttle, tokens
from homeport.accounts.models import Attempt, AuthSession, Invitation, OneTimeToken, Registration, User
from homeport.accounts.presence import CEREMONY
from homeport.core import clock, ids, site
from homeport.core.config import Config
from homeport.core.db import db
from homeport.core.http import SYSTEM, Role
from homeport.core.programs import WRITE
from homeport.core.site import SiteSetting
from homeport.posts import previews
from homeport.posts.models import Post, PreviewLink, Status
from tests.accounts.acts import NEW_PASSWORD, is_logged_in, log_in, open_registration, reset_token, setup_token
from tests.accounts.authenticator import Authenticator
from tests.accounts.conftest import CountingHasher
from tests.accounts.passkey_acts import LOGIN, add, ask
from tests.cast import PASSWORD, make_cast
from tests.conftest import migrated_app
from tests.factories import make_post
from tests.parts import postgresql

TOGETHER = 6


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """A PostgreSQL server for this file."""
    with postgresql() as found:
        yield found


@pytest.fixture
def blog(address: str, tmp_path: Path) -> Iterator[Flask]:
    """The application on it, migrated, with empty tables."""
    app = migrated_app(Config(data=tmp_path, database_url=address))
    yield app
    with app.app_context():
        for table in (Post, User, OneTimeToken, Attempt, SiteSetting, Registration, Invitation):
            # Sessions go with their users.
            db.session.execute(delete(table))
        db.session.commit()
        db.engine.dispose()


def at_once(app: Flask, act: Callable[[Any], int]) -> list[int]:
    """What several browsers are answered that do the same at the same moment."""
    browsers = [app.test_client() for _ in range(TOGETHER)]
    with ThreadPoolExecutor(TOGETHER) as pool:
        return sorted(pool.map(act, browsers))


def count(app: Flask, *conditions: Any) -> int:
    with app.app_context():
        return db.session.scalar(select(func.count()).select_from(User).where(*conditions)) or 0


def test_one_owner_is_made(blog: Flask) -> None:
    form = {"title": "Ours", "time_zone": "UTC", "name": "Olga", "password": PASSWORD, "token": setup_token(blog)}
    statuses = at_once(blog, lambda one: int(one.submit("/setup", {**form, "email": "o@example.com"}).status_code))
    assert statuses[0] == 303
    assert min(statuses[1:]) >= 400
    assert 500 not in statuses
    assert count(blog, User.role == Role.OWNER) == 1


def test_one_account_is_made(blog: Flask) -> None:
    open_registration(blog)
    form = {"name": "Dora", "email": "dora@example.com", "password": NEW_PASSWORD}
    assert at_once(blog, lambda one: int(one.submit("/register", form).status_code)) == [303] * TOGETHER
    assert count(blog) == 1


def test_people_of_one_name_get_addresses_of_their_own(blog: Flask) -> None:
    open_registration(blog)
    with ThreadPoolExecutor(TOGETHER) as pool:
        forms = [{"name": "Dora", "email": f"d{n}@example.com", "password": NEW_PASSWORD} for n in range(TOGETHER)]
        clients: list[Any] = [blog.test_client() for _ in forms]
        statuses = list(
            pool.map(lambda pair: pair[0].submit("/register", pair[1]).status_code, zip(clients, forms, strict=True))
        )
    assert statuses == [303] * TOGETHER
    with blog.app_context():
        assert len({user.handle for user in queries.people()}) == TOGETHER


def test_tries_at_the_same_moment_count_as_many(blog: Flask, password_hash: str, hasher: CountingHasher) -> None:
    with blog.app_context():
        cast = make_cast(password_hash)
    with time_machine.travel(datetime(2026, 5, 1, tzinfo=UTC), tick=False):
        for _ in range(2):
            at_once(blog, lambda one: int(log_in(one, cast.alice, "wrong").status_code))
    assert hasher.compared == throttle.ACCOUNT.free


def test_one_link_sets_one_password(blog: Flask, password_hash: str) -> None:
    with blog.app_context():
        cast = make_cast(password_hash)
    form = {"token": reset_token(blog, cast.alice), "password": NEW_PASSWORD}
    assert at_once(blog, lambda one: int(one.submit("/reset", form).status_code)) == [303] + [403] * (TOGETHER - 1)


def test_one_use_of_an_invitation_makes_one_account(blog: Flask) -> None:
    with blog.app_context():
        site.change(registration="invitation")
        token = invitations.make(Role.AUTHOR, 1, 1, "", by=SYSTEM, now=clock.now())
        db.session.commit()
    form = {"name": "Dora", "password": NEW_PASSWORD, "token": token}
    numbers = iter(range(TOGETHER))
    statuses = at_once(
        blog, lambda one: int(one.submit("/invitation", {**form, "email": f"d{next(numbers)}@example.com"}).status_code)
    )
    assert statuses == [303] + [403] * (TOGETHER - 1)
    assert count(blog) == 1


def test_one_link_in_a_mail_makes_one_account(blog: Flask) -> None:
    open_registration(blog)
    with blog.app_context():
        now = clock.now()
        facts = {"name": "Dora", "email": "dora@example.com", "created_at": now, "expires_at": now + entry.LIFETIME}
        db.session.add(Registration(digest=ids.digest("the link"), **facts))
        db.session.commit()
    form = {"token": "the link"}
    statuses = at_once(blog, lambda one: int(one.submit("/register/confirm", form).status_code))
    assert statuses == [303] + [403] * (TOGETHER - 1)
    assert count(blog) == 1


def test_two_people_who_want_one_address_do_not_both_get_it(blog: Flask, password_hash: str) -> None:
    with blog.app_context():
        cast = make_cast(password_hash)
        people, now = (cast.alice, cast.bob), clock.now()
        links = [tokens.issue(tokens.NEW_ADDRESS, one.id, now, email="new@example.com") for one in people]
        db.session.commit()
    clients: list[Any] = [blog.test_client() for _ in links]
    with ThreadPoolExecutor(2) as pool:
        sent = pool.map(lambda one, link: one.submit("/account/email/confirm", {"token": link}), clients, links)
        answers = [answer.status_code for answer in sent]
    assert sorted(answers) == [303, 409]
    assert count(blog, User.email == "new@example.com") == 1


def test_of_two_owners_who_leave_at_once_one_stays(blog: Flask, password_hash: str) -> None:
    with blog.app_context():
        cast = make_cast(password_hash)
        eve = queries.by_id(cast.eve.id)
        assert eve is not None
        eve.role = Role.OWNER
        db.session.commit()
    browsers: list[Any] = [blog.test_client().login(person) for person in (cast.olga, cast.eve)]  # type: ignore[attr-defined]  # a Browser
    paths = [f"/admin/people/{person.id}/role" for person in (cast.olga, cast.eve)]
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda pair: pair[0].submit(pair[1], {"role": "reader"}), zip(browsers, paths, strict=True)))
    assert count(blog, User.role == Role.OWNER) == 1


def test_one_answer_of_a_passkey_lets_in_once(blog: Flask, password_hash: str) -> None:
    with blog.app_context():
        cast = make_cast(password_hash)
    alice: Any = blog.test_client().login(cast.alice)  # type: ignore[attr-defined]  # a Browser
    device = Authenticator()
    assert add(alice, device).status_code == 200
    browser = blog.test_client()
    credential = device.get(ask(browser, LOGIN))  # type: ignore[arg-type]  # a Browser
    ceremony = browser.get_cookie(CEREMONY)
    assert ceremony is not None

    def send(one: Any) -> int:
        one.set_cookie(CEREMONY, ceremony.value)
        return int(one.submit(LOGIN, {"credential": credential}).status_code)

    assert at_once(blog, send) == [303] + [403] * (TOGETHER - 1)


def test_every_opening_of_a_preview_is_counted(blog: Flask, password_hash: str) -> None:
    with blog.app_context():
        cast = make_cast(password_hash)
        make_post(cast.bob, "A draft", status=Status.DRAFT)
        link = previews.make(
            db.session.scalars(select(Post)).one(), days=1, note="", by=cast.bob.viewer, now=clock.now()
        )
        db.session.commit()

    def look(one: Any) -> int:
        with one.get(f"/preview/{link}") as page:  # what is noted is noted once the page is sent
            return int(page.status_code)

    assert at_once(blog, look) == [200] * TOGETHER
    with blog.app_context():
        assert db.session.scalars(select(PreviewLink.opened)).one() == TOGETHER


def test_a_token_serves_many_requests_at_once(blog: Flask, password_hash: str) -> None:
    with blog.app_context():
        cast = make_cast(password_hash)
        alice = queries.by_id(cast.alice.id)
        assert alice is not None
        token = api_tokens.make(alice, name="Script", scopes=[WRITE], days=1, by=cast.alice.viewer, now=clock.now())
        db.session.commit()
    program = {"Authorization": f"Bearer {token}"}
    numbers = iter(range(TOGETHER))

    def write(one: Any) -> int:
        return int(one.post("/api/posts", json={"title": f"T{next(numbers)}"}, headers=program).status_code)

    sent = at_once(blog, write)
    assert sent == [201] * TOGETHER


def test_a_visit_is_noted(blog: Flask, password_hash: str) -> None:
    with blog.app_context():
        cast = make_cast(password_hash)
    client: Any = blog.test_client()
    with time_machine.travel(datetime(2026, 5, 1, tzinfo=UTC), tick=False) as clock_hand:
        log_in(client, cast.alice)
        clock_hand.shift(90)
        client.get("/account/password").close()
        assert is_logged_in(client)
    with blog.app_context():
        assert db.session.scalars(select(AuthSession.last_seen_at)).one() == datetime(2026, 5, 1, 0, 1, 30, tzinfo=UTC)
