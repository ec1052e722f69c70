"""Secrets that must be readable again, such as the seed of an authenticator app: encrypted under a key in `keys/`.

Fernet (AES-128-CBC with HMAC-SHA-256, https://github.com/fernet/spec) of the package `cryptography`. A copy of the
database alone opens none of them. The file holds one key a line, the newest first: new secrets are sealed with the
first, older ones are opened with any, so that `homeport keys rotate` can change keys while the blog runs.
"""

import fcntl
import hmac
import os
from base64 import urlsafe_b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from homeport.core.config import Config, make_folder
from homeport.core.errors import Problem
from homeport.core.lazily import Lazy

if TYPE_CHECKING:
    from cryptography import fernet
else:
    fernet = Lazy("cryptography.fernet")  # 9 MB that a process of readers never needs

FILE = "secrets.key"


def seal(config: Config, secret: str) -> str:
    """`secret` encrypted with the newest key; the first secret makes the key file."""
    return _keys(config).encrypt(secret.encode()).decode()


def unseal(config: Config, sealed: str) -> str:
    """The secret that `seal` was given. Raises Problem 503 where no key in the file opens it."""
    try:
        return _keys(config).decrypt(sealed.encode()).decode()
    except fernet.InvalidToken:
        raise _lost(config) from None


def reseal(config: Config, sealed: str) -> str:
    """The same secret, encrypted with the newest key. Raises Problem as `unseal` does."""
    try:
        return _keys(config).rotate(sealed.encode()).decode()
    except fernet.InvalidToken:
        raise _lost(config) from None


@contextmanager
def changing_keys(config: Config) -> Iterator[None]:
    """Within it, nobody else adds or drops keys. Raises Problem at once where somebody does."""
    make_folder(config)
    config.keys.mkdir(mode=0o700, exist_ok=True)
    folder = os.open(config.keys, os.O_RDONLY)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    except BlockingIOError:
        hint = "Wait until it has ended, then look whether it is still needed."
        raise Problem("The keys are being changed already.", status=409, code="keys_busy", hint=hint) from None
    finally:
        os.close(folder)


def marks(config: Config, text: str) -> list[str]:
    """What a text is marked with under each key, the newest first: 256 bits that nobody makes without the key file.

    So what is shown again and again need not be stored, but for its digest.
    """
    keys = _read(config) or _first(config)
    found = [hmac.digest(key.encode(), f"homeport mark: {text}".encode(), "sha256") for key in keys]
    return [urlsafe_b64encode(mark).rstrip(b"=").decode() for mark in found]


def add_key(config: Config) -> None:
    """Put a new key before the others; what is sealed from now on needs it."""
    _write(config, [_new_key(), *_read(config)])


def drop_old_keys(config: Config) -> int:
    """Keep the newest key alone; returns how many went. Whoever calls this has sealed every secret anew."""
    keys = _read(config)
    _write(config, keys[:1])
    return len(keys) - 1


def path(config: Config) -> Path:
    """Where the keys are. Whoever keeps a copy of the blog keeps this file too, somewhere else."""
    return config.keys / FILE


def _keys(config: Config) -> "fernet.MultiFernet":
    keys = _read(config) or _first(config)
    try:
        return fernet.MultiFernet([fernet.Fernet(key) for key in keys])
    except ValueError:  # no key, or what is none
        hint = f"Put {path(config)} back from the copy kept with the backup."
        raise Problem("The key file is damaged.", status=503, code="keys", hint=hint) from None


def _read(config: Config) -> list[str]:
    try:
        return path(config).read_text().split()
    except FileNotFoundError:
        return []
    except OSError as error:
        hint = f"Give the blog's user the right to read {path(config)}."
        raise Problem(f"The key file can't be read: {error.strerror}.", status=503, code="keys", hint=hint) from None


def _new_key() -> str:
    return fernet.Fernet.generate_key().decode()


def _first(config: Config) -> list[str]:
    # Of two processes that both find no file, the link gives the name to one; both then read that one's key.
    fresh = _put_aside(config, [_new_key()])
    try:
        os.link(fresh, path(config))
    except FileExistsError:
        pass
    finally:
        fresh.unlink()
    _hold(config)
    return _read(config)


def _write(config: Config, keys: list[str]) -> None:
    _put_aside(config, keys).replace(path(config))
    _hold(config)


def _hold(config: Config) -> None:
    # The name too must outlive a power cut: what is stored next may need the key.
    folder = os.open(config.keys, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _put_aside(config: Config, keys: list[str]) -> Path:
    make_folder(config)
    config.keys.mkdir(mode=0o700, exist_ok=True)
    fresh = config.keys / f".new-{os.getpid()}-{os.urandom(4).hex()}"
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write("\n".join(keys) + "\n")
        file.flush()
        os.fsync(file.fileno())
    return fresh


def _lost(config: Config) -> Problem:
    return Problem(
        "A stored secret can't be read: its key is not in the key file.",
        status=503,
        code="key_lost",
        hint=f"The blog's owner can put the old key file back as {path(config)}, from the copy kept with the backup.",
    )
