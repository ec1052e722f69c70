"""Somebody watches a job in the chapter on background work, and the page looks again by itself until it is over."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Request

from homeport.app import FEATURES, create_app
from homeport.core import site
from homeport.core.config import Config
from homeport.core.db import commit, db
from homeport.migrations.runner import upgrade
from tests.cast import make_cast, open_session
from tests.journeys.conftest import serve

if "learn" not in FEATURES:
    pytest.skip("the room learn is taken out of FEATURES", allow_module_level=True)


PAGE = "/learn/background-work"
AGAIN = "[data-by-hand]"


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> Config:
    """A blog on which everybody has the x-ray."""
    data: Path = tmp_path_factory.mktemp("watch") / "data"
    data.mkdir()
    config = Config(data=data)
    upgrade(config)
    with create_app(config).app_context():
        site.change(class_room="open")
        commit()
        db.engine.dispose()
    return config


@pytest.fixture(scope="module")
def learner(config: Config, chromium: Browser) -> Iterator[BrowserContext]:
    """Alice's browser, at the running blog."""
    app = create_app(config)
    with app.app_context():
        token = open_session(make_cast("").alice.id)
        db.engine.dispose()
    with serve(config.data, has_owner=True) as served:
        context = chromium.new_context(base_url=served.address)
        context.add_cookies([{"name": "sid", "value": token, "url": served.address}])
        yield context
        context.close()


def start(page: Page, total: int) -> None:
    """Have a job counted, and look at it once."""
    page.goto(PAGE)
    page.get_by_label("Count to").fill(str(total))
    page.get_by_role("button", name="Have it counted").click()
    page.locator("#experiment-count .outcome").wait_for()
    page.get_by_role("button", name="Look now").click()
    page.locator("#experiment-watch-count .outcome").wait_for()


def refreshes(page: Page) -> list[Request]:
    """What the page asks for by itself, as it does so."""
    asked: list[Request] = []
    page.on("request", lambda request: asked.append(request) if "x-by-itself" in request.headers else None)
    return asked


def test_it_is_looked_at_until_it_is_done_and_the_focus_stays(learner: BrowserContext) -> None:
    page = learner.new_page()
    asked = refreshes(page)
    start(page, 6)
    part = page.locator("#experiment-watch-count")
    assert part.get_by_text("by itself").is_visible()
    assert part.locator(AGAIN).is_hidden()
    page.get_by_role("button", name="Look now").focus()
    part.get_by_text("Done", exact=True).wait_for(timeout=60_000)
    assert page.evaluate("document.activeElement.textContent.trim()") == "Look now"
    assert part.locator("[role=status]").all_inner_texts() == ["Done: 6 of 6"], "what is new is read aloud"
    assert part.locator("[data-watching]").count() == 0
    assert asked
    page.goto("/learn/xray")
    recorded = page.get_by_role("link", name="experiments/watch-count")
    assert recorded.count() == 1, "what nobody pressed is left out"
    page.close()


def test_somebody_with_a_keyboard_stays_in_the_table(learner: BrowserContext) -> None:
    page = learner.new_page()
    start(page, 8)
    steps = page.get_by_role("region", name="The steps that are done")
    steps.wait_for()
    steps.focus()
    page.locator("#experiment-watch-count").get_by_text("Done", exact=True).wait_for(timeout=60_000)
    assert page.evaluate("document.activeElement.getAttribute('aria-label')") == "The steps that are done"
    page.close()


def test_nothing_is_asked_while_the_page_is_hidden_and_after_two_minutes_it_rests(learner: BrowserContext) -> None:
    page = learner.new_page()
    page.clock.install()
    asked = refreshes(page)
    start(page, 40)
    page.evaluate("Object.defineProperty(document, 'hidden', { get: () => true })")
    seen = len(asked)
    page.clock.run_for(125_000)
    page.locator(AGAIN).wait_for()
    assert len(asked) == seen
    page.get_by_role("button", name="Look now").click()
    page.get_by_text("by itself").wait_for()
    page.close()


def test_without_scripts_one_looks_again_oneself(learner: BrowserContext, chromium: Browser) -> None:
    state = learner.storage_state()
    address = learner.new_page()
    address.goto(PAGE)
    context = chromium.new_context(java_script_enabled=False, storage_state=state)
    page = context.new_page()
    page.goto(address.url)
    page.get_by_role("button", name="Look now").click()
    assert page.locator(AGAIN).is_visible()
    assert page.get_by_text("by itself").is_hidden()
    context.close()
