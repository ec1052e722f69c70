"""The jobs that a recorded request leaves behind: each gets a record of its own, made in the worker."""

from datetime import datetime
from pathlib import Path
from typing import Any

from flask import Flask, current_app

from homeport.core import watching
from homeport.core.clock import now
from homeport.jobs.service import JOBS, every, job
from homeport.learn import classroom, xray_masks, xray_store, xray_watch
from homeport.learn.xray_record import Recording, current, place_of, quietly


def listen(app: Flask) -> None:
    """Hear of jobs that are put into the queue of `app`'s blog, and of those that run."""
    watching.job_queued.connect(_queued, app, weak=False)
    watching.job_begins.connect(_begins, app, weak=False)
    watching.job_ended.connect(_ended, app, weak=False)


@quietly
def _queued(app: Flask, *, name: str, args: tuple[Any, ...], job_id: str) -> None:
    recording = current.get()
    if recording is None or recording.who is None or not recording.wanted:
        return
    shown = [xray_masks.argument(value) for value in args]
    recording.jobs.append({"id": job_id, "name": name, "args": shown, "at": round(recording.now(), 2)})
    xray_store.expect(_file(app), job_id, recording.who, recording.id, now())


def _file(app: Flask) -> Path:
    return xray_store.path(app.config["HOMEPORT"])


@quietly
def _begins(app: Flask, *, name: str, args: tuple[Any, ...], job_id: str) -> None:
    file = _file(app)
    expected = xray_store.expected(file, job_id) if file.exists() else None
    if expected is None:
        return
    xray_watch.install(app)
    who, cause, asked = expected
    recording = Recording(job_id, "job", now(), who, wanted=True)
    recording.facts = {
        "name": name,
        "args": [xray_masks.argument(value) for value in args],
        "function": f"{JOBS[name].__module__}.{JOBS[name].__qualname__}",
        "cause": cause,
        "waited": round((recording.at - asked).total_seconds() * 1000, 1),
    }
    current.set(recording)


@quietly
def _ended(app: Flask, *, job_id: str, error: Exception | None) -> None:
    recording = current.get()
    if recording is None or recording.id != job_id or recording.who is None:
        return
    current.set(None)
    recording.stop()
    if error is not None:
        recording.facts["error"] = {"type": type(error).__name__, "places": place_of(error)}
    outcome = "failed" if error else "done"
    xray_store.keep(_file(app), recording.who, recording.as_stored(recording.facts["name"], outcome), recording.at)


def _app() -> Flask:
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]  # the proxy's own method
    return app


def count_old(_moment: datetime) -> int:
    """Whether there are records that may have become too old, or the file is not as the class room is."""
    return int(_file(_app()).exists() or classroom.is_open())


@every(minutes=10, due=count_old)
@job("forget_xrays")
def forget_xrays() -> None:
    """Forget what was recorded more than an hour ago, also when nothing new is; and have it on for a class, as the
    setting says, also after the file was lost."""
    config = _app().config["HOMEPORT"]
    if xray_store.has_switched_on(config) != classroom.is_open():
        xray_store.set_for_everybody(config, is_on=classroom.is_open())
    xray_store.forget_old(_file(_app()), now())
