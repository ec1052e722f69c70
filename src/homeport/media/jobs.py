"""Clearing away what no post can show."""

from flask import current_app

from homeport.core.clock import now
from homeport.core.config import Config
from homeport.jobs.service import every, job
from homeport.media import service


@every(hours=6)
@job("sweep_media")
def sweep_media() -> None:
    """Remove picture files that a crash left without their row."""
    config: Config = current_app.config["HOMEPORT"]
    service.sweep(config.media, now())
