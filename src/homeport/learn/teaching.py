"""The teaching notes: one Markdown file, shown as a page, and kept as `docs/teaching.md` with the links that fit there.

A link of the notes is `chapter:SLUG`, `experiment:NAME`, `lab:NAME`, `xray:ID` (a part of an x-ray's story) or
`docs:FILE`, a document that comes with the program.
"""

import re
from functools import cache
from pathlib import Path

from flask import url_for

from homeport.core import markdown
from homeport.core.markdown import Rendered
from homeport.learn import primer
from homeport.learn.primer import Chapter

FILE = Path(__file__).with_name("teaching.md")
LINK = re.compile(r"\[([^\]]+)\]\((chapter|experiment|lab|xray|docs):([^)\s]+)\)")

_HEAD = """# Teaching with it

A running blog shows these notes at `/learn/teaching`, to be printed. `make docs` writes this copy of them from
[teaching.md](../src/homeport/learn/teaching.md).

"""


@cache
def notes() -> Rendered:
    """The notes as a page shows them. Needs an application, whose addresses they link to."""
    return markdown.render(LINK.sub(_without_documents, FILE.read_text("utf-8")), resolve=_address)


def for_documents() -> str:
    """The notes as a document: Markdown whose links lead to files."""
    return _HEAD + LINK.sub(_to_files, FILE.read_text("utf-8"))


def placed(experiment: str) -> Chapter:
    """The chapter that an experiment is in. Raises StopIteration where there is no such experiment."""
    return next(chapter for chapter in primer.chapters() if experiment in chapter.names("experiment"))


def _without_documents(link: re.Match[str]) -> str:
    text, kind, name = link.groups()
    return f"{text} (`docs/{name.partition('#')[0]}`)" if kind == "docs" else link[0]  # a blog does not serve them


def _address(url: str, _kind: str) -> str:
    kind, _, name = url.partition(":")
    if kind == "chapter":
        return url_for("learn.chapter", chapter=name)
    if kind == "experiment":
        return url_for("learn.chapter", chapter=placed(name).slug, _anchor=f"experiment-{name}")
    if kind == "lab":
        return url_for("labs.report", lab=name)
    return url_for("xray.overview") if kind == "xray" else url


def _to_files(link: re.Match[str]) -> str:
    text, kind, name = link.groups()
    if kind in {"chapter", "experiment"}:
        found = primer.chapter(name) if kind == "chapter" else placed(name)
        name = f"../src/homeport/learn/chapters/{found.number:02}-{found.slug}.md" if found else name
    places = {"lab": "learn.md#labs", "xray": "learn.md#x-ray"}
    return f"[{text}]({places.get(kind, name)})"
