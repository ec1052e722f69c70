"""The commands of HTTPS."""

from typing import TYPE_CHECKING

import click

from homeport.core import log
from homeport.core.command import with_config
from homeport.core.config import Config
from homeport.core.lazily import Lazy
from homeport.https.caddy import become, prepare
from homeport.https.edge import Sockets

if TYPE_CHECKING:
    from homeport.https import providers
else:
    providers = Lazy("homeport.https.providers")  # dns-lexicon: 0.4 s, for the method dns alone


@click.command(hidden=True)
@click.option("--https", type=int, required=True)
@click.option("--local", type=int, required=True)
@click.option("--http", type=int)
@click.option("--quic", type=int)
@with_config
def edge(config: Config, *, https: int, local: int, http: int | None, quic: int | None) -> None:
    """Answer readers by HTTPS; a part of `homeport serve`, which hands its open sockets on."""
    log.configure(config)
    if config.https_method == "dns":
        providers.records(config)  # only to have wrong settings end the start, and not the first renewal
    become(config, prepare(config, Sockets(https, local, http, quic)))
