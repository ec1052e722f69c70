"""Every exercise can be solved, is not solved yet when it begins, explains its words, and shows what there is."""

import ast
import re
from pathlib import Path

import pytest

from homeport.learn.practice import Exercise, chapters, exercises, find
from homeport.learn.practice_folder import Folder
from homeport.learn.practice_look import look
from homeport.learn.practice_screen import WIDTH, hints, in_homeport, introduction
from tests.learn.practising import tried

ALL = [pytest.param(exercise, id=exercise.name) for exercise in exercises()]

_CODE = re.compile(r"```.*?```|`[^`]*`", re.DOTALL)
_NEW_WORD = re.compile(r"\*\*([^*]+)\*\*")


def lines(code: str) -> set[str]:
    """The lines of a program, but for those that say nothing by themselves."""
    return {line.strip() for line in code.splitlines() if len(line.strip()) > 4}


@pytest.mark.parametrize("exercise", ALL)
def test_it_fails_at_first_and_passes_with_the_solution(exercise: Exercise, tmp_path: Path) -> None:
    before = tried(tmp_path, exercise, exercise.start)
    assert not before.passed, "there is nothing to do"
    assert before.sentence
    assert "Traceback" not in before.sentence + before.printed
    after = tried(tmp_path, exercise, exercise.solution)
    assert after.passed, f"{after.sentence} {after.advice} {after.printed}"


@pytest.mark.parametrize("exercise", ALL)
def test_the_hints_lead_from_an_idea_to_the_solution(exercise: Exercise) -> None:
    assert len(exercise.hints) >= 3
    assert "```" not in exercise.hints[0], "the first one is an idea"
    assert lines(exercise.hints[-1]) & (lines(exercise.solution) - lines(exercise.start))
    assert not lines(exercise.hints[0]) & lines(exercise.solution)


@pytest.mark.parametrize("exercise", ALL)
def test_its_check_is_plain_python_in_which_every_claim_says_itself(exercise: Exercise) -> None:
    for node in ast.walk(ast.parse(exercise.check)):
        if isinstance(node, ast.Assert) and node.msg is None:
            compared = isinstance(node.test, ast.Compare) and isinstance(node.test.ops[0], ast.Eq | ast.Is)
            assert compared, f"without a sentence: {ast.unparse(node)}"


@pytest.mark.parametrize("exercise", ALL)
def test_it_fits_a_narrow_terminal(exercise: Exercise) -> None:
    shown = introduction(exercise, Folder(Path("p"))) + "\n" + hints(exercise, len(exercise.hints))
    prose = [line for line in re.sub(r"\x1b\[[0-9;]*m", "", shown).splitlines() if not line.startswith("    ")]
    assert [line for line in prose if len(line) > WIDTH + 2] == []


def test_each_shows_a_place_that_exists_in_the_program() -> None:
    for exercise in exercises():
        place = look(exercise.look)
        assert f"{exercise.look.rpartition(':')[2].rpartition('.')[2]}" in place.source, exercise.name
        assert place.file in in_homeport(exercise)


def test_a_new_word_is_explained_where_it_first_appears() -> None:
    before = ""
    for exercise in exercises():
        for word in _NEW_WORD.findall(_CODE.sub(" ", exercise.text)):
            same = re.IGNORECASE if word.islower() else 0
            assert not re.search(rf"\b{re.escape(word)}s?\b", before, same), f"{exercise.name}: {word} came up earlier"
        told = [exercise.title, exercise.text, *exercise.hints, exercise.about]
        before += _CODE.sub(" ", " ".join(told)) + "\n"


def test_there_are_some_forty_in_their_order() -> None:
    assert [exercise.number for exercise in exercises()] == list(range(1, len(exercises()) + 1))
    assert len(exercises()) >= 40
    assert [one for found in chapters().values() for one in found] == list(exercises()), "a chapter is in one piece"
    for exercise in exercises():
        assert find(str(exercise.number)) == find(exercise.name) == find(exercise.file_name) == exercise
