"""Who keeps the domain's records, and how a record is written there: by dns-lexicon, or on a server of one's own."""

import logging
from argparse import ArgumentParser
from collections.abc import Callable
from concurrent.futures import Future
from difflib import get_close_matches
from threading import Thread
from typing import Any, Protocol, TypeVar
from urllib.parse import quote, quote_plus

import requests
from lexicon._private.discovery import find_providers, load_provider_module
from lexicon.client import Client
from lexicon.config import ConfigResolver
from lexicon.exceptions import AuthenticationError

from homeport.core.config import Config, ConfigError
from homeport.core.errors import Problem
from homeport.https import lookups, rfc2136

T = TypeVar("T")
OWN_SERVER = "rfc2136"
LEFT_OUT = {"auto", "ddns"}  # one guesses who it is, the other does not look at what the server answers
ANSWER_SECONDS = 120.0
MOST_CHARACTERS = 200

for name in ("acme", "lexicon", "requests", "urllib3"):
    logging.getLogger(name).setLevel(logging.ERROR)  # they log addresses, headers and bodies with secrets in them


class Records(Protocol):
    """Where TXT records are written. Names are without a final dot; everything raises Problem."""

    def zone(self, name: str) -> str:
        """The zone that a name lies in, as far as it is kept there."""

    def add(self, zone: str, name: str, value: str) -> None:
        """Put a record beside those that are there."""

    def remove(self, zone: str, name: str, value: str) -> None:
        """Take this one record away; nothing happens where it is not there."""


def records(config: Config) -> Records:
    """Where the records of the blog's domain are written. Raises ConfigError for settings it can't work with."""
    provider, told = config.https_dns_provider.lower(), dict(config.https_dns_credentials)
    if not provider:
        raise ConfigError(
            "https_dns_provider is missing: with https_method = dns it names who keeps the domain's records, "
            "such as cloudflare, desec or rfc2136."
        )
    if provider == OWN_SERVER:
        return _own_server(told)
    _look_up(provider)
    _compare(provider, told, _options(provider), ())
    return _Lexicon(provider, told)


def _own_server(told: dict[str, str]) -> Records:
    _compare(OWN_SERVER, told, rfc2136.OPTIONS, rfc2136.REQUIRED)
    try:
        return rfc2136.NameServer(told)
    except ValueError as error:
        raise ConfigError(f"https_dns_credentials: {OWN_SERVER} {error}.") from None


def _look_up(provider: str) -> None:
    known = {name: complete for name, complete in find_providers().items() if name not in LEFT_OUT}
    if provider not in known:
        near = get_close_matches(provider, [*known, OWN_SERVER], 1)
        meant = f"did you mean {near[0]}?" if near else "docs/https.md says where the names are listed."
        raise ConfigError(f"https_dns_provider {provider!r} is none that is known: {meant}")
    if not known[provider]:
        raise ConfigError(
            f"https_dns_provider {provider} needs more programs: type `pip install dns-lexicon[{provider}]` "
            "where Homeport is installed."
        )


def _options(provider: str) -> dict[str, str]:
    parser = ArgumentParser(add_help=False)
    load_provider_module(provider).Provider.configure_parser(parser)
    return {action.dest: (action.help or "").strip() for action in parser._actions}


def _compare(provider: str, told: dict[str, str], known: dict[str, str], required: tuple[str, ...]) -> None:
    wanted = "; ".join(f"{name} ({meaning})" if meaning else name for name, meaning in known.items())
    if not told.keys() <= known.keys():
        # Which one it is, is not said: a token that ends with = and stands there alone passes for a name.
        raise ConfigError(
            f"https_dns_credentials: one of the names is none that {provider} takes, or has no value; write name=value "
            f"of these: {wanted}."
        )
    missing = [name for name in required if name not in told]
    if missing or not told:
        what = ", ".join(missing) or "everything"
        raise ConfigError(f"https_dns_credentials: {what} is missing for {provider}, which takes {wanted}.")


class _Lexicon:
    def __init__(self, provider: str, told: dict[str, str]) -> None:
        """Raises ConfigError where the provider's own part misses something."""
        self._provider, self._told = provider, told
        made = load_provider_module(provider).Provider
        try:
            made(self._config("example.com"))
        except Exception as error:  # they raise whatever they like
            wanted = ", ".join(_options(provider))
            raise ConfigError(
                f"https_dns_credentials: {provider} can't work with these ({self._plain(error)}); it knows {wanted}."
            ) from None

    def zone(self, name: str) -> str:
        return lookups.zone_of(name)

    def add(self, zone: str, name: str, value: str) -> None:
        self._do(zone, lambda client: client.create_record("TXT", name, value))

    def remove(self, zone: str, name: str, value: str) -> None:
        self._do(zone, lambda client: client.delete_record(rtype="TXT", name=name, content=value))

    def _config(self, zone: str) -> ConfigResolver:
        # Without `resolve_zone_name`, lexicon would fetch a list of all domains from the internet and guess.
        said = {"provider_name": self._provider, "domain": zone, "resolve_zone_name": True}
        resolver: ConfigResolver = ConfigResolver()  # type: ignore[no-untyped-call]  # has no annotations
        return resolver.with_dict({**said, self._provider: self._told})

    def _do(self, zone: str, change: Callable[[Any], object]) -> None:
        def work() -> object:
            with Client(self._config(zone)) as client:
                return change(client)

        try:
            done = _in_time(work)
        except requests.HTTPError as error:
            status = error.response.status_code if error.response is not None else "no status"
            raise self._refusal(zone, f"HTTP {status}") from None
        except (requests.ConnectionError, requests.Timeout, TimeoutError):
            raise Problem(f"The DNS provider {self._provider} does not answer.", code="dns_away") from None
        except AuthenticationError as error:
            raise self._refusal(zone, self._plain(error)) from None
        except Exception as error:  # providers raise whatever they like
            raise self._refusal(zone, self._plain(error)) from None
        if done is False:
            raise self._refusal(zone, "it did not say why")

    def _refusal(self, zone: str, why: str) -> Problem:
        return Problem(
            f"The DNS provider {self._provider} did not change the zone {zone} ({why}). "
            "Are the credentials right, and may they change this zone?",
            code="dns_refused",
        )

    def _plain(self, error: Exception) -> str:
        """What an error says, in one line, without any of the credentials."""
        said = " ".join(str(error).split()) or type(error).__name__
        for secret in sorted(self._told.values(), key=len, reverse=True):
            for form in (secret, quote(secret, safe=""), quote_plus(secret)):
                said = said.replace(form, "…")
        return said[:MOST_CHARACTERS].rstrip(".")


def _in_time(work: Callable[[], T]) -> T:
    """What the work returns or raises; TimeoutError where it takes too long: lexicon waits for an answer for ever."""
    ended: Future[T] = Future()

    def run() -> None:
        try:
            ended.set_result(work())
        except Exception as error:  # handed to who waits
            ended.set_exception(error)

    Thread(target=run, daemon=True).start()
    return ended.result(ANSWER_SECONDS)
