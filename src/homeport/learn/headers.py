"""What each header of HTTP means, in a sentence: for whoever looks at a request or an answer."""

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

_FILE = Path(__file__).with_name("headers.toml")


@dataclass(frozen=True)
class Header:
    """A header: where it is found (`request`, `response` or `both`), and what it means."""

    name: str
    found_in: str
    means: str


@cache
def headers() -> dict[str, Header]:
    """Every header that is explained, by its name in lower case."""
    rows = tomllib.loads(_FILE.read_text(encoding="utf-8"))
    return {name: Header(name, row["in"], row["means"]) for name, row in rows.items()}


def meaning(name: str) -> str:
    """What a header means; of one that nobody has explained, what can be said of any."""
    found = headers().get(name.lower())
    if found:
        return found.means
    if name.lower().startswith("x-"):
        return "A header that some program made up for itself; no standard says what it means."
    return "A header that this blog does not explain; the registry of the IANA lists all that are standard."
