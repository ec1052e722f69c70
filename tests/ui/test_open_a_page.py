"""The frame of a page: who sees which links, what a cached page may hold, how much a first view weighs."""

import gzip
import re
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from flask import Flask, redirect, render_template_string
from flask.testing import FlaskClient
from flask.typing import ResponseReturnValue

from homeport.core import site
from homeport.core.db import commit
from homeport.core.http import Role, public
from homeport.ui.assets import asset_url
from homeport.ui.messages import say

MOMENT = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
HOME = """{% extends "ui/base.html" %}{% from "ui/macros.html" import log_entry, pages %}
{% block main %}<ol class="log">{% for n in range(10) %}
{{ log_entry("A title of some length, number %d" % n, "/posts/a-title-%d" % n, moment, words_of[n],
             [("Alice", "/authors/alice")], [("harbour", "/tags/harbour")], 900) }}
{% endfor %}</ol>{{ pages(none, "/?before=x") }}{% endblock %}"""


@pytest.fixture
def paged_app(bare_app: Flask) -> Flask:
    """Pages at the addresses that the navigation knows."""

    @public
    def page() -> str:
        return render_template_string('{% extends "ui/base.html" %}{% block main %}<h1>Hello</h1>{% endblock %}')

    def act() -> ResponseReturnValue:
        say("It is <saved>.")
        return redirect("/", 303)

    for path in ("/", "/archive", "/write", "/account", "/admin/jobs", "/login"):
        bare_app.add_url_rule(path, path.strip("/") or "home", page)
    bare_app.add_url_rule("/logout", "logout", page, methods=["POST"])
    bare_app.add_url_rule("/act", "act", public(act), methods=["POST"])
    return bare_app


def test_a_reader_sees_the_public_links_and_no_others(paged_app: Flask, visitor: FlaskClient) -> None:
    text = visitor.get("/").text
    assert 'href="/archive"' in text
    assert 'href="/login"' in text
    assert 'href="/about"' not in text  # nothing serves it here
    for private in ("/write", "/account", "/admin/jobs", "/logout"):
        assert private not in text


def test_two_readers_get_the_same_bytes_and_no_cookie(paged_app: Flask) -> None:
    first, second = paged_app.test_client().get("/"), paged_app.test_client().get("/")
    assert first.data == second.data
    assert "Set-Cookie" not in first.headers


@pytest.mark.parametrize(
    ("role", "seen", "unseen"),
    [
        (Role.READER, {"/account"}, {"/write", "/admin/jobs"}),
        (Role.AUTHOR, {"/account", "/write"}, {"/admin/jobs"}),
        (Role.OWNER, {"/account", "/write", "/admin/jobs"}, set()),
    ],
)
def test_each_role_sees_its_own_links(
    paged_app: Flask, log_in: Callable[[Role], FlaskClient], role: Role, seen: set[str], unseen: set[str]
) -> None:
    links = set(re.findall(r'href="([^"]+)"', log_in(role).get("/").text))
    assert seen <= links
    assert not unseen & links
    assert "/login" not in links


def test_logging_out_is_a_form_with_a_token(
    paged_app: Flask, log_in: Callable[[Role], FlaskClient], token: str
) -> None:
    text = log_in(Role.READER).get("/").text
    assert re.search(rf'<form method="post" action="/logout"><input[^>]+value="{token}">', text)


def test_the_present_page_is_marked(paged_app: Flask, visitor: FlaskClient) -> None:
    assert '<a href="/archive" aria-current="page">' in visitor.get("/archive").text


def test_a_message_is_shown_once_and_escaped(
    paged_app: Flask, log_in: Callable[[Role], FlaskClient], token: str
) -> None:
    olga = log_in(Role.OWNER)
    answer = olga.post("/act", data={"csrf_token": token}, headers={"Sec-Fetch-Site": "same-origin"})
    cookie = answer.headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert "It is &lt;saved&gt;." in olga.get("/").text
    assert "saved" not in olga.get("/").text


def test_a_message_that_somebody_made_up_is_not_shown(paged_app: Flask, log_in: Callable[[Role], FlaskClient]) -> None:
    olga = log_in(Role.OWNER)
    for forged in ("W1siZXJyb3IiLCAiQ2FsbCB0aGlzIG51bWJlciJdXQ==.", "x.y", "é.é", "", "." * 50):
        olga.set_cookie("message", forged)
        assert "Call this number" not in olga.get("/").text


def test_a_reader_without_an_account_is_told_nothing(paged_app: Flask, visitor: FlaskClient) -> None:
    answer = visitor.post("/act", headers={"Sec-Fetch-Site": "same-origin"})
    assert "Set-Cookie" not in answer.headers


def test_the_owners_words_are_text_and_not_markup(paged_app: Flask, visitor: FlaskClient) -> None:
    with paged_app.app_context():
        site.change(title="A & <b>B</b>", footer="<script>alert(1)</script>")
        commit()
    text = visitor.get("/").text
    assert "<title>A &amp; &lt;b&gt;B&lt;/b&gt;</title>" in text
    assert "<script>alert" not in text


def test_the_first_view_of_the_front_page_fits_in_14_kilobytes(bare_app: Flask, visitor: FlaskClient) -> None:
    from_seed = [" ".join(f"word{(7 * n + i * i) % 997}" for i in range(30)) for n in range(10)]
    bare_app.add_url_rule(
        "/",
        "home",
        public(lambda: render_template_string(HOME, moment=MOMENT, words_of=from_seed)),
    )
    html = visitor.get("/").data
    with bare_app.app_context():
        css = visitor.get(asset_url("css/site.css")).data
    assert len(gzip.compress(html, 6)) + len(gzip.compress(css, 6)) < 14_000
    assert html.count(b'<link rel="stylesheet"') == 1
    assert b"<script" not in html
