"""The primer's chapters: Markdown files with a head in TOML, read once and taken apart into what a page is made of.

A file is `chapters/NN-slug.md`. Its head stands between two lines of `+++`. In its body a fenced block whose first word
is `experiment`, `source`, `picture` or `question` is not shown as code, and becomes that part of the page.
"""

import re
import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).with_name("chapters")

_FILE = re.compile(r"(\d\d)-([a-z0-9-]+)\.md")
_HEAD = re.compile(r"\+\+\+\n(.*?)^\+\+\+\n", re.DOTALL | re.MULTILINE)
_BLOCK = re.compile(r"^```(experiment|source|picture|question)(?: (\S+))?\n(.*?)^```$\n?", re.DOTALL | re.MULTILINE)


@dataclass(frozen=True)
class Part:
    """A piece of a chapter, in order. `kind`: text (`body` is Markdown), experiment, source or picture (`name` says
    which, `body` is a picture's caption)."""

    kind: str
    body: str = ""
    name: str = ""


@dataclass(frozen=True)
class Answer:
    """What may be chosen, whether it is right, and why."""

    text: str
    why: str
    is_right: bool


@dataclass(frozen=True)
class Question:
    """A question with its answers, of which one is right. `number` counts from 1 in its chapter."""

    number: int
    ask: str
    answers: tuple[Answer, ...]

    @property
    def right(self) -> int:
        """The place of the right answer, from 0."""
        return next(place for place, answer in enumerate(self.answers) if answer.is_right)


@dataclass(frozen=True)
class Chapter:
    """A chapter, with the number that the whole primer gives it; `minutes` is how long reading it takes."""

    number: int
    slug: str
    title: str
    minutes: int
    summary: str
    parts: tuple[Part, ...]
    questions: tuple[Question, ...]

    def names(self, kind: str) -> list[str]:
        """The names of its parts of a kind."""
        return [part.name for part in self.parts if part.kind == kind]


@cache
def chapters() -> tuple[Chapter, ...]:
    """Every chapter that is written, in order. Raises ValueError for a file that is not as it should be."""
    return tuple(read(path) for path in sorted(FOLDER.glob("*.md")))


def chapter(slug: str) -> Chapter | None:
    """The chapter of this name."""
    return next((found for found in chapters() if found.slug == slug), None)


def read(path: Path) -> Chapter:
    """The chapter in a file. Raises ValueError, naming the file, where something in it is not as it should be."""
    named = _FILE.fullmatch(path.name)
    text = path.read_text("utf-8")
    head = _HEAD.match(text)
    if named is None or head is None:
        raise ValueError(f"{path.name}: a chapter is NN-slug.md and begins with a head between lines of +++")
    try:
        facts = tomllib.loads(head[1])
        parts, questions = _take_apart(text[head.end() :])
        return Chapter(int(named[1]), named[2], **facts, parts=tuple(parts), questions=tuple(questions))
    except (tomllib.TOMLDecodeError, TypeError, KeyError, ValueError) as error:
        raise ValueError(f"{path.name}: {error}") from None


def _take_apart(body: str) -> tuple[list[Part], list[Question]]:
    parts: list[Part] = []
    questions: list[Question] = []
    position = 0
    for block in _BLOCK.finditer(body):
        _add_text(parts, body[position : block.start()])
        position = block.end()
        kind, name, inside = block[1], block[2] or "", block[3].strip()
        if kind == "question":
            questions.append(_question(len(questions) + 1, tomllib.loads(inside)))
        elif not name:
            raise ValueError(f"a block `{kind}` without a name")
        else:
            parts.append(Part(kind, inside, name))
    _add_text(parts, body[position:])
    return parts, questions


def _add_text(parts: list[Part], text: str) -> None:
    if text.strip():
        parts.append(Part("text", text.strip("\n") + "\n"))


def _question(number: int, facts: dict[str, Any]) -> Question:
    answers = tuple(Answer(row["text"], row["why"], row.get("right", False)) for row in facts["answer"])
    if sum(answer.is_right for answer in answers) != 1:
        raise ValueError(f"question {number}: one answer is right")
    return Question(number, facts["ask"], answers)
