"""`homeport learn`: one exercise after the other, each checked as soon as its file is saved."""

import time
from collections.abc import Callable
from pathlib import Path

from homeport.core import clock
from homeport.learn import practice_screen as screen
from homeport.learn.practice import Exercise
from homeport.learn.practice_folder import Folder
from homeport.learn.practice_run import Outcome, check
from homeport.learn.practice_send import tell

PAUSE = 0.1  # seconds between two looks at the file

Say = Callable[[str], None]


def watch(folder: Folder, say: Say) -> None:
    """Lead through the exercises until all are done, or until Ctrl-C."""
    while exercise := folder.current():
        say(screen.introduction(exercise, folder))
        _until_done(exercise, folder, say)
    say("All exercises are done. What you have learned is all over Homeport: read on in its source.")


def examine(exercise: Exercise, folder: Folder, say: Say) -> Outcome:
    """Check an exercise once, say what happened, and where it is solved remember it, and tell a connected blog."""
    said = check(folder.open(exercise), exercise.check)
    say(screen.outcome(exercise, said))
    if said.passed:
        folder.note_done(exercise, clock.now())
        say("\n" + screen.in_homeport(exercise) + "\n")
        tell(folder, say)
    return said


def _until_done(exercise: Exercise, folder: Folder, say: Say) -> None:
    place = folder.open(exercise)
    say("Change it and save it. Ctrl-C ends this.\nIn another terminal, `homeport learn hint` helps.\n")
    seen = None if folder.is_begun(exercise) else _stamp(place)
    last = None
    while True:
        stamp = _stamp(place)
        if stamp not in (seen, None) and stamp == last:  # else an editor may still be writing
            seen = stamp
            if examine(exercise, folder, say).passed:
                return
            say("")
        last = stamp
        time.sleep(PAUSE)


def _stamp(place: Path) -> tuple[int, int] | None:
    # None for a moment while an editor puts the new file in the old one's place.
    try:
        found = place.stat()
    except FileNotFoundError:
        return None
    return found.st_mtime_ns, found.st_size
