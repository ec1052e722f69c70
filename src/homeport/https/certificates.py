"""The certificate that readers are shown: where it lies, whose it is, and until when it is good."""

import re
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from homeport.core.config import Config
from homeport.core.lazily import Lazy
from homeport.https import refusals

if TYPE_CHECKING:
    from cryptography import x509
else:
    x509 = Lazy("cryptography.x509")

DAYS = (21, 7, 3)
"""How long before its end somebody is warned, of a certificate that lasts LASTS. One that lasts less has the same
parts of its life."""
LASTS = timedelta(days=90)
NOBODY = "https://127.0.0.1:0/homeport"
"""The directory of no authority, at a port where nobody can be: what Caddy is told of certificates that the method dns
has got. It can't renew those, but takes each new one out of their folder as soon as the one it shows is due."""


@dataclass(frozen=True)
class Certificate:
    """What a certificate says of itself."""

    names: tuple[str, ...]
    issuer: str
    begins: datetime
    ends: datetime

    def warning(self, now: datetime) -> int | None:
        """The smallest of DAYS that is not left any more; 0 once it has ended, None while all is well."""
        if now >= self.ends:
            return 0
        return min((days for days in DAYS if self.ends - now <= timedelta(days=days) * self.part), default=None)

    @property
    def part(self) -> float:
        """How much of the time between things this one has, next to one that lasts LASTS; at most 1."""
        return min(1.0, (self.ends - self.begins) / LASTS)

    def covers(self, name: str) -> bool:
        """Whether it is for this host name (RFC 6125, 6.4.3: a star stands for one label)."""
        return name in self.names or f"*.{name.partition('.')[2]}" in self.names


def current(config: Config) -> Certificate | None:
    """The one that readers are shown; None where there is none for the blog's name."""
    found = _read(shown(config))
    return found if found and found.covers(config.domain) else None


def chain(config: Config) -> list[Certificate]:
    """The one that readers are shown, and those that vouch for it, each by the next; empty where there is none."""
    with suppress(OSError, ValueError):
        return [describe(found) for found in x509.load_pem_x509_certificates(shown(config).read_bytes())]
    return []


def shown(config: Config) -> Path:
    """The file with the one that readers are shown; that of the settings may hold another, which is refused."""
    return refusals.shown(config) if config.https_method == "files" else place(config)


def place(config: Config) -> Path:
    """Where the edge finds the certificate that it shows for the blog's name; whether there is one or not."""
    if config.https_method == "files":
        return Path(config.https_certificate)
    # What another authority signed before, such as the one of Caddy's own or one for trying, is not shown any more.
    directory = NOBODY if config.https_method == "dns" else config.https_acme_directory
    folder = "local" if config.https_method == "internal" else authority_folder(directory)
    return config.caddy_folder / "certificates" / folder / config.domain / f"{config.domain}.crt"


def authority_folder(directory: str) -> str:
    """What Caddy calls the folder of an authority (certmagic: ACMEIssuer.IssuerKey, then KeyBuilder.Safe)."""
    parts = urlsplit(directory)
    path = re.sub(r"[/\\\\]", "-", parts.path).strip("-")
    key = f"{parts.netloc}-{path}" if path else parts.netloc
    for found, instead in ((" ", "_"), ("+", "_plus_"), ("*", "wildcard_"), (":", "-"), ("..", "")):
        key = key.replace(found, instead)
    return re.sub(r"[^\w@.-]", "", key.lower(), flags=re.ASCII)


def _read(path: Path) -> Certificate | None:
    """The first certificate of a PEM file; None for no such file, or one that holds something else."""
    with suppress(OSError, ValueError):
        return describe(x509.load_pem_x509_certificate(path.read_bytes()))
    return None


def describe(found: "x509.Certificate") -> Certificate:
    """The parts of a certificate that people ask about."""
    try:
        named = found.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        names = tuple(named.get_values_for_type(x509.DNSName))
    except x509.ExtensionNotFound:
        names = ()
    by = found.issuer.rfc4514_string()
    return Certificate(names, by, found.not_valid_before_utc, found.not_valid_after_utc)
