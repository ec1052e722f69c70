"""Which pages the cache keeps, for whom, for how long and in how much memory."""

import pytest

from homeport.serving.cache import best_coding
from homeport.serving.pages import OVERHEAD
from tests.serving.one_page import TEXT, OnePage


@pytest.fixture
def blog() -> OnePage:
    return OnePage()


def test_second_reader_is_answered_from_memory(blog: OnePage) -> None:
    first, second = blog.get(), blog.get()
    assert blog.asked == 1
    assert first.data == second.data == TEXT
    assert dict(first.headers) == dict(second.headers)
    assert second.headers["Content-Length"] == str(len(TEXT))


def test_reader_after_a_change_gets_the_new_page(blog: OnePage) -> None:
    blog.get()
    blog.version, blog.body = 2, b"<p>new</p>"
    assert blog.get().data == b"<p>new</p>"


def test_page_that_was_made_while_somebody_wrote_is_not_served(blog: OnePage) -> None:
    def write() -> None:
        blog.version = 2

    blog.before_answering = write
    blog.get()
    blog.before_answering, blog.body = lambda: None, b"new"
    assert blog.get().data == b"new"


def test_late_old_page_does_not_displace_the_new_one(blog: OnePage) -> None:
    def two_writes_and_a_reader() -> None:
        blog.before_answering = lambda: None
        blog.version, blog.body = 2, b"new"
        blog.get()
        blog.body = b"old"

    blog.before_answering = two_writes_and_a_reader
    blog.get()
    assert (blog.get().data, blog.asked) == (b"new", 2)


def test_a_page_that_takes_its_time_does_not_hold_up_another(blog: OnePage) -> None:
    answers = []

    def somebody_else_asks() -> None:
        blog.before_answering = lambda: None
        answers.append(blog.get("/another"))

    blog.before_answering = somebody_else_asks
    blog.get("/slow")
    assert [answer.data for answer in answers] == [TEXT]


def test_a_page_that_failed_lets_the_next_one_be_made_at_once(blog: OnePage) -> None:
    def fail() -> None:
        raise RuntimeError

    blog.before_answering = fail
    with pytest.raises(RuntimeError):
        blog.get()
    blog.before_answering = lambda: None
    assert blog.get().data == TEXT


def test_nothing_is_served_from_memory_while_the_version_is_unknown(blog: OnePage) -> None:
    blog.get()
    blog.version = None
    blog.get()
    blog.get()
    assert blog.asked == 3


def test_file_with_a_fingerprint_survives_every_change(blog: OnePage) -> None:
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
def test_somebody_with_an_account_never_meets_the_cache(blog: OnePage, headers: dict[str, str]) -> None:
    blog.body = b"for me alone"
    assert blog.get(headers=headers).data == b"for me alone"
    blog.body = TEXT
    assert blog.get().data == TEXT
    blog.body = b"for me alone"
    assert blog.get(headers=headers).data == b"for me alone"


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"])
def test_only_reading_is_answered_from_memory(blog: OnePage, method: str) -> None:
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
def test_answer_for_one_person_is_not_kept_even_if_its_ticket_says_so(blog: OnePage, header: tuple[str, str]) -> None:
    blog.headers = [("Content-Type", "text/html"), header]
    assert header in list(blog.get().headers)
    blog.get()
    assert blog.asked == 2


@pytest.mark.parametrize("status", ["404 NOT FOUND", "302 FOUND", "500 INTERNAL SERVER ERROR", "206 PARTIAL CONTENT"])
def test_only_whole_pages_are_kept(blog: OnePage, status: str) -> None:
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
def test_each_address_has_a_page_of_its_own(blog: OnePage, other: dict[str, str]) -> None:
    blog.get()
    blog.body = b"other"
    assert blog.get(**other).data == b"other"


def test_request_id_of_the_first_reader_is_not_given_to_the_second(blog: OnePage) -> None:
    blog.headers.append(("X-Request-Id", "of-the-first"))
    assert "X-Request-Id" not in blog.get().headers
    assert "X-Request-Id" not in blog.get().headers


def test_made_up_headers_do_not_fill_the_memory(blog: OnePage) -> None:
    for number in range(2000):
        blog.get(headers={"Accept-Encoding": f"x{number}"})
    assert best_coding.cache_info().currsize <= 256
    assert blog.asked == 1


def test_a_long_header_is_not_remembered(blog: OnePage) -> None:
    before = best_coding.cache_info().misses
    answer = blog.get(headers={"Accept-Encoding": "br, " + "x" * 100_000})
    assert answer.data == TEXT
    assert best_coding.cache_info().misses == before


def test_long_addresses_count_as_memory_too() -> None:
    blog = OnePage(limit=400_000)
    for number in range(30):
        blog.get("/?" + "&" * (20_000 + number))
    assert blog.asked == 30
    for number in range(30):
        blog.get("/?" + "&" * (20_000 + number))
    assert blog.asked > 40


def test_memory_is_bounded_and_what_is_read_stays() -> None:
    page = len(TEXT) + OVERHEAD
    blog = OnePage(limit=page * 20)
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
    blog = OnePage(limit=(len(TEXT) + OVERHEAD) * 10)
    for number in range(10):
        blog.get(f"/{number}")
    assert blog.asked == 10
    for number in range(10):
        blog.get(f"/{number}", headers={"Accept-Encoding": "br"})
        blog.get(f"/{number}", headers={"Accept-Encoding": "gzip"})
    assert blog.asked > 10


def test_page_too_large_for_the_memory_is_sent_and_not_kept() -> None:
    blog = OnePage(limit=50_000)
    blog.body = b"x" * 60_000
    assert blog.get().data == blog.get().data == blog.body
    assert blog.asked == 2


def test_cache_of_no_size_keeps_nothing() -> None:
    blog = OnePage(limit=0)
    assert blog.get().data == blog.get().data == TEXT
    assert blog.asked == 2
