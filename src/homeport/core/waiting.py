"""Requests that wait: for the rest of a form to arrive, for their turn to hash a password. Each takes up a thread.

A web process has as many more threads as may wait at once, so that readers always find one, however many are logging
in and however slowly somebody sends. Whoever comes when all places are taken is asked to come back.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import BoundedSemaphore

PLACES = 8
MOST_BYTES = 16 * 1024 * 1024
"""What a request may bring along, of any kind."""

TOO_LARGE = ("too_large", "What you sent is too large.", "Send less at once, or a smaller file.")
"""A code for programs, what happened, and what the person can do, where it brings more."""

_places = BoundedSemaphore(PLACES)


@contextmanager
def place() -> Iterator[bool]:
    """A place to wait in, for as long as the block runs; yields False where all are taken, and nothing may wait."""
    found = _places.acquire(blocking=False)
    try:
        yield found
    finally:
        if found:
            _places.release()
