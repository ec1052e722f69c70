"""No orphans: a process of the blog ends when the one that started it is gone, however that ended."""

import os
import signal
import sys
import threading
import time

GRACE_SECONDS = 10
DRAIN = signal.SIGUSR1
"""Sent to the web server before SIGTERM: from then on each answer is its connection's last, and no new connection comes
about. One that the server closes by itself may at that moment carry a request, which then fails."""


def follow_stdin() -> None:
    """End this process when its standard input does.

    The supervisor holds the other end of that pipe and never writes to it; the kernel closes it when the supervisor
    dies, be it by SIGKILL.
    """
    threading.Thread(target=_wait, daemon=True).start()


def _wait() -> None:
    while os.read(sys.stdin.fileno(), 1024):
        pass
    end_this_process()


def end_this_process() -> None:
    """Ask this process to end as SIGTERM does, finishing what it is at; make it end if it doesn't."""
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(GRACE_SECONDS)
    os._exit(1)
