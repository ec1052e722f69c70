"""Somebody runs labs at a terminal: sees which there are, breaks one off, and finds everything as it was."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from homeport.learn.labs_cli import lab as labs
from tests.learn.labs import lab
from tests.parts import ROOT
from tests.patience import PATIENCE


def start(folder: Path, *arguments: str, **environ: str) -> subprocess.Popen[str]:
    """`homeport lab …` in a process of its own, whose temporary files lie in `folder`/tmp."""
    (folder / "tmp").mkdir()
    command = [sys.executable, "-m", "homeport.cli", "lab", *arguments]
    settings = {**os.environ, "TMPDIR": str(folder / "tmp"), "PYTHONUNBUFFERED": "1", **environ}
    return subprocess.Popen(
        command, cwd=folder, env=settings, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def test_the_list_says_a_sentence_about_each() -> None:
    said = lab().output
    for name, command in labs.commands.items():
        assert f"  {name:<11} {command.short_help}" in said


def test_each_lab_is_in_the_documentation() -> None:
    page = (ROOT / "docs" / "learn.md").read_text()
    assert [name for name in labs.commands if f"`homeport lab {name}`" not in page] == []


def test_an_unknown_lab_is_refused() -> None:
    said = lab("port81")
    assert said.exit_code == 2


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_breaking_off_leaves_nothing_behind(tmp_path: Path, number: signal.Signals) -> None:
    running = start(tmp_path, "leak")
    assert running.stdout is not None
    next(line for line in running.stdout if "made-up people" in line)
    assert list((tmp_path / "tmp").iterdir()), "its blog lies somewhere else"
    running.send_signal(number)
    running.communicate(timeout=PATIENCE)
    assert running.returncode in {130, 128 + number}
    assert list((tmp_path / "tmp").iterdir()) == []


def test_breaking_off_ends_the_processes_it_started(tmp_path: Path) -> None:
    running = start(tmp_path, "background", "--mails", "5000")
    assert running.stdout is not None
    next(line for line in running.stdout if "button is pressed" in line)  # its first process was killed by the lab
    deadline = time.monotonic() + PATIENCE
    while not (children := psutil.Process(running.pid).children(recursive=True)):
        assert time.monotonic() < deadline, "it starts nothing"
    running.send_signal(signal.SIGINT)
    running.communicate(timeout=PATIENCE)
    assert psutil.wait_procs(children, timeout=PATIENCE)[1] == []
    assert list((tmp_path / "tmp").iterdir()) == []


def test_ones_own_blog_and_settings_are_not_touched(tmp_path: Path) -> None:
    own = tmp_path / "own"
    running = start(tmp_path, "leak", HOMEPORT_DATA=str(own), HOMEPORT_SMTP_URL="smtp://mail.example.org")
    said, wrong = running.communicate(timeout=PATIENCE)
    assert running.returncode == 0, wrong
    assert wrong == ""
    assert "What to remember" in said
    assert "\x1b" not in said
    assert not own.exists()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["tmp"]
    assert list((tmp_path / "tmp").iterdir()) == []
