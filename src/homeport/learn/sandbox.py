"""The readers' weak copies: one for each who wants one, each a process of its own, and a bounded number of them.

Where a copy lives is told by folders and not by the memory of one web process, so that whichever process answers finds
it. Each has a folder named by its key, with `owner` (whose it is), `pid`, `alive` (locked for as long as its process
lives), its database and the socket it answers at. They lie where the system keeps what need not last, since the path of
a socket must be short.
"""

import fcntl
import hashlib
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from homeport.core import ids
from homeport.core.config import Config
from homeport.core.errors import Problem

MOST = 24
"""Copies at once: enough for a class, each of about 25 MB."""

PATIENCE = 10.0  # seconds until a new one listens
SOCKET = "web.sock"
KEY = re.compile(r"[A-Za-z0-9_-]{16}")

_CHILD = Path(__file__).with_name("sandbox_child.py")
_SITE = Path(__file__).with_name("sandbox_shop.py")
_PASSED_ON = ("PATH", "LANG", "LC_ALL", "LC_CTYPE", "TZ")


def start(config: Config, user_id: int) -> str:
    """A fresh copy for somebody, in the place of the one they had; returns its key. Raises Problem."""
    with _turn(config) as folder:
        copies = list(_alive(folder))
        for key in (key for key in copies if _owner(folder / key) == str(user_id)):
            _end(folder / key)
            copies.remove(key)
        if len(copies) >= MOST:
            raise Problem(
                "All weak copies are in use.",
                status=503,
                code="sandbox_full",
                hint="Each ends when nobody has used it for ten minutes. Try again then.",
                headers={"Retry-After": "120"},
            )
        key = ids.handle()
        _start(folder / key, user_id)
    return key


def mine(config: Config, user_id: int) -> str | None:
    """The key of somebody's copy; None where they have none that lives."""
    folder = _folder(config)
    return next((key for key in _alive(folder) if _owner(folder / key) == str(user_id)), None)


def mine_or_new(config: Config, user_id: int) -> str:
    """The key of somebody's copy, started where there was none. Raises Problem."""
    return mine(config, user_id) or start(config, user_id)


def end(config: Config, user_id: int) -> None:
    """End somebody's copy, if there is one."""
    with _turn(config) as folder:
        for key in list(_alive(folder)):
            if _owner(folder / key) == str(user_id):
                _end(folder / key)


def give_up(config: Config, key: str) -> None:
    """End a copy that does not answer, whoever's it is."""
    with _turn(config) as folder:
        if KEY.fullmatch(key):
            _end(folder / key)


def socket_of(config: Config, key: str) -> Path | None:
    """Where a copy answers; None for what is no key, or for no copy's."""
    if not KEY.fullmatch(key):
        return None
    path = _folder(config) / key / SOCKET
    return path if path.exists() else None


def _folder(config: Config) -> Path:
    """The folder of this blog's copies, for its owner alone. Raises Problem where somebody else has made it."""
    name = hashlib.sha256(str(config.data).encode()).hexdigest()[:12]
    path = Path(tempfile.gettempdir()) / f"homeport-sandbox-{os.getuid()}-{name}"
    path.mkdir(mode=0o700, exist_ok=True)
    found = path.lstat()
    if found.st_uid != os.getuid() or found.st_mode & 0o077 or path.is_symlink():
        hint = f"Somebody else has made {path}; the machine's owner can remove it."
        raise Problem("The sandbox has no safe place.", status=503, code="sandbox_unsafe", hint=hint)
    return path


@contextmanager
def _turn(config: Config) -> Iterator[Path]:
    """The folder, while no other process starts or ends a copy in it."""
    folder = _folder(config)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        _sweep(folder)
        yield folder


def _sweep(folder: Path) -> None:
    """Take away what copies that were killed have left."""
    living = set(_alive(folder))
    for place in folder.iterdir():
        if KEY.fullmatch(place.name) and place.name not in living:
            shutil.rmtree(place, ignore_errors=True)


def _alive(folder: Path) -> Iterator[str]:
    for place in sorted(folder.iterdir()):
        if KEY.fullmatch(place.name) and _is_alive(place):
            yield place.name


def _is_alive(place: Path) -> bool:
    # The process holds the lock, which its parent took for it, until the kernel closes what it had open.
    with suppress(OSError), (place / "alive").open() as file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


def _owner(place: Path) -> str:
    with suppress(OSError):
        return (place / "owner").read_text()
    return ""


def _start(place: Path, user_id: int) -> None:
    place.mkdir(mode=0o700)
    (place / "owner").write_text(str(user_id))
    with (place / "alive").open("w") as alive:
        fcntl.flock(alive, fcntl.LOCK_EX)
        process = _spawn(place, alive.fileno())
        (place / "pid").write_text(str(process.pid))
    # This process holds its standard input: however it ends, the kernel then closes that, and the copy ends too.
    threading.Thread(target=_outlive, args=(process, place), daemon=True).start()
    deadline = time.monotonic() + PATIENCE
    while not (place / SOCKET).exists():
        if process.poll() is not None or time.monotonic() > deadline:
            process.kill()
            raise Problem(
                "The weak copy could not be started.",
                status=503,
                code="sandbox_not_started",
                hint="Try again; if it stays so, the machine has too little memory.",
            )
        time.sleep(0.01)


def _spawn(place: Path, lock: int) -> subprocess.Popen[bytes]:
    environ = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
    # glibc reserves 64 MB of addresses for each thread otherwise, which would count against the limit of memory.
    environ |= {"HOME": str(place), "TMPDIR": str(place), "MALLOC_ARENA_MAX": "1"}
    return subprocess.Popen(  # noqa: S603 (our own program)
        [sys.executable, "-I", "-S", "-B", "-X", "utf8", str(_CHILD), str(_SITE)],
        cwd=place,
        env=environ,
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        pass_fds=[lock],
        start_new_session=True,
    )


def _outlive(process: subprocess.Popen[bytes], place: Path) -> None:
    process.wait()
    if process.stdin:
        process.stdin.close()
    shutil.rmtree(place, ignore_errors=True)


def _end(place: Path) -> None:
    """End a copy's process, whichever web process started it, and wait until it is gone."""
    with suppress(OSError, ValueError):
        os.kill(int((place / "pid").read_text()), signal.SIGKILL)
    deadline = time.monotonic() + PATIENCE
    while _is_alive(place) and time.monotonic() < deadline:
        time.sleep(0.01)
    shutil.rmtree(place, ignore_errors=True)
