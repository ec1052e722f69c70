"""Whether something waits, said without a stop-watch: what it would wait for does not come before this gives up."""

import threading
from collections.abc import Callable

PATIENCE = 60.0
"""Seconds. Far more than anything takes that does not wait, be the machine as busy as it likes."""

FOR_EVER = 1000.0
"""Seconds too: how long something waits that should not wait at all."""


def without_waiting(work: Callable[[], object]) -> None:
    """Do it on a thread of its own. Fails where that does not end, and with what the work raises."""
    raised: list[BaseException] = []

    def do() -> None:
        try:
            work()
        except BaseException as error:  # shown by the test: a thread has nobody to tell
            raised.append(error)

    thread = threading.Thread(target=do, daemon=True)
    thread.start()
    thread.join(PATIENCE)
    assert not thread.is_alive(), "it waits"
    if raised:
        raise raised[0]
