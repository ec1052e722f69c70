"""New files that the edge would not take, with the method files: why, and what readers are shown meanwhile.

Caddy goes on with the pair it had, so the file that the settings name says nothing about what readers get. Both are
kept beside the edge's other files: every process asks, and a restart of one forgets nothing.
"""

from contextlib import suppress
from pathlib import Path

from homeport.core.config import Config
from homeport.https import secret_files

REASON, SHOWN = "refused.txt", "shown.pem"


def note(config: Config, why: str) -> None:
    """Keep why the present files were refused. A full disk costs no more than this."""
    if config.https_method == "files":
        with suppress(OSError):
            secret_files.write(config.caddy_folder, {REASON: why.encode()})


def taken(config: Config) -> None:
    """Keep a copy of the certificate that the edge has taken: what was refused before has had its time."""
    if config.https_method == "files":
        with suppress(OSError):
            secret_files.write(config.caddy_folder, {SHOWN: Path(config.https_certificate).read_bytes()})
    with suppress(OSError):  # on its own: a full disk must not leave a refusal that is over
        (config.caddy_folder / REASON).unlink(missing_ok=True)


def shown(config: Config) -> Path:
    """The file with the certificate that readers are shown, with the method files."""
    kept = config.caddy_folder / SHOWN
    return kept if _reason(config) and kept.is_file() else Path(config.https_certificate)


def sentence(config: Config) -> str:
    """What is refused, why, and what to do; "" while nothing is."""
    why = _reason(config) if config.https_method == "files" else ""
    return why and (
        f"The new certificate in {config.https_certificate} is refused ({why}), so readers are shown the one before: "
        f"put it there with the key that belongs to it in {config.https_key}, both readable by the blog, and it is "
        "taken by itself."
    )


def _reason(config: Config) -> str:
    with suppress(OSError, ValueError):
        return (config.caddy_folder / REASON).read_text(encoding="utf-8").strip()
    return ""
