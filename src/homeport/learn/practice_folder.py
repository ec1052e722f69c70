"""The learner's folder: one file for each exercise that was begun, `progress.json`, and `blog.json` where a blog is
told of the progress. Nothing else is touched.
"""

import json
import os
from dataclasses import asdict, dataclass, field
from datetime import datetime
from itertools import count
from pathlib import Path
from typing import Any

from homeport.core.errors import Problem
from homeport.learn.practice import Exercise, exercises

PROGRESS = "progress.json"
BLOG = "blog.json"
KEPT = "kept"


@dataclass
class Progress:
    """What is done, and when; and how many hints of each exercise were shown."""

    done: dict[str, str] = field(default_factory=dict)
    hints: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Blog:
    """The blog that is told: its address without a path, a token for that and nothing else, and a file with
    certificates to trust beside the system's, or ""."""

    address: str
    token: str
    trust: str = ""


class Folder:
    """The folder that somebody practises in. Raises Problem where it can't be read or written."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @property
    def progress(self) -> Progress:
        """What `progress.json` says; nothing done where there is none."""
        place = self.path / PROGRESS
        try:
            return _progress(json.loads(place.read_text(encoding="utf-8")))
        except FileNotFoundError:
            return Progress()
        except (ValueError, TypeError, AttributeError, OSError) as error:
            hint = "Put it back as it was, or delete it and begin anew; your exercises stay."
            raise Problem(f"{place} can't be read: {error}", code="practice_unreadable", hint=hint) from None

    @property
    def blog(self) -> Blog | None:
        """What `blog.json` says; None where no blog is connected."""
        place = self.path / BLOG
        try:
            said = json.loads(place.read_text(encoding="utf-8"))
            return Blog(str(said["address"]), str(said["token"]), str(said["trust"]))
        except FileNotFoundError:
            return None
        except (ValueError, TypeError, KeyError, OSError):
            hint = "Connect again: `homeport learn connect ADDRESS`."
            raise Problem(f"{place} can't be read.", code="practice_unreadable", hint=hint) from None

    def keep_blog(self, blog: Blog) -> None:
        """Remember which blog is told. The file holds a token, and is for its owner's eyes alone."""
        self._write(self.path / BLOG, json.dumps(asdict(blog), indent=2) + "\n", mode=0o600)

    def forget_blog(self) -> None:
        """Tell no blog any more."""
        try:
            (self.path / BLOG).unlink(missing_ok=True)
        except OSError as error:
            message = f"{self.path / BLOG} can't be deleted: {error.strerror}."
            raise Problem(message, code="practice_folder") from None

    def current(self) -> Exercise | None:
        """The first exercise that is not done; None where all are."""
        done = self.progress.done
        return next((exercise for exercise in exercises() if exercise.name not in done), None)

    def file(self, exercise: Exercise) -> Path:
        """Where the learner writes it."""
        return self.path / exercise.file_name

    def open(self, exercise: Exercise) -> Path:
        """The learner's file, which begins with what the exercise starts from."""
        place = self.file(exercise)
        if not place.exists():
            self._write(place, exercise.start)
        return place

    def is_begun(self, exercise: Exercise) -> bool:
        """Whether the learner changed anything yet."""
        place = self.file(exercise)
        return place.exists() and place.read_bytes() != exercise.start.encode()

    def reset(self, exercise: Exercise) -> Path | None:
        """Begin an exercise anew. What was written is kept, and the answer says where; None where there was nothing."""
        place = self.file(exercise)
        kept = self._keep_copy(place) if self.is_begun(exercise) else None
        self._write(place, exercise.start)
        progress = self.progress
        progress.done.pop(exercise.name, None)
        progress.hints.pop(exercise.name, None)
        self._keep(progress)
        return kept

    def _keep_copy(self, place: Path) -> Path:
        copies = (self.path / KEPT / f"{place.stem}-{number}.py" for number in count(1))
        kept = next(copy for copy in copies if not copy.exists())
        self._write(kept, place.read_bytes())
        return kept

    def note_done(self, exercise: Exercise, now: datetime) -> None:
        """Remember that an exercise was solved; the first time counts."""
        progress = self.progress
        progress.done.setdefault(exercise.name, now.isoformat(timespec="seconds"))
        self._keep(progress)

    def next_hint(self, exercise: Exercise) -> int:
        """How many hints to show now: one more than last time, as far as there are any."""
        progress = self.progress
        shown = min(progress.hints.get(exercise.name, 0) + 1, len(exercise.hints))
        progress.hints[exercise.name] = shown
        self._keep(progress)
        return shown

    def _keep(self, progress: Progress) -> None:
        text = json.dumps({"done": progress.done, "hints": progress.hints}, indent=2) + "\n"
        self._write(self.path / PROGRESS, text)

    def _write(self, place: Path, content: str | bytes, mode: int = 0o666) -> None:
        # Written beside it and then renamed: a file is there as a whole or not at all.
        beside = place.with_name(f".{place.name}.new")
        try:
            place.parent.mkdir(parents=True, exist_ok=True)
            beside.unlink(missing_ok=True)
            beside.touch(mode)  # who may read it is settled before there is anything to read
            beside.write_bytes(content if isinstance(content, bytes) else content.encode())
            os.replace(beside, place)  # noqa: PTH105 (its name is what an exercise teaches)
        except OSError as error:
            hint = "Choose another folder with --folder DIR."
            raise Problem(f"{place} can't be written: {error.strerror}.", code="practice_folder", hint=hint) from None


def _progress(said: Any) -> Progress:
    done = {str(name): str(at) for name, at in said.get("done", {}).items()}
    hints = {str(name): int(shown) for name, shown in said.get("hints", {}).items()}
    return Progress(done, hints)
