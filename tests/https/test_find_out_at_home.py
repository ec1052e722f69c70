"""The owner of a blog for the home network alone asks the doctor: what is right at home is not blamed."""

import pytest

from tests.https.doctoring import examine, forward_nothing, listen, to_mend
from tests.https.lab import DOMAIN, HOME, Lab


@pytest.fixture
def world(world: Lab) -> Lab:
    """A world in order, whose router lets nobody in from outside."""
    return forward_nothing(world)


def test_a_name_that_leads_home_is_right(world: Lab) -> None:
    world.names.set(DOMAIN, "A", HOME)
    found = examine(world, https_method="internal")
    assert to_mend(found) == []
    assert found["address"]["mark"] == "good"
    assert f"leads to {HOME}, which is this computer" in found["address"]["meaning"]
    assert not {check for check in found if "outside" in check or check in {"router", "forwarding", "ipv6"}}


def test_a_name_by_a_private_ipv6_address_is_right(world: Lab) -> None:
    world.home.run("ip", "addr", "add", "fd00:7::2/64", "dev", "eth0", "nodad")
    world.names.set(DOMAIN, "A")
    world.names.set(DOMAIN, "AAAA", "fd00:7::2")
    found = examine(world, https_method="internal")
    assert (to_mend(found), found["address"]["mark"]) == ([], "good")


def test_a_name_that_is_in_the_lists_of_hosts_is_not_to_be_bought(world: Lab) -> None:
    found = examine(world, domain="blog.home.example.net", https_method="internal")
    assert to_mend(found) == []
    assert "list of hosts of each device" in found["address"]["meaning"]
    assert found["address"]["type_this"] == f"{HOME} blog.home.example.net"


def test_a_name_that_leads_to_another_computer_is_told(world: Lab) -> None:
    world.names.set(DOMAIN, "A", "192.168.7.20")
    found = examine(world, https_method="internal")
    assert found["address"]["mark"] == "look"
    assert f"leads to 192.168.7.20, and this computer is {HOME}" in found["address"]["meaning"]


def test_a_port_that_somebody_has_is_in_the_way_at_home_too(world: Lab) -> None:
    with listen(world, world.home, 443):
        found = examine(world, https_method="internal")
    assert to_mend(found) == ["https_port_here"]
