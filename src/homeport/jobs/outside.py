"""How a process that is not the worker reaches the engine: on a thread of its own, loaded at the first use.

So a web request never waits for the queue's lock, and a process that queues nothing does not carry the engine's 24 MB.
"""

import importlib
import logging
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as TooLate
from contextlib import suppress
from typing import Any

from homeport.core.config import Config
from homeport.core.errors import Problem

log = logging.getLogger(__name__)
_thread = ThreadPoolExecutor(1, thread_name_prefix="jobs")
ANSWER_SECONDS = 10.0


def _call(function: str, *args: Any) -> Any:
    return getattr(importlib.import_module("homeport.jobs.engine"), function)(*args)


def enqueue(config: Config, name: str, args: tuple[Any, ...], dedupe: str | None, job_id: str) -> None:
    """Put a job into the queue, soon. Never raises: what is due has a row, which a schedule finds within a minute."""
    with suppress(RuntimeError):  # the process is ending
        _thread.submit(_enqueue, config, name, args, dedupe, job_id)


def _enqueue(config: Config, name: str, args: tuple[Any, ...], dedupe: str | None, job_id: str) -> None:
    try:
        _call("enqueue", config, name, args, dedupe, job_id)
    except Exception as error:  # whatever it is, nobody waits for it
        log.warning(
            "a job could not be queued; the worker's schedule will find its rows", extra={"job": name, "why": error}
        )


def ask(function: str, *args: Any) -> Any:
    """Call a function of `engine` and wait for its answer. Raises Problem 503 where it takes too long."""
    try:
        return _thread.submit(_call, function, *args).result(ANSWER_SECONDS)
    except TooLate:
        raise Problem(
            "The queue of jobs does not answer.", status=503, code="jobs_busy", hint="Try again in a minute."
        ) from None
