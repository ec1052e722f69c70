"""Coming in and finding back, with a real mail server between the blog and its people, by phone and by keyboard."""

import re
from collections.abc import Callable, Iterator
from email.message import Message
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]  # ships no types
from playwright.sync_api import Page, expect

from homeport.app import create_app
from homeport.core import site
from homeport.core.config import Config
from homeport.core.db import commit, db
from homeport.migrations.runner import upgrade
from tests.cast import PASSWORD, Cast, make_cast, open_session
from tests.jobs.conftest import wait_until
from tests.jobs.mailservers import Sink, running
from tests.journeys.conftest import AXE, DESKTOP, PHONE, Served, Visit, Visitor, serve
from tests.journeys.hands import Hands, Keyboard, Pointer

NEW_PASSWORD = "seven tired boats at noon"
OwnersCookie = Callable[[], str]
People = tuple[Path, Cast, OwnersCookie]


@pytest.fixture(scope="module")
def sink() -> Iterator[Sink]:
    """The mail server."""
    with running(Sink()) as server:
        yield server


@pytest.fixture(scope="module")
def people(tmp_path_factory: pytest.TempPathFactory, sink: Sink, password_hash: str) -> Iterator[People]:
    """A blog with the cast in it, its folder, and a way to be its owner."""
    data = tmp_path_factory.mktemp("blog") / "data"
    data.mkdir()
    (data / "homeport.toml").write_text(f'smtp_url = "{sink.url}"\n')
    config = Config(data=data)
    upgrade(config)
    app = create_app(config)
    with app.app_context():
        cast = make_cast(password_hash)
        site.change(registration="open", title="Harbour Notes")
        commit()

    def owners_cookie() -> str:
        with app.app_context():
            return open_session(cast.olga.id)

    yield data, cast, owners_cookie
    with app.app_context():
        db.engine.dispose()


@pytest.fixture(scope="module")
def served(people: People) -> Iterator[Served]:
    """That blog, running, with its worker."""
    with serve(people[0], has_owner=True) as blog:
        yield blog


def mail_to(sink: Sink, address: str, subject: str) -> str:
    """The path of the link in the newest mail to somebody about something, once it has come."""

    def found() -> list[Message]:
        mails = [mail for mail in sink.mails if mail["To"] == address and subject in str(mail["Subject"])]
        return mails[-1:]

    [mail] = wait_until(found)
    text = next(part for part in mail.walk() if part.get_content_type() == "text/plain").get_payload(decode=True)
    assert isinstance(text, bytes)
    link = re.search(r"^https?://[^/]+(/\S+)\r?$", text.decode(), re.MULTILINE)
    assert link
    return link[1]


def press(at: Visitor, hands: Hands, button: str) -> None:
    """Press a button and look at what comes."""
    hands.press(button)
    at.check()


def opens(at: Visitor, address: str) -> None:
    at.page.goto(address)
    at.check()


def logs_in(at: Visitor, hands: Hands, email: str, password: str) -> None:
    opens(at, "/login")
    hands.fill("E-mail address", email)
    hands.fill("Password", password)
    hands.press("Log in")
    opens(at, "/account")
    expect(at.page.get_by_role("heading", name="Your account")).to_be_visible()


def fills_in(page: Page, hands: Hands, name: str, email: str) -> None:
    hands.fill("Your name", name)
    hands.fill("E-mail address", email)
    hands.fill("Password", NEW_PASSWORD)
    assert page.get_by_label("Password", exact=True).get_attribute("autocomplete") == "new-password"


@pytest.mark.parametrize("how", ["phone in the dark", "keyboard"])
def test_dora_registers_opens_her_mail_presses_the_button_and_logs_in(visit: Visit, sink: Sink, how: str) -> None:
    by_phone = how != "keyboard"
    dora = visit(screen=PHONE, color_scheme="dark") if by_phone else visit(screen=DESKTOP)
    hands: Hands = Pointer(dora.page) if by_phone else Keyboard(dora.page)
    email = f"dora-{len(how)}@example.com"
    opens(dora, "/register")
    expect(dora.page.get_by_role("button", name="Make an account with a passkey")).to_be_visible()
    fills_in(dora.page, hands, "Dora", email)
    press(dora, hands, "Make an account")
    expect(dora.page.get_by_role("heading", name="Look into your mail")).to_be_visible()
    opens(dora, mail_to(sink, email, "confirm"))
    expect(dora.page.get_by_text(f"for Dora, with the address {email}")).to_be_visible()
    press(dora, hands, "Make your account")
    expect(dora.page.get_by_text("Your account is there.")).to_be_visible()
    assert "token" not in dora.page.url
    logs_in(dora, hands, email, NEW_PASSWORD)


def test_a_friend_comes_by_invitation_without_scripts(visit: Visit, sink: Sink, served: Served, people: People) -> None:
    owner = visit(screen=PHONE)
    owner.page.context.add_cookies([{"name": "sid", "value": people[2](), "url": served.address}])
    hands = Pointer(owner.page)
    opens(owner, "/admin/people")
    hands.follow("Invitations")
    owner.check()
    hands.follow("Invite somebody")
    owner.check()
    owner.page.get_by_label("They become").select_option("author")
    hands.fill("How many people", "0")
    owner.page.get_by_label("Note for yourself").fill("For Fred, who sails")
    owner.page.locator("form.form").evaluate("form => { form.noValidate = true }")
    press(owner, hands, "Make the link")
    expect(owner.page.get_by_text("Enter a number from 1 to 100.").first).to_be_visible()
    hands.fill("How many people", "1")
    press(owner, hands, "Make the link")
    link = owner.page.get_by_label("The link").input_value()

    friend = visit(screen=PHONE, scripts=False, color_scheme="dark")
    friend.page.goto(link)
    theirs = Pointer(friend.page)
    fills_in(friend.page, theirs, "Fred", "fred@example.com")
    theirs.press("Make an account")
    friend.page.goto(mail_to(sink, "fred@example.com", "confirm"))
    theirs.press("Make your account")
    theirs.fill("E-mail address", "fred@example.com")
    theirs.fill("Password", NEW_PASSWORD)
    theirs.press("Log in")
    assert friend.page.url == f"{served.address}/write"

    opens(owner, "/admin/invitations")
    expect(owner.page.get_by_text("0 of 1 use left")).to_be_visible()
    hands.follow("Fred")
    owner.check()
    expect(owner.page.get_by_role("link", name="For Fred, who sails")).to_be_visible()


def test_charlie_forgets_the_password_and_gets_in_again(visit: Visit, sink: Sink, people: People) -> None:
    charlie, email = visit(screen=PHONE), people[1].charlie.email
    hands = Pointer(charlie.page)
    opens(charlie, "/login")
    hands.follow("Forgot your password?")
    charlie.check()
    hands.fill("E-mail address", email)
    press(charlie, hands, "Send the link")
    expect(charlie.page.get_by_role("heading", name="Look into your mail")).to_be_visible()
    opens(charlie, mail_to(sink, email, "set a new password"))
    hands.fill("New password", "passwordpassword")
    press(charlie, hands, "Set the password")
    expect(charlie.page.get_by_text("among the first that would be guessed").first).to_be_visible()
    hands.fill("New password", NEW_PASSWORD)
    press(charlie, hands, "Set the password")
    logs_in(charlie, hands, email, NEW_PASSWORD)
    mail_to(sink, email, "a new password was set")


def test_bob_changes_his_address_and_takes_it_back(visit: Visit, sink: Sink, people: People) -> None:
    bob, old, new = visit(screen=PHONE, color_scheme="dark"), people[1].bob.email, "bob@new.example.org"
    hands = Pointer(bob.page)
    logs_in(bob, hands, old, PASSWORD)
    opens(bob, "/account/security")
    hands.follow("Change the address")
    bob.check()
    hands.fill("New e-mail address", new)
    press(bob, hands, "Send the link")
    expect(bob.page.get_by_text("A link waits in the mail")).to_be_visible()
    opens(bob, mail_to(sink, new, "confirm your new e-mail address"))
    press(bob, hands, "Use this address")
    hands.follow("Your account")
    expect(bob.page.get_by_text(new)).to_be_visible()

    elsewhere = visit(screen=DESKTOP)
    theirs = Pointer(elsewhere.page)
    opens(elsewhere, mail_to(sink, old, "your e-mail address was changed"))
    press(elsewhere, theirs, "Take the change back")
    expect(elsewhere.page.get_by_role("heading", name="The old address is back")).to_be_visible()
    bob.page.goto("/account/email")
    assert "/login" in bob.page.url, "every device is logged out"
    logs_in(elsewhere, theirs, old, PASSWORD)


def test_a_mail_can_be_read_on_a_telephone_in_the_dark(visit: Visit, sink: Sink) -> None:
    reader = visit(screen=PHONE, color_scheme="dark")
    reader.page.goto("/forgot")
    Pointer(reader.page).fill("E-mail address", "nobody@example.com")
    Pointer(reader.page).press("Send the link")
    mail_to(sink, "nobody@example.com", "no account")
    mail = next(mail for mail in sink.mails if mail["To"] == "nobody@example.com")
    html = next(part for part in mail.walk() if part.get_content_type() == "text/html").get_payload(decode=True)
    assert isinstance(html, bytes)
    reader.page.goto("about:blank")
    reader.page.set_content(html.decode())
    # A mail stands within the page of a mail program, which has the heading and the landmarks.
    result = Axe().run(reader.page, options=AXE | {"runOnly": ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa"]})
    assert not result.response["violations"], result.generate_report()
    assert reader.page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    height = reader.page.evaluate("document.querySelector('a').getBoundingClientRect().height")
    assert height >= 44, "a thumb finds the button"
