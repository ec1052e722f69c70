"""How templates write the addresses of what is read."""

from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Any
from urllib.parse import quote

from flask import Flask
from markupsafe import Markup

from homeport.core.site import site
from homeport.posts.queries import Entry, Name

OUTSIDE = ("https://", "http://", "mailto:")
LINES_KEPT = 256


def tag_links(tags: Iterable[Name]) -> list[tuple[str, str]]:
    """Pairs of a tag's name and its page's address."""
    return [(tag.name, f"/tags/{quote(tag.slug, safe='')}") for tag in tags]


def author_links(authors: Iterable[Name]) -> list[tuple[str, str]]:
    """Pairs of an author's name and their page's address."""
    return [(author.name, f"/authors/{quote(author.slug, safe='')}") for author in authors]


def listing(app: Flask) -> Callable[[Iterable[Entry]], list[Markup]]:
    """A function that makes the lines of a list of entries.

    Lines are kept by all that they are made from, so that one is never old: a list of which one post changed makes one.
    """

    @lru_cache(maxsize=LINES_KEPT)
    def line(entry: Entry, _language: str, _time_zone: str) -> Markup:
        log: Any = app.jinja_env.get_template("reading/log.html").module
        return Markup(log.line(entry))  # noqa: S704 (a template's own output)

    def lines(entries: Iterable[Entry]) -> list[Markup]:
        present = site()
        return [line(entry, present.language, present.time_zone) for entry in entries]

    return lines


def outside_link(target: str) -> str:
    """`target` if a browser may follow it to another site or a mail program, else nothing: never `javascript:`."""
    return target if target.lower().startswith(OUTSIDE) else ""


def register(app: Flask) -> None:
    """Make the filters known to the templates, under the functions' names."""
    for function in (tag_links, author_links, outside_link):
        app.add_template_filter(function)
    app.add_template_filter(listing(app), "lines_of_list")
