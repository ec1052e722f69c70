"""The commands of HTTPS."""

import click

from homeport.core import log
from homeport.core.command import with_config
from homeport.core.config import Config
from homeport.https.caddy import become, prepare
from homeport.https.edge import Sockets


@click.command(hidden=True)
@click.option("--https", type=int, required=True)
@click.option("--local", type=int, required=True)
@click.option("--http", type=int)
@click.option("--quic", type=int)
@with_config
def edge(config: Config, *, https: int, local: int, http: int | None, quic: int | None) -> None:
    """Answer readers by HTTPS; a part of `homeport serve`, which hands its open sockets on."""
    log.configure(config)
    become(config, prepare(config, Sockets(https, local, http, quic)))
