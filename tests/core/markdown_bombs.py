"""Texts made to cost a Markdown renderer far more than their length.

Each bomb is a function from a size in characters to a text of at most that size. They come from the quadratic-behaviour
lists of the CommonMark implementations (cmark's pathological_tests.py, markdown-it's pathological.js) and from reading
the parts used here for loops inside loops.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import count

Bomb = Callable[[int], str]


def repeat(unit: str) -> Bomb:
    return lambda size: unit * (size // len(unit))


def sandwich(opener: str, middle: str, closer: str) -> Bomb:
    def make(size: int) -> str:
        times = (size - len(middle)) // (len(opener) + len(closer))
        return opener * times + middle + closer * times

    return make


def after(head: str, unit: str) -> Bomb:
    return lambda size: head + unit * ((size - len(head)) // len(unit))


def numbered(template: str, *, head: str = "", tail: str = "") -> Bomb:
    """The template once per number, `{n}` replaced, until the size is reached; the tail likewise takes half of it."""

    def make(size: int) -> str:
        parts, length, room = [head], len(head), size // 2 if tail else size
        for n in count():
            unit = template.replace("{n}", str(n))
            if length + len(unit) > room:
                break
            parts.append(unit)
            length += len(unit)
        return "".join(parts) + tail * ((size - length) // len(tail) if tail else 0)

    return make


def wide_table(size: int) -> str:
    columns = size // 6 - 1
    return "|a" * columns + "|\n" + "|-" * columns + "|\n" + "|b" * columns + "|\n"


def empty_cells(size: int) -> str:
    head = "|a" * 50 + "|\n" + "|-" * 50 + "|\n"
    return head + "|\n" * ((size - len(head)) // 2)


def stairs(size: int) -> str:
    """A list nested one level deeper on every line."""
    lines: list[str] = []
    length = 0
    for depth in count():
        line = "  " * depth + "- a\n"
        if length + len(line) > size:
            return "".join(lines)
        lines.append(line)
        length += len(line)
    raise AssertionError("count() does not end")


def backtick_stairs(size: int) -> str:
    """Runs of 1, 2, 3 … backticks, no two of which match."""
    parts: list[str] = []
    length = 0
    for run in count(1):
        if length + run + 1 > size:
            return "".join(parts)
        parts.append("e" + "`" * run)
        length += run + 1
    raise AssertionError("count() does not end")


def fences(language: str, unit: str) -> Bomb:
    """Fenced blocks of 8 kB each, lines of 100 characters."""

    def make(size: int) -> str:
        line = (unit * 100)[:100]
        block = f"```{language}\n" + f"{line}\n" * 78 + "```\n"
        return block * (size // len(block))

    return make


BOMBS: dict[str, Bomb] = {
    "open brackets": repeat("["),
    "bracket pairs": repeat("[]"),
    "nested brackets": sandwich("[", "a", "]"),
    "open links": repeat("[a]("),
    "open links with angle": repeat("[a](<b"),
    "open link titles": repeat('[a](b "'),
    "empty links": repeat("[](a)"),
    "nested links": sandwich("[", "a", "](b)"),
    "nested images": sandwich("![", "a", "](b)"),
    "open images": repeat("![["),
    "images": repeat("![](a)"),
    "reference uses": after("[a]: /b\n\n", "[a]"),
    "reference definitions": numbered("[{n}]: b\n"),
    "reference titles never closed": repeat('[a]: b "\n'),
    "long reference used often": lambda size: f"[a]: /{'b' * (size // 10)}\n\n" + "[a]" * (size * 9 // 30 - 10),
    "open emphasis": repeat("*a "),
    "emphasis": repeat("*a*"),
    "strong": repeat("**a**"),
    "alternating emphasis": repeat("*a _b "),
    "closing emphasis": repeat("a* _b_ "),
    "nested emphasis": sandwich("*a ", "b", " a*"),
    "triple stars": repeat("***a** b* "),
    "many stars": repeat("*"),
    "underscores in words": repeat("a_b"),
    "strikethrough": repeat("~~a~~"),
    "open strikethrough": repeat("~~a "),
    "many tildes": repeat("a~~"),
    "backtick stairs": backtick_stairs,
    "code spans": repeat("`a`"),
    "open code spans": repeat("a`b``"),
    "entities": repeat("&amp;"),
    "open entities": repeat("&"),
    "long entity": after("&", "a"),
    "escapes": repeat("\\*"),
    "hard breaks": repeat("\\\n"),
    "angle brackets": repeat("<"),
    "open autolinks": repeat("<http:"),
    "autolinks": repeat("<a:b>"),
    "bare addresses": repeat("http://a "),
    "bare addresses, joined": repeat("http://"),
    "bare address with brackets": after("http://a", "("),
    "bare address with closing brackets": after("http://a", ")"),
    "bare address with dots": after("http://a", ".,"),
    "colons": repeat(":"),
    "schemes": repeat("https:"),
    "one long line": repeat("a"),
    "blank lines": repeat("\n"),
    "spaces": repeat(" "),
    "tabs": repeat("\t"),
    "short paragraphs": repeat("a\n\n"),
    "short lines": repeat("a\n"),
    "NUL": repeat("\0"),
    "headings": repeat("# a\n"),
    "same headings": repeat("## a b\n\n"),
    "different headings": numbered("# {n}\n"),
    "underlined headings": repeat("a\n=\n"),
    "one long heading": after("# ", "a"),
    "rules": repeat("***\n"),
    "quotes in a line": repeat(">"),
    "quotes at the limit": repeat(">" * 18 + "\n\n"),
    "quotes and lists in a line": repeat("> - "),
    "lists in a line": repeat("- "),
    "numbered lists in a line": repeat("1. "),
    "lists at the limit": repeat("- " * 10 + "\n\n---\n"),
    "lists in stairs": stairs,
    "empty list items": repeat("-\n"),
    "list items": repeat("- a\n"),
    "loose list items": repeat("- a\n\n"),
    "alternating lists": repeat("- a\n+ a\n"),
    "quoted lines": repeat("> a\n"),
    "nested quotes, lazy": lambda size: ">" * (size // 2) + "a\n" * (size // 4),
    "quote then list then quote": repeat("> 1. > - a\n"),
    "tasks": repeat("- [ ] a\n"),
    "wide table": wide_table,
    "empty cells": empty_cells,
    "long table": after("|a|b|\n|-|-|\n", "|a|b|\n"),
    "many tables": repeat("a|b\n-|-\n"),
    "many tables, apart": repeat("a|\n-|\n\n"),
    "pipes": repeat("|"),
    "pipes in lines": repeat("|\n"),
    "table of code": after("|a|\n|-|\n", "|`\\||\n"),
    "definition lists": repeat("a\n: b\n\n"),
    "definitions": after("a\n", ": b\n"),
    "nested definitions": repeat("a\n: "),
    "definitions in a line": after("a\n", ": "),
    "footnote uses": after("[^1]: a\n\n", "[^1]"),
    "footnotes": numbered("[^{n}]: a\n"),
    "footnotes with uses": lambda size: "".join(f"[^{n}]\n\n[^{n}]: a\n\n" for n in range(size // 22)),
    "footnotes in footnotes": repeat("[^1]: "),
    "long footnote used often": after("[^" + "a" * 300 + "]: b\n\n", "[^" + "a" * 300 + "]"),
    "open footnotes": after("[^1]: a\n\n", "[^"),
    "fence never closed": repeat("```\n"),
    "many fences": repeat("```\na\n```\n"),
    "one large fence": lambda size: "```python\n" + "x = [1, 'a']  # b\n" * (size // 18 - 2) + "```\n",
    "large fences of operators": fences("python", "1+"),
    "large fences of quotes": fences("javascript", "'a\"`"),
    "large fences of slashes": fences("perl", "/a%q"),
    "large fences of tags": fences("html", "<a b="),
    "large fences of a language": fences("rust", "let a:u8=1;"),
    "large fences of links": fences("markdown", "[\t\t\t\ta "),
    "large fences of words": fences("java", "a b;"),
    "small highlighted fences": repeat("```c\n1+1\n```\n"),
    "indented code": repeat("    a\n\nb\n\n"),
    "html comments never closed": repeat("<!--"),
    "html comments never closed, in text": repeat("a <!--"),
    "html comments": repeat("<!---->"),
    "processing instructions": repeat("a <?"),
    "declarations": repeat("a <!A "),
    "cdata": repeat("a <![CDATA["),
    "html block never closed": repeat("<script>\n"),
    "html elements": repeat("<b>"),
    "html elements in text": repeat("a<b>"),
    "html elements, closed": sandwich("a<b>", "a", "</b>"),
    "html blocks": repeat("<div>\n\n"),
    "html in lists": repeat("- <div>\n"),
    "closing html": repeat("</p>"),
    "closing br": repeat("</br>"),
    "unclosed formatting before paragraphs": numbered("<b title={n}>", tail="a\n\n"),
    "unclosed links before paragraphs": numbered("<a href={n}>", tail="a\n\n"),
    "misnested formatting": repeat("<b><i></b></i>"),
    "misnested links": repeat("<a href=a><p></a>"),
    "formatting hidden from a counter": numbered("<b title={n}><!-- </b> -->", tail="a\n\n"),
    "html attribute never closed": repeat('<a b="'),
    "html attribute never closed, in text": repeat("a <a b='"),
    "many attributes": after("a <a", " b"),
    "many attribute names": numbered(" a{n}=1", head="<p", tail=">"),
    "raw tables": repeat("<table><tr><td>"),
    "raw table text": repeat("<table>a"),
    "raw headings": repeat("<h2>a</h2>"),
    "raw pre": repeat("<pre>a"),
    "raw ids": numbered("<a id=a{n}></a>"),
    "raw fragment links": numbered("<a href=#a{n}></a>"),
    "raw list items": repeat("<li>"),
    "raw details": repeat("<details><summary>"),
    "raw svg": repeat("<svg><a>"),
    "raw select": repeat("<select><option>"),
    "raw template": repeat("<template>"),
    "raw images": repeat("<img src=a>"),
    "raw rules": repeat("<hr>"),
    "unknown elements": repeat("<x>"),
    "quotation marks": repeat('"'),
    "ampersands in addresses": repeat("[](&)"),
    "letters outside ASCII in addresses": repeat("[](é)"),
    "bidirectional controls": repeat("\u202e\u2066a"),
    "combining marks": repeat("\u0301"),
    "some of each": lambda size: "".join(
        unit * (size // 8 // len(unit))
        for unit in ("[](a)", "\n\n- a", "\n\n```markdown\n" + "[\t\t\t\ta\n" * 900 + "```\n\n", "**a**", "<b></b>")
    ),
    "surrogates": repeat("\ud800"),
    "characters of four bytes": repeat("\U0001f4a3 "),
}
