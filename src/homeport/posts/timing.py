"""Times as people write them: on their own clock, which in some nights skips an hour and in others shows one twice."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from homeport.posts.problems import DraftProblem
from homeport.ui.filters import MONTHS


def zone_of(name: str, default: str = "UTC") -> ZoneInfo:
    """The time zone of an IANA name, or of `default` where a person has none (or one that no longer exists)."""
    try:
        return ZoneInfo(name or default)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return ZoneInfo("UTC")


def parse(text: str, zone: ZoneInfo) -> datetime:
    """What `<input type=datetime-local>` sends, in UTC. Of a time that comes twice, the first is meant.

    Raises DraftProblem for what is no time, and for a time that the clocks of the zone skip.
    """
    if not text:
        raise DraftProblem("publish_at", "No time is chosen.", "Enter the day and the time at which to publish.")
    try:
        written = datetime.fromisoformat(text)
        local = written if written.tzinfo else written.replace(tzinfo=zone)
        moment = local.astimezone(UTC)
        real = moment.astimezone(local.tzinfo)
    except (ValueError, OverflowError):
        hint = "Enter a day and a time, as 2026-11-22T18:30."
        raise DraftProblem("publish_at", "This is not a time.", hint) from None
    if real.replace(tzinfo=None) != local.replace(tzinfo=None):
        raise DraftProblem(
            "publish_at",
            f"On this day the clocks in {zone.key} go forward: there is no {local:%H:%M}.",
            f"Choose {real:%H:%M}, or another time.",
        )
    return moment


def comes_twice(moment: datetime, zone: ZoneInfo) -> bool:
    """Whether the clocks of the zone show this time twice, because they are put back on this day."""
    local = moment.astimezone(zone)
    return local.replace(fold=0).utcoffset() != local.replace(fold=1).utcoffset()


def in_words(moment: datetime, zone: ZoneInfo) -> str:
    """`22 November 2026, 18:30 CET`; where the time comes twice, it says which of the two."""
    local = moment.astimezone(zone)
    which = (" (the second of two)" if local.fold else " (the first of two)") if comes_twice(moment, zone) else ""
    return f"{local.day} {MONTHS[local.month - 1]} {local.year}, {local:%H:%M %Z}{which}"


def for_input(moment: datetime | None, zone: ZoneInfo) -> str:
    """A moment as `<input type=datetime-local>` takes it; empty for None."""
    return f"{moment.astimezone(zone):%Y-%m-%dT%H:%M}" if moment else ""
