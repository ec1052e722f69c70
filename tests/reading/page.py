"""A page as its reader's browser takes it in, by Python's own HTML parser."""

import json
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any

from werkzeug.test import TestResponse

VOID = {
    "area",
    "base",
    "br",
    "col",
    "embed",
    "hr",
    "img",
    "input",
    "link",
    "meta",
    "source",
    "track",
    "wbr",
    "path",
    "circle",
}


@dataclass
class Element:
    """One element: its name, its attributes and the text within it."""

    name: str
    attributes: dict[str, str]
    pieces: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        """The text within, blanks made one."""
        return " ".join("".join(self.pieces).split())


class Page(HTMLParser):
    """All elements of a page, in order."""

    def __init__(self, answer: TestResponse) -> None:
        super().__init__()
        self.elements: list[Element] = []
        self._open: list[Element] = []
        self.feed(answer.text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        element = Element(tag, {name: value or "" for name, value in attrs})
        self.elements.append(element)
        if tag not in VOID:
            self._open.append(element)

    def handle_endtag(self, tag: str) -> None:
        while self._open and self._open.pop().name != tag:
            pass

    def handle_data(self, data: str) -> None:
        for element in self._open:
            element.pieces.append(data)

    def all(self, tag: str, /, **attributes: str) -> list[Element]:
        """The elements with this name and these attributes; `_class` and `_property` stand for `class` and so on."""
        wanted = {key.strip("_"): value for key, value in attributes.items()}
        return [
            element
            for element in self.elements
            if element.name == tag and all(element.attributes.get(key) == value for key, value in wanted.items())
        ]

    def one(self, tag: str, /, **attributes: str) -> Element:
        """The only such element."""
        found = self.all(tag, **attributes)
        assert len(found) == 1, f"{len(found)} of <{tag} {attributes}>"
        return found[0]

    def links(self, **attributes: str) -> dict[str, str]:
        """The words of links, and where they lead."""
        return {link.text: link.attributes.get("href", "") for link in self.all("a", **attributes)}

    def meta(self, name: str) -> str:
        """What a meta element says; empty without one."""
        found = [*self.all("meta", _property=name), *self.all("meta", name=name)]
        return found[0].attributes["content"] if found else ""

    def titles(self) -> list[str]:
        """The titles of a list of posts."""
        return [heading.text for heading in self.all("h2")]

    def json_ld(self) -> dict[str, Any]:
        """The page's statement for search engines."""
        found: dict[str, Any] = json.loads("".join(self.one("script", _type="application/ld+json").pieces))
        return found
