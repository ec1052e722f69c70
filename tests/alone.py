"""Lets a test marked `alone` have the machine to itself, although tests run side by side.

Every test holds a shared lock while it runs; one that measures time, or needs every core, holds it exclusively. The
gate in front of the lock is what keeps the others from slipping in one after the other while it waits.
"""

import fcntl
import os
from collections.abc import Generator, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from tests.parts import ROOT


@contextmanager
def _locked(path: Path, kind: int) -> Iterator[None]:
    with path.open("a") as file:
        fcntl.flock(file, kind)
        yield


@contextmanager
def turn(folder: Path, *, alone: bool) -> Iterator[None]:
    """Wait for a turn and hold it: beside others that are not alone, or with nobody else."""
    folder.mkdir(parents=True, exist_ok=True)
    with ExitStack() as held:
        with _locked(folder / "gate", fcntl.LOCK_EX):
            held.enter_context(_locked(folder / "room", fcntl.LOCK_EX if alone else fcntl.LOCK_SH))
        yield


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, bool, bool]:
    """Around a test with all its fixtures; a run without workers has nothing to wait for."""
    if "PYTEST_XDIST_WORKER" not in os.environ:
        return (yield)
    with turn(ROOT / ".build/turns", alone=item.get_closest_marker("alone") is not None):
        return (yield)
