"""The verbs of HTTPS that the rest of Homeport uses. What loads much is loaded when it is asked for."""

from pathlib import Path

from homeport.core.config import Config
from homeport.https import attempts, caddy, edge, shelf
from homeport.https.certificates import place
from homeport.https.edge import Sockets
from homeport.https.holders import holder

__all__ = [
    "Sockets",
    "check",
    "has_certificate",
    "holder",
    "last_attempt",
    "place",
    "prepare",
    "reload",
    "shelf",
    "watched",
    "web_socket",
]

prepare = caddy.prepare
reload = caddy.reload
last_attempt = attempts.last


def check(config: Config) -> None:
    """Raise ConfigError where the edge can't run: settings that don't fit, no Caddy, a folder that can't be written."""
    edge.check(config)
    caddy.find(config)
    caddy.make_folder(config)
    shelf.empty(config)


def web_socket(config: Config) -> Path:
    """Where the web server waits for what the edge passes on."""
    return config.caddy_folder / edge.WEB_SOCKET


def watched(config: Config) -> list[Path]:
    """The files whose change the edge has to be told of: those that somebody else renews a certificate in, and the
    first that the method dns gets. What that gets later Caddy finds by itself."""
    if config.https_method == "files":
        return [Path(config.https_certificate), Path(config.https_key)]
    return [place(config)] if config.https_method == "dns" and not place(config).is_file() else []


def has_certificate(config: Config) -> bool:
    """Whether there is one to show, good or not: `certificates.current` says more, and loads more."""
    return config.https_method == "files" or place(config).is_file()
