"""The experiments of chapter 11: a job is started, watched, killed with its worker, and watched coming back."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from wtforms import IntegerField
from wtforms.validators import InputRequired, NumberRange

from homeport.core import served
from homeport.core.errors import Problem
from homeport.core.http import Role
from homeport.jobs import queries
from homeport.jobs.queries import DoneStep, Followed
from homeport.jobs.service import enqueue, name_of
from homeport.learn import jobs
from homeport.learn.class_queries import may_break_things
from homeport.learn.experiments import Context, Fields, Outcome, experiment
from homeport.ui.forms import Form

LEAST, MOST = 5, 40
REST = timedelta(seconds=45)
"""Between two kills. A worker that ends within half a minute of its start, again and again, is taken for broken."""


class CountForm(Form):
    """How far to count."""

    total = IntegerField(
        "Count to",
        [InputRequired(), NumberRange(LEAST, MOST)],
        default=20,
        description=f"One number takes about a second. From {LEAST} to {MOST}.",
    )


@dataclass(frozen=True)
class Line:
    """One step: its number, the process that did it, and when, in seconds since the job was queued.

    `after_kill`: how long nobody did anything before it, where another process did the step before; else None.
    """

    number: int
    process: int
    at: float
    after_kill: float | None


@dataclass(frozen=True)
class Watched:
    """The newest counting job as the engine's books have it, and what that shows."""

    state: str
    total: int
    lines: tuple[Line, ...]

    @property
    def numbers(self) -> list[int]:
        """What was counted, in order."""
        return [line.number for line in self.lines]

    @property
    def is_right(self) -> bool:
        """Whether no number is missing and none is there twice."""
        return self.numbers == list(range(1, len(self.numbers) + 1))

    @property
    def is_over(self) -> bool:
        """Whether nothing more will come."""
        return self.state in {"done", "failed"}

    @property
    def kills(self) -> int:
        """How often the job went from one process to another."""
        return sum(line.after_kill is not None for line in self.lines)


@experiment("count", title="Start a job", button="Have it counted", fields=CountForm)
def count(form: Fields, seen: Context) -> Outcome:
    """Queue the counting job; only one counts at a time, since it takes one of the worker's few places."""
    running = newest()
    if running is not None and not running.is_over:
        raise Problem("A job is counting already. Look at that one.", status=409, code="counting")
    enqueue(jobs.count, int(form["total"]), dedupe=name_of(jobs.count))
    return "learn/experiments/count.html", {"total": int(form["total"]), "worker_seen": queries.worker_seen(seen.now)}


@experiment("watch-count", title="Watch it", button="Look now")
def watch_count(_form: Fields, seen: Context) -> Outcome:
    """What the engine has noted down so far."""
    return _watch(seen)


@experiment("kill-worker", title="Pull the plug", button="Kill the worker")
def kill_worker(_form: Fields, seen: Context) -> Outcome:
    """Have the worker that counts end as by `kill -9`; for the owner and a class, where it is started again."""
    if not (seen.viewer.may(Role.OWNER) or may_break_things(seen.viewer)):
        return "Only the owner of this blog may do this, since it interrupts other work too. You can watch above."
    if not served.is_watched(seen.config):
        raise Problem(
            "Nobody would start the worker again, so it is left alone.",
            status=409,
            code="not_watched",
            hint="Start the blog with “homeport serve”, which does.",
        )
    enqueue(jobs.pull_the_plug, victim(seen.now), dedupe=name_of(jobs.pull_the_plug))
    return "learn/experiments/kill_worker.html", {}


def victim(now: datetime) -> int:
    """The process that counts. Raises Problem where none does, or where one was killed a moment ago."""
    running, kills = newest(), queries.followed(name_of(jobs.pull_the_plug))
    if running is None or running.is_over or not running.lines:
        raise Problem("No job is counting right now.", status=409, code="not_counting", hint="Start one first.")
    if kills and now - kills[0].created_at < REST:
        raise Problem(
            "The worker was killed a moment ago; let it live for a while.",
            status=409,
            code="killed_just_now",
            hint=f"Wait {int((kills[0].created_at + REST - now).total_seconds()) + 1} seconds.",
        )
    return running.lines[-1].process


def newest() -> Watched | None:
    """The counting job that was asked for last; None where there is none."""
    found = queries.followed(name_of(jobs.count))
    return _watched(found[0]) if found else None


def _watch(seen: Context) -> Outcome:
    return "learn/experiments/watch_count.html", {
        "watched": newest(),
        "worker_seen": queries.worker_seen(seen.now),
        "is_watched": served.is_watched(seen.config),
    }


def _watched(found: Followed) -> Watched:
    return Watched(found.state, int(found.args[0]) if found.args else 0, tuple(_lines(found)))


def _lines(found: Followed) -> Iterator[Line]:
    before: DoneStep | None = None
    for step in found.steps:
        said = step.result
        moved = before is not None and before.result["process"] != said["process"]
        silence = (step.began_at - before.ended_at).total_seconds() if moved and before else None
        at = (step.ended_at - found.created_at).total_seconds()
        yield Line(said["number"], said["process"], at, silence)
        before = step
