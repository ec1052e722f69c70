"""Judging what was found out about the router: each check is told the facts and answers a row."""

from homeport.core.findings import Row, good, look, mend
from homeport.https import network
from homeport.https.facts import Facts


def router(facts: Facts) -> Row:
    """What stands between here and the internet, and whether it can be asked."""
    found, title = facts.router, "Router"
    if network.is_outside(found.own):
        return good(title, f"There is none: the internet leads to this computer itself, at {found.own}.")
    if not found.gateway:
        return mend(title, "This computer has no way to the internet: no router is set.", type_this="ip route")
    called = f"{found.name or 'The router'} ({found.gateway})"
    if found.is_shared and not facts.any_reached:
        return mend(title, f"{_shared(facts, called)} {_way_out(facts)}")
    if found.is_shared:
        return look(title, f"{_shared(facts, called)} The authority came through all the same.")
    if not found.answers:
        meaning = f"The router at {found.gateway} answers neither UPnP nor NAT-PMP, so its own page forwards ports."
        return (good if facts.any_reached else look)(title, meaning)
    return _that_answers(facts, called)


def _that_answers(facts: Facts, called: str) -> Row:
    found, title = facts.router, "Router"
    spoken = " and ".join(name for name, so in (("UPnP", found.upnp), ("NAT-PMP", found.natpmp)) if so)
    if found.outside is None:
        return look(title, f"{called} answers {spoken}, but does not say what its outside address is.")
    return good(title, f"{called} answers {spoken}; its outside address is {found.outside}.")


WITHOUT_AN_ADDRESS = (
    "Ask your provider for an IPv4 address of your own, use IPv6, or a tunnel (docs/https.md); where the provider lets "
    "some other port through, the method dns with https_port set to it works too."
)


def _shared(facts: Facts, called: str) -> str:
    found, carrier = facts.router, "your provider shares one address among its customers (carrier-grade NAT)"
    if network.is_shared(found.beyond):
        return f"Behind {called} comes {found.beyond}: {carrier}."
    if network.is_shared(found.outside or ""):
        return f"{called} has {found.outside} outside: {carrier}."
    if found.outside:
        return f"{called} has {found.outside} outside, which is inside another router’s network."
    meaning = f"{called} says that it has no outside address of its own:"
    return f"{meaning} another router, or carrier-grade NAT, comes after it."


def _way_out(facts: Facts) -> str:
    found = facts.router
    if found.outside and not network.is_shared(found.outside):
        return f"Have that one forward the ports too, to {found.outside}, or pass everything on (“bridge mode”)."
    return f"No port that you open there leads to you. {WITHOUT_AN_ADDRESS}"


def forwarding(facts: Facts) -> Row | None:
    """Whether the router sends the ports to another machine, as far as it tells."""
    found = facts.router
    wrong = [each for each in found.forwards if each.client != found.own]
    if not wrong:
        return None
    sent = " and ".join(f"port {each.outside} to {each.client}" for each in wrong)
    meaning = f"The router forwards {sent}, but this computer is {found.own}. Change that on the router’s page,"
    return mend("Forwarding", f"{meaning} and have it give this computer always the same address.")
