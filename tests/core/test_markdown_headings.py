"""A text has headings, and links lead to them from within it and from other places."""

from __future__ import annotations

import re

import pytest

from homeport.core.markdown import Heading, render


def html(source: str) -> str:
    """The text as readers get it."""
    return render(source).html


def test_headings_begin_at_two_and_skip_no_level() -> None:
    result = render("# a\n\n### b\n\n###### c\n\n## d\n\n# e")
    assert [(heading.level, heading.text) for heading in result.toc] == [
        (2, "a"),
        (3, "b"),
        (4, "c"),
        (3, "d"),
        (2, "e"),
    ]
    assert re.findall(r"<(h\d)", result.html) == ["h2", "h3", "h4", "h3", "h2"]


def test_a_text_whose_headings_begin_at_three_has_none_missing() -> None:
    assert [heading.level for heading in render("### a\n\n#### b\n\n### c\n\n## d").toc] == [2, 3, 2, 2]


def test_headings_have_ids_of_their_own_and_a_link_to_themselves() -> None:
    result = render("## What's *new*?\n\n## What's new?\n\n## 日本語\n\n## !\n\n## ")
    assert result.toc == (
        Heading(2, "What's new?", "c-whats-new"),
        Heading(2, "What's new?", "c-whats-new-1"),
        Heading(2, "日本語", "c-日本語"),
        Heading(2, "!", "c-section"),
    )
    assert (
        '<h2 id="c-whats-new">What\'s <em>new</em>? <a class="heading-anchor" href="#c-whats-new"'
        ' aria-label="Link to this section">#</a></h2>'
    ) in result.html
    assert result.html.count("<h2") == 4  # the empty one is gone


def test_a_heading_may_bring_its_own_id() -> None:
    result = render("## Questions {#faq}\n\n[see](#faq)")
    assert result.toc == (Heading(2, "Questions", "c-faq"),)
    assert '<a href="#c-faq">see</a>' in result.html


def test_headings_in_raw_html_and_in_quotes() -> None:
    result = render("# a\n\n<h3 id=x class=y>b <i>c</i></h3>\n\n> # quoted\n\n## d")
    assert result.toc == (Heading(2, "a", "c-a"), Heading(3, "b c", "c-x"), Heading(3, "d", "c-d"))
    assert '<h4 id="c-quoted">' in result.html


@pytest.mark.parametrize(
    ("link", "target"),
    [
        ("[a](#setting-up)", "c-setting-up"),
        ("[a](#Setting_Up)", "c-setting-up"),
        ('<a href="#setting-up">a</a>', "c-setting-up"),
        ("[a](#d%C3%A9j%C3%A0-vu)", "c-déjà-vu"),
        ("[a](#what-s-new)", "c-whats-new"),
        ("[a](#old)", "c-old"),
        ("[a](#mark)", "c-mark"),
    ],
)
def test_links_within_a_text_go_on_working(link: str, target: str) -> None:
    source = f'# Setting up\n\n# Déjà vu\n\n# What\'s new?\n\n<a name="old"></a><p id=mark>x</p>\n\n{link}'
    result = html(source)
    assert f'<a href="#{target}">a</a>' in result
    assert f'id="{target}"' in result


def test_an_id_is_given_once_and_leaves_no_way_to_the_pages_own() -> None:
    result = html('<p id="main">a</p><p id="main">b</p>\n\n# main\n\n<img name="cookie"><a id="c-a b">x</a>')
    assert re.findall(r' id="([^"]*)"', result) == ["c-main", "c-main-1", "c-c-ab"]
    assert "name=" not in result


def test_the_link_to_the_top_goes_to_the_top() -> None:
    assert '<a href="#top">' in html("[up](#top)")


def test_texts_on_one_page_keep_apart() -> None:
    result = render("# a[^1]\n\n[b](#a)\n\n[^1]: c", id_prefix="c12-")
    assert result.toc[0].id == "c12-a"
    assert all(name.startswith("c12-") for name in re.findall(r'(?:id="|href="#)([^"]*)"', result.html))
    with pytest.raises(ValueError, match="id_prefix"):
        render("a", id_prefix="main")
