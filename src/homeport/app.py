"""The application: core set up, then every feature registered. Making it does no I/O."""

import importlib
from types import ModuleType

from flask import Flask

from homeport.core import db, headers, http, templates, waiting
from homeport.core.config import Config
from homeport.core.db import engine_options

# Taking one of these out takes its pages, commands and jobs out; nothing else fails that does not import it.
FEATURES = ("ui", "jobs", "https", "accounts", "media", "posts", "reading", "interop", "ops", "learn")


def create_app(config: Config) -> Flask:
    """The Flask application for one configuration. Raises RuntimeError when a view carries no mark."""
    app = http.Application("homeport", static_folder=None, template_folder=None)
    app.config.update(
        HOMEPORT=config,
        SQLALCHEMY_ENGINES={"default": engine_options(config.sqlalchemy_url)},
        TRUSTED_HOSTS=list(config.hosts),
        MAX_CONTENT_LENGTH=waiting.MOST_BYTES,
        MAX_FORM_MEMORY_SIZE=4 * 1024 * 1024,
        MAX_FORM_PARTS=500,
        PROPAGATE_EXCEPTIONS=False,
    )
    app.jinja_environment = templates.Environment
    app.jinja_options = {"trim_blocks": True, "lstrip_blocks": True}
    db.install(app)
    headers.install(app, config)
    http.install(app)
    for feature in features():
        feature.register(app)
    http.refuse_unmarked(app)
    return app


def features() -> list[ModuleType]:
    """The feature packages, in the order in which they are registered."""
    return [importlib.import_module(f"homeport.{name}") for name in FEATURES]
