"""Asking a router by UPnP (Internet Gateway Device): its outside address, what it forwards, and to forward more.

Whatever answers in the home network may claim to be the router, so only addresses of the home network are looked at.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

import requests
import upnpclient
from lxml import etree
from upnpclient import ssdp
from upnpclient.soap import SOAPError, SOAPProtocolError

from homeport.core.net import place_of

SEARCH_SECONDS = 2.5  # routers answer within the two seconds that the question names (UPnP 1.1, MX)
NAME = "Homeport"
# Everything that a device which is not quite what it says can make of a conversation.
_TROUBLES = (
    requests.RequestException,
    etree.LxmlError,
    upnpclient.UPNPError,
    SOAPError,
    SOAPProtocolError,
    KeyError,
    ValueError,
    TypeError,
    AttributeError,
)


class Refused(Exception):
    """The router answered, and not with what was asked for."""


class Unreadable(Refused):
    """What came back was no answer, or nothing did."""


@dataclass(frozen=True)
class Forward:
    """One forwarding: from a port outside to a machine's port; `seconds` until it ends, 0 for never."""

    protocol: str
    outside: int
    inside: int
    client: str
    seconds: int = 0


class Gateway:
    """A router that answers UPnP."""

    def __init__(self, device: Any) -> None:
        self._device = device
        self.name = str(device.friendly_name or device.model_name or "router")[:60]

    def outside_address(self) -> str | None:
        """Its own outside address; "" where it says it has none (newer routers say so of carrier-grade NAT), None where
        nothing came back that could be read."""
        try:
            found = str(self._call("GetExternalIPAddress").get("NewExternalIPAddress") or "")
            return "" if not found or ip_address(found).is_unspecified else found
        except (Unreadable, ValueError):
            return None
        except Refused:
            return ""

    def forwarded(self, protocol: str, outside: int) -> Forward | None:
        """What it does with a port from outside, as far as it tells; None for nothing known."""
        try:
            found = self._call(
                "GetSpecificPortMappingEntry", NewRemoteHost="", NewExternalPort=outside, NewProtocol=protocol
            )
        except Refused:
            return None
        client, inside = str(found.get("NewInternalClient")), int(found.get("NewInternalPort") or 0)
        return Forward(protocol, outside, inside, client, int(found.get("NewLeaseDuration") or 0))

    def forward(self, wanted: Forward) -> None:
        """Have a port forwarded for good, or for as long as the router allows. Raises Refused with its reason."""
        self._call(
            "AddPortMapping",
            NewRemoteHost="",
            NewExternalPort=wanted.outside,
            NewProtocol=wanted.protocol,
            NewInternalPort=wanted.inside,
            NewInternalClient=wanted.client,
            NewEnabled="1",
            NewPortMappingDescription=NAME,
            NewLeaseDuration=wanted.seconds,
        )

    def _call(self, action: str, **arguments: Any) -> dict[str, Any]:
        try:
            found = self._device.find_action(action)
            if found is None:
                raise Unreadable(f"it does not know {action}")
            answer: dict[str, Any] = found(**arguments)
        except SOAPError as error:
            raise Refused(f"its answer was {' '.join(map(str, error.args))}") from None
        except _TROUBLES as error:
            raise Unreadable(f"its answer could not be read ({type(error).__name__})") from None
        return answer


def find(gateway: str) -> Gateway | None:
    """The router of this network, if it answers; where several do, the one that this machine sends through."""
    places = {entry.location for entry in ssdp.scan(SEARCH_SECONDS)}
    at_home = [place for place in places if place_of(urlsplit(place).hostname or "") == "home network"]
    ordered = sorted(at_home, key=lambda place: (urlsplit(place).hostname != gateway, place))
    return next(_gateways(ordered), None)


def _gateways(places: list[str]) -> Iterator[Gateway]:
    for place in places:
        try:
            device = upnpclient.Device(place)
            if device.find_action("AddPortMapping"):
                yield Gateway(device)
        except _TROUBLES:
            continue
