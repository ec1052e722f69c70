"""What somebody who is logged in has to know whatever they came for: one line at the top of each of their pages.

A feature offers such lines; each is asked at every page of somebody who is logged in, so its answer has to be cheap.
Nobody else is shown any, since their pages are the same for everybody and are kept.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from flask import Flask, current_app

from homeport.core.clock import now
from homeport.core.http import Viewer, viewer


@dataclass(frozen=True)
class Notice:
    """One line: what is so, and the page that says more, as the words of its link and its path."""

    words: str
    link: tuple[str, str]
    is_urgent: bool = False


Offer = Callable[[Viewer, datetime], Notice | None]
_OFFERS = "homeport.notices"


def offer(app: Flask, source: Offer) -> None:
    """Have `source` asked whether there is something to say to who looks at a page, and what."""
    app.extensions.setdefault(_OFFERS, []).append(source)


def notices() -> list[Notice]:
    """What the present viewer has to know; nothing for who is not logged in."""
    if viewer().user_id is None:
        return []
    sources: list[Offer] = current_app.extensions.get(_OFFERS, [])
    return [notice for source in sources if (notice := source(viewer(), now()))]


def register(app: Flask) -> None:
    """Make them known to the templates."""
    app.add_template_global(notices)
