"""What a reader writes in headers and request targets changes nothing: who they are to throttles and logs, and where
links lead. Through the edge, as strangers come."""

import re
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import closing

import pytest

from homeport.accounts.throttle import NETWORK
from tests.https.blog import Blog, curl, eventually, serving
from tests.https.lab import DOMAIN, INTERNET, lab
from tests.https.lab import HOME as HOME_ADDRESS

HOME = f"https://{DOMAIN}/"
PASSWORD = "a long password of his"
SPOOFED = [
    "X-Forwarded-For: 203.0.113.9",
    "X-Forwarded-For: 203.0.113.9, 127.0.0.1",
    "Forwarded: for=203.0.113.9;proto=http;host=evil.example",
    "X-Real-IP: 203.0.113.9",
    "X-Forwarded-Host: evil.example",
    "X-Forwarded-Proto: http",
    "X-Forwarded-Prefix: /evil",
    "X-Forwarded-Port: 1",
    "True-Client-IP: 203.0.113.9",
    "X_Forwarded_For: 203.0.113.9",
    "X-Forwarded_For: 203.0.113.9",
    "X_Forwarded_Proto: http",
]
ALL_SPOOFED = [part for header in SPOOFED for part in ("-H", header)]


@pytest.fixture(scope="module")
def blog() -> Iterator[Blog]:
    """A blog on HTTPS, and an account."""
    with lab() as it, serving(it, https_method="internal") as blog:
        eventually(lambda: blog.ask(HOME).status == 200, "HTTPS")
        command = [sys.executable, "-m", "homeport.cli", "user", "add", "charlie@example.com", "--name", "Charlie"]
        command += ["--role", "reader", "--password-stdin", "--data", str(blog.data)]
        it.home.run(*command, text=f"{PASSWORD}\n")
        yield blog


def log_in(blog: Blog, *options: str, email: str = "charlie@example.com", password: str = PASSWORD) -> int:
    fields = ["--data-urlencode", f"email={email}", "--data-urlencode", f"password={password}"]
    return blog.ask(f"{HOME}login", *fields, "-H", "Sec-Fetch-Site: same-origin", *options).status


def stored(blog: Blog, query: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(blog.data / "homeport.db")) as connection:
        return connection.execute(query).fetchall()


def test_login_is_noted_with_the_address_the_reader_came_from(blog: Blog) -> None:
    assert log_in(blog, *ALL_SPOOFED) == 303
    addresses = {address for (address,) in stored(blog, "select address from auth_sessions")}
    assert addresses == {INTERNET}
    assert "203.0.113.9" not in str(stored(blog, "select * from audit_events, audit_details"))
    assert "203.0.113.9" not in blog.said()


@pytest.mark.parametrize("header", SPOOFED)
def test_page_is_the_same_whatever_the_header_says(blog: Blog, header: str) -> None:
    plain, spoofed = blog.ask(HOME), blog.ask(HOME, "-H", header)
    assert (spoofed.status, spoofed.body) == (200, plain.body)
    assert spoofed.headers["etag"] == plain.headers["etag"]
    assert "evil.example" not in spoofed.body


def test_page_in_the_memory_is_that_of_https(blog: Blog) -> None:
    assert blog.ask_at_home("/").status == 200
    assert f'<link rel="canonical" href="{HOME}">' in blog.ask(HOME).body


@pytest.mark.parametrize("target", [f"https://{DOMAIN}/archive", f"http://{DOMAIN}/archive"])
def test_absolute_target_is_the_page_of_its_path(blog: Blog, target: str) -> None:
    answer = blog.ask(f"{HOME}x", "--http1.1", "--request-target", target)
    assert answer.status == 200
    assert "evil.example" not in answer.body


@pytest.mark.parametrize("target", ["http://evil.example/", "https://evil.example/archive", "http:evil.example/"])
def test_absolute_target_of_another_host_is_no_page_of_the_blog(blog: Blog, target: str) -> None:
    answer = blog.ask(HOME, "--http1.1", "--request-target", target)
    assert answer.status in {400, 404, 421}
    assert "<title>" not in answer.body or "A blog at home" not in answer.body


@pytest.mark.parametrize("options", [["--http1.1"], ["--http2"]])
def test_foreign_host_is_no_page_of_the_blog(blog: Blog, options: list[str]) -> None:
    answer = blog.ask(HOME, *options, "-H", "Host: evil.example")
    assert answer.status in {403, 421}
    assert "A blog at home" not in answer.body


@pytest.mark.parametrize("address", ["https://evil.example/", "https://198.51.100.10/"])
def test_foreign_name_gets_no_connection(blog: Blog, address: str) -> None:
    answer = blog.ask(address, "--resolve", "evil.example:443:198.51.100.10")
    assert answer.status == 0
    assert "alert" in answer.error


@pytest.mark.parametrize(
    ("target", "host"),
    [("/", "evil.example"), ("http://evil.example/", DOMAIN), ("http:.evil.example/", DOMAIN), ("*", DOMAIN)],
)
def test_port_80_leads_nowhere_else(blog: Blog, target: str, host: str) -> None:
    answer = blog.ask(f"http://{DOMAIN}/", "--request-target", target, "-H", f"Host: {host}")
    assert answer.status in {400, 404, 421}
    assert "location" not in answer.headers


@pytest.mark.parametrize("path", ["//evil.example/", "/\\evil.example", "/a?next=//evil.example"])
def test_port_80_leads_to_the_blog_whatever_the_path(blog: Blog, path: str) -> None:
    answer = blog.ask(f"http://{DOMAIN}/", "--request-target", path, *ALL_SPOOFED)
    assert answer.status == 308
    assert re.match(re.escape(HOME), answer.headers["location"])


def test_challenge_that_somebody_left_in_the_folder_is_served_and_nothing_else(blog: Blog) -> None:
    (blog.data / "caddy" / "challenges" / "token-1").write_text("token-1.thumb")
    path = f"http://{DOMAIN}/.well-known/acme-challenge/"
    assert blog.ask(f"{path}token-1").body == "token-1.thumb"
    for other in ("", "other", "../caddy.json", "%2e%2e/caddy.json", "..%2fcaddy.json"):
        answer = blog.ask(path + other, "--path-as-is")
        assert answer.status in {308, 400, 404}, other
        assert "admin" not in answer.body


@pytest.mark.parametrize("header", [*SPOOFED, ""])
def test_throttle_counts_a_stranger_by_their_own_address(blog: Blog, header: str) -> None:
    one, every = ["-H", header] if header else ALL_SPOOFED, "SELECT subject, count(*) FROM attempts GROUP BY subject"
    before = stored(blog, every)
    # Another name each time: what is counted against a name says nothing about where somebody came from.
    assert log_in(blog, *one, email=f"nobody-{len(before)}@example.com", password="wrong wrong wrong") in {422, 429}
    counted = stored(blog, every)
    networks = {subject for subject, _times in counted if str(subject).startswith("network:")}
    assert networks == {NETWORK.subject(INTERNET)}
    assert counted != before


def test_proxy_that_is_trusted_is_believed_and_a_stranger_beside_it_is_not() -> None:
    with lab() as it, serving(it, https_method="internal", trusted_proxies=INTERNET) as blog:
        eventually(lambda: blog.ask(HOME).status == 200, "HTTPS")
        said = ["-H", "X-Forwarded-For: 203.0.113.9"]
        command = [sys.executable, "-m", "homeport.cli", "user", "add", "charlie@example.com", "--name", "Charlie"]
        command += ["--role", "reader", "--password-stdin", "--data", str(blog.data)]
        it.home.run(*command, text=f"{PASSWORD}\n")
        assert log_in(blog, *said) == 303
        beside = ["--data-urlencode", "email=charlie@example.com", "--data-urlencode", f"password={PASSWORD}"]
        beside += ["-H", "Sec-Fetch-Site: same-origin", "--connect-to", f"::{HOME_ADDRESS}:443", *said]
        assert curl(it.home.command(), f"{HOME}login", *beside).status == 303
        addresses = [address for (address,) in stored(blog, "select address from auth_sessions order by created_at")]
        assert addresses == ["203.0.113.9", HOME_ADDRESS]
