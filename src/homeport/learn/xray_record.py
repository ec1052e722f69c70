"""One record of the x-ray while it is made: steps with their times, nested as they happened, and facts about the whole.

Nothing in it is a value that came from somebody: `xray_masks` has looked at each before.
"""

import sys
from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from time import perf_counter
from types import CodeType, FrameType
from typing import Any

import homeport

PACKAGE = f"{Path(homeport.__file__).parent}/"
_OURSELVES = f"{PACKAGE}learn/xray_"
MOST_STEPS = 1000

current: ContextVar["Recording | None"] = ContextVar("xray", default=None)


@dataclass(slots=True)
class Step:
    """Something that took time: `kind` is view, sql, commit, template or block. Times in milliseconds since the begin.

    `depth` is how many others it happened in, `about` what else is known of it. `took` is None until it has ended.
    """

    kind: str
    name: str
    depth: int
    begin: float
    took: float | None = None
    about: dict[str, Any] = field(default_factory=dict)


@dataclass
class Recording:
    """What is known of a request, or of a job, so far."""

    id: str
    kind: str
    at: datetime
    who: int | None = None
    wanted: bool | None = None
    facts: dict[str, Any] = field(default_factory=dict)
    steps: list[Step] = field(default_factory=list)
    statements: dict[str, int] = field(default_factory=dict)
    jobs: list[dict[str, Any]] = field(default_factory=list)
    left_out: int = 0
    ms: float | None = None
    view: Step | None = None
    _start: float = field(default_factory=perf_counter)
    _open: int = 0

    def now(self) -> float:
        """Milliseconds since the begin."""
        return (perf_counter() - self._start) * 1000

    def leaf(self, kind: str, name: str, **about: Any) -> Step:
        """A step that begins now, within those that have not ended, and that nothing happens in."""
        step = Step(kind, name, self._open, self.now(), about=about)
        if len(self.steps) < MOST_STEPS:
            self.steps.append(step)
        else:
            self.left_out += 1
        return step

    def end_leaf(self, step: Step) -> None:
        """Such a step has ended now."""
        step.took = self.now() - step.begin

    def begin(self, kind: str, name: str, **about: Any) -> Step:
        """A step that begins now, and that others may happen in."""
        step = self.leaf(kind, name, **about)
        self._open += 1
        return step

    def end(self, step: Step) -> None:
        """The step has ended now."""
        self._open = max(0, self._open - 1)
        self.end_leaf(step)

    def stop(self) -> None:
        """The answer is there; what happens from now on happens after it."""
        self.ms = self.now()
        self._open = 0

    def statement(self, text: str) -> int:
        """The number under which the record has the text of a statement, which may be sent more than once."""
        return self.statements.setdefault(text[:6000], len(self.statements))

    def as_stored(self, what: str, outcome: str) -> dict[str, Any]:
        """The record in plain values."""
        steps = [
            [step.kind, step.name, step.depth, round(step.begin, 3), round(step.took or 0, 3), step.about]
            for step in self.steps
        ]
        return {
            "id": self.id,
            "kind": self.kind,
            "at": self.at.isoformat(),
            "what": what,
            "outcome": outcome,
            "ms": round(self.ms or self.now(), 2),
            "facts": self.facts,
            "steps": steps,
            "statements": list(self.statements),
            "jobs": self.jobs,
            "left_out": self.left_out,
        }


def cause() -> list[Any] | None:
    """Which line of Homeport's, or of one of its templates, has led here: file, line and function."""
    frame: FrameType | None = sys._getframe(2)
    while frame is not None:
        if _is_ours(frame.f_code):
            template = frame.f_globals.get("__jinja_template__")
            line = frame.f_lineno if template is None else template.get_corresponding_lineno(frame.f_lineno)
            return [frame.f_code.co_filename.removeprefix(PACKAGE), line, frame.f_code.co_qualname]
        frame = frame.f_back
    return None


@lru_cache(maxsize=2048)
def _is_ours(code: CodeType) -> bool:
    return code.co_filename.startswith(PACKAGE) and not code.co_filename.startswith(_OURSELVES)


def place_of(error: BaseException) -> list[list[Any]]:
    """The lines of Homeport's that an error went through, the innermost last; never what it says."""
    places, trace = [], error.__traceback__
    while trace is not None:
        code = trace.tb_frame.f_code
        if _is_ours(code):
            places.append([code.co_filename.removeprefix(PACKAGE), trace.tb_lineno, code.co_qualname])
        trace = trace.tb_next
    return places[-12:]


def quietly(action: Callable[..., None]) -> Callable[..., None]:
    """`action`, which looks on at a request and never ends one: on an error of ours the record goes, and no more."""

    def watched(*args: Any, **kwargs: Any) -> None:
        try:
            action(*args, **kwargs)
        except Exception:
            current.set(None)

    return watched
