"""The last time somebody tried to get a certificate: what came of it, and when it is tried again.

For the methods that Caddy does, its log is the record; for the method dns the job writes one.
"""

import json
import os
import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from homeport.core.config import Config
from homeport.https.edge import LOG

FILE, METHOD = "attempt.json", "method"
TAIL_BYTES = 256 * 1024
_TASKS = {"tls.obtain", "tls.renew"}
_WORDS = re.compile(r"^(HTTP \d+ )?(urn:ietf:params:acme:error:\w+ - )?")
_SECRETS = re.compile(r"(/\.well-known/acme-challenge/)[\w-]+")


@dataclass(frozen=True)
class Attempt:
    """One try. `error` is one sentence without secrets, "" after a success; `next_at` is known after a failure."""

    at: datetime
    succeeded: bool
    error: str = ""
    next_at: datetime | None = None


def last(config: Config) -> Attempt | None:
    """The last try for the blog's name; None where there was none yet, or nobody knows any more."""
    if config.https_method == "files":
        return None  # somebody else gets it
    if config.https_method == "dns":
        return _noted(config.caddy_folder / FILE)
    since = _begun(config)
    rows = (row for row in _tail(config.caddy_folder / LOG) if float(row.get("ts", 0)) >= since)
    return _from_log(rows, config.domain)


def begin(config: Config) -> None:
    """Note that the present method is used from now on, if another one was: what the log holds is that one's."""
    with suppress(OSError):
        path = config.caddy_folder / METHOD
        if not path.is_file() or path.read_text(encoding="utf-8") != config.https_method:
            path.write_text(config.https_method, encoding="utf-8")


def _begun(config: Config) -> float:
    """When the method was chosen, as seconds since 1970; 0 where nobody knows."""
    with suppress(OSError):
        return (config.caddy_folder / METHOD).stat().st_mtime
    return 0.0


def note(config: Config, attempt: Attempt) -> None:
    """Keep what came of a try of the method dns. A full disk costs no more than this."""
    row = {
        "at": attempt.at.isoformat(),
        "succeeded": attempt.succeeded,
        "error": attempt.error,
        "next_at": attempt.next_at.isoformat() if attempt.next_at else None,
    }
    path = config.caddy_folder / FILE
    new = path.with_suffix(".new")
    with suppress(OSError):
        path.parent.mkdir(mode=0o700, exist_ok=True)
        new.write_text(json.dumps(row), encoding="utf-8")
        new.replace(path)


def _noted(path: Path) -> Attempt | None:
    with suppress(OSError, ValueError, KeyError, TypeError):
        row = json.loads(path.read_text(encoding="utf-8"))
        following = datetime.fromisoformat(row["next_at"]) if row["next_at"] else None
        return Attempt(datetime.fromisoformat(row["at"]), bool(row["succeeded"]), str(row["error"]), following)
    return None


def _tail(path: Path) -> Iterator[dict[str, Any]]:
    """The last lines of Caddy's log, oldest first."""
    with suppress(OSError), path.open("rb") as file:
        file.seek(max(0, file.seek(0, os.SEEK_END) - TAIL_BYTES))
        for line in file.read().splitlines():
            with suppress(ValueError):
                row = json.loads(line)
                if isinstance(row, dict):
                    yield row


def _from_log(rows: Iterator[dict[str, Any]], domain: str) -> Attempt | None:
    found: Attempt | None = None
    reasons: list[str] = []
    for row in rows:
        if row.get("logger") not in _TASKS or row.get("identifier", domain) != domain:
            continue
        message, at = str(row.get("msg", "")), datetime.fromtimestamp(float(row.get("ts", 0)), UTC)
        if message in {"obtaining certificate", "renewing certificate"}:
            reasons = []
        elif message in {"certificate obtained successfully", "certificate renewed successfully"}:
            found = Attempt(at, True)
        elif message == "could not get certificate from issuer":
            # One line for each challenge: both reasons are told, since either port may be the one to open.
            reasons.append(plain(str(row.get("error", ""))))
            found = Attempt(at, False, " ".join(dict.fromkeys(reasons)))
        elif message == "will retry" and found is not None and not found.succeeded:
            found = replace(found, next_at=at + timedelta(seconds=float(row.get("retrying_in", 0))))
    return found


def plain(error: str) -> str:
    """The authority's own words, without the parts that are for programs or hold a token."""
    said = _SECRETS.sub(r"\1…", _WORDS.sub("", error))
    said = re.sub(r" \(ca=[^)]*\)$", "", re.sub(r"^\[[^]]*\] ", "", said)).strip().rstrip(".")
    return f"{said[:1].upper()}{said[1:]}." if said else ""
