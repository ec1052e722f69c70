"""The router between this network and the internet: what it says of itself, and what it is asked to forward."""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta

from homeport.core.config import Config
from homeport.https import natpmp, network, upnp
from homeport.https.upnp import Forward

WEEK = 7 * 86400


@dataclass(frozen=True)
class Router:
    """What is known of the router.

    `outside` is the address it says the internet knows it by: "" where it says it has none, None where it says nothing.
    `forwards` is what it says it does with the ports asked about. `beyond` is the router after it, "" if unknown.
    """

    gateway: str
    own: str
    name: str = ""
    upnp: bool = False
    natpmp: bool = False
    outside: str | None = None
    forwards: tuple[Forward, ...] = ()
    beyond: str = ""

    @property
    def answers(self) -> bool:
        """Whether it can be asked to forward ports."""
        return self.upnp or self.natpmp

    @property
    def is_shared(self) -> bool:
        """Whether others share the outside address: this router has none of its own."""
        if self.outside is None:
            return network.is_shared(self.beyond)
        # What it says of itself counts for more: providers number their own routers so too, behind a public address.
        return not network.is_outside(self.outside)


def examine(ports: Sequence[int], towards: str) -> Router:
    """Ask the router in both languages at once. `towards`: an IPv4 address of the internet, to see what lies behind."""
    gateway = network.gateway()
    own = network.own_address(gateway)
    if network.is_outside(own):
        return Router(gateway, own, outside=own)  # no router translates anything: the internet leads to this machine
    with ThreadPoolExecutor(3) as pool:
        speaking = pool.submit(upnp.find, gateway)
        said = pool.submit(natpmp.outside_address, gateway)
        beyond = pool.submit(network.hop, towards, 2) if towards else None
        found, address = speaking.result(), said.result()
        further = beyond.result() if beyond else ""
    outside = _first(found.outside_address() if found else None, address)
    forwards = tuple(_forwards(found, ports)) if found else ()
    name = found.name if found else ""
    return Router(gateway, own, name, found is not None, address is not None, outside, forwards, further)


def _first(*answers: str | None) -> str | None:
    known = [answer for answer in answers if answer is not None]
    return next(filter(None, known), "" if known else None)


def _forwards(found: upnp.Gateway, ports: Sequence[int]) -> Iterator[Forward]:
    for port in ports:
        forward = found.forwarded("TCP", port)
        if forward:
            yield forward


def wanted(config: Config, own: str) -> list[Forward]:
    """What readers need: HTTPS over TCP and, for HTTP/3, UDP; and port 80, which leads to it."""
    return [
        Forward("TCP", config.https_port, config.https_port, own),
        Forward("UDP", config.https_port, config.https_port, own),
        Forward("TCP", 80, config.http_port, own),
    ]


@dataclass(frozen=True)
class Answer:
    """What the router said to one wish: `problem` is its reason against it, `until` when it ends by itself."""

    wish: Forward
    problem: str = ""
    until: datetime | None = None


def ask(wishes: Sequence[Forward], now: datetime) -> list[Answer] | None:
    """Have each forwarded, by UPnP or else by NAT-PMP, and see what became of it; None where no router answers."""
    gateway = network.gateway()
    found = upnp.find(gateway)
    if found:
        return [_by_upnp(found, wish, now) for wish in wishes]
    if natpmp.outside_address(gateway) is not None:
        return [_by_natpmp(gateway, wish, now) for wish in wishes]
    return None


def _by_upnp(found: upnp.Gateway, wish: Forward, now: datetime) -> Answer:
    there = found.forwarded(wish.protocol, wish.outside)
    if there and there.client != wish.client:
        return Answer(wish, f"it already forwards this port to {there.client}")
    try:
        found.forward(wish)
    except upnp.Refused as refused:
        return Answer(wish, str(refused))
    made = found.forwarded(wish.protocol, wish.outside)  # some say yes and do nothing
    if made is None or (made.client, made.inside) != (wish.client, wish.inside):
        return Answer(wish, "it said yes, and does not list it")
    return Answer(wish, until=_after(made.seconds, now))


def _by_natpmp(gateway: str, wish: Forward, now: datetime) -> Answer:
    try:
        granted, lasting = natpmp.forward(gateway, wish.protocol, wish.inside, wish.outside, WEEK)
    except natpmp.Refused as refused:
        return Answer(wish, str(refused))
    except TimeoutError:
        return Answer(wish, "it did not answer")
    if granted != wish.outside:
        natpmp.withdraw(gateway, wish.protocol, wish.inside)
        return Answer(wish, f"it offered port {granted} in its place, which nobody would look for")
    return Answer(wish, until=_after(lasting, now))


def _after(seconds: int, now: datetime) -> datetime | None:
    return now + timedelta(seconds=seconds) if seconds else None
