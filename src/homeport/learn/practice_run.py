"""Checking an exercise: the learner's file runs in a process of its own, which is ended where it does not end itself.

This is the learner's own program on the learner's own machine, so it is no prison. But it can't hold up the machine,
finds an empty folder that is deleted afterwards, and sees none of the blog's settings or secrets.
"""

import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

SECONDS = 5.0
GRACE = 2.0  # seconds beyond it, in which the program may still say by itself on which line it was

_CHILD = Path(__file__).with_name("practice_child.py")
_PASSED_ON = ("PATH", "LANG", "LC_ALL", "LC_CTYPE", "TZ")


@dataclass(frozen=True)
class Outcome:
    """Whether a check passed; else a sentence, the learner's line and advice. And what the program printed."""

    passed: bool
    sentence: str
    advice: str
    line: int | None
    source: str
    printed: str


def check(file: Path, test: str, seconds: float = SECONDS) -> Outcome:
    """Run the learner's `file` and then `test` on it, for `seconds` at most."""
    with tempfile.TemporaryDirectory(prefix="homeport-practice-") as folder:
        scratch = Path(folder)
        work = scratch / "work"
        work.mkdir()
        job, result, printed = scratch / "job.json", scratch / "result.json", scratch / "printed"
        job.write_text(json.dumps({"file": str(file.absolute()), "check": test, "seconds": seconds}), encoding="utf-8")
        with printed.open("wb") as output:
            code = _run([str(job), str(result)], work, output, seconds + GRACE)
        return _outcome(result, code, printed.read_bytes().decode(errors="replace"))


def _run(arguments: list[str], work: Path, output: Any, seconds: float) -> int | None:
    """Its exit code; None where it had to be killed. Whatever it started in its group ends with it."""
    environ = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
    # glibc reserves 64 MB of addresses for each thread otherwise, which would count against the limit of memory.
    environ |= {"HOME": str(work), "TMPDIR": str(work), "MALLOC_ARENA_MAX": "1"}
    command = [sys.executable, "-I", "-B", "-u", "-X", "utf8", str(_CHILD), *arguments]
    process = subprocess.Popen(  # noqa: S603 (our own program, and the learner's)
        command, cwd=work, env=environ, stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True
    )
    try:
        return process.wait(seconds)
    except subprocess.TimeoutExpired:
        return None
    finally:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _outcome(result: Path, code: int | None, printed: str) -> Outcome:
    try:
        return Outcome(**json.loads(result.read_text(encoding="utf-8")), printed=printed)
    except (OSError, ValueError):
        return Outcome(False, *_silent(code), None, "", printed)


def _silent(code: int | None) -> tuple[str, str]:
    if code is None:
        return "Your program did not come to an end, and was ended.", "Is there a loop that never stops?"
    if code < 0:
        return f"Your program was ended by the system ({signal.Signals(-code).name}).", "Did it take too much memory?"
    return "Your program ended itself before the check was through.", "Leave exit() out."
