"""A test that measures time waits until no other runs, and the others wait for it."""

import threading
from collections.abc import Callable
from pathlib import Path

from tests.alone import turn


def run(*actions: Callable[[], object]) -> None:
    """Run all of them at once, to the end."""
    threads = [threading.Thread(target=action) for action in actions]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=20)
    assert not any(thread.is_alive() for thread in threads)


def test_two_run_at_once(tmp_path: Path) -> None:
    both = threading.Barrier(2, timeout=10)

    def together() -> None:
        with turn(tmp_path, alone=False):
            both.wait()

    run(together, together)


def test_one_that_measures_runs_beside_no_other(tmp_path: Path) -> None:
    inside: list[str] = []
    seen: list[list[str]] = []

    def enter(name: str, *, alone: bool) -> None:
        with turn(tmp_path, alone=alone):
            inside.append(name)
            threading.Event().wait(0.01)  # long enough for another to come in, if it could
            if alone:
                seen.append(list(inside))
            inside.remove(name)

    def measuring() -> None:
        enter("measuring", alone=True)

    def other() -> None:
        enter("other", alone=False)

    run(other, measuring, other, measuring, other, measuring, other)
    assert seen == [["measuring"]] * 3
