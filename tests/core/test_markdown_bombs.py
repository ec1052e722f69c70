"""Somebody sends a text made to keep the machine busy, and it stays free.

Here work is counted and not timed, so that the answer is the same on a slow machine; `benchmarks/markdown.py` times it.
"""

from __future__ import annotations

import pytest

from homeport.core import markdown
from homeport.core.markdown import render
from homeport.core.markdown_rules import Allowance
from homeport.core.markup import Walk
from tests.core.markdown_bombs import BOMBS

LARGE = 100_000


def test_there_are_enough_bombs_and_none_is_larger_than_it_says() -> None:
    assert len(BOMBS) > 100
    for name, bomb in BOMBS.items():
        assert LARGE // 3 < len(bomb(LARGE)) <= LARGE, name


@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_takes_and_gives_no_more_than_its_length_allows(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    given: list[Allowance] = []

    class Counted(Allowance):
        def __init__(self, length: int) -> None:
            super().__init__(length)
            given.append(self)

    monkeypatch.setattr(markdown, "Allowance", Counted)
    source = BOMBS[name](LARGE)
    result = render(source)
    assert given[0].turns >= 0 or result.features == {"unformatted"}
    assert given[0].turns >= -1  # refused at the first turn too many
    assert len(result.html) <= 20 * len(source)
    assert len(result.summary) <= 200
    assert sum(len(heading.text) + len(heading.id) for heading in result.toc) <= 20 * len(source)


@pytest.mark.parametrize("name", BOMBS)
def test_a_small_bomb_gives_little(name: str) -> None:
    for size in (500, 8_000):
        source = BOMBS[name](size)
        assert len(render(source).html) <= 20 * len(source) + 4096


def test_what_is_too_intricate_is_shown_as_it_was_written() -> None:
    source = "*a _b <i>\n" * 10_000
    result = render(source)
    assert result.features == {"unformatted"}
    assert result.html.startswith('<pre tabindex="0">*a _b &lt;i&gt;\n')
    assert result.html.count("*a _b") == 10_000
    assert result.words > 10_000
    assert result.summary.startswith("*a _b <i> *a _b")


def test_an_author_can_still_write_very_long_texts() -> None:
    paragraph = "A line of *words* with [a link](https://a.example/b), `code`, and an end.\n" * 5
    parts = [
        "## Chapter",
        paragraph,
        "- one\n- two",
        "> quote",
        "```python\nx = 1\n```",
        "| a | b |\n|---|---|\n| 1 | 2 |",
    ]
    chapter = "\n\n".join([*parts, ""])
    source = chapter * (300_000 // len(chapter))
    result = render(source)
    assert "unformatted" not in result.features
    assert result.html.count("<h2") == source.count("## ")


def test_nesting_ends_somewhere() -> None:
    walk = Walk("<div>" * 5_000 + "a" + "</div>" * 5_000)
    walk.walk()
    assert "".join(walk.out) == "<div>" * 100 + "a" + "</div>" * 100


def test_a_footnote_used_without_end_is_a_link_only_so_often() -> None:
    html = render("a[^1]" * 500 + "\n\n[^1]: b").html
    assert html.count("footnote-ref") == 100 + 2_509 // 100
    assert html.count("[^1]") == 500 - 125


def test_a_heading_without_end_is_listed_only_so_often() -> None:
    result = render("# a\n" * 2_000)
    assert len(result.toc) == 32 + 8_000 // 200
    assert result.html.count("<h2") == 2_000
