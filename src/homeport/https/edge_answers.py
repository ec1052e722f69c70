"""What the edge answers by itself, without a web process: sentences for people, and the same for programs."""

import json
from collections.abc import Mapping
from typing import Any

from homeport.core.config import Config
from homeport.core.fixed_headers import fixed_headers
from homeport.core.waiting import MOST_BYTES, TOO_LARGE

Json = dict[str, Any]

HTML, TEXT, JSON = "text/html; charset=utf-8", "text/plain; charset=utf-8", "application/json"

STARTING = (
    "Just a moment",
    "This blog is being started and can't show its pages right now. Please try again in a few seconds.",
    "You run this blog? What <code>homeport serve</code> writes says what is going on.",
)

# Who would rather have JSON, as the web server sees it, near enough: `homeport.ui.pages.prefers_json`.
PROGRAMS = [{"path": ["/api/*"]}, {"header": {"Accept": ["application/json*"]}}]


def says(
    config: Config, status: int | str, body: str, kind: str = TEXT, headers: Mapping[str, str] | None = None
) -> Json:
    """For Caddy: an answer that nobody keeps and that loads nothing."""
    stricter = {"Content-Security-Policy": "default-src 'none'", "Cache-Control": "no-store", "Content-Type": kind}
    lists = {name: [value] for name, value in {**fixed_headers(config), **stricter, **(headers or {})}.items()}
    return {"handler": "static_response", "status_code": status, "headers": lists, "body": body}


def misdirected(config: Config) -> Json:
    """For Caddy: this server is not the one for that name (RFC 9110, 15.5.20)."""
    return {"handle": [says(config, 421, "This is not the server of that name.\n")], "terminal": True}


def errors(config: Config) -> list[Json]:
    """For Caddy: what is said where the web server can't be had, and of every other error."""
    starting = says(config, 503, _page(*STARTING), HTML, {"Retry-After": "5"})
    other = says(config, "{http.error.status_code}", "{http.error.status_code} {http.error.status_text}\n")
    return [
        {"match": [_error("502", "503", "504")], "handle": [starting], "terminal": True},
        {"match": [_error("413")], "handle": _too_large(config), "terminal": True},
        {"handle": [other]},
    ]


def _error(*statuses: str) -> Json:
    return {"vars": {"{http.error.status_code}": list(statuses)}}


def too_large(config: Config) -> Json:
    """For Caddy: who announces more than the web server takes is told at once, as it would tell them.

    It would answer while the rest still comes, which Caddy may take for a broken connection.
    """
    announced = {"header_regexp": {"Content-Length": {"pattern": above(MOST_BYTES)}}}
    return {"match": [announced], "handle": _too_large(config)}


def _too_large(config: Config) -> list[Json]:
    code, message, hint = TOO_LARGE
    error = {"code": code, "message": message, "hint": hint, "request_id": ""}
    program = says(config, 413, json.dumps({"error": error}) + "\n", JSON)
    person = says(config, 413, _page(message, hint), HTML)
    return [
        {"handler": "subroute", "routes": [{"match": PROGRAMS, "handle": [program], "terminal": True}]},
        person,
    ]


def above(number: int) -> str:
    """The regular expression of all decimal numbers above this one."""
    digits = str(number)
    larger = [f"[1-9][0-9]{{{len(digits)},}}"]
    for at, digit in enumerate(digits):
        if digit < "9":
            larger.append(f"{digits[:at]}[{int(digit) + 1}-9][0-9]{{{len(digits) - at - 1}}}")
    return f"^0*(?:{'|'.join(larger)})$"


def _page(title: str, *sentences: str) -> str:
    lines = "\n".join(f"<p>{sentence}</p>" for sentence in sentences)
    return f"""<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>{title}</title>
<h1>{title}</h1>
{lines}
</html>
"""
