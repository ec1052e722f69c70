"""The exercises: what one is made of, and where they are kept.

An exercise is one Markdown file in `exercises/`, so that it can be read, and written, from top to bottom: a title,
lines `Chapter:` and `Look:`, the explanation, and then the sections Start, Check, Hints, Solution and In Homeport.
"""

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from homeport.core.errors import Problem

FOLDER = Path(__file__).with_name("exercises")

_SECTION = re.compile(r"^## (.+)\n", re.MULTILINE)
_CODE = re.compile(r"```python\n(.*?)```", re.DOTALL)
_HINT = re.compile(r"^\d+\. ", re.MULTILINE)


@dataclass(frozen=True)
class Exercise:
    """One exercise.

    `start` is what the learner's file begins with, `check` the test, in plain Python; `solution` passes it. `hints`
    lead from the idea to nearly the code. `look` names something in Homeport, as `package.module:name`, and `about`
    says why.
    """

    number: int
    name: str
    title: str
    chapter: str
    text: str
    start: str
    check: str
    hints: tuple[str, ...]
    solution: str
    look: str
    about: str

    @property
    def file_name(self) -> str:
        """What the learner's file is called: `04_a_slug.py`."""
        return f"{self.number:02}_{self.name.replace('-', '_')}.py"


@cache
def exercises() -> tuple[Exercise, ...]:
    """All exercises, in their order."""
    return tuple(_read(path) for path in sorted(FOLDER.glob("*.md")))


def chapters() -> dict[str, list[Exercise]]:
    """The exercises by chapter, both in their order."""
    found: dict[str, list[Exercise]] = {}
    for exercise in exercises():
        found.setdefault(exercise.chapter, []).append(exercise)
    return found


def find(name: str) -> Exercise:
    """The exercise of a number, a name or a file. Raises Problem where there is none."""
    stem = Path(name).name.removesuffix(".py").replace("_", "-").lower()
    number = int(stem.partition("-")[0]) if re.match(r"[0-9]{1,3}(-|$)", stem) else 0
    for exercise in exercises():
        if exercise.name == stem or exercise.number == number:
            return exercise
    raise Problem(
        f"There is no exercise called “{name}”.", code="exercise_unknown", hint="`homeport learn list` names them all."
    )


def _read(path: Path) -> Exercise:
    number, _, name = path.stem.partition("-")
    head, *rest = _SECTION.split(path.read_text(encoding="utf-8"))
    parts = dict(zip(rest[::2], rest[1::2], strict=True))
    title, facts, text = head.split("\n\n", 2)
    told = dict(line.split(": ", 1) for line in facts.splitlines())
    return Exercise(
        number=int(number),
        name=name,
        title=title.removeprefix("# "),
        chapter=told["Chapter"],
        text=text.strip(),
        start=_code(parts["Start"]),
        check=_code(parts["Check"]),
        hints=tuple(hint.strip() for hint in _HINT.split(parts["Hints"])[1:]),
        solution=_code(parts["Solution"]),
        look=told["Look"],
        about=parts["In Homeport"].strip(),
    )


def _code(section: str) -> str:
    return "\n".join(_CODE.findall(section))
