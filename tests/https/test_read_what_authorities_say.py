"""What authorities say about a try that failed is understood, in the words of boulder (Let's Encrypt) and of pebble."""

import pytest

from homeport.https.names import Heard, Rule, Rules, may_sign
from homeport.https.reasons import Outcome, address_in, classify

FETCH = "203.0.113.5: Fetching http://blog.example.com/.well-known/acme-challenge/x: "
GET = 'Get "http://blog.example.com:80/.well-known/acme-challenge/x": dial tcp 203.0.113.5:80: '
LETS_ENCRYPT = ("letsencrypt.org",)
BOTH = ("http-01", "tls-alpn-01")


@pytest.mark.parametrize(
    ("kind", "words", "outcome", "address"),
    [
        ("connection", FETCH + "Timeout during connect (likely firewall problem)", Outcome.SILENT, "203.0.113.5"),
        ("connection", FETCH + "Connection refused", Outcome.REFUSED, "203.0.113.5"),
        ("connection", "2001:db8::5: Fetching http://b/: Connection refused", Outcome.REFUSED, "2001:db8::5"),
        ("connection", FETCH + "Connection reset by peer", Outcome.OTHER, "203.0.113.5"),
        ("unauthorized", "203.0.113.5: Invalid response from http://b/x: 404", Outcome.OTHER, "203.0.113.5"),
        ("unauthorized", 'The key authorization file … did not match. Expected "a" (got "b")', Outcome.OTHER, ""),
        ("unauthorized", '203.0.113.5: Cannot negotiate ALPN protocol "acme-tls/1"', Outcome.OTHER, "203.0.113.5"),
        ("tls", "203.0.113.5: remote error: tls: no application protocol", Outcome.OTHER, "203.0.113.5"),
        ("dns", "DNS problem: NXDOMAIN looking up A for blog.example.com", Outcome.NAME, ""),
        ("dns", "DNS problem: SERVFAIL looking up CAA for example.com", Outcome.NAME, ""),
        ("caa", "CAA record for example.com prevents issuance", Outcome.CAA, ""),
        ("rejectedIdentifier", "Cannot issue for it: policy forbids", Outcome.REJECTED, ""),
        ("rateLimited", "too many failed authorizations recently", Outcome.LIMITED, ""),
        ("connection", GET + "i/o timeout (Client.Timeout exceeded)", Outcome.SILENT, "203.0.113.5"),
        ("connection", GET + "connect: connection refused", Outcome.REFUSED, "203.0.113.5"),
        ("connection", GET + "connect: no route to host", Outcome.REFUSED, "203.0.113.5"),
        ("unauthorized", "Non-200 status code from HTTP: http://b:80/x returned 404", Outcome.OTHER, ""),
        ("malformed", 'Could not resolve URL "blog.example.com"', Outcome.NAME, ""),
        ("connection", "something new", Outcome.UNCLEAR, ""),
    ],
)
def test_a_reason_is_understood(kind: str, words: str, outcome: Outcome, address: str) -> None:
    assert classify(kind, words) is outcome
    assert address_in(words) == address


@pytest.mark.parametrize(("seconds", "outcome"), [(0.1, Outcome.UNMET), (10.0, Outcome.SILENT)])
def test_pebble_says_only_that_it_failed_and_the_time_says_how(seconds: float, outcome: Outcome) -> None:
    words = "Failed to connect to [2001:db8::5]:443 for the tls-alpn-01 challenge"
    assert classify("connection", words, seconds) is outcome
    assert address_in(words) == "2001:db8::5"


@pytest.mark.parametrize(
    ("rules", "identities", "may"),
    [
        ([], LETS_ENCRYPT, True),
        ([("iodef", "mailto:olga@example.com")], LETS_ENCRYPT, True),
        ([("issue", "letsencrypt.org")], LETS_ENCRYPT, True),
        ([("issue", "LetsEncrypt.org; accounturi=https://x/1")], LETS_ENCRYPT, True),
        ([("issue", "other.example")], LETS_ENCRYPT, False),
        ([("issue", "other.example"), ("issue", "letsencrypt.org")], LETS_ENCRYPT, True),
        ([("issue", ";")], LETS_ENCRYPT, False),
        ([("issue", ";")], (), False),
        ([("issue", "other.example")], (), None),
        ([("issue", "letsencrypt.org; validationmethods=dns-01")], LETS_ENCRYPT, False),
        ([("issue", "letsencrypt.org; validationmethods=dns-01,http-01")], LETS_ENCRYPT, True),
        ([("issuewild", ";")], LETS_ENCRYPT, True),
    ],
)
def test_the_domain_says_who_may_sign(
    rules: list[tuple[str, str]], identities: tuple[str, ...], may: bool | None
) -> None:
    found = Rules(Heard.FOUND, "example.com", tuple(Rule(False, tag, value) for tag, value in rules))
    assert may_sign(found, identities, BOTH) is may


def test_who_does_not_know_a_critical_rule_must_not_sign() -> None:
    assert may_sign(Rules(Heard.FOUND, "example.com", (Rule(True, "future", "x"),)), LETS_ENCRYPT, BOTH) is False
