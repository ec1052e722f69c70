"""A reader who speaks HTTP/3 (RFC 9114): `python -m tests.https.http3 HOST PORT ROOTS` prints status and length."""

import asyncio
import sys
from pathlib import Path

from aioquic.asyncio.client import connect
from aioquic.asyncio.protocol import QuicConnectionProtocol
from aioquic.h3.connection import H3_ALPN, H3Connection
from aioquic.h3.events import DataReceived, HeadersReceived
from aioquic.quic.configuration import QuicConfiguration
from aioquic.quic.events import QuicEvent


class Reader(QuicConnectionProtocol):
    """One request on one connection."""

    status, body = b"", b""

    async def ask(self, host: str) -> None:
        """Ask for the home page and wait for the end of the answer."""
        self.over = asyncio.get_running_loop().create_future()
        self.http = H3Connection(self._quic)
        stream = self._quic.get_next_available_stream_id()
        asked = {":method": "GET", ":scheme": "https", ":authority": host, ":path": "/"}
        rows = [(name.encode(), value.encode()) for name, value in asked.items()]
        self.http.send_headers(stream, rows, end_stream=True)
        self.transmit()
        await self.over

    def quic_event_received(self, event: QuicEvent) -> None:
        """Take up what has come."""
        if not hasattr(self, "http"):
            return
        for found in self.http.handle_event(event):
            if isinstance(found, HeadersReceived):
                self.status = dict(found.headers)[b":status"]
            if isinstance(found, DataReceived):
                self.body += found.data
            if getattr(found, "stream_ended", False) and not self.over.done():
                self.over.set_result(None)


async def main(host: str, port: int, roots: Path) -> None:
    """Ask, and print what came."""
    settings = QuicConfiguration(is_client=True, alpn_protocols=H3_ALPN, server_name=host)
    settings.load_verify_locations(str(roots))
    async with connect(host, port, configuration=settings, create_protocol=Reader) as reader:
        await asyncio.wait_for(reader.ask(host), 20)  # type: ignore[attr-defined]  # the Reader that connect() makes
        print(reader.status.decode(), len(reader.body))  # type: ignore[attr-defined]  # noqa: T201 (its answer)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2]), Path(sys.argv[3])))
