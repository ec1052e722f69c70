"""What HTML a text may hold: the one allow-list, and nh3 as the last thing that touches the markup.

Attribute values that a browser acts on are held to a pattern, not only to a name: an id always carries the prefix of
the text it belongs to (so it can neither be an id of the page nor shadow a property of `document`), a class is one of
ours, and there is no style and no event handler at all.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Set
from functools import cache

import nh3

from homeport.core import highlight


def names(text: str) -> frozenset[str]:
    """The words of the text as a set."""
    return frozenset(text.split())


TABLE_PARTS = frozenset({"caption", "col", "colgroup", "tbody", "td", "tfoot", "th", "thead", "tr"})
VOID = frozenset({"br", "col", "hr", "img", "input", "source", "wbr"})
TAGS = (
    names(
        "a abbr aside audio b bdi bdo blockquote cite code dd del details dfn div dl dt em figcaption figure h1 h2 h3"
        " h4 h5 h6 i ins kbd li mark ol p pre progress q rp rt ruby s samp section small span strong sub summary sup"
        " table time u ul var video"
    )
    | TABLE_PARTS
    | VOID
)

# Their content is not text for a reader, so it goes with them.
WITHOUT_CONTENT = names("script style svg math template noembed noframes object applet select textarea title")

ATTRIBUTES: dict[str, set[str]] = {
    "*": {"class", "dir", "id", "lang", "title"},
    "a": {"href", "rel", "role", "aria-label"},
    "audio": {"src", "controls", "preload"},
    "col": {"span"},
    "colgroup": {"span"},
    "del": {"datetime"},
    "details": {"open"},
    "div": {"role", "tabindex", "aria-label"},
    "img": {"src", "alt", "width", "height", "loading", "decoding"},
    "input": {"type", "disabled", "checked", "aria-label"},
    "ins": {"datetime"},
    "li": {"value"},
    "ol": {"start", "reversed", "type"},
    "pre": {"tabindex"},
    "progress": {"value", "max", "aria-label"},
    "section": {"role", "aria-label"},
    "source": {"src", "type"},
    "td": {"colspan", "rowspan"},
    "th": {"colspan", "rowspan", "scope"},
    "time": {"datetime"},
    "video": {"src", "controls", "preload", "width", "height"},
}

CLASSES = names(
    "align-center align-right contains-task-list footnote-backref footnote-item footnote-ref footnotes footnotes-list"
    " footnotes-sep heading-anchor table-scroll task-list-item"
)
_LANGUAGE_CLASS = re.compile(r"language-[a-z0-9+#_-]{1,30}")
_RELATIONS = names("author external license me nofollow noopener noreferrer sponsored tag ugc")
_SCHEMES = frozenset({"http", "https", "mailto"})
_SCHEME = re.compile(r"([a-z][a-z0-9+.-]*):", re.IGNORECASE)
# What somebody's program may skip when it looks for a scheme: browsers some of it, feed readers who knows what.
_UNSEEN = re.compile("[\x00-\x20\x7f-\xa0\xad\u200b-\u200f\u2028-\u202f\u2060-\u206f\ufeff]")
_NUMBER = re.compile(r"\d{1,4}")
PREFIX = re.compile(r"c[a-z0-9]{0,20}-")
_OUR_ID = re.compile(PREFIX.pattern + r"\S{1,200}")

_VALUES: dict[str, Mapping[str, Set[str]]] = {
    "a": {"role": {"doc-noteref", "doc-backlink"}},
    "div": {"role": {"region"}, "tabindex": {"0"}},
    "img": {"loading": {"lazy", "eager"}, "decoding": {"async"}},
    "ol": {"type": {"1", "a", "A", "i", "I"}},
    "pre": {"tabindex": {"0"}},
    "section": {"role": {"doc-endnotes"}},
    "th": {"scope": {"row", "col", "rowgroup", "colgroup"}},
}
_FORCED: dict[str, Mapping[str, str]] = {
    "audio": {"controls": "", "preload": "none"},
    "input": {"type": "checkbox", "disabled": ""},
    "video": {"controls": "", "preload": "none"},
}


def _class_is_ours(tag: str, name: str) -> bool:
    if tag == "span":
        return name in highlight.CLASSES
    return name in CLASSES or (tag == "code" and _LANGUAGE_CLASS.fullmatch(name) is not None)


def _keep(tag: str, attribute: str, value: str) -> str | None:
    """The value an attribute may have, or None to remove it. nh3 asks for each attribute that is allowed by name."""
    match attribute:
        case "class":
            return " ".join(name for name in value.split() if _class_is_ours(tag, name)) or None
        case "href" | "src":
            scheme = _SCHEME.match(_UNSEEN.sub("", value))
            return value if scheme is None or scheme[1].lower() in _SCHEMES else None
        case "id":
            return value if _OUR_ID.fullmatch(value) else None
        case "rel":
            return " ".join(name for name in value.split() if name in _RELATIONS) or None
        case "colspan" | "rowspan" | "span" | "start" | "width" | "height":
            return value if _NUMBER.fullmatch(value) else None
    return value


@cache
def _cleaner(user_links: bool) -> nh3.Cleaner:
    attributes = {tag: names - {"rel"} for tag, names in ATTRIBUTES.items()} if user_links else ATTRIBUTES
    values = {tag: {name: set(allowed) for name, allowed in names.items()} for tag, names in _VALUES.items()}
    return nh3.Cleaner(
        tags=set(TAGS),
        clean_content_tags=set(WITHOUT_CONTENT),
        # A name given in tag_attribute_values with its values must not be allowed with any other value beside it.
        attributes={tag: names - set(values.get(tag, ())) for tag, names in attributes.items()},
        attribute_filter=_keep,
        tag_attribute_values=values,
        set_tag_attribute_values={tag: dict(names) for tag, names in _FORCED.items()},
        link_rel="nofollow ugc" if user_links else None,
        url_schemes=set(_SCHEMES),
    )


def sanitise(html: str, *, user_links: bool = False) -> str | None:
    """HTML that holds nothing but the allow-list and parses to itself, or None where no such form was found.

    Cleaning is repeated until it changes nothing: markup that a parser reads differently the second time is what
    mutation attacks are made of (Heiderich and others, "mXSS attacks", CCS 2013).
    """
    cleaner = _cleaner(user_links)
    for _ in range(4):
        cleaned = cleaner.clean(html)
        if cleaned == html:
            return cleaned
        html = cleaned
    return None
