"""The blog served to a real browser, as Alice sees it."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from flask import Flask
from playwright.sync_api import Browser, ConsoleMessage, Page

from homeport.app import create_app
from homeport.core.config import Config
from homeport.core.db import db
from tests.cast import Cast, open_session
from tests.listening import listening


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
