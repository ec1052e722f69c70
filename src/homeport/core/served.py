"""Where the blog was served last: a command beside it prints links that lead there, whatever flags started the blog."""

from contextlib import suppress

from homeport.core.config import Config

FILE = "address"


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
