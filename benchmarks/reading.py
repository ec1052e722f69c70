"""How quickly the blog is read: `python -m benchmarks.reading [DATA]`.

Each number stands beside one of the same run: nginx with the same bytes as a file, and a bare Flask route on the same
Granian. Servers have one core, the load has the other one; runs are interleaved, and the table shows medians with the
least and the most. Answers per second of processor time stay comparable on a machine that has other work.
"""

import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable
from contextlib import ExitStack
from pathlib import Path

from sqlalchemy import func, select

from benchmarks.servers import Load, Server, homeport, nginx, seconds_to_ready, started, wrk
from homeport.app import create_app
from homeport.core.config import Config
from homeport.core.db import db
from homeport.posts.models import Post
from tests.parts import ROOT
from tests.serving.running import ask, free_port

CONTENT = ROOT.parent / "shared" / "real" / "rust-blog" / "content"
ROUNDS = 7
SECONDS = 2
WARM_UP = 1
MEMORY_AIM = 200
"""MB of all processes of an idle blog."""

FILE, CACHED, BARE, UNCACHED = "nginx, file", "cached post page", "bare Flask route", "uncached home page"
Loads = dict[str, list[Load]]


def imported(data: Path) -> None:
    """Make a blog out of the real content."""
    commands = (
        ["db", "upgrade"],
        ["user", "add", "ada@example.com", "--name", "Ada", "--role", "owner", "--password-stdin"],
        ["import", str(CONTENT), "--author", "ada@example.com"],
    )
    for command in commands:
        full = [sys.executable, "-m", "homeport.cli", *command, "--data", str(data)]
        subprocess.run(full, input="correct horse battery staple\n", text=True, check=True, stdout=subprocess.DEVNULL)


def usual_post(data: Path) -> str:
    """The address of the post in the middle when they are sorted by length."""
    app = create_app(Config(data=data))
    with app.app_context():
        paths = list(db.session.scalars(select(Post.path).order_by(func.length(Post.html))))
        db.engine.dispose()
    return f"/{paths[len(paths) // 2]}"


def measure(targets: dict[str, tuple[Server, str]]) -> Loads:
    """Load one target after the other, ROUNDS times."""
    seen: Loads = {name: [] for name in targets}
    for server, path in targets.values():
        wrk(server, path, WARM_UP)
    for _ in range(ROUNDS):
        for name, (server, path) in targets.items():
            seen[name].append(wrk(server, path, SECONDS))
    return seen


def middle(values: Iterable[float]) -> float:
    """The median."""
    return statistics.median(values)


def table(seen: Loads) -> None:
    """What was seen, one line for each target."""
    print(f"\n{'':20} {'answers/s':>9} {'(least - most)':>17} {'per CPU s':>10} {'p50 ms':>7} {'p99 ms':>7}")
    for name, loads in seen.items():
        rates = [load.per_second for load in loads]
        spread = f"({min(rates):,.0f} - {max(rates):,.0f})"
        cpu, p50, p99 = (middle(getattr(load, what) for load in loads) for what in ("per_cpu_second", "p50", "p99"))
        print(f"{name:20} {middle(rates):9,.0f} {spread:>17} {cpu:10,.0f} {p50:7.2f} {p99:7.2f}")


def ratios(seen: Loads) -> bool:
    """Print each ratio with its aim; whether all that must be reached are, by answers per second."""
    reached = True
    print(f"\n{'ratio (median of the rounds)':42} {'per second':>10} {'per CPU s':>10}   aim")
    for name, other, aim in ((CACHED, FILE, 0.5), (CACHED, BARE, 3.0), (UNCACHED, BARE, 0.1)):
        pairs = list(zip(seen[name], seen[other], strict=True))
        by_time = middle(one.per_second / two.per_second for one, two in pairs)
        by_cpu = middle(one.per_cpu_second / two.per_cpu_second for one, two in pairs)
        reached = reached and by_time >= aim
        print(f"{name + ' / ' + other:42} {by_time:10.2f} {by_cpu:10.2f}   {aim}")
    return reached


def memory(server: Server) -> bool:
    """Print the PSS of each process of the idle blog; whether the sum keeps to the aim."""
    print("\nmemory of the idle blog (PSS, MB)")
    total = 0.0
    for process in server.processes():
        size = process.memory_full_info().pss / 1e6
        total += size
        print(f"  {' '.join(process.cmdline()[-2:]):32} {size:6.1f}")
    print(f"  {'all':32} {total:6.1f}   aim: under {MEMORY_AIM}")
    return total < MEMORY_AIM


def run(data: Path, folder: Path) -> bool:
    """All of it, on one blog; whether all aims were reached."""
    ready = [seconds_to_ready(data) for _ in range(3)]
    print(f"ready again after {middle(ready):.2f} s ({min(ready):.2f} - {max(ready):.2f})   aim: under 2")
    with ExitStack() as servers:
        port, bare_port, path = free_port(), free_port(), usual_post(data)
        blog = servers.enter_context(started([*homeport(data), "--port", str(port)], port))
        bare = servers.enter_context(started([sys.executable, "-m", "benchmarks.bare", str(bare_port)], bare_port))
        page = ask(port, path).body
        file = servers.enter_context(nginx(folder, page))
        print(f"{path}: {len(page):,} bytes")
        home = "/?never=kept"
        seen = measure({FILE: (file, "/page.html"), CACHED: (blog, path), BARE: (bare, "/"), UNCACHED: (blog, home)})
        table(seen)
        reached = ratios(seen)
    with started([*homeport(data), "--port", str(port)], port) as blog:
        for address in ("/", path, "/archive", "/login"):
            ask(port, address)
        time.sleep(5)  # idle, for the set-up of the worker to be over
        return memory(blog) and reached and middle(ready) < 2


def main() -> int:
    """0 when every aim was reached."""
    with tempfile.TemporaryDirectory() as folder:
        data = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(folder) / "data"
        if not (data / "homeport.db").exists():
            imported(data)
        return 0 if run(data, Path(folder)) else 1


if __name__ == "__main__":
    sys.exit(main())
