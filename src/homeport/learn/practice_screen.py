"""What the learner reads, for a terminal of 80 columns. It is coloured; `say` takes that out where none is wanted."""

import re
import textwrap

import click
from pygments import highlight
from pygments.formatters import TerminalFormatter
from pygments.formatters.terminal import TERMINAL_COLORS  # type: ignore[attr-defined]  # its stubs lack it
from pygments.lexers import PythonLexer
from pygments.token import Comment, Whitespace

from homeport.learn.practice import Exercise, chapters
from homeport.learn.practice_folder import Folder, Progress
from homeport.learn.practice_look import look
from homeport.learn.practice_run import Outcome

WIDTH = 78
# Pygments writes comments in light grey, which cannot be read on white.
_COLOURS = TERMINAL_COLORS | {Comment: ("brightblack", "brightblack"), Whitespace: ("", "")}
MOST_PRINTED = 20  # lines of what the learner's program printed


def introduction(exercise: Exercise, folder: Folder) -> str:
    """The exercise as it is given."""
    return f"{_title(exercise)}\n\n{prose(exercise.text)}\n\nYour file: {click.style(folder.file(exercise), bold=True)}"


def outcome(exercise: Exercise, said: Outcome) -> str:
    """What became of a check."""
    parts = [_printed(said.printed)] if said.printed.strip() else []
    if said.passed:
        parts.append(click.style(f"Done: {exercise.title}.", fg="green", bold=True))
    else:
        parts.append(click.style("Not yet.", fg="red", bold=True) + " " + _wrapped(said.sentence, 9))
        if said.line is not None:
            parts.append(f"  {exercise.file_name}, line {said.line}:\n      {said.source.strip()}")
        if said.advice:
            parts.append(_wrapped(said.advice))
    return "\n".join(parts)


def in_homeport(exercise: Exercise) -> str:
    """The place in the program where the same idea works."""
    place = look(exercise.look)
    more = f"\n    … and {place.left_out} lines more" if place.left_out else ""
    where = click.style(f"{place.file}, line {place.line}", bold=True)
    return f"In Homeport: {where}\n{prose(exercise.about)}\n\n{_code(place.source)}{more}"


def hints(exercise: Exercise, count: int) -> str:
    """The first hints, and whether there are more."""
    told = [f"{click.style(f'Hint {number}', bold=True)}\n{prose(hint)}" for number, hint in _first(exercise, count)]
    left = len(exercise.hints) - count
    end = f"{left} more: type it again." if left else "That was the last one."
    return "\n\n".join([_title(exercise), *told, click.style(end, dim=True)])


def listing(progress: Progress) -> str:
    """All exercises by chapter, with what is done."""
    blocks = []
    for chapter, found in chapters().items():
        rows = [f"  {'x' if one.name in progress.done else '.'} {one.number:>2}  {one.name}" for one in found]
        blocks.append("\n".join([click.style(chapter, bold=True), *rows]))
    return "\n".join(blocks)


def summary(progress: Progress) -> str:
    """How far the learner has come: one bar for each chapter."""
    rows, total, all_done = [], 0, 0
    for chapter, found in chapters().items():
        done = sum(exercise.name in progress.done for exercise in found)
        bar = click.style("#" * done, fg="green") + "." * (len(found) - done)
        rows.append(f"  {chapter:<24} {done}/{len(found)}  {bar}")
        total, all_done = total + len(found), all_done + done
    return "\n".join([*rows, "", f"  {all_done} of {total} exercises done."])


def solution(exercise: Exercise) -> str:
    """One way to solve it."""
    return f"{_title(exercise)}\n\nOne way to write it:\n\n{_code(exercise.solution)}"


def prose(text: str) -> str:
    """Markdown for the terminal: paragraphs wrapped, lists kept, code set apart."""
    blocks = re.split(r"(```\w*\n.*?```)|\n\s*\n", text, flags=re.DOTALL)
    return "\n\n".join(_block(block) for block in blocks if block and block.strip())


def _block(block: str) -> str:
    if block.startswith("```"):
        return _code(block.partition("\n")[2].removesuffix("```"))
    items = re.split(r"\n(?=- )", block.strip())
    return "\n".join(_item(" ".join(item.split())) for item in items)


def _item(text: str) -> str:
    wrapped = textwrap.fill(
        text,
        WIDTH,
        subsequent_indent="  " if text.startswith("- ") else "",
        break_on_hyphens=False,
        break_long_words=False,
    )
    new_words = re.sub(r"\*\*([^*]+)\*\*", lambda found: click.style(found[1], bold=True), wrapped)
    return re.sub(r"`[^`]+`", lambda found: click.style(found[0], fg="cyan"), new_words)


def _wrapped(text: str, indent: int = 0) -> str:
    lines = text.splitlines() or [""]
    first = textwrap.fill(lines[0], WIDTH, initial_indent=" " * indent, break_on_hyphens=False).strip()
    return "\n".join([first, *lines[1:]])


def _code(source: str) -> str:
    coloured = highlight(textwrap.dedent(source), PythonLexer(), TerminalFormatter(colorscheme=_COLOURS))
    return textwrap.indent(coloured.rstrip(), "    ")


def _printed(text: str) -> str:
    lines = text.rstrip().splitlines()
    left = len(lines) - MOST_PRINTED
    shown = [f"  | {_plain(line)[:WIDTH]}" for line in lines[:MOST_PRINTED]] + (
        [f"  | … and {left} lines more"] if left > 0 else []
    )
    return click.style("Your program printed:", dim=True) + "\n" + "\n".join(shown)


def _plain(line: str) -> str:
    # What a program prints may hold signs that move the cursor or change the terminal's title.
    return "".join(char if char.isprintable() or char == "\t" else "?" for char in line)


def _title(exercise: Exercise) -> str:
    head = f"{exercise.number}. {exercise.title}"
    return click.style(head, bold=True) + click.style(f"   ({exercise.chapter})", dim=True)


def _first(exercise: Exercise, count: int) -> list[tuple[int, str]]:
    return list(enumerate(exercise.hints[:count], 1))
