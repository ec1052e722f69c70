"""Somebody reads the primer: its chapters, its words, its booklet, with and without an account."""

import re
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import pytest
from flask import Flask

from homeport.core import site
from homeport.learn import experiments, primer, primer_glossary
from homeport.learn.primer import chapters
from homeport.learn.primer_glossary import words
from tests.cast import Cast, Person
from tests.conftest import Browser
from tests.parts import ROOT

pytestmark = pytest.mark.usefixtures("with_learn")
ASIDE = ["/learn", "/learn/glossary", "/learn/booklet", "/learn/teaching"]
PAGES = [*ASIDE, *(f"/learn/{chapter.slug}" for chapter in chapters())]
Login = Callable[[Person], Browser]

HEAD = '+++\ntitle = "T"\nminutes = 1\nsummary = "S"\n+++\n'
QUESTION = '```question\nask = "?"\n[[answer]]\ntext = "a"\nwhy = "b"\nright = true\n{more}```\n'


def written(folder: Path, text: str, name: str = "01-x.md") -> Path:
    (folder / name).write_text(text)
    return folder / name


@pytest.mark.parametrize("page", PAGES)
def test_everybody_can_read_every_page(client: Browser, page: str) -> None:
    answer = client.get(page)
    assert answer.status_code == 200
    assert "Set-Cookie" not in answer.headers
    assert answer.headers["Cache-Control"] == "no-cache"
    assert "{%" not in answer.text
    assert "```" not in answer.text
    assert "term:" not in re.sub(r"<pre.*?</pre>", "", answer.text, flags=re.DOTALL)


def test_the_contents_lead_to_every_chapter_and_each_to_the_next(client: Browser) -> None:
    page = client.get("/learn").text
    for chapter in chapters():
        assert f'href="/learn/{chapter.slug}"' in page
        assert chapter.title in page
    for chapter, after in zip(chapters(), chapters()[1:], strict=False):
        assert f'rel="next" href="/learn/{after.slug}"' in client.get(f"/learn/{chapter.slug}").text
        assert f'rel="prev" href="/learn/{chapter.slug}"' in client.get(f"/learn/{after.slug}").text


def test_a_chapter_that_is_not_written_is_not_there(client: Browser) -> None:
    assert client.get("/learn/quantum-computing").status_code == 404
    assert client.submit("/learn/quantum-computing/questions/1", {"answer": "0"}).status_code == 404
    assert client.submit(f"/learn/{chapters()[0].slug}/questions/99", {"answer": "0"}).status_code == 404


def test_a_new_word_is_explained_below_its_paragraph(client: Browser) -> None:
    page = client.get("/learn/client-and-server").text
    link = '<a href="/learn/glossary#client">client</a>'
    paragraph = re.search(rf"<p>[^\n]*{link}.*?</p>\s*(<dl.*?</dl>)", page, re.DOTALL)
    assert paragraph is not None
    assert words()["client"].meaning in paragraph[1]
    glossary = client.get("/learn/glossary").text
    assert '<div id="client">' in glossary
    assert words()["client"].meaning in glossary


def test_the_booklet_holds_all_chapters_and_asks_for_nothing(client: Browser) -> None:
    page = client.get("/learn/booklet").text
    booklet = page[page.index("<main") : page.index("</main>")]
    for chapter in chapters():
        assert f'id="{chapter.slug}"' in booklet
        assert all(question.answers[question.right].text.replace("`", "")[:20] for question in chapter.questions)
    assert "<form" not in booklet
    ids = re.findall(r' id="([^"]+)"', page)
    assert sorted(set(ids)) == sorted(ids)


def test_who_is_not_logged_in_is_told_how_to_run_an_experiment(client: Browser) -> None:
    page = client.get("/learn/client-and-server").text
    assert "/login?next=/learn/client-and-server" in page
    assert "/experiments/" not in page
    assert client.submit("/learn/client-and-server/experiments/your-request").status_code == 401


def test_the_owner_keeps_it_to_people_who_are_logged_in(
    app: Flask, client: Browser, everybody: Cast, browser: Login
) -> None:
    assert 'href="/learn"' in client.get("/archive").text
    olga = browser(everybody.olga)
    assert "Show the primer to everybody" in olga.get("/admin/settings").text
    with app.app_context():
        present = asdict(site.site())
    assert olga.submit("/admin/settings", present | {"primer": "members"}).status_code == 303
    assert [page for page in PAGES if client.get(page).status_code != 404] == []
    assert 'href="/learn"' not in client.get("/archive").text
    reader = browser(everybody.charlie)
    assert [page for page in PAGES if reader.get(page).status_code != 200] == []
    assert 'href="/learn"' in reader.get("/archive").text


@pytest.mark.parametrize("chapter", chapters(), ids=lambda chapter: chapter.slug)
def test_a_chapter_is_whole(chapter: primer.Chapter) -> None:
    assert 4 <= len(chapter.questions) <= 6
    assert chapter.names("experiment"), "there is nothing to try"
    assert set(chapter.names("experiment")) <= set(experiments.names())
    text = "".join(part.body for part in chapter.parts if part.kind == "text")
    assert 900 <= len(re.findall(r"\w+", text)) <= 2000
    assert all(answer.why for question in chapter.questions for answer in question.answers)
    assert len({question.right for question in chapter.questions}) > 1, "the right answer always stands at one place"


def test_every_experiment_has_its_place() -> None:
    placed = [name for chapter in chapters() for name in chapter.names("experiment")]
    assert sorted(placed) == experiments.names()


def pasted(text: str, program: str) -> list[str]:
    """Lines of code in a chapter that stand in the program too, and so may not in both."""
    blocks = re.findall(r"^(?:```[^\n]*\n(.*?)^```|((?: {4}[^\n]*\n)+))", text, re.DOTALL | re.MULTILINE)
    lines = {line.strip() for block in blocks for part in block for line in part.splitlines()}
    return sorted(line for line in lines if len(line) > 15 and f"{line}\n" in program)


def test_no_chapter_holds_a_copy_of_our_code() -> None:
    program = "\n".join(line.strip() for path in (ROOT / "src").rglob("*.py") for line in path.read_text().splitlines())
    for path in primer.FOLDER.glob("*.md"):
        assert pasted(path.read_text(), program + "\n") == [], path.name
    assert pasted("```python\nstep = question_step(number)\n```\n", "step = question_step(number)\n")
    assert pasted("Text.\n\n    return hmac.digest(x)\n", "    return hmac.digest(x)\n")


def test_every_word_is_marked_where_it_comes_up_first() -> None:
    marks = [name for chapter in chapters() for name in primer_glossary.marked(chapter)]
    assert sorted({*marks} - {*words()}) == [], "marked, and not in the glossary"
    assert sorted(word.name for word in words().values() if word.chapter is None) == [], "explained, and marked nowhere"
    assert sorted({name for name in marks if marks.count(name) > 1}) == [], "marked twice"
    assert [early for word in words() if (early := used_before_its_mark(word))] == []


def used_before_its_mark(word: str) -> str:
    """Where a word is used before the place that explains it, or ""."""
    pattern = re.compile(rf"(?<![\w/-]){re.escape(word)}(?:s|es)?(?![\w-])", re.IGNORECASE if word.islower() else 0)
    for chapter in chapters():
        for part in chapter.parts:
            text = re.sub(r"```.*?```|`[^`]*`|\]\([^)]*\)", _blank, part.body, flags=re.DOTALL)
            mark = part.body.find(f"](term:{word})")
            mark = part.body.find(f"](<term:{word}>)") if mark < 0 else mark
            found = pattern.search(text)
            if found and (mark < 0 or found.start() < part.body.rfind("[", 0, mark)):
                return f"{word}: {chapter.slug}: …{part.body[max(0, found.start() - 30) : found.end() + 20]}…"
            if mark >= 0:
                return ""
    return ""


def _blank(found: re.Match[str]) -> str:
    return " " * len(found[0])


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("no head", "begins with a head"),
        (HEAD.replace("minutes = 1\n", ""), "minutes"),
        (HEAD + QUESTION.format(more='[[answer]]\ntext = "c"\nwhy = "d"\nright = true\n'), "one answer is right"),
        (HEAD + QUESTION.format(more='[[answer]]\ntext = "c"\n'), "why"),
        (HEAD + "```source\n```\n", "without a name"),
    ],
)
def test_a_chapter_with_a_fault_is_refused_by_its_name(tmp_path: Path, text: str, fault: str) -> None:
    with pytest.raises(ValueError, match=rf"01-x\.md: .*{fault}"):
        primer.read(written(tmp_path, text))


def test_a_file_that_is_named_wrongly_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="NN-slug"):
        primer.read(written(tmp_path, HEAD, "1-x.md"))
