"""Shaking hands for real, and keeping every byte of it.

TLS itself is Python's own `ssl`. Between it and the other end lies a pair of buffers in the place of a network, so that
what passes can be kept. Who stands at the other end: `tls_peers`.
"""

import ssl
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter

from homeport.learn.tls_opened import Secrets, secrets_in
from homeport.learn.tls_peers import CHUNK, Peer
from homeport.learn.tls_story import Flight, Side

MOST_ROUNDS = 50


@dataclass
class Meeting:
    """What came of it. `refusal`: the words of a client that checks certificates as a browser does; "" where it was
    content. `seconds` is how long the handshake took, without the request after it.
    """

    name: str
    flights: list[Flight] = field(default_factory=list)
    secrets: Secrets = field(default_factory=dict)
    version: str = ""
    cipher: str = ""
    refusal: str = ""
    seconds: float = 0.0


def meet(name: str, peers: Callable[[], Peer], request: bytes) -> Meeting:
    """Check the server's certificate as a browser does; then meet it again, whatever that said, and send a request.

    `peers` makes a new connection each time. Raises OSError where nobody listens, or where what answers is not TLS.
    """
    meeting = Meeting(name)
    with closing(peers()) as peer:
        wire = _Wire(_client(), name, peer, [])
        try:
            wire.run(wire.tls.do_handshake)
        except ssl.SSLCertVerificationError as error:
            meeting.refusal = error.verify_message
    with _key_log() as log, closing(peers()) as peer:
        context = _client()
        context.keylog_filename = str(log)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        _meet(meeting, _Wire(context, name, peer, meeting.flights), request)
        meeting.secrets = secrets_in(log.read_text())
    return meeting


def _meet(meeting: Meeting, wire: "_Wire", request: bytes) -> None:
    begun = perf_counter()
    wire.run(wire.tls.do_handshake)
    meeting.seconds = perf_counter() - begun
    meeting.version, meeting.cipher = wire.tls.version() or "", (wire.tls.cipher() or ("",))[0]
    wire.run(lambda: wire.tls.write(request))
    wire.run(lambda: wire.tls.read(CHUNK))


def _client() -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.set_alpn_protocols(["http/1.1"])
    return context


@contextmanager
def _key_log() -> Iterator[Path]:
    """A file for the keys of a connection that carries nothing of anybody's; gone at the end."""
    with tempfile.TemporaryDirectory(prefix="homeport-handshake-") as folder:
        log = Path(folder) / "keys"
        log.touch(0o600)
        yield log


class _Wire:
    """The client's end, and the place where every byte passes."""

    def __init__(self, context: ssl.SSLContext, name: str, peer: Peer, flights: list[Flight]) -> None:
        self._in, self._out = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.tls = context.wrap_bio(self._in, self._out, server_hostname=name)
        self._peer, self._flights = peer, flights

    def run(self, action: Callable[[], object]) -> None:
        """Do something that needs the other side, as often as it takes. Raises OSError where that leads nowhere."""
        try:
            for _ in range(MOST_ROUNDS):
                try:
                    action()
                except ssl.SSLWantReadError:
                    self._tell()
                    self._listen()
                else:
                    return
        finally:
            self._tell()  # an alert too
        raise ssl.SSLError("the handshake does not end")

    def _listen(self) -> None:
        answer = self._peer.receive()
        if not answer:
            raise ssl.SSLError("the other side hung up")
        self._keep("server", answer)
        self._in.write(answer)

    def _tell(self) -> None:
        if said := self._out.read():
            self._keep("client", said)
            self._peer.send(said)

    def _keep(self, by: Side, data: bytes) -> None:
        if self._flights and self._flights[-1].by == by:
            data = self._flights.pop().data + data  # a network cuts where it likes
        self._flights.append(Flight(by, data))
