"""Markdown to the HTML of a page: parsed, made into an article, sanitised last.

`render` takes any string and never fails on its content; a text that would cost more than its length allows comes back
as it was written, with "unformatted" among its features. Work and output are bounded in proportion to the length (the
output to twenty times the input, and 4 kB).
"""

from __future__ import annotations

import re
import threading
from dataclasses import dataclass, field
from html import escape

from markdown_it import MarkdownIt

from homeport.core.article import Article, Heading, Resolve, plain, shorten
from homeport.core.errors import Problem
from homeport.core.markdown_rules import Allowance, TooIntricate, make_parser
from homeport.core.markup import ILLEGAL
from homeport.core.sanitise import PREFIX, sanitise

__all__ = ["MOST_CHARACTERS", "RENDERER_VERSION", "Heading", "Rendered", "Resolve", "render"]

# Raised whenever the same source gives other HTML, so that stored HTML can be told to be old.
RENDERER_VERSION = 1
MOST_CHARACTERS = 1_000_000
_SUMMARY = 200

# A word is letters and digits with what joins them; scripts written without spaces count each character.
_WORD = re.compile(
    r"[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff]|[^\W\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff]+(?:['\u2019.-]\w+)*"
)


@dataclass(frozen=True, slots=True)
class Rendered:
    """A rendered text. `html` is safe as it is; `summary` is plain text of at most 200 characters, to be escaped.

    `features` names what the text holds and a page may need something for: code (highlighted), footnotes, images,
    media, tables, tasks; unformatted where the text was too intricate and is shown as it was written.
    """

    html: str
    toc: tuple[Heading, ...]
    words: int
    summary: str
    features: frozenset[str] = field(default_factory=frozenset)


class _Parsers(threading.local):
    """A parser for each thread: markdown-it's is not made to be shared."""

    def __init__(self) -> None:
        self.markdown: MarkdownIt = make_parser()


_parsers = _Parsers()


def render(source: str, *, resolve: Resolve | None = None, user_links: bool = False, id_prefix: str = "c-") -> Rendered:
    """The source as the HTML of an article.

    `resolve(url, kind)` gives the address to use for each link, image and media file, raw HTML's too. `user_links`
    marks every link `nofollow ugc`, for text by people whom the blog does not vouch for. `id_prefix` begins every id,
    and must differ between texts on one page: `c`, then letters or digits, then `-`. Problem: markdown_too_large.
    """
    if len(source) > MOST_CHARACTERS:
        raise Problem(
            f"This text has {len(source):,} characters; the most is {MOST_CHARACTERS:,}.",
            status=413,
            code="markdown_too_large",
            hint="Divide it into several posts, or put large data into a file and link to it.",
        )
    if not PREFIX.fullmatch(id_prefix):
        raise ValueError(f"id_prefix must match {PREFIX.pattern}")
    source = ILLEGAL.sub("\ufffd", source)
    try:
        return _formatted(source, resolve, user_links, id_prefix)
    except TooIntricate:
        return _unformatted(source)


def _formatted(source: str, resolve: Resolve | None, user_links: bool, id_prefix: str) -> Rendered:
    allowance = Allowance(len(source))
    html = _parsers.markdown.render(source, {"allowance": allowance})
    article = Article(html, id_prefix, allowance.anchors, resolve)
    safe = sanitise(article.run(), user_links=user_links)
    if safe is None or len(safe) > allowance.growth:
        raise TooIntricate
    text = plain(article.text)
    features = article.features | ({"code"} if allowance.highlighter.used else set())
    return Rendered(
        html=safe,
        toc=tuple(article.toc),
        words=_count_words(text),
        summary=article.summary or shorten(text, _SUMMARY),
        features=frozenset(features),
    )


def _unformatted(source: str) -> Rendered:
    safe = sanitise(f'<pre tabindex="0">{escape(source.lstrip(), quote=False)}</pre>') or ""
    text = plain([escape(source)])
    return Rendered(safe, (), _count_words(text), shorten(text, _SUMMARY), frozenset({"unformatted"}))


def _count_words(text: str) -> int:
    return sum(1 for _ in _WORD.finditer(text))
