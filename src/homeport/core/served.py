"""Where the blog was served last, for commands beside it, whatever flags started the blog; and whether it is served by
`homeport serve`, which starts again what ends."""

import fcntl
from contextlib import suppress

from homeport.core.config import Config

FILE = "address"
LOCK = "serve.lock"
"""Held by `homeport serve` for as long as it runs."""


def note(config: Config) -> None:
    """Keep the address in the data directory. A full disk costs no more than this."""
    with suppress(OSError):
        (config.data / FILE).write_text(f"{config.origin}\n", encoding="utf-8")


def origin(config: Config) -> str:
    """Scheme and host of the blog that serves this data directory, or did last; else what the settings say."""
    try:
        return (config.data / FILE).read_text(encoding="utf-8").strip() or config.origin
    except OSError:
        return config.origin


def is_watched(config: Config) -> bool:
    """Whether `homeport serve` runs on this data directory, so that a process which ends is started again."""
    with suppress(OSError), (config.data / LOCK).open("r") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False
