"""Two jobs to watch: one that counts slowly, in steps, and one that kills the process which runs it."""

import os
import signal
from threading import Event

from homeport.jobs.service import job, progress, step

PAUSE = 1.0
"""Seconds between two numbers: slow enough to be watched."""


@job("learn_count")
def count(total: int) -> None:
    """Count from 1 to `total`, each number a step that is noted down when it is done."""
    for number in range(1, total + 1):
        step(say, number)
        progress(number, total, "numbers")
        Event().wait(PAUSE)


def say(number: int) -> dict[str, int]:
    """One number, and the process that said it."""
    return {"number": number, "process": os.getpid()}


@job("learn_pull_the_plug")
def pull_the_plug(process: int) -> None:
    """End this very process as `kill -9` does, if it is the one that is meant.

    It was never told what became of it, so it is started again like any job: then it finds another process, and ends.
    """
    if os.getpid() == process:
        os.kill(process, signal.SIGKILL)
