"""The pictures of an import: each file is read once, and not kept in a dry run."""

from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from homeport.core.errors import Problem
from homeport.media.service import MAX_BYTES, check, store


@dataclass
class Pictures:
    """Takes picture files into the media folder and remembers what became of them."""

    folder: Path
    owner_id: int
    now: datetime
    dry_run: bool
    addresses: dict[Path, str] = field(default_factory=dict)
    names: set[str] = field(default_factory=set)

    def keep(self, file: Path) -> str:
        """The address of a picture. Raises Problem when the file is none or cannot be read or stored."""
        if file not in self.addresses:
            name = self._keep(file)
            self.names.add(name)
            self.addresses[file] = f"/media/{name}"
        return self.addresses[file]

    def _keep(self, file: Path) -> str:
        try:
            if file.stat().st_size > MAX_BYTES:
                raise Problem("The file is too large for a picture.", code="picture_too_large")
            data = file.read_bytes()
        except OSError as error:
            raise Problem(f"The file cannot be read: {error.strerror}.", code="file_unreadable") from None
        if self.dry_run:
            return check(data)
        return store(data, original_name=file.name, owner_id=self.owner_id, folder=self.folder, now=self.now).name
