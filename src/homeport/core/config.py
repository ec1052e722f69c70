"""The settings of the machine, in one typed table.

The fields of `Config` are the table: from them come the loader, its errors, `--help` and `docs/settings.md`. A
value is looked for in the command's flags, then in the environment (`HOMEPORT_NAME`, for secrets also
`HOMEPORT_NAME_FILE`), then in `homeport.toml` in the data directory; then the default holds.
"""

import tomllib
from collections.abc import Callable, Mapping
from dataclasses import Field, dataclass, field, fields
from email.utils import parseaddr
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from homeport.core.errors import Problem

Network = IPv4Network | IPv6Network
PREFIX = "HOMEPORT_"
FILE_NAME = "homeport.toml"


class ConfigError(Problem):
    """A setting that cannot be used; commands end with its one sentence and exit code 2."""

    def __init__(self, message: str) -> None:
        super().__init__(message, code="wrong_setting")


def _text(value: str) -> str:
    return value.strip()


def _integer(least: int, most: int) -> Callable[[str], int]:
    def parse(value: str) -> int:
        try:
            number = int(value)
        except ValueError:
            number = least - 1
        if not least <= number <= most:
            raise ValueError(f"must be a whole number from {least} to {most}")
        return number

    return parse


def _choice(*allowed: str) -> Callable[[str], str]:
    def parse(value: str) -> str:
        if value not in allowed:
            raise ValueError("must be one of " + ", ".join(allowed))
        return value

    return parse


def _url(*schemes: str) -> Callable[[str], str]:
    def parse(value: str) -> str:
        if value and urlsplit(value).scheme not in schemes:
            raise ValueError("must be an address that begins with " + " or ".join(f"{s}://" for s in schemes))
        return value

    return parse


def _mail_server(value: str) -> str:
    parts = urlsplit(value)
    try:
        usable = parts.scheme in {"smtp", "smtps"} and bool(parts.hostname) and parts.port != 0
    except ValueError:  # the port is none
        usable = False
    if value and not usable:
        raise ValueError("must be an address such as smtp://user:password@host:587")
    return value


def _sender(value: str) -> str:
    if value and parseaddr(value)[1].count("@") != 1:
        raise ValueError("must be an email address, or a name with one such as My blog <me@example.com>")
    return value.strip()


def _host_name(value: str) -> str:
    name = value.strip().lower().rstrip(".")
    allowed = set("abcdefghijklmnopqrstuvwxyz0123456789.-:[]")
    if not set(name) <= allowed or "//" in name:
        raise ValueError("must be a host name such as blog.example.com, without https:// and without a path")
    return name


def _host_names(value: str) -> tuple[str, ...]:
    return tuple(_host_name(name) for name in value.split(",") if name.strip())


def _networks(value: str) -> tuple[Network, ...]:
    try:
        return tuple(ip_network(part.strip(), strict=False) for part in value.split(",") if part.strip())
    except ValueError:
        raise ValueError(
            "must be IP addresses or networks, separated by commas, such as 127.0.0.1, 10.0.0.0/8"
        ) from None


def _setting(default: Any, parse: Callable[[str], Any], help_text: str, *, secret: bool = False) -> Any:
    return field(default=default, metadata={"parse": parse, "help": help_text, "secret": secret})


@dataclass(frozen=True)
class Config:
    """The settings of this machine. Every field but `data` is one row of the table."""

    data: Path
    host: str = _setting("127.0.0.1", _text, "Network address to listen on; 0.0.0.0 for every one.")
    port: int = _setting(8000, _integer(1, 65535), "Port to listen on.")
    domain: str = _setting(
        "", _host_name, "Public name of the blog, such as blog.example.com; links are then https://…"
    )
    allowed_hosts: tuple[str, ...] = _setting(
        (), _host_names, "More names the blog answers to, separated by commas, such as raspberrypi.local."
    )
    trusted_proxies: tuple[Network, ...] = _setting(
        (), _networks, "Addresses of proxies whose X-Forwarded-* headers are believed; nobody's by default."
    )
    database_url: str = _setting(
        "",
        _url("sqlite", "postgresql", "postgresql+psycopg"),
        "Database address; by default the file homeport.db in the data directory.",
        secret=True,
    )
    smtp_url: str = _setting(
        "",
        _mail_server,
        "Mail server, as smtp://user:password@host:587; without one, mail waits in the outbox.",
        secret=True,
    )
    mail_from: str = _setting("", _sender, "Sender of the blog's mails; by default homeport@ the blog's name.")
    web_processes: int = _setting(1, _integer(1, 64), "Number of processes that answer requests.")
    web_threads: int = _setting(4, _integer(1, 64), "Number of requests one process works on at once; more may wait.")
    cache_megabytes: int = _setting(
        32, _integer(0, 4096), "Memory for finished pages, in each web process; 0 for none."
    )
    log_format: str = _setting("text", _choice("text", "json"), "How log lines are written: text or json.")
    log_level: str = _setting(
        "info", _choice("debug", "info", "warning", "error"), "The least important lines that are logged."
    )

    @property
    def origin(self) -> str:
        """The scheme and host all links are built from, such as `https://blog.example.com`; never from a request."""
        if self.domain:
            return f"https://{self.domain}"
        shown = "localhost" if self.host in {"0.0.0.0", "::", "127.0.0.1", "::1"} else self.host  # noqa: S104 (compared, not bound)
        return f"http://{f'[{shown}]' if ':' in shown else shown}:{self.port}"

    @property
    def secure(self) -> bool:
        """Whether readers come by HTTPS."""
        return self.origin.startswith("https:")

    @property
    def hosts(self) -> tuple[str, ...]:
        """Every name the blog answers to; a request for another one is refused.

        No IPv6 address is among them: Werkzeug cuts what it compares at the first colon, so none could ever match.
        """
        own = [self.domain.split(":")[0]] if self.domain else []
        return (*own, "localhost", "127.0.0.1", self.host, *self.allowed_hosts)

    @property
    def sqlalchemy_url(self) -> str:
        """`database_url` as SQLAlchemy wants it."""
        if not self.database_url:
            return f"sqlite:///{self.data / 'homeport.db'}"
        return self.database_url.replace("postgresql://", "postgresql+psycopg://", 1)

    @property
    def media(self) -> Path:
        """The folder of pictures."""
        return self.data / "media"

    @property
    def exports(self) -> Path:
        """The folder of what people take along of their own; only its owner may look into it."""
        return self.data / "exports"

    @property
    def keys(self) -> Path:
        """The folder of secrets; only its owner may look into it."""
        return self.data / "keys"


def make_folder(config: Config) -> None:
    """Make the data directory, for its owner alone, where it is not there yet. Raises ConfigError."""
    try:
        config.data.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigError(f"The data directory {config.data} can't be written: {error.strerror}.") from None


def settings() -> list[Field[Any]]:
    """The rows of the table, in order."""
    return [row for row in fields(Config) if "parse" in row.metadata]


def load(flags: Mapping[str, Any], environ: Mapping[str, str]) -> Config:
    """Read every setting. `flags` maps field names to what the command line said, None where it said nothing.

    Raises ConfigError with one sentence for the first wrong value, unknown setting or unreadable file.
    """
    data = Path(flags.get("data") or environ.get(f"{PREFIX}DATA") or "homeport-data").expanduser().resolve()
    known = {row.name: row for row in settings()}
    file = _read_file(data / FILE_NAME, known)
    variables = _read_environment(environ, known)
    values: dict[str, Any] = {}
    for name, row in known.items():
        for place, source in (("", flags), (PREFIX, variables), (f"{FILE_NAME}: ", file)):
            if source.get(name) is not None:
                values[name] = _parse(row, source[name], place)
                break
    return Config(data=data, **values)


def _parse(row: Field[Any], value: Any, place: str) -> Any:
    shown = {"": f"--{row.name.replace('_', '-')}", PREFIX: f"{PREFIX}{row.name.upper()}"}.get(place, place + row.name)
    text = ",".join(map(str, value)) if isinstance(value, list) else str(value)
    try:
        return row.metadata["parse"](text)
    except ValueError as error:
        said = "" if row.metadata["secret"] else f", not {text!r}"
        raise ConfigError(f"{shown} {error}{said}.") from None


def _read_environment(environ: Mapping[str, str], known: Mapping[str, Field[Any]]) -> dict[str, str]:
    found: dict[str, str] = {}
    for variable, value in environ.items():
        name = variable.removeprefix(PREFIX).lower()
        if variable == f"{PREFIX}DATA" or not variable.startswith(PREFIX):
            continue
        if name in known:
            found[name] = value
        elif name.endswith("_file") and known.get(name[:-5]) is not None and known[name[:-5]].metadata["secret"]:
            found.setdefault(name[:-5], _read_secret(variable, value))
        else:
            raise ConfigError(f"{variable} is not a setting; docs/settings.md lists them all.")
    return found


def _read_secret(variable: str, path: str) -> str:
    try:
        return Path(path).read_text().strip()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{variable} names a file that cannot be read: {path} ({_reason(error)}).") from None


def _read_file(path: Path, known: Mapping[str, Field[Any]]) -> dict[str, Any]:
    try:
        content = tomllib.loads(path.read_text())
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except (OSError, ValueError) as error:
        raise ConfigError(f"{path} cannot be read: {_reason(error)}.") from None
    unknown = sorted(set(content) - set(known))
    if unknown:
        raise ConfigError(f"{path}: {unknown[0]} is not a setting; docs/settings.md lists them all.")
    return content


def _reason(error: Exception) -> str:
    return (error.strerror if isinstance(error, OSError) else str(error)) or type(error).__name__
