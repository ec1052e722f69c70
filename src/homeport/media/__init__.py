"""Pictures, of posts and of people: kept under the hash of their bytes, served so that none can run script."""

from flask import Flask

from homeport.media import jobs, picture_routes
from homeport.media.routes import bp

__all__ = ["jobs", "picture_routes", "register"]


def register(app: Flask) -> None:
    """Add the address of pictures."""
    app.register_blueprint(bp)
