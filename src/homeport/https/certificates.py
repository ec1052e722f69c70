"""The certificate that readers are shown: where it lies, whose it is, and until when it is good."""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from homeport.core.config import Config
from homeport.core.lazily import Lazy

if TYPE_CHECKING:
    from cryptography import x509
else:
    x509 = Lazy("cryptography.x509")

DAYS = (21, 7, 3)
"""How long before its end somebody is warned, of a certificate that lasts LASTS. One that lasts less has the same
parts of its life."""
LASTS = timedelta(days=90)
OWN_CERTIFICATE, OWN_KEY = "certificate.pem", "key.pem"
"""In the folder of the edge: what the method dns has got."""


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
        part = min(1.0, (self.ends - self.begins) / LASTS)
        return min((days for days in DAYS if self.ends - now <= timedelta(days=days) * part), default=None)

    def covers(self, name: str) -> bool:
        """Whether it is for this host name (RFC 6125, 6.4.3: a star stands for one label)."""
        return name in self.names or f"*.{name.partition('.')[2]}" in self.names


def current(config: Config) -> Certificate | None:
    """The one that lasts longest of those that the edge may show for the blog's name; None where there is none."""
    found = [read for path in _places(config) if (read := _read(path)) and read.covers(config.domain)]
    return max(found, key=lambda each: each.ends, default=None)


def _places(config: Config) -> Iterator[Path]:
    if config.https_method == "files":
        yield from filter(Path.is_file, [Path(config.https_certificate)])
    elif config.https_method == "dns":
        yield config.caddy_folder / OWN_CERTIFICATE
    else:
        # Caddy's own order: a folder for each authority, in it one for each name.
        yield from (config.caddy_folder / "certificates").glob(f"*/{config.domain}/{config.domain}.crt")


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
