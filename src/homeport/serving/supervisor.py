"""Starts the blog's processes and watches them. It loads little, since it stays in memory for as long as they do.

Each child is a `homeport` command of its own. It ends when its standard input does, which the kernel closes when the
supervisor is gone (`lifeline`), and it holds the lock of the run, so that the next start knows when the last of
them has ended.
"""

import fcntl
import logging
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Thread
from types import FrameType

from homeport.core import served
from homeport.core.config import Config, ConfigError, make_folder
from homeport.core.errors import Problem
from homeport.core.signals import Wish
from homeport.serving.lifeline import DRAIN, GRACE_SECONDS
from homeport.serving.listener import take_no_more

log = logging.getLogger(__name__)

POLL_SECONDS = 0.1
HEALTHY_SECONDS = 30.0
MOST_FAILURES = 5
LONGEST_WAIT = 30.0
DRAIN_SECONDS = 0.5
AFTER_FRONT_SECONDS = 3
CONFIG_EXIT = 2


def command(*arguments: str) -> list[str]:
    """The command line of a `homeport` command."""
    # -P: a file of somebody's present folder must not be loaded in the place of a module.
    return [sys.executable, "-P", "-m", "homeport.cli", *arguments]


@dataclass
class Child:
    """One process that is kept running. `name` is for people; times are of the monotonic clock, in seconds."""

    name: str
    arguments: list[str]
    environ: Mapping[str, str]
    lock: int
    drains: bool = False
    front: bool = False
    """Readers come by it to the others, which therefore end after it."""
    descriptors: tuple[int, ...] = ()
    before_end: Callable[[], None] = lambda: None
    """What is done before it is told to end."""
    failures: int = 0
    proven: bool = False
    started: float = 0.0
    start_at: float = 0.0
    process: subprocess.Popen[bytes] | None = field(default=None, repr=False)

    def start(self, now: float) -> None:
        """Start the process, in a process group of its own: Ctrl-C is the supervisor's to pass on."""
        self.started = now
        self.process = subprocess.Popen(  # noqa: S603 (our own command)
            self.arguments,
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            env=self.environ,
            pass_fds=[self.lock, *self.descriptors],
            process_group=0,
        )

    def watch(self, now: float) -> None:
        """Start the process when it is due, note its death.

        Raises Problem when it can't be started at all. One that once ran well is started again for as long as it takes:
        what it lacks now, such as space on the disk, may come back.
        """
        if self.process is None:
            if now >= self.start_at:
                self.start(now)
        elif self.process.poll() is not None:
            self._died(self.process.returncode, now)

    def _died(self, code: int, now: float) -> None:
        self.process = None
        if code == CONFIG_EXIT and not self.proven:
            raise ConfigError(f"The {self.name} could not start; the line above says why.")
        if now - self.started > HEALTHY_SECONDS:
            self.failures, self.proven = 0, True
        self.failures += 1
        if self.failures == MOST_FAILURES and not self.proven:
            raise Problem(f"The {self.name} ended {self.failures} times right after its start; the log says why.")
        wait = min(LONGEST_WAIT, 0.25 * 2**self.failures) if self.failures > 1 else 0.0
        self.start_at = now + wait
        log.error("the %s has ended and is started again", self.name, extra={"exit_code": code, "wait": wait})

    def tell(self, number: int) -> None:
        """Send a signal: SIGTERM to the process, which passes it on; any other to all of its group."""
        if self.process is not None and self.process.poll() is None:
            (os.kill if number == signal.SIGTERM else os.killpg)(self.process.pid, number)


class Stop:
    """Ctrl-C, SIGTERM or SIGHUP: the first sets `asked`, the next `at_once`."""

    def __init__(self) -> None:
        self.asked = Wish()
        self.at_once = Wish()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._take)

    def _take(self, _number: int, _frame: FrameType | None) -> None:
        (self.at_once if self.asked.is_set() else self.asked).set()


def supervise(children: list[Child], stop: Stop, is_ready: Callable[[], bool], announce: Callable[[], None]) -> None:
    """Keep the children running until a stop is asked for; call `announce` once, when `is_ready` first says so, on a
    thread of its own.

    Raises Problem when a child can't be kept running. However this ends, no child is left.
    """
    announced = False
    try:
        while not stop.asked.wait(POLL_SECONDS):
            for child in children:
                child.watch(time.monotonic())
            if not announced and is_ready():
                announced = True
                for child in children:
                    child.proven |= child.front  # it has answered: a port or a file it lacks later will come back
                Thread(target=announce, daemon=True).start()
    finally:
        end(children, stop)


def end(children: list[Child], stop: Stop) -> None:
    """End all children: they finish what they are at, at most GRACE_SECONDS long or until the second Ctrl-C."""
    deadline = time.monotonic() + GRACE_SECONDS - 1
    draining = [child for child in children if child.drains]
    for child in draining:
        child.tell(DRAIN)
    stop.at_once.wait(DRAIN_SECONDS if draining else 0)
    if front := [child for child in children if child.front]:
        take_no_more()
        for child in front:
            child.before_end()
        _end(front, stop, deadline - AFTER_FRONT_SECONDS)
    _end(children, stop, deadline)
    for child in children:
        child.tell(signal.SIGKILL)


def _end(children: list[Child], stop: Stop, deadline: float) -> None:
    for child in children:
        child.tell(signal.SIGTERM)
    running = [child.process for child in children if child.process is not None]
    while any(process.poll() is None for process in running):
        if stop.at_once.wait(POLL_SECONDS / 2) or time.monotonic() > deadline:
            break


@contextmanager
def the_only_one(config: Config) -> Iterator[int]:
    """Hold the data directory; yields the descriptor of a lock for the children to share.

    Raises ConfigError where the directory can't be written or another supervisor holds it. Children that a killed
    supervisor left are waited for: they are ending.
    """
    make_folder(config)
    try:
        own, shared = (config.data / served.LOCK).open("a"), (config.data / "processes.lock").open("a")
    except OSError as error:
        raise ConfigError(f"The data directory {config.data} can't be written: {error.strerror}.") from None
    with own, shared:
        if not _locked(own.fileno(), 0):
            raise ConfigError(f"Homeport is already running with the data directory {config.data}.")
        if not _locked(shared.fileno(), GRACE_SECONDS + 1):
            raise ConfigError(f"Processes of an earlier run still work in {config.data} and don't end.")
        yield shared.fileno()


def _locked(descriptor: int, patience: float) -> bool:
    deadline = time.monotonic() + patience
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            if time.monotonic() >= deadline:
                return False
            time.sleep(POLL_SECONDS / 2)
        else:
            return True
