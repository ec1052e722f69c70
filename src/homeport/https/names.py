"""What the name server says of the blog's name: addresses, and which authorities may sign for it (RFC 8659).

Asked are the name servers of this machine (resolv.conf), by dnspython, because the system's own look-up does not tell
"there is no such name" from "nobody answered".
"""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from enum import Enum
from urllib.parse import urlsplit

import dns.exception
import dns.resolver

SECONDS = 5.0
_ISSUE, _CRITICAL, _KNOWN = "issue", 0x80, {"issue", "issuewild", "iodef", "issuemail", "contactemail", "contactphone"}


class Heard(Enum):
    """How the name server answered."""

    FOUND = "found"
    NONE = "the name exists, and has no such record"
    NO_NAME = "there is no such name (NXDOMAIN)"
    FAILED = "it cannot tell (SERVFAIL or REFUSED)"
    SILENT = "no answer"


@dataclass(frozen=True)
class Records:
    """The records of one kind; `name` is whose they are, which another than asked for where that is an alias."""

    heard: Heard
    values: tuple[str, ...] = ()
    name: str = ""


@dataclass(frozen=True)
class Rule:
    """One CAA record: its tag, its value, and whether who does not know the tag must not sign."""

    critical: bool
    tag: str
    value: str


@dataclass(frozen=True)
class Rules:
    """The CAA records that count for a name, and at which name they stand; none: everybody may sign."""

    heard: Heard
    at: str = ""
    rules: tuple[Rule, ...] = ()


@dataclass(frozen=True)
class Names:
    """All that is known of one name."""

    domain: str
    a: Records
    aaaa: Records
    caa: Rules


def examine(domain: str) -> Names:
    """Ask for everything, side by side; at most a quarter of a minute."""
    with ThreadPoolExecutor(3) as pool:
        a, aaaa = (pool.submit(look_up, domain, kind) for kind in ("A", "AAAA"))
        caa = pool.submit(find_rules, domain)
        return Names(domain, a.result(), aaaa.result(), caa.result())


def look_up(name: str, kind: str) -> Records:
    """The records of one kind, aliases followed."""
    try:
        answer = dns.resolver.Resolver().resolve(name, kind, search=False, raise_on_no_answer=False, lifetime=SECONDS)
    except dns.resolver.NXDOMAIN:
        return Records(Heard.NO_NAME)
    except dns.resolver.NoNameservers as error:
        return Records(Heard.FAILED if _was_answered(error) else Heard.SILENT)
    except dns.resolver.YXDOMAIN:
        return Records(Heard.FAILED)
    except (dns.exception.DNSException, OSError):
        return Records(Heard.SILENT)
    values = tuple(sorted(record.to_text() for record in answer.rrset or ()))
    return Records(Heard.FOUND if values else Heard.NONE, values, str(answer.canonical_name).rstrip("."))


def _was_answered(error: dns.resolver.NoNameservers) -> bool:
    """Whether any server said anything, and not only the way to each was closed, as with the cable out."""
    reasons = [each for _server, _tcp, _port, each, *_answer in error.kwargs.get("errors") or ()]
    return not all(isinstance(each, OSError | EOFError | dns.exception.Timeout) for each in reasons)


def address_of(url: str) -> str:
    """An IPv4 address of an address's host; "" where none is to be had."""
    return next(iter(look_up(urlsplit(url).hostname or "", "A").values), "")


def find_rules(domain: str) -> Rules:
    """The CAA records of the name, or else of the nearest domain above it that has some (RFC 8659, section 3)."""
    labels = domain.split(".")
    for depth in range(len(labels)):
        at = ".".join(labels[depth:])
        found = look_up(at, "CAA")
        if found.heard in {Heard.FAILED, Heard.SILENT}:
            return Rules(found.heard, at)
        if found.values:
            return Rules(Heard.FOUND, at, tuple(map(_rule, found.values)))
    return Rules(Heard.NONE)


def _rule(text: str) -> Rule:
    flags, tag, value = text.split(" ", 2)
    return Rule(bool(int(flags) & _CRITICAL), tag.lower(), value.strip('"'))


def may_sign(found: Rules, identities: Sequence[str], methods: Sequence[str]) -> bool | None:
    """Whether the authority with these names (its `caaIdentities`) may sign after one of these challenges.

    None where it does not say by which names it is known, and so nobody can tell.
    """
    if any(rule.critical and rule.tag not in _KNOWN for rule in found.rules):
        return False
    permitted = [_parse(rule.value) for rule in found.rules if rule.tag == _ISSUE]
    if not permitted:
        return True
    named = [(who, wanted) for who, wanted in permitted if who]
    if not identities:
        return None if named else False
    return any(who in identities and (not wanted or set(wanted) & set(methods)) for who, wanted in named)


def _parse(value: str) -> tuple[str, list[str]]:
    """The authority of an `issue` value, and the challenges it has to use (RFC 8657), none for any."""
    who, *parameters = [part.strip() for part in value.split(";")]
    told = dict(parameter.split("=", 1) for parameter in parameters if "=" in parameter)
    methods = {name.strip(): content.strip() for name, content in told.items()}.get("validationmethods", "")
    return who.lower(), [method.strip() for method in methods.split(",") if method.strip()]
