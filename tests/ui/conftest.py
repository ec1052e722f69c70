"""A blog with nothing but `core` and `ui`: what this folder tests needs no feature."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from flask import Flask, g
from flask.testing import FlaskClient
from playwright.sync_api import Browser, ConsoleMessage, Page

from homeport import ui
from homeport.core import csrf, headers, http
from homeport.core.config import Config
from homeport.core.db import Base, SiteVersion, commit, db, engine_options, install
from homeport.core.http import VIEWER_LOADER, Role, Viewer
from homeport.core.site import SiteSetting  # noqa: F401 (its table belongs to every page)
from tests.listening import listening

SECRET = "the secret of a session"


@pytest.fixture
def bare_app(tmp_path: Path) -> Iterator[Flask]:
    """An application of `core` and `ui` alone. Tests add views of their own before the first request."""
    config = Config(data=tmp_path)
    app = http.Application("homeport", static_folder=None, template_folder=None)
    app.config.update(
        HOMEPORT=config,
        SQLALCHEMY_ENGINES={"default": engine_options(config.sqlalchemy_url)},
        PROPAGATE_EXCEPTIONS=False,
    )
    app.jinja_options = {"trim_blocks": True, "lstrip_blocks": True}
    install(app)
    with app.app_context():
        Base.metadata.create_all(db.engine)
        db.session.add(SiteVersion(id=1, version=1))
        commit()
    headers.install(app, config)
    http.install(app)
    ui.register(app)
    yield app
    with app.app_context():
        db.engine.dispose()


@pytest.fixture
def visitor(bare_app: Flask) -> FlaskClient:
    """A reader who is not logged in."""
    return bare_app.test_client()


@pytest.fixture
def log_in(bare_app: Flask) -> Callable[[Role], FlaskClient]:
    """`log_in(Role.OWNER)`: a browser whose requests, and all others of this app, come from a person with that role."""

    def become(role: Role) -> FlaskClient:
        def load() -> Viewer:
            g.csrf_secret = SECRET
            return Viewer(7, role, "Olga", "UTC")

        bare_app.extensions[VIEWER_LOADER] = load
        return bare_app.test_client()

    return become


@pytest.fixture
def token() -> str:
    """The form token of a person who is logged in."""
    return csrf.token(SECRET)


@pytest.fixture
def served(bare_app: Flask) -> Iterator[str]:
    """The address at which `bare_app` is served while the test runs."""
    with listening(bare_app) as server:
        yield f"http://127.0.0.1:{server.server_port}"


@pytest.fixture
def page(chromium: Browser, served: str) -> Iterator[Page]:
    """A window on a phone's screen. What the browser complains of (scripts, the security policy) fails the test."""
    context = chromium.new_context(base_url=served, viewport={"width": 390, "height": 844})
    window = context.new_page()
    complaints: list[str] = []

    def listen(message: ConsoleMessage) -> None:
        # a request that a test itself lets fail is no fault of the page
        if message.type == "error" and not message.text.startswith("Failed to load resource"):
            complaints.append(message.text)

    window.on("console", listen)
    window.on("pageerror", lambda error: complaints.append(str(error)))
    yield window
    context.close()
    assert complaints == []
