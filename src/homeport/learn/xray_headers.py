"""A sentence for each header of a request and of an answer, from `headers.toml`."""

import tomllib
from functools import cache
from pathlib import Path

UNKNOWN = "This header is not in our list; somebody between you and the blog, or an extension, may have added it."


@cache
def _sentences() -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = tomllib.loads(Path(__file__).with_name("headers.toml").read_text("utf-8"))
    return found


def of_request(name: str) -> str:
    """What a header tells the server."""
    return _sentences()["request"].get(name.lower(), UNKNOWN)


def of_answer(name: str) -> str:
    """What a header tells the browser."""
    return _sentences()["answer"].get(name.lower(), UNKNOWN)
