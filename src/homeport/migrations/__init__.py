"""The database's schema, as one linear chain of forward migrations."""

import sqlite3
from pathlib import Path

from homeport.core.config import Config

_VERSIONS = Path(__file__).parent / "versions"


def head() -> str:
    """The newest migration's name, from the file names: `0001_first.py` is `0001`."""
    return max(path.name[:4] for path in _VERSIONS.glob("[0-9][0-9][0-9][0-9]_*.py"))


def is_current(config: Config) -> bool:
    """Whether an SQLite database is at the newest migration. A quick look without Alembic; False when unsure."""
    path = config.data / "homeport.db"
    if config.database_url or not path.exists():
        return False
    try:
        connection = sqlite3.connect(path)
        try:
            return bool(connection.execute("SELECT version_num FROM alembic_version").fetchone() == (head(),))
        finally:
            connection.close()
    except sqlite3.Error:
        return False
