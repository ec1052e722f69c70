"""The settings of the machine, in one typed table.

The fields of `Config` are the table: from them come the loader, its errors, `--help` and `docs/settings.md`. A
value is looked for in the command's flags, then in the environment (`HOMEPORT_NAME`, for secrets also
`HOMEPORT_NAME_FILE`), then in `homeport.toml` in the data directory; then the default holds.
"""

import tomllib
from collections.abc import Callable, Mapping
from dataclasses import Field, dataclass, field, fields
from pathlib import Path
from typing import Any

from homeport.core import values
from homeport.core.errors import Problem
from homeport.core.values import Network

PREFIX = "HOMEPORT_"
FILE_NAME = "homeport.toml"


class ConfigError(Problem):
    """A setting that cannot be used; commands end with its one sentence and exit code 2."""

    def __init__(self, message: str) -> None:
        super().__init__(message, code="wrong_setting")


def _setting(default: Any, parse: Callable[[str], Any], help_text: str, *, secret: bool = False) -> Any:
    return field(default=default, metadata={"parse": parse, "help": help_text, "secret": secret})


@dataclass(frozen=True)
class Config:
    """The settings of this machine. Every field but `data` is one row of the table."""

    data: Path
    host: str = _setting("127.0.0.1", values.text, "Network address to listen on; 0.0.0.0 for every one.")
    port: int = _setting(8000, values.integer(1, 65535), "Port to listen on.")
    domain: str = _setting(
        "", values.host_name, "Public name of the blog, such as blog.example.com; links are then https://…"
    )
    https_method: str = _setting(
        "auto",
        values.choice("auto", "dns", "internal", "files", "off"),
        "How the blog at `domain` comes by HTTPS: auto (a certificate by port 443 or 80), dns (by a record in the "
        "domain), internal (an authority of its own, for a home network), files, or off (a proxy does it).",
    )
    https_port: int = _setting(443, values.integer(1, 65535), "Port of HTTPS; part of every link if it is not 443.")
    http_port: int = _setting(80, values.integer(1, 65535), "Port that leads readers who come without HTTPS to it.")
    https_acme_directory: str = _setting(
        "https://acme-v02.api.letsencrypt.org/directory",
        values.url("https"),
        "Authority that signs the certificate, as the address of its ACME directory.",
    )
    https_acme_staging: str = _setting(
        "https://acme-staging-v02.api.letsencrypt.org/directory",
        values.url("https"),
        "Authority that `homeport doctor` asks to try the ports from outside; its certificates are worth nothing.",
    )
    https_acme_root: str = _setting(
        "",
        values.file,
        "File (PEM) with the root that the authority's own HTTPS is trusted by, where that is private.",
    )
    https_dns_provider: str = _setting(
        "", values.text, "Who keeps the domain's records, for the method dns: a name dns-lexicon knows, or rfc2136."
    )
    https_dns_credentials: tuple[tuple[str, str], ...] = _setting(
        (), values.pairs, "What that provider wants to see, as name=value with spaces between.", secret=True
    )
    https_certificate: str = _setting(
        "", values.file, "File (PEM) with the certificate and those it is signed by, for the method files."
    )
    https_key: str = _setting("", values.file, "File (PEM) with its private key, for the method files.")
    caddy: str = _setting("", values.file, "The program Caddy to use in the place of the one that came along.")
    allowed_hosts: tuple[str, ...] = _setting(
        (), values.host_names, "More names the blog answers to, separated by commas, such as raspberrypi.local."
    )
    trusted_proxies: tuple[Network, ...] = _setting(
        (), values.networks, "Addresses of proxies whose X-Forwarded-* headers are believed; nobody's by default."
    )
    database_url: str = _setting(
        "",
        values.url("sqlite", "postgresql", "postgresql+psycopg"),
        "Database address; by default the file homeport.db in the data directory.",
        secret=True,
    )
    smtp_url: str = _setting(
        "",
        values.mail_server,
        "Mail server, as smtp://user:password@host:587; without one, mail waits in the outbox.",
        secret=True,
    )
    mail_from: str = _setting("", values.sender, "Sender of the blog's mails; by default homeport@ the blog's name.")
    web_processes: int = _setting(1, values.integer(1, 64), "Number of processes that answer requests.")
    web_threads: int = _setting(
        4, values.integer(1, 64), "Number of requests one process works on at once; more may wait."
    )
    cache_megabytes: int = _setting(
        32, values.integer(0, 4096), "Memory for finished pages, in each web process; 0 for none."
    )
    log_format: str = _setting("text", values.choice("text", "json"), "How log lines are written: text or json.")
    log_level: str = _setting(
        "info", values.choice("debug", "info", "warning", "error"), "The least important lines that are logged."
    )

    @property
    def origin(self) -> str:
        """The scheme and host all links are built from, such as `https://blog.example.com`; never from a request."""
        if self.domain:
            port = f":{self.https_port}" if self.edge and self.https_port != 443 else ""
            return f"https://{self.domain}{port}"
        shown = "localhost" if self.host in {"0.0.0.0", "::", "127.0.0.1", "::1"} else self.host  # noqa: S104 (compared, not bound)
        return f"http://{f'[{shown}]' if ':' in shown else shown}:{self.port}"

    @property
    def edge(self) -> bool:
        """Whether this machine does the HTTPS itself, by Caddy in front of the web server."""
        return bool(self.domain) and self.https_method != "off"

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
    def caddy_folder(self) -> Path:
        """The folder of the edge: its configuration, sockets, certificates and log; for its owner alone."""
        return self.data / "caddy"

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
