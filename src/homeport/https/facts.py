"""What the doctor has found out, before anybody judges it."""

from dataclasses import dataclass, field
from datetime import datetime

from homeport.core.config import Config
from homeport.https.attempts import Attempt
from homeport.https.authority import Authority
from homeport.https.certificates import Certificate
from homeport.https.holders import Port
from homeport.https.names import Heard, Names
from homeport.https.reasons import Outcome
from homeport.https.router import Router
from homeport.https.trial import Tried

HTTPS, HTTP = 443, 80


@dataclass(frozen=True)
class Facts:
    """Everything that was found out about one blog.

    `led_here` are those of the name's addresses that this machine has. `tried` holds a try for each port that was
    tried, `untried` why another was not. `refused`: a sentence about a new certificate that the edge does not take.
    """

    config: Config
    now: datetime
    names: Names
    https: Port
    http: Port
    router: Router
    staging: Authority
    authority: Authority
    own_ipv6: tuple[str, ...]
    led_here: tuple[str, ...]
    certificate: Certificate | None
    attempt: Attempt | None
    tried: dict[int, Tried] = field(default_factory=dict)
    untried: dict[int, str] = field(default_factory=dict)
    refused: str = ""

    def reached(self, port: int) -> bool:
        """Whether the authority came through."""
        return port in self.tried and self.tried[port].outcome is Outcome.REACHED

    @property
    def any_reached(self) -> bool:
        """Whether it came through by any port."""
        return any(map(self.reached, self.tried))

    @property
    def outside(self) -> str:
        """The address that the internet knows this network by; "" where nobody said so."""
        return self.router.outside or "" if not self.router.is_shared else ""

    @property
    def leads_elsewhere(self) -> bool:
        """Whether the name's IPv4 address is known to be another's."""
        found = self.names.a
        return found.heard is Heard.FOUND and bool(self.outside) and self.outside not in found.values

    @property
    def six_leads_elsewhere(self) -> bool:
        """Whether the name's IPv6 address is not one of this machine's: no router translates those."""
        return bool(self.names.aaaa.values) and not set(self.names.aaaa.values) & set(self.own_ipv6)

    def went_to(self, found: Tried) -> str:
        """Where the authority went; one that does not say so, as pebble after it waited in vain, tries IPv6 first."""
        return found.address or next(iter(self.names.aaaa.values), "") or ", ".join(self.names.a.values)

    def reached_by_six(self, port: int) -> bool:
        """Whether it came through by IPv6."""
        return self.reached(port) and ":" in self.tried[port].address

    def kept_out_by_six(self, port: int) -> bool:
        """Whether the authority found no way in at an IPv6 address that is this machine's."""
        found = self.tried.get(port)
        if found is None or self.six_leads_elsewhere:
            return False
        shut = found.outcome in {Outcome.SILENT, Outcome.REFUSED, Outcome.UNMET}
        return any(":" in each for each in (*found.given_up, self.went_to(found) if shut else ""))

    @property
    def names_at_all(self) -> bool:
        """Whether the name leads anywhere."""
        return bool(self.names.a.values or self.names.aaaa.values)
