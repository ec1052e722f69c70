"""A teacher invites a class at a desk by keyboard; a pupil comes with a slip of paper, on a telephone, and learns."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect

from homeport.accounts import queries as people
from homeport.app import FEATURES, create_app
from homeport.core.config import Config
from homeport.core.db import db
from homeport.migrations.runner import upgrade
from tests.cast import PASSWORD, make_cast, open_session
from tests.journeys.conftest import DESKTOP, Served, Visit, Visitor, serve
from tests.journeys.hands import Keyboard, Pointer

if "learn" not in FEATURES:
    pytest.skip("the room learn is taken out of FEATURES", allow_module_level=True)

PHONE = {"width": 360, "height": 740}


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    """A running blog whose owner is olga."""
    config = Config(data=tmp_path)
    upgrade(config)
    with create_app(config).app_context():
        make_cast("")
        db.engine.dispose()
    with serve(tmp_path, has_owner=True) as blog:
        yield blog


@pytest.fixture
def teacher(visit: Visit, served: Served, tmp_path: Path) -> Visitor:
    """Olga at a desk, logged in."""
    with create_app(Config(data=tmp_path)).app_context():
        owner = people.owners()[0]
        token = open_session(owner.id)
        db.engine.dispose()
    olga = visit(screen=DESKTOP)
    olga.page.context.add_cookies([{"name": "sid", "value": token, "url": served.address}])
    return olga


def checks(visitor: Visitor) -> None:
    """Look at a page at a desk and on a telephone."""
    for screen in (PHONE, DESKTOP):
        visitor.page.set_viewport_size(screen)  # type: ignore[arg-type]  # two integers
        visitor.check()


def invites(teacher: Visitor, people: str) -> list[str]:
    """Open the room, paste a list with a mistake, mend it, and print the slips; returns their links."""
    page, hands = teacher.page, Keyboard(teacher.page)
    page.goto("/learn")
    hands.follow("The class room")
    checks(teacher)
    hands.press("Open it")
    hands.follow("Invite a class")
    hands.fill("Names and addresses", f"{people}Nobody\n")
    hands.press("Invite them")
    checks(teacher)
    expect(page.get_by_text("Line 3: there is no e-mail address")).to_be_visible()
    hands.fill("Names and addresses", people)
    hands.press("Invite them")
    checks(teacher)
    page.emulate_media(media="print")
    assert page.locator(".screen-only:visible").count() == 0
    page.emulate_media(media="screen")
    return [link.get_attribute("href") or "" for link in page.locator(".slip-link a").all()]


def comes(pupil: Visitor, link: str, email: str) -> None:
    """Type a slip's link in, choose a password, and log in with it."""
    page, hands = pupil.page, Pointer(pupil.page)
    page.goto(link)
    page.locator("input[type=password]").first.fill(PASSWORD)
    page.locator("main form button.button-primary").click()
    page.goto("/login")
    hands.fill("E-mail address", email)
    hands.fill("Password", PASSWORD)
    hands.press("Log in")


def test_from_a_pasted_list_to_a_pupils_first_experiment_and_the_end_of_term(visit: Visit, teacher: Visitor) -> None:
    slips = invites(teacher, "Ada Lovelace, ada@example.org\nGrace Hopper <grace@example.org>\n")
    assert len(slips) == 2

    ada = visit(screen=PHONE, color_scheme="dark")
    comes(ada, slips[0], "ada@example.org")
    ada.page.get_by_role("link", name="Your space in the class").click()
    ada.check()
    ada.page.get_by_role("link", name="Begin with chapter 1").click()
    ada.page.locator(".experiment button").first.click()
    ada.page.locator(".outcome").first.wait_for()
    ada.page.get_by_role("link", name="X-ray of this page").click()
    ada.check()
    expect(ada.page.get_by_role("heading", level=1)).to_be_visible()
    ada.page.goto("/learn/class/me")
    expect(ada.page.get_by_role("link", name="Go on with chapter 1")).to_be_visible()

    page, hands = teacher.page, Keyboard(teacher.page)
    page.goto("/learn/class")
    checks(teacher)
    expect(page.get_by_text("1 person of 2 has not been here yet")).to_be_visible()
    expect(page.locator("tr", has_text="Ada Lovelace").locator(".at")).to_contain_text("1. ")
    hands.follow("Ada Lovelace")
    checks(teacher)
    hands.follow("The class")
    hands.follow("End of term")
    checks(teacher)
    hands.choose("The class leaves")
    hands.press("End the term")
    checks(teacher)
    expect(page.get_by_role("heading", name="2 accounts are going to be deleted")).to_be_visible()

    ada.page.goto("/account")
    ada.check()
    expect(ada.page.get_by_role("heading", name="Your account will be deleted on")).to_be_visible()
    hands.press("Keep them all")
    ada.page.reload()
    expect(ada.page.get_by_role("heading", name="Your account will be deleted on")).to_have_count(0)
