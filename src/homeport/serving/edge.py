"""The edge as the supervisor sees it: its sockets, its process, its certificate.

The supervisor itself opens the ports and hands them on to Caddy. So nobody else can take one while Caddy is started
again, who comes meanwhile waits instead of being refused, and only this process needs the right to use port 443.
"""

import errno
import logging
import socket
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from homeport.core.config import Config, ConfigError
from homeport.core.signals import Wish
from homeport.https.service import Sockets, check, has_certificate, holder, last_attempt, prepare, reload, watched
from homeport.serving.address import reserve, resolve, sentence
from homeport.serving.supervisor import Child, command

log = logging.getLogger(__name__)

BACKLOG = 1024
WATCH_SECONDS = 2.0

Stamps = list[tuple[int, ...] | None]


@contextmanager
def ways_in(config: Config) -> Iterator[Sockets | None]:
    """The open sockets of the edge; None where there is no edge, and the web server's own address is kept for it.

    Raises ConfigError with one sentence where an address can't be had.
    """
    with ExitStack() as opened:
        if config.edge:
            check(config)
            sockets = _open(config, opened)
            prepare(config, sockets)
            yield sockets
        else:
            opened.enter_context(reserve(config.host, config.port))
            yield None


def _open(config: Config, opened: ExitStack) -> Sockets:
    try:
        https = _listen(config.https_port, opened)
    except OSError as error:
        raise ConfigError(_port_of_https(error, config.https_port)) from None
    try:
        family, address = resolve(config.host, config.port)
        local = _bound(family, address, socket.SOCK_STREAM, opened)
        local.listen(BACKLOG)
    except OSError as error:
        raise ConfigError(sentence(error, config.host, config.port)) from None
    return Sockets(https.fileno(), local.fileno(), _http(config, opened), _quic(config, opened))


def _http(config: Config, opened: ExitStack) -> int | None:
    try:
        return _listen(config.http_port, opened).fileno()
    except OSError as error:
        log.warning(
            "port %s can't be used, so nobody is led from there to HTTPS, and no certificate comes by it: %s%s",
            config.http_port,
            error.strerror,
            f", by {by}" if (by := holder(config.http_port)) else "",
        )
        return None


def _quic(config: Config, opened: ExitStack) -> int | None:
    try:
        return _everywhere(config.https_port, socket.SOCK_DGRAM, opened).fileno()
    except OSError as error:
        log.warning("UDP port %s can't be used, so there is no HTTP/3: %s", config.https_port, error.strerror)
        return None


def _listen(port: int, opened: ExitStack) -> socket.socket:
    found = _everywhere(port, socket.SOCK_STREAM, opened)
    found.listen(BACKLOG)
    return found


def _everywhere(port: int, kind: socket.SocketKind, opened: ExitStack) -> socket.socket:
    """A socket for each address of this machine, of IPv6 and IPv4, or of IPv4 where there is no other."""
    try:
        return _bound(socket.AF_INET6, ("::", port), kind, opened)
    except OSError as error:
        if error.errno not in {errno.EAFNOSUPPORT, errno.EADDRNOTAVAIL}:
            raise
        return _bound(socket.AF_INET, ("", port), kind, opened)


def _bound(
    family: socket.AddressFamily, address: tuple[object, ...], kind: socket.SocketKind, opened: ExitStack
) -> socket.socket:
    found = opened.enter_context(socket.socket(family, kind))
    if family == socket.AF_INET6 and address[0] == "::":
        found.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
    if kind == socket.SOCK_STREAM:  # for UDP the option would let two programs share a port
        found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    found.bind(address)
    return found


def _port_of_https(error: OSError, port: int) -> str:
    if error.errno == errno.EADDRINUSE:
        by = holder(port) or "another program"
        return f"Port {port} for HTTPS is in use by {by}; end that, or choose another port with --https-port."
    if error.errno == errno.EACCES:
        return (
            f"Port {port} for HTTPS is not permitted to you: run the blog as a service (homeport service install), "
            "which has CAP_NET_BIND_SERVICE, permit such ports to everybody (sudo sysctl "
            "net.ipv4.ip_unprivileged_port_start=80), or choose one above 1023 with --https-port."
        )
    return f"Port {port} for HTTPS can't be opened: {error.strerror}."


def process(sockets: Sockets, environ: Mapping[str, str], lock: int, before_end: Callable[[], None]) -> Child:
    """The edge, to be watched."""
    told = ["--https", sockets.https, "--local", sockets.local]
    told += ["--http", sockets.http] if sockets.http is not None else []
    told += ["--quic", sockets.quic] if sockets.quic is not None else []
    arguments = command("--supervised", "edge", *map(str, told))
    return Child("HTTPS edge", arguments, environ, lock, front=True, descriptors=sockets.all, before_end=before_end)


def tend(config: Config, sockets: Sockets, known: Stamps, ended: Wish, say: Callable[[str], None]) -> None:
    """Tell the edge of each certificate that is newer than the `known` ones, which are those from before it began,
    until the blog has `ended`, and people when the first one has come."""
    tending = _Tending(config, sockets, known, say, not has_certificate(config))
    tending.do(tending.begin)
    while not ended.wait(WATCH_SECONDS):
        tending.do(tending.look)


@dataclass
class _Tending:
    """What is known from one look to the next: the stamps of what the edge has, whether there is no certificate yet,
    what the edge refused, why there is no certificate, and what broke."""

    config: Config
    sockets: Sockets
    known: Stamps
    say: Callable[[str], None]
    waiting: bool
    refused: str = ""
    failed: str = ""
    broken: str = ""

    def do(self, step: Callable[[], None]) -> None:
        """Take a step. One that breaks is logged, once for each reason, and the next comes all the same: without them
        no certificate would be taken until somebody starts the blog again."""
        try:
            step()
        except Exception as error:
            if repr(error) != self.broken:
                log.exception("looking after the certificate broke; it goes on")
            self.broken = repr(error)

    def begin(self) -> None:
        """Say where the blog is as long as it has no certificate."""
        if self.waiting:
            self.say(
                "The certificate is being fetched; meanwhile the blog is at "
                f"http://localhost:{self.config.port} on this computer, and homeport doctor says what is in the way."
            )

    def look(self) -> None:
        """Hand on what is new."""
        present = stamps(self.config)
        # Those that were there before others were refused are the known ones, and are told of all the same.
        changed = present != self.known or bool(self.refused)
        # One that is gone for a moment is still shown; with the method files, whoever looks is told that it is gone.
        if changed and (None not in present or self.config.https_method == "files"):
            self._reload(present)
        self.failed = _tell_of_failure(self.config, self.failed)
        if self.waiting and has_certificate(self.config):
            self.waiting = False
            self.say(f"The certificate has come: the blog is at {self.config.origin}")

    def _reload(self, present: Stamps) -> None:
        try:
            reload(self.config, self.sockets)
        except ConfigError as error:  # half of a pair perhaps: the other half comes
            if error.message != self.refused:
                log.error("%s", error.message)
            self.refused = error.message
        else:
            self.known, self.refused = present, ""


def _tell_of_failure(config: Config, told: str) -> str:
    """Log why there was no certificate, once for each reason; returns what was logged last."""
    tried = last_attempt(config)
    if tried is None or tried.succeeded:
        return ""
    if tried.error != told and tried.next_at is not None:
        log.warning("no certificate yet: %s It is tried again.", tried.error, extra={"next": tried.next_at.isoformat()})
        return tried.error
    return told


def stamps(config: Config) -> Stamps:
    """What tells one state of the watched files from another; None for a file that is not there."""
    return [_stamp(path) for path in watched(config)]


def _stamp(path: Path) -> tuple[int, ...] | None:
    with suppress(OSError):
        found = path.stat()
        return found.st_ino, found.st_mtime_ns, found.st_size
    return None
