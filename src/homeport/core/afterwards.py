"""What is noted once an answer has left: that something was used, when nobody may wait for the noting."""

from typing import Any

from flask import Flask, Response, current_app
from sqlalchemy import Update
from sqlalchemy.exc import OperationalError

from homeport.core.db import BUSY_SECONDS, db


def note(response: Response, statement: Update) -> None:
    """Run a small UPDATE after `response` has left, in a transaction of its own."""
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]  # the proxy's own method
    response.call_on_close(lambda: _run(app, statement))


def _run(app: Flask, statement: Update) -> None:
    with app.app_context():
        run(statement)


def run(statement: Update) -> None:
    """Run it now; not at all while somebody else writes: it must never make anybody wait, and the next use is noted."""
    quiet = db.engine.dialect.name == "sqlite"
    with db.engine.connect() as connection:
        driver: Any = connection.connection.cursor()
        try:
            if quiet:
                driver.execute("PRAGMA busy_timeout=0")
            connection.execute(statement)
            connection.commit()
        except OperationalError:
            connection.rollback()
        finally:
            if quiet:
                driver.execute(f"PRAGMA busy_timeout={int(BUSY_SECONDS * 1000)}")
            driver.close()
