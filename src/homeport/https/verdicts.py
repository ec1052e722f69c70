"""Judging what was found out about names, authority, clock and router: each check is told the facts and answers a row.

Something to mend is a cause. What only follows from another cause is something to look at, and says which.
"""

from datetime import timedelta

from homeport.core.findings import Mark, Row, good, look, mend
from homeport.https import names, network
from homeport.https.authority import Contact
from homeport.https.facts import HTTP, HTTPS, Facts
from homeport.https.names import Heard
from homeport.https.reasons import Outcome

SLIGHTLY, GREATLY = timedelta(seconds=30), timedelta(minutes=5)
"""How wrong a clock may be before one-time codes fail (RFC 6238, 5.2), and before certificates are misjudged."""
SET_CLOCK = "sudo timedatectl set-ntp true"


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
    return mend(
        title, f"{meaning} Certificates look expired, or not valid yet, until it is set right.", type_this=SET_CLOCK
    )


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
    if found.heard is Heard.SILENT and not facts.router.own:
        return look(title, "It could not be looked up, because this computer is in no network. See the router.")
    if found.heard in {Heard.SILENT, Heard.FAILED}:
        return _no_answer(title, found.heard)
    wanted = f"{domain}. A {facts.outside or 'your outside address'}"
    wrong = _without_address(facts) if not found.values else _wrong_address(facts)
    if wrong:
        only_six = not found.values and facts.names.aaaa.values
        return (look if only_six else mend)(title, wrong, type_this=wanted)
    shown = ", ".join(found.values)
    if facts.outside:
        return good(title, f"The name leads to {shown}, which is this network’s outside address.")
    if facts.any_reached:
        return good(title, f"The name leads to {shown}, and the authority came through there.")
    meaning = f"The name leads to {shown}. Nobody here knows your outside address:"
    return look(title, f"{meaning} compare it with what your router shows{' first of all' * bool(facts.tried)}.")


def _without_address(facts: Facts) -> str:
    if facts.names.a.heard is Heard.NO_NAME:
        meaning = "There is no such name. Where you bought the domain, make an A record"
        return f"{meaning} that leads to your outside address."
    if facts.names.aaaa.values:
        meaning = "The name has no IPv4 address, so readers whose provider has no IPv6 do not come."
        return f"{meaning} Add an A record if you can."
    return "The name exists, and leads nowhere: it has no A record."


def _wrong_address(facts: Facts) -> str:
    """What is known to be wrong about the name's IPv4 addresses; "" for nothing."""
    shown = ", ".join(facts.names.a.values)
    if not any(map(network.is_outside, facts.names.a.values)):
        return f"The name leads to {shown}, an address that exists at home alone: nobody outside finds it."
    if facts.leads_elsewhere:
        return (
            f"The name leads to {shown}, but the internet knows this network by {facts.outside}. Correct the A record; "
            "if your provider changes the address now and then, have the router keep it right (dynamic DNS)."
        )
    return ""


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
        return _ipv6_of_ours(facts, shown)
    if own and facts.router.is_shared and not facts.any_reached:
        meaning = (
            f"This computer can be reached by IPv6 ({own[0]}), which nobody shares with you, and the name does not say "
            "so: add an AAAA record, and let ports 443 and 80 in at the router’s IPv6 firewall."
        )
        return mend(title, meaning, type_this=f"{facts.names.domain}. AAAA {own[0]}")
    if own:
        meaning = (
            f"This computer can be reached by IPv6 ({own[0]}), and the name does not say so. Worth a record where IPv4 "
            "is shared or blocked; the router’s firewall has to let it in."
        )
        return look(title, meaning, type_this=f"{facts.names.domain}. AAAA {own[0]}")
    return good(title, "There is none here, and the name does not promise any.")


def _ipv6_of_ours(facts: Facts, shown: str) -> Row:
    title, meaning = "IPv6", f"The name leads to {shown}, which is this computer"
    kept_out = [str(port) for port in (HTTPS, HTTP) if facts.kept_out_by_six(port)]
    if not facts.kept_out_by_six(HTTPS) and (facts.reached(HTTPS) or not kept_out):
        return good(title, f"{meaning}{', and the authority came through there' * facts.reached_by_six(HTTPS)}.")
    ports = f"port{'s' * (len(kept_out) - 1)} {' and '.join(kept_out)}"
    return mend(
        title,
        f"{meaning}, but the authority was not let in there. Permit {ports} to this computer in the router’s IPv6 "
        "firewall (no forwarding is needed), or remove the AAAA record.",
    )


def signers(facts: Facts) -> Row:
    """Whether the domain lets the authority sign."""
    title, found = "Who may sign (CAA)", facts.names.caa
    if found.heard in {Heard.SILENT, Heard.FAILED}:
        return look(title, "This could not be looked up. An authority that cannot either signs nothing.")
    known = facts.authority.identities or (facts.authority.host,)
    methods = ["dns-01"] if facts.config.https_method == "dns" else ["http-01", "tls-alpn-01"]
    may = names.may_sign(found, facts.authority.identities, methods)
    records = "; ".join(f'{rule.tag} "{rule.value}"' for rule in found.rules)
    if may is False or any(each.outcome is Outcome.CAA for each in facts.tried.values()):
        at = found.at or facts.names.domain
        meaning = f"The CAA records at {at} ({records}) forbid the authority to sign."
        return mend(
            title, f"{meaning} Add one that lets it, or remove them.", type_this=f'{at}. CAA 0 issue "{known[0]}"'
        )
    if may is None:
        return look(title, f"The domain says who may sign ({records}). Whether {known[0]} is meant, it does not say.")
    if not found.rules:
        return good(title, "The domain does not say who may sign, so every authority may.")
    return good(title, f"The domain lets {' or '.join(known)} sign ({records}).")


def authority(facts: Facts, *, clock_wrong: bool) -> Row:
    """Whether the authority that signs can be reached, and takes the name."""
    found, title = facts.authority, "Certificate authority"
    rejected = next((each.words for each in facts.tried.values() if each.outcome is Outcome.REJECTED), "")
    if rejected:
        meaning = f"{facts.staging.host} signs nothing for {facts.names.domain}: {rejected}."
        return mend(title, f"{meaning} Use another name, or another authority.", type_this="https_acme_directory = …")
    if found.contact is Contact.ANSWERS:
        return good(title, f"{found.host} answers.")
    return _unusable(title, facts, clock_wrong)


def _unusable(title: str, facts: Facts, clock_wrong: bool) -> Row:
    found, reason = facts.authority, facts.authority.words or "nothing came back"
    if found.contact is Contact.NO_NAME and facts.names.a.heard in {Heard.SILENT, Heard.FAILED}:
        return look(title, f"{found.host} could not be looked up. See the address above.")
    if found.contact is Contact.NO_NAME:
        return mend(title, f"There is no {found.host}. Is https_acme_directory right?")
    if found.contact is Contact.UNTRUSTED and clock_wrong:
        return look(title, f"The certificate of {found.host} cannot be judged while the clock is wrong.")
    if found.contact is Contact.UNTRUSTED:
        meaning = f"The certificate of {found.host} is not trusted here: {reason}. Name a private authority’s root."
        return mend(title, meaning, type_this='https_acme_root = "/path/to/root.pem"')
    if found.contact is Contact.BROKEN:
        return mend(title, f"{found.host} answers with something else than an ACME directory ({reason}).")
    meaning = f"{found.host} cannot be reached: {reason}. Either it is down, or this computer has no way out."
    return mend(title, f"{meaning} A certificate that is there stays good meanwhile.")
