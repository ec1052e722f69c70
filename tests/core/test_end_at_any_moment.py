"""A process is asked to end by a signal, which may come at any moment."""

import subprocess
import sys
from threading import Thread
from time import monotonic, sleep

from homeport.core.signals import Wish
from tests.patience import PATIENCE

# Signals arrive by the thousand while their handler's flag is being waited for: with a flag that has a lock, one of
# them comes while that is held, after a few hundred.
STORM = """
import os, signal, threading
from homeport.core.signals import Wish

wish = Wish()
signal.signal(signal.SIGTERM, lambda *_: wish.set())
storm = threading.Thread(target=lambda: [os.kill(os.getpid(), signal.SIGTERM) for _ in range(20_000)])
storm.start()
while storm.is_alive():
    wish.wait(0)
    wish._is_set = False
print("ended")
"""


def test_a_signal_is_heard_while_the_process_begins_or_ends_to_wait_for_it() -> None:
    done = subprocess.run([sys.executable, "-c", STORM], capture_output=True, timeout=PATIENCE, check=False)
    assert done.stdout == b"ended\n"


def test_who_waits_is_told_at_once_and_who_comes_later_too() -> None:
    wish, waited = Wish(), []
    assert not wish.wait(0)
    waiting = Thread(target=lambda: waited.append(wish.wait(PATIENCE)))
    begun = monotonic()
    waiting.start()
    sleep(0.05)
    wish.set()
    waiting.join()
    assert waited == [True]
    assert monotonic() - begun < PATIENCE
    assert wish.is_set()
    assert wish.wait(PATIENCE)
