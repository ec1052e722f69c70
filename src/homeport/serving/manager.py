"""Telling the service manager that started us how far we are (sd_notify(3)): a line to a socket, so no library."""

import os
import socket
from contextlib import suppress

SOCKET = "NOTIFY_SOCKET"


def tell(words: str) -> None:
    """Send `words`, such as `READY=1`; nothing happens where no service manager asked to be told."""
    address = os.environ.get(SOCKET, "")
    if not address:
        return
    # An @ stands for the zero byte of Linux's abstract sockets, which no environment can hold.
    name = "\0" + address[1:] if address.startswith("@") else address
    with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as out:
        out.sendto(words.encode(), name)
