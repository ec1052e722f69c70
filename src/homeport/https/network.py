"""What this machine knows of its own place in the network, without asking anybody: addresses, the router, its owner.

All of it is read from Linux's /proc; on another system each answer is "not known".
"""

import os
import socket
import struct
from contextlib import closing, suppress
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from pathlib import Path

from homeport.core.net import place_of

SHARED = ip_network("100.64.0.0/10")
"""What providers number their customers' routers with where several share one outside address (RFC 6598)."""
_ROUTES, _ADDRESSES = Path("/proc/net/route"), Path("/proc/net/if_inet6")
_IS_GATEWAY, _DEFAULT = 0x2, "00000000"
_UNUSABLE = 0x01 | 0x20 | 0x40  # temporary (RFC 8981), deprecated and tentative: linux/if_addr.h
_GLOBAL = ip_network("2000::/3")  # RFC 4291: all that is handed out so far
_IP_RECVERR, _TIME_EXCEEDED = 11, 11


def gateway() -> str:
    """The IPv4 address of the router, "" where there is none or nobody knows."""
    with suppress(OSError, ValueError):
        for line in _ROUTES.read_text().splitlines()[1:]:
            _device, destination, router, flags, *_ = line.split()
            if destination == _DEFAULT and int(flags, 16) & _IS_GATEWAY:
                return str(IPv4Address(struct.pack("=L", int(router, 16))))
    return ""


def own_address(towards: str) -> str:
    """The IPv4 address this machine has towards another one; "" for none. Nothing is sent: connecting UDP is a note."""
    with closing(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) as probe, suppress(OSError):
        probe.connect((towards or "192.0.2.1", 9))
        return str(probe.getsockname()[0])
    return ""


def own_ipv6() -> tuple[str, ...]:
    """The lasting IPv6 addresses of this machine that the internet can lead to."""
    found = []
    with suppress(OSError, ValueError):
        for line in _ADDRESSES.read_text().splitlines():
            digits, _index, _length, _scope, flags, _device = line.split()
            address = IPv6Address(int(digits, 16))
            if address in _GLOBAL and not int(flags, 16) & _UNUSABLE:
                found.append(str(address))
    return tuple(found)


def is_own(address: str) -> bool:
    """Whether others find this machine at an address: only one that it has may be sent from."""
    with suppress(ValueError, OSError):
        parsed = ip_address(address)
        if parsed.is_unspecified or parsed.is_loopback:
            return False
        family = socket.AF_INET6 if parsed.version == 6 else socket.AF_INET
        with closing(socket.socket(family, socket.SOCK_DGRAM)) as probe:
            probe.bind((address, 0))
            return True
    return False


def is_outside(address: str) -> bool:
    """Whether an address is one that the internet leads to, and not one of a home, a provider's inside or a machine."""
    with suppress(ValueError):
        parsed = ip_address(address)
        return place_of(address) == "internet" and parsed not in SHARED and not parsed.is_unspecified
    return False


def is_shared(address: str) -> bool:
    """Whether it is one of those that providers use inside (RFC 6598)."""
    with suppress(ValueError):
        return ip_address(address) in SHARED
    return False


def hop(towards: str, number: int, seconds: float = 1.0) -> str:
    """The address of the router that is `number` steps away on the way to `towards`; "" where it does not say.

    A packet that may make so many steps ends there, and that router says so (RFC 792, time exceeded). Linux hands the
    answer to whoever sent it, so this needs no rights.
    """
    with closing(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) as probe, suppress(OSError):
        probe.settimeout(seconds)
        probe.setsockopt(socket.IPPROTO_IP, _IP_RECVERR, 1)
        probe.setsockopt(socket.IPPROTO_IP, socket.IP_TTL, number)
        probe.connect((towards, 33434))
        probe.send(b"")
        with suppress(OSError):
            probe.recv(1)  # waits; the error itself only says that there is one
        _data, extra, _flags, _from = probe.recvmsg(512, 512, socket.MSG_ERRQUEUE)
        return next((_offender(content) for _level, kind, content in extra if kind == _IP_RECVERR), "")
    return ""


def _offender(content: bytes) -> str:
    # struct sock_extended_err (16 bytes), then the sockaddr_in of who answered: linux/errqueue.h
    kind = content[5]
    return str(IPv4Address(content[20:24])) if kind == _TIME_EXCEEDED else ""


def account() -> str:
    """Who runs this, for sentences: "root", or the number of the account."""
    return "root" if os.geteuid() == 0 else f"account {os.geteuid()}"
