"""Pages that Caddy answers with by itself: files that the web processes leave for it (`serving/shelf.py`).

Each lies in a folder of the site's version that it was made from: `caddy/pages/v17/posts/hello~`. Which folder counts
says the file `caddy/pages/now`, which Caddy reads once for each request, before it looks for anything: so all of an
answer comes from one version.

That it is the present one is a matter of order. Whoever changes what the public can see takes `now` away before their
transaction is committed, while they hold the database's write lock. It is written only by who holds that lock, with the
version that the database has then. So there is no moment at which `now` says 17 and the database has 18; and a process
that is killed at any point leaves no `now`, or one that is true.
"""

import re
import shutil
from pathlib import Path
from typing import Any

from homeport.core.config import Config, ConfigError
from homeport.core.fixed_headers import fixed_headers

Json = dict[str, Any]

NOW, VERSION = "now", "v"
SUFFIX = "~"
"""Ends the name of each file. No address here holds it, so none leads to another one's folder or compressed copy."""

# No capitals, which some file systems don't tell apart; no part empty or beginning with a dot; nothing percent-encoded;
# no query. What stands behind each character leaves one way to go on: Caddy then needs no time for it.
PATH = r"^/(?:[a-z0-9_-][a-z0-9._-]*(?:/[a-z0-9_-][a-z0-9._-]*)*)?$"
TOO_LONG = r"^.{200}"
"""A name that is too long for the file system would be an error, where the web server has a page about it."""

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
    """Whether Caddy would look for a file of this address."""
    return bool(re.fullmatch(PATH, path)) and not re.match(TOO_LONG, path)


def place(config: Config, version: int, path: str) -> Path:
    """The file of the page at an address that may have one."""
    return folder(config) / f"{VERSION}{version}" / f"{path.lstrip('/')}{SUFFIX}"


def take_down(config: Config) -> None:
    """Have Caddy ask the web server for everything. Raises OSError where it can't be had."""
    (folder(config) / NOW).unlink(missing_ok=True)


def empty(config: Config) -> None:
    """Take away what an earlier run has left. Raises ConfigError."""
    try:
        take_down(config)
        if folder(config).exists():
            shutil.rmtree(folder(config))
    except OSError as error:
        raise ConfigError(f"The folder {folder(config)} can't be emptied: {error.strerror}.") from None


def routes_of_shelf(config: Config) -> list[Json]:
    """For Caddy: what may be answered by a file is, if there is one; all else goes on to the web server."""
    if not is_there(config):
        return []
    asked = {
        "method": ["GET", "HEAD"],
        "header": {"Host": [config.origin.removeprefix("https://")], **dict.fromkeys(_ASIDE)},
        "vars_regexp": {"{http.request.uri}": {"pattern": PATH}},
        "vars": {"{http.shutting_down}": ["false"]},
        # Weights: Caddy and our page cache might weigh differently.
        "not": [{"header": {"Accept-Encoding": ["*;*"]}}, {"path_regexp": {"pattern": TOO_LONG}}],
    }
    own = {
        "handler": "headers",
        "response": {
            "deferred": True,
            # What the web server has answered has a policy; what Caddy reads from a file has not, until here.
            "require": {"status_code": [200], "headers": {"Accept-Ranges": ["bytes"], "Content-Security-Policy": None}},
            "set": {name: [value] for name, value in headers(config).items()},
            "delete": ["Accept-Ranges", "Last-Modified", "Server"],
        },
    }
    files = {
        "handler": "file_server",
        "root": f"{folder(config)}/{VERSION}{{file.{folder(config) / NOW}}}",
        "index_names": [],
        "canonical_uris": False,
        "precompressed": {"br": {}, "gzip": {}},
        "precompressed_order": ["br", "gzip"],
        "pass_thru": True,
    }
    there = {"handler": "rewrite", "uri": f"{{http.request.uri.path}}{SUFFIX}"}
    back = {"handler": "rewrite", "strip_path_suffix": SUFFIX}
    return [{"match": [asked], "handle": [own, there, files, back]}]
