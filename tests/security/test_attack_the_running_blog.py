"""Raw requests to a blog that really runs: other hosts, other methods, other files, two requests in one."""

import re
import socket
from collections.abc import Iterator

import pytest

from tests.serving.running import Running, ask, running

HOST = b"Host: localhost\r\n"
END = b"Connection: close\r\n\r\n"
PLANTED = "planted-secret"


@pytest.fixture(scope="module")
def blog(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A blog that logs everything it can."""
    with running(tmp_path_factory.mktemp("attacked") / "data", log_level="debug") as blog:
        yield blog


def raw(blog: Running, request: bytes) -> bytes:
    """Everything that comes back."""
    with socket.create_connection(("127.0.0.1", blog.port), timeout=20) as connection:
        connection.sendall(request)
        return b"".join(iter(lambda: connection.recv(65536), b""))


def status(answer: bytes) -> int:
    return int(answer.split()[1])


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (b"TRACE / HTTP/1.1\r\nX-Secret: planted-secret\r\n", {403, 405}),
        (b"CONNECT localhost:80 HTTP/1.1\r\n", {400, 403, 405}),
        (b"PROPFIND / HTTP/1.1\r\n", {403, 405}),
        (b"GET /.git/config HTTP/1.1\r\n", {404}),
        (b"GET /.env HTTP/1.1\r\n", {404}),
        (b"GET /console HTTP/1.1\r\n", {404}),
        (b"GET /?__debugger__=yes&cmd=resource&f=style.css HTTP/1.1\r\n", {200}),
        (b"GET /static/ HTTP/1.1\r\n", {404}),
        (b"GET /media/ HTTP/1.1\r\n", {404}),
        (b"GET /homeport.db HTTP/1.1\r\n", {404}),
        (b"GET /media/../homeport.db HTTP/1.1\r\n", {404}),
        (b"GET /media/%2e%2e%2fhomeport.db HTTP/1.1\r\n", {404}),
        (b"GET /media/..%5chomeport.db HTTP/1.1\r\n", {404}),
        (b"GET /static/css%2F..%2F..%2F..%2F..%2Fcore%2Fconfig.py HTTP/1.1\r\n", {404}),
        (b"GET /static/../../../../../../etc/passwd HTTP/1.1\r\n", {404}),
        (b"GET //evil.example/%2e%2e HTTP/1.1\r\n", {404}),
        (b"GET /\xff\xfe HTTP/1.1\r\n", {400, 404}),
        (b"GET /?" + b"a" * 100_000 + b" HTTP/1.1\r\n", {414}),
        (b"GET / HTTP/1.1\r\n" + b"".join(b"X%d: a\r\n" % number for number in range(2000)), {431}),
        (b"GET / HTTP/1.1\r\nX: a\x00b\r\n", {400}),
    ],
)
def test_what_is_no_page_is_no_page(blog: Running, line: bytes, expected: set[int]) -> None:
    answer = raw(blog, line + HOST + END)
    assert status(answer) in expected
    for inside in (b"planted-secret", b"SQLite format", b"root:", b"Traceback", b"Werkzeug", b"import ", b"[core]"):
        assert inside not in answer


@pytest.mark.parametrize(
    "request_",
    [
        b"GET / HTTP/1.1\r\nHost: evil.example\r\n",
        b"GET http://evil.example/ HTTP/1.1\r\nHost: evil.example\r\n",
        b"GET http://localhost/ HTTP/1.1\r\nHost: evil.example\r\n",
        b"GET / HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\n",
        b"GET /archive/ HTTP/1.1\r\nHost: localhost:@evil.example\r\n",
        b"GET / HTTP/1.1\r\nHost: localhost.evil.example\r\n",
        b"GET / HTTP/1.1\r\n",
        b"GET / HTTP/1.1\r\nHost:\r\n",
    ],
)
def test_only_to_its_own_names_the_blog_answers(blog: Running, request_: bytes) -> None:
    answer = raw(blog, request_ + END)
    assert status(answer) == 400
    assert b"location:" not in answer.lower()


@pytest.mark.parametrize(
    "headers",
    [
        b"X-Forwarded-Host: evil.example\r\n",
        b"Forwarded: host=evil.example\r\n",
        b"X-Forwarded-Proto: https\r\n",
        b"X-Original-URL: /admin/people\r\n",
        b"X-Rewrite-URL: /admin/people\r\n",
        b"X-HTTP-Method-Override: DELETE\r\n",
    ],
)
def test_no_header_bends_a_page_or_what_the_next_reader_gets(blog: Running, headers: bytes) -> None:
    plain = ask(blog.port, "/archive")
    bent = raw(blog, b"GET /archive HTTP/1.1\r\n" + HOST + headers + END)
    assert status(bent) == 200
    assert bent.endswith(plain.body)
    assert ask(blog.port, "/archive").body == plain.body


@pytest.mark.parametrize(
    "framing",
    [
        b"Content-Length: 5\r\nContent-Length: 6\r\n",
        b"Content-Length: -1\r\n",
        b"Content-Length: +5\r\n",
        b"Content-Length: 5, 6\r\n",
        b"Transfer-Encoding: chunked, identity\r\n",
        b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n",
    ],
)
def test_nobody_smuggles_a_second_request(blog: Running, framing: bytes) -> None:
    inner = b"GET /smuggled HTTP/1.1\r\nHost: localhost\r\n\r\n"
    answer = raw(blog, b"POST /login HTTP/1.1\r\n" + HOST + framing + END + b"0\r\n\r\n" + inner)
    assert answer.count(b"HTTP/1.1 ") == 1
    assert status(answer) in {400, 403}


def test_no_secret_that_came_along_is_in_the_log(blog: Running) -> None:
    for target in (f"/setup?token={PLANTED}", f"/reset?token={PLANTED}", f"/login?next=/{PLANTED}"):
        raw(blog, f"GET {target} HTTP/1.1\r\n".encode() + HOST + f"Cookie: sid={PLANTED}\r\n".encode() + END)
    form = f"email=a%40example.org&password={PLANTED}&token={PLANTED}".encode()
    kind = b"Content-Type: application/x-www-form-urlencoded\r\nSec-Fetch-Site: same-origin\r\n"
    for path in ("/login", "/reset", "/setup"):
        head = f"POST {path} HTTP/1.1\r\nContent-Length: {len(form)}\r\n".encode()
        assert status(raw(blog, head + kind + HOST + END + form)) < 500
    link = re.search(r"token=(\S+)", blog.setup_link())
    assert link
    written = blog.log.read_text()
    assert PLANTED not in written
    assert link[1] not in written
