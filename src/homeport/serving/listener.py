"""The socket that new connections arrive at, closed in such a way that none of them is lost."""

import ctypes
import socket
import struct
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

SO_ATTACH_FILTER = 26
# A program of socket(7)'s packet filter, which here sees a segment from its TCP header on: load the byte of flags
# (RFC 9293, 3.1), leave SYN and ACK of it, drop the segment where that is SYN alone, and keep any other whole.
_DROP_SYN = ((0x30, 0, 0, 13), (0x54, 0, 0, 0x12), (0x15, 0, 1, 0x02), (0x06, 0, 0, 0), (0x06, 0, 0, 0xFFFFFFFF))


def take_no_more() -> None:
    """Let no new connection come about at the sockets this process listens on; those that have come are kept.

    Closing the socket would reset whoever waits to be accepted, with a request perhaps. Who knocks now hears nothing,
    knocks again after a second (RFC 6298, 2.1), and is refused then, or meets the blog that was started instead.
    """
    program = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *step) for step in _DROP_SYN))
    pointer = struct.pack("HP", len(_DROP_SYN), ctypes.addressof(program))
    for listening in _listening():
        with suppress(OSError):  # a system without such filters resets a few, as it always did
            listening.setsockopt(socket.SOL_SOCKET, SO_ATTACH_FILTER, pointer)


def _listening() -> Iterator[socket.socket]:
    """The listening sockets of this process. The server, which opened them and goes on owning them, does not hand
    them out."""
    for descriptor in Path("/dev/fd").iterdir():
        with suppress(OSError):  # no socket, or closed since
            found = socket.socket(fileno=int(descriptor.name))
            try:
                if found.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN):
                    yield found
            finally:
                found.detach()
