"""The owner asks the doctor what is in the way, in one broken world after another: it names the cause, and no other."""

from datetime import timedelta
from pathlib import Path

import pytest

from homeport.core.config import Config
from homeport.https.certificates import place
from tests.https.authority import make_certificate
from tests.https.doctoring import examine, listen, to_mend
from tests.https.lab import DOMAIN, HOME, HOME_6, INSIDE, INTERNET, OUTSIDE, Lab
from tests.parts import require


def test_where_all_is_well_nothing_is_to_be_mended(world: Lab) -> None:
    world.names.set(DOMAIN, "AAAA", HOME_6)
    found = examine(world)
    assert to_mend(found) == []
    good = {check for check, row in found.items() if row["mark"] == "good"}
    assert good == set(found) - {"certificate"}, "there is none yet, and nothing has been asked for"
    assert not (world.folder / "nowhere").exists(), "it leaves nothing behind"


def test_port_80_is_dropped(world: Lab) -> None:
    world.router.dropped = (80,)
    world.router.apply()
    found = examine(world)
    assert to_mend(found) == [], "a certificate comes by port 443 alone"
    assert found["port_443_outside"]["mark"] == "good"
    assert found["port_80_outside"]["mark"] == "look"
    assert f"Nothing came back from {OUTSIDE}" in found["port_80_outside"]["meaning"]
    assert "By port 443" in found["way"]["meaning"]


def test_port_443_is_dropped(world: Lab) -> None:
    world.router.dropped = (443,)
    world.router.apply()
    found = examine(world)
    assert to_mend(found) == ["port_443_outside"]
    assert f"Nothing came back from {OUTSIDE}" in found["port_443_outside"]["meaning"]
    assert f"forward port 443 to {HOME}" in found["port_443_outside"]["meaning"]
    assert "By port 80" in found["way"]["meaning"]


def test_both_ports_are_dropped(world: Lab) -> None:
    world.router.dropped = (80, 443)
    world.router.apply()
    found = examine(world)
    assert to_mend(found) == ["port_443_outside", "port_80_outside", "way"]
    for number in (443, 80):
        assert f"Nothing came back from {OUTSIDE}" in found[f"port_{number}_outside"]["meaning"]
    assert 'https_method = "dns"' in found["way"]["type_this"]
    assert "tunnel" in found["way"]["meaning"]


def test_the_router_forwards_nothing(world: Lab) -> None:
    world.router.forwarded = ()
    world.router.apply()
    found = examine(world)
    assert to_mend(found) == ["port_443_outside", "port_80_outside", "way"]
    assert f"{OUTSIDE} refused the connection" in found["port_80_outside"]["meaning"]
    assert f"{OUTSIDE} refused the connection" in found["port_443_outside"]["meaning"]


def test_the_routers_own_page_answers(world: Lab) -> None:
    world.router.answered = (80, 443)
    world.router.apply()
    with listen(world, world.router.host, 80), listen(world, world.router.host, 443, tls=True):
        found = examine(world)
    assert to_mend(found) == ["port_443_outside", "port_80_outside", "way"]
    assert "Something else than this blog answered" in found["port_80_outside"]["meaning"]
    assert "router’s own page" in found["port_80_outside"]["meaning"]
    assert "router’s own page" in found["port_443_outside"]["meaning"]


def test_the_name_leads_to_somebody_else(world: Lab) -> None:
    world.names.set(DOMAIN, "A", INTERNET)
    with listen(world, world.internet, 80):
        found = examine(world)
    assert f"The name leads to {INTERNET}" in found["address"]["meaning"]
    assert "compare it with what your router shows" in found["address"]["meaning"], "nobody here knows better"
    assert "first of all" in found["address"]["meaning"]
    assert f"Something else than this blog answered at {INTERNET}" in found["port_80_outside"]["meaning"]
    # What is in the way may be the one or the other: each line says both, after the one to look at first.
    assert to_mend(found) == ["port_443_outside", "port_80_outside", "way"]
    assert list(found).index("address") < list(found).index("port_443_outside")
    for number in (443, 80):
        assert "Either that is not your outside address" in found[f"port_{number}_outside"]["meaning"]


def test_the_name_leads_into_a_home(world: Lab) -> None:
    world.names.set(DOMAIN, "A", HOME)
    found = examine(world)
    assert "address" in to_mend(found)
    assert f"leads to {HOME}, an address that exists at home alone" in found["address"]["meaning"]


def test_there_is_no_such_name(world: Lab) -> None:
    world.names.set(DOMAIN, "A")
    found = examine(world)
    assert to_mend(found) == ["address"]
    assert "There is no such name" in found["address"]["meaning"]
    assert "leads nowhere" in found["port_443_outside"]["meaning"]


def test_the_name_has_no_address(world: Lab) -> None:
    world.names.set(DOMAIN, "A")
    world.names.set(DOMAIN, "TXT", '"kept for later"')
    found = examine(world)
    world.names.set(DOMAIN, "TXT")
    assert to_mend(found) == ["address"]
    assert "it has no A record" in found["address"]["meaning"]


def test_ipv6_leads_elsewhere(world: Lab) -> None:
    world.names.set(DOMAIN, "AAAA", "2001:db8:7::99")
    found = examine(world)
    assert to_mend(found) == ["ipv6"]
    assert "leads to 2001:db8:7::99" in found["ipv6"]["meaning"]
    assert f"this computer’s is {HOME_6}" in found["ipv6"]["meaning"]
    assert "2001:db8:7::99" in found["port_443_outside"]["meaning"], "which the authority tries first"


def test_the_domain_forbids_the_authority_to_sign(world: Lab) -> None:
    world.names.set("example.com", "CAA", '0 issue ";"')
    found = examine(world)
    world.names.set("example.com", "CAA")
    assert to_mend(found) == ["caa"]
    assert "The CAA records at example.com" in found["caa"]["meaning"]


@pytest.mark.parametrize("number", [443, 80])
def test_another_program_has_the_port(world: Lab, number: int) -> None:
    with listen(world, world.home, number) as process:
        found = examine(world)
    check = "https_port_here" if number == 443 else "http_port_here"
    assert to_mend(found) == (["https_port_here"] if number == 443 else []), "without port 80 readers come all the same"
    assert found[check]["mark"] != "good"
    assert f"(process {process}, account root) has it" in found[check]["meaning"]
    assert f"cannot have port {number}" in found[f"port_{number}_outside"]["meaning"]


def test_this_account_may_not_have_the_port(world: Lab) -> None:
    # What every account but root lacks; and it may still read the program, wherever that lies.
    without = ["setpriv", "--inh-caps=-net_bind_service", "--bounding-set=-net_bind_service"]
    found = examine(world, through=without)
    assert to_mend(found) == ["https_port_here"]
    assert "may not listen on ports below 1024" in found["https_port_here"]["meaning"]
    assert found["http_port_here"]["mark"] == "look"


@pytest.mark.parametrize("off", ["+400d", "-400d", "+2h"])
def test_the_clock_is_wrong(world: Lab, off: str) -> None:
    require("faketime", package="faketime")
    found = examine(world, through=["env", "DONT_FAKE_MONOTONIC=1", "faketime", "-f", off])
    assert to_mend(found) == ["clock"]
    said = {"+400d": "400 days ahead", "-400d": "400 days behind", "+2h": "2 hours ahead"}[off]
    assert said in found["clock"]["meaning"]


def test_the_cable_is_out(world: Lab) -> None:
    world.home.run("ip", "route", "del", "default")
    world.home.run("ip", "addr", "del", f"{HOME}/24", "dev", "eth0")
    try:
        found = examine(world)
    finally:
        world.home.run("ip", "addr", "add", f"{HOME}/24", "dev", "eth0")
        world.home.run("ip", "route", "add", "default", "via", INSIDE)
    assert to_mend(found) == ["router"]
    assert "this computer is in no network" in found["address"]["meaning"]
    assert "no way to the internet" in found["router"]["meaning"]


def test_no_name_server_answers(world: Lab) -> None:
    world.names.stop()
    try:
        found = examine(world)
    finally:
        world.names.resume()
    assert to_mend(found) == ["address"]
    assert "name server of this computer does not answer" in found["address"]["meaning"]


def test_the_name_servers_of_the_domain_are_broken(world: Lab) -> None:
    found = examine(world, domain="blog.example.org")
    assert "address" in to_mend(found)
    assert "SERVFAIL" in found["address"]["meaning"]


def test_the_authority_is_down(world: Lab) -> None:
    world.authority.stop()
    try:
        found = examine(world)
    finally:
        world.authority.start()
    assert to_mend(found) == ["authority"]
    assert "ca.example.net cannot be reached" in found["authority"]["meaning"]


def test_nothing_leaves_this_network(world: Lab) -> None:
    world.router.quiet.add("outgoing")
    world.router.apply()
    found = examine(world)
    assert to_mend(found) == ["address"], "the first thing that needs the internet is a name"


def test_the_authority_refuses_the_name(world: Lab) -> None:
    world.authority.stop()
    world.authority.refuses = [DOMAIN]
    world.authority.start()
    try:
        found = examine(world)
    finally:
        world.authority.stop()
        world.authority.refuses = []
        world.authority.start()
    assert to_mend(found) == ["authority"]
    assert f"signs nothing for {DOMAIN}" in found["authority"]["meaning"]


def test_the_certificate_has_ended(world: Lab, tmp_path: Path) -> None:
    path = place(Config(data=tmp_path, domain=DOMAIN, https_acme_directory=world.authority.directory))
    path.parent.mkdir(parents=True)
    make_certificate(path.parent, [DOMAIN], begins=timedelta(days=-100), lasts=timedelta(days=90))
    (path.parent / "certificate.pem").rename(path)
    found = examine(world, data=tmp_path)
    assert to_mend(found) == ["certificate"]
    assert "browsers warn everybody away" in found["certificate"]["meaning"]


def test_the_authority_is_not_trusted(world: Lab, tmp_path: Path) -> None:
    make_certificate(tmp_path, ["elsewhere.example.net"])
    tmp_path.chmod(0o755)
    found = examine(world, https_acme_root=tmp_path / "root.pem")
    assert to_mend(found) == ["authority"]
    assert "is not trusted here" in found["authority"]["meaning"]
