"""The public pages: home, post, tag, author, archive, about."""

from flask import Flask

from homeport.reading import filters, routes


def register(app: Flask) -> None:
    """Add this feature to the application."""
    filters.register(app)
    app.register_blueprint(routes.bp)
