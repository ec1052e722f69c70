"""A record told as a story: what is shown of each part, with what is read live from the program that runs."""

from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import Flask
from jinja2 import TemplateNotFound

from homeport.core.highlight import Highlighter
from homeport.learn import headers as explained
from homeport.learn.practice_look import Place, look

Record = Mapping[str, Any]


@dataclass(frozen=True)
class Bar:
    """A line of the waterfall: what happened, when it began and how long it took, in milliseconds and in thousandths
    of the whole."""

    name: str
    kind: str
    depth: int
    begin: float
    took: float
    left: float
    width: float


@dataclass(frozen=True)
class Line:
    """A header: its name, what the record has of its value, and what it says."""

    name: str
    value: str
    says: str


@dataclass(frozen=True)
class Statement:
    """A statement that went to the database. `rows` is None where nobody counted, `times` how often it was sent."""

    number: int
    html: str
    text: str
    values: Sequence[tuple[str, str]]
    rows: int | None
    begin: float
    took: float
    cause: "Cause | None"
    plan: Sequence[str]
    times: int


@dataclass(frozen=True)
class Cause:
    """A line of Homeport's: file, number, function and the line itself, as it stands there now."""

    file: str
    line: int
    function: str
    text: str


@dataclass(frozen=True)
class Source:
    """Something of the program as it is now, highlighted."""

    place: Place
    html: str


@dataclass(frozen=True)
class TemplateSource:
    """A template as it is now, highlighted."""

    name: str
    html: str


def moment(record: Record) -> datetime:
    """When it began."""
    return datetime.fromisoformat(record["at"])


def bars(record: Record, most: int = 80) -> list[Bar]:
    """The waterfall: the steps that can be seen at this scale, the first `most` of them."""
    whole = max([record["ms"], *(begin + took for _k, _n, _d, begin, took, _a in record["steps"])]) or 1
    return [
        Bar(name, kind, depth, begin, took, 1000 * begin / whole, max(3.0, 1000 * took / whole))
        for kind, name, depth, begin, took, _about in record["steps"][:most]
    ]


def shares(record: Record) -> list[tuple[str, float]]:
    """How long the database, the templates and everything else took together, in milliseconds."""
    total = record["ms"]
    database = sum(took for kind, _n, _d, _b, took, _a in record["steps"] if kind == "sql")
    pages = sum(took for kind, _n, depth, _b, took, _a in record["steps"] if kind == "template" and depth <= 1)
    inside = sum(_within(record, step) for step in record["steps"] if step[0] == "template" and step[2] <= 1)
    pages = max(0.0, pages - inside)
    return [
        ("in the database", database),
        ("in templates", pages),
        ("in the rest of Python", max(0.0, total - database - pages)),
    ]


def _within(record: Record, outer: Sequence[Any]) -> float:
    end = outer[3] + outer[4]
    return sum(float(step[4]) for step in record["steps"] if step[0] == "sql" and outer[3] <= step[3] < end)


def request_lines(record: Record) -> list[Line]:
    """The headers that came, explained."""
    headers = record["facts"]["request"]["headers"]
    return [Line(name, value, explained.meaning(name)) for name, value in headers]


def answer_lines(record: Record) -> list[Line]:
    """The headers that went, explained."""
    headers = record["facts"]["answer"]["headers"]
    return [Line(name, value, explained.meaning(name)) for name, value in headers]


def raw_request(record: Record) -> str:
    """The request as it stood on the wire, as far as the record has it."""
    asked = record["facts"]["request"]
    lines = [f"{asked['method']} {asked['address']} HTTP/1.1"]
    lines += [f"{name}: {value}" for name, value in asked["headers"]]
    return "\n".join([*lines, "", body(asked["body"])])


def body(found: Mapping[str, Any] | None) -> str:
    """The content of a request, as far as the record has it."""
    if found is None:
        return ""
    fields = [*found["fields"], *found["files"]]
    joined = "&".join(f"{name}={value}" for name, value in fields)
    return joined or (f"⟨{found['bytes']:,} bytes⟩" if found["bytes"] else "")


def raw_answer(record: Record) -> str:
    """The head of the answer."""
    head = [f"HTTP/1.1 {record['facts']['status']}"]
    head += [f"{name}: {value}" for name, value in record["facts"]["answer"]["headers"]]
    return "\n".join([*head, "", ""])


def source(symbol: str) -> Source | None:
    """The source of a function, `package.module.name`, as it is in the program now; None where it is no more."""
    module, _, name = symbol.rpartition(".")
    try:
        place = look(f"{module}:{name}")
    except (ImportError, AttributeError, ValueError, OSError, TypeError):
        return None
    return Source(place, highlighted(place.source, "python"))


def highlighted(text: str, language: str) -> str:
    """Code as HTML; every piece of the text in it is escaped."""
    found = Highlighter().highlight(text, language)
    return escaped(text) if found is None else found


def escaped(text: str) -> str:
    """A text as HTML."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def repeated(record: Record) -> list[tuple[int, str]]:
    """Statements that were sent more than twice, and how often: often a question that could have been asked once."""
    counts = Counter(about["text"] for kind, _n, _d, _b, _t, about in record["steps"] if kind == "sql")
    return [(times, record["statements"][text]) for text, times in counts.most_common() if times > 2]


def template_sources(app: Flask, record: Record) -> list[TemplateSource]:
    """The templates that took part, in order, each with its source."""
    names = dict.fromkeys(name for kind, name, *_rest in record["steps"] if kind == "template")
    found = []
    for name in names:
        loader = app.jinja_env.loader
        with suppress(TemplateNotFound):  # it was made from a text, or taken away since
            text = loader.get_source(app.jinja_env, name)[0] if loader else ""
            found.append(TemplateSource(name, highlighted(text, "html+jinja")))
    return found
