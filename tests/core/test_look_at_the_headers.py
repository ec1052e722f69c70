"""A browser is told what a page may do, on every answer, whatever its status."""

import pytest
from flask import Flask, abort

from homeport.app import create_app
from homeport.core.config import Config
from homeport.core.fixed_headers import CONTENT_SECURITY_POLICY
from homeport.core.http import public
from tests.cast import Cast
from tests.conftest import Browser

SAME_ORIGIN = {"Sec-Fetch-Site": "same-origin"}
EXPECTED = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
}


@pytest.fixture
def answering(app: Flask) -> Flask:
    """With a page for each status."""

    @app.get("/status/<int:code>")
    @public
    def status(code: int) -> str:
        if code == 500:
            raise ZeroDivisionError
        abort(code)

    return app


def test_the_policy_forbids_what_is_inline_and_what_is_foreign() -> None:
    directives = dict(part.split(" ", 1) for part in CONTENT_SECURITY_POLICY.split("; "))
    assert "unsafe" not in CONTENT_SECURITY_POLICY
    assert "http" not in CONTENT_SECURITY_POLICY
    assert "*" not in CONTENT_SECURITY_POLICY
    for name in ("default-src", "object-src", "base-uri", "frame-ancestors"):
        assert directives[name] == "'none'"
    assert directives["script-src"] == "'self'"


@pytest.mark.parametrize("code", [400, 401, 403, 404, 405, 409, 413, 429, 500, 503])
def test_every_error_carries_them(answering: Flask, code: int) -> None:
    answer = answering.test_client().get(f"/status/{code}")
    assert answer.status_code == code
    for name, value in EXPECTED.items():
        assert answer.headers[name] == value
    assert answer.headers["X-Request-Id"]


def test_every_page_carries_them(app: Flask, everybody: Cast) -> None:
    client = app.test_client()
    for rule in app.url_map.iter_rules():
        path = rule.rule
        for name in rule.arguments:
            path = path.replace(f"<int:{name}>", "1").replace(f"<path:{name}>", "x").replace(f"<{name}>", "x")
        for method in {"GET", "POST"} & (rule.methods or set()):
            answer = client.open(path, method=method, headers=SAME_ORIGIN)
            for name, value in EXPECTED.items():
                assert value in answer.headers[name] or name in {"Content-Security-Policy", "Referrer-Policy"}, path
            assert "unsafe" not in answer.headers["Content-Security-Policy"], path
            assert answer.headers["Cache-Control"], path


def test_https_stays_https_for_a_year_and_more(config: Config) -> None:
    secure = create_app(Config(data=config.data, domain="blog.example.com"))
    for path in ("/archive", "/none"):
        found = (
            secure.test_client().get(path, headers={"Host": "blog.example.com"}).headers["Strict-Transport-Security"]
        )
        assert int(found.removeprefix("max-age=").split(";")[0]) >= 31536000


def test_plain_http_at_home_is_not_made_https_forever(client: Browser) -> None:
    assert "Strict-Transport-Security" not in client.get("/archive").headers
