"""`docs/settings.md`, written from the table of settings itself."""

from collections.abc import Iterator
from typing import Any

from homeport.core.config import FILE_NAME, PREFIX, settings

HEAD = f"""# Settings of the machine

Written by `make docs` from the table in `src/homeport/core/config.py`; a test compares the two.

A value is looked for in the command's flags, then in the environment, then in `{FILE_NAME}` in the data directory;
else the default holds. The data directory itself is `--data` or `{PREFIX}DATA`, by default `./homeport-data`. A secret
may also be read from a file: `{PREFIX}SMTP_URL_FILE=/run/secrets/smtp` in the place of `{PREFIX}SMTP_URL`. A value that
can't be used, or a name that is not in this table, ends the command with one sentence and exit code 2.

What readers see (title, language, who may register …) is set by the owner at `/admin/settings`.

| In `{FILE_NAME}` | In the environment | Default | What it is |
| --- | --- | --- | --- |
"""


def markdown() -> str:
    """The whole file."""
    return HEAD + "".join(_rows())


def _rows() -> Iterator[str]:
    for row in settings():
        variable = f"`{PREFIX}{row.name.upper()}`"
        if row.metadata["secret"]:
            variable += f", `{PREFIX}{row.name.upper()}_FILE`"
        yield f"| `{row.name}` | {variable} | {_shown(row.default)} | {row.metadata['help']} |\n"


def _shown(default: Any) -> str:
    return "none" if default in ("", ()) else f"`{default}`"
