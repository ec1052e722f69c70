"""Words as the last part of an address."""

import unicodedata
from collections.abc import Iterable

LONGEST = 80

# Letters that Unicode does not take apart into a base letter and a mark.
_LETTERS = str.maketrans(
    {"ß": "ss", "æ": "ae", "œ": "oe", "ø": "o", "đ": "d", "ð": "d", "þ": "th", "ł": "l", "\u0131": "i"}
)
# Signs that tell names apart: without them C, C++ and C# would be one tag.
_SIGNS = str.maketrans({"+": "-plus-", "#": "-sharp-", "&": "-and-"})


def for_post(title: str) -> str:
    """A title as ASCII words joined by hyphens; empty where it has no letter or digit that ASCII can write."""
    plain = unicodedata.normalize("NFKD", title.casefold().translate(_LETTERS).replace("'", "").replace("\u2019", ""))
    return _join(char if char.isascii() else "" if unicodedata.combining(char) else "-" for char in plain)


def for_name(name: str) -> str:
    """A tag's or an author's name likewise, but keeping letters of other scripts; empty for a name of signs only."""
    spelled = name.casefold().translate(_SIGNS)
    return for_post(spelled) if _has_ascii_form(spelled) else _join(unicodedata.normalize("NFKC", spelled))


def _has_ascii_form(text: str) -> bool:
    plain = unicodedata.normalize("NFKD", text.translate(_LETTERS))
    return all(char.isascii() for char in plain if char.isalnum())


def _join(chars: Iterable[str]) -> str:
    words = "".join(char if char.isalnum() else " " for piece in chars for char in piece or ()).split()
    slug = "-".join(words)
    if len(slug) <= LONGEST:
        return slug
    cut = slug[: LONGEST + 1]
    return (cut[: cut.rindex("-")] if "-" in cut else cut[:LONGEST]).strip("-")
