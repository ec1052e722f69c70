"""The blog explains itself: the primer at `/learn`, exercises in Python, labs for the terminal."""

from flask import Flask

from homeport.learn import primer_experiments, primer_routes

__all__ = ["primer_experiments", "register"]


def register(app: Flask) -> None:
    """Add the pages; experiments register themselves when they are imported."""
    app.register_blueprint(primer_routes.bp)
