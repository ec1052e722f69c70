"""Running the place: settings page, health."""

from flask import Flask

from homeport.ops import certificate, jobs, routes
from homeport.ui import notices

__all__ = ["jobs", "register"]


def register(app: Flask) -> None:
    """Add this feature to the application."""
    app.register_blueprint(routes.bp)
    notices.offer(app, certificate.notices(app.config["HOMEPORT"]))
