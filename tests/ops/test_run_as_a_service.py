"""The unit does what it promises, and the blog works within it: judged by systemd's own tools, and by the kernel."""

import json
import os
import re
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from homeport.ops import installing, unit
from homeport.serving.lifeline import GRACE_SECONDS
from tests.ops.confinement import NOBODY, confined, lines
from tests.parts import ROOT, require, require_root
from tests.patience import PATIENCE

MOST_EXPOSED = 2.5
PROBE = """
import json, mmap, os, socket, sys
def attempt(what):
    try:
        what()
        return "done"
    except (OSError, ValueError) as error:
        return type(error).__name__
print(json.dumps({
    "write here": attempt(lambda: open("here", "w")),
    "write to the system": attempt(lambda: open("/etc/planted", "w")),
    "write to the program": attempt(lambda: open(sys.argv[1] + "/planted", "w")),
    "run what was written": attempt(lambda: mmap.mmap(-1, 4096, prot=mmap.PROT_WRITE | mmap.PROT_EXEC)),
    "open a raw socket": attempt(lambda: socket.socket(socket.AF_PACKET, socket.SOCK_RAW)),
    "become root": attempt(lambda: os.setuid(0)),
    "change an owner": attempt(lambda: os.chown("here", 1, 1)),
    "bind port 443": attempt(lambda: socket.create_server(("127.0.0.1", 443))),
    "homes": os.listdir("/home"),
}))
"""


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A folder for a blog, as root has just made it."""
    folder = tmp_path / "my data"
    folder.mkdir(mode=0o700)
    return folder


def unit_for(data: Path, domain: str = "") -> str:
    """The unit for a blog in a folder."""
    return unit.text(installing.service(data, domain, for_user=False))


@pytest.mark.parametrize("data", [unit.STATE, Path("/srv/a blog"), Path("/home/olga/100% mine"), Path("/srv/$HOME")])
def test_systemd_understands_every_line(tmp_path: Path, data: Path) -> None:
    analyze = require("systemd-analyze", package="systemd")
    file = tmp_path / unit.NAME
    file.write_text(unit_for(data, "blog.example.com"))
    done = subprocess.run([analyze, "verify", str(file)], capture_output=True, text=True, check=False)
    # The account and the folder are made when it is installed.
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""


@pytest.mark.parametrize("data", [unit.STATE, Path("/srv/blog"), Path("/home/olga/blog")])
def test_systemd_finds_it_little_exposed(tmp_path: Path, data: Path) -> None:
    analyze = require("systemd-analyze", package="systemd")
    file = tmp_path / unit.NAME
    file.write_text(unit_for(data))
    threshold = str(int(MOST_EXPOSED * 10))
    command = [analyze, "security", "--offline=true", f"--threshold={threshold}", "--no-pager", str(file)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    found = re.search(r"Overall exposure level for homeport.service: ([\d.]+)", done.stdout)
    assert found, done.stderr
    assert float(found[1]) <= MOST_EXPOSED
    assert done.returncode == 0


def test_systemd_waits_longer_than_the_blog_takes_to_end() -> None:
    [seconds] = lines(unit_for(unit.STATE), "TimeoutStopSec")
    assert int(seconds) > GRACE_SECONDS


def test_systemd_starts_it_again_however_it_ended_and_gives_up_never() -> None:
    text = unit_for(unit.STATE)
    assert lines(text, "Restart") == ["always"]
    assert float(lines(text, "RestartSec")[0]) > 0
    # Five starts within ten seconds, which systemd takes for a reason to give up, do not fit these waits.
    assert float(lines(text, "RestartSec")[0]) * 5 > 10


def test_a_name_with_signs_that_mean_something_stays_a_name() -> None:
    made = unit.Service(("/opt/my blog/homeport", "serve", "--data", '/srv/100%/$HOME "x"'), unit.STATE, "homeport", ())
    [start] = lines(unit.text(made), "ExecStart")
    assert start == '"/opt/my blog/homeport" serve --data "/srv/100%%/$$HOME \\"x\\""'


def test_an_account_that_nobody_logs_in_to(tmp_path: Path) -> None:
    require_root("accounts")
    sysusers = require("systemd-sysusers", package="systemd")
    (tmp_path / "etc").mkdir()
    (tmp_path / "file").write_text(unit.SYSUSERS)
    subprocess.run([sysusers, f"--root={tmp_path}", str(tmp_path / "file")], check=True, capture_output=True)
    fields = (tmp_path / "etc/passwd").read_text().strip().split(":")
    assert fields[0] == "homeport"
    assert 0 < int(fields[2]) < 1000
    assert fields[5:] == ["/var/lib/homeport", "/usr/sbin/nologin"]


def test_what_the_unit_shuts_is_shut(data: Path) -> None:
    require_root("namespaces")
    os.chown(data, NOBODY, NOBODY)
    text = unit_for(data)
    command = confined(text, [sys.executable, "-c", PROBE, sys.prefix], [])
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found.pop("write here") == "done"
    assert found.pop("bind port 443") == "done"
    assert found.pop("homes") == []
    assert set(found.values()) <= {"PermissionError", "OSError"}, found


@pytest.fixture
def told() -> Iterator[tuple[socket.socket, Path]]:
    """Where a service manager listens, and the folder that the socket lies in."""
    folder = Path(tempfile.mkdtemp(prefix="hp-"))  # short: a socket's path has at most 107 characters
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.bind(str(folder / "notify"))
        (folder / "notify").chmod(0o777)
        folder.chmod(0o755)
        listening.settimeout(0.2)
        yield listening, folder
    shutil.rmtree(folder)


def heard(listening: socket.socket, running: subprocess.Popen[bytes]) -> bytes:
    """What the service manager is told first; b"" if the service ends before, or says nothing."""
    deadline = time.monotonic() + PATIENCE
    while running.poll() is None and time.monotonic() < deadline:
        with suppress(TimeoutError):
            return listening.recv(100)
    return b""


@pytest.mark.parametrize(
    ("domain", "asked"), [("", "http://127.0.0.1:8000/"), ("blog.example.com", "https://blog.example.com/")]
)
def test_the_blog_works_within_it(
    data: Path, tmp_path: Path, told: tuple[socket.socket, Path], domain: str, asked: str
) -> None:
    require_root("namespaces")
    listening, folder = told
    text = unit_for(data, domain)
    [start] = lines(text, "ExecStart")
    (data / "homeport.toml").write_text('https_method = "internal"\n')
    subprocess.run(["chown", "-R", str(NOBODY), str(data)], check=True)
    command = confined(text, shlex.split(start), [str(folder)])
    log = tmp_path / "log"
    environ = {**os.environ, "NOTIFY_SOCKET": str(folder / "notify")}
    with log.open("w") as file, subprocess.Popen(command, stdout=file, stderr=file, env=environ) as running:
        try:
            assert heard(listening, running) == b"READY=1", log.read_text()
            assert "<!doctype html>" in fetched(running, asked), log.read_text()
        finally:
            running.send_signal(signal.SIGTERM)
            code = running.wait(PATIENCE)
    assert code == 0, log.read_text()
    assert "Create the owner's account: " in log.read_text()
    assert str(ROOT) not in log.read_text(), "no traceback"
    assert {path.stat().st_uid for path in data.rglob("*")} == {NOBODY}
    assert all(path.stat().st_mode & 0o077 == 0 for path in (data / "homeport.db", data / "jobs.db"))


def fetched(running: subprocess.Popen[bytes], address: str) -> str:
    """A page of the service as somebody beside it gets it, as soon as there is one."""
    ask = ["nsenter", "--net", f"--target={running.pid}", "curl", "-sk", "--max-time", "5"]
    ask += ["--resolve", "blog.example.com:443:127.0.0.1", address]
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline and running.poll() is None:
        page = subprocess.run(ask, capture_output=True, text=True, check=False).stdout
        if page:
            return page
        time.sleep(0.1)
    return ""
