"""A chapter's text as HTML: Markdown as the blog renders it, and below each paragraph the words that are new in it."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import NamedTuple

from flask import url_for

from homeport.core import markdown
from homeport.core.highlight import Highlighter
from homeport.core.sanitise import VOID
from homeport.learn.practice_look import Place, look
from homeport.learn.primer import Chapter, Part
from homeport.learn.primer_glossary import Word, anchor, words

_TAG = re.compile(r"<(/?)([a-z][a-z0-9]*)[^>]*>")
_GLOSSARY = "term:"
_CHAPTER = "chapter:"


class Passage(NamedTuple):
    """Some paragraphs as safe HTML, and the words that come up in the last of them."""

    html: str
    words: tuple[Word, ...]


@dataclass(frozen=True)
class Piece:
    """A part of a chapter, ready to be shown: of a text its passages, of a source its place and HTML."""

    part: Part
    passages: tuple[Passage, ...] = ()
    place: Place | None = None
    html: str = ""


@cache
def pieces(chapter: Chapter) -> tuple[Piece, ...]:
    """What a chapter's page is made of, in order. Needs an application, whose addresses the text links to."""
    return tuple(_piece(part, f"c{chapter.number}x{place}-") for place, part in enumerate(chapter.parts))


def _piece(part: Part, prefix: str) -> Piece:
    if part.kind == "text":
        html = markdown.render(part.body, resolve=_resolve, id_prefix=prefix).html
        return Piece(part, tuple(_passages(html)))
    if part.kind == "source":
        place = look(part.name)
        return Piece(part, place=place, html=Highlighter().highlight(place.source, "python") or "")
    return Piece(part)


def _resolve(url: str, _kind: str) -> str:
    """The address behind `term:` and `chapter:`; any other stays what it is."""
    if url.startswith(_GLOSSARY):
        return url_for("learn.glossary", _anchor=anchor(url.removeprefix(_GLOSSARY).replace("%20", " ")))
    if url.startswith(_CHAPTER):
        return url_for("learn.chapter", chapter=url.removeprefix(_CHAPTER))
    return url


def _passages(html: str) -> Iterator[Passage]:
    """The HTML cut behind each of its outermost elements that holds new words."""
    known = {url_for("learn.glossary", _anchor=word.anchor): word for word in words().values()}
    position = 0
    for start, end in _elements(html):
        found = tuple(known[href] for href in re.findall(r'href="([^"]+)"', html[start:end]) if href in known)
        if found:
            yield Passage(html[position:end], found)
            position = end
    if html[position:].strip():
        yield Passage(html[position:], ())


def _elements(html: str) -> Iterator[tuple[int, int]]:
    """Where each outermost element begins and ends; the renderer's HTML is well-formed."""
    depth, begin = 0, 0
    for tag in _TAG.finditer(html):
        if tag[2] in VOID:
            continue
        if not tag[1]:
            begin = tag.start() if depth == 0 else begin
            depth += 1
        else:
            depth -= 1
            if depth == 0:
                yield begin, tag.end()
