"""Judging what was found out about ports and the certificate: each check is told the facts and answers a row."""

from datetime import datetime

from homeport.core.findings import Row, good, look, mend
from homeport.https import renewals
from homeport.https.certificates import Certificate
from homeport.https.facts import HTTP, HTTPS, Facts
from homeport.https.holders import Port, State
from homeport.https.reasons import Outcome
from homeport.https.trial import Tried

DNS = 'https_method = "dns"\nhttps_port = 8443'
OPEN = "homeport doctor --open-ports"
UNPRIVILEGED = "sudo sysctl net.ipv4.ip_unprivileged_port_start=80"


def here(port: Port, *, needed: bool) -> Row:
    """Whether the blog may have a port of this machine. `needed`: it is the one that readers come by."""
    title, bad = f"Port {port.number} on this computer", mend if needed else look
    if port.is_edge:
        return good(title, "The blog has it.")
    if port.state is State.FREE:
        return good(title, "It is free, and this account may take it.")
    if port.state is State.FORBIDDEN:
        meaning = "This account may not listen on ports below 1024. Run the blog as a service, which may, or allow it."
        return bad(title, meaning, type_this=UNPRIVILEGED)
    return bad(title, f"{_holder(port)} has it. Stop that program, or let it pass requests on (method off).")


def _holder(port: Port) -> str:
    found = port.holder
    if found is None:
        return "Another program, which cannot be seen from here,"
    if not found.pids:
        return f"A program of the account {found.account}"
    return f"{found.program or 'A program'} (process {found.pids[0]}, account {found.account})"


def outside(number: int, facts: Facts) -> Row:
    """Whether a port reaches us from outside."""
    title = f"Port {number} from outside"
    if number in facts.untried:
        return look(title, facts.untried[number])
    found = facts.tried[number]
    if found.outcome is Outcome.REACHED:
        return good(title, f"{facts.staging.host} came through.")
    explained = _explained(found, facts)
    if explained:
        return look(title, explained)
    if number == HTTP and facts.reached(HTTPS):
        meaning = (
            f"{_said(found, facts)} It is not needed: readers who type http:// are not led to HTTPS, and that is all."
        )
        return look(title, meaning)
    return _failed(title, found, facts)


def _explained(found: Tried, facts: Facts) -> str:
    """What follows from a cause that another row names; "" where this try is what shows the cause."""
    where = facts.went_to(found)
    by_six = ":" in where
    reasons = {
        "The authority does not sign for this name, as said above, and tried nothing.": found.outcome
        in {Outcome.REJECTED, Outcome.CAA},
        "The name leads nowhere, so there was nothing to try.": not facts.names_at_all,
        f"The authority went to {where}, where the name leads by IPv6, and that is not here.": by_six
        and facts.six_leads_elsewhere,
        f"The authority went to {where}, and that is not here.": not by_six and facts.leads_elsewhere,
        f"The authority went to {where}, this computer’s IPv6 address, and was not let in: the "
        f"router’s IPv6 firewall has to permit port {found.port}.": by_six and facts.kept_out_by_six(found.port),
        "The router leads it to another machine, as said above.": any(
            each.outside == found.port and each.client != facts.router.own for each in facts.router.forwards
        ),
        "Nothing comes in, because the outside address is not yours alone.": facts.router.is_shared and not by_six,
    }
    return next((reason for reason, holds in reasons.items() if holds), "")


def _said(found: Tried, facts: Facts) -> str:
    where = facts.went_to(found)
    return {
        Outcome.SILENT: f"Nothing came back from {where}.",
        Outcome.REFUSED: f"{where} refused the connection.",
        Outcome.OTHER: f"Something else than this blog answered at {where}.",
        Outcome.UNMET: f"{where} refused the connection, or something else than this blog took it.",
        Outcome.NAME: "The authority cannot look the name up.",
    }.get(found.outcome, f"It could not be found out: {found.words}.")


def _failed(title: str, found: Tried, facts: Facts) -> Row:
    said, here, number = _said(found, facts), facts.router.own, found.port
    if ":" in facts.went_to(found) and found.outcome is Outcome.OTHER:
        meaning = f"{said} No router answers in its place there, so that is another program on this computer."
        return mend(title, meaning, type_this=f"sudo ss -tlnp 'sport = :{number}'")
    page = f"the router’s page{', or have it asked to' * facts.router.answers}"
    mine = "turn off the router’s “remote management”"
    cause = {
        Outcome.SILENT: f"the router or the provider drops it: forward port {number} to {here} on {page}",
        Outcome.REFUSED: f"the router does not forward port {number}, or to another machine than {here}",
        Outcome.OTHER: f"it is the router’s own page, or another machine: forward port {number} to {here}, and {mine}",
    }.get(Outcome.OTHER if found.outcome is Outcome.UNMET else found.outcome)
    if cause:
        return mend(title, f"{said} {_or_not_here(cause, facts)}.", type_this=_open(facts))
    if found.outcome is Outcome.NAME:
        return mend(title, f"{said} This computer can: a new record takes up to some hours until everybody sees it.")
    if found.outcome is Outcome.LIMITED:
        return look(title, f"{facts.staging.host} was asked too often and wants a pause: {found.words}")
    return look(title, said)


def _or_not_here(cause: str, facts: Facts) -> str:
    """The cause, and where nobody knows whether the name leads to this network, that it may not."""
    if facts.outside:
        return f"{cause[:1].upper()}{cause[1:]}"
    return f"Either that is not your outside address (compare it with what the router shows), or {cause}"


def _open(facts: Facts) -> str:
    return OPEN if facts.router.answers else ""


def way(facts: Facts) -> Row:
    """How the blog comes by a certificate, or what to do where no way is open."""
    title, without = "Way to a certificate", _without_trial(facts)
    if without:
        return good(title, without)
    if facts.reached(HTTPS):
        return good(title, "By port 443 (TLS-ALPN-01); port 80 is not needed for it.")
    if facts.reached(HTTP):
        return look(title, "By port 80 (HTTP-01). Readers come by port 443, so that has to be opened too.")
    if not facts.tried:
        return look(title, "It could not be tried which ports come through; the other lines say why.")
    if any(_explained(each, facts) for each in facts.tried.values()):
        return look(title, "None is open yet. Mend what stands above, then look again.")
    meaning = (
        "Neither port 443 nor port 80 comes through. Open port 443 on the router; where the provider blocks both, have "
        "the domain’s records show who you are and take another port, or use a tunnel (docs/https.md)."
    )
    return mend(title, meaning, type_this=DNS)


def _without_trial(facts: Facts) -> str:
    """How it is where no authority has to come through."""
    return {
        "dns": f"By a record in the domain (DNS-01), for which no port is needed. {_try_yourself(facts)}",
        "files": f"Somebody else gets it and renews the files. {_try_yourself(facts)}",
        "internal": "The blog’s own authority signs it; each device has to trust its root, see /admin/https.",
    }.get(facts.config.https_method, "").strip()


def _try_yourself(facts: Facts) -> str:
    if facts.reached(facts.config.https_port):
        return ""
    address = facts.config.origin
    return f"Whether readers come through, no authority can try: open {address} on a telephone with its Wi-Fi off."


def certificate(facts: Facts, *, explained: bool) -> Row:
    """Whether the certificate that readers are shown is good, and how the last attempt to get one went.

    `explained`: another row names a cause why there is none.
    """
    title, found = "Certificate", facts.certificate
    failed = facts.attempt is not None and not facts.attempt.succeeded
    if found is None:
        said = _attempt(facts) or "None has been asked for yet."
        return (mend if failed and not explained else look)(title, f"There is none for {facts.config.domain}. {said}")
    days, until = found.warning(facts.now), _day(found.ends)
    if days == 0:
        meaning = f"It ended on {until}: browsers warn everybody away."
        return mend(title, f"{meaning} {facts.refused or _attempt(facts)}".strip())
    if found.begins > facts.now:
        return mend(title, f"It is not good before {_day(found.begins)}. Is the clock right?")
    parts = (f"Good until {until}, signed by {_issuer(found)}.", _attempt(facts), facts.refused or _next(facts))
    meaning = " ".join(filter(None, parts))
    if facts.refused:
        return mend(title, meaning)
    return (good if days is None and not failed else look)(title, meaning)


def _attempt(facts: Facts) -> str:
    last = facts.attempt
    if last is None:
        return ""
    if last.succeeded:
        return f"It was last renewed on {_day(last.at)}."
    following = f" The next try is on {_day(last.next_at)}." if last.next_at else ""
    return f"The last try, on {_day(last.at)}, failed: {last.error.rstrip('.')}.{following}"


def _next(facts: Facts) -> str:
    """When the next certificate is asked for, where it is we who do it, and the last try did not fail."""
    held, failed = facts.certificate, facts.attempt is not None and not facts.attempt.succeeded
    if held is None or failed or facts.config.https_method == "files":
        return ""
    return f"It is renewed from {_day(renewals.renewed_at(held))} on."


def _issuer(found: Certificate) -> str:
    parts = dict(part.split("=", 1) for part in found.issuer.split(",") if "=" in part)
    return " ".join(filter(None, (parts.get("O", ""), parts.get("CN", "")))) or found.issuer


def _day(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC"
