"""The examination that the owner's page asks for: a file beside the edge's, because it is about this machine.

While one is asked for and not done, the last one's rows stay, and whoever looks sees how far it is.
"""

import json
import os
import ssl
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

from homeport.core.config import Config
from homeport.core.findings import Mark, Row, Way

FILE = "examination.json"
_ORDER = (Mark.MEND, Mark.LOOK, Mark.GOOD)
LONGEST = timedelta(minutes=5)
"""After this, one that is not done is given up: its worker was killed, or none runs."""


@dataclass(frozen=True)
class Examination:
    """What was found `at` a time, and whether another is on its way: asked for, `done` of `total` parts."""

    at: datetime | None = None
    rows: tuple[Row, ...] = ()
    asked_at: datetime | None = None
    done: int = 0
    total: int = 0
    failed: bool = False

    def waits(self, now: datetime) -> bool:
        """Whether one is asked for and not done."""
        return self.asked_at is not None and now - self.asked_at < LONGEST

    @property
    def to_mend(self) -> int:
        """How many things are to be mended."""
        return sum(row.mark is Mark.MEND for row in self.rows)


def read(config: Config) -> Examination:
    """The last one; an empty one where there is none, or where its file cannot be read."""
    with suppress(OSError, ValueError, TypeError, KeyError):
        known: dict[str, Any] = json.loads((config.caddy_folder / FILE).read_text(encoding="utf-8"))
        rows = tuple(_row(each) for each in known.pop("rows"))
        at, asked_at = _time(known.pop("at")), _time(known.pop("asked_at"))
        return Examination(at, rows, asked_at, **known)
    return Examination()


def _row(known: dict[str, Any]) -> Row:
    way = Way(*known["way"]) if known["way"] else None
    return Row(Mark(known["mark"]), known["title"], known["meaning"], way, known["type_this"])


def _time(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def ask(config: Config, now: datetime) -> bool:
    """Have one made; False while another is on its way."""
    known = read(config)
    if known.waits(now):
        return False
    _write(config, replace(known, asked_at=now, done=0, total=0, failed=False))
    return True


def note_progress(config: Config, done: int, total: int) -> None:
    """Note how far it is."""
    _write(config, replace(read(config), done=done, total=total))


def finish(config: Config, rows: Sequence[Row], now: datetime) -> None:
    """Keep what was found, what has to be mended first."""
    _write(config, Examination(now, tuple(sorted(rows, key=lambda row: _ORDER.index(row.mark)))))


def fail(config: Config) -> None:
    """Note that there is nothing new, because it broke."""
    _write(config, replace(read(config), asked_at=None, failed=True))


def _write(config: Config, made: Examination) -> None:
    config.caddy_folder.mkdir(mode=0o700, exist_ok=True)
    plain = asdict(made) | {"at": _text(made.at), "asked_at": _text(made.asked_at)}
    path = config.caddy_folder / FILE
    # A name of its own, so that nobody ever reads half of one; such a file is for this account alone.
    with tempfile.NamedTemporaryFile("w", dir=path.parent, delete=False, encoding="utf-8") as file:
        json.dump(plain, file, ensure_ascii=False)
    os.replace(file.name, path)  # noqa: PTH105 (a name and a path)


def _text(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None


def root_certificate(config: Config) -> Path | None:
    """The root of the blog's own authority, for the method internal; None where there is none to trust (yet)."""
    path = config.caddy_folder / "pki" / "authorities" / "local" / "root.crt"
    return path if config.https_method == "internal" and path.is_file() else None


def root_fingerprint(config: Config) -> str:
    """The SHA-256 of that root as devices show it, `AB:CD:…`; "" where there is none."""
    path = root_certificate(config)
    return sha256(ssl.PEM_cert_to_DER_cert(path.read_text())).digest().hex(":").upper() if path else ""
