"""A test needs a program that is not there, and we may not install it: it is skipped aloud, or fails under CI."""

import os
from pathlib import Path

import pytest

from tests.parts import require


@pytest.fixture(autouse=True)
def nobody_special(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not root, so nothing is installed."""
    monkeypatch.setattr(os, "geteuid", lambda: 1000)


def test_skipped_aloud(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CI", raising=False)
    with pytest.raises(pytest.skip.Exception, match="frobnicator is not installed; type: sudo apt install frobnicate"):
        require("frobnicator", package="frobnicate")


def test_a_failure_under_ci(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CI", "true")
    with pytest.raises(pytest.fail.Exception, match="frobnicator is not installed"):
        require("frobnicator", package="frobnicate")


def test_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "frobnicator").write_text("#!/bin/sh\n")
    (tmp_path / "frobnicator").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert require("frobnicator", package="frobnicate") == str(tmp_path / "frobnicator")
