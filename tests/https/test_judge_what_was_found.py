"""What the doctor says of facts that no lab brings about: those that only Let's Encrypt tells, or only old age."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from homeport.core.config import Config
from homeport.core.findings import Mark
from homeport.https import doctor
from homeport.https.attempts import Attempt
from homeport.https.authority import Authority, Contact
from homeport.https.certificates import Certificate
from homeport.https.facts import Facts
from homeport.https.holders import Port, State
from homeport.https.names import Heard, Names, Records, Rules
from homeport.https.reasons import Outcome
from homeport.https.router import Router
from homeport.https.trial import Tried
from tests.https.lab import DOMAIN, HOME, HOME_6, INSIDE, OUTSIDE

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
AUTHORITY = Authority("ca.example.net", Contact.ANSWERS, ahead=timedelta(0))
GOOD = Facts(
    Config(data=Path("/nowhere"), domain=DOMAIN),
    NOW,
    Names(DOMAIN, Records(Heard.FOUND, (OUTSIDE,)), Records(Heard.FOUND, (HOME_6,)), Rules(Heard.NONE)),
    Port(443, State.FREE),
    Port(80, State.FREE),
    Router(INSIDE, HOME),
    AUTHORITY,
    AUTHORITY,
    (HOME_6,),
    (HOME_6,),
    Certificate((DOMAIN,), "CN=Somebody", NOW - timedelta(days=10), NOW + timedelta(days=80)),
    Attempt(NOW - timedelta(days=10), True),
    {number: Tried(number, Outcome.REACHED, address=HOME_6) for number in (443, 80)},
)
"""A blog with which all is well."""


def judged(facts: Facts) -> dict[str, tuple[Mark, str]]:
    """Mark and meaning of each check."""
    return {found.check: (found.row.mark, found.row.meaning) for found in doctor.judge(facts)}


def test_all_is_well_and_the_next_renewal_is_told() -> None:
    found = judged(GOOD)
    assert not [check for check, (mark, _) in found.items() if mark is Mark.MEND]
    assert f"leads to {HOME_6}, which is this computer, and the authority came through there" in found["ipv6"][1]
    assert "It was last renewed on 2026-11-14 12:00 UTC." in found["certificate"][1]
    assert "It is renewed from 2027-01-13 12:00 UTC on." in found["certificate"][1]


@pytest.mark.parametrize(
    "facts",
    [
        replace(GOOD, config=replace(GOOD.config, https_method="files")),
        replace(GOOD, attempt=Attempt(NOW, False, "It is down.", NOW + timedelta(hours=1))),
    ],
    ids=["somebody else renews it", "the next try is told instead"],
)
def test_no_renewal_is_promised_that_is_not_ours_or_has_failed(facts: Facts) -> None:
    assert "It is renewed from" not in judged(facts)["certificate"][1]


def test_an_authority_that_came_by_ipv4_after_ipv6_names_the_firewall() -> None:
    facts = replace(GOOD, tried={443: Tried(443, Outcome.REACHED, address=OUTSIDE, given_up=(HOME_6,))})
    facts = replace(facts, untried={80: "It was not tried."})
    mark, meaning = judged(facts)["ipv6"]
    assert mark is Mark.MEND
    assert "Permit port 443 to this computer in the router’s IPv6 firewall" in meaning
    assert judged(facts)["port_443_outside"][0] is Mark.GOOD


def test_another_program_of_this_computer_that_answers_by_ipv6_is_not_taken_for_the_router() -> None:
    meaning = judged(replace(GOOD, tried={443: Tried(443, Outcome.OTHER, address=HOME_6)}, untried={80: "It was not."}))
    assert "another program on this computer" in meaning["port_443_outside"][1]
    assert "router’s own page" not in meaning["port_443_outside"][1]
