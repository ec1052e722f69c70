"""Pages that Caddy answers with by itself: files that the web processes leave for it (`serving/shelf.py`).

Each lies in a folder that is named after its address, percent-encoded so that it is one name; and that in a folder of
the site's version that it was made from: `caddy/pages/17~/%2Fposts%2Fhello/page.html`. So no address leads to the page
of another one: no other spelling of it, none with dots or slashes to be left out, none with a query.

Which version counts says the *name* of another folder beside them, an empty one, in which Caddy stands:
`caddy/pages/17`. Caddy asks the system for it (`{system.wd}`, getcwd(3)) once for each request, before it looks for
anything: so all of an answer comes from one version. While none counts that folder is called `none`.

That it is the present one is a matter of order. Whoever changes what the public can see calls the folder `none` before
their transaction is committed, while they hold the database's write lock. It is given a number only by who holds that
lock, the one of the version that the database has then. So there is no moment at which it is called 17 and the
database has 18; and a process that is killed at any point leaves it called `none`, or by a name that is true.

A link that points to the folder of the version would be a little quicker, but Caddy would follow it more than once for
a request, and could send a page with the length and ETag of the one before it.
"""

import os
import shutil
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import quote

from homeport.core.config import Config, ConfigError
from homeport.core.fixed_headers import fixed_headers

Json = dict[str, Any]

NONE, OVER = "none", "over"
"""What the folder is called while no page may be given out: for now, and for as long as this Caddy runs."""

OF_PAGES = "~"
"""Ends the name of a folder of pages, after the version."""

PAGE = "page.html"

LONGEST_NAME = 255
"""Bytes that the name of a file may have (limits.h, NAME_MAX of Linux's file systems)."""

METHODS = ["GET", "HEAD"]

# Who sends one of these may be given something else than everybody, or another part or form of it.
_ASIDE = (
    "Cookie",
    "Authorization",
    "If-None-Match",
    "If-Modified-Since",
    "If-Match",
    "If-Unmodified-Since",
    "If-Range",
    "Range",
)


def is_there(config: Config) -> bool:
    """Whether there are such pages: behind an edge, and where the database is the file beside its folder."""
    return config.edge and not config.database_url and config.cache_megabytes > 0


def folder(config: Config) -> Path:
    """Where they lie."""
    return config.caddy_folder / "pages"


def headers(config: Config) -> dict[str, str]:
    """What Caddy says of each. A page with other headers is none of these."""
    about = {"Content-Type": "text/html; charset=utf-8", "Cache-Control": "no-cache"}
    return {**fixed_headers(config), **about}


def may_hold(path: str) -> bool:
    """Whether Caddy would find the file of this path: only where there is one way to write it in a request."""
    return quote(path) == path and len(_name(path)) <= LONGEST_NAME


def place(config: Config, version: int, path: str) -> Path:
    """The file of the page at a path that may have one."""
    return folder(config) / f"{version}{OF_PAGES}" / _name(path) / PAGE


def _name(path: str) -> str:
    return quote(path, safe="")


def stand(config: Config) -> None:
    """Go to where Caddy has to be started, and let pages be given out from there. Raises ConfigError."""
    try:
        _go(config)
        come_back(config)
    except OSError as error:
        raise ConfigError(f"The folder {folder(config)} can't be written: {error.strerror}.") from None


def _go(config: Config) -> None:
    while True:
        standing = _standing(config)
        if standing is None:
            standing = folder(config) / NONE
            for each in (standing.parent, standing):
                each.mkdir(mode=0o700, exist_ok=True)
        with suppress(FileNotFoundError):  # it has just been renamed
            return os.chdir(standing)


def shown(config: Config) -> int | None:
    """The version whose pages Caddy gives out."""
    standing = _standing(config)
    return int(standing.name) if standing is not None and standing.name.isdecimal() else None


def show(config: Config, version: int) -> None:
    """Have Caddy give out the pages of a version, which the database must keep meanwhile. Raises OSError where Caddy
    does not run, or may give out nothing more."""
    (folder(config) / NONE).rename(folder(config) / str(version))


def take_down(config: Config) -> None:
    """Have Caddy ask the web server for everything. Raises OSError where it can't be had."""
    _rename(config, NONE, but=OVER)


def leave(config: Config) -> None:
    """The same, for as long as this Caddy runs, if it can be had: it is to end, and only the web server's answers tell
    readers so, who otherwise might send a request to where nobody is."""
    with suppress(OSError):
        _rename(config, OVER)


def come_back(config: Config) -> None:
    """Have pages be given out again by a Caddy that was to end, and does not."""
    with suppress(OSError):
        (folder(config) / OVER).rename(folder(config) / NONE)


def _rename(config: Config, name: str, but: str = "") -> None:
    while (standing := _standing(config)) is not None and standing.name not in {name, but}:
        with suppress(FileNotFoundError):  # somebody else has: what is it called now?
            standing.rename(folder(config) / name)


def _standing(config: Config) -> Path | None:
    try:
        found = [each for each in folder(config).iterdir() if each.name.isdecimal() or each.name in {NONE, OVER}]
    except FileNotFoundError:
        return None
    # Should there ever be two, the one that pages might be given out by counts.
    return max(found, key=lambda each: each.name.isdecimal(), default=None)


def empty(config: Config) -> None:
    """Take away what an earlier run has left. Raises ConfigError."""
    try:
        take_down(config)
        if folder(config).exists():
            shutil.rmtree(folder(config))
    except OSError as error:
        raise ConfigError(f"The folder {folder(config)} can't be emptied: {error.strerror}.") from None


def routes_of_shelf(config: Config) -> list[Json]:
    """For Caddy: what may be answered by a file is. Where there is none, or none can be had, that is an error, and
    `way_on` leads on from it: quicker than to have each answer looked at, whether it is from a file."""
    if not is_there(config):
        return []
    asked = {
        "method": METHODS,
        "header": {"Host": [config.origin.removeprefix("https://")], **dict.fromkeys(_ASIDE)},
    }
    own = {
        "handler": "headers",
        "response": {
            "deferred": True,
            # Added: nobody else has said any of these, and that is quicker than to replace. The type of the content
            # comes with the ending of the file's name.
            "add": {name: [value] for name, value in headers(config).items() if name != "Content-Type"},
            "delete": ["Accept-Ranges", "Last-Modified", "Server"],
        },
    }
    # Kept before it is rewritten.
    name = {"handler": "vars", "page": "{http.request.uri_escaped}"}
    file = {"handler": "rewrite", "uri": f"/{PAGE}"}
    files = {
        "handler": "file_server",
        "root": f"{{system.wd}}{OF_PAGES}/{{http.vars.page}}",
        "index_names": [],
        "canonical_uris": False,
        "precompressed": {"br": {}, "gzip": {}},
        "precompressed_order": ["br", "gzip"],
    }
    return [{"match": [asked], "handle": [own, name, file, files]}]


def way_on(config: Config, blog: Json) -> list[Json]:
    """For Caddy's errors: those of its file server are the web server's to answer, which is asked for the original
    address."""
    if not is_there(config):
        return []
    missing = {"method": METHODS, "vars": {"{http.error.status_code}": ["400", "403", "404", "500"]}}
    return [{"match": [missing], "handle": [blog], "terminal": True}]
