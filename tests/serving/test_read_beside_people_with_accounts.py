"""A page made for one person never reaches another, however the request was bent (ASVS row H5); on the real blog."""

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from werkzeug.test import Client, TestResponse

from homeport.core.config import Config
from homeport.posts.models import Status
from homeport.serving.cache import page_cache
from homeport.serving.versions import site_version
from tests.cast import PASSWORD, Cast
from tests.conftest import Browser
from tests.factories import make_post

PUBLIC = "posts/the-lighthouse"
PRIVATE = "posts/the-diary"

# What may be different about a request: headers, the session cookie of somebody, parameters. Each is sent first, to
# every address; then a plain reader asks.
BENT: list[dict[str, Any]] = [
    *({"as_": name, "headers": {}} for name in ("olga", "eve", "alice", "bob", "charlie")),
    *({"as_": "alice", "headers": {"If-None-Match": "*"}, "method": method} for method in ("GET", "HEAD")),
    {"as_": "alice", "query": "before="},
    {"as_": "alice", "query": "utm_source=a"},
    *(
        {"headers": {"Cookie": cookie}}
        for cookie in ("sid=", "sid=wrong", "__Host-sid=wrong", "SID=wrong", "a=b; sid=x")
    ),
    *({"headers": {"Cookie": cookie}} for cookie in ("message=abc.def", "theme=dark", "\x7f=\xff", "session=abc")),
    *({"headers": {"Cookie": f"{name}=x"}} for name in ("device", "ceremony", "__Host-device", "__Host-ceremony")),
    {"headers": {"Authorization": "Basic YWxpY2U6YQ=="}},
    *({"headers": {"X-Forwarded-Host": "evil.example"}, "method": method} for method in ("GET", "HEAD")),
    *({"headers": {name: "evil.example"}} for name in ("X-Forwarded-Server", "X-Host", "X-Original-Host", "Forwarded")),
    {"headers": {"X-Forwarded-Proto": "https"}},
    {"headers": {"X-Forwarded-Port": "443"}},
    {"headers": {"X-Forwarded-Prefix": "/evil"}},
    {"headers": {"X-Original-Url": "/write"}},
    {"headers": {"X-Rewrite-Url": "/write"}},
    {"headers": {"X-HTTP-Method-Override": "POST"}},
    *({"headers": {"Accept-Encoding": coding}} for coding in ("gzip", "br", "identity;q=0", "*;q=0", "\xff")),
    *({"headers": {"Accept": kind}} for kind in ("application/json", "text/plain", "*/*;q=0")),
    *({"headers": {"Accept-Language": tongue}} for tongue in ("de", "ar")),
    {"headers": {"Range": "bytes=0-10"}},
    {"headers": {"If-Modified-Since": "Fri, 31 Dec 2100 23:59:59 GMT"}},
    {"headers": {"Sec-Fetch-Site": "cross-site"}},
    {"headers": {"User-Agent": "Googlebot"}},
    {"headers": {"Purpose": "prefetch"}},
    {"headers": {"Host": "127.0.0.1"}},
    {"headers": {"Host": "evil.example"}},
    {"headers": {"Content-Type": "application/json"}},
    *({"query": query} for query in ("before=zzz", "before=", "preview=1", "utm_source=a", "do=x&_method=DELETE")),
    *({"method": method} for method in ("HEAD", "OPTIONS", "POST", "PURGE")),
]


class Reader:
    """Asks the blog behind its cache, as a plain reader or with a request bent in one way."""

    def __init__(self, app: Flask, config: Config) -> None:
        self.asked = 0
        self._flask = app.wsgi_app
        self._client = Client(page_cache(self._count, site_version(config).current, 10_000_000), use_cookies=False)

    def _count(self, environ: Any, start_response: Any) -> Any:
        self.asked += 1
        return self._flask(environ, start_response)

    def get(
        self, path: str, *, method: str = "GET", query: str = "", headers: dict[str, str] | None = None
    ) -> TestResponse:
        return self._client.open(path, method=method, query_string=query, headers=headers or {})


@pytest.fixture
def reader(app: Flask, config: Config, everybody: Cast) -> Reader:
    with app.app_context():
        make_post(everybody.alice, "The lighthouse", path=PUBLIC, html="<p>Everybody may read this.</p>")
        make_post(everybody.alice, "The diary", path=PRIVATE, status=Status.PRIVATE, html="<p>canary-of-alice</p>")
        make_post(everybody.alice, "The draft", path="posts/draft", status=Status.DRAFT, html="<p>canary-of-alice</p>")
    return Reader(app, config)


def seen(answer: TestResponse) -> tuple[int, bytes, dict[str, str]]:
    """What a reader gets, but for what is new in every answer."""
    headers = {name: value for name, value in answer.headers if name != "X-Request-Id"}
    request_id = answer.headers.get("X-Request-Id", "none")
    return answer.status_code, answer.data.replace(request_id.encode(), b""), headers


def test_there_are_forty_ways_to_bend_a_request() -> None:
    assert len(BENT) >= 40


def test_plain_reader_gets_the_same_after_any_other_request(
    app: Flask, config: Config, everybody: Cast, reader: Reader, browser: Callable[..., Browser]
) -> None:
    paths = ("/", f"/{PUBLIC}", f"/{PRIVATE}", "/posts/draft", "/archive", "/authors/alice", "/write", "/nothing")
    baseline = {path: seen(reader.get(path)) for path in paths}
    cookies = {name: f"sid={browser(person).token}" for name, person in vars(everybody).items()}
    for bent in BENT:
        headers = dict(bent.get("headers", {})) | ({"Cookie": cookies[bent["as_"]]} if "as_" in bent else {})
        fresh = Reader(app, config)
        for path in paths:
            fresh.get(path, query=bent.get("query", ""), method=bent.get("method", "GET"), headers=headers)
            plain = fresh.get(path)
            assert seen(plain) == baseline[path], (bent, path)
            assert b"canary-of-alice" not in plain.data
            assert "Set-Cookie" not in plain.headers
            assert "Cookie" not in plain.headers.get("Vary", "")


def test_writer_sees_a_private_post_that_readers_were_just_denied(
    everybody: Cast, reader: Reader, browser: Callable[..., Browser]
) -> None:
    cookie = {"Cookie": f"sid={browser(everybody.alice).token}"}
    assert reader.get(f"/{PRIVATE}").status_code == 404
    assert b"canary-of-alice" in reader.get(f"/{PRIVATE}", headers=cookie).data
    assert reader.get(f"/{PRIVATE}").status_code == 404


def test_somebody_with_an_account_gets_their_own_page_though_a_readers_is_in_memory(
    everybody: Cast, reader: Reader, browser: Callable[..., Browser]
) -> None:
    cookie = {"Cookie": f"sid={browser(everybody.alice).token}"}
    assert b"/logout" not in reader.get("/").data
    assert b"/logout" in reader.get("/", headers=cookie).data
    assert b"/logout" not in reader.get("/").data


def test_made_up_parameters_are_answered_and_not_kept(reader: Reader) -> None:
    for number in range(3):
        assert reader.get("/", query=f"x={number}").status_code == 200
        assert reader.get("/", query=f"x={number}").status_code == 200
    assert reader.asked == 6


def test_logging_in_and_out_leaves_the_pages_in_memory(
    everybody: Cast, reader: Reader, client: Browser, browser: Callable[..., Browser]
) -> None:
    reader.get("/")
    assert client.submit("/login", {"email": "charlie@example.com", "password": PASSWORD}).status_code == 303
    assert client.get("/account").status_code == 200
    assert client.submit("/logout").status_code == 303
    assert client.submit("/login", {"email": "charlie@example.com", "password": "wrong"}).status_code == 422
    reader.get("/")
    assert reader.asked == 1


def test_publishing_shows_at_once(reader: Reader, app: Flask, everybody: Cast) -> None:
    assert b"The new post" not in reader.get("/").data
    with app.app_context():
        make_post(everybody.bob, "The new post")
    assert b"The new post" in reader.get("/").data
