"""What differs between two texts, line by line, for people to read."""

from collections.abc import Iterator
from difflib import SequenceMatcher
from typing import Literal, NamedTuple

from homeport.posts.texts import Draft

CONTEXT = 2
"""How many equal lines stand before and after a change."""
MOST_LINES = 4000
"""Longer texts are compared as a whole: finding every changed line can cost the square of their number."""

Kind = Literal["same", "removed", "added", "skipped"]


class Part(NamedTuple):
    """Neighbouring lines with one fate. Of a `skipped` part only the number of its lines is told."""

    kind: Kind
    lines: list[str]


class Change(NamedTuple):
    """How one field of a text changed. `label` is its name on the page."""

    label: str
    parts: list[Part]


def changes(before: Draft, after: Draft) -> list[Change]:
    """The fields that differ, in the order of the page."""
    pairs = (
        ("Title", before.title, after.title),
        ("Text", before.body, after.body),
        ("Summary", before.summary, after.summary),
        ("Tags", "\n".join(sorted(before.tags)), "\n".join(sorted(after.tags))),
        ("Address", before.path, after.path),
    )
    return [Change(label, list(compare(one, other))) for label, one, other in pairs if one != other]


def compare(before: str, after: str) -> Iterator[Part]:
    """The parts that lead from one text to the other."""
    old, new = before.splitlines(), after.splitlines()
    if len(old) + len(new) > MOST_LINES:
        yield from (Part("removed", old), Part("added", new))
        return
    codes = SequenceMatcher(None, old, new, autojunk=False).get_opcodes()
    for number, (code, old_from, old_to, new_from, new_to) in enumerate(codes):
        if code == "equal":
            yield from _shorten(old[old_from:old_to], first=number == 0, last=number == len(codes) - 1)
            continue
        if old_to > old_from:
            yield Part("removed", old[old_from:old_to])
        if new_to > new_from:
            yield Part("added", new[new_from:new_to])


def _shorten(lines: list[str], *, first: bool, last: bool) -> Iterator[Part]:
    """Equal lines, but of a long run only those next to a change."""
    head, tail = 0 if first else CONTEXT, 0 if last else CONTEXT
    if len(lines) <= head + tail + 1:
        yield Part("same", lines)
        return
    end = len(lines) - tail
    yield from (part for part in (Part("same", lines[:head]), Part("skipped", lines[head:end])) if part.lines)
    if tail:
        yield Part("same", lines[end:])
