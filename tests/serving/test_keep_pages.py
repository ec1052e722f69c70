"""What the page cache keeps, for whom, and in which form; on a WSGI application that counts how often it is asked."""

import gzip
from collections.abc import Callable, Iterable
from typing import Any
from wsgiref.types import StartResponse, WSGIEnvironment

import brotli
import pytest
from werkzeug.test import Client, TestResponse

from homeport.serving.cache import OVERHEAD, best_coding, page_cache

TEXT = b"<p>A page that is long enough to be worth compressing.</p>" * 40


class Blog:
    """One page at every address. `version` is the site's; `answer` may be changed by a test."""

    def __init__(self, limit: int = 1_000_000) -> None:
        self.version: int | None = 1
        self.asked = 0
        self.body = TEXT
        self.status = "200 OK"
        self.headers = [("Content-Type", "text/html; charset=utf-8"), ("Cache-Control", "no-cache")]
        self.forever = False
        self.before_answering: Callable[[], None] = lambda: None
        self.reader = Client(page_cache(self.view, lambda: self.version, limit), use_cookies=False)

    def view(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        self.asked += 1
        ticket = environ.get("homeport.ticket")
        if ticket is not None:
            ticket.version, ticket.forever = (None, True) if self.forever else (self.version, False)
        self.before_answering()
        start_response(self.status, [*self.headers, ("Content-Length", str(len(self.body)))])
        return [self.body] if environ["REQUEST_METHOD"] == "GET" else []

    def get(self, path: str = "/", **options: Any) -> TestResponse:
        return self.reader.get(path, **options)


@pytest.fixture
def blog() -> Blog:
    return Blog()


def test_second_reader_is_answered_from_memory(blog: Blog) -> None:
    first, second = blog.get(), blog.get()
    assert blog.asked == 1
    assert first.data == second.data == TEXT
    assert dict(first.headers) == dict(second.headers)
    assert second.headers["Content-Length"] == str(len(TEXT))


def test_reader_after_a_change_gets_the_new_page(blog: Blog) -> None:
    blog.get()
    blog.version, blog.body = 2, b"<p>new</p>"
    assert blog.get().data == b"<p>new</p>"


def test_page_that_was_made_while_somebody_wrote_is_not_served(blog: Blog) -> None:
    def write() -> None:
        blog.version = 2

    blog.before_answering = write
    blog.get()
    blog.before_answering, blog.body = lambda: None, b"new"
    assert blog.get().data == b"new"


def test_late_old_page_does_not_displace_the_new_one(blog: Blog) -> None:
    def two_writes_and_a_reader() -> None:
        blog.before_answering = lambda: None
        blog.version, blog.body = 2, b"new"
        blog.get()
        blog.body = b"old"

    blog.before_answering = two_writes_and_a_reader
    blog.get()
    assert (blog.get().data, blog.asked) == (b"new", 2)


def test_nothing_is_served_from_memory_while_the_version_is_unknown(blog: Blog) -> None:
    blog.get()
    blog.version = None
    blog.get()
    blog.get()
    assert blog.asked == 3


def test_file_with_a_fingerprint_survives_every_change(blog: Blog) -> None:
    blog.forever = True
    blog.get("/static/site.abc.css")
    blog.version = 2
    blog.get("/static/site.abc.css")
    blog.version = None
    blog.get("/static/site.abc.css")
    assert blog.asked == 1


@pytest.mark.parametrize(
    "headers",
    [
        {"Cookie": "sid=abc"},
        {"Cookie": "__Host-sid=abc"},
        {"Cookie": 'theme=dark; sid = "abc"'},
        {"Authorization": "Bearer abc"},
    ],
)
def test_somebody_with_an_account_never_meets_the_cache(blog: Blog, headers: dict[str, str]) -> None:
    blog.body = b"for me alone"
    assert blog.get(headers=headers).data == b"for me alone"
    blog.body = TEXT
    assert blog.get().data == TEXT
    blog.body = b"for me alone"
    assert blog.get(headers=headers).data == b"for me alone"


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"])
def test_only_reading_is_answered_from_memory(blog: Blog, method: str) -> None:
    blog.get()
    blog.reader.open("/", method=method)
    assert blog.asked == 2


@pytest.mark.parametrize(
    "header",
    [
        ("Set-Cookie", "a=b"),
        ("Vary", "Cookie"),
        ("Vary", "*"),
        ("Cache-Control", "no-store"),
        ("Cache-Control", "private, max-age=60"),
        ("Content-Encoding", "gzip"),
    ],
)
def test_answer_for_one_person_is_not_kept_even_if_its_ticket_says_so(blog: Blog, header: tuple[str, str]) -> None:
    blog.headers = [("Content-Type", "text/html"), header]
    assert header in list(blog.get().headers)
    blog.get()
    assert blog.asked == 2


@pytest.mark.parametrize("status", ["404 NOT FOUND", "302 FOUND", "500 INTERNAL SERVER ERROR", "206 PARTIAL CONTENT"])
def test_only_whole_pages_are_kept(blog: Blog, status: str) -> None:
    blog.status = status
    assert blog.get().status == status
    blog.get()
    assert blog.asked == 2


@pytest.mark.parametrize(
    "other",
    [
        {"path": "/other"},
        {"query_string": "page=2"},
        {"base_url": "https://localhost"},
        {"base_url": "http://blog.example"},
        {"base_url": "http://localhost:8000"},
    ],
)
def test_each_address_has_a_page_of_its_own(blog: Blog, other: dict[str, str]) -> None:
    blog.get()
    blog.body = b"other"
    assert blog.get(**other).data == b"other"


def test_head_answers_as_get_without_the_body(blog: Blog) -> None:
    missed = blog.reader.head("/")
    got, hit = blog.get(), blog.reader.head("/")
    assert blog.asked == 1
    assert dict(missed.headers) == dict(got.headers) == dict(hit.headers)
    assert missed.data == hit.data == b""


def test_head_of_a_page_that_is_not_kept_has_no_body(blog: Blog) -> None:
    blog.version = None
    answer = blog.reader.head("/")
    assert (answer.data, answer.headers["Content-Length"]) == (b"", str(len(TEXT)))


def test_request_id_of_the_first_reader_is_not_given_to_the_second(blog: Blog) -> None:
    blog.headers.append(("X-Request-Id", "of-the-first"))
    assert "X-Request-Id" not in blog.get().headers
    assert "X-Request-Id" not in blog.get().headers


@pytest.mark.parametrize("form", ["{}", "W/{}", '"another", {}', '"another",W/{} , "x"', "*"])
@pytest.mark.parametrize("coding", ["", "gzip", "br"])
def test_browser_that_has_the_page_is_told_so(blog: Blog, form: str, coding: str) -> None:
    asked_with = {"Accept-Encoding": coding}
    whole = blog.get(headers=asked_with)
    answer = blog.get(headers={**asked_with, "If-None-Match": form.format(whole.headers["ETag"])})
    assert (answer.status_code, answer.data) == (304, b"")
    for name in ("ETag", "Cache-Control", "Vary"):
        assert answer.headers[name] == whole.headers[name]
    assert "Content-Length" not in answer.headers
    assert "Content-Encoding" not in answer.headers


@pytest.mark.parametrize("tag", ['"another"', "", "W/", "etag", '"'])
def test_browser_with_another_page_gets_the_whole_one(blog: Blog, tag: str) -> None:
    assert blog.get(headers={"If-None-Match": tag}).status_code == 200


def test_same_text_keeps_its_etag_when_another_page_has_changed(blog: Blog) -> None:
    etag = blog.get().headers["ETag"]
    blog.version = 2
    assert blog.get(headers={"If-None-Match": etag}).status_code == 304


def test_codings_have_etags_of_their_own(blog: Blog) -> None:
    tags = {blog.get(headers={"Accept-Encoding": coding}).headers["ETag"] for coding in ("", "gzip", "br")}
    assert len(tags) == 3


@pytest.mark.parametrize(
    ("accept", "coding"),
    [
        ("", None),
        ("identity", None),
        ("gzip", "gzip"),
        ("GZIP", "gzip"),
        ("x-gzip", "gzip"),
        ("br", "br"),
        ("gzip, deflate, br, zstd", "br"),
        ("gzip;q=1.0, br;q=0.5", "gzip"),
        ("br;q=0, gzip", "gzip"),
        ("br;q=0, gzip;q=0", None),
        ("br; q=0.000 , gzip ; q = 0", None),
        ("*", "br"),
        ("*;q=0", None),
        ("br;q=0, *", "gzip"),
        ("identity, gzip;q=0.5", None),
        ("deflate, zstd", None),
        ("gzip;q=many", None),
        (";,;q=,", None),
    ],
)
def test_reader_gets_the_coding_it_asked_for(blog: Blog, accept: str, coding: str | None) -> None:
    undo = {None: bytes, "gzip": gzip.decompress, "br": brotli.decompress}
    for _ in range(2):
        answer = blog.get(headers={"Accept-Encoding": accept})
        assert answer.headers.get("Content-Encoding") == coding
        assert answer.headers["Vary"] == "Accept-Encoding"
        assert answer.headers["Content-Length"] == str(len(answer.data))
        assert undo[coding](answer.data) == TEXT
    assert (coding is None) == (len(answer.data) == len(TEXT))


def test_page_is_compressed_once(blog: Blog, monkeypatch: pytest.MonkeyPatch) -> None:
    made = []
    real = brotli.compress

    def compress(body: bytes, **options: Any) -> bytes:
        made.append(body)
        return bytes(real(body, **options))

    monkeypatch.setattr(brotli, "compress", compress)
    for _ in range(3):
        blog.get(headers={"Accept-Encoding": "br"})
    assert made == [TEXT]


@pytest.mark.parametrize(("kind", "body"), [("image/png", TEXT), ("text/html", b"short")])
def test_what_would_not_shrink_is_sent_as_it_is(blog: Blog, kind: str, body: bytes) -> None:
    blog.headers, blog.body = [("Content-Type", kind)], body
    answer = blog.get(headers={"Accept-Encoding": "gzip, br"})
    assert answer.data == body
    assert "Content-Encoding" not in answer.headers
    assert "Vary" not in answer.headers


def test_made_up_headers_do_not_fill_the_memory(blog: Blog) -> None:
    for number in range(2000):
        blog.get(headers={"Accept-Encoding": f"x{number}"})
    assert best_coding.cache_info().currsize <= 256
    assert blog.asked == 1


def test_memory_is_bounded_and_what_is_read_stays() -> None:
    page = len(TEXT) + OVERHEAD
    blog = Blog(limit=page * 20)
    for number in range(200):
        blog.get(f"/{number}", headers={"Accept-Encoding": "identity"})
        blog.get("/favourite")
    assert blog.asked == 201
    before = blog.asked
    for number in range(200):
        blog.get(f"/{number}")
    kept = 200 - (blog.asked - before)
    assert kept < 20


def test_compressed_copies_count_as_memory_too() -> None:
    blog = Blog(limit=(len(TEXT) + OVERHEAD) * 10)
    for number in range(10):
        blog.get(f"/{number}")
    assert blog.asked == 10
    for number in range(10):
        blog.get(f"/{number}", headers={"Accept-Encoding": "br"})
        blog.get(f"/{number}", headers={"Accept-Encoding": "gzip"})
    assert blog.asked > 10


def test_page_too_large_for_the_memory_is_sent_and_not_kept() -> None:
    blog = Blog(limit=50_000)
    blog.body = b"x" * 60_000
    assert blog.get().data == blog.get().data == blog.body
    assert blog.asked == 2


def test_cache_of_no_size_keeps_nothing() -> None:
    blog = Blog(limit=0)
    assert blog.get().data == blog.get().data == TEXT
    assert blog.asked == 2
