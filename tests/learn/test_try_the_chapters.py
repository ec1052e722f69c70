"""Somebody runs the experiments of the chapters on sessions, passwords, encryption and this program."""

import ast
import hashlib
import re
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from html import unescape
from pathlib import Path

import pytest
from argon2 import PasswordHasher
from flask import Flask
from werkzeug.serving import make_server

from homeport.accounts.models import AuthSession
from homeport.core.config import Config
from homeport.core.ids import digest
from homeport.learn import house, labs_certificates, wayfinder
from homeport.learn.labs_listeners import serving
from homeport.learn.try_handshake import shake_hands
from homeport.learn.try_passwords import kept, pieces
from homeport.learn.try_session import COLUMNS
from tests.cast import Cast, Person
from tests.conftest import Browser
from tests.listening import Quiet
from tests.parts import ROOT
from tests.serving.running import free_port

pytestmark = pytest.mark.usefixtures("with_learn")
Login = Callable[[Person], Browser]


@pytest.fixture
def config(config: Config) -> Config:
    """A blog whose settings say where it listens."""
    return replace(config, port=free_port())


@pytest.fixture
def reachable(app: Flask) -> Iterator[None]:
    """The blog listens where its settings say."""
    port = app.config["HOMEPORT"].port
    server = make_server("127.0.0.1", port, app, threaded=True, request_handler=Quiet)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    yield
    server.shutdown()
    thread.join()
    server.server_close()


def outcome(browser: Browser, chapter: str, name: str, status: int = 200, **typed: str) -> str:
    """What is shown when an experiment is run, as text with tags."""
    fields = {f"{name}-{field}": value for field, value in typed.items()}
    answer = browser.submit(f"/learn/{chapter}/experiments/{name}", fields)
    assert answer.status_code == status
    found = re.search(r'<div class="outcome".*?</section>', answer.text, re.DOTALL)
    assert found is not None
    return unescape(found[0])


# Chapter 5


def test_the_own_session_is_shown_without_what_opens_it(everybody: Cast, browser: Login) -> None:
    alice, bob = browser(everybody.alice), browser(everybody.bob)
    text = outcome(alice, "cookies-and-sessions", "session-row")
    assert f"{digest(alice.token)[:8]}…" in text
    assert [secret for secret in (alice.token, digest(alice.token), digest(bob.token)[:8]) if secret in text] == []
    assert all(f"<code>{column}</code>" in text for column in COLUMNS)


def test_every_column_of_a_session_is_explained() -> None:
    assert list(COLUMNS) == [column.name for column in AuthSession.__table__.columns]


@pytest.mark.usefixtures("reachable")
def test_a_copy_of_the_cookie_opens_the_page_and_an_invented_one_does_not(everybody: Cast, browser: Login) -> None:
    alice = browser(everybody.alice)
    text = outcome(alice, "cookies-and-sessions", "cookie-copy")
    statuses = re.findall(r"HTTP/1\.\d (\d+)", text)
    assert statuses == ["303", "200", "303"]
    assert f"Cookie</span>: sid={alice.token[:4]}…" in text
    assert alice.token not in text
    given = re.search(r"Set-Cookie</span>: (.*)", text)
    assert given is not None
    assert all(word in given[1] for word in ("HttpOnly", "SameSite=Lax", "Path=/"))
    assert "No script can read it" in text
    assert "<code>Secure</code> is missing" in text


# Chapter 6


def test_the_page_shows_a_password_in_four_ways_and_keeps_none(app: Flask, everybody: Cast, browser: Login) -> None:
    word = "a made up password 4711"
    text = outcome(browser(everybody.alice), "passwords", "keep-password", made_up_password=word)
    assert hashlib.md5(word.encode(), usedforsecurity=False).hexdigest() in text
    assert "$argon2id$v=19$m=" in text
    data: Path = app.config["HOMEPORT"].data
    assert [file.name for file in data.iterdir() if file.is_file() and word.encode() in file.read_bytes()] == []


@pytest.mark.usefixtures("app")
def test_equal_passwords_look_equal_only_without_salt(app: Flask) -> None:
    with app.app_context():
        ways = kept("correct horse")
    assert [way.looks_equal for way in ways] == [True, True, False, False]
    salt, _, found = ways[2].rows[1].partition("$")
    assert hashlib.sha256((salt + "correct horse").encode()).hexdigest() == found
    assert all(PasswordHasher().verify(row, "correct horse") for row in ways[3].rows)
    assert ways[3].seconds > 100 * ways[1].seconds
    assert "".join(f"${piece.text}" for piece in pieces(ways[3].rows[0])) == ways[3].rows[0]


def test_too_long_a_password_is_said_at_its_field(everybody: Cast, browser: Login) -> None:
    path = "/learn/passwords/experiments/keep-password"
    answer = browser(everybody.alice).submit(path, {"keep-password-made_up_password": "x" * 61})
    assert answer.status_code == 422
    assert 'href="#keep-password-made_up_password"' in answer.text


# Chapter 7


def test_without_https_the_handshake_is_one_made_for_the_moment_and_says_so(everybody: Cast, browser: Login) -> None:
    text = outcome(browser(everybody.alice), "encryption", "handshake")
    assert "a server made for the moment" in text
    assert "TLSv1.3" in text
    for said in (
        "ClientHello",
        "ServerHello",
        "EncryptedExtensions",
        "CertificateVerify",
        "key_share",
        "X25519".lower(),
    ):
        assert said in text
    assert "in them: yes" in text
    assert "was sent along: no" in text


def test_with_https_the_handshake_is_with_this_site_itself(app: Flask, config: Config, tmp_path: Path) -> None:
    certificate = labs_certificates.issue(labs_certificates.authority("Somebody"), "blog.example.net", tmp_path)
    with serving(app, "127.0.0.1", certificate) as port:
        meeting, is_edge = shake_hands(replace(config, domain="blog.example.net", https_port=port))
    assert (is_edge, meeting.name, meeting.version) == (True, "blog.example.net", "TLSv1.3")
    meeting, is_edge = shake_hands(replace(config, domain="blog.example.net", https_port=free_port()))
    assert (is_edge, meeting.name) == (False, "blog.example.org")


# Chapter 12


def test_a_floor_imports_only_lower_ones() -> None:
    below = {room.name: number for number, floor in enumerate(reversed(house.floors())) for room in floor}
    assert below["core"] == 0
    assert max(below, key=lambda name: below[name]) == "cli"
    rooms = house.rooms()
    assert [
        (room.name, other) for room in rooms.values() for other in room.imports if below[other] >= below[room.name]
    ] == []


def test_the_house_is_read_from_the_files_themselves() -> None:
    tree = ast.parse((ROOT / "src/homeport/media/routes.py").read_text())
    named = {f"{node.module}" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert {name.split(".")[1] for name in named if name.startswith("homeport.")} - {"media"} <= house.rooms()[
        "media"
    ].imports
    assert "learn" in house.importers("core")
    assert house.importers("learn") == ["app", "cli"]
    module = next(module for module in house.rooms()["core"].modules if module.path.endswith("core/ids.py"))
    assert module.about == "Random tokens, and the digests under which they are stored."


def test_the_floors_and_a_room_are_shown(everybody: Cast, browser: Login) -> None:
    reader = browser(everybody.charlie)
    assert "<strong>core</strong>" in outcome(reader, "this-program", "floors")
    text = outcome(reader, "this-program", "room", room="jobs")
    assert "worker.py" in text
    assert "The worker: the one process that runs jobs." in text


@pytest.mark.parametrize(
    ("method", "address", "said"),
    [
        ("GET", "/archive?x=1", ("@public", "def archive()", "@cached", "homeport/reading/routes.py")),
        ("POST", "/login", ("@public", "accounts.", "tests/accounts/")),
        ("GET", "/admin/jobs", ("@owner", "def overview()", "tests/journeys/")),
        ("GET", "/no/such/thing", ("/<path:path>", "reading.post", "no/such/thing")),
        ("POST", "/archive", ("None.", "405", "not for POST")),
    ],
)
def test_which_function_answers(
    everybody: Cast, browser: Login, method: str, address: str, said: tuple[str, ...]
) -> None:
    text = outcome(browser(everybody.alice), "this-program", "which-function", method=method, address=address)
    assert [word for word in said if word not in text] == []


def test_every_route_of_the_blog_finds_its_function(app: Flask) -> None:
    for rule in app.url_map.iter_rules():
        if rule.arguments:
            continue
        methods = rule.methods or set()
        method = "GET" if "GET" in methods else min(methods - {"OPTIONS"})
        way = wayfinder.find(app, method, rule.rule)
        assert isinstance(way, wayfinder.Way), rule
        assert way.endpoint == rule.endpoint
        assert way.mark in way.place.source, rule


def test_an_installed_program_has_no_tests_to_show(tmp_path: Path) -> None:
    assert wayfinder.tests_of("/archive", "reading", tmp_path / "tests") == ()
    assert wayfinder.tests_of("/<path:path>", "reading", ROOT / "tests") == ()
