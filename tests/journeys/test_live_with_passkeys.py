"""From the set-up link to a life with passkeys, in a real browser with a telephone: every way they are used."""

from collections.abc import Callable
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, expect

from tests.journeys.conftest import PHONE, Served, Visit
from tests.journeys.factors import Telephone, enrol_with_app, enrol_with_passkey, recovery_codes
from tests.journeys.hands import Keyboard, Pointer
from tests.journeys.test_first_day import PASSWORD, Person

Meet = Callable[[], Person]


@pytest.fixture(params=["desktop", "phone", "keyboard"])
def meet(request: pytest.FixtureRequest, visit: Visit) -> Meet:
    """Somebody new, using one kind of browser."""

    def person() -> Person:
        at = visit(**({"screen": PHONE, "color_scheme": "dark"} if request.param == "phone" else {}))
        return Person(at, (Keyboard if request.param == "keyboard" else Pointer)(at.page), axe=True)

    return person


def sets_up(owner: Person, served: Served) -> None:
    owner.opens(served.setup_link)
    owner.hands.fill("The blog’s title", "Harbour Notes")
    owner.hands.fill("Your name", "Olga")
    owner.hands.fill("E-mail address", "olga@example.com")
    owner.hands.fill("Password", PASSWORD)
    owner.does("Begin")


def logs_out(owner: Person) -> None:
    owner.opens("/account")
    owner.does("Log out")


def gives_the_password(owner: Person) -> None:
    owner.opens("/login")
    owner.hands.fill("E-mail address", "olga@example.com")
    owner.hands.fill("Password", PASSWORD)
    owner.does("Log in")


def arrives(owner: Person, path: str) -> None:
    owner.at.page.wait_for_url(lambda url: urlsplit(url).path == path)


def has_telephone(owner: Person) -> Telephone:
    assert owner.telephone is not None
    return owner.telephone


def test_the_whole_way_with_passkeys(meet: Meet, served: Served) -> None:
    owner = meet()
    sets_up(owner, served)
    begins_with_a_passkey(owner)
    logs_in_by_the_button(owner)
    logs_in_by_what_the_field_offers(owner)
    takes_the_second_step(owner)
    confirms(owner)
    cannot_add_the_same_telephone_twice(owner)
    names_it(owner)
    does_without_a_password(owner)


def begins_with_a_passkey(owner: Person) -> None:
    assert owner.at.page.url.endswith("/account/security")
    owner.sees("Add a passkey, which is the quickest")
    owner.telephone = enrol_with_passkey(owner.at.page, owner.hands)
    owner.looks()
    assert len(recovery_codes(owner.at.page)) == 10
    (kept,) = owner.telephone.passkeys()
    assert (kept["rpId"], kept["isResidentCredential"]) == ("localhost", True)
    owner.hands.follow("I have kept them")
    owner.sees("not used yet")
    owner.looks()
    expect(owner.at.page.locator(".codes")).to_have_count(0)
    owner.opens("/write")
    assert owner.at.page.url.endswith("/write")


def logs_in_by_the_button(owner: Person) -> None:
    logs_out(owner)
    owner.opens("/admin/settings")
    owner.looks()
    with has_telephone(owner).touched_when_asked("/login/passkey/options"):
        owner.hands.press("Log in with a passkey", leaves=False)
        arrives(owner, "/admin/settings")
    owner.opens("/account/security")
    owner.sees("used ")


def logs_in_by_what_the_field_offers(owner: Person) -> None:
    logs_out(owner)
    with has_telephone(owner).touched():
        owner.at.page.goto("/login?next=/account/sessions")
        arrives(owner, "/account/sessions")
    owner.looks()


def takes_the_second_step(owner: Person) -> None:
    logs_out(owner)
    gives_the_password(owner)
    owner.sees("One more step")
    with has_telephone(owner).touched():
        owner.does("Use a passkey")
    assert owner.at.page.url.endswith("/write")


def confirms(owner: Person) -> None:
    owner.opens("/account/confirm?next=/account/password")
    has_telephone(owner).recognise(owner=False)
    with has_telephone(owner).touched():
        owner.hands.press("Use a passkey", leaves=False)
        owner.sees("It was cancelled, or there is no passkey for this blog here.")
    owner.looks()
    has_telephone(owner).recognise(owner=True)
    with has_telephone(owner).touched():
        owner.does("Use a passkey")
    assert owner.at.page.url.endswith("/account/password")


def cannot_add_the_same_telephone_twice(owner: Person) -> None:
    owner.opens("/account/passkeys/add")
    with has_telephone(owner).touched():
        owner.hands.press("Make the passkey", leaves=False)
        owner.sees("A passkey for your account is here already.")
    owner.looks()
    expect(owner.at.page.get_by_role("button", name="Make the passkey")).to_be_focused()


def names_it(owner: Person) -> None:
    owner.opens("/account/security")
    owner.hands.follow("Rename Chrome on Linux")
    owner.looks()
    owner.hands.fill("Name", "Telephone")
    owner.does("Save the name")
    owner.sees("The passkey is now called “Telephone”.")


def does_without_a_password(owner: Person) -> None:
    owner.does("Remove the password")
    owner.sees("None. You log in with a passkey.")
    owner.does("Remove Telephone")
    owner.sees("This is your last way to log in.")
    owner.opens("/account/confirm")
    expect(owner.at.page.get_by_label("Password", exact=True)).to_have_count(0)
    with has_telephone(owner).touched():
        owner.does("Use a passkey")
    assert owner.at.page.url.endswith("/account/security")


def test_an_owner_changes_from_an_app_to_a_passkey(meet: Meet, served: Served) -> None:
    owner = meet()
    sets_up(owner, served)
    enrol_with_app(owner.at.page, owner.hands)
    owner.looks()
    codes = recovery_codes(owner.at.page)
    owner.hands.follow("I have kept them")
    enrol_with_passkey(owner.at.page, owner.hands)
    owner.sees("The passkey “Chrome on Linux” is added.")
    owner.looks()
    owner.does("Remove the app")
    owner.does("Remove Chrome on Linux")
    owner.sees("Your role needs a second factor, and this is the last one.")
    logs_out(owner)
    gives_the_password(owner)
    owner.hands.fill("Code", codes[0])
    owner.does("Log in")
    assert owner.at.page.url.endswith("/write")


# What browsers do that lack the newer ways from and to JSON: Chromium until 129, Safari until 18.4, Firefox until 119.
WITHOUT_JSON = """
delete PublicKeyCredential.parseCreationOptionsFromJSON;
delete PublicKeyCredential.parseRequestOptionsFromJSON;
delete PublicKeyCredential.prototype.toJSON;
"""


def test_an_older_browser_makes_and_uses_passkeys_too(visit: Visit, served: Served) -> None:
    at = visit()
    at.page.add_init_script(WITHOUT_JSON)
    owner = Person(at, Pointer(at.page), axe=True)
    sets_up(owner, served)
    owner.telephone = enrol_with_passkey(at.page, owner.hands)
    owner.hands.follow("I have kept them")
    confirms(owner)
    cannot_add_the_same_telephone_twice(owner)


def shown(page: Page) -> list[str]:
    """The buttons for passkeys that can be seen, and what is said where there is none."""
    found = page.locator("[data-passkey]:visible, [data-no-passkeys]:visible, noscript:visible")
    return [text.strip() for text in found.all_inner_texts()]


def test_where_passkeys_do_not_work_it_is_said_why(visit: Visit, served: Served) -> None:
    window = visit(screen=PHONE)
    window.page.goto("/login")
    expect(window.page.get_by_role("button", name="Log in with a passkey")).to_be_visible()
    window.page.goto(served.address.replace("localhost", "127.0.0.1") + "/login")
    expect(window.page.locator("[data-no-passkeys]")).to_have_text(
        f"Passkeys work at {served.address} only. Open the blog there."
    )
    assert len(shown(window.page)) == 1
    window.check()
    window.page.add_init_script("delete window.PublicKeyCredential")
    window.page.goto(f"{served.address}/login")
    expect(window.page.locator("[data-no-passkeys]")).to_have_text("Passkeys need a newer browser.")
    window.check()
    plain = visit(scripts=False)
    plain.page.goto("/login")
    assert shown(plain.page) == ["Passkeys need JavaScript."]
