"""What name servers say: where a challenge's record belongs, and whether everybody sees it yet."""

import logging
import time
from collections.abc import Iterator

import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.query
import dns.rcode
import dns.rdatatype
import dns.resolver

from homeport.core.errors import Problem

log = logging.getLogger(__name__)
PROPAGATION_SECONDS = 900.0
"""How long a record may take to reach all name servers of its zone; some providers need ten minutes."""
SILENCE_SECONDS = 60.0
ANSWER_SECONDS = 3.0


def end_of_aliases(name: str) -> str:
    """Where the CNAMEs that begin at a name lead (RFC 1034, 3.6.2); the name itself where there are none.

    Raises Problem where the name servers don't say.
    """
    try:
        found = dns.resolver.Resolver().resolve(name, "TXT", raise_on_no_answer=False).canonical_name
    except dns.resolver.NXDOMAIN as absent:
        found = absent.canonical_name
    except (dns.exception.DNSException, OSError):
        raise _silent(name) from None
    return found.to_text(omit_final_dot=True)


def zone_of(name: str) -> str:
    """The zone that a name lies in (RFC 9499, 7). Raises Problem where the name servers don't say."""
    try:
        return dns.resolver.zone_for_name(name, resolver=dns.resolver.Resolver()).to_text(omit_final_dot=True)
    except (dns.exception.DNSException, OSError):
        raise _silent(name) from None


def _silent(name: str) -> Problem:
    return Problem(
        f"No name server answers this machine's question for {name}, so it is not known where its record belongs.",
        code="dns_away",
    )


def wait_for(name: str, zone: str, value: str, patience: float = PROPAGATION_SECONDS) -> None:
    """Return when every name server of the zone that answers shows a TXT record with this value at the name.

    What resolvers remember is nobody's concern: an authority asks those servers itself. Where none of them answers,
    as behind a provider that keeps port 53 to itself, this returns after a minute, for the authority to find out.
    Raises Problem where one still does not show it when `patience` (seconds) is over.
    """
    began, pause = time.monotonic(), 0.5
    addresses = list(_servers(zone))
    while True:
        seen = [shown for address in addresses if (shown := _shows(address, name, value)) is not None]
        if seen and all(seen):
            return
        waited = time.monotonic() - began
        if not seen and waited > min(SILENCE_SECONDS, patience):
            log.warning("no name server of the zone answers; going on without looking", extra={"zone": zone})
            return
        if waited > patience:
            raise _not_seen(name, zone, seen.count(False), len(seen), patience)
        time.sleep(pause)
        pause = min(pause * 1.5, 10)


def _not_seen(name: str, zone: str, without: int, asked: int, patience: float) -> Problem:
    limit = f"{patience / 60:.0f} minutes" if patience >= 120 else f"{patience:.0f} seconds"
    return Problem(
        f"{without} of {asked} name servers of {zone} did not show the record {name} within {limit}. "
        "Do the domain's name servers belong to https_dns_provider?",
        code="dns_not_seen",
    )


def _servers(zone: str) -> Iterator[str]:
    ask = dns.resolver.Resolver()
    try:
        for server in ask.resolve(zone, "NS"):
            for kind in ("A", "AAAA"):
                found = ask.resolve(server.target, kind, raise_on_no_answer=False)
                yield from (address.to_text() for address in found)
    except (dns.exception.DNSException, OSError):
        return  # those found so far are asked


def _shows(address: str, name: str, value: str) -> bool | None:
    """None for a server that does not answer, or does not keep the zone."""
    question = dns.message.make_query(name, "TXT", flags=0)
    try:
        answer, _tcp = dns.query.udp_with_fallback(question, address, timeout=ANSWER_SECONDS)
    except (dns.exception.DNSException, OSError):
        return None
    if answer.rcode() not in {dns.rcode.NOERROR, dns.rcode.NXDOMAIN} or not answer.flags & dns.flags.AA:
        return None
    texts = (b"".join(each.strings) for rows in answer.answer if rows.rdtype == dns.rdatatype.TXT for each in rows)
    return value.encode() in texts
