"""Somebody types `homeport learn` and its commands, and keeps what they wrote."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from homeport.cli import group
from homeport.core.errors import Problem
from homeport.learn.practice import exercises
from homeport.learn.practice_folder import Folder
from tests.learn.practising import solve


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    """A folder to practise in, which is not there yet."""
    return Folder(tmp_path / "practice")


def learn(folder: Folder, *arguments: str) -> Result:
    """The command, as from a shell that has no terminal."""
    return CliRunner().invoke(group, ["learn", *arguments, "--folder", str(folder.path)])


def test_begin(folder: Folder) -> None:
    said = learn(folder, "show")
    assert said.exit_code == 0
    assert "1. A title" in said.output
    assert "\x1b" not in said.output, "no colours where there is no terminal"
    assert sorted(one.name for one in folder.path.iterdir()) == ["01_a_title.py"]


def test_the_folder_may_stand_before_the_command(folder: Folder) -> None:
    CliRunner().invoke(group, ["learn", "--folder", str(folder.path), "show"])
    assert (folder.path / "01_a_title.py").exists()


def test_check_what_is_not_solved(folder: Folder) -> None:
    said = learn(folder, "check")
    assert said.exit_code == 1
    assert "Not yet. title should be 'My first post', but it is ''." in said.output
    assert "01_a_title.py, line 1:" in said.output
    assert folder.progress.done == {}


def test_check_what_is_solved_and_see_it_at_work_in_the_program(folder: Folder) -> None:
    solve(folder, "one-or-many")
    said = learn(folder, "check", "one-or-many")
    assert said.exit_code == 0
    assert "Done: One or many." in said.output
    assert "In Homeport: homeport/ui/filters.py, line" in said.output
    assert "def plural(count: int, one: str, many: str | None = None) -> str:" in said.output
    assert list(folder.progress.done) == ["one-or-many"]


def test_hints_come_one_by_one(folder: Folder) -> None:
    first, second = learn(folder, "hint").output, learn(folder, "hint").output
    assert ("Hint 1" in first, "Hint 2" in first, "Hint 2" in second) == (True, False, True)
    third, again = learn(folder, "hint").output, learn(folder, "hint").output
    assert "length = len(title)" in third
    assert third == again
    assert "That was the last one." in third


def test_look_how_far_one_has_come(folder: Folder) -> None:
    solve(folder, "1", "2")
    learn(folder, "check", "1")
    learn(folder, "check", "2")
    assert "2/3  ##." in learn(folder, "progress").output
    assert f"2 of {len(exercises())} exercises done." in learn(folder, "progress").output
    assert "Next: 3. Tidy words" in learn(folder, "progress").output
    listed = learn(folder, "list").output.splitlines()
    assert "  x  2  a-greeting" in listed
    assert "  .  3  tidy-words" in listed
    assert len([line for line in listed if line.startswith("  ")]) == len(exercises())


def test_begin_an_exercise_anew_and_keep_what_was_written(folder: Folder) -> None:
    solve(folder, "a-title")
    written = folder.file(exercises()[0]).read_text()
    learn(folder, "check")
    assert "kept/01_a_title-1.py" in learn(folder, "reset", "a-title").output
    assert folder.progress.done == {}
    assert (folder.path / "kept" / "01_a_title-1.py").read_text() == written
    assert learn(folder, "check", "a-title").exit_code == 1
    assert "kept" not in learn(folder, "reset", "a-title").output, "nothing was written since"
    solve(folder, "a-title")
    assert "kept/01_a_title-2.py" in learn(folder, "reset", "a-title").output


def test_the_solution_is_for_who_has_solved_it(folder: Folder) -> None:
    early = learn(folder, "solution", "a-title")
    assert isinstance(early.exception, Problem)
    assert early.exception.code == "exercise_open"
    solve(folder, "a-title")
    learn(folder, "check", "a-title")
    assert "length = len(title)" in learn(folder, "solution", "1").output


@pytest.mark.parametrize("name", ["nothing", "0", "99", "../a-title.txt"])
def test_ask_for_an_exercise_that_is_not_there(folder: Folder, name: str) -> None:
    said = learn(folder, "check", name)
    assert isinstance(said.exception, Problem)
    assert said.exception.code == "exercise_unknown"


@pytest.mark.parametrize("text", ["", "[]", "{", '{"done": 3}', '{"hints": {"a-title": "x"}}'])
def test_progress_that_can_not_be_read_is_left_alone(folder: Folder, text: str) -> None:
    folder.path.mkdir()
    (folder.path / "progress.json").write_text(text)
    said = learn(folder, "progress")
    assert isinstance(said.exception, Problem)
    assert said.exception.code == "practice_unreadable"
    assert (folder.path / "progress.json").read_text() == text


def test_a_folder_that_can_not_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    said = learn(Folder(tmp_path / "file"), "show")
    assert isinstance(said.exception, Problem)
    assert (tmp_path / "file").read_text() == "mine"


def test_what_stands_in_the_folder_already_is_left_alone(folder: Folder) -> None:
    folder.path.mkdir()
    (folder.path / "01_a_title.py").write_text("title = 'mine'\n")
    (folder.path / "letter.txt").write_text("mine")
    learn(folder, "check")
    assert (folder.path / "01_a_title.py").read_text() == "title = 'mine'\n"
    assert (folder.path / "letter.txt").read_text() == "mine"


def test_progress_is_kept_as_json(folder: Folder) -> None:
    solve(folder, "a-title")
    learn(folder, "check")
    kept = json.loads((folder.path / "progress.json").read_text())
    assert list(kept["done"]) == ["a-title"]
    assert kept["done"]["a-title"].endswith("+00:00")
