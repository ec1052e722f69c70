"""What knocking at a port can come to, on this very machine: somebody answers, nobody is there, or nothing is heard.

No port is chosen by a reader: it is this blog's own, and two that are opened for the moment.
"""

import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass

from homeport.core.config import Config
from homeport.learn.real_request import listening_at

HERE = "127.0.0.1"
PATIENCE = 1.0
"""Seconds to wait for an answer that may never come; a browser waits for minutes."""


@dataclass(frozen=True)
class Knock:
    """What became of one try to connect: to which port, what kind of port it is, and how many milliseconds it took."""

    door: str
    port: int
    outcome: str
    took: float


def knock_at_three(config: Config) -> list[Knock]:
    """The blog's own port, one where nobody listens, and one where whatever arrives is dropped."""
    host, port = listening_at(config)
    with _nobody() as closed, _silence() as silent:
        return [
            _knock("this blog’s own", host, port),
            _knock("one where no program listens", HERE, closed),
            _knock("one where what arrives is dropped", HERE, silent),
        ]


def _knock(door: str, host: str, port: int) -> Knock:
    began = time.perf_counter()
    outcome = "open: the connection stands"
    try:
        socket.create_connection((host, port), timeout=PATIENCE).close()
    except TimeoutError:
        outcome = f"silence: given up after {PATIENCE:.0f} second"
    except OSError:
        outcome = "refused: “there is nobody here”"
    return Knock(door, port, outcome, 1000 * (time.perf_counter() - began))


@contextmanager
def _nobody() -> Iterator[int]:
    """A port that is ours for the moment, and at which nobody listens."""
    with socket.socket() as held:
        held.bind((HERE, 0))
        yield int(held.getsockname()[1])


@contextmanager
def _silence() -> Iterator[int]:
    """A port whose line of waiting connections is full, so that the kernel drops who knocks, as a firewall does."""
    with ExitStack() as opened:
        listening = opened.enter_context(socket.socket())
        listening.bind((HERE, 0))
        listening.listen(0)
        for _ in range(4):
            waiting = opened.enter_context(socket.socket())
            waiting.setblocking(False)
            with suppress(BlockingIOError):
                waiting.connect(listening.getsockname())
        yield int(listening.getsockname()[1])
