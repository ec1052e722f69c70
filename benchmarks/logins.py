"""Twenty people log in at once: how much memory that takes, and how others are served meanwhile.

`python -m benchmarks.logins`. Passwords are hashed at the blog's own cost. The same readers ask for the same pages in a
quiet time of the same run, so that the waiting stands beside what it is usually.
"""

import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path
from threading import Event, Thread
from urllib.parse import urlencode

from benchmarks.servers import Server, homeport, started
from homeport.accounts import passwords
from homeport.accounts.models import User
from homeport.app import create_app
from homeport.core import clock
from homeport.core.config import Config
from homeport.core.db import commit, db
from homeport.core.http import Role
from homeport.migrations.runner import upgrade
from tests.cast import PASSWORD
from tests.serving.running import Answer, Reader, free_port

AT_ONCE = 20
ROUNDS = 5
QUIET_SECONDS = 3.0
MEMORY_AIM = 400
"""MB of all processes together, at the worst moment."""

PAGES = ("/about", "/login")
"""One that is answered from memory, one that is made anew each time."""

FORM = "Content-Type: application/x-www-form-urlencoded\r\nSec-Fetch-Site: same-origin\r\n"


def populated(data: Path) -> None:
    """A blog with AT_ONCE readers, who share a password."""
    upgrade(Config(data=data))
    with create_app(Config(data=data)).app_context():
        stored = passwords.hasher.hash(PASSWORD)
        for number in range(AT_ONCE):
            names = {"email": f"p{number}@example.com", "handle": f"p{number}", "display_name": f"Person {number}"}
            person = User(**names, role=Role.READER, created_at=clock.now())
            person.password_hash = stored
            db.session.add(person)
        commit()
        db.engine.dispose()


def log_in(port: int, number: int) -> float:
    """Log one of them in; returns the seconds until they are. Whoever is asked to come back does, as often as asked."""
    body = urlencode({"email": f"p{number}@example.com", "password": PASSWORD}).encode()
    begin = time.perf_counter()
    while (answer := _send(port, body)).status == 503:
        time.sleep(float(answer.headers["retry-after"]))
    if answer.status != 303:
        raise RuntimeError(f"not let in: {answer.status} {answer.body[:200]!r}")
    return time.perf_counter() - begin


def _send(port: int, body: bytes) -> Answer:
    with closing(Reader(port)) as reader:
        return reader.ask("/login", method="POST", headers=FORM, body=body)


@contextmanager
def during(action: Callable[[], None]) -> Iterator[None]:
    """Do something over and over on a thread of its own while the block runs."""
    over = Event()

    def repeat() -> None:
        while not over.is_set():
            action()

    thread = Thread(target=repeat)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


@contextmanager
def reading(port: int, path: str, waits: list[float]) -> Iterator[None]:
    """A reader who asks for a page over and over, a hundred times a second at most, and notes each wait."""
    with closing(Reader(port)) as reader:

        def ask() -> None:
            begin = time.perf_counter()
            reader.ask(path)
            waits.append(time.perf_counter() - begin)
            time.sleep(0.01)

        with during(ask):
            yield


def watched(port: int, action: Callable[[], None]) -> dict[str, list[float]]:
    """How long readers of each page waited while `action` ran."""
    waits: dict[str, list[float]] = {path: [] for path in PAGES}
    with reading(port, PAGES[0], waits[PAGES[0]]), reading(port, PAGES[1], waits[PAGES[1]]):
        action()
    return waits


def megabytes(server: Server) -> float:
    """PSS of all processes."""
    return sum(process.memory_full_info().pss for process in server.processes()) / 1e6


def p99(waits: list[float]) -> float:
    """The 99th percentile, in milliseconds."""
    return statistics.quantiles(waits, n=100)[98] * 1000


def run(server: Server) -> bool:
    """All of it on a running blog; whether the memory keeps to its aim."""
    quiet = watched(server.port, lambda: time.sleep(QUIET_SECONDS))
    idle, sizes, times = megabytes(server), [0.0], list[float]()

    def rounds() -> None:
        with ThreadPoolExecutor(AT_ONCE) as pool:
            for _ in range(ROUNDS):
                times.extend(pool.map(lambda number: log_in(server.port, number), range(AT_ONCE)))

    with during(lambda: sizes.append(megabytes(server))):
        busy = watched(server.port, rounds)
    print(f"{AT_ONCE} logins at once, {ROUNDS} times: all let in, half of them within {statistics.median(times):.2f} s")
    print(f"memory of all processes (PSS): {idle:.0f} MB before, {max(sizes):.0f} at most   aim: under {MEMORY_AIM}")
    for path in PAGES:
        before, then = p99(quiet[path]), p99(busy[path])
        print(f"p99 of {path}: {before:.1f} ms in a quiet time, {then:.1f} meanwhile ({then / before:.1f} times)")
    return max(sizes) < MEMORY_AIM


def main() -> int:
    """0 when the aim was reached."""
    with tempfile.TemporaryDirectory() as folder:
        data, port = Path(folder) / "data", free_port()
        populated(data)
        with started([*homeport(data), "--port", str(port)], port) as server:
            return 0 if run(server) else 1


if __name__ == "__main__":
    sys.exit(main())
