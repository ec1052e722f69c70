"""The archive: public posts by the year in which they came out, as the site's time zone counts years."""

from collections import Counter
from collections.abc import Iterable
from datetime import datetime
from itertools import groupby
from zoneinfo import ZoneInfo

from homeport.core.errors import not_found
from homeport.posts import queries
from homeport.posts.queries import Line

ON_ONE_PAGE = 200
"""Up to so many posts, all years stand on one page."""

FIRST, LAST = 1000, 9998
"""Years with four digits, of which the next one can be reckoned with too."""

Shelf = tuple[int, list[Line]]


def years(zone: ZoneInfo) -> list[tuple[int, int]]:
    """Pairs of a year and its number of posts, the newest first."""
    counts = Counter(time.astimezone(zone).year for time in queries.published_times())
    return sorted(counts.items(), reverse=True)


def front(counted: list[tuple[int, int]], zone: ZoneInfo) -> list[Shelf]:
    """What the archive opens with: everything where that is not much, else the newest year."""
    if not counted:
        return []
    newest, oldest = counted[0][0], counted[-1][0]
    first = oldest if sum(count for _year, count in counted) <= ON_ONE_PAGE else newest
    return _shelves(queries.lines(_start(first, zone), _start(newest + 1, zone)), zone)


def one_year(year: int, zone: ZoneInfo) -> list[Shelf]:
    """A year's posts. Raises Problem 404 for a year without any."""
    found = queries.lines(_start(year, zone), _start(year + 1, zone)) if FIRST <= year <= LAST else []
    if not found:
        raise not_found()
    return _shelves(found, zone)


def _start(year: int, zone: ZoneInfo) -> datetime:
    return datetime(year, 1, 1, tzinfo=zone)


def _shelves(lines: Iterable[Line], zone: ZoneInfo) -> list[Shelf]:
    by_year = groupby(lines, key=lambda line: line.published_at.astimezone(zone).year)
    return [(year, list(shelf)) for year, shelf in by_year]
