"""The process that a weak copy lives in: a program of its own, with limits, that knows nothing of the blog.

`python -I -B sandbox_child.py SITE` in an empty folder, which becomes the copy's own and goes with it: SITE is the file
of the web site to run. It is reached by the socket `web.sock` in that folder and by nothing else. It uses Python's own
library only, and ends by itself: with the process that started it, after some idle minutes, and at a request that takes
too long.
"""

import contextlib
import ctypes
import os
import platform
import resource
import runpy
import select
import shutil
import signal
import socketserver
import struct
import sys
import time
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

SOCKET = "web.sock"
IDLE_SECONDS = 10 * 60
REQUEST_SECONDS = 3.0
MOST_BYTES = 64 * 1024  # of what one request brings along
LIMITS = {
    "RLIMIT_AS": 160 * 1024 * 1024,  # bytes of memory
    "RLIMIT_CPU": 120,  # seconds of work, all requests together
    "RLIMIT_FSIZE": 8 * 1024 * 1024,  # bytes of one file, its database's too
    "RLIMIT_NOFILE": 24,
    "RLIMIT_NPROC": 0,  # no process and no thread beside this one
    "RLIMIT_CORE": 0,
}

# System calls that a web site has no use for once its socket listens: socket, connect, bind, listen, socketpair, clone,
# fork, vfork, execve, execveat, clone3, ptrace, kill, io_uring_setup (the tables of Linux, by machine).
_CALLS = {
    "x86_64": (0xC000003E, (41, 42, 49, 50, 53, 56, 57, 58, 59, 322, 435, 101, 62, 425)),
    "aarch64": (0xC00000B7, (198, 203, 200, 201, 199, 220, 221, 281, 435, 117, 129, 425)),
}
_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446  # landlock's, on every machine
_BENEATH = 1
_EVERYTHING = (1 << 13) - 1  # what can be done with a file and a folder (landlock(7), its first version)
_READ, _REMOVE_FOLDER = 0b1100, 0b10000
_PR_SET_NO_NEW_PRIVS, _PR_SET_SECCOMP, _SECCOMP_MODE_FILTER = 38, 22, 2
_LOAD, _EQUAL, _AT_LEAST, _RETURN = 0x20, 0x15, 0x35, 0x06
_REFUSE, _ALLOW = 0x00050001, 0x7FFF0000  # EPERM; whatever was asked for


def limit() -> None:
    """Take away what a copy that went wrong could hold up the machine with."""
    for name, most in LIMITS.items():
        with contextlib.suppress(ValueError, OSError):  # a system that has no such limit
            resource.setrlimit(getattr(resource, name), (most, most))
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)  # a file that grows too large is an error of its writing


def see_only(folder: Path) -> bool:
    """Have the kernel refuse every file but those of a folder, and Python's own library for reading (landlock(7)).

    False where the kernel knows no such thing. The folder itself may be removed.
    """
    system = ctypes.CDLL(None, use_errno=True)
    everything = ctypes.create_string_buffer(struct.pack("Q", _EVERYTHING))
    rules = system.syscall(_CREATE_RULESET, everything, ctypes.c_size_t(8), 0)
    if rules < 0:
        return False
    for place, rights in ((folder, _EVERYTHING), (folder.parent, _REMOVE_FOLDER), (Path(os.__file__).parent, _READ)):
        at = os.open(place, os.O_PATH)
        system.syscall(_ADD_RULE, rules, _BENEATH, ctypes.create_string_buffer(struct.pack("=Qi", rights, at)), 0)
        os.close(at)
    system.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    restricted = system.syscall(_RESTRICT_SELF, rules, 0)
    os.close(rules)
    return bool(restricted == 0)


def shut() -> bool:
    """Have the kernel refuse new sockets, new connections and other programs from here on (seccomp(2)).

    False where the kernel or the machine knows no such filter: the other limits hold all the same.
    """
    if platform.machine() not in _CALLS or sys.platform != "linux":
        return False
    architecture, calls = _CALLS[platform.machine()]
    steps = [(_LOAD, 0, 0, 4), (_EQUAL, 1, 0, architecture), (_RETURN, 0, 0, _REFUSE), (_LOAD, 0, 0, 0)]
    steps.append((_AT_LEAST, len(calls), 0, 0x40000000))  # the x32 way to make the same calls
    steps += [(_EQUAL, len(calls) - at - 1, 0, call) for at, call in enumerate(calls)]
    # From each of them the way leads to the last step but one or past it.
    steps[-1] = (_EQUAL, 0, 1, calls[-1])
    steps += [(_RETURN, 0, 0, _REFUSE), (_RETURN, 0, 0, _ALLOW)]
    program = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *step) for step in steps))
    pointer = ctypes.create_string_buffer(struct.pack("HP", len(steps), ctypes.addressof(program)))
    prctl = ctypes.CDLL(None, use_errno=True).prctl
    prctl.argtypes = [ctypes.c_int, ctypes.c_ulong, ctypes.c_void_p, ctypes.c_ulong, ctypes.c_ulong]
    if prctl(_PR_SET_NO_NEW_PRIVS, 1, None, 0, 0):
        return False
    return bool(prctl(_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, ctypes.addressof(pointer), 0, 0) == 0)


class Door(socketserver.UnixStreamServer):
    """Takes one request after the other. `cookie` is what the site has the browser keep; see `Visit`."""

    site: Any
    cookie = ""


class Visit(BaseHTTPRequestHandler):
    """One request, handed to the site as plain values, and its answer.

    The reader's browser keeps pages of the sandbox apart from every other page, so it keeps no cookie for them either.
    The door keeps the site's one cookie in its place and adds it to each request, as a browser would.
    """

    server: Door

    def do_GET(self) -> None:
        """Answer; what takes too long is ended by the kernel, whatever it is at."""
        signal.setitimer(signal.ITIMER_REAL, REQUEST_SECONDS)
        self.close_connection = True
        parts = urlsplit(self.path)
        length = min(int(self.headers.get("Content-Length") or 0), MOST_BYTES)
        sent = self.rfile.read(length).decode(errors="replace") if length else ""
        try:
            page = self.server.site.answer(
                method=self.command,
                path=parts.path.strip("/"),
                query=dict(parse_qsl(parts.query, keep_blank_values=True)),
                form=dict(parse_qsl(sent, keep_blank_values=True)),
                cookie=self.server.cookie,
                headers={name.lower(): value for name, value in self.headers.items()},
            )
            self._say(*page)
        except MemoryError:
            os._exit(1)
        signal.setitimer(signal.ITIMER_REAL, 0)

    do_POST = do_GET  # noqa: N815 (the library's name)

    def _say(self, status: int, headers: dict[str, str], body: str) -> None:
        if "Set-Cookie" in headers:
            self.server.cookie = headers.pop("Set-Cookie")
        content = body.encode()
        self.send_response_only(status)
        for name, value in {**headers, "Content-Length": str(len(content))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        """Say nothing: there is nobody to read it."""


def serve(door: Door) -> None:
    """Answer until the other end of standard input is gone, or nobody has come for a while."""
    last = time.monotonic()
    while time.monotonic() - last < IDLE_SECONDS:
        ready, _, _ = select.select([door, sys.stdin], [], [], 5)
        if sys.stdin in ready:
            return
        if door in ready:
            door.handle_request()
            last = time.monotonic()


def main() -> None:
    """Shut oneself in, say so by the socket that listens, answer, and leave nothing behind."""
    folder = Path.cwd()
    site = runpy.run_path(sys.argv[1])["Site"](folder / "copy.db")
    with Door(f"{SOCKET}.new", Visit) as door:
        door.site = site
        limit()
        see_only(folder)
        shut()
        Path(f"{SOCKET}.new").rename(SOCKET)
        serve(door)
    shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
