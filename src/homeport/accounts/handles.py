"""Names in addresses: `/authors/<handle>`."""

import re
import unicodedata
from collections.abc import Callable
from itertools import count

LONGEST = 60
PATTERN = re.compile(r"[^\W_]+(-[^\W_]+)*")


def is_handle(text: str) -> bool:
    """Whether `text` can be a handle: lower-case letters of any script and digits, joined by single hyphens."""
    return len(text) <= LONGEST and text == normal(text) and PATTERN.fullmatch(text) is not None


def normal(text: str) -> str:
    """`text` in the one form under which handles are compared: NFKC, lower case."""
    return unicodedata.normalize("NFKC", text.strip()).casefold()


def handle_of(name: str) -> str:
    """The handle a name suggests, accents taken off; `person` for a name of signs only."""
    bare = "".join(char for char in unicodedata.normalize("NFKD", name.casefold()) if not unicodedata.combining(char))
    words = re.findall(r"[^\W_]+", normal(bare))
    handle = "-".join(words)[:LONGEST].strip("-")
    return handle or "person"


def free_handle(name: str, is_taken: Callable[[str], bool]) -> str:
    """The first of `ada`, `ada-2`, `ada-3` … that nobody has."""
    handle = handle_of(name)
    candidates = (handle if number == 1 else f"{handle}-{number}" for number in count(1))
    return next(candidate for candidate in candidates if not is_taken(candidate))
