"""The blog served to a real browser, as Alice sees it; her script, and a draft of hers to share."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from flask import Flask
from playwright.sync_api import Browser, ConsoleMessage, Page
from sqlalchemy import select

from homeport.app import create_app
from homeport.core.config import Config
from homeport.core.db import db
from homeport.core.programs import READ, WRITE
from homeport.posts.models import Post, Status
from tests.cast import Cast, open_session
from tests.factories import make_post
from tests.listening import listening
from tests.posts.script import Script, token_of
from tests.posts.sharing import CANARY


@pytest.fixture
def address(app: Flask, config: Config) -> Iterator[str]:
    """Where the blog is served while the test runs."""
    # The port is known only when the server listens, and the blog answers only to its own address.
    with listening(app) as server:
        served = create_app(replace(config, port=server.server_port))
        server.app = served
        yield f"http://localhost:{server.server_port}"
    with served.app_context():
        db.engine.dispose()


@pytest.fixture
def page(chromium: Browser, address: str, app: Flask, everybody: Cast) -> Iterator[Page]:
    """Alice's window. What the browser complains of (scripts, the security policy) fails the test."""
    with app.app_context():
        token = open_session(everybody.alice.id)
    context = chromium.new_context(base_url=address)
    context.add_cookies([{"name": "sid", "value": token, "url": address}])
    window, complaints = context.new_page(), list[str]()

    def note(message: ConsoleMessage) -> None:
        # A conflict is an answer with the status 409, which the console reports as it does any 4xx.
        if message.type == "error" and "409" not in message.text:
            complaints.append(message.text)

    window.on("console", note)
    window.on("pageerror", lambda error: complaints.append(str(error)))
    yield window
    context.close()
    assert complaints == []


@pytest.fixture
def script(app: Flask, everybody: Cast) -> Script:
    """A program of alice's that may read and write."""
    return Script(app, token_of(app, everybody.alice, READ, WRITE))


@pytest.fixture
def draft(app: Flask, everybody: Cast) -> int:
    """A draft of alice's; its number."""
    with app.app_context():
        html = f"<p>{CANARY}</p>"
        make_post(everybody.alice, "Unfinished", status=Status.DRAFT, tags=["Sea"], html=html, summary=CANARY)
        return db.session.scalars(select(Post.id)).one()
