"""The form a kept page is sent in: whole or only its head, compressed or not, or not at all for who has it already."""

import gzip
from typing import Any

import brotli
import pytest

from tests.serving.one_page import TEXT, OnePage


@pytest.fixture
def blog() -> OnePage:
    return OnePage()


def test_head_answers_as_get_without_the_body(blog: OnePage) -> None:
    missed = blog.reader.head("/")
    got, hit = blog.get(), blog.reader.head("/")
    assert blog.asked == 1
    assert dict(missed.headers) == dict(got.headers) == dict(hit.headers)
    assert missed.data == hit.data == b""


def test_head_of_a_page_that_is_not_kept_has_no_body(blog: OnePage) -> None:
    blog.version = None
    answer = blog.reader.head("/")
    assert (answer.data, answer.headers["Content-Length"]) == (b"", str(len(TEXT)))


@pytest.mark.parametrize("form", ["{}", "W/{}", '"another", {}', '"another",W/{} , "x"', "*"])
@pytest.mark.parametrize("coding", ["", "gzip", "br"])
def test_browser_that_has_the_page_is_told_so(blog: OnePage, form: str, coding: str) -> None:
    asked_with = {"Accept-Encoding": coding}
    whole = blog.get(headers=asked_with)
    answer = blog.get(headers={**asked_with, "If-None-Match": form.format(whole.headers["ETag"])})
    assert (answer.status_code, answer.data) == (304, b"")
    for name in ("ETag", "Cache-Control", "Vary"):
        assert answer.headers[name] == whole.headers[name]
    assert "Content-Length" not in answer.headers
    assert "Content-Encoding" not in answer.headers


@pytest.mark.parametrize("tag", ['"another"', "", "W/", "etag", '"'])
def test_browser_with_another_page_gets_the_whole_one(blog: OnePage, tag: str) -> None:
    assert blog.get(headers={"If-None-Match": tag}).status_code == 200


def test_same_text_keeps_its_etag_when_another_page_has_changed(blog: OnePage) -> None:
    etag = blog.get().headers["ETag"]
    blog.version = 2
    assert blog.get(headers={"If-None-Match": etag}).status_code == 304


def test_codings_have_etags_of_their_own(blog: OnePage) -> None:
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
def test_reader_gets_the_coding_it_asked_for(blog: OnePage, accept: str, coding: str | None) -> None:
    undo = {None: bytes, "gzip": gzip.decompress, "br": brotli.decompress}
    for _ in range(2):
        answer = blog.get(headers={"Accept-Encoding": accept})
        assert answer.headers.get("Content-Encoding") == coding
        assert answer.headers["Vary"] == "Accept-Encoding"
        assert answer.headers["Content-Length"] == str(len(answer.data))
        assert undo[coding](answer.data) == TEXT
    assert (coding is None) == (len(answer.data) == len(TEXT))


def test_page_is_compressed_once(blog: OnePage, monkeypatch: pytest.MonkeyPatch) -> None:
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
def test_what_would_not_shrink_is_sent_as_it_is(blog: OnePage, kind: str, body: bytes) -> None:
    blog.headers, blog.body = [("Content-Type", kind)], body
    answer = blog.get(headers={"Accept-Encoding": "gzip, br"})
    assert answer.data == body
    assert "Content-Encoding" not in answer.headers
    assert "Vary" not in answer.headers
