"""New files that the edge would not take, with the method files: why, and what readers are shown meanwhile.

The pair that it took last is kept beside the edge's other files, and is what Caddy is started with: so it goes on with
it after a crash or a power cut too, until the files that the settings name can be used, or it ends.
"""

from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from homeport.core.config import Config
from homeport.https import secret_files

REASON, SHOWN, KEY = "refused.txt", "shown.pem", "shown.key"


def note(config: Config, why: str) -> None:
    """Keep why the present files were refused. A full disk costs no more than this."""
    if config.https_method == "files":
        with suppress(OSError):
            secret_files.write(config.caddy_folder, {REASON: why.encode()})


def taken(config: Config) -> None:
    """Keep a copy of the pair that the edge has taken: what was refused before has had its time."""
    if config.https_method != "files" or not _copy(config):
        for name in (SHOWN, KEY):
            with suppress(OSError):
                (config.caddy_folder / name).unlink(missing_ok=True)
    with suppress(OSError):  # on its own: a full disk must not leave a refusal that is over
        (config.caddy_folder / REASON).unlink(missing_ok=True)


def _copy(config: Config) -> bool:
    with suppress(OSError):
        pair = {KEY: Path(config.https_key).read_bytes(), SHOWN: Path(config.https_certificate).read_bytes()}
        secret_files.write(config.caddy_folder, pair)
        return True
    return False


def has_kept(config: Config) -> bool:
    """Whether there is a pair that was taken before."""
    return config.https_method == "files" and all((config.caddy_folder / name).is_file() for name in (SHOWN, KEY))


def kept(config: Config) -> Config:
    """The settings with that pair in the place of theirs; as they are where there is none."""
    if not has_kept(config):
        return config
    shown, key = (str(config.caddy_folder / name) for name in (SHOWN, KEY))
    return replace(config, https_certificate=shown, https_key=key)


def shown(config: Config) -> Path:
    """The file with the certificate that readers are shown, with the method files."""
    return Path((kept(config) if _reason(config) else config).https_certificate)


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
