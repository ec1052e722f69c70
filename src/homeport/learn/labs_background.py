"""Lab `background`: the same mails by a thread in a route and by a job, and the plug is pulled in the middle."""

import inspect
import signal
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from homeport.core.clock import now
from homeport.core.config import Config
from homeport.jobs.service import queue_mail
from homeport.learn import labs_weak_mailer
from homeport.learn.amounts import duration
from homeport.learn.labs_scene import Blog, blog, environ, scratch, stuck
from homeport.learn.labs_story import Say
from homeport.learn.labs_wire import Letterbox, connect

PATIENCE = 180.0
"""Seconds without a new mail after which the lab gives up."""
SETTLED = 1.0
"""Seconds without a new mail after which nobody sends any more."""


@dataclass(frozen=True)
class Arrived:
    """What came of `wanted` mails: how many people got one, how many got none, how many got more than one."""

    wanted: int
    once_or_more: int
    lost: int
    doubled: int


@dataclass(frozen=True)
class Outcome:
    """The thread after the plug was pulled, after its button was pressed again; the job; and what its rows say."""

    thread: Arrived
    pressed_again: Arrived
    job: Arrived
    rows: dict[str, int]


def run(say: Say, count: int, host: str) -> Outcome:
    """The lab, with `count` mails; the plug is pulled when two fifths have arrived."""
    plug = count * 2 // 5
    with scratch() as folder, Letterbox(host).running() as box:
        thread, again = _thread(say, folder, box, count, plug)
    with scratch() as folder, Letterbox(host).running() as box, blog(folder) as here:
        job, rows = _job(say, here, box, count, plug)
    _compare(say, count, thread, again, job)
    return Outcome(thread, again, job, rows)


def _thread(say: Say, folder: Path, box: Letterbox, count: int, plug: int) -> tuple[Arrived, Arrived]:
    say.scene("A thread in a route")
    say.raw(inspect.getsource(labs_weak_mailer.send_all).splitlines())
    command = [sys.executable, "-P", "-m", "homeport.learn.labs_weak_mailer", box.host, str(box.port), str(count)]
    with _child(command, {}, folder / "weak.log") as weak:
        _pull_at(box, plug, weak)
        _press(box.host, _port(weak))
        weak.wait(PATIENCE)
    say.tell(f"The button is pressed, and the page says at once that {count} mails are on their way.")
    say.tell(f"Number {plug} arrives, and the plug is pulled: kill -9. Then the program is started again.")
    with _child(command, {}, folder / "weak.log") as weak:
        port = _port(weak)
        _wait_until_quiet(box)
        first = count_up(box.recipients, count)
        _show(say, first)
        say.tell("Nobody knows who is missing: the list was in the memory of a process that is gone.")
        say.tell("So the button is pressed once more.")
        _press(box.host, port)
        _wait(lambda: len(box.recipients) >= plug + count, box)
    second = count_up(box.recipients, count)
    _show(say, second)
    return first, second


def _job(say: Say, here: Blog, box: Letterbox, count: int, plug: int) -> tuple[Arrived, dict[str, int]]:
    say.scene("A job of this blog")
    with here.inside():
        for number in range(count):
            queue_mail(f"person{number}@example.org", "News", "There is something new.", now=now())
    say.tell(f"{count} rows in the table mails, in one transaction. Here is one, read from the database:")
    say.raw([str(_rows(here.config, 'SELECT id, "to", status, attempts FROM mails LIMIT 1')[0])])
    command = [sys.executable, "-P", "-m", "homeport.cli", "--supervised", "worker"]
    settings = environ(here.config, HOMEPORT_SMTP_URL=f"smtp://{box.host}:{box.port}")
    log = here.config.data.parent / "worker.log"
    with _child(command, settings, log) as worker:
        _pull_at(box, plug, worker)
        worker.wait(PATIENCE)
    say.tell(f"Number {plug} arrives at the mail server, and before it can say so to the worker: kill -9.")
    say.figure("rows by status, right after", _said(statuses(here.config)))
    begun = time.monotonic()
    with _child(command, settings, log):
        _wait(lambda: not statuses(here.config).get("queued") and len(box.recipients) >= count, box)
        _wait_until_quiet(box)
    say.tell("The worker is started again, and nobody presses anything.")
    say.figure("until the rest had gone", duration(time.monotonic() - begun))
    found, rows = count_up(box.recipients, count), statuses(here.config)
    _show(say, found)
    say.figure("rows by status, now", _said(rows))
    _explain_open_one(say, here.config, plug)
    return found, rows


def _explain_open_one(say: Say, config: Config, plug: int) -> None:
    left = "strftime('%s', next_attempt_at) - strftime('%s', 'now')"
    for recipient, seconds in _rows(config, f"SELECT \"to\", {left} FROM mails WHERE status = 'sending'"):  # noqa: S608 (ours)
        say.tell(
            f"Mail {plug} is the one nobody can be sure about: the blog never heard whether {recipient} got it (RFC "
            f"1047). In {duration(float(str(seconds)))} its status becomes “unknown”, and a person decides on the page "
            "of jobs; it is not sent twice by itself."
        )


def count_up(recipients: list[str], wanted: int) -> Arrived:
    """Who got how many, of the people that mails were meant for."""
    got = Counter(recipients)
    everybody = [got[f"person{number}@example.org"] for number in range(wanted)]
    return Arrived(wanted, sum(map(bool, everybody)), everybody.count(0), sum(number > 1 for number in everybody))


def statuses(config: Config) -> dict[str, int]:
    """How many mails have which status, as the database says."""
    rows = _rows(config, "SELECT status, count(*) FROM mails GROUP BY status")
    return {str(name): int(str(number)) for name, number in rows}


def _rows(config: Config, query: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(config.data / "homeport.db", timeout=20)) as connection:
        return connection.execute(query).fetchall()


def _said(rows: dict[str, int]) -> str:
    return ", ".join(f"{number} {name}" for name, number in sorted(rows.items()))


def _show(say: Say, arrived: Arrived) -> None:
    width = 60
    once = round(width * (arrived.once_or_more - arrived.doubled) / arrived.wanted)
    twice = round(width * arrived.doubled / arrived.wanted)
    say.raw(["#" * once + "2" * twice + "." * (width - once - twice)])
    say.figure("people who got a mail (#)", str(arrived.once_or_more))
    say.figure("people who got none (.)", str(arrived.lost))
    say.figure("people who got it twice (2)", str(arrived.doubled))


@contextmanager
def _child(command: list[str], settings: dict[str, str], log: Path) -> Iterator["subprocess.Popen[str]"]:
    # It ends with its standard input, so also where this process is killed itself.
    with log.open("a") as errors:
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": errors}
        child = subprocess.Popen(command, env=settings or None, text=True, **pipes)  # type: ignore[call-overload]  # noqa: S603 (ours)
        try:
            yield child
        finally:
            child.kill()
            child.communicate()


def _port(weak: "subprocess.Popen[str]") -> int:
    line = weak.stdout.readline() if weak.stdout else ""
    if not line.strip():
        raise stuck("the weak program did not start")
    return int(line)


def _pull_at(box: Letterbox, plug: int, child: "subprocess.Popen[str]") -> None:
    def look(number: int) -> None:
        if number == plug:
            child.send_signal(signal.SIGKILL)
            child.wait()  # before the mail server answers

    box.meanwhile = look


def _press(host: str, port: int) -> None:
    with connect(host, port) as connection:
        connection.sendall(b"POST /send HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        connection.recv(4096)


def _wait(question: Callable[[], bool], box: Letterbox) -> None:
    number, since = -1, time.monotonic()
    while not question():
        if len(box.recipients) != number:
            number, since = len(box.recipients), time.monotonic()
        if time.monotonic() - since > PATIENCE:
            raise stuck("no mail came for a long time")
        time.sleep(0.05)


def _wait_until_quiet(box: Letterbox) -> None:
    number, since = -1, time.monotonic()
    while time.monotonic() - since < SETTLED:
        if len(box.recipients) != number:
            number, since = len(box.recipients), time.monotonic()
        time.sleep(0.05)


def _compare(say: Say, count: int, thread: Arrived, again: Arrived, job: Arrived) -> None:
    say.scene("Side by side")
    rows = [
        ("a thread, plug pulled", thread),
        ("… and the button pressed again", again),
        ("a job, plug pulled, started again", job),
    ]
    say.table(
        (f"Of {count} people", "got it", "got none", "got it twice"),
        [(what, str(found.once_or_more), str(found.lost), str(found.doubled)) for what, found in rows],
    )
    say.remember(
        "What is still to be done belongs in the database, written in the same transaction as what caused it. A "
        "thread's list dies with its process.",
        "Each piece is claimed, done and noted by itself; so whoever goes on knows where.",
        "“Exactly once” cannot be had across two machines. This blog chooses at most once by itself, and says which "
        "mail it is not sure of.",
    )
    say.hides(
        "The mail server is on this machine and takes everything; real ones are slow, refuse and ask to wait.",
        "kill -9 ends a process. A power cut also takes what the disk had not written yet; the blog's database waits "
        "for the disk at each commit, which this does not test.",
    )
