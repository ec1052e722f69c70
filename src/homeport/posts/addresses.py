"""Where posts stand: paths that can be an address, and which of them are free."""

import unicodedata
from datetime import datetime

from sqlalchemy import delete

from homeport.core.db import db
from homeport.posts import library, slugs
from homeport.posts.models import Post, Redirect
from homeport.posts.problems import DraftProblem

LONGEST = 400
NEW = "posts"
"""New posts stand below this; imported ones stand wherever they did."""

RESERVED = frozenset(
    """.well-known about account admin api archive authors comments favicon.ico feed feed.json feed.xml forgot healthz
    invitation learn login logout media metrics newsletter preview register reset robots.txt search setup sitemap.xml
    static tags write
    """.split()  # noqa: SIM905 (a word a line would fill the page)
)
"""First parts of addresses that the blog itself answers. A test holds this against the routes."""

_FORBIDDEN = frozenset("\\?#")


def normal(path: str) -> str:
    """A path as it is stored: composed (NFC), without blanks and slashes around it; one far too long stays as it is."""
    if len(path) > 4 * LONGEST:
        return path  # `check` refuses it, and composing takes time with the square of the number of accents
    return unicodedata.normalize("NFC", path).strip().strip("/")


def check(path: str) -> None:
    """Raise DraftProblem unless a post can stand at this (normal) path."""
    if len(path) > LONGEST:
        raise DraftProblem("path", f"This address has {len(path)} characters.", f"Use at most {LONGEST}.")
    parts = path.split("/")
    if any(part in {"", ".", ".."} for part in parts):
        raise DraftProblem("path", "Between two slashes an address needs a name.", "Write it like posts/a-walk-in-may.")
    if any(char in _FORBIDDEN or unicodedata.category(char) in {"Cc", "Cf", "Cs", "Zl", "Zp"} for char in path):
        raise DraftProblem(
            "path", "An address can't hold ? # \\ or invisible characters.", "Write letters, digits and -."
        )
    if parts[0].casefold() in RESERVED or path == NEW:
        raise DraftProblem(
            "path", f"The blog itself uses the addresses at “{parts[0]}”.", f"Choose another beginning, such as {NEW}/."
        )


def check_free(path: str, post_id: int | None) -> None:
    """Raise DraftProblem if another post stands, or once stood, at this path."""
    if library.owners(path) - {post_id}:
        raise DraftProblem(
            "path", "Another post has or had this address.", "Choose a different one.", code="path_taken"
        )


def make(title: str, now: datetime, post_id: int | None = None) -> str:
    """A free path for a title: `posts/title`, with a number where that is taken; the date where no slug comes out."""
    stem = f"{NEW}/{slugs.for_post(title) or now.date().isoformat()}"
    taken = library.owned_like(stem, post_id)
    path, number = stem, 1
    while path in taken:
        number += 1
        path = f"{stem}-{number}"
    return path


def leave_redirect(post: Post, path: str, now: datetime) -> None:
    """Send readers who ask for a post's former path to it."""
    db.session.merge(Redirect(path=path, post_id=post.id, created_at=now))


def take_back(post: Post, path: str) -> None:
    """Forget that readers were sent on from here: the post is back at this path."""
    db.session.execute(delete(Redirect).where(Redirect.path == path, Redirect.post_id == post.id))
