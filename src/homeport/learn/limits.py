"""How often somebody may have the server work for an experiment, and how many may at once.

Counted in the memory of each web process: what is held down here is work, and no guess at a secret.
"""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from homeport.core.errors import Problem

MOST_PEOPLE = 1000
PATIENCE = 5.0
"""Seconds to wait for a place among those that run at once."""


class Limit:
    """So many goes at once, refilled evenly so that there are as many more in each minute (a token bucket)."""

    def __init__(self, each_minute: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._most = float(each_minute)
        self._clock = clock
        self._left: OrderedDict[int, tuple[float, float]] = OrderedDict()
        self._lock = threading.Lock()

    def take(self, user_id: int) -> None:
        """Take one go. Raises Problem 429 when none is left."""
        with self._lock:
            now = self._clock()
            left, since = self._left.pop(user_id, (self._most, now))
            left = min(self._most, left + (now - since) * self._most / 60)
            self._left[user_id] = (left - 1 if left >= 1 else left), now
            if len(self._left) > MOST_PEOPLE:
                self._left.popitem(last=False)
        if left < 1:
            raise Problem(
                "That was a lot of experiments in a short time.",
                status=429,
                code="too_many_experiments",
                hint="Wait a few seconds, then run it again.",
                headers={"Retry-After": "5"},
            )


_places = threading.BoundedSemaphore(2)


@contextmanager
def place() -> Iterator[None]:
    """One of the two places for requests that this blog sends to itself: each needs a second thread to answer it, so
    that many at once would wait for each other. Raises Problem 503 when none becomes free."""
    if not _places.acquire(timeout=PATIENCE):
        raise Problem(
            "Others are running experiments right now.",
            status=503,
            code="experiments_busy",
            hint="Wait a few seconds, then run it again.",
            headers={"Retry-After": "5"},
        )
    try:
        yield
    finally:
        _places.release()
