"""A program that is wrong, crashes or never ends is ended with a sentence: what happened, and on which line."""

import time
from pathlib import Path

import psutil
import pytest

from homeport.learn.practice import find
from homeport.learn.practice_run import GRACE, check
from tests.learn.practising import GREETING, PLURAL, tried
from tests.patience import PATIENCE

ENDED = "Your program did not come to an end, and was ended."


def test_a_wrong_value_is_told_beside_the_right_one(tmp_path: Path) -> None:
    said = tried(tmp_path, PLURAL, "# mine\n\ndef plural(count, word):\n    return word\n")
    assert said.sentence == """plural(1, "post") should be '1 post', but it is 'post'."""
    assert (said.line, said.source) == (3, "def plural(count, word):")


def test_a_forgotten_return_is_explained(tmp_path: Path) -> None:
    said = tried(tmp_path, PLURAL, "def plural(count, word):\n    print(count, word)\n")
    assert "but it is None" in said.sentence
    assert "no `return`" in said.sentence
    assert said.printed == "1 post\n"


@pytest.mark.parametrize(
    ("text", "line", "sentence", "advice"),
    [
        ("def plural(count, word)\n    return 1\n", 1, "Python can't read this line: expected ':'", "colon"),
        ("def plural(count, word):\nreturn 1\n", 2, "Python can't read this line", "four spaces"),
        ("def plural(count, word):\n    return wort\n", 2, "name 'wort' is not defined", "spelled"),
        ("def plural(count, word):\n    return count + word\n", 2, "TypeError", "kinds"),
        ("def plural(count, word):\n    return plural(count, word)\n", 2, "RecursionError", "itself"),
        ("def plural(count):\n    return 1\n", 1, "takes 1 positional argument but 2 were given", ""),
        ("def plurals(count, word):\n    return 1\n", None, "Your file has nothing called plural.", "spelling"),
        ("import sys\n\nsys.exit()\n", 3, "ended itself", "exit()"),
        ("import os\n\nos._exit(3)\n", None, "ended itself", "exit()"),
        ("word = input()\n", 1, "EOFError", "nobody"),
        ("import os\n\nos.kill(os.getpid(), 9)\n", None, "SIGKILL", "memory"),
        ("big = [0] * 10**10\n", 1, "MemoryError", "1 GB"),
        ("while True:\n    print('again')\n", 2, "printed without end", "loop"),
        ("x = \0\n", 1, "Python can't read this line", ""),
        ("", None, "Your file has nothing called plural.", "spelling"),
    ],
)
def test_a_mistake_is_named_with_its_line(
    tmp_path: Path, text: str, line: int | None, sentence: str, advice: str
) -> None:
    said = tried(tmp_path, PLURAL, text)
    assert not said.passed
    assert sentence in said.sentence
    assert advice in said.advice
    assert said.line == line
    assert "Traceback" not in said.sentence + said.printed


def test_a_loop_without_end_is_ended_and_its_line_named(tmp_path: Path) -> None:
    said = tried(tmp_path, PLURAL, "count = 0\nwhile True:\n    count += 1\n", seconds=0.5)
    assert said.sentence == ENDED
    assert said.line in {2, 3}
    assert "loop" in said.advice


def test_a_loop_that_lets_nothing_stop_it_is_ended_too(tmp_path: Path) -> None:
    stubborn = "while True:\n    try:\n        while True:\n            pass\n    except BaseException:\n        pass\n"
    began = time.monotonic()
    said = tried(tmp_path, PLURAL, stubborn, seconds=0.2)
    assert said.sentence == ENDED
    assert time.monotonic() - began < GRACE + PATIENCE


def test_what_it_started_ends_with_it(tmp_path: Path) -> None:
    mark = f"time.sleep({PATIENCE * 10})"
    text = f"import subprocess, sys\nsubprocess.Popen([sys.executable, '-c', 'import time; {mark}'])\n"
    said = tried(tmp_path, PLURAL, text)
    assert "nothing called plural" in said.sentence
    deadline = time.monotonic() + PATIENCE
    while left := [one for one in psutil.process_iter(["cmdline"]) if mark in " ".join(one.info["cmdline"] or [])]:
        assert time.monotonic() < deadline, left


def test_it_sees_none_of_the_blogs_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOMEPORT_SMTP_URL", "smtp://me:secret@mail.example")
    monkeypatch.setenv("TOKEN", "hp_secret")
    said = tried(tmp_path, GREETING, f"import os\nprint(dict(os.environ))\n{GREETING.solution}")
    assert said.passed
    assert "PATH" in said.printed
    assert "secret" not in said.printed


def test_it_works_in_an_empty_folder_that_is_gone_afterwards(tmp_path: Path) -> None:
    said = tried(tmp_path, GREETING, f"import os\nprint(os.getcwd(), os.listdir())\n{GREETING.solution}")
    place, found = said.printed.splitlines()[0].split(" ", 1)
    assert found == "[]"
    assert not Path(place).exists()
    assert [one.name for one in tmp_path.iterdir()] == [GREETING.file_name], "nothing is left beside the file"


def test_what_was_printed_is_shown_whatever_happened(tmp_path: Path) -> None:
    said = tried(tmp_path, GREETING, "print('so far')\nname = nothing\n")
    assert said.printed == "so far\n"
    assert said.line == 2


def test_a_missing_lock_is_noticed_by_its_test(tmp_path: Path) -> None:
    exercise = find("one-at-a-time")
    without = exercise.solution.replace("with self.lock:", "if self.lock:").replace("time.sleep(0.0005)", "pass")
    place = tmp_path / "x.py"
    place.write_text(without)
    said = check(place, exercise.check)
    assert "did not wait" in f"{said.sentence} {said.advice}"
