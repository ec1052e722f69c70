"""A folder from somebody else holds files made to crash or to stall an import: each is told, and the rest comes in."""

import os
from collections.abc import Callable
from math import isqrt
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from homeport.core.errors import Problem
from homeport.interop import frontmatter, generators, links, sources
from tests.growth import MOST_GROWTH, growth, ratio

HEADS = {
    "a tag that does not fit": "---\ndate: !!timestamp soon\n---\n",
    "no number": "---\na: !!int ''\n---\n",
    "no fraction": "---\na: !!float ''\n---\n",
    "neither yes nor no": "---\na: !!bool maybe\n---\n",
    "a name that is a list": "---\n? [a]\n: b\n---\n",
    "lists in each other": f"---\na: {'[' * 5000}\n---\n",
    "many digits": f"---\na: {'9' * 5000}\n---\n",
    "a program": "---\na: !!python/object/apply:os.system [id]\n---\n",
    "a bomb": "---\na: &a-b [1, 2]\nb: [*a-b, *a-b]\n---\n",
    "a bomb with an umlaut": "---\na: &ü [1, 2]\nb: [*ü, *ü]\n---\n",
    "TOML lists in each other": f"+++\na = {'[' * 5000}\n+++\n",
    "TOML tables in each other": f"+++\na = {'{a=' * 3000}\n+++\n",
    "TOML with many digits": f"+++\na = {'9' * 5000}\n+++\n",
}


@pytest.mark.parametrize("name", HEADS)
def test_a_head_that_cannot_be_read_is_one_sentence(name: str) -> None:
    with pytest.raises(Problem, match="head cannot be read"):
        frontmatter.split(HEADS[name] + "Text")


def test_an_anchor_nobody_refers_to_and_stars_in_a_title_are_no_bomb() -> None:
    front, _ = frontmatter.split("---\ntitle: 'Five *stars* & more'\ntags: &t [a]\n---\nText")
    assert front.text("title") == "Five *stars* & more"


@pytest.mark.parametrize(
    "settings",
    [
        "permalink: !!bool maybe",
        "permalink: " + "[" * 5000,
        "a: &a [1,2]\npermalink: [*a, *a]",
        "permalink: \xff",
        "- a",
    ],
)
def test_a_generators_broken_settings_are_passed_over(tmp_path: Path, settings: str) -> None:
    (tmp_path / "_config.yml").write_text(settings, "latin-1")
    assert generators.detect(tmp_path).permalinks == {"": "date"}


LONG = 50_000
TEXTS: dict[str, Callable[[int], str]] = {
    "open tags": lambda n: "<a " * n,
    "tags without end": lambda n: "<img src" * n,
    "one long tag": lambda n: "<img " + "src " * n,
    "a long run of backticks": lambda n: "x" + "`" * n + "a" * n,
    "runs of backticks that differ": lambda n: "x" + " ".join("`" * length for length in range(1, isqrt(3 * n))),
    "code in every word": lambda n: "`a` " * (n // 8),
    "brackets": lambda n: "[" * n,
    "bracket pairs": lambda n: "[" + "[]" * n,
    "definitions": lambda n: "[a]: " + " " * n + "\n" + "[a" * n + "]: ",
    "parentheses": lambda n: "[a](" + "()" * n,
    "fences": lambda n: "~~~\n``` \n" * n,
    "calls": lambda n: "{{< " * n + "{% " * n,
    "a heading of signs": lambda n: "# " + "#" * n + "x",
    "a heading of blanks": lambda n: "# a" + " " * n + "x",
}
PROSE = "Some words with [a link](of/course) and `code`.\n"
MOST_TIMES_PROSE = 10
"""The dearest, with twelve times as many pieces of code, costs four times as much as prose of the same length."""


def look_through(text: str) -> Callable[[], None]:
    """All that an import looks for in a text."""

    def look() -> None:
        links.rewrite(text, lambda _reference, _is_picture: None)
        prose = links.without_code(text)
        links.shortcodes(prose)
        links.active_content(prose)
        sources._first_heading(text)

    return look


@pytest.mark.parametrize("name", TEXTS)
def test_no_text_stalls_the_import(name: str) -> None:
    text = TEXTS[name](LONG)
    prose = (PROSE * (len(text) // len(PROSE) + 1))[: len(text)]
    assert growth(lambda size: look_through(TEXTS[name](size)), LONG) < MOST_GROWTH
    times_prose = ratio(look_through(text), look_through(prose), enough=MOST_TIMES_PROSE)
    assert times_prose < MOST_TIMES_PROSE


def test_a_pipe_and_a_folder_that_are_named_like_posts_are_told(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.md")
    (tmp_path / "folder.md").mkdir()
    for name in ("pipe.md", "folder.md"):
        with pytest.raises(Problem, match="not a file"):
            sources.read_text(tmp_path, tmp_path / name)


def test_a_date_of_blanks_is_none() -> None:
    def read(blanks: int) -> Callable[[], object]:
        return lambda: frontmatter.read_date("a" + " " * blanks + "b", ZoneInfo("UTC"))

    assert growth(read, 8_000) < MOST_GROWTH
    assert read(200_000)() is None


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("a `b` c", ["`b`"]),
        ("a ``b ` c`` d `e`", ["``b ` c``", "`e`"]),
        ("``a` b `c", ["` b `"]),
        ("``` a `b", []),
        ("`a\nb`", ["`a\nb`"]),
    ],
)
def test_code_is_found_as_markdown_finds_it(text: str, code: list[str]) -> None:
    parts = links._split_spans(text)
    assert [part for is_code, part in parts if is_code] == code
    assert "".join(part for _, part in parts) == text
