"""What differs between two texts, line by line, for people to read."""

from collections.abc import Iterable, Iterator
from itertools import takewhile
from typing import Literal, NamedTuple

from homeport.posts.texts import Draft

CONTEXT = 2
"""How many equal lines stand before and after a change."""
MOST_EDITS = 500
"""Texts with more changed lines are shown whole: nobody would compare them line by line."""

Kind = Literal["same", "removed", "added", "skipped"]

Run = tuple[Literal["same", "changed"], list[str], list[str]]


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
    start = _common(zip(old, new, strict=False))
    end = _common(zip(reversed(old[start:]), reversed(new[start:]), strict=False))
    middle = _edits(old[start : len(old) - end], new[start : len(new) - end])
    runs = [("same", old[:start], []), *middle, ("same", old[len(old) - end :], [])]
    runs = [run for run in runs if run[1] or run[2]]
    for number, (kind, removed, added) in enumerate(runs):
        if kind == "same":
            yield from _shorten(removed, first=number == 0, last=number == len(runs) - 1)
        if kind == "changed" and removed:
            yield Part("removed", removed)
        if kind == "changed" and added:
            yield Part("added", added)


def _common(pairs: Iterable[tuple[str, str]]) -> int:
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))


def _edits(old: list[str], new: list[str]) -> list[Run]:
    """The shortest way from one list of lines to another; one change of everything where that is too long to find.

    E. W. Myers, An O(ND) Difference Algorithm and Its Variations, Algorithmica 1 (1986), fig. 2. difflib takes minutes
    for some texts of repeated lines; here the work is bounded by the lines times MOST_EDITS.
    """
    reached, trace = {1: 0}, list[dict[int, int]]()
    for edits in range(min(len(old) + len(new), MOST_EDITS) + 1):
        trace.append(dict(reached))
        for diagonal in range(-edits, edits + 1, 2):
            x = _step(reached, diagonal, edits)
            while x < len(old) and x - diagonal < len(new) and old[x] == new[x - diagonal]:
                x += 1
            reached[diagonal] = x
            if x >= len(old) and x - diagonal >= len(new):
                return _runs(old, new, _matches(trace, len(old), len(new)))
    return [("changed", old, new)]


def _step(reached: dict[int, int], diagonal: int, edits: int) -> int:
    """How far in the old text one more edit leads: by adding a line (down) or removing one (right)."""
    if diagonal == -edits or (diagonal != edits and reached[diagonal - 1] < reached[diagonal + 1]):
        return reached[diagonal + 1]
    return reached[diagonal - 1] + 1


def _matches(trace: list[dict[int, int]], x: int, y: int) -> list[tuple[int, int]]:
    """The pairs of equal lines on the way that was found, in order."""
    found = []
    for edits in range(len(trace) - 1, -1, -1):
        diagonal = x - y
        start = _step(trace[edits], diagonal, edits)
        while x > max(start, 0) and y > 0:
            x, y = x - 1, y - 1
            found.append((x, y))
        down = diagonal == -edits or (diagonal != edits and trace[edits][diagonal - 1] < trace[edits][diagonal + 1])
        x, y = (x, y - 1) if down else (x - 1, y)
    return found[::-1]


def _runs(old: list[str], new: list[str], matches: list[tuple[int, int]]) -> list[Run]:
    """Equal lines and what changed between them, in turn."""
    runs, x, y = list[Run](), 0, 0
    for at_old, at_new in [*matches, (len(old), len(new))]:
        if at_old > x or at_new > y:
            runs.append(("changed", old[x:at_old], new[y:at_new]))
        if at_old == len(old):
            break
        if runs and runs[-1][0] == "same":
            runs[-1][1].append(old[at_old])
        else:
            runs.append(("same", [old[at_old]], []))
        x, y = at_old + 1, at_new + 1
    return runs


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
