"""Judging what was found out about names, authority, clock and router: each check is told the facts and answers a row.

Something to mend is a cause. What only follows from another cause is something to look at, and says which.
"""

from datetime import timedelta

from homeport.core.findings import Mark, Row, good, look, mend
from homeport.https import names, network
from homeport.https.authority import Contact
from homeport.https.facts import Facts
from homeport.https.names import Heard
from homeport.https.reasons import Outcome

SLIGHTLY, GREATLY = timedelta(seconds=30), timedelta(minutes=5)
"""How wrong a clock may be before one-time codes fail (RFC 6238, 5.2), and before certificates are misjudged."""
SET_CLOCK = "sudo timedatectl set-ntp true"
OPEN = "homeport doctor --open-ports"


def clock(facts: Facts) -> Row:
    """Whether this machine knows what time it is."""
    title, asked = "Clock", (facts.staging, facts.authority)
    ahead = next((each.ahead for each in asked if each.ahead is not None), None)
    if ahead is None:
        return look(title, "No authority could be asked what time it is.")
    if abs(ahead) <= SLIGHTLY:
        return good(title, "It agrees with the authority’s.")
    meaning = f"This computer’s clock is {_span(ahead)} {'ahead' if ahead > timedelta() else 'behind'}."
    if abs(ahead) <= GREATLY:
        return look(title, f"{meaning} One-time codes may fail.", type_this=SET_CLOCK)
    return mend(title, f"{meaning} Certificates look expired, or not valid yet, until it is set right.", type_this=SET_CLOCK)


def _span(ahead: timedelta) -> str:
    seconds = abs(ahead).total_seconds()
    for size, word in ((86400, "day"), (3600, "hour"), (60, "minute")):
        if seconds >= size:
            number = round(seconds / size)
            return f"{number:,} {word}{'' if number == 1 else 's'}"
    return f"{round(seconds)} seconds"


def clock_is_wrong(row: Row) -> bool:
    """Whether what fails by HTTPS may fail for the clock alone."""
    return row.mark is Mark.MEND


def address(facts: Facts) -> Row:
    """Whether the name leads here, by IPv4."""
    found, domain = facts.names.a, facts.names.domain
    title = f"Address of {domain}"
    wanted = f"{domain}. A {facts.outside or 'your outside address'}"
    if found.heard in {Heard.SILENT, Heard.FAILED}:
        return _no_answer(title, found.heard)
    if found.heard is Heard.NO_NAME:
        meaning = "There is no such name. Where you bought the domain, make an A record that leads to your outside address."
        return mend(title, meaning, type_this=wanted)
    if found.heard is Heard.NONE:
        return _without_ipv4(facts, title, wanted)
    shown = ", ".join(found.values)
    if not any(map(network.is_outside, found.values)):
        meaning = f"The name leads to {shown}, an address that exists at home alone: nobody outside finds it."
        return mend(title, meaning, type_this=wanted)
    if facts.leads_elsewhere:
        meaning = (
            f"The name leads to {shown}, but the internet knows this network by {facts.outside}. Correct the A record; if "
            "your provider changes the address now and then, have the router or a program keep it right (dynamic DNS)."
        )
        return mend(title, meaning, type_this=wanted)
    if facts.outside or facts.any_reached:
        seen = "which is this network’s outside address" if facts.outside else "and the authority came through there"
        return good(title, f"The name leads to {shown}, {seen}.")
    meaning = f"The name leads to {shown}. Nobody here knows your outside address: compare it with what your router shows."
    return look(title, meaning)


def _without_ipv4(facts: Facts, title: str, wanted: str) -> Row:
    if facts.names.aaaa.values:
        meaning = "The name has no IPv4 address: readers whose provider has no IPv6 do not come. Add an A record if you can."
        return look(title, meaning, type_this=wanted)
    return mend(title, "The name exists, and leads nowhere: it has no A record.", type_this=wanted)


def _no_answer(title: str, heard: Heard) -> Row:
    if heard is Heard.SILENT:
        meaning = "The name server of this computer does not answer, so no name can be looked up."
        return mend(title, f"{meaning} See /etc/resolv.conf, or start the router again.", type_this="resolvectl status")
    meaning = "The name servers of the domain cannot tell (SERVFAIL): their records, or their signatures, are broken."
    return mend(title, f"{meaning} Ask whoever keeps the domain.")


def ipv6(facts: Facts) -> Row:
    """Whether IPv6 leads here, and where it is there, whether the name says so."""
    title, found, own = "IPv6", facts.names.aaaa, facts.own_ipv6
    if found.heard in {Heard.SILENT, Heard.FAILED}:
        return look(title, "Whether the name has an IPv6 address could not be looked up.")
    shown = ", ".join(found.values)
    if found.values and facts.six_leads_elsewhere:
        here = f"this computer’s is {own[0]}" if own else "this computer has none"
        meaning = (
            f"The name leads to {shown}, but {here}. Many readers, and the authority, try IPv6 first: correct the AAAA "
            "record, or remove it."
        )
        return mend(title, meaning, type_this=f"{facts.names.domain}. AAAA {own[0]}" if own else "")
    if found.values:
        return good(title, f"The name leads to {shown}, which is this computer.")
    if own and facts.router.is_shared and not facts.any_reached:
        meaning = (
            f"This computer can be reached by IPv6 ({own[0]}), which nobody shares with you, and the name does not say so: "
            "add an AAAA record, and let ports 443 and 80 in at the router’s IPv6 firewall."
        )
        return mend(title, meaning, type_this=f"{facts.names.domain}. AAAA {own[0]}")
    if own:
        meaning = (
            f"This computer can be reached by IPv6 ({own[0]}), and the name does not say so. Worth a record where IPv4 "
            "is shared or blocked; the router’s firewall has to let it in."
        )
        return look(title, meaning, type_this=f"{facts.names.domain}. AAAA {own[0]}")
    return good(title, "There is none here, and the name does not promise any.")


def signers(facts: Facts) -> Row:
    """Whether the domain lets the authority sign."""
    title, found = "Who may sign (CAA)", facts.names.caa
    if found.heard in {Heard.SILENT, Heard.FAILED}:
        return look(title, "This could not be looked up. An authority that cannot either signs nothing.")
    methods = ["dns-01"] if facts.config.https_method == "dns" else ["http-01", "tls-alpn-01"]
    may = names.may_sign(found, facts.authority.identities, methods)
    known = " or ".join(facts.authority.identities) or facts.authority.host
    records = "; ".join(f'{rule.tag} "{rule.value}"' for rule in found.rules)
    refused = facts.tried and any(each.outcome is Outcome.CAA for each in facts.tried.values())
    if may is False or refused:
        meaning = f"The CAA records at {found.at or facts.names.domain} ({records}) forbid the authority to sign. Let it: add"
        wanted = facts.authority.identities[0] if facts.authority.identities else facts.authority.host
        return mend(title, f"{meaning} a record, or remove them.", type_this=f'{found.at}. CAA 0 issue "{wanted}"')
    if may is None:
        return look(title, f"The domain names who may sign ({records}). Whether that means {known}, it does not say.")
    if not found.rules:
        return good(title, "The domain does not say who may sign, so every authority may.")
    return good(title, f"The domain lets {known} sign ({records}).")


def authority(facts: Facts, *, clock_wrong: bool) -> Row:
    """Whether the authority that signs can be reached, and takes the name."""
    found, title = facts.authority, "Certificate authority"
    rejected = [each for each in facts.tried.values() if each.outcome is Outcome.REJECTED]
    if rejected:
        meaning = f"{facts.staging.host} signs nothing for {facts.names.domain}: {rejected[0].words}"
        return mend(title, f"{meaning}. Use another name, or another authority.", type_this="https_acme_directory = …")
    if found.contact is Contact.ANSWERS:
        return good(title, f"{found.host} answers.")
    if found.contact is Contact.NO_NAME:
        cause = facts.names.a.heard in {Heard.SILENT, Heard.FAILED}
        meaning = f"{found.host} could not be looked up."
        return look(title, f"{meaning} See the address above.") if cause else mend(title, f"{meaning} Is it right?")
    if found.contact is Contact.UNTRUSTED:
        if clock_wrong:
            return look(title, f"The certificate of {found.host} cannot be judged while the clock is wrong.")
        meaning = f"The certificate of {found.host} is not trusted here: {found.words}. A private authority’s root is named by"
        return mend(title, f"{meaning} https_acme_root.", type_this='https_acme_root = "/path/to/root.pem"')
    if found.contact is Contact.BROKEN:
        return mend(title, f"{found.host} answers with something else than an ACME directory ({found.words}).")
    meaning = f"{found.host} cannot be reached: {found.words or 'nothing came back'}. Either it is down, or this computer has no"
    return mend(title, f"{meaning} way out. A certificate that is there stays good meanwhile.")


def router(facts: Facts) -> Row:
    """What stands between here and the internet, and whether it can be asked."""
    found, title = facts.router, "Router"
    if network.is_outside(found.own):
        return good(title, f"There is none: the internet leads to this computer itself, at {found.own}.")
    if not found.gateway:
        return mend(title, "This computer has no way to the internet: no router is set.", type_this="ip route")
    called = f"{found.name or 'The router'} ({found.gateway})"
    if found.is_shared and not facts.any_reached:
        return mend(title, f"{_shared(facts, called)} No port that you open there leads to you. {WITHOUT_AN_ADDRESS}")
    if found.is_shared:
        return look(title, f"{_shared(facts, called)} The authority came through all the same.")
    if not found.answers:
        meaning = f"The router at {found.gateway} answers neither UPnP nor NAT-PMP: ports are forwarded on its own page."
        return (good if facts.any_reached else look)(title, meaning)
    spoken = " and ".join(name for name, so in (("UPnP", found.upnp), ("NAT-PMP", found.natpmp)) if so)
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
        return f"{called} has {found.outside} outside, which is inside another router’s network: that one has to forward too."
    return f"{called} says that it has no outside address of its own: another router, or carrier-grade NAT, comes after it."


def forwarding(facts: Facts) -> Row | None:
    """Whether the router sends the ports to another machine, as far as it tells."""
    found = facts.router
    wrong = [each for each in found.forwards if each.client != found.own]
    if not wrong:
        return None
    sent = " and ".join(f"port {each.outside} to {each.client}" for each in wrong)
    meaning = f"The router forwards {sent}, but this computer is {found.own}. Change that on its page, and give this computer"
    return mend("Forwarding", f"{meaning} a fixed address there.")
