"""Static files under addresses that carry a hash of their content.

The address changes whenever the content does, so an answer may be kept forever: browsers, proxies and the page cache
never ask again, and a new version is never mixed with an old one. All files are read once, when the app is made, and
are small enough (`tests/ui` holds the budget) to stay in memory. An address that is not in the table is a 404: nothing
of the request is ever joined to a path, so there is nothing to traverse.
"""

import base64
import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from flask import Blueprint, Flask, Response, abort, current_app, request

from homeport.core.http import TICKET, public

ROOT = Path(__file__).parent / "static"

# One request for what every page needs. The order is the order of the cascade layers.
BUNDLES: Mapping[str, tuple[str, ...]] = {
    "css/site.css": (
        "css/reset.css",
        "css/tokens.css",
        "css/base.css",
        "css/layout.css",
        "css/reading.css",
        "css/utilities.css",
    ),
}

TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".woff2": "font/woff2",
    ".txt": "text/plain; charset=utf-8",
}

CACHE_FOREVER = "public, max-age=31536000, immutable"  # RFC 9111 section 5.2.2, RFC 8246

_COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
_INDENT = re.compile(r"\s*\n\s*")

bp = Blueprint("ui", __name__, template_folder="templates")


@dataclass(frozen=True, slots=True)
class Asset:
    """One static file as it is served: its whole body in bytes and its media type."""

    body: bytes
    content_type: str


class Assets:
    """The static files of one app, by the address they are served at (without `/static/`)."""

    def __init__(self, root: Path = ROOT, bundles: Mapping[str, tuple[str, ...]] = BUNDLES) -> None:
        self._addresses: dict[str, str] = {}
        self._served: dict[str, Asset] = {}
        for path in sorted(root.rglob("*")):
            if path.suffix in TYPES and path.is_file():
                self._add(path.relative_to(root).as_posix(), _read(path))
        for name, parts in bundles.items():
            self._add(name, b"\n".join(_read(root / part) for part in parts))

    def _add(self, name: str, body: bytes) -> None:
        stem, dot, extension = name.rpartition(".")
        address = f"{stem}.{fingerprint(body)}{dot}{extension}"
        self._addresses[name] = address
        self._served[address] = Asset(body, TYPES[dot + extension])

    def address(self, name: str) -> str:
        """Address of the file `name` (as in `css/site.css`) below `/static/`; KeyError when there is none."""
        return self._addresses[name]

    def find(self, address: str) -> Asset | None:
        """The file served at `address`, or None: a wrong or old fingerprint finds nothing."""
        return self._served.get(address)

    def names(self) -> list[str]:
        """The names of all files and bundles, sorted."""
        return sorted(self._addresses)


def fingerprint(body: bytes) -> str:
    """Twelve characters (60 bits) of SHA-256 in lower-case base 32: enough that two contents never share one."""
    return base64.b32encode(hashlib.sha256(body).digest())[:12].decode().lower()


def _read(path: Path) -> bytes:
    """A file's bytes; CSS without comments and indentation, which are for the people who write it."""
    if path.suffix != ".css":
        return path.read_bytes()
    css = _COMMENT.sub("", path.read_text("utf-8"))
    return _INDENT.sub("\n", css).strip().encode()


def asset_url(name: str) -> str:
    """The address to put into a page for the static file `name`, as in `css/site.css`.

    Raises KeyError for a name that does not exist, so that a wrong one fails in the first test that renders it.
    """
    assets: Assets = current_app.extensions["homeport.assets"]
    return f"/static/{assets.address(name)}"


@bp.get("/static/<path:address>")
@public
def static_file(address: str) -> Response:
    """A static file by its fingerprinted address; anything else is a 404."""
    assets: Assets = current_app.extensions["homeport.assets"]
    asset = assets.find(address)
    if asset is None:
        abort(404)
    response = Response(asset.body, content_type=asset.content_type)
    response.headers["Cache-Control"] = CACHE_FOREVER
    response.set_etag(address.rsplit(".", 2)[-2])
    ticket = request.environ.get(TICKET)
    if ticket is not None:
        ticket.forever = True
    response.make_conditional(request)
    return response


def register(app: Flask) -> None:
    """Read all static files and serve them."""
    app.extensions["homeport.assets"] = Assets()
    app.register_blueprint(bp)
    app.add_template_global(asset_url)
