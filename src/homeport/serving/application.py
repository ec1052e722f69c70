"""What a web process answers with: Flask behind the page cache."""

import gc
import multiprocessing
import os
import signal
import threading
from collections.abc import Iterable
from types import FrameType
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from homeport.app import create_app
from homeport.core import log
from homeport.core.config import Config, load
from homeport.core.http import request_id
from homeport.core.net import TrustedProxies, from_edge
from homeport.https.service import shelf
from homeport.serving.bodies import arrived
from homeport.serving.cache import page_cache
from homeport.serving.lifeline import DRAIN, end_this_process
from homeport.serving.listener import take_no_more
from homeport.serving.shelf import Shelf, begin
from homeport.serving.versions import site_version


def make() -> WSGIApplication:
    """The application of a process that Granian has just started."""
    config = load({}, os.environ)
    log.configure(config, request_id)
    threading.Thread(target=_follow_parent, daemon=True).start()
    application = draining(stack(config))
    gc.collect()
    gc.freeze()  # what the application is made of stays for good: the collector need not look at it each time
    return application


def _follow_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        end_this_process()


def draining(app: WSGIApplication) -> WSGIApplication:
    """`app`, whose answers say `Connection: close` from the signal DRAIN on; new connections then stay away."""
    drained: list[int] = []

    def drain(number: int, _frame: FrameType | None) -> None:
        drained.append(number)
        take_no_more()

    signal.signal(DRAIN, drain)

    def serve(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        if not drained:
            return app(environ, start_response)
        return app(environ, lambda status, headers, *_: start_response(status, [*headers, ("Connection", "close")]))

    return serve


def stack(config: Config) -> WSGIApplication:
    """Flask behind the page cache. Forwarded headers are settled in front of the cache where some are believed, as the
    scheme is part of a page's key; where none are, a page out of memory need not wait for that."""
    flask = arrived(create_app(config).wsgi_app)
    current = site_version(config).current
    size = config.cache_megabytes * 1_000_000
    if config.edge:
        offer = begin(Shelf(config, current)) if shelf.is_there(config) else None
        return from_edge(page_cache(flask, current, size, offer))
    if config.trusted_proxies:
        return TrustedProxies(page_cache(flask, current, size), config.trusted_proxies)
    return page_cache(TrustedProxies(flask, ()), current, size)
