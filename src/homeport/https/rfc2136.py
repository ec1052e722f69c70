"""A name server of one's own, changed by DNS UPDATE (RFC 2136) under a shared key (TSIG, RFC 8945).

dns-lexicon's `ddns` does not look at what the server answers, so that a refusal passes for a success.
"""

import binascii
from collections.abc import Mapping

import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.query
import dns.rcode
import dns.rdatatype
import dns.resolver
import dns.tsig
import dns.update
from dns.inet import is_address

from homeport.core.errors import Problem

OPTIONS = {
    "server": "its address or name",
    "key_name": "the name of the key",
    "key_secret": "the key, in Base64",
    "key_algorithm": "hmac-sha256 if not said",
    "port": "53 if not said",
}
REQUIRED = ("server", "key_name", "key_secret")
ALGORITHMS = ("hmac-sha1", "hmac-sha224", "hmac-sha256", "hmac-sha384", "hmac-sha512")
ANSWER_SECONDS = 10.0
TTL = 60


class NameServer:
    """The server that takes changes. Raises ValueError, with the end of a sentence, for credentials it can't use."""

    def __init__(self, told: Mapping[str, str]) -> None:
        self._server, self._port = told["server"], _port(told.get("port", "53"))
        algorithm = told.get("key_algorithm", "hmac-sha256").lower()
        if algorithm not in ALGORITHMS:
            raise ValueError(f"needs a key_algorithm out of {', '.join(ALGORITHMS)}")
        try:
            name = dns.name.from_text(told["key_name"])
        except dns.exception.DNSException:
            raise ValueError("needs a key_name that is written as a domain name, as tsig-keygen prints it") from None
        try:
            self._key = dns.tsig.Key(name, told["key_secret"], algorithm)
        except (binascii.Error, dns.exception.DNSException):
            raise ValueError("needs a key_secret in Base64, as tsig-keygen prints it") from None

    def zone(self, name: str) -> str:
        """The zone of this server that a name lies in. Raises Problem where there is none."""
        question = dns.message.make_query(name, "SOA")
        question.use_tsig(self._key)
        answer = self._ask(question)
        for rows in (*answer.answer, *answer.authority):
            if rows.rdtype == dns.rdatatype.SOA and answer.flags & dns.flags.AA:
                return rows.name.to_text(omit_final_dot=True)
        raise Problem(f"The name server {self._server} does not keep the zone of {name}.", code="dns_refused")

    def add(self, zone: str, name: str, value: str) -> None:
        """Put a TXT record beside those that are there. Raises Problem."""
        change = dns.update.UpdateMessage(zone, keyring=self._key)
        change.add(f"{name}.", TTL, "TXT", f'"{value}"')
        self._change(change, name)

    def remove(self, zone: str, name: str, value: str) -> None:
        """Take this one TXT record away, if it is there. Raises Problem."""
        change = dns.update.UpdateMessage(zone, keyring=self._key)
        change.delete(f"{name}.", "TXT", f'"{value}"')
        self._change(change, name)

    def _change(self, change: dns.update.UpdateMessage, name: str) -> None:
        code = self._ask(change).rcode()
        if code != dns.rcode.NOERROR:
            raise Problem(
                f"The name server {self._server} does not let the key {self._key_name} change {name} "
                f"({dns.rcode.to_text(code)}).",
                code="dns_refused",
            )

    def _ask(self, message: dns.message.Message) -> dns.message.Message:
        try:
            return dns.query.tcp(message, self._address(), port=self._port, timeout=ANSWER_SECONDS)
        except dns.tsig.PeerBadKey:
            why = f"does not know the key {self._key_name}: look at key_name"
        except (dns.tsig.PeerBadSignature, dns.tsig.BadSignature):
            why = f"has another key named {self._key_name}: look at key_secret and key_algorithm"
        except dns.tsig.PeerBadTime:
            why = "has a clock that differs from this machine's by more than five minutes"
        except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
            raise Problem(
                f"The name server {self._server} has no address in the DNS: look at server.", code="dns_away"
            ) from None
        except (dns.exception.DNSException, OSError, EOFError):
            raise Problem(
                f"The name server {self._server} does not answer on port {self._port}.", code="dns_away"
            ) from None
        raise Problem(f"The name server {self._server} {why}.", code="dns_refused")

    def _address(self) -> str:
        if is_address(self._server):
            return self._server
        return str(next(dns.resolver.Resolver().resolve_name(self._server).addresses()))

    @property
    def _key_name(self) -> str:
        return self._key.name.to_text(omit_final_dot=True)


def _port(text: str) -> int:
    if not text.isdecimal() or not 0 < int(text) < 65536:
        raise ValueError("needs a port from 1 to 65535")
    return int(text)
