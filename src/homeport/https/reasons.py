"""What the authority says about a try that failed, in a few kinds.

ACME names kinds of errors (RFC 8555, 6.7), but most ways a home connection fails are one kind there, and what tells
them apart is prose: Let's Encrypt's (boulder, va/va.go and probs) and that of its test server (pebble, va/va.go).
"""

import re
from enum import Enum


class Outcome(Enum):
    """What came of a try from outside."""

    REACHED = "reached"
    SILENT = "silent"
    """Nothing came back: a router or firewall drops it, or nothing is at that address."""
    REFUSED = "refused"
    """Something answered that nothing listens there."""
    OTHER = "other"
    """Somebody else answered."""
    UNMET = "unmet"
    """Refused or answered by somebody else: the authority does not say which."""
    NAME = "name"
    CAA = "caa"
    REJECTED = "rejected"
    """The authority does not sign for this name, whatever is shown."""
    LIMITED = "limited"
    UNCLEAR = "unclear"
    NOT_TRIED = "not tried"


_KINDS = {
    "caa": Outcome.CAA,
    "dns": Outcome.NAME,
    "rejectedIdentifier": Outcome.REJECTED,
    "unsupportedIdentifier": Outcome.REJECTED,
    "rateLimited": Outcome.LIMITED,
}
_WORDS = (
    (Outcome.CAA, r"\bCAA\b"),
    (Outcome.NAME, r"NXDOMAIN|DNS problem|no valid (A|AAAA|IP)|No valid IP addresses|no such host|could not resolve"),
    (Outcome.REFUSED, r"refused|no route to host|network is unreachable|host is unreachable"),
    (
        Outcome.SILENT,
        r"timeout during connect|connection timed out|i/o timeout|deadline exceeded|Timeout (after connect|during read)"
        r"|Client\.Timeout|timed out|operation was canceled",
    ),
    (Outcome.OTHER, r"reset by peer|EOF|handshake|tls:|ALPN|certificate|HTTP response to HTTPS|speaks HTTP"),
)
# Whoever answered did so, but not with what was asked for.
_ANSWERED = {"unauthorized", "incorrectResponse", "tls", "malformed"}


PATIENCE_SECONDS = 4.0
"""An authority that fails sooner has not waited for an answer in vain: boulder waits 10 seconds, pebble 5."""
_UNMET = re.compile(r"^Failed to connect to ")
_ADDRESS = re.compile(r"(?:dial tcp|connect to) (?:\[([^\]]+)\]|([\d.]+)):\d+|^([0-9a-f.:]*[0-9a-f]): ", re.IGNORECASE)


def address_in(words: str) -> str:
    """The address that the authority says it went to; "" where it names none."""
    found = _ADDRESS.search(words)
    return next(filter(None, found.groups()), "") if found else ""


def classify(kind: str, words: str, seconds: float = 0.0) -> Outcome:
    """The outcome behind an error: `kind` is the last part of its type, `words` its detail, which took `seconds`."""
    if _UNMET.search(words):
        return Outcome.SILENT if seconds >= PATIENCE_SECONDS else Outcome.UNMET
    if kind in _KINDS:
        return _KINDS[kind]
    said = next((outcome for outcome, pattern in _WORDS if re.search(pattern, words, re.IGNORECASE)), None)
    if kind in _ANSWERED and said is not Outcome.NAME:
        return Outcome.OTHER
    return said or Outcome.UNCLEAR
