"""What has to be done once before anybody reads, in a process of its own: what it loads, nothing else carries."""

import click
from flask import Flask

from homeport.accounts import queries, service
from homeport.core.clock import now
from homeport.core.command import make_app, with_config
from homeport.core.config import Config
from homeport.core.db import commit
from homeport.migrations.runner import upgrade


@click.command(hidden=True)
@with_config
def prepare(config: Config) -> None:
    """Bring the database up to date; print the owner's set-up link while there is no owner."""
    upgrade(config, lambda line: click.echo(line, err=True))
    link = setup_link(make_app(config), config.origin)
    if link:
        click.echo(link)


def setup_link(app: Flask, origin: str) -> str | None:
    """A new link to make the owner's account with, or None where there is one."""
    with app.app_context():
        if queries.owner_exists():
            return None
        token = service.issue_setup_link(now())
        commit()
    return f"{origin}/setup?token={token}"
