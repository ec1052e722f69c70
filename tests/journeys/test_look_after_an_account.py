"""From the set-up link to a friend's own password: every page of the accounts, on a phone and in the dark."""

from playwright.sync_api import Page

from tests.journeys.conftest import PHONE, Served, Visit, Visitor
from tests.journeys.factors import enrol_with_passkey
from tests.journeys.hands import Pointer

PASSWORD = "correct horse battery staple"
FRIENDS_PASSWORD = "seven tired boats at noon"


def press(page: Page, button: str) -> None:
    with page.expect_navigation():
        page.locator("main").get_by_role("button", name=button, exact=True).click()


def set_up(owner: Visitor, served: Served) -> None:
    owner.page.goto(served.setup_link)
    owner.page.get_by_label("The blog’s title").fill("Harbour Notes")
    owner.page.get_by_label("Your name").fill("Olga")
    owner.page.get_by_label("E-mail address").fill("olga@example.com")
    owner.page.get_by_label("Password", exact=True).fill(PASSWORD)


def test_the_owner_lets_a_friend_in(served: Served, visit: Visit) -> None:
    owner = visit(screen=PHONE, color_scheme="dark", timezone_id="Atlantic/Azores")
    set_up(owner, served)
    assert owner.page.get_by_label("Time zone").input_value() == "Atlantic/Azores"
    owner.check()
    press(owner.page, "Begin")
    assert owner.page.url == f"{served.address}/account/security"
    enrol_with_passkey(owner.page, Pointer(owner.page))
    owner.page.goto("/write")
    assert owner.page.url == f"{served.address}/write"

    for path in ("/account", "/account/password", "/account/sessions", "/admin/people", "/admin/people/1"):
        owner.page.goto(path)
        owner.check()
    owner.page.goto("/admin/people/add")
    owner.page.get_by_label("Name").fill("Fred")
    owner.page.get_by_label("E-mail address").fill("fred@example.com")
    owner.page.get_by_label("Role").select_option("author")
    owner.check()
    press(owner.page, "Add them")
    owner.check()
    link = owner.page.get_by_label("The link").input_value()

    friend = visit(screen=PHONE, color_scheme="dark", scripts=False)
    friend.page.goto(link)
    friend.page.get_by_label("New password").fill(FRIENDS_PASSWORD)
    press(friend.page, "Set the password")
    friend.page.get_by_label("E-mail address").fill("fred@example.com")
    friend.page.get_by_label("Password", exact=True).fill(FRIENDS_PASSWORD)
    press(friend.page, "Log in")
    assert friend.page.url == f"{served.address}/write"

    owner.page.goto("/admin/people")
    owner.page.get_by_role("link", name="Fred").click()
    owner.check()
    press(owner.page, "Suspend Fred")
    owner.check()
    friend.page.reload()
    assert "/login" in friend.page.url


def test_mistakes_are_told_so_that_everybody_hears_them(served: Served, visit: Visit) -> None:
    owner = visit(screen=PHONE)
    set_up(owner, served)
    owner.page.get_by_label("Password", exact=True).fill("harbournotesharbournotes")
    press(owner.page, "Begin")
    owner.check()
    assert owner.page.evaluate("document.activeElement.id") == "errors"
    assert owner.page.get_by_label("Your name").input_value() == "Olga"
    assert owner.page.get_by_label("Password", exact=True).input_value() == ""
    password = owner.page.get_by_label("Password", exact=True)
    password.fill(PASSWORD)
    for kind in ("text", "password"):
        owner.page.get_by_role("button", name="Show what is typed").click()
        assert password.get_attribute("type") == kind
    press(owner.page, "Begin")

    stranger = visit(screen=PHONE)
    stranger.page.goto("/login")
    stranger.check()
    stranger.page.get_by_label("E-mail address").fill("olga@example.com")
    stranger.page.get_by_label("Password", exact=True).fill("not it")
    press(stranger.page, "Log in")
    stranger.check()
    for path in ("/register", "/setup", "/reset"):
        stranger.page.goto(path)
        stranger.check()
