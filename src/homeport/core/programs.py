"""Views for programs: JSON in, JSON out, known by a token in `Authorization: Bearer …` and by nothing else (RFC 6750).

They look at no cookie and set none, so that a browser's session opens nothing here, and a token nothing elsewhere.
"""

import json
from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar

from flask import request

from homeport.core.errors import Problem

P = ParamSpec("P")
R = TypeVar("R")

ROOT = "/api/"
"""Every such view lies below it, and nothing else does; a test holds this."""

READ, WRITE, PRACTICE = "posts:read", "posts:write", "practice:report"
SCOPES = {
    READ: "Read posts, drafts too",
    WRITE: "Make, change and publish posts",
    PRACTICE: "Tell this blog how far you are in the exercises",
}
"""What a token may be good for, and how a page says so. No scope reaches an account."""

MOST_BYTES = 4 * 1024 * 1024
"""As a form may have: room for the longest text in any script."""


def api(scope: str) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Mark a view as one for programs whose token has `scope`; beside the mark of the least role, below it."""
    if scope not in SCOPES:
        raise ValueError(f"no such scope: {scope}")

    def decorate(view: Callable[P, R]) -> Callable[P, R]:
        view.scope = scope  # type: ignore[attr-defined]  # functions take attributes; their type does not say so
        return view

    return decorate


def scope_of(view: Any) -> str | None:
    """What a token needs for this view; None for a view that knows people by their cookie, and for none at all."""
    scope: str | None = getattr(view, "scope", None)
    return scope


def are_asked() -> bool:
    """Whether the present request is for an address of programs, which is never answered with a page."""
    return request.path.startswith(ROOT)


def sent_object(most_bytes: int = MOST_BYTES) -> dict[str, Any]:
    """The JSON object that came along. Raises Problem 415 for another type of content, 400 for what is no object, and
    werkzeug's RequestEntityTooLarge for more than `most_bytes`.
    """
    charset = request.mimetype_params.get("charset", "utf-8").lower()
    if request.mimetype != "application/json" or charset != "utf-8":
        hint = "Send JSON in UTF-8, with the header Content-Type: application/json."
        raise Problem("This address takes JSON.", status=415, code="wrong_type", hint=hint)
    request.max_content_length = most_bytes
    return object_in(request.get_data())


def object_in(raw: bytes) -> dict[str, Any]:
    """The JSON object that these bytes are. Raises Problem 400 for anything else."""
    try:
        found = json.loads(raw.decode("utf-8"), parse_constant=_refuse, object_pairs_hook=_unlike)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        hint = "Send one object in braces, each name in it once (RFC 8259)."
        raise Problem("What was sent is not a JSON object.", code="bad_json", hint=hint)
    return found


def _refuse(constant: str) -> None:
    raise ValueError(constant)  # NaN and Infinity are JavaScript's, not JSON's


def _unlike(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a name comes twice, and nobody knows which value is meant")
    return found
