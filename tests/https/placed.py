"""Certificates where the edge keeps them, and the settings of a blog that shows them."""

import shutil
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from homeport.core import clock
from homeport.core.config import Config
from homeport.https import attempts, certificates
from homeport.https.attempts import Attempt
from tests.https.authority import make_certificate

NAME = "blog.example.com"


def at(config: Config, **settings: object) -> Config:
    """The same blog at NAME, with the folder of the edge."""
    config.caddy_folder.mkdir(mode=0o700, exist_ok=True)
    return replace(config, domain=NAME, **settings)  # type: ignore[arg-type]  # each is checked by its own test


def place(config: Config, *, left: timedelta, lasts: timedelta = timedelta(days=90), name: str = NAME) -> Path:
    """Have the edge show a certificate that has so much time left; returns its file."""
    file = certificates.place(config)
    file.parent.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory() as folder:
        # Half a minute more, so that a slow test asks within the day, hour or minute that it means.
        make_certificate(Path(folder), [name], begins=left - lasts + timedelta(seconds=30), lasts=lasts)
        fresh = file.with_suffix(".fresh")
        shutil.copy(Path(folder) / "certificate.pem", fresh)
        fresh.replace(file)
    return file


def fail(config: Config, why: str) -> None:
    """Note a try that came to nothing."""
    attempts.note(config, Attempt(clock.now(), False, why, None))
