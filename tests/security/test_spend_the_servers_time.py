"""Somebody sends a little that should cost a lot: every form of the blog gives up early, and stays small."""

import tracemalloc
from time import process_time

import pytest
from flask import Flask
from werkzeug.datastructures import Headers

from homeport.accounts import passwords
from homeport.core.errors import Problem
from tests.cast import Cast
from tests.conftest import Browser
from tests.security.forms import Login, all_forms

HERE = {"Sec-Fetch-Site": "same-origin"}
FORM = "application/x-www-form-urlencoded"

# Texts that are dear to something: normal forms (accents in the wrong order, signs that become eighteen letters),
# the parts of an address, quotes, blanks that are stripped, words that are compared.
COSTLY = {
    "accents": "a" + "\u0315\u0300" * 40_000,
    "ligatures": "\ufdfa" * 100_000,
    "quotes": '"' + "a b" * 40_000 + '"@example.org',
    "commas": "a," * 60_000,
    "digits": "9" * 120_000,
}


def test_no_field_of_any_form_can_be_filled_with_something_costly(
    app: Flask, everybody: Cast, client: Browser, browser: Login, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(passwords, "hasher", passwords.Hasher(passwords.FLOOR))
    slow, sent = [], 0
    for visitor, form in all_forms(app, everybody, client, browser):
        for name in form.typed():
            for kind, text in COSTLY.items():
                start = process_time()
                answer = visitor.submit(form.action, {**form.values(), name: text})
                spent = process_time() - start
                sent += 1
                if spent > 1.5 or answer.status_code >= 500:
                    slow.append(f"{form.action} {name} {kind}: {answer.status_code} after {spent:.1f} s")
    assert slow == []
    assert sent > 100


@pytest.mark.parametrize("fields", [b"a&", b"a=&", b"&", b"%41=b&"])
def test_a_form_of_a_million_fields_is_refused_before_they_are_made(client: Browser, fields: bytes) -> None:
    body = fields * (4_000_000 // len(fields))
    tracemalloc.start()
    try:
        start = process_time()
        answer = client.post("/login", data=body, headers=Headers(HERE), content_type=FORM)
        spent, most = process_time() - start, tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert answer.status_code == 413
    assert spent < 0.5
    assert most < 30_000_000


def test_a_form_of_as_many_fields_as_there_may_be_is_read(client: Browser) -> None:
    body = b"email=a%40example.org&password=x" + b"&a=b" * 498
    assert client.post("/login", data=body, headers=HERE, content_type=FORM).status_code == 422


@pytest.mark.parametrize("kind", ["accents", "ligatures"])
def test_a_long_text_is_nobodys_password_and_costs_one_hash(everybody: Cast, password_hash: str, kind: str) -> None:
    start = process_time()
    assert not passwords.hasher.matches(password_hash, COSTLY[kind])
    with pytest.raises(Problem, match="at most"):
        passwords.check_new(COSTLY[kind], ())
    assert process_time() - start < 1


def test_a_password_at_the_upper_end_still_counts_to_its_last_character() -> None:
    longest = "\u1112\u1161\u11ab" * passwords.MOST  # typed as three signs each, which are one in the normal form
    assert len(longest) <= passwords.MOST_TYPED
    stored = passwords.hasher.hash(longest)
    assert passwords.hasher.matches(stored, longest)
    assert not passwords.hasher.matches(stored, longest[:-3])
