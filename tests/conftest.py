"""Fixtures on real parts: a migrated database in a folder of its own, the real application, the cast."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, cast

import pytest
import time_machine
from argon2 import PasswordHasher
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from homeport.app import create_app
from homeport.core import clock, csrf
from homeport.core.config import Config
from homeport.core.db import db
from homeport.migrations.runner import upgrade
from tests import compiled
from tests.cast import PASSWORD, Cast, Person, make_cast, open_session

pytest_plugins = ["tests.alone", "tests.chromium"]

compiled.share_the_builders_of_addresses()

# These take minutes. Begun last, one would be waited for while the second core has nothing left to do.
LONG = (
    "tests/https/test_certificates_that_last_a_minute.py",
    "tests/journeys/test_every_page.py",
    "tests/journeys/test_live_with_passkeys.py",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let the files that take longest be the first; `make test` asks xdist to keep this order."""
    items.sort(key=lambda item: LONG.index(path) if (path := item.nodeid.partition("::")[0]) in LONG else len(LONG))


class Browser(FlaskClient):
    """A test client that behaves as a browser does: it says where a form was sent from and sends the form's token."""

    def login(self, person: Person) -> "Browser":
        """Become somebody, by a session of their own."""
        name = "__Host-sid" if self.application.config["HOMEPORT"].secure else "sid"
        with self.application.app_context():
            self.set_cookie(name, open_session(person.id))
        return self

    @property
    def token(self) -> str:
        """The session cookie this browser holds, however it came by it; empty without one."""
        found = self.get_cookie("__Host-sid") or self.get_cookie("sid")
        return found.value if found else ""

    def submit(self, path: str, data: dict[str, Any] | None = None, **options: Any) -> TestResponse:
        """Send a form from this site's own page."""
        fields = dict(data or {})
        if self.token:
            fields.setdefault(csrf.FIELD, csrf.token(self.token))
        headers = {"Sec-Fetch-Site": "same-origin", **options.pop("headers", {})}
        return self.post(path, data=fields, headers=headers, **options)


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty migrated database, made once and copied for each test."""
    data = tmp_path_factory.mktemp("migrated")
    upgrade(Config(data=data))
    return data / "homeport.db"


@pytest.fixture(scope="session")
def password_hash() -> str:
    """PASSWORD hashed once, as the blog hashes it."""
    return PasswordHasher(time_cost=2, memory_cost=19456, parallelism=1).hash(PASSWORD)


@pytest.fixture
def config(tmp_path: Path, migrated: Path) -> Config:
    """The configuration of a new blog with an up-to-date database."""
    data = tmp_path / "data"
    data.mkdir()
    shutil.copy(migrated, data / "homeport.db")
    return Config(data=data)


def migrated_app(config: Config) -> Flask:
    """The application on a database that is brought up to date for it, wherever that is."""
    upgrade(config)
    app = create_app(config)
    app.test_client_class = Browser
    return app


@pytest.fixture
def app(config: Config) -> Iterator[Flask]:
    """The application on that blog."""
    app = create_app(config)
    app.jinja_env.bytecode_cache = compiled.TEMPLATES
    app.test_client_class = Browser
    yield app
    with app.app_context():
        db.engine.dispose()


@pytest.fixture
def stopped_clock() -> Iterator[None]:
    """Time stands still: waits that begin with a second are over before a busy machine has asked the next time."""
    with time_machine.travel(clock.now(), tick=False):
        yield


@pytest.fixture
def everybody(app: Flask, password_hash: str) -> Cast:
    """The cast, stored."""
    with app.app_context():
        return make_cast(password_hash)


@pytest.fixture
def client(app: Flask) -> Browser:
    """An anonymous visitor's browser."""
    return cast(Browser, app.test_client())


@pytest.fixture
def browser(app: Flask) -> Callable[[Person], Browser]:
    """A browser somebody is logged in with: `browser(everybody.alice)`."""
    return lambda person: cast(Browser, app.test_client()).login(person)
