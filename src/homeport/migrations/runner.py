"""Runs Alembic inside one transaction, so that a killed migration leaves the old schema."""

from collections.abc import Callable
from pathlib import Path

from alembic import command
from alembic.config import Config as AlembicConfig
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine
from sqlalchemy.engine import Connection
from sqlalchemy.exc import DatabaseError

from homeport.core.config import Config, make_folder
from homeport.core.db import configure_engine, engine_options
from homeport.core.errors import Problem
from homeport.migrations import is_current


def alembic_config(connection: Connection) -> AlembicConfig:
    """Alembic's configuration for an open connection; there is no alembic.ini."""
    settings = AlembicConfig()
    settings.set_main_option("script_location", str(Path(__file__).parent))
    settings.attributes["connection"] = connection
    return settings


def upgrade(config: Config, say: Callable[[str], None] = lambda _line: None) -> None:
    """Bring the database to the newest migration. `say` is told what happens.

    Makes the data directory first. Raises Problem when the database is newer than this program or cannot be opened.
    """
    if is_current(config):
        return
    make_folder(config)
    options = engine_options(config.sqlalchemy_url)
    engine = create_engine(options.pop("url"), **options)
    configure_engine(engine)
    try:
        with engine.begin() as connection:
            _upgrade(connection, say)
    except DatabaseError as error:
        raise Problem(f"The database cannot be opened: {error.orig}.", code="database_unavailable") from None
    finally:
        engine.dispose()


def _upgrade(connection: Connection, say: Callable[[str], None]) -> None:
    settings = alembic_config(connection)
    script = ScriptDirectory.from_config(settings)
    present = MigrationContext.configure(connection).get_current_revision()
    if present is not None and present not in {step.revision for step in script.walk_revisions()}:
        raise Problem(
            f"The database was written by a newer Homeport (its schema is {present}).",
            code="database_newer",
            hint="Start the newer version again, or restore a backup made with this one.",
        )
    if present != script.get_current_head():
        say("Preparing the database …" if present is None else "Bringing the database up to date …")
        command.upgrade(settings, "head")
