"""Pictures as readers load them."""

import io
import re
from pathlib import Path

from flask import Blueprint, Response, current_app, send_file

from homeport.core.config import Config
from homeport.core.errors import not_found
from homeport.core.http import public
from homeport.media.images import CONTENT_TYPES

bp = Blueprint("media", __name__, template_folder="templates")

_NAME = re.compile(r"[0-9a-f]{64}\.(?:" + "|".join(CONTENT_TYPES) + ")")

# A drawing shown by <img> runs no script anyway; opened by itself it may, so it is shut into a sandbox without rights.
_POLICY = "default-src 'none'; sandbox; frame-ancestors 'none'"


@bp.get("/media/<name>")
@public
def picture(name: str) -> Response:
    """Send a picture. Its name is the hash of its bytes, so browsers may keep it for ever."""
    config: Config = current_app.config["HOMEPORT"]
    if not _NAME.fullmatch(name) or not (config.media / name).is_file():
        raise not_found()
    stem, _, extension = name.partition(".")
    response = _send(config.media / name, CONTENT_TYPES[extension], etag=stem)
    response.headers["Content-Security-Policy"] = _POLICY
    response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
    # Readers of other sites' feeds and link previews load pictures from elsewhere; they are public.
    response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    return response


def _send(path: Path, content_type: str, *, etag: str) -> Response:
    # From memory, so that every answer, a part of a picture too, carries its length: pictures are bounded in size.
    content = io.BytesIO(path.read_bytes())
    return send_file(content, mimetype=content_type, etag=etag, conditional=True, max_age=31536000)
