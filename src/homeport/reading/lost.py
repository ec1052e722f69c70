"""An address where nobody may find anything: perhaps it is written in another way, or something like it is there."""

import re
from http import HTTPStatus
from unicodedata import normalize

from flask import Response, redirect, render_template
from flask.typing import ResponseReturnValue

from homeport.core.errors import not_found
from homeport.core.http import Viewer
from homeport.posts import queries
from homeport.ui.pages import prefers_json

SUGGESTIONS = 5
_WORD = re.compile(r"[^\W\d_]{3,40}")
_MOST_WORDS = 6
_SAY_NOTHING = frozenset({"the", "and", "for", "with", "from", "html", "index", "blog", "post", "posts", "page"})


def spellings(path: str) -> list[str]:
    """Ways to write one address: with and without a slash or `index.html` at its end, accents composed or not."""
    stem = normalize("NFC", path).removesuffix("index.html").rstrip("/")
    return [path, stem, f"{stem}/", f"{stem}/index.html"]


def words(path: str) -> list[str]:
    """The words of an address that may tell what it was about, in lower case."""
    found = dict.fromkeys(word.lower() for word in _WORD.findall(path))
    return [word for word in found if word not in _SAY_NOTHING][:_MOST_WORDS]


def answer(path: str, viewer: Viewer) -> ResponseReturnValue:
    """Send on to the post that was meant, or say that there is nothing.

    What is said depends on the address and on public posts alone, so it is the same for what is absent and for what
    is hidden.
    """
    ways = spellings(path)
    present = queries.present_path(ways, viewer) if ways[1] else ""
    if present is not None:
        return redirect(queries.address(present), HTTPStatus.MOVED_PERMANENTLY)
    if prefers_json():
        raise not_found()
    problem, asked = not_found(), words(path)
    suggestions = queries.similar(asked, SUGGESTIONS) if asked else []
    page = render_template("reading/not_found.html", problem=problem, suggestions=suggestions)
    return Response(page, problem.status, {"Vary": "Accept"}, mimetype="text/html")
