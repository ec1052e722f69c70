"""The name has the right IPv6 address, and the doctor finds out whether anybody comes in there: no forwarding does it,
the router's firewall has to let it in."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from homeport.https.reasons import Outcome
from homeport.https.trial import read
from tests.https.doctoring import Said, as_new, examine, to_mend
from tests.https.lab import DOMAIN, HOME_6, OUTSIDE, Lab


@pytest.fixture
def world(small_internet: Lab) -> Iterator[Lab]:
    """A world in order, with both addresses."""
    with as_new(small_internet):
        small_internet.names.set(DOMAIN, "AAAA", HOME_6)
        yield small_internet


@contextmanager
def firewall(lab: Lab, verdict: str, *ports: int) -> Iterator[None]:
    """The router's firewall for IPv6, which does this to ports from outside; those for IPv4 stay open."""
    rules = "\n".join(f"iifname wan tcp dport {port} {verdict}" for port in ports)
    chain = f"chain in {{ type filter hook forward priority filter\n {rules}\n }}\n"
    lab.router.host.run("nft", "-f", "-", text=f"table ip6 firewall {{ {chain} }}")
    try:
        yield
    finally:
        lab.router.host.run("nft", "delete", "table", "ip6", "firewall")


def assert_kept_out(found: Said) -> None:
    assert to_mend(found) == ["ipv6"]
    assert "router’s IPv6 firewall" in found["ipv6"]["meaning"]
    for number in (443, 80):
        said = found[f"port_{number}_outside"]["meaning"]
        assert f"{HOME_6}, this computer’s IPv6 address, and was not let in" in said
        assert "forward" not in said


@pytest.mark.parametrize("verdict", ["drop", "reject with tcp reset"])
def test_the_routers_firewall_keeps_ipv6_out(world: Lab, verdict: str) -> None:
    with firewall(world, verdict, 443, 80):
        found = examine(world)
    assert_kept_out(found)
    assert "Permit ports 443 and 80" in found["ipv6"]["meaning"]


def test_it_keeps_out_port_443_alone(world: Lab) -> None:
    with firewall(world, "drop", 443):
        found = examine(world)
    assert to_mend(found) == ["ipv6"]
    assert "Permit port 443 to this computer" in found["ipv6"]["meaning"]


def test_it_keeps_out_port_80_alone_which_nobody_needs(world: Lab) -> None:
    with firewall(world, "drop", 80):
        found = examine(world)
    assert to_mend(found) == []
    assert found["ipv6"]["mark"] == "good"
    assert "firewall has to permit port 80" in found["port_80_outside"]["meaning"]


BOULDER: dict[str, Any] = {
    "type": "tls-alpn-01",
    "status": "valid",
    "validationRecord": [
        {
            "hostname": DOMAIN,
            "port": "443",
            "addressesResolved": [OUTSIDE, HOME_6],
            "addressUsed": OUTSIDE,
            "addressesTried": [HOME_6],
        }
    ],
}


def test_an_authority_that_gave_ipv6_up_and_came_by_ipv4_tells_where_it_was_not_let_in() -> None:
    found = read(BOULDER, 443, False, 10.0)
    assert (found.outcome, found.address, found.given_up) == (Outcome.REACHED, OUTSIDE, (HOME_6,))
