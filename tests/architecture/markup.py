"""Rules about templates: what the Content-Security-Policy would refuse, forms without a token, links to nowhere."""

import re
from collections.abc import Iterator
from html.parser import HTMLParser

from jinja2 import Environment, nodes

from tests.architecture.source import Source

_JINJA = re.compile(r"\{#.*?#\}|\{%.*?%\}|\{\{.*?\}\}", re.DOTALL)
_DATA_BLOCKS = {"application/ld+json", "application/json"}


class _Reader(HTMLParser):
    """Walks through a template's HTML, with Jinja's own parts replaced by what leaves line numbers as they are."""

    def __init__(self, source: Source) -> None:
        super().__init__()
        self.source = source
        self.findings: list[str] = []
        self.open_form: int | None = None
        self.feed(_JINJA.sub(_stand_in, source.text))
        self.close()
        self._end_form()

    def found(self, message: str) -> None:
        self.findings.append(self.source.at(self.getpos()[0], message))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            if name == "style" or (name.startswith("on") and len(name) > 3):
                self.found(f"{name}= on <{tag}>")
            if (value or "").strip().lower().startswith("javascript:"):
                self.found(f"javascript: in {name}= on <{tag}>")
        values = dict(attrs)
        if tag == "style":
            self.found("<style>")
        if tag == "script" and "src" not in values and values.get("type") not in _DATA_BLOCKS:
            self.found("<script> without src")
        if tag == "form":
            self._end_form()
            if (values.get("method") or "get").lower() != "get":
                self.open_form = self.getpos()[0]
        if tag == "csrf-field":
            self.open_form = None

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._end_form()

    def _end_form(self) -> None:
        if self.open_form is not None:
            self.findings.append(
                self.source.at(self.open_form, "a form that is sent by POST without {{ csrf_field() }}")
            )
        self.open_form = None


def _stand_in(part: re.Match[str]) -> str:
    if part[0].startswith("{{") and "csrf_field()" in part[0]:
        return "<csrf-field>" + "\n" * part[0].count("\n")
    return ("x" if part[0].startswith("{{") else " ") + "\n" * part[0].count("\n")


def nothing_inline(source: Source) -> Iterator[str]:
    """No style or script inside a page and no on… attribute: the Content-Security-Policy has no 'unsafe-inline'.

    The letter is no page: a mail has no stylesheet and no policy of ours, and says how it looks in itself.
    """
    if source.path.endswith("ui/letter.html"):
        return
    yield from (finding for finding in _Reader(source).findings if "csrf_field" not in finding)


def forms_carry_a_token(source: Source) -> Iterator[str]:
    """Every form that changes something carries {{ csrf_field() }}."""
    yield from (finding for finding in _Reader(source).findings if "csrf_field" in finding)


def nothing_unescaped(source: Source) -> Iterator[str]:
    """`|safe` and `autoescape false` make text a script; only stored `.html`, sanitised last, may be `safe`."""
    for number, line in enumerate(source.text.splitlines(), 1):
        if re.search(r"(?<!\.html)(?<!\.html )\|\s*safe\b|autoescape\s+false", line):
            yield source.at(number, "unescaped output")


def status_is_shown_not_asked(source: Source) -> Iterator[str]:
    """A template may show a post's status; what follows from it is a question for posts.queries."""
    for number, line in enumerate(source.text.splitlines(), 1):
        if re.search(r"(?i)\bpost\.status\b[\w.]*\s*(==|!=|in\b|not in\b|is\b)|\bif\s+(not\s+)?post\.status\b", line):
            yield source.at(number, "a decision by a post's status: give the template a fact from posts.queries")


def endpoints_in_template(source: Source, environment: Environment) -> Iterator[tuple[int, str]]:
    """Each endpoint that a template's `url_for` names, with its line."""
    for call in environment.parse(source.text).find_all(nodes.Call):
        if isinstance(call.node, nodes.Name) and call.node.name == "url_for" and call.args:
            endpoint = call.args[0]
            if isinstance(endpoint, nodes.Const):
                yield call.lineno, str(endpoint.value)


MARKUP_RULES = (nothing_inline, forms_carry_a_token, nothing_unescaped, status_is_shown_not_asked)
