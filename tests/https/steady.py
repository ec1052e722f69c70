"""Readers who come all the time, as a program of its own: `python steady.py ADDRESS NAME PORT ROOTS`.

Ten times a second a new connection, whose certificate is looked at as a browser does it, and a request on one that is
kept. When the standard input ends, it prints what became of them, as JSON.
"""

import json
import socket
import ssl
import sys
import threading
import time

REQUEST = "GET / HTTP/1.1\r\nHost: {}\r\n\r\n"


class Closed(ConnectionError):
    """The server closed a connection that was kept, without a byte of an answer. Whoever keeps one has to expect that
    and send what changes nothing again, on another one, as every browser does (RFC 9112, 9.3.1)."""


class Connection:
    """One connection of a reader. Raises OSError where it fails, ssl.SSLError among them."""

    def __init__(self, address: str, name: str, port: int, context: ssl.SSLContext) -> None:
        plain = socket.create_connection((address, port), timeout=20)
        try:
            self.socket = context.wrap_socket(plain, server_hostname=name)
        except BaseException:
            plain.close()
            raise
        self.file = self.socket.makefile("rb")
        self.was_used = False
        self.request = REQUEST.format(name if port == 443 else f"{name}:{port}").encode()

    @property
    def has_ended(self) -> bool:
        """Whether the server has closed it while nothing was asked, as it may (RFC 9112, 9.3)."""
        self.socket.settimeout(0)
        try:
            return not self.socket.recv(1)
        except ssl.SSLWantReadError:
            return False
        except OSError:
            return True
        finally:
            self.socket.settimeout(20)

    def ask(self) -> None:
        """One request, and all of its answer. Raises Closed where this is not the connection's first."""
        try:
            self.socket.sendall(self.request)
            first = self.file.readline()
        except (ConnectionResetError, BrokenPipeError):
            first = b""
        if not first and self.was_used:
            raise Closed
        self.was_used = True
        if first.split()[1:2] != [b"200"]:
            raise OSError(f"no page: {first!r}")
        length = 0
        while line := self.file.readline().strip():
            name, _, value = line.partition(b":")
            length = int(value) if name.lower() == b"content-length" else length
        if not length or len(self.file.read(length)) < length:
            raise OSError("the answer is cut off")

    def close(self) -> None:
        """Close it."""
        self.file.close()
        self.socket.close()


class Reader:
    """Asks again and again, and notes what fails."""

    def __init__(self, address: str, name: str, port: int, roots: str) -> None:
        self.told = (address, name, port, ssl.create_default_context(cafile=roots))
        self.lasting: Connection | None = None
        self.asked = self.resent = 0
        self.failures: list[tuple[float, str, str]] = []
        self.serials: list[str] = []

    def come_anew(self) -> None:
        """On a new connection, whose certificate is looked at."""
        one = Connection(*self.told)
        serial = str((one.socket.getpeercert() or {})["serialNumber"])
        if serial not in self.serials:
            self.serials.append(serial)
        one.ask()
        one.close()

    def stay(self) -> None:
        """On one that is kept, for as long as the server keeps it."""
        if self.lasting is None or self.lasting.has_ended:
            self.lasting = Connection(*self.told)
        try:
            self.lasting.ask()
        except Closed:
            self.resent += 1
            self.lasting = Connection(*self.told)
            self.lasting.ask()

    def ask(self) -> None:
        """Both, once."""
        for way in (self.come_anew, self.stay):
            self.asked += 1
            try:
                way()
            except OSError as error:
                self.failures.append((time.time(), way.__name__, str(error)))
                self.lasting = None


def main(address: str, name: str, port: int, roots: str) -> None:
    """Come until the standard input ends."""
    ended = threading.Event()

    def wait() -> None:
        sys.stdin.read()
        ended.set()

    threading.Thread(target=wait, daemon=True).start()
    reader = Reader(address, name, port, roots)
    while not ended.wait(0.1):
        reader.ask()
    told = {"asked": reader.asked, "resent": reader.resent, "failures": reader.failures, "serials": reader.serials}
    json.dump(told, sys.stdout)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4])
