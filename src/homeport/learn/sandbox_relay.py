"""The way from the blog to a reader's weak copy and back: little goes in, and what comes out is told to stay apart."""

import re
import socket
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException, HTTPResponse
from pathlib import Path

from homeport.core.config import Config
from homeport.core.errors import Problem
from homeport.learn import sandbox

PATIENCE = 5.0
"""Seconds for an answer. The copy's own limit for one request is shorter, and ends it."""

MOST_BYTES = 256 * 1024
PASSED_IN = ("Content-Type", "Origin", "Sec-Fetch-Site")
"""All that a copy is told of the reader's browser: no cookie, no address, no name of the browser."""

_PLACE = re.compile(r"(?!\.)[a-z./]*(\?[A-Za-z0-9=&_-]*)?")


@dataclass(frozen=True)
class Answer:
    """What a copy said: `policy` is its own Content-Security-Policy, `location` a page of its own to go on to."""

    status: int
    kind: str
    policy: str
    location: str
    body: bytes


def ask(config: Config, key: str, target: str, *, method: str = "GET", headers: dict[str, str] | None = None,
        body: bytes = b"") -> Answer:  # fmt: skip
    """Ask a copy for `target` (path and query, without the first /). Raises Problem where there is none (any more)."""
    path = sandbox.socket_of(config, key)
    if path is None:
        raise _gone("There is no weak copy here any more.")
    passed = {name: value for name, value in (headers or {}).items() if name in PASSED_IN}
    connection = _Connection(path)
    try:
        connection.request(method, f"/{target}", body=body or None, headers=passed)
        with connection.getresponse() as response:
            return _answer(response)
    except (FileNotFoundError, ConnectionRefusedError):
        raise _gone("There is no weak copy here any more.") from None
    except TimeoutError:
        sandbox.give_up(config, key)
        raise _gone("The weak copy did not answer, and was ended.") from None
    except (OSError, HTTPException):  # it hung up in the middle: one of its limits was reached
        raise _gone("The weak copy took too much time or memory, and was ended.") from None
    finally:
        connection.close()


def _answer(response: HTTPResponse) -> Answer:
    body = response.read(MOST_BYTES + 1)
    if len(body) > MOST_BYTES:
        raise _gone("The weak copy's page was larger than a page may be.")
    location = response.getheader("Location", "")
    return Answer(
        response.status,
        response.getheader("Content-Type", "text/html; charset=utf-8"),
        response.getheader("Content-Security-Policy", ""),
        location if _PLACE.fullmatch(location) else "",
        body,
    )


def _gone(message: str) -> Problem:
    hint = "Nothing else was touched. Start a new one on the page Sandbox (/learn/sandbox)."
    return Problem(message, status=410, code="sandbox_gone", hint=hint)


class _Connection(HTTPConnection):
    """HTTP by a socket in a folder, the only place that this file connects to."""

    def __init__(self, path: Path) -> None:
        super().__init__("localhost", timeout=PATIENCE)
        self._path = path

    def connect(self) -> None:
        """Connect; part of HTTPConnection's way to send a request."""
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(PATIENCE)
        self.sock.connect(str(self._path))
