"""Writing: posts, their versions, tags and addresses."""

from flask import Flask


def register(app: Flask) -> None:
    """Add this feature to the application."""
