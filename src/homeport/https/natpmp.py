"""Asking a router by NAT-PMP (RFC 6886): its outside address, and to forward a port. Routers that speak PCP do too."""

import socket
import struct
import time
from contextlib import closing
from ipaddress import IPv4Address

PORT = 5351
FIRST_WAIT, TRIES = 0.25, 3  # RFC 6886, 3.1: 250 ms, doubled each time
_OUTSIDE, _UDP, _TCP, _IS_ANSWER = 0, 1, 2, 128
REASONS = {
    1: "it does not speak this version of NAT-PMP",
    2: "it is set to allow no forwarding",
    3: "it has no outside address of its own",
    4: "it has no room for more",
    5: "it does not know this request",
}


class Refused(Exception):
    """The router answered, and not with what was asked for; `code` is its result (RFC 6886, 3.5)."""

    def __init__(self, code: int) -> None:
        super().__init__(REASONS.get(code, f"its answer was {code}"))
        self.code = code


def outside_address(gateway: str) -> str | None:
    """The router's own outside address; "" where it says it has none, None where it does not speak NAT-PMP."""
    try:
        answer = _ask(gateway, struct.pack("!BB", 0, _OUTSIDE), 12)
    except Refused as refused:
        return "" if refused.code == 3 else None
    return str(IPv4Address(answer[8:12])) if answer else None


def forward(gateway: str, protocol: str, inside: int, outside: int, seconds: int) -> tuple[int, int]:
    """Have a port forwarded to this machine for so long. Returns the outside port and the seconds it granted.

    Raises Refused with the router's reason, TimeoutError where it does not answer.
    """
    kind = {"UDP": _UDP, "TCP": _TCP}[protocol]
    answer = _ask(gateway, struct.pack("!BBHHHI", 0, kind, 0, inside, outside, seconds), 16)
    if answer is None:
        raise TimeoutError
    _version, _kind, _result, _epoch, _inside, granted, lasting = struct.unpack("!BBHIHHI", answer[:16])
    return granted, lasting


def withdraw(gateway: str, protocol: str, inside: int) -> None:
    """Take a forwarding of this machine back (RFC 6886, 3.4)."""
    forward(gateway, protocol, inside, 0, 0)


def _ask(gateway: str, request: bytes, length: int) -> bytes | None:
    """One question, repeated until there is an answer; None where there is none."""
    with closing(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) as connection:
        try:
            connection.connect((gateway, PORT))  # so that nobody else's answer is taken
            for number in range(TRIES):
                connection.send(request)
                answer = _receive(connection, request[1], FIRST_WAIT * 2**number)
                if answer is not None:
                    return _checked(answer, length)
        except OSError:  # nobody listens there, or there is no way there
            return None
    return None


def _receive(connection: socket.socket, kind: int, seconds: float) -> bytes | None:
    ends = time.monotonic() + seconds
    while (left := ends - time.monotonic()) > 0:
        connection.settimeout(left)
        try:
            answer = connection.recv(64)
        except TimeoutError:
            return None
        if len(answer) >= 4 and answer[1] == kind + _IS_ANSWER:
            return answer
    return None


def _checked(answer: bytes, length: int) -> bytes:
    (result,) = struct.unpack("!H", answer[2:4])
    if result or len(answer) < length:
        raise Refused(result)
    return answer
