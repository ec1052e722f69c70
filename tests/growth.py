"""What a piece of work costs, said without a stop-watch: beside the same work on less, or on something harmless.

A figure in seconds is another one on each machine, and on a busy one it is another one each time. Costs are processor
time, the least of several runs that take turns, and what is compared lies far apart: a text TIMES as long costs about
TIMES as much where each part is looked at once, and TIMES * TIMES as much where it is looked at for each other part.
"""

from collections.abc import Callable
from time import process_time

TIMES = 8
MOST_GROWTH = 3.0
"""What still counts as growing in step: what falsifies the least of several runs falsifies it by less than this."""

ROUNDS = 3

Work = Callable[[], object]


def growth(work: Callable[[int], Work], size: int) -> float:
    """How much more than in step with its size the work grows: 1 where it is linear, TIMES where it is quadratic.

    `work` makes ready what is done at a size, and returns what does it.
    """
    return ratio(work(size), work(size // TIMES), enough=MOST_GROWTH * TIMES) / TIMES


def ratio(work: Work, other: Work, *, enough: float) -> float:
    """How many times the cost of `other` the cost of `work` is; measured again while it is not less than `enough`."""
    costs, others = [], [_cost(other)]  # the first time is dearer: what is loaded or kept for later
    for _ in range(ROUNDS):
        others += [_cost(other), _cost(other)]
        costs.append(_cost(work))
        if min(costs) < enough * min(others):
            break
    return min(costs) / min(others)


def _cost(work: Work) -> float:
    start = process_time()
    work()
    return process_time() - start
