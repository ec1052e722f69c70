"""Running the place: settings page, health."""

from flask import Flask

from homeport.ops import routes


def register(app: Flask) -> None:
    """Add this feature to the application."""
    app.register_blueprint(routes.bp)
