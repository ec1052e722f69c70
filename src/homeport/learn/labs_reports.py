"""What a lab leaves: its last report, one file for each lab in the folder `labs` of the blog's data directory."""

import json
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from homeport.core.errors import Problem
from homeport.learn.labs_list import LABS
from homeport.learn.labs_story import KINDS, Hides, Part, Remember, Scene

FOLDER = "labs"
MOST_BYTES = 1_000_000
"""Of a report; the largest that a lab leaves has some 60,000."""


@dataclass(frozen=True)
class Section:
    """A scene with what is shown in it."""

    title: str
    parts: tuple[Part, ...]

    @property
    def name(self) -> str:
        """The title without the number that stands before it on a terminal; a page counts by itself."""
        return self.title.lstrip("0123456789").strip()


@dataclass(frozen=True)
class Report:
    """A lab's story, when it began, and how many seconds it took."""

    lab: str
    at: datetime
    seconds: float
    parts: tuple[Part, ...] = field(repr=False)

    @property
    def sections(self) -> list[Section]:
        """The scenes in order, without what to remember and what is not shown; what came before the first has no
        title.
        """
        found: list[tuple[str, list[Part]]] = [("", [])]
        for part in self.parts:
            if isinstance(part, Scene):
                found.append((part.title, []))
            elif not isinstance(part, Remember | Hides):
                found[-1][1].append(part)
        return [Section(title, tuple(parts)) for title, parts in found if title or parts]

    @property
    def remember(self) -> tuple[str, ...]:
        """What to take along."""
        return tuple(point for part in self.parts if isinstance(part, Remember) for point in part.points)

    @property
    def hides(self) -> tuple[str, ...]:
        """Where the lab is simpler than the world."""
        return tuple(point for part in self.parts if isinstance(part, Hides) for point in part.points)


def place(data: Path, name: str) -> Path:
    """The file of a lab's last report."""
    return data / FOLDER / f"{name}.json"


def leave(data: Path, report: Report) -> Path:
    """Write the report in place of the one before, whole or not at all; returns its file.

    Root writes it as the owner of `data`, who is to read it. Raises Problem where it cannot be written.
    """
    path = place(data, report.lab)
    text = as_text(report)
    if len(text.encode()) > MOST_BYTES:
        raise Problem("The report is too long to be kept.", code="lab_report", hint="Run the lab with smaller numbers.")
    try:
        with _as_owner_of(data):
            path.parent.mkdir(mode=0o700, exist_ok=True)
            path.parent.chmod(0o700)
            with tempfile.NamedTemporaryFile("w", dir=path.parent, delete=False, encoding="utf-8") as file:
                file.write(text)
            os.replace(file.name, path)  # noqa: PTH105 (a name and a path)
    except OSError as error:
        said = f"The report can't be kept in {path.parent}: {error.strerror}."
        raise Problem(said, code="lab_report", hint="Look who owns that folder.") from None
    return path


@contextmanager
def _as_owner_of(folder: Path) -> Iterator[None]:
    # A blog's account could lead root elsewhere by a link; nobody can lead it further than its own rights go.
    owner, mine = folder.stat(), (os.geteuid(), os.getegid())
    if mine[0] != 0 or owner.st_uid == 0:
        yield
        return
    os.setegid(owner.st_gid)
    os.seteuid(owner.st_uid)
    try:
        yield
    finally:
        os.seteuid(mine[0])
        os.setegid(mine[1])


def last(data: Path, name: str) -> Report | None:
    """A lab's last report; None where there is none. Raises Problem where it is damaged."""
    return _read(place(data, name))


def recording(name: str) -> Report | None:
    """The report that comes with the program, for labs that not every machine can run; None for all others."""
    return _read(Path(__file__).with_name(f"labs_{name}.json"))


def _read(path: Path) -> Report | None:
    try:
        with path.open(encoding="utf-8") as file:
            return from_text(file.read(MOST_BYTES + 1))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError):
        name = path.stem
        hint = f"Run it again: {LABS[name].command}" if name in LABS else None
        raise Problem("The report can't be read.", code="lab_report", hint=hint) from None


def as_text(report: Report) -> str:
    """As JSON, a part on each line."""
    head = {"lab": report.lab, "at": report.at.isoformat(), "seconds": round(report.seconds, 1)}
    parts = ",\n".join(json.dumps({"kind": part.kind, **asdict(part)}, ensure_ascii=False) for part in report.parts)
    return f'{json.dumps(head)[:-1]}, "parts": [\n{parts}\n]}}\n'


def from_text(text: str) -> Report:
    """The way back. Raises ValueError, KeyError or TypeError for what is no report."""
    found = json.loads(text)
    at = datetime.fromisoformat(found["at"])
    if at.tzinfo is None:
        raise ValueError("a time without a time zone")
    parts = tuple(_part(dict(row)) for row in found["parts"])
    return Report(str(found["lab"]), at, float(found["seconds"]), parts)


def _part(row: dict[str, Any]) -> Part:
    kind = {kind.__name__.lower(): kind for kind in KINDS}[row.pop("kind")]
    return kind(**{name: _frozen(value) for name, value in row.items()})


def _frozen(value: object) -> Any:
    return tuple(map(_frozen, value)) if isinstance(value, list) else value
