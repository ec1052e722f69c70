"""How times, numbers and amounts are written on a page.

A date is shown in the site's time zone (a setting), never in the reader's: the page is the same for everybody and may
be cached. In English months are named; in any other language the date is ISO 8601, which needs no translation.
"""

import re
from datetime import UTC, datetime
from math import ceil
from zoneinfo import ZoneInfo

from flask import Flask
from markupsafe import Markup

from homeport.core.site import site

_CODE = re.compile(r"`([^`]+)`")
_AS_CODE = Markup("<code>{}</code>")

WORDS_PER_MINUTE = 238  # silent reading of English non-fiction: Brysbaert 2019, a review of 190 studies

MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)


def local(moment: datetime) -> datetime:
    """`moment` (aware) in the site's time zone."""
    return moment.astimezone(ZoneInfo(site().time_zone))


def _names_months() -> bool:
    return site().language.lower().split("-")[0] == "en"


def date(moment: datetime) -> str:
    """The day, as `22 November 2026`."""
    day = local(moment)
    return f"{day.day} {MONTHS[day.month - 1]} {day.year}" if _names_months() else f"{day:%Y-%m-%d}"


def date_short(moment: datetime) -> str:
    """The day for a narrow column, as `22 Nov 2026`."""
    day = local(moment)
    return f"{day.day} {MONTHS[day.month - 1][:3]} {day.year}" if _names_months() else f"{day:%Y-%m-%d}"


def date_in_year(moment: datetime) -> str:
    """The day where the year stands above it, as `22 Nov`."""
    day = local(moment)
    return f"{day.day} {MONTHS[day.month - 1][:3]}" if _names_months() else f"{day:%m-%d}"


def date_and_time(moment: datetime) -> str:
    """Day, time and zone, as `22 November 2026, 08:32 CET`."""
    return f"{date(moment)}, {local(moment):%H:%M %Z}"


def machine_time(moment: datetime) -> str:
    """RFC 3339 in UTC, for `<time datetime>`, OpenGraph and JSON-LD."""
    return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def reading_minutes(words: int) -> int:
    """Whole minutes, at least one, that a text of `words` words takes to read."""
    return max(1, ceil(words / WORDS_PER_MINUTE))


def plural(count: int, one: str, many: str | None = None) -> str:
    """`1 post`, `2 posts`, `1,204 posts`; `many` where an s is not enough."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def with_code(title: str) -> Markup:
    """A title, escaped, with `backticks` as code: the one piece of Markdown that titles are full of."""
    parts = _CODE.split(title)  # text and code in turn
    return Markup("").join(_AS_CODE.format(part) if place % 2 else part for place, part in enumerate(parts))


def without_code(title: str) -> str:
    """A title for where there is no markup, as in the browser's tab: without the backticks."""
    return _CODE.sub(r"\1", title)


def register(app: Flask) -> None:
    """Make the filters known to the templates, under the functions' names."""
    for function in (
        date,
        date_short,
        date_in_year,
        date_and_time,
        machine_time,
        reading_minutes,
        plural,
        with_code,
        without_code,
    ):
        app.add_template_filter(function)
