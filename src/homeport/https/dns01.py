"""A certificate by a record in the domain: the challenge dns-01 (RFC 8555, 8.4), for who can open no port.

Slow work, all of it: nothing here may run within a transaction. This module loads `acme` and `dns-lexicon` (30 MB), so
it is itself loaded when a certificate is due.
"""

import json
import logging
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlsplit

import requests
from acme import challenges, client, crypto_util, errors, messages
from josepy.errors import Error as JoseError

from homeport.core.config import Config
from homeport.core.errors import Problem
from homeport.https import lookups, secret_files
from homeport.https.account import new_key, open_account
from homeport.https.providers import Records, records

log = logging.getLogger(__name__)
LEFT = "challenge.json"
"""In the folder of the edge: the record that stands in the domain now, for who has to tidy up after a sudden end."""
DECIDED_SECONDS = 120
MOST_CHARACTERS = 300


@dataclass(frozen=True)
class Signed:
    """A private key and the certificate for it, with those it is signed by; both PEM."""

    key: bytes
    chain: bytes


def obtain(config: Config, patience: float = lookups.PROPAGATION_SECONDS) -> Signed:
    """A new certificate for the blog's domain, with a new key.

    `patience` (seconds): how long the record may take to be seen at the domain's name servers. Raises Problem, with one
    sentence that holds no secret, and OSError where the folder of the edge can't be written. Whatever happens, the
    record is taken away again.
    """
    written = records(config)
    _tidy_up(config, written)
    try:
        return _order(config, written, patience)
    except requests.exceptions.SSLError:
        why = "shows a certificate that this machine does not trust; see https_acme_root"
    except requests.RequestException:
        why = "does not answer"
    except messages.Error as error:
        raise _refusal(config, error) from None
    except errors.ValidationError as error:
        raise _refusal(config, _first_reason(error)) from None
    except errors.IssuanceError as error:
        raise _refusal(config, error.error) from None
    except errors.TimeoutError:
        why = f"has not decided within {DECIDED_SECONDS} seconds"
    except (errors.Error, JoseError, KeyError):  # the last: a directory in which something is missing
        why = "answers with something that is not ACME; look at https_acme_directory"
    raise Problem(f"The certificate authority {_host(config)} {why}.", code="authority_away")


def _order(config: Config, written: Records, patience: float) -> Signed:
    authority = open_account(config)
    key = new_key()
    order = authority.new_order(crypto_util.make_csr(key, [config.domain]))
    with ExitStack() as standing:
        for asked in order.authorizations:
            if asked.body.status != messages.STATUS_VALID:
                challenge = _challenge(config, asked)
                _show(config, written, authority, challenge, patience, standing)
                authority.answer_challenge(challenge, challenge.response(authority.net.key))
        # `acme` reckons with local time without a zone.
        limit = datetime.now() + timedelta(seconds=DECIDED_SECONDS)  # noqa: DTZ005
        done = authority.poll_and_finalize(order, limit)
    return Signed(key, done.fullchain_pem.encode())


def _challenge(config: Config, asked: messages.AuthorizationResource) -> messages.ChallengeBody:
    for offered in asked.body.challenges:
        if isinstance(offered.chall, challenges.DNS01):
            return offered
    raise Problem(
        f"The certificate authority {_host(config)} does not take a record in the domain as proof (dns-01).",
        code="authority_refused",
    )


def _show(
    config: Config,
    written: Records,
    authority: client.ClientV2,
    challenge: messages.ChallengeBody,
    patience: float,
    standing: ExitStack,
) -> None:
    asked_at = challenge.chall.validation_domain_name(config.domain)
    name = lookups.end_of_aliases(asked_at)
    try:
        zone = written.zone(name)
        value = challenge.validation(authority.net.key)
        standing.enter_context(_record(config, written, (zone, name, value)))
    except Problem as problem:
        if name != asked_at:
            problem.message += f" {asked_at} leads there by a CNAME record."
        raise
    lookups.wait_for(name, zone, value, patience)


@contextmanager
def _record(config: Config, written: Records, record: tuple[str, str, str]) -> Iterator[None]:
    """Within it, the record stands in the domain."""
    secret_files.write(config.caddy_folder, {LEFT: json.dumps(record).encode()})
    try:
        written.add(*record)
        yield
    finally:
        _take_away(config, written, record)


def _take_away(config: Config, written: Records, record: tuple[str, str, str]) -> None:
    """Never raises: the record does no harm, and what it was for must not fail by it."""
    try:
        written.remove(*record)
        (config.caddy_folder / LEFT).unlink(missing_ok=True)
    except (Problem, OSError) as error:
        log.warning("a record could not be taken away again", extra={"record": record[1], "why": error})


def _tidy_up(config: Config, written: Records) -> None:
    """Take away the record that a worker left who was ended in the middle."""
    with suppress(OSError, ValueError):
        zone, name, value = json.loads((config.caddy_folder / LEFT).read_text())
        _take_away(config, written, (zone, name, value))


def _first_reason(error: errors.ValidationError) -> messages.Error | None:
    return next((each.error for asked in error.failed_authzrs for each in asked.body.challenges if each.error), None)


def _refusal(config: Config, error: messages.Error | None) -> Problem:
    detail = " ".join((error.detail or error.typ or "").split()) if error else ""
    why = detail[:MOST_CHARACTERS].rstrip(".") or "it did not say why"
    return Problem(f"The certificate authority {_host(config)} refused: {why}.", code="authority_refused")


def _host(config: Config) -> str:
    return urlsplit(config.https_acme_directory).hostname or config.https_acme_directory
