"""The first day of a blog: its owner sets it up, writes, publishes; strangers read; somebody registers."""

from collections.abc import Callable
from dataclasses import dataclass, field

import pytest
from playwright.sync_api import expect

from tests.journeys import factors
from tests.journeys.conftest import PHONE, Served, Visit, Visitor
from tests.journeys.hands import Hands, Keyboard, Pointer

PASSWORD = "seven grey herons fishing"
TEXT = """We moored at *six*.

## The harbour

| boat | length |
|---|---|
| Anna | 9 m |

```python
print("ahoy")
```

- [x] ropes
- [ ] paint

A note[^1].

[^1]: About the note.
"""


@dataclass
class Person:
    """Somebody at a browser, and how they use it. `axe` looks at every page they pass; it needs scripts itself.

    `telephone` and `codes` are what they enrolled with: passkeys need scripts, recovery codes do not.
    """

    at: Visitor
    hands: Hands
    axe: bool
    telephone: factors.Telephone | None = None
    codes: list[str] = field(default_factory=list)

    def opens(self, address: str) -> None:
        """Go to an address and look at the page."""
        self.at.page.goto(address)
        self.looks()

    def looks(self) -> None:
        """Have the present page checked, where that is possible."""
        if self.axe:
            self.at.check()

    def sees(self, text: str) -> None:
        """The text stands on the page."""
        expect(self.at.page.get_by_text(text).first).to_be_visible()

    def does(self, button: str) -> None:
        """Press a button and look at what comes."""
        self.hands.press(button)
        self.looks()


Meet = Callable[[], Person]


@pytest.fixture(params=["desktop", "phone", "keyboard", "without scripts"])
def meet(request: pytest.FixtureRequest, visit: Visit) -> Meet:
    """Somebody new, using one kind of browser: `meet()`."""

    def person() -> Person:
        scripts = request.param != "without scripts"
        at = visit(scripts=scripts, **({"screen": PHONE} if request.param == "phone" else {}))
        return Person(at, (Keyboard if request.param == "keyboard" else Pointer)(at.page), axe=scripts)

    return person


def test_from_the_first_link_to_the_first_reader(meet: Meet, served: Served) -> None:
    owner, reader = meet(), meet()
    reader.opens("/")
    reader.sees("Nothing here yet")
    sets_up(owner, served)
    address = writes_and_publishes(owner)
    reads(reader, address)
    edits(owner)
    reader.opens(address)
    reader.sees("We moored at seven")
    registers(owner, reader)
    logs_out_and_in(owner)
    finds_the_way_back(reader)


def sets_up(owner: Person, served: Served) -> None:
    owner.opens(served.setup_link)
    owner.hands.fill("The blog’s title", "Harbour Notes")
    owner.hands.fill("Your name", "Olga")
    owner.hands.fill("E-mail address", "olga@example.com")
    owner.hands.fill("Password", "passwordpassword")
    owner.does("Begin")
    owner.sees("among the first that would be guessed")
    expect(owner.at.page.get_by_label("The blog’s title")).to_have_value("Harbour Notes")
    owner.hands.fill("Password", PASSWORD)
    owner.does("Begin")
    assert "token" not in owner.at.page.url
    enrols(owner)
    owner.opens("/")
    owner.sees("Harbour Notes")


def enrols(owner: Person) -> None:
    owner.opens("/write")
    owner.sees("One step before you begin")
    if owner.axe:
        owner.telephone = factors.enrol_with_passkey(owner.at.page, owner.hands)
    else:
        factors.enrol_with_app(owner.at.page, owner.hands)
    owner.looks()
    owner.codes = factors.recovery_codes(owner.at.page)
    assert len(owner.codes) == 10
    owner.hands.follow("I have kept them")
    owner.sees("You have 10 left")


def writes_and_publishes(owner: Person) -> str:
    owner.opens("/write")
    owner.opens("/write/new")
    owner.hands.fill("Title", "A quiet evening")
    owner.hands.fill("Text", TEXT)
    owner.hands.press("Preview", leaves=not owner.axe)  # with scripts the preview stands beside the text
    owner.sees("We moored at six")
    owner.looks()
    expect(owner.at.page.get_by_label("Title", exact=True)).to_have_value("A quiet evening")
    owner.does("Publish")
    owner.hands.follow("View post")
    owner.sees("We moored at six")
    owner.looks()
    return "/posts/a-quiet-evening"


def reads(reader: Person, address: str) -> None:
    reader.opens("/")
    reader.hands.follow("A quiet evening")
    assert reader.at.page.url.endswith(address)
    reader.looks()
    reader.sees("We moored at six")
    for page in ("/archive", "/about", "/authors/olga", "/tags", "/nothing-here"):
        reader.opens(page)


def edits(owner: Person) -> None:
    owner.opens("/write")
    owner.hands.follow("A quiet evening")
    owner.hands.fill("Text", TEXT.replace("*six*", "*seven*"))
    owner.does("Save and show readers")


def registers(owner: Person, reader: Person) -> None:
    reader.opens("/register")
    reader.sees("Registration is closed")
    owner.opens("/admin/settings")
    owner.hands.choose("Open: anybody may make an account")
    owner.does("Save")
    reader.opens("/register")
    reader.hands.fill("Your name", "Charlie")
    reader.hands.fill("E-mail address", "charlie@example.com")
    reader.hands.fill("Password", PASSWORD)
    reader.does("Make an account")
    logs_in(reader, "charlie@example.com")
    reader.opens("/account")
    reader.does("Log out")
    reader.opens("/")
    expect(reader.at.page.get_by_role("link", name="Log in")).to_be_visible()


def logs_out_and_in(owner: Person) -> None:
    for page in ("/admin/jobs", "/admin/people", "/admin/settings", "/account", "/write"):
        owner.opens(page)
    owner.does("Log out")
    owner.opens("/write")
    assert "/login" in owner.at.page.url
    logs_in(owner, "olga@example.com")
    owner.sees("One more step")
    takes_the_second_step(owner)
    assert owner.at.page.url.endswith("/write")


def takes_the_second_step(owner: Person) -> None:
    if owner.telephone:
        with owner.telephone.touched():
            owner.does("Use a passkey")
    else:
        owner.hands.fill("Code", owner.codes[0])  # the app shows the same code for half a minute, and it was used
        owner.does("Log in")


def logs_in(person: Person, email: str) -> None:
    if "/login" not in person.at.page.url:
        person.opens("/login")
    person.hands.fill("E-mail address", email)
    person.hands.fill("Password", PASSWORD)
    person.does("Log in")


def finds_the_way_back(reader: Person) -> None:
    reader.opens("/posts/quiet-evening")
    reader.hands.follow("A quiet evening")
    reader.sees("We moored at seven")
