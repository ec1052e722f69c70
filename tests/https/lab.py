"""The home connection that tests of HTTPS stand on: that of the lab `port80`, where there is root and all its parts."""

from collections.abc import Iterator
from contextlib import contextmanager

from homeport.learn.labs_network import (
    CARRIER_INSIDE,
    DOMAIN,
    HOME,
    HOME_6,
    INSIDE,
    INTERNET,
    OUTSIDE,
    SHARED,
    Host,
)
from homeport.learn.labs_small_internet import PROGRAMS, SmallInternet, small_internet
from tests.parts import require, require_root

__all__ = [
    "CARRIER_INSIDE",
    "DOMAIN",
    "HOME",
    "HOME_6",
    "INSIDE",
    "INTERNET",
    "OUTSIDE",
    "SHARED",
    "Host",
    "Lab",
    "lab",
]

Lab = SmallInternet


@contextmanager
def lab(*, behind_carrier: bool = False, certificates_last: int = 90 * 86400) -> Iterator[Lab]:
    """Build the network, with `blog.example.com` pointing at the router and ports 80 and 443 forwarded to the home.

    `behind_carrier`: the provider shares one outside address among its customers (RFC 6598): the router's own is
    100.64.0.10. `certificates_last`: seconds, of those that the authority signs.
    """
    require_root("network namespaces")
    for program, package in PROGRAMS.items():
        require(program, package=package)
    with small_internet(behind_carrier=behind_carrier, certificates_last=certificates_last) as made:
        yield made
