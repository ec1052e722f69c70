"""What holds at every address, whoever asks and however: headers, no crash, and nobody's words as markup."""

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote, urljoin, urlsplit

import pytest
from flask import Flask
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from sqlalchemy import Enum, String, update
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from homeport.accounts import api_tokens, entry, invitations
from homeport.accounts import service as accounts
from homeport.accounts.models import Invitation, Registration, User
from homeport.core import clock, ids, site
from homeport.core.db import Base, commit, db
from homeport.core.http import SESSION_COOKIES, SYSTEM, Role, Viewer
from homeport.core.programs import READ
from homeport.jobs.service import queue_mail
from homeport.posts import previews
from homeport.posts import service as posts
from homeport.posts.models import Post, Status
from homeport.posts.rows import address
from homeport.posts.service import Draft
from tests.cast import Cast
from tests.conftest import Browser
from tests.factories import make_post
from tests.reading.page import Page
from tests.reading.test_attack_the_readers import MORE, scheme
from tests.security.forms import Login

LINK = "of an invitation, and of a mail"
HERE = {"Sec-Fetch-Site": "same-origin"}
METHODS = ("GET", "HEAD", "OPTIONS", "POST", "TRACE")
NEEDED = {
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Referrer-Policy": "(same-origin|strict-origin)",
    "Content-Security-Policy": "default-src 'none'; .*frame-ancestors 'none'.*",
    "Cache-Control": ".+",
    "X-Request-Id": ".{8,}",
}


def rules(app: Flask) -> list[Rule]:
    return sorted(app.url_map.iter_rules(), key=str)


def fill(rule: Rule, value: str) -> str:
    """The rule's address with `value` in each place for a text, and 1 in each for a number."""
    path = re.sub(r"<int:\w+>", "1", rule.rule)
    return re.sub(r"<(?:path:)?\w+>", lambda _: quote(value, safe=""), path)


@pytest.fixture
def visitors(everybody: Cast, client: Browser, browser: Login) -> dict[str, Browser]:
    """A stranger, a writer and the owner."""
    people = {name: browser(getattr(everybody, name)) for name in ("alice", "olga")}
    return {"nobody": client, **people}


@pytest.fixture
def filled(app: Flask, everybody: Cast) -> None:
    """A blog with a row in every table that pages show."""
    with app.app_context():
        site.change(description="Description", about="About", footer="Footer", registration="open")
        make_post(everybody.alice, "Words", tags=["Tag"], bylines=["By"])
        make_post(everybody.bob, "Others", status=Status.DRAFT, tags=["Tag"])
        post = db.session.get_one(Post, 1)
        by, now = everybody.alice.viewer, clock.now()
        posts.save(post, by=by, now=now, seen_version=1, draft=Draft("Words", "More", "Sum", ("Tag",), "posts/moved"))
        queue_mail("bob@example.com", "Subject", "Text", now=now).status = "failed"
        accounts.issue_link(db.session.get_one(User, everybody.bob.id), by=SYSTEM, now=now)
        previews.make(db.session.get_one(Post, 2), days=1, note="For", by=everybody.bob.viewer, now=now)
        facts = {"email": "dora@example.com", "created_at": now, "expires_at": now + entry.LIFETIME}
        db.session.add(Registration(digest=ids.digest(LINK), name="Dora", **facts))
        invitations.make(Role.AUTHOR, 1, 7, "For", by=everybody.olga.viewer, now=now)
        db.session.query(Invitation).one().digest = ids.digest(LINK)
        for name in ("alice", "olga"):
            user = db.session.get_one(User, getattr(everybody, name).id)
            api_tokens.make(user, name="Script", scopes=[READ], days=7, by=SYSTEM, now=now)
        commit()


def missing(answer: TestResponse) -> list[str]:
    return [name for name, value in NEEDED.items() if not re.fullmatch(value, answer.headers.get(name, ""))]


def test_every_answer_carries_the_headers_whoever_asks_and_however(
    app: Flask, visitors: dict[str, Browser], filled: None
) -> None:
    wrong, statuses = [], set()
    for name, visitor in visitors.items():
        for rule in rules(app):
            for method in METHODS:
                if "logout" in rule.rule or rule.rule.endswith("/end"):
                    continue
                answer = visitor.open(fill(rule, "x"), method=method, headers=HERE)
                statuses.add(answer.status_code)
                wrong += [f"{name} {method} {rule.rule} {answer.status_code}: {header}" for header in missing(answer)]
                answer.close()
    for answer in (
        visitors["nobody"].get("/", headers={"Host": "evil.example"}),
        visitors["nobody"].post("/login", data={"email": "x" * 5_000_000}, headers=HERE),
        visitors["nobody"].get("/archive", headers={"Accept": "application/json"}),
        visitors["nobody"].get("/none", headers={"Accept": "application/json"}),
    ):
        statuses.add(answer.status_code)
        wrong += [f"{answer.request.path} {answer.status_code}: {header}" for header in missing(answer)]
    assert wrong == []
    assert statuses >= {200, 303, 400, 401, 403, 404, 405, 413, 422}


PARAMETERS = (
    "before", "next", "after", "token", "state", "q", "mine", "page",
    "person", "group", "since", "until", "role", "seen",
    "__debugger__",
)  # fmt: skip
NASTY = st.one_of(
    st.text(max_size=40),
    st.sampled_from(
        [
            "'", '"', "' OR 1=1 --", "1; DROP TABLE posts", "%", "_", "\\", "*", 'a"b*c', "NEAR(a b)", "a AND", "()",
            "-1", "0", "9" * 30, "1e9", "NaN", "²", "٣", "../..", "..\\..", "%00", "\0", "\n", "\r\nX: y", "<script>",
            "\ud7ff", "\ufffe", "🏴" * 20, "a" * 3000, "//evil.example", "javascript:alert(1)",
            "{{7919*6029}}", "${7919*6029}", "AAAAAAAAAAAAAAAA", "==", "fX////////8AAAAB", "[]", "{}", "null", "true",
        ]
    ),
)  # fmt: skip


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(value=NASTY, name=st.sampled_from(PARAMETERS), twice=st.booleans())
def test_no_parameter_crashes_or_bends_any_page(
    app: Flask, visitors: dict[str, Browser], filled: None, value: str, name: str, twice: bool
) -> None:
    query = "&".join([f"{name}={quote(value)}"] * (1 + twice))
    for who in ("nobody", "olga"):
        for rule in rules(app):
            if "GET" in (rule.methods or ()) and rule.rule != "/healthz":
                answer = visitors[who].get(f"{fill(rule, 'words')}?{query}")
                judge_safely(answer, f"{who} {rule.rule}?{query}")


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(value=NASTY)
@example(value="/evil.example")
def test_no_part_of_an_address_crashes_anything(
    app: Flask, visitors: dict[str, Browser], filled: None, value: str
) -> None:
    for rule in rules(app):
        if "<" in rule.rule:
            for who in ("nobody", "olga"):
                for method in {"GET", "POST"} & (rule.methods or set()):
                    send = visitors[who].get if method == "GET" else visitors[who].submit
                    judge_safely(send(fill(rule, value)), f"{who} {method} {rule.rule} with {value!r}")


def leads_to(location: str) -> str | None:
    """The host a browser goes to, which takes a backslash for a slash. Where the rest of it says `evil.example`, as in
    an address with a doubled slash that is sent to the one with a single slash, nobody is led away."""
    return urlsplit(urljoin("http://localhost/x", location.replace("\\", "/"))).hostname


def judge_safely(answer: TestResponse, what: str) -> None:
    # 503: there is no queue to cancel a job in before a worker has made one.
    assert answer.status_code < 500 or ("/admin/jobs/" in what and answer.status_code == 503), what
    assert leads_to(answer.headers.get("Location", "")) == "localhost", what
    assert "X: y" not in str(answer.headers).splitlines(), what
    answer.close()


def texts() -> Iterator[tuple[Any, Any, int]]:
    """Every column of a table of the blog that holds a person's or a program's words: table, column, its length."""
    kept = {"digest", "purpose", "status", "role", "status_before_trash", "password_hash", "message_id"}
    kept |= {"time_zone", "creation_key", "content_type", "sealed_secret", "bound_to", "challenge", "credential_id"}
    kept |= {"rp_id", "webauthn_id", "details_digest", "hash", "action", "target", "file", "device_digest"}
    for table in Base.metadata.sorted_tables:
        for column in table.columns:
            words = isinstance(column.type, String) and not isinstance(column.type, Enum)
            if words and not column.foreign_keys and column.name not in kept:
                yield table, column, getattr(column.type, "length", None) or 2000


SETTINGS = ("title", "description", "about", "footer")


def overwrite(vector: str) -> None:
    """Put `vector` into every text there is, as if no form had ever looked at it."""
    for table, column, length in texts():
        # The audit log refuses to be changed: events are written with the words instead.
        if table.name in {"site_settings", "one_time_tokens", "attempts", "audit_events", "audit_details"}:
            continue
        for row in db.session.execute(table.select().with_only_columns(*table.primary_key)).all():
            this_row = [key == value for key, value in zip(table.primary_key, row, strict=True)]
            unique = column.unique or column.primary_key or column.name == "path"
            value = (f"{row[0]}" if unique else "") + vector
            if column.name != "html" and not column.primary_key:
                db.session.execute(update(table).where(*this_row).values({column: value[:length]}))
    for user in db.session.query(User):
        accounts.record("login", by=Viewer(user.id, address=vector, browser=vector), now=clock.now(), name=vector)
    site.change(**dict.fromkeys(SETTINGS, vector))
    for post in db.session.query(Post):
        post.toc = [{"level": 2, "id": "x", "text": vector}] * 3
    commit()


def addresses(app: Flask) -> list[str]:
    """Every address that can be looked at, and those of the rows as they are now."""
    with app.app_context():
        paths = [address(post.path) for post in db.session.query(Post)]
        names = [f"/authors/{quote(user.handle, safe='')}" for user in db.session.query(User)]
    links = [f"{path}?token={LINK}" for path in ("/invitation", "/register/confirm")]
    return paths + names + links + [fill(rule, "x") for rule in rules(app) if "GET" in (rule.methods or ())]


@pytest.mark.parametrize("vector", MORE)
def test_nobodys_words_are_markup_on_any_page_of_the_house(
    app: Flask, visitors: dict[str, Browser], filled: None, vector: str
) -> None:
    with app.app_context():
        overwrite(vector)
    seen = 0
    for name, visitor in visitors.items():
        for place in addresses(app):
            answer = visitor.get(place)
            if answer.mimetype == "text/html":
                assert answer.status_code < 500, f"{name} {place}"
                seen += vector.strip()[:8] in Page(answer).one("html").text
                judge_page(answer, f"{name} {place}: {vector}")
            answer.close()
    assert seen > 20, "the words are on no page: nothing was tested"


def judge_page(answer: TestResponse, what: str) -> None:
    assert "47743651" not in answer.text, f"{what}: a template in somebody's words was run"
    for element in Page(answer).elements:
        if element.name == "script":
            data = element.attributes.get("type") == "application/ld+json"
            assert data or element.attributes.get("src", "").startswith("/static/"), what
            assert "</" not in "".join(element.pieces), what
        assert element.name not in {"iframe", "object", "embed", "base", "style", "template", "math"}, what
        for name, value in element.attributes.items():
            assert not name.startswith("on"), f"{what}: {element.name} {name}"
            assert name not in {"srcdoc", "formaction", "style"}, what
            if name in {"href", "src", "action"}:
                assert scheme(value) in {"", "http", "https", "mailto"}, f"{what}: {name}={value}"


def test_a_way_out_is_told_from_a_way_home() -> None:
    assert leads_to("") == leads_to("/a//evil.example") == leads_to("?next=//evil.example") == "localhost"
    for away in (
        "//evil.example",
        "/\\evil.example",
        "\\\\evil.example/x",
        "https://evil.example",
        "javascript:alert(1)",
    ):
        assert leads_to(away) != "localhost"


def test_the_walk_over_the_tables_finds_what_people_write() -> None:
    found = {f"{table.name}.{column.name}" for table, column, _ in texts()}
    assert found >= {
        "users.display_name", "users.handle", "users.bio", "users.link", "users.email", "posts.title", "posts.path",
        "posts.summary", "posts.body", "tags.name", "tags.slug", "bylines.name", "revisions.title", "revisions.body",
        "media.original_name", "redirects.path", "auth_sessions.browser", "auth_sessions.address", "mails.subject",
        "mails.last_error",
    }  # fmt: skip


def test_a_session_is_found_in_no_address_and_no_page(visitors: dict[str, Browser], app: Flask, filled: None) -> None:
    olga = visitors["olga"]
    for place in addresses(app):
        answer = olga.get(place)
        assert olga.token not in answer.text, place
        assert olga.token not in str([item for item in answer.headers if item[0] != "Set-Cookie"]), place
        assert not any(name in answer.headers.get("Set-Cookie", "") for name in SESSION_COOKIES), place
        answer.close()
