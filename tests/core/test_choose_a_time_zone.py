"""Choosing a time zone from the list."""

from zoneinfo import ZoneInfo

from homeport.core import zones


def test_every_zone_on_the_list_can_be_used() -> None:
    assert len(zones.names()) > 400
    assert all(ZoneInfo(name).key == name for name in zones.names())


def test_the_places_people_look_for_are_there() -> None:
    assert {"Europe/Berlin", "America/New_York", "Asia/Kolkata", "Pacific/Chatham"} <= set(zones.names())
    assert list(zones.names()) == sorted(zones.names())
