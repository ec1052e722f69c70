"""The owner has the router asked: what it is, what it does with the ports, and to forward them."""

import json
import sys
from collections.abc import Iterator

import pytest

from tests.https.box import PUBLIC, box
from tests.https.doctoring import command, examine, forward_nothing, to_mend
from tests.https.lab import CARRIER_INSIDE, DOMAIN, HOME, HOME_6, INTERNET, OUTSIDE, Lab, lab

FORWARD = "from homeport.https import upnp; upnp.find('').forward(upnp.Forward('TCP', {0}, {0}, '{1}'))"
ELSEWHERE = "192.168.7.3"


@pytest.fixture
def world(world: Lab) -> Lab:
    """A world in order, but that the router forwards nothing yet."""
    return forward_nothing(world)


@pytest.fixture(scope="module")
def behind_carrier() -> Iterator[Lab]:
    with lab(behind_carrier=True) as it:
        it.router.forwarded = ()
        it.router.apply()
        yield it


def open_ports(lab: Lab, *arguments: str, text: str = "") -> tuple[int, str]:
    """What `homeport doctor --open-ports` says, and its exit code."""
    done = lab.home.run(*command(lab, "--open-ports", *arguments), text=text, check=False)
    return done.returncode, done.stdout + done.stderr


def rules(lab: Lab) -> str:
    """All that the router translates."""
    return lab.router.host.run("nft", "list", "ruleset").stdout


@pytest.mark.parametrize("language", ["UPnP", "NAT-PMP"])
def test_the_router_is_asked_to_open_the_ports_and_they_are_open(world: Lab, language: str) -> None:
    with box(world, upnp=language == "UPnP", natpmp=language == "NAT-PMP"):
        before = examine(world)
        assert f"answers {language};" in before["router"]["meaning"]
        assert to_mend(before) == ["port_443_outside", "port_80_outside", "way"]
        assert before["port_443_outside"]["type_this"] == "homeport doctor --open-ports"
        code, said = open_ports(world, "--yes")
        assert code == 0, said
        for line in (f"port 443 TCP from outside  →  {HOME} port 443", "port 443 UDP from", "port 80 TCP from"):
            assert line in said
        assert said.count(": forwarded until ") == 3
        assert "Ask it again before then" in said
        after = examine(world)
    assert to_mend(after) == []
    assert after["port_443_outside"]["mark"] == "good"
    assert f"leads to {PUBLIC}, which is this network’s outside address" in after["address"]["meaning"]


@pytest.mark.parametrize("answer", ["n\n", "\n", ""])
def test_without_a_yes_the_router_is_asked_for_nothing(world: Lab, answer: str) -> None:
    with box(world):
        before = rules(world)
        code, said = open_ports(world, text=answer)
        assert code != 0
        assert "port 443 TCP from outside" in said
        assert rules(world) == before
        assert "AddPortMapping" not in (world.folder / "box.log").read_text()


def test_looking_changes_nothing_at_the_router(world: Lab) -> None:
    with box(world):
        before = rules(world)
        examine(world)
        assert rules(world) == before


def test_a_router_that_refuses_is_quoted(world: Lab) -> None:
    with box(world, allowed=False):
        code, said = open_ports(world, "--yes")
    assert code == 1
    assert "port 443 TCP: not forwarded: its answer was" in said


def test_a_router_that_answers_nothing_is_said_to(world: Lab) -> None:
    code, said = open_ports(world, "--yes")
    assert code == 1
    assert "answers neither UPnP nor NAT-PMP" in said


def test_the_name_leads_to_an_address_of_somebody_else(world: Lab) -> None:
    world.router.forwarded = (80, 443)
    with box(world):
        world.names.set(DOMAIN, "A", INTERNET)
        found = examine(world)
    assert to_mend(found) == ["address"]
    assert f"leads to {INTERNET}, but the internet knows this network by {PUBLIC}" in found["address"]["meaning"]
    assert found["address"]["type_this"] == f"{DOMAIN}. A {PUBLIC}"


def test_the_ports_are_forwarded_to_another_machine(world: Lab) -> None:
    with box(world):
        for number in (443, 80):
            world.home.run(sys.executable, "-c", FORWARD.format(number, ELSEWHERE))
        found = examine(world)
        assert to_mend(found) == ["forwarding"]
        assert f"port 443 to {ELSEWHERE} and port 80 to {ELSEWHERE}" in found["forwarding"]["meaning"]
        assert HOME in found["forwarding"]["meaning"]
        before = rules(world)
        code, said = open_ports(world, "--yes")
        assert code == 1
        assert f"it already forwards this port to {ELSEWHERE}" in said
        assert rules(world).count(ELSEWHERE) == before.count(ELSEWHERE), "what somebody else set stays"


@pytest.mark.parametrize("asked", [True, False])
def test_the_provider_shares_one_address_among_its_customers(behind_carrier: Lab, asked: bool) -> None:
    if asked:
        with box(behind_carrier, public=False):
            found = examine(behind_carrier)
        assert "A box from the shop" in found["router"]["meaning"]
    else:
        found = examine(behind_carrier)
    assert to_mend(found) == ["ipv6", "router"], "both are ways out"
    assert "carrier-grade NAT" in found["router"]["meaning"]
    assert CARRIER_INSIDE in found["router"]["meaning"]
    assert "tunnel" in found["router"]["meaning"]
    assert HOME_6 in found["ipv6"]["meaning"]
    assert "not yours alone" in found["port_443_outside"]["meaning"]


def test_what_programs_read_has_the_same_keys_for_every_row(world: Lab) -> None:
    done = world.home.run(*command(world, "--json"), check=False)
    rows = json.loads(done.stdout)
    assert {tuple(row) for row in rows} == {("check", "mark", "title", "meaning", "type_this")}
    assert len({row["check"] for row in rows}) == len(rows)
    assert OUTSIDE in done.stdout
