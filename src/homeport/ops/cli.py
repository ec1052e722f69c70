"""The commands `homeport db` and `homeport settings`."""

import click

from homeport.core.command import with_config
from homeport.core.config import Config
from homeport.migrations.runner import upgrade as run_migrations
from homeport.ops import reference


@click.group()
def db() -> None:
    """Look after the database."""


@db.command()
@with_config
def upgrade(config: Config) -> None:
    """Bring the database to this version's schema; `homeport serve` does it too."""
    run_migrations(config, click.echo)
    click.echo("The database is up to date.")


@click.command()
def settings() -> None:
    """List every setting of the machine, as Markdown."""
    click.echo(reference.markdown(), nl=False)
