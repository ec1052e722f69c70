"""Port 80 never arrives: what a reader gets, three ways to a certificate, and a recording that tells the truth."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from homeport.learn import labs_port80, labs_reports
from homeport.learn.labs_network import Host, can_be_made, sweep
from homeport.learn.labs_port80 import NAME, Dropped, Outcome, Reached, Ways
from homeport.learn.labs_small_internet import PROGRAMS
from homeport.learn.labs_story import Attempt, Part, Scene, Table
from tests.learn.labs import Terminal, lab, terminal
from tests.parts import require, require_root

OLD = "hplabtest4194305x0-home"  # a number that no process has: Linux gives at most 4194304


@pytest.fixture(scope="module")
def ran() -> Iterator[tuple[Outcome, Terminal, list[Part]]]:
    """The lab, once."""
    require_root("network namespaces")
    for program, package in PROGRAMS.items():
        require(program, package=package)
    with terminal() as (say, kept):
        outcome = labs_port80.run(say)
        assert outcome is not None, kept.text
        yield outcome, kept, say.parts


def test_a_dropped_port_is_silent_and_a_refused_one_says_so(ran: tuple[Outcome, Terminal, list[Part]]) -> None:
    dropped, kept = ran[0].dropped, ran[1]
    assert dropped == Dropped(at_home=True, outside=False, silence=dropped.silence, refused=dropped.refused)
    assert "(28)" in dropped.silence
    assert "(7)" in dropped.refused
    assert "tcp dport 80 counter packets" in kept.text
    assert "counter packets 0 " not in kept.text


def test_http_01_fails_and_the_two_others_bring_a_certificate(ran: tuple[Outcome, Terminal, list[Part]]) -> None:
    assert ran[0].ways == Ways(http=False, tls_alpn=True, dns=True)


def test_readers_come_by_ports_that_are_not_dropped(ran: tuple[Outcome, Terminal, list[Part]]) -> None:
    assert ran[0].reached == Reached(https=True, http=False, https_dropped=False, other_port=True)


def test_it_says_what_to_remember(ran: tuple[Outcome, Terminal, list[Part]]) -> None:
    _, kept, _ = ran
    assert "What to remember" in kept.text
    assert "What this lab does not show" in kept.text
    assert max(map(len, kept.lines)) <= 80


def test_it_leaves_no_namespace_and_no_folder(ran: tuple[Outcome, Terminal, list[Part]]) -> None:
    assert ran[0]
    assert [path for path in Path("/run/netns").glob("hplab*") if not path.name.startswith("hplabtest")] == []
    assert list(Path("/etc/netns").glob("hplab*")) == []


def claims(parts: list[Part]) -> list[object]:
    """What a telling claims: its scenes, what was tried and whether it worked, and its tables."""
    return [part for part in parts if isinstance(part, Scene | Attempt | Table)]


def test_the_recording_claims_what_happens(ran: tuple[Outcome, Terminal, list[Part]]) -> None:
    kept = labs_reports.recording(NAME)
    assert kept is not None
    assert claims(list(kept.parts)) == claims(ran[2])
    assert (kept.remember, kept.hides) == (as_report(ran[2]).remember, as_report(ran[2]).hides)


def as_report(parts: list[Part]) -> labs_reports.Report:
    kept = labs_reports.recording(NAME)
    assert kept is not None
    return labs_reports.Report(NAME, kept.at, 1.0, tuple(parts))


def test_without_its_parts_it_says_which_and_plays_the_recording(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    said = lab("port80", "--data", str(tmp_path))
    assert said.exit_code == 0, said.exception
    text = " ".join(said.output.split())
    assert "A recording of" in text
    assert "pebble is not installed: sudo apt install pebble" in text
    assert "WORKS A certificate by TLS-ALPN-01." in text
    assert list(tmp_path.iterdir()) == [], "a recording is no report of this machine"


def test_what_a_killed_lab_left_is_cleared_away(ran: tuple[Outcome, Terminal, list[Part]]) -> None:
    assert ran[0]
    assert can_be_made("hplabtest")
    left = Path("/run/netns") / Host(OLD).name
    assert left.exists()
    sweep("hplabtest")
    assert not left.exists()
