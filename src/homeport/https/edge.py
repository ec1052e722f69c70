"""What Caddy is told: its whole configuration as JSON, made from the settings.

Nothing in it is left to Caddy's own automatic ways: which names, ports, authorities and challenges there are, stands
here.
`caddy/caddy.json` in the data directory is the last one that was used.
"""

import ssl
from dataclasses import dataclass
from typing import Any

from homeport.core.config import Config, ConfigError
from homeport.core.waiting import MOST_BYTES
from homeport.https.edge_answers import errors, misdirected, too_large
from homeport.https.edge_tls import certificate_authority, policies, tls
from homeport.https.shelf import routes_of_shelf, way_on

Json = dict[str, Any]

WEB_SOCKET, ADMIN_SOCKET, LOG, CHALLENGES = "web.sock", "admin.sock", "log.json", "challenges"
CHALLENGE_PATH = "/.well-known/acme-challenge"
LONGEST_SOCKET = 107
"""Bytes that the path of a socket may have (unix(7), sun_path)."""

MOST_BUFFERED = 256 * 1024
"""Bytes of a request that are waited for here, so that who sends a form slowly takes up no thread of a web process."""

GRACE_SECONDS, DRAIN_SECONDS = 5, 0.5
RETRY_SECONDS = 10
"""How long a request waits for a web server that is being started again."""

# Taken away: whatever readers write there, the web server reads only what the edge says. To a WSGI application a name
# with an underscore is the same as one with a hyphen.
FORWARDED = ["X-Forwarded-*", "Forwarded", "X-Real-Ip", "True-Client-Ip", "Client-Ip", "Proxy", "*_*"]

# What pages about this very connection tell of it (core.watching.EDGE); without TLS nobody looks at it.
CONNECTION = (
    "{http.request.tls.version}",
    "{http.request.tls.cipher_suite}",
    "{http.request.tls.proto}",
    "{http.request.proto}",
    "{http.request.tls.resumed}",
)


@dataclass(frozen=True)
class Sockets:
    """The descriptors of the sockets that `homeport serve` listens on and Caddy answers at.

    They stay open while Caddy is started again, so that who comes meanwhile waits, and is not refused.
    `http` and `quic` are None where port 80, or HTTPS's port for UDP, could not be had.
    """

    https: int
    local: int
    http: int | None = None
    quic: int | None = None

    @property
    def all(self) -> tuple[int, ...]:
        """Each descriptor."""
        return tuple(each for each in (self.https, self.local, self.http, self.quic) if each is not None)


def configuration(config: Config, sockets: Sockets) -> Json:
    """Caddy's configuration. Raises ConfigError where the settings can't be met by any."""
    check(config)
    names = own_names(config)
    servers = {"https": _https(config, sockets, names), "local": _local(config, sockets)}
    if sockets.http is not None:
        servers["http"] = _http(config, sockets.http, names)
    return {
        "admin": {"listen": f"unix/{config.caddy_folder / ADMIN_SOCKET}|0600", "config": {"persist": False}},
        "logging": _logging(config),
        "storage": {"module": "file_system", "root": str(config.caddy_folder)},
        "apps": {
            "http": {
                "http_port": config.http_port,
                "https_port": config.https_port,
                "grace_period": f"{GRACE_SECONDS}s",
                "shutdown_delay": f"{int(DRAIN_SECONDS * 1000)}ms",
                "servers": servers,
            },
            "tls": tls(config, names, by_http=sockets.http is not None),
            "pki": certificate_authority(),
        },
    }


def check(config: Config) -> None:
    """Raise ConfigError where the edge can't work with these settings, whatever else the machine is like."""
    if ":" in config.domain:
        raise ConfigError(
            f"The domain {config.domain} must be without a port; set that with --https-port, or the method off."
        )
    if config.https_method == "files" and not (config.https_certificate and config.https_key):
        raise ConfigError("The method files needs https_certificate and https_key: a certificate and its key.")
    if config.https_method in {"auto", "dns"}:
        check_root(config)
    longest = str(config.caddy_folder / ADMIN_SOCKET)
    if len(longest.encode()) > LONGEST_SOCKET:
        raise ConfigError(
            f"The path of the data directory {config.data} is too long for the sockets in it; choose one of at most "
            f"{LONGEST_SOCKET - len(longest) + len(str(config.data))} characters."
        )


def check_root(config: Config) -> None:
    """Raise ConfigError where the root that the authority is trusted by can't be used."""
    if config.https_acme_root:
        try:
            ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(config.https_acme_root)
        except OSError as error:  # ssl.SSLError is one
            why = (
                "holds no certificate (PEM)" if isinstance(error, ssl.SSLError) else f"can't be read: {error.strerror}"
            )
            raise ConfigError(
                f"The file https_acme_root, {config.https_acme_root}, {why}; name the authority's root certificate."
            ) from None


def own_names(config: Config) -> list[str]:
    """The names that HTTPS is answered for: the domain, and where certificates cost nothing, the others too."""
    more = config.allowed_hosts if config.https_method in {"internal", "files"} else ()
    return list(dict.fromkeys([config.domain, *(name for name in more if ":" not in name)]))


def _https(config: Config, sockets: Sockets, names: list[str]) -> Json:
    listen = {f"fd/{sockets.https}": ["h1", "h2"]}
    if sockets.quic is not None:
        listen[f"fdgram/{sockets.quic}"] = ["h3"]
    return {
        "listen": list(listen),
        "listen_protocols": list(listen.values()),
        "tls_connection_policies": policies(config, names),
        "strict_sni_host": True,
        "routes": [
            *routes_of_shelf(config),
            {"match": [{"host": names}], "handle": _blog(config), "terminal": True},
            misdirected(config),
        ],
        **_server(config),
        "errors": {"routes": [*way_on(config, _with_errors(config)), *errors(config)]},
    }


def _local(config: Config, sockets: Sockets) -> Json:
    """For the owner at this computer, who needs no certificate. The application refuses foreign names itself."""
    return {
        "listen": [f"fd/{sockets.local}"],
        "protocols": ["h1"],
        "routes": [{"handle": _blog(config)}],
        **_server(config),
    }


def _http(config: Config, descriptor: int, names: list[str]) -> Json:
    """Port 80: challenges of the authority (Caddy answers its own by itself), and the way to HTTPS."""
    challenge = [
        {"handler": "rewrite", "strip_path_prefix": CHALLENGE_PATH},
        {"handler": "file_server", "root": str(config.caddy_folder / CHALLENGES), "hide": [".*"]},
    ]
    # The address of the settings, never the one that was asked for: there is nothing to redirect elsewhere with.
    leading = {
        "handler": "static_response",
        "status_code": 308,
        "headers": {"Location": [config.origin + "{http.request.uri}"], "Cache-Control": ["no-store"]},
    }
    return {
        "listen": [f"fd/{descriptor}"],
        "protocols": ["h1"],
        "routes": [
            {"match": [{"path": [f"{CHALLENGE_PATH}/*"]}], "handle": challenge, "terminal": True},
            # A path: a target such as `http:elsewhere` has none, and would be added to the host's name.
            {"match": [{"host": names, "path": ["/*"]}], "handle": [leading], "terminal": True},
            misdirected(config),
        ],
        **_server(config),
    }


def _server(config: Config) -> Json:
    """What holds for each: Caddy's automatic ways are off, and nobody keeps a connection that they don't use."""
    trusted = [str(network) for network in config.trusted_proxies]
    believed = {"trusted_proxies": {"source": "static", "ranges": trusted}, "trusted_proxies_strict": 1}
    return {
        "automatic_https": {"disable": True},
        "read_header_timeout": "10s",
        "read_timeout": "5m",
        "idle_timeout": "2m",
        "max_header_bytes": 32 * 1024,
        "errors": {"routes": errors(config)},
        **(believed if trusted else {}),
    }


def _blog(config: Config) -> list[Json]:
    """The way to the web server."""
    # During the end each answer is its connection's last, and says so: who sends on it again would be reset.
    ending: Json = {
        "match": [{"vars": {"{http.shutting_down}": ["true"]}}],
        "handle": [{"handler": "headers", "response": {"set": {"Connection": ["close"]}, "deferred": True}}],
    }
    return [
        {"handler": "headers", "request": {"delete": FORWARDED}},
        {"handler": "subroute", "routes": [ending, too_large(config)]},
        {"handler": "request_body", "max_size": MOST_BYTES},
        {
            "handler": "reverse_proxy",
            "request_buffers": MOST_BUFFERED,
            "upstreams": [{"dial": f"unix/{config.caddy_folder / WEB_SOCKET}"}],
            "transport": {
                "protocol": "http",
                "compression": False,  # the page cache has done it; and only what is passed on as it is has a length
                "keep_alive": {"max_idle_conns_per_host": 256, "idle_timeout": "1m", "probe_interval": "0s"},
            },
            "load_balancing": {"try_duration": f"{RETRY_SECONDS}s", "try_interval": "100ms"},
            "headers": {
                "request": {
                    "set": {
                        "X-Forwarded-For": ["{http.vars.client_ip}"],
                        "X-Forwarded-Proto": ["{http.request.scheme}"],
                        "X-Forwarded-Tls": [" ".join(CONNECTION)],
                    },
                    "delete": ["X-Forwarded-Host", "Via"],
                },
                "response": {"delete": ["Server"]},
            },
        },
    ]


def _with_errors(config: Config) -> Json:
    return {"handler": "subroute", "routes": [{"handle": _blog(config)}], "errors": {"routes": errors(config)}}


def _logging(config: Config) -> Json:
    """A file that says all about certificates, and other errors to where our own lines go, which `attempts` tells of
    certificates. Neither says what was asked for: an address may hold a one-time link."""
    file = {
        "output": "file",
        "filename": str(config.caddy_folder / LOG),
        "mode": "0600",
        "roll_size_mb": 1,
        "roll_keep": 2,
        "roll_gzip": False,
    }
    silent = {"fields": {"request": {"filter": "delete"}}}
    return {
        "logs": {
            "default": {"writer": file, "encoder": {"format": "filter", "wrap": {"format": "json"}, **silent}},
            "errors": {
                "writer": {"output": "stderr"},
                "encoder": {"format": "filter", "wrap": _form(config), **silent},
                "level": "ERROR",
                "exclude": ["tls"],
            },
        }
    }


def _form(config: Config) -> Json:
    same = {"time_format": "2006-01-02T15:04:05.000-07:00", "level_format": "upper"}
    if config.log_format == "json":
        return {"format": "json", "time_key": "time", "name_key": "logger", "message_key": "message", **same}
    return {"format": "console", **same}
