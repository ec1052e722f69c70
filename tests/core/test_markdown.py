"""Somebody writes Markdown, and readers see what was meant."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor

import pytest

from homeport.core.errors import Problem
from homeport.core.markdown import MOST_CHARACTERS, render


def html(source: str) -> str:
    return render(source).html.strip()


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("*a* **b** ~~c~~ `d`", "<p><em>a</em> <strong>b</strong> <s>c</s> <code>d</code></p>"),
        ("> a", "<blockquote>\n<p>a</p>\n</blockquote>"),
        ("1. a\n2. b", "<ol>\n<li>a</li>\n<li>b</li>\n</ol>"),
        ("3. a", '<ol start="3">\n<li>a</li>\n</ol>'),
        ("a\\\nb", "<p>a<br>\nb</p>"),
        ("---", "<hr>"),
        ("[a](/b 'c')", '<p><a href="/b" title="c">a</a></p>'),
        ("Term\n: what it means", "<dl>\n<dt>Term</dt>\n<dd>what it means</dd>\n</dl>"),
        ("&copy; AT&T 1 < 2", "<p>© AT&amp;T 1 &lt; 2</p>"),
        ('<abbr title="World Wide Web">WWW</abbr>', '<p><abbr title="World Wide Web">WWW</abbr></p>'),
        ("", ""),
    ],
)
def test_write_text(source: str, expected: str) -> None:
    assert html(source) == expected


def test_a_picture_is_loaded_when_it_comes_into_view() -> None:
    assert html("![A cat](cat.jpg)") == ('<p><img alt="A cat" loading="lazy" src="cat.jpg" decoding="async"></p>')


def test_a_picture_in_raw_html_is_treated_alike_and_has_an_alternative() -> None:
    picture = html('<img src="a.png" width="40" onload="x()">')
    assert 'loading="lazy"' in picture
    assert 'decoding="async"' in picture
    assert 'alt=""' in picture
    assert 'width="40"' in picture
    assert "onload" not in picture


@pytest.mark.parametrize(
    ("source", "address", "rest"),
    [
        ("see https://example.org/a.", "https://example.org/a", ".</p>"),
        ("(https://example.org/a_(b))", "https://example.org/a_(b)", ")</p>"),
        ("HTTP://example.org", "HTTP://example.org", "</p>"),
        ("https://example.org/?a=1&b=2, and", "https://example.org/?a=1&amp;b=2", ", and</p>"),
        ("**https://example.org**", "https://example.org", "</strong></p>"),
        ("https://example.org/*a*/_b_ c", "https://example.org/*a*/_b", "_ c</p>"),
        ("<https://example.org/a>b", "https://example.org/a", "b</p>"),
    ],
)
def test_a_bare_address_becomes_a_link(source: str, address: str, rest: str) -> None:
    assert f'<a href="{address}">{address}</a>{rest}' in html(source)


@pytest.mark.parametrize("source", ["`https://a.b`", "xhttps://a.b", "ftp://a.b", "http:// a", "https", "a://b"])
def test_what_is_no_web_address_stays_text(source: str) -> None:
    assert "<a " not in html(source)


def test_an_address_inside_a_link_is_not_a_second_link() -> None:
    assert html("[see https://a.b](https://c.d)").count("<a ") == 1


def test_a_table_scrolls_in_a_region_that_the_keyboard_reaches() -> None:
    result = html("## Prices\n\n| a | b | c |\n|---|:-:|--:|\n| 1 | 2 | 3 |")
    assert '<div class="table-scroll" role="region" tabindex="0" aria-label="Table 1, Prices"><table>' in result
    assert '<th>a</th>\n<th class="align-center">b</th>\n<th class="align-right">c</th>' in result
    assert result.endswith("</table></div>")
    assert "style" not in result


def test_a_table_within_a_table_has_no_region_of_its_own() -> None:
    result = html("<table><tr><td><table><tr><td>a</table></table>\n\n<table><tr><td>b</table>")
    assert re.findall(r'aria-label="([^"]*)"', result) == ["Table 1", "Table 2"]


def test_a_table_of_more_than_fifty_columns_is_text() -> None:
    def table(columns: int) -> str:
        return "\n".join("|" + f"{cell}|" * columns for cell in ("a", "-", "b"))

    assert "<table>" in html(table(50))
    assert "<table>" not in html(table(51))


def test_tasks_have_boxes_that_say_their_state() -> None:
    result = html("- [ ] sow\n- [x] plough")
    boxes = re.findall(r"<input [^>]*>", result)
    assert len(boxes) == 2
    assert all('type="checkbox"' in box and 'disabled=""' in box for box in boxes)
    assert 'aria-label="To do"' in boxes[0]
    assert "checked" not in boxes[0]
    assert 'aria-label="Done"' in boxes[1]
    assert 'checked=""' in boxes[1]


def test_footnotes_lead_there_and_back() -> None:
    result = html("One[^a], again[^a], two[^b].\n\n[^a]: First.\n[^b]: Second.")
    ids = re.findall(r'id="([^"]*)"', result)
    targets = re.findall(r'href="#([^"]*)"', result)
    assert len(ids) == len(set(ids)) == 5
    assert set(targets) == set(ids)
    assert 'aria-label="Footnote 2"' in result
    assert 'aria-label="Back to footnote 1"' in result
    assert 'aria-label="Back to footnote 1, use 2"' in result
    assert result.count('role="doc-endnotes"') == 1


def test_a_footnote_that_is_not_there_stays_text() -> None:
    assert html("a[^b]") == "<p>a[^b]</p>"


def test_generics_written_in_running_text_are_not_lost() -> None:
    assert html("Vec<T>, Future<Output = ()>, Map<String, u8>") == (
        "<p>Vec&lt;T&gt;, Future&lt;Output = ()&gt;, Map&lt;String, u8&gt;</p>"
    )


def test_elements_that_a_text_may_not_have_leave_their_content() -> None:
    assert html("<center>a <font color=red>b</font></center>") == "a b"
    assert "<img" in html("<noscript><img src=a alt=b></noscript>")
    assert html("<form action=/logout><button>a</button></form>") == "a"


def test_a_page_within_the_page_becomes_a_link_to_it() -> None:
    assert html('<iframe src="https://video.example/1" title="A talk"></iframe>') == (
        '<a href="https://video.example/1">A talk</a>'
    )


def test_raw_html_over_several_paragraphs_holds_markdown() -> None:
    assert html("<details><summary>More</summary>\n\n*a*\n\n</details>") == (
        "<details><summary>More</summary>\n<p><em>a</em></p>\n</details>"
    )


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("<b>a", "<p><b>a</b></p>"),
        ("<b><i>a</b></i> b", "<p><b><i>a</i></b> b</p>"),
        ("<div>\n<p>a\n<p>b\n</div>", "<div>\n<p>a\n</p><p>b\n</p></div>"),
        ("<ul><li>a<li>b</ul>", "<ul><li>a</li><li>b</li></ul>"),
        ("<a href=/a>x <a href=/b>y</a>", '<p><a href="/a">x </a><a href="/b">y</a></p>'),
        ("a </b> b </p>", "<p>a  b </p>"),
        ("<pre>\n\n\na</pre>", '<pre tabindex="0">a</pre>'),
    ],
)
def test_careless_html_is_put_right(source: str, expected: str) -> None:
    assert html(source) == expected


def test_a_reader_is_told_of_each_address_and_may_change_it() -> None:
    asked: list[tuple[str, str]] = []

    def resolve(url: str, kind: str) -> str:
        asked.append((url, kind))
        return f"/there/{url}"

    result = render('[a](b) ![c](d) <img src=e> <a href="f">g</a> [h](#i) <video src=j></video>', resolve=resolve).html
    assert asked == [("b", "link"), ("d", "image"), ("e", "image"), ("f", "link"), ("j", "media")]
    assert re.findall(r'(?:src|href)="([^"]*)"', result) == [
        "/there/b",
        "/there/d",
        "/there/e",
        "/there/f",
        "#c-i",
        "/there/j",
    ]


def test_what_is_resolved_is_sanitised_too() -> None:
    assert "javascript" not in render("[a](b)", resolve=lambda _url, _kind: "javascript:alert(1)").html


def test_links_of_people_we_do_not_vouch_for_say_so() -> None:
    result = render('[a](b) https://c.d <a href=e rel="me">f</a>', user_links=True).html
    assert re.findall(r"<a [^>]*>", result) == [
        '<a href="b" rel="nofollow ugc">',
        '<a href="https://c.d" rel="nofollow ugc">',
        '<a href="e" rel="nofollow ugc">',
    ]
    assert 'rel="me"' in html('<a href=e rel="me opener">f</a>')


def test_the_summary_is_the_first_paragraph_as_plain_text() -> None:
    assert render("# Title\n\n![pic](x)\n\nA *fine* `day`,\nhere[^1] & now.\n\nMore.\n\n[^1]: note").summary == (
        "A fine day, here & now."
    )
    assert render("- only\n- a list").summary == "only a list"
    assert render("").summary == ""
    long = render("word " * 100).summary
    assert long.endswith("word…")
    assert 190 < len(long) <= 200
    assert len(render("a" * 500).summary) == 200


def test_the_summary_holds_no_direction_that_outlives_it() -> None:
    assert render("a \u202eb\u2066 c").summary == "a b c"


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("", 0),
        ("one two", 2),
        ("don't - stop 3.5", 3),
        ("日本語です", 5),
        ("# a\n\n- b\n- c", 3),
        ("```\nx y\n```\n\nz", 1),
    ],
)
def test_words_are_counted(source: str, words: int) -> None:
    assert render(source).words == words


def test_a_page_learns_what_a_text_holds() -> None:
    assert render("a").features == frozenset()
    assert render("|a|\n|-|\n\n- [ ] b\n\n![](c)\n\nd[^1]\n\n[^1]: e\n\n```rust\nfn f() {}\n```").features == {
        "tables",
        "tasks",
        "images",
        "footnotes",
        "code",
    }


def test_a_text_that_is_too_long_is_refused_with_its_length() -> None:
    with pytest.raises(Problem) as caught:
        render("a" * (MOST_CHARACTERS + 1))
    assert caught.value.code == "markdown_too_large"
    assert caught.value.status == 413
    assert "1,000,001" in caught.value.message
    assert caught.value.hint


def test_many_threads_render_at_once() -> None:
    sources = [
        f"# {n}\n\n[a](#x{n}) *b* https://c.d/{n}\n\n```python\nx = {n}\n```\n\n[^1]\n\n[^1]: {n}" for n in range(40)
    ]
    alone = [render(source) for source in sources]
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(render, sources * 5)) == alone * 5
