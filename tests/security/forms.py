"""The forms of the blog's pages as a browser would send them: found on the pages, so that a new one is covered too."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser

from flask import Flask

from homeport.accounts import invitations, service
from homeport.accounts.models import User
from homeport.core import clock, site
from homeport.core.db import commit, db
from homeport.core.http import SYSTEM, Role
from homeport.posts.models import Status
from tests.cast import Cast, Person
from tests.conftest import Browser
from tests.factories import make_post

Login = Callable[[Person], Browser]
# What stands in for an empty field, so that a form is judged by the one field that is changed.
LIKELY = {
    "email": "new@example.org",
    "password": "sturdy lantern orchard",
    "url": "https://example.org",
    "text": "Words",
    "textarea": "Words",
}
TYPED = {"text", "email", "url", "search", "password", "textarea", "datetime-local", "number"}


@dataclass
class Field:
    """A field with what stands in it."""

    name: str
    kind: str
    value: str = ""


@dataclass
class Form:
    """A form that is sent by POST."""

    action: str
    fields: list[Field] = field(default_factory=list)

    def values(self) -> dict[str, str]:
        """What a browser would send if somebody filled in what is empty."""
        return {one.name: one.value or LIKELY.get(one.kind, "") for one in self.fields}

    def typed(self) -> list[str]:
        """The names of the fields somebody types into, or could by a program (hidden ones)."""
        return [one.name for one in self.fields if one.kind in TYPED | {"hidden"} and one.name != "csrf_token"]


class Forms(HTMLParser):
    """Collects the POST forms of a page."""

    def __init__(self, address: str, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.forms: list[Form] = []
        self._address, self._open, self._text = address, False, False
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        facts = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._open = facts.get("method", "").lower() == "post"
            if self._open:
                self.forms.append(Form(facts.get("action") or self._address))
        elif self._open and tag in {"input", "textarea", "select"} and facts.get("name"):
            kind = facts.get("type", "text") if tag == "input" else tag
            if kind not in {"radio", "checkbox"} or "checked" in facts:
                self.forms[-1].fields.append(Field(facts["name"], kind, facts.get("value", "")))
            self._text = tag == "textarea"
        elif self._open and tag == "option" and "selected" in facts:
            self.forms[-1].fields[-1].value = facts.get("value", "")

    def handle_data(self, data: str) -> None:
        if self._text:
            self.forms[-1].fields[-1].value += data

    def handle_endtag(self, tag: str) -> None:
        self._text = self._text and tag != "textarea"
        self._open = self._open and tag != "form"


def all_forms(app: Flask, everybody: Cast, client: Browser, browser: Login) -> Iterator[tuple[Browser, Form]]:
    """Every form that somebody types into, with a browser of who may send it."""
    with app.app_context():
        site.change(registration="open")
        make_post(everybody.alice, "Harbour lights", tags=["ships"])
        make_post(everybody.alice, "A draft", status=Status.DRAFT)
        link = service.issue_link(db.session.get_one(User, everybody.bob.id), by=SYSTEM, now=clock.now())
        invitation = invitations.make(Role.AUTHOR, 100, 1, "", by=SYSTEM, now=clock.now())
        commit()
    pages: dict[str, Browser] = {
        **dict.fromkeys(
            ("/login", "/register", f"/reset?token={link.token}", f"/invitation?token={invitation}"), client
        ),
        **dict.fromkeys(("/account", "/account/password"), browser(everybody.charlie)),
        **dict.fromkeys(("/write/new", "/write/1", "/write/2/previews", "/account/tokens"), browser(everybody.alice)),
        **dict.fromkeys(("/admin/settings", "/admin/people/add"), browser(everybody.olga)),
        **dict.fromkeys(("/admin/invitations/add", f"/admin/people/{everybody.bob.id}/email"), browser(everybody.olga)),
    }
    for address, visitor in pages.items():
        found = [form for form in Forms(address, visitor.get(address).text).forms if form.typed()]
        assert found, address
        yield from ((visitor, form) for form in found)
