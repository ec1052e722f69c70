"""A walk over HTML that leaves it well-formed: every element closed in order, none the sanitiser would refuse.

What comes in is what Markdown made, raw HTML of the author included. Nothing depends on this walk for safety (the
sanitiser runs after it); it is there because repairing tag soup is where a parser can be made to turn a few bytes into
many, and because what is well-formed can be given ids, levels and regions on the way.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from html import escape, unescape

from homeport.core.sanitise import ATTRIBUTES, TABLE_PARTS, TAGS, VOID, WITHOUT_CONTENT, names

# Name, then attributes as in CommonMark 6.6; possessive, so that what does not match is given up in one go.
_TAG = re.compile(
    r"<(?P<slash>/)?+(?P<name>[a-zA-Z][a-zA-Z0-9-]*+)"
    r"(?P<attributes>(?:[\s/]++(?:[^\s\"'<>/=]++(?:\s*+=\s*+(?:\"[^\"]*+\"|'[^']*+'|[^\s\"'=<>`]++))?+)?+)*+)>"
)
_ATTRIBUTE = re.compile(r"([^\s\"'<>/=]++)(?:\s*+=\s*+(\"[^\"]*+\"|'[^']*+'|[^\s\"'=<>`]++))?+")
_ALIGNED = re.compile(r"text-align\s*:\s*(center|right)")

INLINE = names(
    "a abbr b bdi bdo br cite code del dfn em i img input ins kbd mark progress q rp rt ruby s samp small span strong"
    " sub sup time u var wbr"
)
HEADINGS = frozenset({"h1", "h2", "h3", "h4", "h5", "h6"})

# Elements of HTML that a text may not have: their tags go and their content stays. Any other name is no element but
# something like `Vec<T>` that was written without a backslash, and stays as text.
_KNOWN = TAGS | names(
    "acronym address area article base basefont bgsound big blink body button canvas center data datalist dialog dir"
    " embed fieldset font footer form frame frameset head header hgroup html iframe label legend link main map marquee"
    " menu meta meter nav nobr noscript optgroup option output param picture plaintext portal search slot strike track"
    " tt xmp"
)

_CLOSES_P = TAGS - INLINE - TABLE_PARTS - {"li", "dd", "dt", "audio", "video", "source"}
_CELLS = frozenset({"td", "th", "caption"})
_GROUPS = frozenset({"thead", "tbody", "tfoot", "caption", "colgroup"})
# What an opening tag ends: any of the first set, looked for outwards as far as one of the second (HTML, 13.1.2.4).
_ENDS: dict[str, tuple[frozenset[str], frozenset[str]]] = {
    **dict.fromkeys(_CLOSES_P, (frozenset({"p"}), _CELLS | {"table"})),
    **dict.fromkeys(HEADINGS, (HEADINGS | {"p"}, _CELLS | {"table", "div", "li", "blockquote"})),
    "a": (frozenset({"a"}), _CELLS),
    "li": (frozenset({"li"}), frozenset({"ul", "ol"})),
    **dict.fromkeys(("dt", "dd"), (frozenset({"dt", "dd"}), frozenset({"dl"}))),
    "tr": (frozenset({"tr", "caption", "colgroup"}), frozenset({"table"})),
    **dict.fromkeys(("td", "th"), (_CELLS, frozenset({"tr", "table"}))),
    **dict.fromkeys(("thead", "tbody", "tfoot"), (_GROUPS, frozenset({"table"}))),
}
_PARENTS = {"source": frozenset({"audio", "video"}), **dict.fromkeys(TABLE_PARTS, TABLE_PARTS | {"table"})}
_MOST_DEEP = 100

# XML 1.0 has no place for these (2.2), so a feed could not hold them; HTML calls them parse errors.
ILLEGAL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]")

Attributes = dict[str, str]


def _readable(text: str) -> str:
    """Text with its character references replaced, and with none of the characters that may not be in it."""
    return ILLEGAL.sub("\ufffd", unescape(text))


def _attributes(name: str, written: str) -> Attributes:
    """The attributes that an element of this name may have; the first of two alike counts."""
    allowed, result = ATTRIBUTES.get(name, ()), Attributes()
    for key, value in _ATTRIBUTE.findall(written):
        if (known := key.lower()) in allowed or known in ATTRIBUTES["*"] or known in ("name", "style", "align"):
            result.setdefault(known, _readable(value[1:-1] if value[:1] in ("'", '"') else value))
    align = result.pop("align", "").lower()
    if match := _ALIGNED.search(result.pop("style", f"text-align:{align}").lower()):
        result["class"] = f"align-{match[1]}"
    return result


def tag(name: str, attributes: Attributes) -> str:
    """An opening tag as a serialiser writes it, values escaped."""
    written = "".join(f' {key}="{escape(value)}"' for key, value in attributes.items())
    return f"<{name}{written}>"


@dataclass(slots=True)
class Element:
    """An element that is open: where in the output its tag is, and how many pieces of text came before it."""

    name: str
    attributes: Attributes
    at: int
    text_at: int


class Walk:
    """One walk over one text. A subclass says what to do at each opening and closing.

    `out` holds the pieces of the output, `text` those of its text (still HTML), `stack` the elements that are open.
    """

    def __init__(self, source: str) -> None:
        self.source = source
        self.out: list[str] = []
        self.text: list[str] = []
        self.stack: list[Element] = []
        self._absent: set[str] = set()

    def opening(self, element: Element) -> None:
        """An element is about to be opened; its attributes may be changed."""

    def closing(self, element: Element) -> str:
        """What to write where the element ends."""
        return f"</{element.name}>"

    def walk(self) -> None:
        """Fill `out` with the HTML, well-formed. Linear in the length of the source."""
        position, source = 0, self.source
        while (start := source.find("<", position)) >= 0:
            if start > position:
                self.add_text(source[position:start])
            position = self._take(start)
        self.add_text(source[position:])
        self._end(0)

    def add_text(self, text: str) -> None:
        """Text between tags, as it was written."""
        if "&#" in text:
            text = escape(_readable(text), quote=False)
        self.out.append(text)
        self.text.append(text)

    def _take(self, start: int) -> int:
        """Take what begins with the `<` at start; the position after it."""
        match = _TAG.match(self.source, start)
        if match is None:
            return self._take_declaration(start)
        written, end = match["name"], match.end()
        name = written.lower()
        if name in WITHOUT_CONTENT:
            return end if match["slash"] else self._skip_content(name, end)
        if name not in _KNOWN or not (written.islower() or written.isupper()):
            self.add_text("&lt;")
            return start + 1
        if name not in TAGS:
            if name == "iframe" and not match["slash"]:
                self._link_to_frame(_attributes("img", match["attributes"]))
        elif match["slash"]:
            self._close(name)
        else:
            self._open(name, _attributes(name, match["attributes"]))
            if name == "pre":  # a parser drops one line break here, so the next parser would drop another
                while self.source[end : end + 1] in ("\r", "\n"):
                    end += 1
        return end

    def _link_to_frame(self, attributes: Attributes) -> None:
        """A page within the page is not shown, and a reader may still want to go there."""
        if address := attributes.get("src", ""):
            self._open("a", {"href": address})
            self.add_text(escape(attributes.get("title") or address))
            self._close("a")

    def _take_declaration(self, start: int) -> int:
        """Comments, declarations and instructions go; any other `<` was meant as text."""
        end = -1
        if self.source.startswith("<!--", start):
            end = self._after("-->", start + 2)
        elif self.source.startswith(("<!", "<?"), start):
            end = self._after(">", start + 2)
        if end < 0:
            self.add_text("&lt;")
            end = start + 1
        return end

    def _after(self, what: str, position: int) -> int:
        """The position after the next `what`, or -1. What is not there is looked for only once."""
        found = -1 if what in self._absent else self.source.find(what, position)
        if found < 0:
            self._absent.add(what)
            return -1
        return found + len(what)

    def _skip_content(self, name: str, position: int) -> int:
        """The position after the element's closing tag; where there is none, only the opening tag goes."""
        match = None if name in self._absent else re.compile(rf"</{name}\s*+>", re.I).search(self.source, position)
        if match is None:
            self._absent.add(name)
            return position
        return match.end()

    def _open(self, name: str, attributes: Attributes) -> None:
        if name in _ENDS:
            self._close_first(*_ENDS[name])
        parent = self.stack[-1].name if self.stack else ""
        if len(self.stack) >= _MOST_DEEP or (name in _PARENTS and parent not in _PARENTS[name]):
            return
        element = Element(name, attributes, len(self.out), len(self.text))
        self.opening(element)
        self.out.append(tag(name, element.attributes))
        if name not in INLINE:
            self.text.append("\n")
        if name not in VOID:
            self.stack.append(element)

    def _close(self, name: str) -> None:
        # A cell is a wall: what is closed inside it was opened inside it, unless it is the table that ends.
        walls = frozenset[str]() if name in TABLE_PARTS or name == "table" else _CELLS
        self._close_first(frozenset({name}), walls)

    def _close_first(self, names: frozenset[str], walls: frozenset[str]) -> None:
        """Close the innermost open element of these names and all within it, unless there is a wall before it."""
        for depth in range(len(self.stack) - 1, -1, -1):
            name = self.stack[depth].name
            if name in names:
                return self._end(depth)
            if name in walls:
                return None
        return None

    def _end(self, depth: int) -> None:
        while len(self.stack) > depth:
            element = self.stack.pop()
            self.out.append(self.closing(element))
            if element.name not in INLINE:
                self.text.append("\n")
