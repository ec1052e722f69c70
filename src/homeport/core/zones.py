"""The names of the world's time zones."""

from functools import cache
from importlib.resources import files


@cache
def names() -> tuple[str, ...]:
    """Every name such as `Europe/Berlin`, sorted; `UTC` is no place and not among them.

    From tzdata's own list: `zoneinfo.available_timezones()` opens each of 600 files instead, which takes 0.2 s.
    """
    listed = files("tzdata").joinpath("zones").read_text().split()
    return tuple(sorted(name for name in listed if "/" in name and not name.startswith(("Etc/", "US/", "SystemV/"))))


@cache
def by_continent() -> dict[str, dict[str, str]]:
    """The choices of a form, UTC first: for each continent its names with what to call them."""
    groups = {"Everywhere": {"UTC": "UTC"}}
    for name in names():
        continent, _, place = name.partition("/")
        groups.setdefault(continent, {})[name] = place.replace("_", " ").replace("/", ", ")
    return groups
