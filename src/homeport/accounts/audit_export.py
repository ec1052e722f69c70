"""The audit log as a file: a table for spreadsheets, or one JSON object a line for programs."""

import json
from collections.abc import Callable, Iterable
from io import TextIOWrapper
from tempfile import SpooledTemporaryFile
from typing import IO, TextIO

from homeport.accounts.audit_search import Line
from homeport.accounts.audit_sentences import plain
from homeport.accounts.browsers import name_of
from homeport.core.spreadsheets import write_csv

IN_MEMORY = 1024 * 1024
"""Bytes; a larger file is put together on the disk, so that no log is too long for the memory of a small machine."""

HEAD = ("number", "time", "action", "what", "actor", "subject", "target", "browser", "address", "hash")


def as_csv(lines: Iterable[Line]) -> IO[bytes]:
    """A CSV file, at its beginning."""
    return _filled(lambda text: write_csv(text, HEAD, (_row(line) for line in lines)))


def as_json_lines(lines: Iterable[Line]) -> IO[bytes]:
    """A file of JSON objects, one a line (https://jsonlines.org), at its beginning."""
    return _filled(lambda text: text.writelines(json.dumps(_object(line)) + "\n" for line in lines))


def _filled(fill: Callable[[TextIO], None]) -> IO[bytes]:
    file = SpooledTemporaryFile(IN_MEMORY, "w+b")  # noqa: SIM115 (it is sent after this returns, and closed with the answer)
    text = TextIOWrapper(file, "utf-8", newline="")
    fill(text)
    text.flush()
    text.detach()
    file.seek(0)
    return file


def _row(line: Line) -> tuple[object, ...]:
    event = line.event
    browser = name_of(line.browser) if line.browser else ""
    what = (event.action, plain(line.pieces), event.actor_id, event.subject_id, event.target)
    return (line.id, line.at.isoformat(), *what, browser, line.address, line.hash)


def _object(line: Line) -> dict[str, object]:
    event = line.event
    return {
        "id": line.id,
        "at": line.at.isoformat(),
        "action": event.action,
        "sentence": plain(line.pieces),
        "actor": event.actor_id,
        "subject": event.subject_id,
        "target": event.target,
        "facts": event.facts,
        "hash": line.hash,
    }
