"""How long the supervisor waits before it starts a dead process again, when it gives up, and how long it waits for an
end; by a clock of the test."""

import os
import signal
import sys
import tempfile
import time
from collections.abc import Iterator

import pytest

from homeport.core.config import ConfigError
from homeport.core.errors import Problem
from homeport.serving.supervisor import HEALTHY_SECONDS, LONGEST_WAIT, Child, Stop, end


@pytest.fixture
def lock() -> Iterator[int]:
    with tempfile.TemporaryFile() as file:
        yield file.fileno()


def child(lock: int, code: str) -> Child:
    return Child("thing", [sys.executable, "-c", code], dict(os.environ), lock)


def lives_for(child: Child, seconds: float, start: float) -> float:
    """Let the child start at a time, end by itself, and be found dead so much later; returns how long is waited."""
    child.watch(start)
    assert child.process is not None
    child.process.communicate()
    child.watch(start + seconds)
    return child.start_at - (start + seconds)


def test_first_death_is_answered_at_once_and_later_ones_after_growing_waits(lock: int) -> None:
    thing, now, waits = child(lock, "raise SystemExit(3)"), 1000.0, []
    for _ in range(4):
        waits.append(lives_for(thing, 1.0, now))
        now = thing.start_at
    assert waits[0] == 0
    assert waits[1] > 0
    assert waits == sorted(waits)


def test_it_is_not_started_before_the_wait_is_over(lock: int) -> None:
    thing = child(lock, "raise SystemExit(3)")
    lives_for(thing, 1.0, 1000.0)
    wait = lives_for(thing, 1.0, 1001.0)
    thing.watch(1002.0 + wait / 2)
    assert thing.process is None
    lives_for(thing, 1.0, 1002.0 + wait)


def test_process_that_never_starts_ends_the_blog_with_a_sentence(lock: int) -> None:
    thing, now = child(lock, "raise SystemExit(3)"), 1000.0
    for _ in range(4):
        lives_for(thing, 1.0, now)
        now = thing.start_at
    with pytest.raises(Problem, match="The thing ended 5 times right after its start"):
        lives_for(thing, 1.0, now)


def test_process_that_once_ran_well_is_started_again_for_ever(lock: int) -> None:
    thing, now = child(lock, "raise SystemExit(3)"), 1000.0
    lives_for(thing, HEALTHY_SECONDS + 1, now)
    for _ in range(20):
        now = thing.start_at
        wait = lives_for(thing, 1.0, now)
    assert wait == LONGEST_WAIT
    assert lives_for(thing, HEALTHY_SECONDS + 1, thing.start_at) == 0


def test_wrong_setting_is_not_tried_twice(lock: int) -> None:
    with pytest.raises(ConfigError, match="The thing could not start; the line above says why"):
        lives_for(child(lock, "raise SystemExit(2)"), 1.0, 1000.0)


class Clock:
    """Time that passes only while somebody waits for the second Ctrl-C, which comes when that is so late."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, second_ctrl_c: float = 1000.0) -> None:
        self.start = self.now = time.monotonic()
        self.second_ctrl_c = second_ctrl_c
        monkeypatch.setattr(time, "monotonic", lambda: self.now)
        monkeypatch.setattr(signal, "signal", lambda *_: None)  # the test's own process goes on listening to it
        self.stop = Stop()
        monkeypatch.setattr(self.stop.at_once, "wait", self._wait)

    def _wait(self, seconds: float) -> bool:
        self.now += seconds
        return self.passed >= self.second_ctrl_c

    @property
    def passed(self) -> float:
        return self.now - self.start


def hanging(lock: int) -> Child:
    """A process that takes no signal but the last one."""
    thing = child(lock, "input()")
    thing.watch(0.0)
    thing.tell(signal.SIGSTOP)
    # Until it stands still: of two signals that wait for it, the kernel would deliver SIGTERM first.
    os.waitid(os.P_PID, thing.process.pid if thing.process else 0, os.WSTOPPED)
    return thing


def test_what_does_not_end_is_killed_within_ten_seconds(lock: int, monkeypatch: pytest.MonkeyPatch) -> None:
    clock, thing = Clock(monkeypatch), hanging(lock)
    end([thing], clock.stop)
    assert thing.process is not None
    assert 8 < clock.passed < 10
    thing.process.communicate()
    assert thing.process.returncode == -signal.SIGKILL


def test_the_second_ctrl_c_is_not_waited_out(lock: int, monkeypatch: pytest.MonkeyPatch) -> None:
    clock, thing = Clock(monkeypatch, second_ctrl_c=2.0), hanging(lock)
    end([thing], clock.stop)
    assert thing.process is not None
    assert 2 <= clock.passed < 2.1
    thing.process.communicate()
    assert thing.process.returncode == -signal.SIGKILL
