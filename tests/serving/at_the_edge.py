"""A blog behind its edge on this machine, readers who come by HTTPS, and what fills the shelf."""

import ssl
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple
from wsgiref.types import WSGIApplication

from werkzeug.test import Client, TestResponse

from homeport.core.config import Config
from homeport.https.shelf import shown
from homeport.serving.cache import page_cache
from homeport.serving.shelf import Shelf
from homeport.serving.versions import site_version
from tests.serving.running import Answer, Reader, Running, eventually, free_port, running


class SecureReader(Reader):
    """The same by HTTPS. The certificate is not looked at."""

    def __init__(self, port: int) -> None:
        super().__init__(port)
        self.host = f"localhost:{port}"
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        self._socket = context.wrap_socket(self._socket, server_hostname="localhost")
        self._file = self._socket.makefile("rb")


def at_domain(data: Path) -> Config:
    """Settings with an edge, on ports that are free."""
    config = Config(data=data, domain="localhost", https_method="internal")
    return replace(config, port=free_port(), https_port=free_port(), http_port=free_port())


class Edge(NamedTuple):
    """A running blog and its settings."""

    config: Config
    blog: Running

    def ask(self, path: str, *, method: str = "GET", headers: str = "") -> Answer:
        """One request by HTTPS."""
        with closing(SecureReader(self.config.https_port)) as reader:
            return reader.ask(path, method=method, headers=headers)

    def is_ready(self) -> bool:
        """Whether the edge has its certificate."""
        with suppress(OSError):
            return self.ask("/").status == 200
        return False

    def shelved(self, path: str) -> Answer:
        """Ask until Caddy answers by itself; returns that answer."""
        answers: list[Answer] = []

        def is_from_a_file() -> bool:
            answers[:] = [self.ask(path)]
            return by_caddy_alone(answers[0])

        eventually(is_from_a_file, f"{path} by Caddy alone")
        return answers[0]


def by_caddy_alone(answer: Answer) -> bool:
    """Whether no web process was asked: what comes by one says so (RFC 9110, 7.6.3)."""
    return answer.status == 200 and "via" not in answer.headers


@contextmanager
def edge(config: Config, **settings: object) -> Iterator[Edge]:
    """`homeport serve --domain localhost`, which has its certificate."""
    told = {name: getattr(config, name) for name in ("domain", "https_method", "https_port", "http_port")}
    with running(config.data, config.port, **told, **settings) as blog:
        it = Edge(config, blog)
        eventually(it.is_ready, "HTTPS")
        yield it


class WebProcess:
    """What a web process behind an edge is made of; rounds are made when a test says so."""

    def __init__(self, config: Config, app: WSGIApplication) -> None:
        self.config = config
        known = site_version(config).current
        self.shelf = Shelf(config, known)
        self._reader = Client(page_cache(app, known, 1_000_000, self.shelf.offer), use_cookies=False)

    def get(self, path: str = "/", base: str = "", **options: Any) -> TestResponse:
        """A reader's request, as the edge hands it on."""
        return self._reader.get(path, base_url=base or self.config.origin, **options)

    def fill(self, *paths: str) -> None:
        """Two readers for each, and a round."""
        for path in paths:
            self.get(path)
            self.get(path)
        self.shelf.tend()

    @property
    def shown(self) -> int | None:
        """The version that Caddy is let at."""
        return shown(self.config)


def behind_an_edge(config: Config) -> Config:
    """The same blog at a domain."""
    return replace(config, domain="blog.example.com", https_method="internal")
