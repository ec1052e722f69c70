"""The servers that a benchmark compares, each pinned to the same core, and wrk on the other one."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

from tests.serving.running import ask, eventually, free_port

SERVER_CORE, LOAD_CORE = "0", "1"
CONNECTIONS = 32


@dataclass(frozen=True)
class Server:
    """A running server. What is measured is the whole tree of its processes."""

    port: int
    pid: int
    host: str = "http://127.0.0.1"

    def processes(self) -> list[psutil.Process]:
        """The server's processes, the first one first."""
        first = psutil.Process(self.pid)
        return [first, *first.children(recursive=True)]

    def cpu_seconds(self) -> float:
        """Processor time that its processes have used so far."""
        times = [process.cpu_times() for process in self.processes()]
        return sum(time.user + time.system for time in times)


@dataclass(frozen=True)
class Load:
    """What one run of wrk saw."""

    per_second: float
    per_cpu_second: float
    p50: float
    p99: float


@contextmanager
def started(command: Sequence[str], port: int, environ: Mapping[str, str] | None = None) -> Iterator[Server]:
    """Start a server on SERVER_CORE, wait until it answers, end it."""
    pinned = ["taskset", "--cpu-list", SERVER_CORE, *command]
    with subprocess.Popen(pinned, stdout=subprocess.DEVNULL, env={**os.environ, **(environ or {})}) as process:
        try:
            eventually(lambda: answers(port), f"an answer of {command[0]}")
            yield Server(port, process.pid)
        finally:
            process.send_signal(signal.SIGTERM)


def answers(port: int) -> bool:
    """Whether somebody speaks HTTP there."""
    try:
        return ask(port, "/").status > 0
    except OSError:
        return False


def homeport(data: Path) -> list[str]:
    """The command line of the blog, but for its port."""
    return [sys.executable, "-m", "homeport.cli", "serve", "--data", str(data)]


@contextmanager
def nginx(folder: Path, page: bytes) -> Iterator[Server]:
    """Debian's nginx with one worker, set up to be quick, and one file `/page.html`."""
    port = free_port()
    (folder / "page.html").write_bytes(page)
    (folder / "nginx.conf").write_text(f"""
        daemon off; master_process off; worker_processes 1; pid {folder}/nginx.pid; error_log {folder}/error.log;
        events {{ worker_connections 1024; }}
        http {{
            access_log off; sendfile on; tcp_nopush on; keepalive_requests 1000000000; open_file_cache max=10;
            types {{ text/html html; }}
            server {{ listen 127.0.0.1:{port}; root {folder}; index page.html; }}
        }}""")
    with started(["nginx", "-c", str(folder / "nginx.conf"), "-e", str(folder / "error.log")], port) as server:
        yield server


def wrk(server: Server, path: str, seconds: int) -> Load:
    """Ask for one path as quickly as it is answered, over CONNECTIONS connections. Fails if any answer was not 200."""
    url = f"{server.host}:{server.port}{path}"
    command = ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s", "--latency", url]
    before = server.cpu_seconds()
    said = subprocess.run(
        ["taskset", "--cpu-list", LOAD_CORE, *command], capture_output=True, text=True, check=True
    ).stdout
    used = server.cpu_seconds() - before
    if "Non-2xx" in said or "Socket errors" in said:
        raise RuntimeError(f"{url}: {said}")
    number = float(_find(r"(\d+) requests in", said))
    return Load(
        per_second=float(_find(r"Requests/sec:\s+([\d.]+)", said)),
        per_cpu_second=number / used,
        p50=_milliseconds(_find(r"\n\s+50%\s+(\S+)", said)),
        p99=_milliseconds(_find(r"\n\s+99%\s+(\S+)", said)),
    )


def _find(pattern: str, text: str) -> str:
    found = re.search(pattern, text)
    if found is None:
        raise RuntimeError(f"wrk said something else: {text}")
    return found[1]


def _milliseconds(text: str) -> float:
    number, unit = re.fullmatch(r"([\d.]+)(us|ms|s)", text).groups()  # type: ignore[union-attr]  # wrk's own units
    return float(number) * {"us": 0.001, "ms": 1, "s": 1000}[unit]


def seconds_to_ready(data: Path) -> float:
    """How long `homeport serve` takes until it says that it is ready, on both cores."""
    start = time.monotonic()
    command = [*homeport(data), "--port", str(free_port())]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            if process.stdout is None or "ready" not in process.stdout.readline():
                raise RuntimeError("the blog did not start")
            return time.monotonic() - start
        finally:
            process.terminate()
