"""Takes pages from the edge before any of them can be old, in whatever process that comes about."""

from dataclasses import replace
from functools import partial
from pathlib import Path

from flask import Flask
from sqlalchemy import make_url

from homeport.core.config import Config
from homeport.core.db import BEFORE_PUBLIC_CHANGE
from homeport.https.shelf import take_down


def register(app: Flask) -> None:
    """Have every change of what the public can see call `take_down` first, for the folder beside the database."""
    config: Config = app.config["HOMEPORT"]
    url = make_url(config.sqlalchemy_url)
    if url.get_backend_name() == "sqlite":
        beside = replace(config, data=Path(url.database or "").parent)  # whatever `--data` a command was given
        app.extensions[BEFORE_PUBLIC_CHANGE] = partial(take_down, beside)
