"""Highlighted code as spans with class names, by Pygments. `ui/static/css/code.css` gives the classes their colours.

Pygments' lexers are regular expressions, and several of them look far ahead from every position. So only languages are
highlighted whose lexers were measured on hostile text (each below 0.15 s for the 8,000 characters allowed), with traps
for the patterns known to be slow; any other code is shown plain.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import cache
from html import escape
from itertools import groupby

from pygments.lexers import LEXERS, find_lexer_class_by_name
from pygments.token import Comment, Generic, Keyword, Literal, Name, Number, Operator, String, Token, _TokenType

MOST_IN_BLOCK = 8_000
MOST_IN_TEXT = 40_000

_LANGUAGES = frozenset(
    re.findall(
        r"\w+",
        """
        Ada Agda ApacheConf Awk Bash BashSession Batch C CMake CSharp Clojure CommonLisp Cpp Css Cuda D Dart Diff Docker
        Elixir Elm EmacsLisp Erlang FSharp FishShell Fortran GLShader Gleam Go GraphQL Groovy HLSLShader Haskell Html
        HtmlDjango HtmlPhp Http Ini Java Javascript Json Jsx Julia Kotlin Lean3 Lean4 LessCss Llvm Lua Makefile Markdown
        Matlab Nasm NginxConf Nimrod Nix ObjectiveC Ocaml Octave Perl Php Postgres PowerShell Prolog Properties ProtoBuf
        Python PythonConsole PythonTraceback Racket Reason Rst Ruby Rust S Sass Scala Scheme Scss Smalltalk Solidity Sql
        SqliteConsole Swift SystemVerilog TOML Tcl Terraform Tex Tsx TypeScript Typst Verilog Vhdl Vim Vue Wat Xml Yaml
        Zig
        """,
    )
)
_ALSO = {
    "asm": "nasm",
    "jsonc": "json",
    "json5": "json",
    "latex": "tex",
    "mysql": "sql",
    "svelte": "html",
    "wat": "wast",
}

# What lexers are slow on: a pattern, how often a block may have it, and which lexers (none named: all).
_TRAPS: tuple[tuple[re.Pattern[str], int, frozenset[str]], ...] = (
    (re.compile(r"[^\n]{500}"), 0, frozenset()),
    (re.compile(r"\s{200}"), 0, frozenset()),
    (re.compile(r"/\*"), 100, frozenset()),
    # They try each run of words as the head of a method.
    (re.compile(r"[\w\s$@<>,.?&\[\]]{400}"), 0, frozenset({"CSharpLexer", "GroovyLexer", "JavaLexer"})),
    (re.compile(r"<<|\w{100}"), 40, frozenset({"TerraformLexer"})),
)

# The kinds of token that look different. The rest (names, punctuation, operators) is plain text: pages stay small.
_CLASSES: dict[_TokenType, str] = {
    Comment: "c",
    Comment.Preproc: "cp",
    Generic.Deleted: "gd",
    Generic.Emph: "ge",
    Generic.Heading: "gh",
    Generic.Inserted: "gi",
    Generic.Output: "go",
    Generic.Prompt: "gp",
    Generic.Strong: "gs",
    Generic.Subheading: "gh",
    Generic.Traceback: "gt",
    Generic.Error: "gt",
    Keyword: "k",
    Keyword.Type: "kt",
    Literal: "m",
    Number: "m",
    Name.Attribute: "na",
    Name.Builtin: "nb",
    Name.Class: "nc",
    Name.Constant: "no",
    Name.Decorator: "nd",
    Name.Exception: "nc",
    Name.Function: "nf",
    Name.Label: "no",
    Name.Tag: "nt",
    Name.Variable: "nv",
    Operator.Word: "k",
    String: "s",
    String.Escape: "se",
    String.Interpol: "se",
    String.Regex: "sr",
}
CLASSES = frozenset(_CLASSES.values())


class Highlighter:
    """Highlights the blocks of one text, as many as its share of work allows. `used` says whether it has done any."""

    def __init__(self) -> None:
        self.used = False
        self._left = MOST_IN_TEXT

    def highlight(self, code: str, language: str) -> str | None:
        """HTML of the code, or None where it is to be shown plain. The language is an alias that Pygments knows."""
        lexer = _lexers().get(language)
        if lexer is None or len(code) > min(MOST_IN_BLOCK, self._left) or _is_trap(code, lexer):
            return None
        self._left -= len(code)
        # An object for each block: some lexers keep state on themselves, and other threads may be at work.
        tokens = find_lexer_class_by_name(LEXERS[lexer][2][0])(stripnl=False).get_tokens(code)
        html = "".join(_spans(tokens))
        if len(html) > 10 * len(code) + 200:
            return None
        self.used = True
        return html


@cache
def _lexers() -> dict[str, str]:
    """Language name to lexer class name. The lexers' own modules are imported when first used."""
    names = {
        alias: lexer
        for lexer, (_module, _name, aliases, _files, _types) in LEXERS.items()
        if lexer.removesuffix("Lexer") in _LANGUAGES
        for alias in aliases
    }
    return names | {alias: names[known] for alias, known in _ALSO.items() if known in names}


def _is_trap(code: str, lexer: str) -> bool:
    return any(len(pattern.findall(code)) > most for pattern, most, lexers in _TRAPS if not lexers or lexer in lexers)


@cache
def _class_of(token: _TokenType) -> str:
    """The class of the token's kind, or of the nearest kind above it that has one."""
    kind: _TokenType | None = token
    while kind is not None and kind is not Token:
        if kind in _CLASSES:
            return _CLASSES[kind]
        kind = kind.parent
    return ""


def _spans(tokens: Iterable[tuple[_TokenType, str]]) -> Iterator[str]:
    classes = ((_class_of(token), text) for token, text in tokens)
    for name, run in groupby(classes, key=lambda pair: pair[0]):
        text = escape("".join(text for _, text in run), quote=False)
        yield f'<span class="{name}">{text}</span>' if name and not text.isspace() else text
