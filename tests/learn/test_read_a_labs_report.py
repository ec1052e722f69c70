"""Somebody reads what a lab has left: the same story as on the terminal, on a page, for an owner and for a class."""

import os
import re
import stat
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from homeport.core.config import Config
from homeport.core.errors import Problem
from homeport.learn import labs_reports
from homeport.learn.labs_list import LABS
from homeport.learn.labs_reports import Report, as_text, from_text, last, leave, place
from homeport.learn.labs_story import MOST_CHARACTERS, MOST_LINES, Say
from tests.cast import Cast
from tests.conftest import Browser
from tests.learn.labs import lab, terminal
from tests.parts import require_root

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
HOSTILE = "<script>alert(1)</script>"
NOBODY = 65534

pytestmark = pytest.mark.usefixtures("with_learn")


def told() -> tuple[Report, str]:
    """A story with each kind of part, and what a terminal shows of it."""
    with terminal() as (say, kept):
        tell(say)
        return Report("mitm", NOW, 12.3, tuple(say.parts)), kept.text


def tell(say: Say) -> None:
    say.scene("1  Over HTTP")
    say.tell("Somebody logs in.")
    say.raw(["POST /login HTTP/1.1", f"name={HOSTILE}", "a\tb"])
    say.figure("bytes recorded", "1,234")
    say.quoted("one card", "many a second", "https://example.org/source")
    say.works("The password stands there.")
    say.fails("The cookie does not.")
    say.tried("A reader comes in.", worked=True)
    say.table(("Who", "What"), [("Tilda", HOSTILE), ("Mira", "nothing")])
    say.remember("Use HTTPS.", "Always.")
    say.hides("Real browsers.")


def test_each_kind_of_part_survives_being_kept() -> None:
    report, _ = told()
    assert from_text(as_text(report)) == report


def test_the_page_says_what_the_terminal_said(config: Config, everybody: Cast, browser: Callable[..., Browser]) -> None:
    report, printed = told()
    leave(config.data, report)
    page = browser(everybody.olga).get("/learn/labs/mitm").text
    shown = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page)).replace("&lt;", "<").replace("&gt;", ">")
    words = set(re.findall(r"[A-Za-z0-9,<>()/=:]{2,}", printed)) - {"WORKS", "FAILS"}
    assert [word for word in words if word not in shown] == []
    assert page.count(">Works<") == 2
    assert page.count(">Fails<") == 1
    assert HOSTILE not in page, "made-up people may have written anything"
    assert "took 12 seconds" in shown


def test_an_owner_finds_every_lab_before_any_was_run(everybody: Cast, browser: Callable[..., Browser]) -> None:
    olga = browser(everybody.olga)
    page = olga.get("/learn/labs").text
    for known in LABS.values():
        assert known.shows in page.replace("&#39;", "'")
        assert f"<code>{known.command}</code>" in page
        own = olga.get(f"/learn/labs/{known.name}")
        assert own.status_code == 200
        assert known.command in own.text
    assert page.count("Not run yet") == len(LABS) - 1
    assert page.count("A recording comes with the program") == 1
    assert "Not run yet" in olga.get("/learn/labs/leak").text
    assert "recording from another machine" in olga.get("/learn/labs/port80").text
    assert olga.get("/learn/labs/port81").status_code == 404


def test_only_owners_read_reports_until_there_is_a_class(
    everybody: Cast, browser: Callable[..., Browser], client: Browser
) -> None:
    charlie = browser(everybody.charlie)
    for path in ("/learn/labs", "/learn/labs/mitm"):
        assert client.get(path).status_code in {302, 303, 401}
        assert charlie.get(path).status_code == 403
    olga = browser(everybody.olga)
    assert olga.submit("/learn/class/room", {"do": "open"}).status_code == 303
    for path in ("/learn/labs", "/learn/labs/mitm"):
        assert client.get(path).status_code in {302, 303, 401}
        assert charlie.get(path).status_code == 200


def test_a_lab_leaves_its_report_where_a_blog_is(tmp_path: Path) -> None:
    data = tmp_path / "blog"
    data.mkdir()
    said = lab("sessions", "--data", str(data))
    assert said.exit_code == 0, said.exception
    assert f"Report: {place(data, 'sessions')}" in said.output
    report = last(data, "sessions")
    assert report is not None
    assert [path.name for path in data.rglob("*")] == ["labs", "sessions.json"]
    assert "fixation" in [section.name for section in report.sections]
    assert report.remember
    assert report.hides


def test_without_a_blog_none_is_left(tmp_path: Path) -> None:
    said = lab("sessions", "--data", str(tmp_path / "none"))
    assert said.exit_code == 0
    assert "no report is kept" in said.output
    assert list(tmp_path.iterdir()) == []
    assert "none is kept" in lab("--help").output


def test_a_report_is_for_the_blogs_account_alone(config: Config) -> None:
    report, _ = told()
    (config.data / "labs").mkdir(mode=0o755)
    path = leave(config.data, report)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    leave(config.data, report)
    assert [one.name for one in path.parent.iterdir()] == ["mitm.json"], "the last one, and nothing beside it"


def test_root_goes_no_further_than_the_blogs_account_could(tmp_path: Path) -> None:
    require_root("files of another account")
    report, _ = told()
    data, elsewhere = tmp_path / "data", tmp_path / "elsewhere"
    for folder in (tmp_path, *tmp_path.parents):
        if folder.name.startswith(("test_", "popen-", "pytest-")):
            folder.chmod(0o755)
    data.mkdir()
    elsewhere.mkdir(mode=0o755)
    os.chown(data, NOBODY, NOBODY)
    assert leave(data, report).stat().st_uid == NOBODY
    assert os.geteuid() == 0
    (data / "labs" / "mitm.json").unlink()
    (data / "labs").rmdir()
    (data / "labs").symlink_to(elsewhere)
    with pytest.raises(Problem, match="can't be kept"):
        leave(data, report)
    assert list(elsewhere.iterdir()) == []
    assert stat.S_IMODE(elsewhere.stat().st_mode) == 0o755


def test_a_report_that_cannot_be_kept_does_not_spoil_the_lab(tmp_path: Path) -> None:
    (tmp_path / "labs").write_text("a file where the folder should be")
    said = lab("sessions", "--data", str(tmp_path))
    assert said.exit_code == 0
    assert "What to remember" in said.output
    assert "can't be kept" in said.stderr


def test_what_has_no_end_is_cut() -> None:
    with terminal() as (say, _):
        say.raw(["x" * (MOST_CHARACTERS + 1)] * (MOST_LINES + 5))
        (part,) = say.parts
    text = as_text(Report("mitm", NOW, 1.0, (part,)))
    assert len(text) <= (MOST_CHARACTERS + 10) * (MOST_LINES + 1)
    assert "5 more lines" in text


def test_a_report_too_long_to_be_kept_leaves_the_one_before(config: Config) -> None:
    report, _ = told()
    leave(config.data, report)
    with terminal() as (say, _):
        for _number in range(3):
            say.raw(["x" * MOST_CHARACTERS] * MOST_LINES)
        with pytest.raises(Problem, match="too long"):
            leave(config.data, Report("mitm", NOW, 1.0, tuple(say.parts)))
    assert last(config.data, "mitm") == report


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        '{"lab": "mitm"}',
        '{"lab": "mitm", "at": "soon", "seconds": 1, "parts": []}',
        '{"lab": "mitm", "at": "2026-11-24T12:00:00+00:00", "seconds": 1, "parts": [{"kind": "dance"}]}',
    ],
)
def test_a_damaged_report_is_told(config: Config, everybody: Cast, browser: Callable[..., Browser], text: str) -> None:
    leave(config.data, told()[0]).write_text(text)
    olga = browser(everybody.olga)
    page = olga.get("/learn/labs/mitm")
    assert page.status_code == 200
    assert "be read" in page.text
    assert "Run it again: homeport lab mitm" in page.text
    assert "be read" in olga.get("/learn/labs").text


def test_the_recording_that_comes_along_can_be_read() -> None:
    kept = labs_reports.recording("port80")
    assert kept is not None
    assert kept.lab == "port80"
    assert labs_reports.recording("mitm") is None
