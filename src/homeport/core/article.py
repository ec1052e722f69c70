"""What a text's HTML becomes on the page: ids, an outline of headings, regions that scroll, its plain text."""

from __future__ import annotations

import re
from collections.abc import Callable
from html import escape, unescape
from typing import Literal, NamedTuple
from urllib.parse import unquote

from homeport.core.markup import HEADINGS, Attributes, Element, Walk, tag

Kind = Literal["link", "image", "media"]
Resolve = Callable[[str, Kind], str]


class Heading(NamedTuple):
    """A heading of the table of contents: level 2 to 6, plain text, id with the text's prefix."""

    level: int
    text: str
    id: str


_BIDI_CONTROL = re.compile("[\u202a-\u202e\u2066-\u2069]")
_NOT_IN_SLUG = re.compile(r"[^\w]+")
# Zola, Hugo, kramdown and Pandoc: a heading ends in its own id.
_EXPLICIT_ID = re.compile(r"\s*+\{\s*+#([A-Za-z][\w:.-]{0,99})\s*+\}\s*+$")
_WRITTEN_ID = re.compile(r"\s(?:id|name)\s*=\s*[\"']?([^\s\"'>]+)")
_ROOM_FOR_ANCHOR = frozenset({"", "aside", "blockquote", "dd", "details", "div", "li", "section", "td"})
_KINDS: dict[str, tuple[str, Kind]] = {
    "a": ("href", "link"),
    "img": ("src", "image"),
    "audio": ("src", "media"),
    "video": ("src", "media"),
    "source": ("src", "media"),
}
_NOT_COUNTED = frozenset({"footnote-ref", "footnote-backref"})
_FEATURES = {"table": "tables", "img": "images", "input": "tasks", "audio": "media", "video": "media"}


def _box(done: bool) -> Attributes:
    """A task's box: it shows a state, and is not for changing it."""
    state = {"checked": "", "aria-label": "Done"} if done else {"aria-label": "To do"}
    return {"type": "checkbox", "disabled": "", **state}


def plain(pieces: list[str]) -> str:
    """HTML text as one line. Controls that turn the direction are left out: in a cut text they could be unpaired."""
    return " ".join(_BIDI_CONTROL.sub("", unescape("".join(pieces))).split())


def shorten(text: str, limit: int) -> str:
    """At most `limit` characters, cut between words where there are any."""
    if len(text) <= limit:
        return text
    cut = text[: limit - 1]
    return (cut[: cut.rfind(" ")] if " " in cut[limit // 2 :] else cut).rstrip(" ,;:.-\u2013\u2014") + "…"


def slug(text: str) -> str:
    """The id that GitHub and Hugo give a heading: lower case, apostrophes gone, the rest joined by hyphens."""
    return _NOT_IN_SLUG.sub("-", re.sub("['\u2019]", "", text.lower())).strip("-_")[:150].rstrip("-")


def _letters(name: str) -> str:
    """What the slugs of all programs agree on, to find the heading that a link written for another one means."""
    return "".join(filter(str.isalnum, name.lower()))


class Article(Walk):
    """A walk that makes a page's article out of a text's HTML; `toc`, `summary` and `features` are filled by `run`.

    `prefix` begins every id. At most `anchors` headings get an id and a link, so that a text of nothing but headings
    does not grow without measure.
    """

    def __init__(self, source: str, prefix: str, anchors: int, resolve: Resolve | None) -> None:
        super().__init__(source)
        self.toc: list[Heading] = []
        self.summary = ""
        self.features: set[str] = set()
        self._prefix, self._anchors, self._resolve = prefix, anchors, resolve
        self._written = {unescape(name) for name in _WRITTEN_ID.findall(source)}
        self._ids: set[str] = set()
        self._outline: list[int] = []
        self._fragments: list[tuple[int, Element]] = []
        self._numbers: dict[str, int] = {}
        self._tables = 0

    def run(self) -> str:
        """The article's HTML."""
        self.walk()
        self._point_fragments()
        return "".join(self.out)

    def opening(self, element: Element) -> None:
        """Give the element what its kind needs."""
        self._name(element)
        self._address(element)
        if element.name in _FEATURES:
            self.features.add(_FEATURES[element.name])
        match element.name:
            case "pre":
                element.attributes["tabindex"] = "0"
            case "img":
                element.attributes = {"alt": "", "loading": "lazy", **element.attributes, "decoding": "async"}
                if any(outer.name in HEADINGS for outer in self.stack):
                    self.text.append(escape(element.attributes["alt"]))
            case "input":
                element.attributes = _box("checked" in element.attributes)
            case "audio" | "video":  # a reader starts what makes a sound, and fetches it only then
                element.attributes |= {"controls": "", "preload": "none"}
            case "progress":
                element.attributes.setdefault("aria-label", "Progress")
            case "section" if element.attributes.get("class") == "footnotes":
                self.features.add("footnotes")

    def closing(self, element: Element) -> str:
        """End the element, now that its content is known."""
        if element.name in HEADINGS:
            return self._heading(element)
        if element.name == "table" and all(outer.name != "table" for outer in self.stack):
            return self._region(element)
        if element.name == "pre" or element.attributes.get("class") in _NOT_COUNTED:
            del self.text[element.text_at :]
        elif element.name == "p" and not self.summary:
            self.summary = shorten(plain(self.text[element.text_at :]), 200)
        return super().closing(element)

    def _name(self, element: Element) -> None:
        """An id of the author's is kept under the text's prefix, once; a link's name, its old form, becomes one."""
        old = element.attributes.pop("name", "")
        written = "".join((element.attributes.pop("id", "") or (old if element.name == "a" else "")).split())[:100]
        if written and written not in self._ids:
            self._ids.add(written)
            element.attributes["id"] = self._prefix + written

    def _address(self, element: Element) -> None:
        key, kind = _KINDS.get(element.name, ("", "link"))
        url = element.attributes.get(key, "").strip()
        if url.startswith("#"):
            self._fragments.append((len(self.out), element))
        elif url and self._resolve:
            element.attributes[key] = self._resolve(url, kind)

    def _heading(self, element: Element) -> str:
        """Level by the outline: the first is an h2, none goes more than one below the one it stands under."""
        written = int(element.name[1])
        explicit = self._take_explicit_id()
        text = plain(self.text[element.text_at :])
        if not text:  # a heading of nothing is noise in a list of headings
            self.out[element.at] = ""
            return ""
        level = self._level(written)
        anchor = self._anchor(element, level, text, explicit) if self._anchors > 0 else ""
        self.out[element.at] = tag(f"h{level}", element.attributes)
        return f"{anchor}</h{level}>"

    def _level(self, written: int) -> int:
        if self._quoted():  # the outline is the author's own; what is quoted stands under where it is quoted
            return min(len(self._outline) + 2, 6) if self._outline else 2
        while self._outline and self._outline[-1] >= written:
            self._outline.pop()
        self._outline.append(written)
        return min(len(self._outline) + 1, 6)

    def _quoted(self) -> bool:
        return any(outer.name == "blockquote" for outer in self.stack)

    def _take_explicit_id(self) -> str:
        match = _EXPLICIT_ID.search(self.out[-1])
        if not match:
            return ""
        self.out[-1] = self.text[-1] = self.out[-1][: match.start()]
        return match[1]

    def _anchor(self, element: Element, level: int, text: str, explicit: str) -> str:
        """Give the heading an id, list it, and make the link to itself that it ends with."""
        if "id" not in element.attributes:
            element.attributes["id"] = self._prefix + self._free_id(explicit or slug(text) or "section")
        self._anchors -= 1
        if not self._quoted():
            self.toc.append(Heading(level, shorten(text, 200), element.attributes["id"]))
        if (self.stack[-1].name if self.stack else "") not in _ROOM_FOR_ANCHOR:
            return ""
        link = {"class": "heading-anchor", "href": "#" + element.attributes["id"], "aria-label": "Link to this section"}
        return f" {tag('a', link)}#</a>"

    def _free_id(self, wanted: str) -> str:
        name, number = wanted, self._numbers.get(wanted, 0)
        while name in self._ids or name in self._written:
            number += 1
            name = f"{wanted}-{number}"
        self._numbers[wanted] = number
        self._ids.add(name)
        return name

    def _region(self, element: Element) -> str:
        """A table scrolls in a box of its own, which the keyboard can reach and whose name says what it is."""
        self._tables += 1
        under = f", {self.toc[-1].text}" if self.toc else ""
        label = shorten(f"Table {self._tables}{under}", 80)
        box = {"class": "table-scroll", "role": "region", "tabindex": "0", "aria-label": label}
        self.out[element.at] = tag("div", box) + self.out[element.at]
        return "</table></div>"

    def _point_fragments(self) -> None:
        """Links within the text follow the ids to where they are now."""
        by_letters = {_letters(name): name for name in sorted(self._ids, reverse=True)}
        for at, element in self._fragments:
            wanted = unquote(element.attributes["href"].strip()[1:])
            found = wanted if wanted in self._ids else by_letters.get(_letters(wanted), "")
            if found or wanted.lower() not in ("", "top"):
                element.attributes["href"] = f"#{self._prefix}{found or wanted}"
                self.out[at] = tag("a", element.attributes)
