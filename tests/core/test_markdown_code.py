"""Somebody writes code, and readers can tell its parts by day and by night."""

from __future__ import annotations

import re

import pytest

from homeport.core import highlight
from homeport.core.highlight import MOST_IN_BLOCK, MOST_IN_TEXT, Highlighter
from homeport.core.markdown import render
from homeport.ui.assets import ROOT
from tests.contrast import colours, contrast

CODE, TOKENS = ((ROOT / "css" / name).read_text("utf-8") for name in ("code.css", "tokens.css"))
RUST = 'fn main() { let x: u8 = 1; print("a"); } // b\n'


def html(info: str, code: str = RUST) -> str:
    return render(f"```{info}\n{code}```").html


def test_code_is_highlighted_by_class_names_and_can_be_scrolled_by_keyboard() -> None:
    result = html("rust")
    assert result.startswith(
        '<pre tabindex="0"><code class="language-rust"><span class="k">fn</span> <span class="nf">'
    )
    assert "style" not in result


@pytest.mark.parametrize(
    "info", ["rust,ignore", "rust,should_panic", "Rust", "rust no_run", "{.rust}", "rs", "rust{1,3}"]
)
def test_the_language_is_the_first_word_of_the_info_string(info: str) -> None:
    assert '<span class="k">fn</span>' in html(info)


@pytest.mark.parametrize("info", ["", "text", "nosuchlanguage", "ignore", "../../etc", '"><script>', "pygments.lexers"])
def test_code_in_no_language_that_we_know_is_plain(info: str) -> None:
    result = html(info)
    assert "<span" not in result
    assert "<script" not in result
    assert 'print("a")' in result


def test_indented_code_is_plain() -> None:
    assert render("    a < b\n").html == '<pre tabindex="0"><code>a &lt; b\n</code></pre>\n'


def test_code_is_text_whatever_the_language_makes_of_it() -> None:
    hostile = '<script>alert("x")</script><!-- <b> --> &lt;\n'
    for language in ("html", "javascript", "php", "markdown", "xml", "text"):
        shown = re.sub(r"</?span[^>]*>", "", html(language, hostile))
        assert '&lt;script&gt;alert("x")&lt;/script&gt;&lt;!-- &lt;b&gt; --&gt; &amp;lt;' in shown, language


@pytest.mark.parametrize("language", sorted(highlight._lexers()))
def test_every_language_can_be_loaded_and_gives_known_classes_only(language: str) -> None:
    code = "a = 'b' # c\n// d\nif (x) { return 1 }\n"
    result = Highlighter().highlight(code, language)
    assert result is not None
    assert set(re.findall(r'class="([^"]*)"', result)) <= highlight.CLASSES
    assert re.sub(r"<[^>]*>", "", result).strip() == code.strip()


def test_a_large_block_is_plain_and_a_text_has_its_share() -> None:
    line = "x = 1\n"
    assert "<span" not in html("python", line * (MOST_IN_BLOCK // 6 + 1))
    block = "```python\n" + line * (MOST_IN_BLOCK // 6) + "```\n\n"
    result = render(block * 10).html
    assert result.count("<span") == MOST_IN_TEXT // MOST_IN_BLOCK * (MOST_IN_BLOCK // 6)
    assert result.count("<pre") == 10


@pytest.mark.parametrize(
    ("language", "code"),
    [
        ("python", "x" * 501),
        ("java", "a b\n" * 200),
        ("csharp", "a\n\n" * 200),
        ("c", " " * 300 + "a"),
        ("go", "/*a\n" * 101),
        ("terraform", "<<a\n" * 50),
    ],
)
def test_code_that_a_lexer_would_be_slow_on_is_plain(language: str, code: str) -> None:
    assert Highlighter().highlight(code, language) is None


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", sorted(colours(CODE, "light")))
def test_each_kind_of_token_can_be_read_on_its_ground(scheme: str, name: str) -> None:
    assert contrast(colours(CODE, scheme)[name], colours(TOKENS, scheme)["shoal"]) >= 4.5


def test_the_style_sheet_and_the_highlighter_know_the_same_classes() -> None:
    light, _, dark = CODE.partition("@media")
    assert set(re.findall(r"--[a-z-]+(?=:)", light.partition("pre ")[0])) == set(re.findall(r"--[a-z-]+(?=:)", dark))
    assert set(re.findall(r"\.([a-z]{1,2})\b", CODE.partition("pre :is")[2])) == highlight.CLASSES
    assert set(re.findall(r"var\((--[a-z-]+)\)", CODE)) == {f"--{name}" for name in colours(CODE, "light")}
