"""Files that nobody but their owner may read, written so that a power cut leaves the old one or the new one."""

import os
from contextlib import suppress
from pathlib import Path


def write(folder: Path, files: dict[str, bytes]) -> None:
    """Put files of these names into a folder, in this order, each with mode 0600 and in the place of an older one.

    All are on the disk before the first takes its place: those that belong together are apart for an instant only.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    fresh = [_put_aside(folder / f".{name}.new", content) for name, content in files.items()]
    for path, name in zip(fresh, files, strict=True):
        path.replace(folder / name)
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _put_aside(path: Path, content: bytes) -> Path:
    with suppress(FileNotFoundError):
        path.unlink()  # left by somebody who was killed; its mode may be another one
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    return path


def hand_over(made: int | Path, folder: Path) -> None:
    """Give what root has made to the account that a folder belongs to. `made`: a descriptor, or a folder.

    A doctor that is run by sudo then leaves nothing in the service's folder that the service cannot read.
    """
    if os.geteuid() == 0:
        owner = folder.stat()
        os.chown(made, owner.st_uid, owner.st_gid, follow_symlinks=isinstance(made, int))
