"""A blog of one page, behind the page cache: a WSGI application that counts how often it is asked."""

from collections.abc import Callable, Iterable
from typing import Any
from wsgiref.types import StartResponse, WSGIEnvironment

from werkzeug.test import Client, TestResponse

from homeport.serving.cache import page_cache

TEXT = b"<p>A page that is long enough to be worth compressing.</p>" * 40


class OnePage:
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
