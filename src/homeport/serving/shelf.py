"""The web process's side of the pages that the edge answers with by itself (`https/shelf.py` says why none is old).

Pages that somebody asked for again are offered by the page cache. A thread looks once a second: it writes the offered
ones, and lets Caddy at them if it isn't. What fails here, on a full disk for instance, costs speed and nothing else.
"""

import logging
import os
import shutil
import sqlite3
import threading
import time
from collections import deque
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path

from homeport.core.config import Config
from homeport.https.service import shelf
from homeport.serving.pages import BROTLI, GZIP, IDENTITY, Key, Page

log = logging.getLogger(__name__)

ROUND_SECONDS = 1.0
SPARE = 500_000_000
"""Bytes that stay free on the disk: nothing is put on the shelf where there are fewer."""

MOST_A_ROUND = 100
"""Pages: compressing one twice takes some milliseconds, in which readers of others wait."""

MOST_OFFERED = 1000
BLOCK = 4096
ENDINGS = {BROTLI: ".br", GZIP: ".gz", IDENTITY: ""}  # the plain one last: without it Caddy looks for no other


class Shelf:
    """What one web process puts there. Only `offer` may be called on other threads than the one of the rounds."""

    def __init__(self, config: Config, current: Callable[[], int | None]) -> None:
        self._config, self._current = config, current
        self._folder = shelf.folder(config)
        self._host = config.origin.removeprefix("https://")
        self._headers = sorted([*shelf.headers(config).items(), ("Vary", "Accept-Encoding")])
        self._offered: deque[tuple[str, Page]] = deque()
        self._version: int | None = None
        self._size = 0

    def offer(self, key: Key, page: Page) -> None:
        """Remember a page for the next round, once, if Caddy can answer with it as the page cache would."""
        scheme, host, path, query = key
        if page.offered or len(self._offered) == MOST_OFFERED:
            return  # somebody asks for it again
        page.offered = True
        if (scheme, host, query) == ("https", self._host, "") and shelf.may_hold(path):
            self._offered.append((path, page))

    def tend(self) -> None:
        """One round."""
        with suppress(OSError, sqlite3.Error):
            version, shown = self._current(), shelf.shown(self._config)
            if shown not in (None, version):
                shelf.take_down(self._config)  # somebody changed the database in another way than ours
            if version != self._version:
                self._version, self._size = version, 0
            self._throw_away(version or 0)
            for _ in range(min(MOST_A_ROUND, len(self._offered))):
                path, page = self._offered.popleft()
                if page.version == version and sorted(page.headers) == self._headers:
                    page.offered = False  # again, should this fail
                    self._put(path, page)
                    page.offered = True
            if version is not None and shown != version and self._size:
                self._open()

    def _throw_away(self, before: int) -> None:
        # At once, and whoever has put it there: who deletes something is promised that it is gone.
        for old in self._folder.glob(f"*{shelf.OF_PAGES}"):
            if _number(old.name.removesuffix(shelf.OF_PAGES)) < before:
                shutil.rmtree(old, ignore_errors=True)
        for left in self._folder.glob("new-*"):
            if not _is_alive(_number(left.name.removeprefix("new-"))):
                left.unlink(missing_ok=True)  # its process was killed while it wrote

    def _put(self, path: str, page: Page) -> None:
        place = shelf.place(self._config, page.version, path)
        variants = {ending: page.in_coding(coding) for coding, ending in ENDINGS.items()}
        size = sum(len(variant.body[0]) + 2 * BLOCK for variant in variants.values())
        too_much = self._size + size > self._config.cache_megabytes * 1_000_000
        if too_much or shutil.disk_usage(self._config.caddy_folder).free < SPARE:
            return
        self._folder.mkdir(mode=0o700, exist_ok=True)
        place.parent.mkdir(parents=True, exist_ok=True)
        for ending, variant in variants.items():
            new = self._written(variant.body[0], variant.stamp)
            try:
                os.link(new, f"{place}{ending}")
            except FileExistsError:
                pass  # of another process; a file that Caddy may be at never changes
            finally:
                new.unlink()  # a second name would keep the page when it is thrown away
        self._size += size

    def _written(self, content: bytes, stamp: int) -> Path:
        new = self._folder / f"new-{os.getpid()}"
        new.unlink(missing_ok=True)
        with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(content)
        os.utime(new, ns=(stamp, stamp))
        if new.stat().st_mtime_ns != stamp:
            raise OSError("this file system keeps no nanoseconds, which the ETag is made of")
        if new.with_name(new.name.upper()).exists():
            raise OSError("this file system takes capitals for small letters, which addresses tell apart")
        return new

    def _open(self) -> None:
        """Let Caddy at the pages of the version that the database has, while nobody can change that."""
        path = f"{(self._config.data / 'homeport.db').resolve().as_uri()}?mode=rw"
        with closing(sqlite3.connect(path, uri=True, timeout=0, isolation_level=None)) as connection:
            connection.execute("BEGIN IMMEDIATE")  # or not at all now: the next round comes
            (version,) = connection.execute("SELECT version FROM site_version").fetchone()
            if version == self._version:
                shelf.show(self._config, version)
            connection.execute("ROLLBACK")


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdecimal() else 0


def _is_alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except OSError:
        return False
    return process > 0


def begin(own: Shelf) -> Callable[[Key, Page], None]:
    """Start its rounds, which go on for as long as the process lives; returns what pages are offered to."""

    def rounds() -> None:
        while True:
            time.sleep(ROUND_SECONDS)
            try:
                own.tend()
            except Exception:
                log.exception("pages for the edge could not be looked after")

    threading.Thread(target=rounds, daemon=True, name="shelf").start()
    return own.offer
