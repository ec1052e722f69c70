"""Addresses: whose forwarded headers are believed, and who is asking."""

from collections.abc import Iterable
from ipaddress import ip_address, ip_network
from typing import TYPE_CHECKING
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from werkzeug.middleware.proxy_fix import ProxyFix

from homeport.core.values import Network
from homeport.core.watching import EDGE

if TYPE_CHECKING:
    from collections.abc import Sequence

_FORWARDED = (
    "HTTP_X_FORWARDED_FOR",
    "HTTP_X_FORWARDED_PROTO",
    "HTTP_X_FORWARDED_HOST",
    "HTTP_X_FORWARDED_PORT",
    "HTTP_X_FORWARDED_PREFIX",
    "HTTP_X_FORWARDED_TLS",
    "HTTP_FORWARDED",
)

# RFC 1918, 3927, 4193 and 4291. Python's `is_private` also names networks that are for documents and tests.
_AT_HOME = tuple(
    map(ip_network, ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16", "fc00::/7", "fe80::/10"))
)


class TrustedProxies:
    """WSGI middleware: believes `X-Forwarded-For` and `-Proto` from the given networks, removes them from anybody else.

    The host name is never taken from a header of a proxy: links come from the configured address.
    """

    def __init__(self, app: WSGIApplication, networks: "Sequence[Network]") -> None:
        self._app = app
        self._behind_proxy = ProxyFix(app, x_for=1, x_proto=1, x_host=0, x_port=0, x_prefix=0)
        self._networks = tuple(networks)

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        if self._networks and self._believes(environ.get("REMOTE_ADDR", "")):
            return self._behind_proxy(environ, start_response)
        for name in _FORWARDED:
            environ.pop(name, None)
        return self._app(environ, start_response)

    def _believes(self, peer: str) -> bool:
        try:
            address = ip_address(peer)
        except ValueError:
            return False
        address = getattr(address, "ipv4_mapped", None) or address  # an IPv4 peer of a socket that listens on `::`
        return any(address in network for network in self._networks)


def from_edge(app: WSGIApplication) -> WSGIApplication:
    """WSGI middleware behind our own edge: believes what it says of a reader's address, scheme and connection.

    Only what comes by the socket in the data directory is believed, whose peer has no address; the edge has replaced
    whatever the reader wrote in these headers. From anybody else they are removed. A closure, as each page passes here.
    """
    stranger = TrustedProxies(app, ())

    def serve(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        if environ.get("REMOTE_ADDR"):
            return stranger(environ, start_response)
        environ["REMOTE_ADDR"] = environ.pop("HTTP_X_FORWARDED_FOR", "")
        scheme = environ["wsgi.url_scheme"] = environ.pop("HTTP_X_FORWARDED_PROTO", "http")
        connection = environ.pop("HTTP_X_FORWARDED_TLS", "")
        if scheme == "https":
            environ[EDGE] = connection
        return app(environ, start_response)

    return serve


def network_of(address: str) -> str:
    """The network a throttle counts by: an IPv4 address itself, an IPv6 address's /64, all of which one home has."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return "unknown"
    if parsed.version == 4:
        return str(parsed)
    if parsed.ipv4_mapped:
        return str(parsed.ipv4_mapped)
    return ":".join(parsed.exploded.split(":")[:4]) + "::/64"


def place_of(address: str) -> str:
    """Where in the world of networks an address is, in words that people know."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return "unknown network"
    parsed = getattr(parsed, "ipv4_mapped", None) or parsed
    if parsed.is_loopback:
        return "this machine"
    return "home network" if any(parsed in network for network in _AT_HOME) else "internet"
