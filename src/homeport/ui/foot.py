"""Links at the foot of the pages of somebody who is logged in: about this very page, and not about where to go next.

A feature offers such links; each is asked at every such page, so its answer has to be cheap. Nobody else is shown any,
since their pages are the same for everybody and are kept.
"""

from collections.abc import Callable
from dataclasses import dataclass

from flask import Flask, current_app

from homeport.core.http import viewer


@dataclass(frozen=True)
class FootLink:
    """One link. `key`: the letter that opens it too, while nobody types (js/keys.js); "" for none."""

    words: str
    path: str
    key: str = ""


Source = Callable[[], FootLink | None]
_SOURCES = "homeport.foot_links"


def offer(app: Flask, source: Source) -> None:
    """Have `source` asked whether the page that is being made has something at its foot, and what."""
    app.extensions.setdefault(_SOURCES, []).append(source)


def foot_links() -> list[FootLink]:
    """The links of the present page; none for who is not logged in."""
    if viewer().user_id is None:
        return []
    sources: list[Source] = current_app.extensions.get(_SOURCES, [])
    return [link for source in sources if (link := source())]


def register(app: Flask) -> None:
    """Make them known to the templates."""
    app.add_template_global(foot_links)
