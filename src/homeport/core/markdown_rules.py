"""The parser: CommonMark with tables, footnotes, tasks, definitions and bare addresses, each with a measure.

A rule of markdown-it takes its turn at every position of a text, and some texts make that many more turns than they
have characters. So each text has an allowance of turns, of block tokens and of footnote references, in proportion to
its length; a text that needs more raises `TooIntricate`. The allowance counts turns and not seconds, so a text renders
alike on every machine.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from html import escape
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.rules_block import StateBlock
from markdown_it.rules_block.table import table
from markdown_it.rules_core import StateCore
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token
from mdit_py_plugins.deflist import deflist_plugin
from mdit_py_plugins.footnote import footnote_plugin
from mdit_py_plugins.footnote.index import footnote_ref

from homeport.core.highlight import Highlighter

MOST_COLUMNS = 50
_LONGEST_FOOTNOTE_LABEL = 100
_ADDRESS = re.compile(r"://(?=[\w\[])[^\s<>\"`\x00-\x1f\x7f]++")
_SCHEME = re.compile(r"(?:^|[^a-zA-Z0-9])(https?)$", re.IGNORECASE)
_REFERENCE_AT_END = re.compile(r"&[a-zA-Z0-9#]+;$")
_LANGUAGE = re.compile(r"[{.\s]*([\w+#-]{1,30})")


class TooIntricate(Exception):
    """The text asks for more work or more output than its length allows."""


class Allowance:
    """What one text may use, by its length in characters. Real texts of 100 kB use about a quarter of it."""

    def __init__(self, length: int) -> None:
        self.turns = 8_000 + 3 * length // 10
        self.tokens = 20_000 + length // 6
        self.references = 100 + length // 100
        self.growth = 20 * length + 4096
        self.anchors = 32 + length // 200
        self.highlighter = Highlighter()

    def take_turn(self) -> None:
        self.turns -= 1
        if self.turns < 0:
            raise TooIntricate


class _Tokens(list[Token]):
    """A list of tokens that has a most."""

    def __init__(self, most: int) -> None:
        super().__init__()
        self._most = most

    def append(self, token: Token) -> None:
        if len(self) >= self._most:
            raise TooIntricate
        super().append(token)


def _allowance(state: StateCore | StateBlock | StateInline) -> Allowance:
    allowance: Allowance = state.env["allowance"]
    return allowance


def _block_turn(state: StateBlock, _start: int, _end: int, _silent: bool) -> bool:
    _allowance(state).take_turn()
    return False


def _inline_turn(state: StateInline, _silent: bool) -> bool:
    _allowance(state).take_turn()
    return False


def _bound_tokens(state: StateCore) -> None:
    state.tokens = _Tokens(_allowance(state).tokens)


def _bound_addresses(state: StateCore) -> None:
    """A long address defined once and used a thousand times is a thousand long addresses."""
    total = 0
    for token in state.tokens:
        for child in token.children or ():
            total += sum(len(str(value)) for value in child.attrs.values())
    if total > _allowance(state).growth:
        raise TooIntricate


def _narrow_table(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    head = state.src[state.bMarks[start] + state.tShift[start] : state.eMarks[start]]
    return head.count("|") <= MOST_COLUMNS + 1 and table(state, start, end, silent)


def _counted_footnote_ref(state: StateInline, silent: bool) -> bool:
    start = state.pos
    if not state.src.startswith("[^", start) or state.src.find("]", start, start + _LONGEST_FOOTNOTE_LABEL) < 0:
        return False
    allowance = _allowance(state)
    if allowance.references <= 0 or not footnote_ref(state, silent):
        return False
    allowance.references -= not silent
    return True


def _bare_address(state: StateInline, silent: bool) -> bool:
    """`http://…` and `https://…` in running text is a link, as in GitHub's autolinks (GFM 6.9)."""
    if silent or state.linkLevel > 0 or not state.src.startswith("://", state.pos):
        return False
    scheme = _SCHEME.search(state.pending[-6:])
    match = _ADDRESS.match(state.src, state.pos, state.posMax)
    if scheme is None or match is None:
        return False
    rest = _without_trailing(match[0])
    shown = scheme[1] + rest
    address = state.md.normalizeLink(shown)
    if not state.md.validateLink(address):
        return False
    state.pending = state.pending[: -len(scheme[1])]
    state.push("link_open", "a", 1).attrs = {"href": address}
    state.push("text", "", 0).content = state.md.normalizeLinkText(shown)
    state.push("link_close", "a", -1)
    state.pos += len(rest)
    return True


def _without_trailing(address: str) -> str:
    """The address without the punctuation of the sentence around it; a bracket stays where its pair is inside."""
    surplus = address.count(")") - address.count("(")
    end = len(address)
    while end > 3:
        last = address[end - 1]
        if last == ")" and surplus > 0:
            surplus -= 1
        elif last == ";" and (reference := _REFERENCE_AT_END.search(address, max(0, end - 12), end)):
            end = reference.start() + 1
        elif last not in "?!.,:;*_~'|\\]}":
            break
        end -= 1
    return address[:end]


def _code(_self: Any, tokens: Sequence[Token], index: int, _options: Any, env: Any) -> str:
    """A block of code. The language is the first word of what follows the fence: `rust` in `rust,should_panic`."""
    token = tokens[index]
    match = _LANGUAGE.match(token.info)
    language = match[1].lower() if match else ""
    marked = env["allowance"].highlighter.highlight(token.content, language)
    attribute = f' class="language-{escape(language)}"' if language else ""
    return f"<pre><code{attribute}>{marked or escape(token.content, quote=False)}</code></pre>\n"


def _reference_name(token: Token) -> str:
    again = token.meta.get("subId", 0)
    return f"{token.meta['id'] + 1}" + (f":{again}" if again > 0 else "")


def _footnote_ref(_self: Any, tokens: Sequence[Token], index: int, _options: Any, _env: Any) -> str:
    name = _reference_name(tokens[index])
    number = name.partition(":")[0]
    return (
        f'<sup class="footnote-ref"><a href="#fn{number}" id="fnref{name}" role="doc-noteref"'
        f' aria-label="Footnote {number}">{number}</a></sup>'
    )


def _footnote_back(_self: Any, tokens: Sequence[Token], index: int, _options: Any, _env: Any) -> str:
    name = _reference_name(tokens[index])
    number, _, again = name.partition(":")
    label = f"Back to footnote {number}" + (f", use {int(again) + 1}" if again else "")
    arrow = "\u21a9\ufe0e"  # with the variation selector that keeps it from being drawn as an emoji
    return f' <a href="#fnref{name}" class="footnote-backref" role="doc-backlink" aria-label="{label}">{arrow}</a>'


def _footnotes_open(_self: Any, _tokens: Sequence[Token], _index: int, _options: Any, _env: Any) -> str:
    return (
        '<hr class="footnotes-sep"><section class="footnotes" role="doc-endnotes" aria-label="Footnotes">'
        '<ol class="footnotes-list">\n'
    )


def make_parser() -> MarkdownIt:
    """A parser with all rules. It is not shared between threads: plugins may keep state on it."""
    md = MarkdownIt("commonmark", {"tasklists": True, "xhtmlOut": False})
    md.enable(["table", "strikethrough"])
    md.use(footnote_plugin, inline=False).use(deflist_plugin)
    md.block.ruler.at("table", _narrow_table, {"alt": ["paragraph", "reference"]})
    md.block.ruler.before("table", "turn", _block_turn, {"alt": ["paragraph", "reference", "blockquote", "list"]})
    md.inline.ruler.before("text", "turn", _inline_turn)
    md.inline.ruler.before("link", "bare_address", _bare_address)
    md.inline.ruler.at("footnote_ref", _counted_footnote_ref)
    md.core.ruler.before("block", "bound_tokens", _bound_tokens)
    md.core.ruler.push("bound_addresses", _bound_addresses)
    for name, rule in {
        "fence": _code,
        "code_block": _code,
        "footnote_ref": _footnote_ref,
        "footnote_anchor": _footnote_back,
        "footnote_block_open": _footnotes_open,
    }.items():
        md.add_render_rule(name, rule)
    return md
