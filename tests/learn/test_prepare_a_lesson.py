"""Somebody prepares to teach with it: what the notes say about chapters, experiments, labs and exercises is so."""

import re
from collections.abc import Callable
from http import HTTPStatus

import pytest

from homeport.accounts import departures
from homeport.accounts.passwords import LEAST
from homeport.learn import experiments, sandbox, teaching, try_jobs
from homeport.learn.labs_list import LABS
from homeport.learn.practice import exercises
from homeport.learn.primer import chapter, chapters
from tests.architecture.test_documents import anchors, code, unknown
from tests.cast import Cast, Person
from tests.conftest import Browser
from tests.parts import ROOT

pytestmark = pytest.mark.usefixtures("with_learn")
Login = Callable[[Person], Browser]
TEXT = teaching.FILE.read_text("utf-8")
LESSONS = [lesson.partition("\n## ")[0] for lesson in re.split(r"^## Lesson (?=\d: )", TEXT, flags=re.MULTILINE)[1:]]
PARTS = ("**Aim.**", "**Chapters.**", "**Ask at the end.**", "**At home.**", "**What often goes wrong**")
QUOTED = (
    "That was a lot of experiments in a short time",
    "Others are running experiments right now",
    "There were too many attempts in a row",
    "All weak copies are in use",
    "A job is counting already",
    "The worker was killed a moment ago",
)
"""What the program says, in the notes' own quotation marks."""
DOCUMENT = ROOT / "docs" / "teaching.md"


def links(text: str, kind: str) -> list[tuple[str, str]]:
    """The texts and names of a text's links of a kind."""
    return [(" ".join(found[1].split()), found[3]) for found in teaching.LINK.finditer(text) if found[2] == kind]


def named_exercises(text: str) -> list[tuple[int, str]]:
    """The numbers and titles of exercises that a text names: `1 to 3 (*A title* to *Tidy words*)`, `1 (*A title*)`."""
    flat = " ".join(text.split())
    found = re.findall(r"(\d+)(?: to (\d+))? \(\*([^*]+)\*(?: to \*([^*]+)\*)?\)", flat)
    pairs = [pair for first, last, one, other in found for pair in ((first, one), (last, other)) if pair[0]]
    return [(int(number), title) for number, title in pairs]


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda lesson: lesson.partition("\n")[0])
def test_a_lesson_fills_ninety_minutes_and_says_all_that_is_needed(lesson: str) -> None:
    assert sum(map(int, re.findall(r"^- \*\*(\d+) minutes\.\*\* ", lesson, re.MULTILINE))) == 90
    assert [lesson.count(part) for part in PARTS] == [1] * len(PARTS)
    assert lesson.rpartition(PARTS[-1])[2].count("\n- *") >= 3
    of_it = {slug for _title, slug in links(lesson, "chapter")}
    assert {teaching.placed(name).slug for _title, name in links(lesson, "experiment")} == of_it


def test_the_lessons_go_through_the_whole_primer() -> None:
    assert len(LESSONS) == 6
    named = [link for lesson in LESSONS for link in links(lesson, "chapter")]
    assert named == [(one.title, one.slug) for one in chapters()]
    tried = [link for lesson in LESSONS for link in links(lesson, "experiment")]
    assert sorted(tried) == sorted((experiments.find(name).title, name) for name in experiments.names())
    shown = [link for lesson in LESSONS for link in links(lesson, "lab")]
    assert sorted(shown) == sorted((lab.title, lab.name) for lab in LABS.values())
    assert [lab.name for lab in LABS.values() if f"`{lab.command}`" not in "".join(LESSONS)] == []


def test_the_exercises_are_divided_among_the_lessons_and_called_by_their_titles() -> None:
    every = {exercise.number: exercise.title for exercise in exercises()}
    assert [pair for pair in named_exercises(TEXT) if every.get(pair[0]) != pair[1]] == []
    homework = [named_exercises(lesson.partition("**At home.**")[2])[:2] for lesson in LESSONS]
    given = [number for (first, _), (last, _) in homework for number in range(first, last + 1)]
    assert given == [*every]


def test_the_table_says_what_the_lessons_say() -> None:
    for lesson in LESSONS:
        title = lesson.partition("\n")[0].replace(": ", ". ")
        numbers = [found.number for _, slug in links(lesson, "chapter") if (found := chapter(slug))]
        (first, _), (last, _) = named_exercises(lesson.partition("**At home.**")[2])[:2]
        row = rf"\| {re.escape(title)} \| {numbers[0]}, {numbers[1]} \| {first} to {last} \|"
        assert re.search(row, TEXT), title


def test_parts_of_an_xray_are_called_as_they_are() -> None:
    story = (ROOT / "src/homeport/learn/templates/learn/xray/request.html").read_text()
    assert [link for link in links(TEXT, "xray") if '("{1}", "{0}")'.format(*link) not in story] == []


def test_every_command_exists() -> None:
    assert {missing for line in code(TEXT) if (missing := unknown(line))} == set()


def test_every_address_is_answered(everybody: Cast, browser: Login) -> None:
    addresses = {piece for piece in code(TEXT) if re.fullmatch(r"/(learn|account|admin)[/a-z0-9-]*", piece)}
    assert {"/learn/xray", "/learn/bench", "/learn/sandbox"} <= addresses
    olga, good = browser(everybody.olga), {HTTPStatus.OK, HTTPStatus.SEE_OTHER}
    assert {page for page in addresses if olga.get(page).status_code not in good} == set()


def test_limits_and_messages_are_quoted_rightly() -> None:
    flat = " ".join(TEXT.split())
    assert f"At most {sandbox.MOST} copies of the sandbox run at once" in flat
    assert f"It takes {LEAST} characters" in flat
    assert f"Between two kills lie {try_jobs.REST.seconds} seconds" in flat
    assert departures.GRACE.days == 7, "the notes say a week"
    program = "\n".join(path.read_text() for path in (ROOT / "src/homeport").rglob("*.py"))
    assert [words for words in QUOTED if f"“{words}" not in flat or f'"{words}' not in program] == []


def test_everybody_reads_the_notes(client: Browser) -> None:
    page = client.get("/learn/teaching")
    assert page.status_code == 200
    main = page.text[page.text.index("<main") : page.text.index("</main>")]
    assert len(re.findall(r"<h2[^>]*>\s*Lesson \d: ", main)) == len(LESSONS)
    assert 'href="/learn/background-work#experiment-kill-worker"' in main
    assert "docs/https.md" in main
    assert "](" not in main
    targets, ids = re.findall(r'href="#([^"]+)"', main), re.findall(r' id="([^"]+)"', main)
    assert set(targets) <= set(ids)
    assert 'href="/learn/teaching"' in client.get("/learn").text


def test_the_document_is_the_same_text_with_links_to_files() -> None:
    document = DOCUMENT.read_text("utf-8")
    assert document == teaching.for_documents(), "make docs"
    for target in re.findall(r"\]\(([^)\s]+)\)", document):
        path, _, place = target.partition("#")
        file = DOCUMENT.parent / path if path else DOCUMENT
        assert file.exists(), target
        assert not place or place in anchors(file.read_text("utf-8")), target
