"""Rules about how much there is: of a file, of a function, of a room."""

import ast
import io
import tokenize
from collections.abc import Iterable, Iterator

from tests.architecture.source import Source

FILE_LINES = 300
FUNCTION_LINES = 40

# The ceilings of DESIGN section 1. What counts is code: explaining a thing is free.
CEILINGS = {
    "app": 120,
    "cli": 80,
    "core": 900,
    "ui": 150,
    "jobs": 450,
    "https": 600,
    "accounts": 1500,
    "media": 450,
    "posts": 900,
    "comments": 500,
    "reading": 400,
    "feeds": 250,
    "newsletter": 500,
    "search": 250,
    "interop": 600,
    "ops": 600,
    "learn": 900,
    "serving": 400,
}

_NO_CODE = {
    tokenize.COMMENT,
    tokenize.NL,
    tokenize.NEWLINE,
    tokenize.INDENT,
    tokenize.DEDENT,
    tokenize.ENDMARKER,
    tokenize.ENCODING,
}


def files_are_short(source: Source) -> Iterator[str]:
    """A file has at most 300 lines: it is about one thing, and is read in one go."""
    lines = source.text.count("\n")
    if lines > FILE_LINES:
        yield source.at(FILE_LINES + 1, f"{lines} lines; at most {FILE_LINES}")


def functions_are_short(source: Source) -> Iterator[str]:
    """A function has at most 40 lines of code, and mostly fewer than 15; what a migration lists is as long as it is."""
    if "/migrations/versions/" in source.path:
        return
    code = code_lines(source)
    for node in ast.walk(source.tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            lines = sum(1 for line in code if node.lineno <= line <= (node.end_lineno or node.lineno))
            if lines > FUNCTION_LINES:
                yield source.at(node, f"{node.name}() has {lines} lines of code; at most {FUNCTION_LINES}")


def code_lines(source: Source) -> set[int]:
    """The numbers of the lines with code on them: no blank lines, comments or docstrings."""
    lines: set[int] = set()
    for token in tokenize.generate_tokens(io.StringIO(source.text).readline):
        if token.type not in _NO_CODE:
            lines.update(range(token.start[0], token.end[0] + 1))
    for text in _bare_strings(source.tree):
        lines.difference_update(range(text.lineno, (text.end_lineno or text.lineno) + 1))
    return lines


def _bare_strings(tree: ast.Module) -> Iterator[ast.Expr]:
    # Docstrings, and the strings that stand below an attribute to describe it.
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            yield node


def room_sizes(sources: Iterable[Source]) -> dict[str, int]:
    """Lines of code for each room."""
    sizes: dict[str, int] = {}
    for source in sources:
        sizes[source.room] = sizes.get(source.room, 0) + len(code_lines(source))
    return sizes


def rooms_over_ceiling(sizes: dict[str, int], ceilings: dict[str, int]) -> list[str]:
    """A finding for each room that is larger than it may be."""
    return [
        f"src/homeport/{room}: {lines} lines of code; the ceiling is {ceilings[room]}"
        for room, lines in sorted(sizes.items())
        if room in ceilings and lines > ceilings[room]
    ]


SIZE_RULES = (files_are_short, functions_are_short)
