"""Requests that no page of the blog sends: wrong hosts, methods, sizes and bytes. None may end as a crash."""

import socket
from urllib.parse import quote_from_bytes

import pytest
from flask import Flask, request

from homeport.app import create_app
from homeport.core.config import Config
from homeport.core.http import public
from tests.conftest import Browser
from tests.listening import listening

MEGABYTE = 1_000_000
SAME_ORIGIN = {"Sec-Fetch-Site": "same-origin"}
MULTIPART = "multipart/form-data; boundary=b"
PART = b'--b\r\nContent-Disposition: form-data; name="text"\r\n\r\n'
BROKEN = [b"\xff\xfe", b"caf\xe9", b"\xed\xa0\x80", b"a\x00b", b"\xf4\x90\x80\x80", b"%", b"\xc0\xaf"]


@pytest.fixture
def echo(app: Flask) -> Flask:
    """With a form that answers how long the text was that it got."""

    @app.post("/echo")
    @public
    def answer() -> str:
        return str(len(request.form.get("text", "")))

    return app


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_an_unknown_host_is_told_which_setting_would_make_it_known(client: Browser, method: str) -> None:
    answer = client.open("/", method=method, headers={"Host": "evil.example", **SAME_ORIGIN})
    assert answer.status_code == 400
    assert "does not answer to the name “evil.example”" in answer.text
    assert "allowed_hosts" in answer.text
    assert 'href="http' not in answer.text


def test_a_hosts_name_is_not_markup(client: Browser) -> None:
    answer = client.get("/", headers={"Host": "<script>alert(1)</script>"})
    assert answer.status_code == 400
    assert "<script>alert" not in answer.text


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1:8000", "blog.example.com", "raspberrypi.local"])
def test_the_blogs_own_names_are_answered(config: Config, host: str) -> None:
    named = Config(data=config.data, domain="blog.example.com", allowed_hosts=("raspberrypi.local",))
    assert create_app(named).test_client().get("/archive", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "localhost", "X-Forwarded-Host": "evil.example"},
        {"Host": "localhost", "Forwarded": "host=evil.example"},
        {"Host": "localhost", "X-Forwarded-Proto": "https", "X-Forwarded-Prefix": "/evil"},
    ],
)
def test_no_header_gets_another_host_into_a_page(client: Browser, headers: dict[str, str]) -> None:
    answer = client.get("/", headers=headers)
    assert answer.status_code == 200
    assert "evil" not in answer.text
    assert 'rel="canonical" href="http://localhost:8000/"' in answer.text


def test_trace_gives_nothing_back(client: Browser) -> None:
    answer = client.open("/", method="TRACE", headers={"X-Secret": "planted"})
    assert answer.status_code in {403, 405}
    assert "planted" not in answer.text


def test_options_names_the_methods_and_changes_nothing(client: Browser) -> None:
    answer = client.open("/login", method="OPTIONS")
    assert answer.status_code == 200
    assert set(answer.headers["Allow"].split(", ")) == {"GET", "HEAD", "OPTIONS", "POST"}
    assert answer.data == b""


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "PROPFIND", "BREW"])
def test_other_methods_are_refused(client: Browser, method: str) -> None:
    assert client.open("/", method=method, headers=SAME_ORIGIN).status_code == 405


def test_a_form_of_ten_megabytes_is_refused_before_it_is_read(echo: Flask) -> None:
    client = echo.test_client()
    assert client.post("/echo", data={"text": "x" * 10 * MEGABYTE}, headers=SAME_ORIGIN).status_code == 413
    part = PART + b"x" * 10 * MEGABYTE + b"\r\n--b--\r\n"
    multipart = client.post("/echo", data=part, headers=SAME_ORIGIN, content_type=MULTIPART)
    assert multipart.status_code == 413
    assert "too large" in multipart.text
    assert client.post("/echo", data={"text": "x" * 3 * MEGABYTE}, headers=SAME_ORIGIN).text == str(3 * MEGABYTE)


def test_a_body_of_any_kind_ends_at_sixteen_megabytes(echo: Flask) -> None:
    body = b"x" * 17 * 1024 * 1024
    answer = echo.test_client().post(
        "/echo", data=body, headers=SAME_ORIGIN, content_type="multipart/form-data; boundary=b"
    )
    assert answer.status_code == 413


def test_a_form_of_many_parts_is_refused(echo: Flask) -> None:
    parts = (PART + b"x\r\n") * 600 + b"--b--\r\n"
    answer = echo.test_client().post("/echo", data=parts, headers=SAME_ORIGIN, content_type=MULTIPART)
    assert answer.status_code == 413


@pytest.mark.parametrize(
    "raw", [b"\xff\xfe", b"caf\xe9", b"\xed\xa0\x80", b"a\x00b", b"\xf4\x90\x80\x80", b"%", b"\xc0\xaf"]
)
def test_broken_utf8_in_a_path_finds_nothing(client: Browser, raw: bytes) -> None:
    for prefix in ("/", "/posts/", "/tags/", "/authors/", "/archive/", "/static/", "/media/", "/write/"):
        answer = client.get(prefix + quote_from_bytes(raw))
        assert answer.status_code in {303, 404}, prefix
    assert client.get("/?before=" + quote_from_bytes(raw)).status_code == 404


@pytest.mark.parametrize("address", ["/a%00b", "/tags/%00", "/?before=%00", "/?made-up=%00", "/login?next=%00"])
def test_a_nul_is_in_no_address(client: Browser, address: str) -> None:
    assert client.get(address).status_code == 404


def test_broken_utf8_in_a_form_is_read_with_replacement_marks(echo: Flask) -> None:
    client, form = echo.test_client(), "application/x-www-form-urlencoded"
    encoded = client.post("/echo", data=b"text=a%ff%feb&more=%ed%a0%80", headers=SAME_ORIGIN, content_type=form)
    assert encoded.status_code == 200
    raw = client.post("/echo", data=b"text=\xff\xfe", headers=SAME_ORIGIN, content_type=form)
    assert raw.status_code in {200, 400}
    part = PART + b"a\xff\xfeb\r\n--b--\r\n"
    multipart = client.post("/echo", data=part, headers=SAME_ORIGIN, content_type=MULTIPART)
    assert multipart.status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"Cookie": "sid=\xff\xfe; message=\xe9"},
        {"Cookie": "sid=" + "x" * 5000},
        {"Accept": "\xff;q=9, application/json;q=x"},
        {"If-None-Match": '"' + "x" * 3000},
        {"If-Modified-Since": "the day before yesterday"},
        {"Range": "bytes=999999999999-1"},
        {"Content-Length": "-1"},
        {"Content-Type": "multipart/form-data"},
    ],
)
def test_strange_headers_are_no_crash(client: Browser, headers: dict[str, str]) -> None:
    assert client.get("/", headers=headers).status_code < 500
    assert client.post("/login", headers={**headers, **SAME_ORIGIN}).status_code < 500


def test_a_body_that_ends_early_is_no_crash(echo: Flask) -> None:
    head = "POST /echo HTTP/1.1\r\nHost: localhost\r\nSec-Fetch-Site: same-origin\r\nContent-Length: 100\r\n"
    head += "Content-Type: application/x-www-form-urlencoded\r\n\r\ntext=abc"
    with (
        listening(echo) as server,
        socket.create_connection(("127.0.0.1", server.server_port), timeout=10) as connection,
    ):
        connection.sendall(head.encode())
        connection.shutdown(socket.SHUT_WR)
        status = connection.recv(100).split()[1]
    assert status in {b"200", b"400"}
