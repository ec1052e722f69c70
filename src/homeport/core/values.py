"""What a value of a setting may look like: each function here makes one out of what somebody wrote.

All raise ValueError with the end of a sentence that begins with the setting's name.
"""

from collections.abc import Callable
from email.utils import parseaddr
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from urllib.parse import urlsplit

Network = IPv4Network | IPv6Network


def text(value: str) -> str:
    """Any text."""
    return value.strip()


def integer(least: int, most: int) -> Callable[[str], int]:
    """A whole number in a range."""

    def parse(value: str) -> int:
        try:
            number = int(value)
        except ValueError:
            number = least - 1
        if not least <= number <= most:
            raise ValueError(f"must be a whole number from {least} to {most}")
        return number

    return parse


def choice(*allowed: str) -> Callable[[str], str]:
    """One of some words."""

    def parse(value: str) -> str:
        if value not in allowed:
            raise ValueError("must be one of " + ", ".join(allowed))
        return value

    return parse


def url(*schemes: str) -> Callable[[str], str]:
    """An address with one of some schemes; may be empty."""

    def parse(value: str) -> str:
        if value and urlsplit(value).scheme not in schemes:
            raise ValueError("must be an address that begins with " + " or ".join(f"{s}://" for s in schemes))
        return value

    return parse


def mail_server(value: str) -> str:
    """The address of a mail server; may be empty."""
    parts = urlsplit(value)
    try:
        usable = parts.scheme in {"smtp", "smtps"} and bool(parts.hostname) and parts.port != 0
    except ValueError:  # the port is none
        usable = False
    if value and not usable:
        raise ValueError("must be an address such as smtp://user:password@host:587")
    return value


def sender(value: str) -> str:
    """An e-mail address, with or without a name; may be empty."""
    if value and parseaddr(value)[1].count("@") != 1:
        raise ValueError("must be an email address, or a name with one such as My blog <me@example.com>")
    return value.strip()


def host_name(value: str) -> str:
    """The name of a host, without scheme and path."""
    name = value.strip().lower().rstrip(".")
    allowed = set("abcdefghijklmnopqrstuvwxyz0123456789.-:[]")
    if not set(name) <= allowed or "//" in name:
        raise ValueError("must be a host name such as blog.example.com, without https:// and without a path")
    return name


def host_names(value: str) -> tuple[str, ...]:
    """Names of hosts, separated by commas."""
    return tuple(host_name(name) for name in value.split(",") if name.strip())


def networks(value: str) -> tuple[Network, ...]:
    """Addresses and networks, separated by commas."""
    try:
        return tuple(ip_network(part.strip(), strict=False) for part in value.split(",") if part.strip())
    except ValueError:
        raise ValueError(
            "must be IP addresses or networks, separated by commas, such as 127.0.0.1, 10.0.0.0/8"
        ) from None


def file(value: str) -> str:
    """The path of a file, from wherever the command is typed; "" for none. A link stays one: what renews a certificate
    has it lead to the next file (certbot: live/)."""
    return str(Path(value).expanduser().absolute()) if value.strip() else ""


def pairs(value: str) -> tuple[tuple[str, str], ...]:
    """`name=value` pairs, separated by white space. A value may hold further equals signs."""
    found = [part.partition("=") for part in value.split()]
    if not all(name and equals and given for name, equals, given in found):
        raise ValueError("must be name=value, or several of these with spaces between them")
    return tuple((name, given) for name, _equals, given in found)
