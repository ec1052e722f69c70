"""The page cache: WSGI middleware in front of Flask that answers from memory, and never with an old page.

A view says through its ticket (`core.http.Ticket`) which version of the site its page was made from, read in the page's
own snapshot. Each request learns the site's present version *before* it looks for a page, and a page of any other
version is not an answer. So a write that was answered before a reader asks is in what the reader is given; there is no
time-out, and nothing to purge. Who brings a session cookie or `Authorization` never meets the cache, either way.
"""

import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import Any
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from homeport.core.http import TICKET, Ticket
from homeport.core.watching import PAGE_CACHE
from homeport.serving.pages import BROTLI, FOREVER, GZIP, IDENTITY, Headers, Key, Page, Variant

Current = Callable[[], int | None]
Offer = Callable[[Key, Page], None]

# Seconds that making a page waits for the one being made to be finished. Threads that make pages side by side hand the
# interpreter to each other at every question to the database, which costs a third of all pages; a slow page, on the
# other hand, must not hold up the rest.
PATIENCE = 0.05
LONGEST_ACCEPT = 300  # characters of an Accept-Encoding that is looked at, and remembered; browsers send about 30

# A page with one of these was made for somebody, or depends on more than its key.
_PERSONAL = {"set-cookie", "vary", "content-encoding", "content-range", "transfer-encoding"}


@lru_cache(maxsize=256)
def best_coding(accept: str) -> int:
    """The coding to answer `Accept-Encoding: accept` with (RFC 9110 section 12.5.3): the highest weight wins, and at
    equal weights the smallest body. An index into CODINGS; IDENTITY where nothing else is wanted."""
    weights: dict[str, float] = {}
    for part in accept.lower().split(","):
        name, *params = (piece.strip() for piece in part.split(";"))
        weights[name.replace("x-gzip", "gzip")] = min((_weight(param) for param in params), default=1.0)
    anything = weights.get("*", 0.0)
    wanted = [weights.get("identity", 0.0), weights.get("gzip", anything), weights.get("br", anything)]
    best = max(wanted[GZIP], wanted[BROTLI])
    if best <= 0 or best < wanted[IDENTITY]:
        return IDENTITY
    return BROTLI if wanted[BROTLI] == best else GZIP


def _weight(param: str) -> float:
    name, _, value = param.partition("=")
    if name.strip() != "q":
        return 1.0
    try:
        return float(value)
    except ValueError:
        return 0.0  # nobody's weight: the coding is not used, which is always right


def names_etag(if_none_match: str, etag: str) -> bool:
    """Whether an If-None-Match names this ETag, by the weak comparison of RFC 9110 section 13.1.2."""
    if if_none_match == etag or if_none_match.strip() == "*":
        return True
    return any(part.strip().removeprefix("W/") == etag for part in if_none_match.split(","))


class Store:
    """Pages by key, in at most `limit` bytes.

    Readers take no lock. What goes when memory is short: pages of past versions first, then those not asked for since
    the hand last came by (the CLOCK approximation of "least recently used").
    """

    def __init__(self, limit: int) -> None:
        self.pages: dict[Key, Page] = {}
        self.size = 0
        self._limit = limit
        self._newest = FOREVER
        self._lock = threading.Lock()

    def put(self, key: Key, page: Page) -> None:
        """Keep a page, unless a newer version of the site was seen or it alone would fill an eighth of the memory."""
        page.size += sum(map(len, key))  # an address may be longer than its page: `/?&&&&…`
        if page.size > self._limit // 8:
            return
        with self._lock:
            if page.version > self._newest:
                self._newest = page.version
                self._drop([key for key, old in self.pages.items() if old.version != FOREVER])
            if page.version in {FOREVER, self._newest}:
                self._drop([key])
                self.pages[key] = page
                self.size += page.size
                self._make_room()

    def compress(self, key: Key, page: Page, coding: int) -> Variant:
        """The variant of a page in a coding, made now; where the page is stored, it has become larger by that."""
        variant = page.compress(coding)
        size = len(variant.body[0])
        with self._lock:
            if self.pages.get(key) is page:
                page.size += size
                self.size += size
                self._make_room()
        return variant

    def _drop(self, keys: Iterable[Key]) -> None:
        for key in keys:
            page = self.pages.pop(key, None)
            self.size -= page.size if page else 0

    def _make_room(self) -> None:
        while self.size > self._limit:
            key, page = next(iter(self.pages.items()))
            self._drop([key])
            if page.used:
                page.used = False
                self.pages[key] = page
                self.size += page.size


def page_cache(app: WSGIApplication, current: Current, limit: int, offer: Offer | None = None) -> WSGIApplication:
    """`app` behind a cache of at most `limit` bytes. `current` returns the site's version now, None where unknown.
    `offer` is told of each page that somebody asks for again.

    A closure, because this runs for every request: names of an enclosing function are quicker than attributes.
    """
    store = Store(limit)
    pages = store.pages
    making = threading.Lock()

    def serve(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        method = environ["REQUEST_METHOD"]
        if (
            (method != "GET" and method != "HEAD")  # noqa: PLR1714 (quicker than building a set)
            or "sid" in environ.get("HTTP_COOKIE", "")  # also inside another name: stepping aside is never wrong
            or "HTTP_AUTHORIZATION" in environ
        ):
            environ[PAGE_CACHE] = _why_aside(environ)
            return app(environ, start_response)
        version = current()  # before the look-up, or a write in between would be missed
        host, path = environ.get("HTTP_HOST", ""), environ["PATH_INFO"]
        key = (environ["wsgi.url_scheme"], host, path, environ["QUERY_STRING"])
        page = pages.get(key)
        if page is None or page.version not in (version, FOREVER):
            with _turn(making):
                answer = _ask(app, environ, start_response)
            if not isinstance(answer, Page):
                return answer if method == "GET" else _without_body(answer)
            page = answer
            store.put(key, page)
        if offer is not None and page.used:
            offer(key, page)
        page.used = True
        accept = environ.get("HTTP_ACCEPT_ENCODING", "")
        coding = best_coding(accept) if len(accept) < LONGEST_ACCEPT else IDENTITY
        variant = page.variants[coding] or store.compress(key, page, coding)
        return _sent(variant, method, environ, start_response)

    return serve


def _sent(variant: Variant, method: str, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    # `method` as it was asked for: to fill the cache, HEAD is made GET on the way.
    if "HTTP_IF_NONE_MATCH" in environ and names_etag(environ["HTTP_IF_NONE_MATCH"], variant.etag):
        start_response("304 Not Modified", variant.not_modified)
        return []
    start_response("200 OK", variant.headers)
    return variant.body if method == "GET" else []


def _why_aside(environ: WSGIEnvironment) -> str:
    if environ["REQUEST_METHOD"] not in {"GET", "HEAD"}:
        return "method"
    return "session" if "sid" in environ.get("HTTP_COOKIE", "") else "authorization"


@contextmanager
def _turn(lock: threading.Lock) -> Iterator[None]:
    """Hold the lock if it can be had within PATIENCE; go on without it if not."""
    held = lock.acquire(timeout=PATIENCE)
    try:
        yield
    finally:
        if held:
            lock.release()


def _ask(app: WSGIApplication, environ: WSGIEnvironment, start_response: StartResponse) -> Page | Iterable[bytes]:
    """The app's answer: a Page where its ticket allows that, else the response, started and not yet read."""
    ticket = environ[TICKET] = Ticket()
    environ[PAGE_CACHE] = "miss"
    environ["REQUEST_METHOD"] = "GET"  # HEAD means "as GET, without the body" (RFC 9110 section 9.3.2)
    started: list[tuple[Any, ...]] = []

    def start(*response: Any) -> Callable[[bytes], object]:
        started[:] = [response]  # Werkzeug starts its response before it returns one, and never calls write()
        return lambda _body: None

    answer = app(environ, start)
    status, headers = started[0][:2]
    version = FOREVER if ticket.forever else ticket.version
    if version is None or not status.startswith("200") or not _for_everyone(headers):
        start_response(*started[0])
        return answer
    try:
        return Page(version, headers, b"".join(answer))
    finally:
        _close(answer)


def _for_everyone(headers: Headers) -> bool:
    # The ticket says so already. A header that says otherwise wins: a mistake in a view must not show one person's
    # page to another.
    named = {name.lower(): value.lower() for name, value in headers}
    control = named.get("cache-control", "")
    return named.keys().isdisjoint(_PERSONAL) and "no-store" not in control and "private" not in control


def _without_body(answer: Iterable[bytes]) -> list[bytes]:
    _close(answer)
    return []


def _close(answer: Iterable[bytes]) -> None:
    close = getattr(answer, "close", None)
    if close is not None:
        close()
