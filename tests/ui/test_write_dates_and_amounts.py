"""Times, numbers and amounts as people read them."""

from datetime import UTC, datetime

import pytest
from flask import Flask

from homeport.core import site
from homeport.core.db import commit
from homeport.ui import filters

NIGHT = datetime(2026, 11, 22, 23, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("zone", "language", "expected"),
    [
        ("UTC", "en", ("22 November 2026", "22 Nov 2026", "22 Nov", "22 November 2026, 23:30 UTC")),
        ("Europe/Berlin", "en-GB", ("23 November 2026", "23 Nov 2026", "23 Nov", "23 November 2026, 00:30 CET")),
        ("America/New_York", "de", ("2026-11-22", "2026-11-22", "11-22", "2026-11-22, 18:30 EST")),
    ],
)
def test_a_date_is_the_sites_own_day(
    bare_app: Flask, zone: str, language: str, expected: tuple[str, str, str, str]
) -> None:
    with bare_app.app_context():
        site.change(time_zone=zone, language=language)
        commit()
        shown = (
            filters.date(NIGHT),
            filters.date_short(NIGHT),
            filters.date_in_year(NIGHT),
            filters.date_and_time(NIGHT),
        )
    assert shown == expected


def test_a_program_reads_the_moment_in_utc() -> None:
    assert filters.machine_time(NIGHT) == "2026-11-22T23:30:00Z"


@pytest.mark.parametrize(("words", "minutes"), [(0, 1), (1, 1), (238, 1), (239, 2), (2380, 10)])
def test_reading_time_is_at_least_a_minute(words: int, minutes: int) -> None:
    assert filters.reading_minutes(words) == minutes


def test_one_is_not_many() -> None:
    assert filters.plural(1, "post") == "1 post"
    assert filters.plural(0, "post") == "0 posts"
    assert filters.plural(1204, "entry", "entries") == "1,204 entries"


def test_backticks_in_a_title_are_code_and_nothing_else_is_markup() -> None:
    assert filters.with_code("Use `a < b` & <i>") == "Use <code>a &lt; b</code> &amp; &lt;i&gt;"
    assert filters.with_code("`<b>`") == "<code>&lt;b&gt;</code>"
    assert filters.with_code("one ` alone stays") == "one ` alone stays"
    assert filters.without_code("Use `a < b` & <i>") == "Use a < b & <i>"
