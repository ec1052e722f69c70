"""A certificate comes near its end: how that is seen, for how long it lasts and by whichever way it was got."""

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from homeport.core.clock import now
from homeport.core.config import Config
from homeport.https import attempts, certificates, queries
from homeport.https.attempts import Attempt
from homeport.https.certificates import Certificate
from tests.https.placed import NAME, at, place

BEGINS = datetime(2026, 11, 1, tzinfo=UTC)


def lasting(days: float) -> Certificate:
    """One that lasts so many days."""
    return Certificate((NAME,), "CN=Somebody", BEGINS, BEGINS + timedelta(days=days))


@pytest.mark.parametrize(
    ("left", "stage"),
    [
        (timedelta(days=90), None),
        (timedelta(days=21, seconds=1), None),
        (timedelta(days=21), 21),
        (timedelta(days=7, seconds=1), 21),
        (timedelta(days=7), 7),
        (timedelta(days=3), 3),
        (timedelta(seconds=1), 3),
        (timedelta(0), 0),
        (timedelta(days=-400), 0),
    ],
)
def test_it_is_told_21_7_and_3_days_before_and_when_it_has_ended(left: timedelta, stage: int | None) -> None:
    for certificate in (lasting(90), lasting(365)):
        assert certificate.warning(certificate.ends - left) == stage


@pytest.mark.parametrize(("days", "left"), [(6, [1.4, 0.466, 0.2]), (1 / 1440, [0.000162, 0.000054, 0.0000231])])
def test_one_that_lasts_less_is_told_in_the_same_parts_of_its_life(days: float, left: list[float]) -> None:
    certificate = lasting(days)
    for stage, part in zip((21, 7, 3), left, strict=True):
        assert certificate.warning(certificate.ends - timedelta(days=part) * 0.99) == stage
    # Caddy renews when a third is left: while that works nobody is ever warned.
    assert certificate.warning(certificate.ends - timedelta(days=days) / 3) is None
    assert certificate.warning(certificate.begins) is None


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"https_method": "internal"},
        {"https_method": "dns"},
        {"https_method": "files"},
        {"https_acme_directory": "https://ca.example.net:14000/dir"},
    ],
)
def test_it_is_found_where_the_way_it_was_got_puts_it(config: Config, tmp_path: Path, settings: dict[str, Any]) -> None:
    config = at(config, https_certificate=str(tmp_path / "own.pem"), **settings)
    assert certificates.current(config) is None
    file = place(config, left=timedelta(days=20))
    found = certificates.current(config)
    assert found is not None
    assert found.names == (NAME,)
    assert found.warning(now()) == 21
    file.write_text("not a certificate")
    assert certificates.current(config) is None


def test_one_by_an_authority_that_is_no_longer_asked_is_none(config: Config) -> None:
    for before in ({"https_method": "internal"}, {"https_acme_directory": "https://staging.example.net/directory"}):
        place(at(config, **before), left=timedelta(days=80))
    assert certificates.current(at(config)) is None


def test_one_for_another_name_is_none(config: Config) -> None:
    config = at(config, https_method="dns")
    place(config, left=timedelta(days=80), name="other.example.com")
    assert certificates.current(config) is None
    place(config, left=timedelta(days=80), name="*.example.com")
    assert certificates.current(config) is not None


def test_a_new_one_is_seen_and_the_old_one_is_not_read_at_each_question(config: Config) -> None:
    config, moment = at(config), now()
    assert queries.standing(config, moment) == queries.Standing(None, 0)
    file = place(config, left=timedelta(days=2))
    moment += queries.LOOK_AGAIN
    first = queries.standing(config, moment)
    assert first is not None
    assert first.stage == 3
    assert not first.is_well
    # Its bytes change and nothing else: the same object is answered, so nobody read the file.
    before = file.stat()
    with file.open("r+b") as changed:
        changed.write(b"x")
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))
    again = queries.standing(config, moment + queries.LOOK_AGAIN)
    assert again is not None
    assert again.certificate is first.certificate
    place(config, left=timedelta(days=80))
    moment += 2 * queries.LOOK_AGAIN
    renewed = queries.standing(config, moment)
    assert renewed is not None
    assert renewed.stage is None


def test_time_goes_on_while_the_file_stays(config: Config) -> None:
    config, moment = at(config), now()
    place(config, left=timedelta(days=30))
    stages = [queries.standing(config, moment + timedelta(days=days)) for days in (0, 10, 25, 28, 31)]
    assert [found.stage if found else "none" for found in stages] == [None, 21, 7, 3, 0]


def test_why_it_was_not_renewed_is_known_while_it_matters(config: Config) -> None:
    config, moment = at(config, https_method="dns"), now()
    attempts.note(config, Attempt(moment, False, "The name server refused the key.", moment + timedelta(hours=1)))
    place(config, left=timedelta(days=80))
    well = queries.standing(config, moment)
    assert well is not None
    assert well.failed is None
    place(config, left=timedelta(days=5))
    ill = queries.standing(config, moment + queries.LOOK_AGAIN)
    assert ill is not None
    assert ill.failed is not None
    assert ill.failed.error == "The name server refused the key."


@pytest.mark.parametrize("settings", [{"domain": ""}, {"https_method": "off"}])
def test_who_does_no_https_here_has_no_certificate_to_look_after(config: Config, settings: dict[str, Any]) -> None:
    assert queries.standing(at(config, **settings) if "domain" not in settings else config, now()) is None
