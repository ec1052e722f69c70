"""When the blog gets itself a new certificate by a record in the domain, and how long it waits after a failure."""

import json
from contextlib import suppress
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from homeport.core import vault
from homeport.core.config import Config
from homeport.core.ids import digest
from homeport.core.lazily import Lazy
from homeport.https import attempts, certificates, secret_files
from homeport.https.attempts import Attempt

if TYPE_CHECKING:
    from cryptography import x509
    from cryptography.hazmat.primitives import serialization
else:
    x509 = Lazy("cryptography.x509")
    serialization = Lazy("cryptography.hazmat.primitives.serialization")

# An authority takes few failed tries: Let's Encrypt five an hour (https://letsencrypt.org/docs/rate-limits/).
WAITS = tuple(timedelta(minutes=minutes) for minutes in (1, 4, 15, 30, 60, 120, 240, 360))
SHORTEST_WAIT = timedelta(seconds=10)
TRIED_WITH = "tried-with"


def due(config: Config, now: datetime) -> bool:
    """Whether a certificate is to be had now: there is none for the blog's name, or a third of its time is left, and no
    failure was so lately that it is too soon. Settings that were changed since are tried at once."""
    if config.https_method != "dns" or not config.edge:
        return False
    held = _held(config)
    if held and now < renewed_at(held):
        return False
    last = attempts.last(config)
    if last is None or last.next_at is None or now >= last.next_at:
        return True
    if last.succeeded:  # and what it brought is gone
        return not last.at <= now < last.at + SHORTEST_WAIT
    # A next time that is further away than any wait was written by a clock that was wrong.
    return last.next_at - now > WAITS[-1] or _tried_with(config) != _settings(config)


def renewed_at(held: certificates.Certificate) -> datetime:
    """When a third of a certificate's time is left."""
    return held.ends - (held.ends - held.begins) / 3


def keep(config: Config, key: bytes, chain: bytes) -> None:
    """Hand a certificate to the edge, as the three files that Caddy keeps its own in (certmagic: KeyBuilder)."""
    place = certificates.place(config)
    about = json.dumps({"sans": [config.domain], "issuer_data": {}}).encode()
    files = {".key": key, ".json": about, ".crt": chain}  # the last is the one that is looked for
    secret_files.write(place.parent, {place.with_suffix(kind).name: content for kind, content in files.items()})


def begin(config: Config) -> None:
    """Write down that there is a try, with which settings. Raises OSError, before anybody is asked: where nothing can
    be kept, an authority would be asked again every few seconds."""
    secret_files.write(config.caddy_folder, {TRIED_WITH: _settings(config).encode()})


def note(config: Config, now: datetime, error: str = "") -> None:
    """Write down how a try went, and when the next one is due."""
    before, held = attempts.last(config), certificates.current(config)
    regular = renewed_at(held) if held else None
    attempts.note(config, Attempt(now, not error, error, now + _wait(before, held) if error else regular))


def _wait(before: Attempt | None, held: certificates.Certificate | None) -> timedelta:
    """The next longer one of WAITS; a certificate that lasts less than usual leaves less time to wait."""
    waited = timedelta(0)
    if before and not before.succeeded and before.next_at:
        waited = before.next_at - before.at
    wait = next((each for each in WAITS if each > waited), WAITS[-1])
    return min(wait, max(SHORTEST_WAIT, (held.ends - held.begins) / 100)) if held else wait


def _held(config: Config) -> certificates.Certificate | None:
    """The certificate, if its key lies beside it: a sudden end may come between the one file and the other."""
    place = certificates.place(config)
    with suppress(OSError, ValueError):
        key = serialization.load_pem_private_key(place.with_suffix(".key").read_bytes(), None)
        shown = x509.load_pem_x509_certificate(place.read_bytes())
        if key.public_key() == shown.public_key():
            return certificates.current(config)
    return None


def _tried_with(config: Config) -> str:
    with suppress(OSError):
        return (config.caddy_folder / TRIED_WITH).read_text()
    return ""


def _settings(config: Config) -> str:
    """A digest of what a try depends on, under a key of the blog: nobody can read or guess a password out of it."""
    told = (config.domain, config.https_acme_directory, config.https_dns_provider, config.https_dns_credentials)
    return digest(vault.marks(config, repr(told))[0])
