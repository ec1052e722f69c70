"""Somebody follows a link that another site has kept for years."""

from playwright.sync_api import expect

from tests.journeys.conftest import DESKTOP, Served, Visit
from tests.journeys.hands import Pointer
from tests.journeys.test_first_day import Person, sets_up


def test_a_link_to_a_heading_still_leads_to_the_heading(visit: Visit, served: Served) -> None:
    window = visit(screen=DESKTOP)
    owner = Person(window, Pointer(window.page), axe=False)
    sets_up(owner, served)
    owner.opens("/write/new")
    owner.hands.fill("Title", "Long")
    owner.hands.fill("Text", "Begin.\n\n" + "A paragraph.\n\n" * 80 + "## Let chains\n\nHere.\n\n" + "More.\n\n" * 80)
    owner.does("Publish")
    reader = visit()
    reader.page.goto("/posts/long#let-chains")
    expect(reader.page.get_by_role("heading", name="Let chains")).to_be_in_viewport()
