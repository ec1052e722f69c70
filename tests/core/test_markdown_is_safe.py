"""Somebody writes a text to attack those who read it, and readers are not harmed.

The vectors follow the OWASP XSS Filter Evasion Cheat Sheet, the PortSwigger cheat sheet and published mutation attacks
on sanitisers. The output is judged by Python's own HTML parser, which shares nothing with the parser that made it.
"""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from homeport.core.markdown import render
from homeport.core.sanitise import ATTRIBUTES, CLASSES, TAGS, sanitise

HARMFUL = {
    "applet", "base", "body", "button", "embed", "form", "frame", "frameset", "html", "iframe", "link", "math", "meta",
    "noscript", "object", "select", "script", "style", "svg", "template", "textarea", "title", "xml", "xmp",
}  # fmt: skip
ADDRESSES = {"href", "src"}


class Judge(HTMLParser):
    """Collects what a browser could act on."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in HARMFUL or tag not in TAGS:
            self.found.append(f"<{tag}>")
        for name, value in attrs:
            self.judge(tag, name, value or "")

    def judge(self, tag: str, name: str, value: str) -> None:
        if name.startswith("on") or name in {"style", "name", "srcset"} or ":" in name:
            self.found.append(f"{tag} {name}")
        if name not in ATTRIBUTES["*"] | ATTRIBUTES.get(tag, set()):
            self.found.append(f"{tag} {name}")
        if name in ADDRESSES:
            scheme = re.match(
                "[a-z][a-z0-9+.-]*:", re.sub("[\x00-\x20\x7f-\xa0\u200b-\u200f\ufeff]", "", value).lower()
            )
            if scheme and scheme[0] not in {"http:", "https:", "mailto:"}:
                self.found.append(f"{tag} {name}={value}")
        if name == "id" and not value.startswith("c-"):
            self.found.append(f"{tag} id={value}")
        if name == "class" and tag not in {"code", "span"} and not set(value.split()) <= CLASSES:
            self.found.append(f"{tag} class={value}")

    def handle_comment(self, data: str) -> None:
        self.found.append(f"comment {data}")

    def handle_decl(self, decl: str) -> None:
        self.found.append(f"declaration {decl}")

    def unknown_decl(self, data: str) -> None:
        self.found.append(f"declaration {data}")

    def handle_pi(self, data: str) -> None:
        self.found.append(f"instruction {data}")


def harm_in(html: str) -> list[str]:
    judge = Judge()
    judge.feed(html)
    judge.close()
    return judge.found


VECTORS = Path(__file__).with_name("xss_vectors.txt").read_text("utf-8").splitlines()

BLOCKS = [
    "```\"><script>alert(1)</script>\nx\n```",
    "```html\n<script>alert(1)</script>\n```",
    "```\" onclick=alert(1) x=\"\nx\n```",
    "|<script>alert(1)</script>|\n|-|\n|<img src=x onerror=alert(1)>|",
    "[x]\n\n[x]: javascript:alert(1)",
    "[x]\n\n[x]: <javascript:alert(1)> '\"><script>'",
    "x[^1]\n\n[^1]: <script>alert(1)</script>",
    "<div\nonclick=alert(1)\n>x</div>",
    "<script>\n\nalert(1)\n\n</script>",
    "<style>\n\n*{}\n\n</style>",
    "<svg>\n\n<a xlink:href=javascript:alert(1)>x</a>",
    "<a href=\"\njavascript:alert(1)\">x</a>",
    "term\n: <script>alert(1)</script>",
    "<pre>\n<script>alert(1)</script></pre>",
    "\0<script\0>alert(1)</script>",
    "<scr\0ipt>alert(1)</scr\0ipt>",
    "<a href='java\0script:alert(1)'>x</a>",
    "<img src=x one\ud800rror=alert(1)>",
]  # fmt: skip


def test_there_are_enough_vectors() -> None:
    assert len(VECTORS) > 150


@pytest.mark.parametrize("place", ["{}", "a {} b", "> {}", "- {}", "# {}", "<p>{}", '<p title="{}">', "a\n: {}"])
@pytest.mark.parametrize("vector", VECTORS + BLOCKS)
def test_an_attack_comes_to_nothing(vector: str, place: str) -> None:
    for user_links in (False, True):
        html = render(place.replace("{}", vector), user_links=user_links).html
        assert harm_in(html) == []
        assert sanitise(html, user_links=user_links) == html


@pytest.mark.parametrize("vector", VECTORS + BLOCKS)
def test_the_sanitiser_alone_would_have_been_enough(vector: str) -> None:
    html = sanitise(vector.encode("utf-8", "replace").decode())
    assert html is not None
    assert harm_in(html) == []


def test_the_judge_finds_harm_where_there_is_some() -> None:
    for harmful in ("<script>", "<p onclick=x>", "<a href='java\tscript:x'>", "<p style=x>", "<p id=main>", "<!--x-->"):
        assert harm_in(harmful), harmful


# Parts between spaces; an open box stands for a space within a part.
PARTS = """
< > / = " ' ` & ; : # - * _ ~ | [ ] ( ) ! \\ a b x ** == ``` ~~~
<b> </b> <i> <p> </p> <div> </div> <table> <tr> <td> </td> </tr> </table> <caption> <thead> <col>
<a> <a␣href= </a> <pre> </pre> <ul> <li> </ul> <dl> <dt> <dd> <h1> </h1> <h3> <details> <summary>
<svg> </svg> <math> <mtext> <style> </style> <script> </script> <title> <textarea> <template>
<select> <option> <noscript> <iframe> <form> <input> <img␣src= <!-- --> <![CDATA[ ]]> <?x <br> </br>
<ruby> <rt> <q> <sub> <video> <source> <progress> <center> <font> &#x6a; &colon; &lt; &amp; &#0;
onerror= onclick= style= id= class= name= javascript: data: https://a.b/ ![ ]( [a]: {#a} [^1] [^1]:␣
>␣ -␣ 1.␣ #␣ -␣[␣]␣ :␣ |-|
"""
FRAGMENTS = st.sampled_from(
    [
        *PARTS.replace("\n", " ").split(),
        *("\n", "\n\n", "\t", "\0", "\ufeff", "\u202e", "\u2066", "\ud800", " "),
    ]
).map(lambda fragment: fragment.replace("␣", " "))


@settings(max_examples=400, deadline=None)
@given(st.lists(FRAGMENTS, max_size=40).map("".join))
def test_no_mixture_of_fragments_does_harm_or_changes_when_cleaned_again(source: str) -> None:
    html = render(source).html
    assert harm_in(html) == []
    assert sanitise(html) == html


@settings(max_examples=200, deadline=None)
@given(st.text(alphabet=st.characters(), max_size=300))
def test_any_text_at_all_renders(source: str) -> None:
    result = render(source)
    assert harm_in(result.html) == []
    assert sanitise(result.html) == result.html
    assert len(result.summary) <= 200
    (result.html + result.summary).encode("utf-8")


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=300))
def test_broken_utf8_renders_however_it_was_decoded(data: bytes) -> None:
    for errors in ("replace", "surrogateescape", "ignore"):
        render(data.decode("utf-8", errors)).html.encode("utf-8")
    render(data.decode("latin-1")).html.encode("utf-8")


ILLEGAL_IN_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@pytest.mark.parametrize(
    "source",
    ["a\0b", "a\x0bb", "a\x1bb", "a\ufffeb", "a\ud83db", "a&#0;b", "a&#1;b", "a&#x1b;b", "<p title='&#2;'>&#3;</p>",
     "a&#xd800;b", "a&#xffff;b", "```\n\x01\n```", "<pre>&#11;</pre>", "# &#8; a", "![&#8;](a&#8;)"],
)  # fmt: skip
def test_a_feed_can_hold_whatever_is_rendered(source: str) -> None:
    result = render(source)
    assert not ILLEGAL_IN_XML.search(result.html + result.summary + "".join(heading.text for heading in result.toc))


def test_direction_controls_stay_in_the_text_and_leave_headings() -> None:
    result = render("# a\u202eb\n\nc\u2067d")
    assert "\u2067" in result.html
    assert result.toc[0].text == "ab"
