"""Somebody sends a little that should cost a lot: every form of the blog gives up early, and stays small."""

import tracemalloc
from collections.abc import Callable
from dataclasses import dataclass
from dataclasses import field as dataclass_field

import pytest
from flask import Flask
from sqlalchemy import delete
from werkzeug.datastructures import Headers
from werkzeug.test import TestResponse

from homeport.accounts import passwords
from homeport.accounts.models import Attempt
from homeport.core.db import commit, db
from homeport.core.errors import Problem
from tests.cast import Cast
from tests.conftest import Browser
from tests.growth import MOST_GROWTH, growth, ratio
from tests.security.forms import Form, Login, all_forms

HERE = {"Sec-Fetch-Site": "same-origin"}
FORM = "application/x-www-form-urlencoded"

# Texts that are dear to something: normal forms (accents in the wrong order, signs that become eighteen letters),
# the parts of an address, quotes, blanks that are stripped, words that are compared.
COSTLY: dict[str, Callable[[int], str]] = {
    "accents": lambda n: "a" + "\u0315\u0300" * (n // 2),
    "ligatures": lambda n: "\ufdfa" * (n // 2),
    "quotes": lambda n: '"' + "a b" * (n // 3) + '"@example.org',
    "commas": lambda n: "a," * (n // 2),
    "digits": lambda n: "9" * n,
}
LONG = 90_000


@dataclass
class Sender:
    """Somebody who fills in one field of a form with one kind of text, and notes how they were answered."""

    visitor: Browser
    form: Form
    name: str
    kind: str
    answers: set[int] = dataclass_field(default_factory=set)

    def __call__(self, length: int) -> Callable[[], None]:
        values = {**self.form.values(), self.name: COSTLY[self.kind](length)}

        def submit() -> None:
            forget_attempts(self.visitor.application)
            self.answers.add(self.visitor.submit(self.form.action, values).status_code)

        return submit


def forget_attempts(app: Flask) -> None:
    """Let nobody be told to wait: a refusal costs nothing, and would hide what the form costs."""
    with app.app_context():
        db.session.execute(delete(Attempt))
        commit()


@pytest.mark.parametrize("kind", COSTLY)
def test_no_field_of_any_form_can_be_filled_with_something_costly(
    app: Flask, everybody: Cast, client: Browser, browser: Login, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    monkeypatch.setattr(passwords, "hasher", passwords.Hasher(passwords.FLOOR))
    bad, sent = [], 0
    for visitor, form in all_forms(app, everybody, client, browser):
        for name in form.typed():
            sender = Sender(visitor, form, name, kind)
            times = growth(sender, LONG)
            if times > MOST_GROWTH or max(sender.answers) >= 429:
                bad.append(f"{form.action} {name}: {sender.answers}, {times:.1f} times in step with its length")
            sent += 1
    assert bad == []
    assert sent > 20


@pytest.mark.parametrize("fields", [b"a&", b"a=&", b"&", b"%41=b&"])
def test_a_form_of_a_million_fields_is_refused_before_they_are_made(client: Browser, fields: bytes) -> None:
    def send(body: bytes) -> TestResponse:
        return client.post("/login", data=body, headers=Headers(HERE), content_type=FORM)

    many, one = (field * (4_000_000 // len(field)) for field in (fields, b"a"))
    tracemalloc.start()
    try:
        assert send(many).status_code == 413
        assert tracemalloc.get_traced_memory()[1] < 30_000_000
    finally:
        tracemalloc.stop()
    assert ratio(lambda: send(many), lambda: send(one), enough=5) < 5


def test_a_form_of_as_many_fields_as_there_may_be_is_read(client: Browser) -> None:
    body = b"email=a%40example.org&password=x" + b"&a=b" * 498
    assert client.post("/login", data=body, headers=HERE, content_type=FORM).status_code == 422


@pytest.mark.parametrize("kind", ["accents", "ligatures"])
def test_a_long_text_is_nobodys_password_and_costs_one_hash(everybody: Cast, password_hash: str, kind: str) -> None:
    long = COSTLY[kind](LONG)

    def match(password: str) -> Callable[[], object]:
        return lambda: passwords.hasher.matches(None, password)

    def choose(size: int) -> Callable[[], object]:
        def check() -> None:
            with pytest.raises(Problem, match="at most"):
                passwords.check_new(COSTLY[kind](size), ())

        return check

    assert not passwords.hasher.matches(password_hash, long)
    assert ratio(match(long), match("a short one"), enough=2) < 2
    assert growth(choose, LONG) < MOST_GROWTH


def test_a_password_at_the_upper_end_still_counts_to_its_last_character() -> None:
    longest = "\u1112\u1161\u11ab" * passwords.MOST  # typed as three signs each, which are one in the normal form
    assert len(longest) <= passwords.MOST_TYPED
    stored = passwords.hasher.hash(longest)
    assert passwords.hasher.matches(stored, longest)
    assert not passwords.hasher.matches(stored, longest[:-3])
