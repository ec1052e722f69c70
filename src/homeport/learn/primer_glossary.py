"""The words that the primer explains, each in a sentence, and where each comes up first."""

import re
import tomllib
from dataclasses import dataclass
from functools import cache

from homeport.learn.primer import FOLDER, Chapter, chapters

FILE = FOLDER / "glossary.toml"
MARK = re.compile(r"\[([^\]]+)\]\(<?term:([^)>]+)>?\)")
"""A word at its first appearance in a chapter's text: `[clients](term:client)`, `[names](<term:domain name>)`."""


@dataclass(frozen=True)
class Word:
    """A word, the sentence that explains it, and the chapter in which it comes up first (None: in no chapter yet)."""

    name: str
    meaning: str
    chapter: Chapter | None

    @property
    def anchor(self) -> str:
        """Its place on the page of all words."""
        return anchor(self.name)


def anchor(name: str) -> str:
    """A word as the id of an element."""
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")


@cache
def words() -> dict[str, Word]:
    """All words by name, in the order of the alphabet."""
    found = tomllib.loads(FILE.read_text("utf-8"))
    return {name: Word(name, found[name], _first(name)) for name in sorted(found, key=str.lower)}


def _first(name: str) -> Chapter | None:
    return next((chapter for chapter in chapters() if name in marked(chapter)), None)


def marked(chapter: Chapter) -> list[str]:
    """The words that a chapter marks, in order."""
    return [found[2] for part in chapter.parts if part.kind == "text" for found in MARK.finditer(part.body)]
