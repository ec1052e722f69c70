"""How templates write the addresses of what is read."""

from collections.abc import Iterable
from urllib.parse import quote

from flask import Flask

from homeport.posts.queries import Name

OUTSIDE = ("https://", "http://", "mailto:")


def tag_links(tags: Iterable[Name]) -> list[tuple[str, str]]:
    """Pairs of a tag's name and its page's address."""
    return [(tag.name, f"/tags/{quote(tag.slug, safe='')}") for tag in tags]


def author_links(authors: Iterable[Name]) -> list[tuple[str, str]]:
    """Pairs of an author's name and their page's address."""
    return [(author.name, f"/authors/{quote(author.slug, safe='')}") for author in authors]


def outside_link(target: str) -> str:
    """`target` if a browser may follow it to another site or a mail program, else nothing: never `javascript:`."""
    return target if target.lower().startswith(OUTSIDE) else ""


def register(app: Flask) -> None:
    """Make the filters known to the templates, under the functions' names."""
    for function in (tag_links, author_links, outside_link):
        app.add_template_filter(function)
