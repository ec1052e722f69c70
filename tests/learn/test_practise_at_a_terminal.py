"""Somebody leaves `homeport learn` open beside their editor: it sees each save, says what happened, and goes on."""

import os
import pty
import re
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from homeport.learn.practice import exercises
from homeport.learn.practice_folder import Folder
from tests.learn.practising import solve
from tests.patience import PATIENCE


class Terminal:
    """A terminal of 80 columns with `homeport learn` in it."""

    def __init__(self, folder: Path, **environ: str) -> None:
        self._own, inner = pty.openpty()
        environment = {name: value for name, value in os.environ.items() if name != "NO_COLOR"} | environ
        command = [sys.executable, "-m", "homeport.cli", "learn", "--folder", str(folder)]
        self.process = subprocess.Popen(command, stdin=inner, stdout=inner, stderr=inner, env=environment)
        os.close(inner)
        self.text = ""

    def expect(self, words: str) -> str:
        """Wait until it shows some words; gives what it has shown, and goes on after them."""
        deadline = time.monotonic() + PATIENCE
        while words not in self._plain():
            assert time.monotonic() < deadline, f"never came: {words}\n{self.text}"
            if select.select([self._own], [], [], 0.2)[0]:
                self.text += os.read(self._own, 4096).decode(errors="replace")
        shown, self.text = self.text, self._plain().partition(words)[2]
        return shown

    def _plain(self) -> str:
        return re.sub(r"\x1b\[[0-9;]*m", "", self.text)

    def close(self) -> None:
        """End it, if it still runs."""
        self.process.kill()
        self.process.wait()
        os.close(self._own)


@contextmanager
def terminal(folder: Path, **environ: str) -> Iterator[Terminal]:
    """A terminal for as long as the block runs."""
    opened = Terminal(folder, TERM="xterm", **environ)
    try:
        yield opened
    finally:
        opened.close()


def test_edit_see_the_answer_finish_and_go_on(tmp_path: Path) -> None:
    folder = Folder(tmp_path / "practice")
    first, second = exercises()[:2]
    with terminal(folder.path) as shown:
        assert "\x1b[1m" in shown.expect("Ctrl-C ends this."), "a terminal has colours"
        folder.file(first).write_text("title = 'My first'\nlength = 0\n")
        shown.expect("but it is 'My first'.")
        shown.expect("01_a_title.py, line 1:")
        beside = tmp_path / "as-some-editors-do"
        beside.write_text(f"print('hello')\n{first.solution}")
        beside.rename(folder.file(first))
        shown.expect("| hello")
        shown.expect("Done: A title.")
        shown.expect("In Homeport: homeport/posts/slugs.py")
        shown.expect("2. A greeting")
        shown.expect("Ctrl-C ends this.")
        assert folder.file(second).read_text() == second.start
        shown.process.send_signal(signal.SIGINT)
        shown.expect("Until next time")
        assert shown.process.wait(PATIENCE) == 0
    with terminal(folder.path, NO_COLOR="1") as shown:
        again = shown.expect("2. A greeting")
        assert "1 done." in again
        assert "\x1b" not in again


def test_finish_the_last_one(tmp_path: Path) -> None:
    folder = Folder(tmp_path / "practice")
    for exercise in exercises()[:-1]:
        folder.note_done(exercise, datetime(2026, 1, 1, tzinfo=UTC))
    with terminal(folder.path) as shown:
        shown.expect("Ctrl-C ends this.")
        solve(folder, "a-page-beside-it")
        shown.expect("All exercises are done.")
        assert shown.process.wait(PATIENCE) == 0
