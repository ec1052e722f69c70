"""Somebody writes requests by hand on the bench, and is shown what came back."""

import tomllib
from collections.abc import Iterator
from dataclasses import replace
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from homeport.app import create_app
from homeport.core.config import Config
from homeport.core.db import db
from homeport.core.errors import Problem
from homeport.learn import bench, bench_routes, headers, real_request
from homeport.learn.bench import Draft
from homeport.learn.limits import Limit
from tests.cast import Cast, make_cast
from tests.conftest import Browser
from tests.serving.running import Running, free_port, running

pytestmark = pytest.mark.usefixtures("with_learn")


@pytest.fixture(scope="module")
def blog(tmp_path_factory: pytest.TempPathFactory, migrated: Path) -> Iterator[tuple[Running, Flask, Cast]]:
    """A blog that runs, and an application that knows where: what is sent by hand goes over a real connection."""
    data = tmp_path_factory.mktemp("bench") / "data"
    data.mkdir()
    (data / "homeport.db").write_bytes(migrated.read_bytes())
    port = free_port()
    app = create_app(Config(data=data, port=port))
    app.test_client_class = Browser
    with app.app_context():
        cast = make_cast("")
    with running(data, port) as served:
        yield served, app, cast
    with app.app_context():
        db.engine.dispose()


@pytest.fixture
def charlie(blog: tuple[Running, Flask, Cast], monkeypatch: pytest.MonkeyPatch) -> Browser:
    """Somebody with an account and no rights, who has not sent anything yet."""
    monkeypatch.setattr(bench_routes, "_limit", Limit(each_minute=30))
    browser: Browser = blog[1].test_client()  # type: ignore[assignment]  # of the class set above
    return browser.login(blog[2].charlie)


def sent(browser: Browser, method: str, path: str, head: str = "Host: localhost\n", body: str = "") -> str:
    """The page with the answer, as text."""
    form = {"method": method, "path": path, "headers": head, "body": body}
    return unescape(browser.submit("/learn/bench", form).text)


def began_with(page: str) -> str:
    """The first line of the answer that a page shows."""
    return page.partition('class="bench-start"><code>')[2].partition("</code>")[0]


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("page", "HTTP/1.1 200 OK"),
        ("head", "HTTP/1.1 200 OK"),
        ("compressed", "HTTP/1.1 200 OK"),
        ("forged", "HTTP/1.1 403 Forbidden"),
        ("method", "HTTP/1.1 405 Method Not Allowed"),
        ("missing", "HTTP/1.1 404 Not Found"),
        ("name", "HTTP/1.1 400 Bad Request"),
        ("malformed", "HTTP/1.1 400 Bad Request"),
    ],
)
def test_each_request_to_begin_with_is_answered_as_it_says(
    blog: tuple[Running, Flask, Cast], charlie: Browser, name: str, line: str
) -> None:
    preset = next(one for one in bench.presets(blog[1].config["HOMEPORT"]) if one.name == name)
    assert unescape(charlie.get(f"/learn/bench?preset={name}").text).count(preset.look_for) == 1
    draft = preset.draft
    page = sent(charlie, draft.method, draft.path, draft.headers, draft.body)
    assert began_with(page) == line
    assert line.split()[1] in preset.look_for or name in {"head", "compressed"}


def test_the_answer_is_explained_header_by_header(charlie: Browser) -> None:
    page = sent(charlie, "GET", "/")
    for name in ("content-type", "content-security-policy", "etag", "cache-control"):
        assert f"<code>{name}</code>" in page
        assert headers.meaning(name).split("`")[0] in page
    assert "<!doctype html>" in page
    assert "2xx says that it worked" in page
    squeezed = sent(charlie, "GET", "/", "Host: localhost\nAccept-Encoding: br\n")
    assert "shown in hexadecimal" in squeezed
    assert "0000  " in squeezed


def test_who_asks_again_with_the_etag_gets_304(charlie: Browser) -> None:
    page = sent(charlie, "GET", "/")
    hidden = page.partition('name="headers" value="')[2].partition('">')[0]
    assert 'If-None-Match: "' in hidden
    assert began_with(sent(charlie, "GET", "/", hidden)) == "HTTP/1.1 304 Not Modified"


def test_it_is_sent_as_nobody_unless_a_cookie_is_typed(charlie: Browser) -> None:
    assert began_with(sent(charlie, "GET", "/account")) == "HTTP/1.1 303 See Other"
    page = sent(charlie, "GET", "/account", f"Host: localhost\nCookie: sid={charlie.token}\n")
    assert began_with(page) == "HTTP/1.1 200 OK"
    shown = page.partition("What came back")[2]
    assert charlie.token not in shown, "the form keeps what was typed; what is explained shows its beginning"


def test_what_was_typed_is_still_there_after_an_error(charlie: Browser) -> None:
    for head, body in (("X-Forwarded-For: 192.0.2.1", ""), ("Host: x\nX_Forwarded_Proto: https", ""),
                       ("Host: localhost\nContent-Length: 0", "GET / HTTP/1.1\nForwarded: for=192.0.2.1")):  # fmt: skip
        page = sent(charlie, "GET", "/typed", head, body)
        assert "can't pretend to come through a proxy" in page
        assert 'value="/typed"' in page
        assert head in page
        assert began_with(page) == ""
    page = sent(charlie, "", "/typed")
    assert "Fill this in." in page
    assert 'value="/typed"' in page
    assert "Leave out line breaks" in sent(charlie, "GET", "/ HTTP/1.1\r\nX: y")


def test_it_takes_so_many_a_minute_and_no_strangers(
    blog: tuple[Running, Flask, Cast], charlie: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bench_routes, "_limit", Limit(each_minute=2))
    assert [began_with(sent(charlie, "GET", "/"))[9:12] for _ in range(3)] == ["200", "200", ""]
    assert "Wait a few seconds" in sent(charlie, "GET", "/typed")
    stranger: Browser = blog[1].test_client()  # type: ignore[assignment]  # of the class set above
    assert stranger.submit("/learn/bench", {"method": "GET", "path": "/"}).status_code == 401
    assert stranger.get("/learn/bench").location.startswith("/login?next=")


def test_it_asks_this_blog_and_nobody_else(blog: tuple[Running, Flask, Cast], charlie: Browser) -> None:
    served, app, _cast = blog
    page = sent(charlie, "GET", "http://192.0.2.1/", "Host: 192.0.2.1\n")
    assert began_with(page) == "HTTP/1.1 400 Bad Request"
    assert f"Asked at 127.0.0.1:{served.port}" in page
    elsewhere = replace(app.config["HOMEPORT"], port=free_port())
    with pytest.raises(Problem, match="This blog did not answer itself"):
        real_request.ask(elsewhere, bench.raw(Draft("GET", "/", "Host: localhost")))


def test_behind_the_edge_it_goes_by_the_edge(tmp_path: Path, migrated: Path) -> None:
    data = tmp_path / "data"
    data.mkdir()
    (data / "homeport.db").write_bytes(migrated.read_bytes())
    ports = {"https_port": free_port(), "http_port": free_port()}
    settings: dict[str, Any] = {"domain": "blog.example", "https_method": "internal", **ports}
    config = Config(data=data, port=free_port(), **settings)
    request = bench.raw(bench.presets(config)[0].draft)
    with running(data, config.port, **settings):
        plain, private = real_request.ask(config, request), real_request.ask(config, request, secure=True)
    assert (plain.answer.status, private.answer.status) == (200, 200)
    assert plain.answer.body == private.answer.body
    assert plain.tls is None
    assert private.tls is not None
    assert private.tls.version == "TLSv1.3"


def test_bytes_are_sent_as_they_are_typed() -> None:
    draft = Draft("BREW", "/pot?x=1", "Host: localhost\n\nno colon\n", "a=b")
    assert bench.raw(draft) == b"BREW /pot?x=1 HTTP/1.1\r\nHost: localhost\r\nno colon\r\nContent-Length: 3\r\n\r\na=b"
    chunked = Draft("POST", "/", "Transfer-Encoding: chunked", "0\r\n\r\n")
    assert b"Content-Length" not in bench.raw(chunked)


def test_the_explanations_are_whole() -> None:
    text = Path(headers.__file__).with_name("headers.toml").read_text()
    names = list(tomllib.loads(text))
    assert names == sorted(name.lower() for name in names)
    for header in headers.headers().values():
        assert header.found_in in {"request", "response", "both"}, header.name
        assert header.means[-1] == ".", header.name
        assert 20 < len(header.means) < 160, header.name
    assert "no standard" in headers.meaning("X-Made-Up")
