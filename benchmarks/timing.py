"""Whether an answer's time tells who has an account: `python -m benchmarks.timing`.

For login, reset and registration, PAIRS pairs of requests go to a running blog with a mail server, each for an address
that has an account and for one that has none, in turn first and second. Known and unknown pass when their medians
differ by less than 5 ms, or when a test of ranks (Mann and Whitney 1947) finds no difference at p > 0.01.
"""

import math
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlencode

from benchmarks.servers import homeport, started
from homeport.accounts import service
from homeport.accounts.models import User
from homeport.app import create_app
from homeport.core import clock, site
from homeport.core.config import Config
from homeport.core.db import commit, db
from homeport.core.http import Role
from homeport.migrations.runner import upgrade
from tests.jobs.mailservers import Sink, running
from tests.serving.running import Reader, free_port

PAIRS = 60
WARM_UP = 5
AIM_MS, AIM_P = 5.0, 0.01
PASSWORD = "correct horse battery staple"
HEADERS = "Sec-Fetch-Site: same-origin\r\nContent-Type: application/x-www-form-urlencoded\r\n"


@dataclass
class Times:
    """How long each answer took, in milliseconds."""

    known: list[float] = field(default_factory=list)
    unknown: list[float] = field(default_factory=list)


def filled(data: Path, smtp_url: str) -> None:
    """A blog where anybody may register, with an account for each pair: a throttle counts by account."""
    data.mkdir()
    # One proxy is believed: this one, which gives each request a network of its own for the other throttle.
    (data / "homeport.toml").write_text(f'smtp_url = "{smtp_url}"\ntrusted_proxies = ["127.0.0.1"]\n')
    config = Config(data=data)
    upgrade(config)
    app = create_app(config)
    with app.app_context():
        site.change(registration="open")
        hashed = service.hash_password(PASSWORD)
        for what in FORMS:
            for number in range(PAIRS + WARM_UP):
                add(address("known", what, number), f"known-{what}-{number}", hashed)
        commit()
        db.engine.dispose()


def add(email: str, handle: str, hashed: str) -> None:
    """One more account with the same password: hashing it each time would take a minute."""
    facts = {"role": Role.READER, "password_hash": hashed, "created_at": clock.now()}
    db.session.add(User(email=email, handle=handle, display_name="Known", **facts))


def address(who: str, what: str, number: int) -> str:
    """An address of its own for each request; known and unknown ones are equally long."""
    return f"{'known' if who == 'known' else 'other'}-{what}-{number:03}@example.com"


FORMS: dict[str, Callable[[str], tuple[str, dict[str, str]]]] = {
    "login": lambda email: ("/login", {"email": email, "password": "not the right one at all"}),
    "reset": lambda email: ("/forgot", {"email": email}),
    "register": lambda email: ("/register", {"name": "Dora", "email": email, "password": "seven tired boats at noon"}),
}
EXPECTED = {"login": 422, "reset": 303, "register": 303}


def seconds(reader: Reader, what: str, email: str) -> float:
    """How long one request takes."""
    path, form = FORMS[what](email)
    network = ".".join(str(random.randrange(1, 255)) for _ in range(3))
    headers = f"{HEADERS}X-Forwarded-For: 10.{network}\r\n"
    start = time.perf_counter()
    answer = reader.ask(path, method="POST", headers=headers, body=urlencode(form).encode())
    took = time.perf_counter() - start
    if answer.status != EXPECTED[what]:
        raise RuntimeError(f"{path} answered {answer.status}")
    return took


def measure(port: int) -> dict[str, Times]:
    """All pairs, the three kinds of request one after the other so that a slow minute is shared by all."""
    reader = Reader(port)
    seen = {what: Times() for what in FORMS}
    for number in range(PAIRS + WARM_UP):
        for what, times in seen.items():
            order = ("known", "unknown") if number % 2 else ("unknown", "known")
            took = {who: seconds(reader, what, address(who, what, number)) * 1000 for who in order}
            if number >= WARM_UP:
                times.known.append(took["known"])
                times.unknown.append(took["unknown"])
    reader.close()
    return seen


def p_of_ranks(one: Sequence[float], other: Sequence[float]) -> float:
    """The two-sided p of the Mann-Whitney test, by the normal approximation, with ranks of ties shared.

    With 60 values on each side the approximation is exact to three places.
    """
    ranked = sorted((value, side) for side, values in enumerate((one, other)) for value in values)
    ranks, ties = _ranks([value for value, _ in ranked])
    size, most = len(ranked), len(one) * len(other)
    u = sum(rank for rank, (_, side) in zip(ranks, ranked, strict=True) if side == 0) - len(one) * (len(one) + 1) / 2
    variance = most / 12 * (size + 1 - ties / (size * (size - 1)))
    if variance == 0:
        return 1.0
    z = max(abs(u - most / 2) - 0.5, 0) / math.sqrt(variance)
    return math.erfc(z / math.sqrt(2))


def _ranks(values: Sequence[float]) -> tuple[list[float], float]:
    # Equal values share the mean of their ranks; each group of t of them takes t³ - t off the variance.
    ranks: list[float] = []
    ties = 0.0
    while len(ranks) < len(values):
        begin = len(ranks)
        end = begin + sum(1 for value in values[begin:] if value == values[begin])
        ranks += [(begin + 1 + end) / 2] * (end - begin)
        ties += (end - begin) ** 3 - (end - begin)
    return ranks, ties


def table(seen: dict[str, Times]) -> bool:
    """Print what was seen, one line for each kind; whether all of them pass."""
    passed = True
    print(f"{'median ms':10} {'known':>8} {'unknown':>8} {'difference':>11} {'p':>7}")
    for what, times in seen.items():
        known, unknown = statistics.median(times.known), statistics.median(times.unknown)
        p = p_of_ranks(times.known, times.unknown)
        good = abs(known - unknown) < AIM_MS or p > AIM_P
        passed = passed and good
        print(f"{what:10} {known:8.2f} {unknown:8.2f} {known - unknown:+11.2f} {p:7.3f}{'' if good else '   differs'}")
    print(f"aim: under {AIM_MS:g} ms of difference, or p over {AIM_P:g}; {PAIRS} pairs each")
    return passed


def main() -> int:
    """0 when no answer tells by its time who has an account."""
    with tempfile.TemporaryDirectory() as folder, running(Sink()) as sink:
        data, port = Path(folder) / "data", free_port()
        filled(data, sink.url)
        quiet = {"HOMEPORT_LOG_LEVEL": "warning"}
        with started([*homeport(data), "--port", str(port)], port, quiet):
            time.sleep(3)  # for the set-up of the worker to be over
            return 0 if table(measure(port)) else 1


if __name__ == "__main__":
    sys.exit(main())
