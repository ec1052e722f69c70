"""The rules for templates hold, and each of them bites."""

import pytest

from tests.architecture.markup import MARKUP_RULES
from tests.architecture.source import Rule, Source, check, templates

FORM = '<form method="post" action="{{ url_for("x.y") }}">'

PLANTED = {
    "nothing_inline": [
        ('<p class="{{ x("a") }}">{# <style> #}</p>', '<p>\n{% if a %}<b\n style="color: red">{% endif %}'),
        ('<script src="{{ asset_url("a.js") }}"></script>', "x\n<style>"),
        ('<script type="application/ld+json">{{ data }}</script>', "<script>let x</script>"),
        ('<a href="/one">on</a>', '{# a\nb #}\n<button onclick="{{ x }}">'),
        ('<a href="{{ link }}">', '<a href=" JavaScript:void(0)">'),
    ],
    "forms_carry_a_token": [
        (f"{FORM}\n{{{{ csrf_field() }}}}\n</form>", f"\n{FORM}<button>Go</button>\n</form>"[1:]),
        ('<form action="/search"><input name="q"></form>', "x\n<FORM METHOD=POST>"),
        (f"{FORM}{{% if x %}}{{{{- csrf_field() }}}}{{% endif %}}</form>", '<form method="{{ how }}"></form>'),
        (f"{FORM}{{{{ csrf_field() }}}}</form>", f"{FORM}{{{{ csrf_field() }}}}</form>\n{FORM}</form>"),
    ],
    "nothing_unescaped": [
        ("{{ title|safest }}", "x\n{{ title | safe }}"),
        ("{{ html }}", "{% autoescape false %}"),
        ("{{ post.html|safe }}{{ post.html | safe }}", "{{ post.title|safe }}"),
        ("{{ html }}", "{{ nhtml | safe }}"),
    ],
    "status_is_shown_not_asked": [
        ("{{ post.status.label }}", "x\n{% if post.status == 'draft' %}"),
        ("{% if post.is_public %}", "{% if not post.status %}"),
        ("{{ mail.status == 'sent' }}", "{{ 'a' if post.status in ('draft', 'private') }}"),
    ],
}
CASES = [
    pytest.param(rule, *pair, id=f"{rule.__name__}-{number}")
    for rule in MARKUP_RULES
    for number, pair in enumerate(PLANTED[rule.__name__], 1)
]


@pytest.mark.parametrize("rule", MARKUP_RULES)
def test_the_templates_keep_the_rule(rule: Rule) -> None:
    assert templates()
    check(templates(), rule)


@pytest.mark.parametrize(("rule", "good", "bad"), CASES)
def test_the_rule_bites(rule: Rule, good: str, bad: str) -> None:
    path = "src/homeport/posts/templates/posts/x.html"
    assert list(rule(Source(path, good))) == []
    assert [finding.split(":")[0] for finding in rule(Source(path, bad))] == [path]


def test_a_letter_says_itself_how_it_looks_and_nothing_else_does() -> None:
    styled = '<style>p {}</style>\n<p style="margin: 0">'
    assert list(MARKUP_RULES[0](Source("src/homeport/ui/templates/ui/letter.html", styled))) == []
    assert len(list(MARKUP_RULES[0](Source("src/homeport/accounts/templates/accounts/letter.html", styled)))) == 2


def test_a_finding_names_the_line() -> None:
    text = "{# a comment\nof two lines #}\n{{ x(\n) }}<p\n  style='x'>"
    assert next(iter(MARKUP_RULES[0](Source("x.html", text)))).startswith("x.html:4: style= on <p>")
