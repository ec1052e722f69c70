"""A home connection on one machine: network namespaces for the home, its router and the internet.

    internet   198.51.100.1   name server, certificate authority, readers
       |
    router     198.51.100.10 outside, 192.168.7.1 at home; translates addresses, forwards ports, or drops them
       |
    home       192.168.7.2    where the blog runs

Nothing in it reaches the real network or is reached from there; the addresses are for documentation (RFC 5737).
Only root can make one. Everything in it is ended with it. The tests of HTTPS stand on it as well as the lab `port80`.
"""

import itertools
import os
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from homeport.core.errors import Problem
from homeport.learn.labs_scene import inherited, stuck

DOMAIN = "blog.example.com"
INTERNET, OUTSIDE, INSIDE, HOME = "198.51.100.1", "198.51.100.10", "192.168.7.1", "192.168.7.2"
INTERNET_6, OUTSIDE_6, INSIDE_6, HOME_6 = "2001:db8:ff::1", "2001:db8:ff::10", "2001:db8:7::1", "2001:db8:7::2"
CARRIER, CARRIER_INSIDE, SHARED = "198.51.100.10", "100.64.0.1", "100.64.0.10"
RESOLV = Path("/etc/netns")
PATIENCE = 60.0
"""Seconds after which something on this very machine is not coming any more."""

_numbers = itertools.count()


class Host:
    """A network namespace: one computer, as far as the network can tell. Raises Problem where none can be made."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.processes: list[subprocess.Popen[str]] = []
        _ip("netns", "add", name)
        self.run("ip", "link", "set", "lo", "up")

    @classmethod
    def found(cls, name: str) -> "Host":
        """One that is there already."""
        host = cls.__new__(cls)
        host.name, host.processes = name, []
        return host

    def command(self, *command: str) -> list[str]:
        """The command line that runs `command` on this host."""
        return ["ip", "netns", "exec", self.name, *command]

    def run(self, *command: str, text: str | None = None, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Run a command on this host to its end. Raises Problem where it fails, unless `check` is False."""
        done = subprocess.run(self.command(*command), input=text, capture_output=True, text=True, check=False)  # noqa: S603 (ours)
        if check and done.returncode:
            raise stuck(f"{' '.join(command)}: {done.stdout}{done.stderr}")
        return done

    def start(self, *command: str, environ: Mapping[str, str] | None = None, log: Path) -> "subprocess.Popen[str]":
        """Start a program on this host; what it prints goes to `log`. It is ended with the host, if not before."""
        with log.open("a") as file:
            process = subprocess.Popen(  # noqa: S603 (ours)
                self.command(*command), stdout=file, stderr=file, text=True, env={**inherited(), **(environ or {})}
            )
        self.processes.append(process)
        return process

    def asks(self, server: str) -> None:
        """Look names up at this name server from now on."""
        folder = RESOLV / self.name
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "resolv.conf").write_text(f"nameserver {server}\noptions timeout:1 attempts:1\n")

    def end(self) -> None:
        """End every process on this host, and the host."""
        for number in (signal.SIGTERM, signal.SIGKILL):
            for pid in self._pids():
                with suppress(ProcessLookupError):
                    os.kill(int(pid), number)
            wait_until(lambda: not self._pids(), 12)
        for process in self.processes:
            process.wait()
        _ip("netns", "del", self.name, check=False)
        shutil.rmtree(RESOLV / self.name, ignore_errors=True)

    def _pids(self) -> list[str]:
        return _ip("netns", "pids", self.name, check=False).split()


@dataclass
class Router:
    """What the router does with what comes from outside, until it is told otherwise."""

    host: Host
    outside: str
    forwarded: Sequence[int] = (80, 443)
    dropped: Sequence[int] = ()
    refused: Sequence[int] = ()
    answered: Sequence[int] = ()
    """Ports that the router keeps for itself: it neither drops nor forwards them."""
    quiet: set[str] = field(default_factory=set)
    """`outgoing`: nothing leaves for the internet."""

    def apply(self) -> None:
        """Bring the rules into force. Connections that exist go on."""
        kept = [port for port in self.forwarded if port not in self.answered]
        self.host.run("nft", "-f", "-", text=self._rules(kept))

    def counted(self) -> list[str]:
        """The rules by which it drops, with how many packets and bytes each has met since `apply`."""
        listed = self.host.run("nft", "list", "chain", "inet", "homeport", "gate").stdout
        return [line.strip() for line in listed.splitlines() if line.strip().endswith("drop")]

    def _rules(self, forwarded: Sequence[int]) -> str:
        nat = [f"meta l4proto {{ tcp, udp }} th dport {port} dnat to {HOME}" for port in forwarded]
        filtered = [f"iifname wan tcp dport {port} counter drop" for port in self.dropped]
        filtered += [f"iifname wan tcp dport {port} reject with tcp reset" for port in self.refused]
        passing = ["iifname lan oifname wan drop"] if "outgoing" in self.quiet else []
        masked = f"ip saddr 192.168.7.0/24 oifname wan masquerade\nip saddr 192.168.7.0/24 ip daddr {HOME} masquerade"
        return f"""
            table inet homeport
            delete table inet homeport
            table inet homeport {{
                chain gate {{
                    type filter hook prerouting priority -150
                    {_lines(filtered)}
                }}
                chain passing {{
                    type filter hook forward priority filter
                    {_lines(passing)}
                }}
                chain incoming {{
                    type nat hook prerouting priority dstnat
                    {_lines(f"ip daddr {self.outside} {rule}" for rule in nat)}
                }}
                chain outgoing {{
                    type nat hook postrouting priority srcnat
                    {masked}
                }}
            }}
        """


def _lines(rules: "Sequence[str] | Iterator[str]") -> str:
    return "\n".join(rules)


@dataclass(frozen=True)
class Hosts:
    """The computers, with the router's rules in force and ports 80 and 443 forwarded to the home."""

    internet: Host
    router: Router
    home: Host
    carrier: Host | None

    @property
    def all(self) -> tuple[Host, ...]:
        """Each of them."""
        return tuple(host for host in (self.internet, self.router.host, self.home, self.carrier) if host)


def can_be_made(mark: str) -> bool:
    """Whether this machine lets this account make a namespace; many containers do not."""
    try:
        Host(f"{mark}{os.getpid()}try").end()
    except (Problem, OSError):
        return False
    return True


def sweep(mark: str) -> None:
    """End what processes that were killed in the middle have left, by the number in its name."""
    for line in _ip("netns", "list", check=False).splitlines():
        name = line.split()[0]
        found = re.fullmatch(rf"{mark}(\d+)\w*(-\w+)?", name)
        if found and not Path(f"/proc/{found[1]}").exists():
            Host.found(name).end()


@contextmanager
def hosts(mark: str = "hp", *, behind_carrier: bool = False) -> Iterator[Hosts]:
    """Build the network; names of its namespaces begin with `mark` and are this process's own.

    `behind_carrier`: the provider shares one outside address among its customers (RFC 6598): the router's own is
    100.64.0.10. Raises Problem where the kernel or this account does not let it be built.
    """
    name = f"{mark}{os.getpid()}x{next(_numbers)}"
    made: list[Host] = []

    def host(what: str) -> Host:
        made.append(Host(f"{name}-{what}"))
        return made[-1]

    try:
        internet, router, home = host("internet"), host("router"), host("home")
        carrier = host("carrier") if behind_carrier else None
        _wire(internet, router, home, carrier)
        gate = Router(router, SHARED if carrier else OUTSIDE)
        gate.apply()
        yield Hosts(internet, gate, home, carrier)
    finally:
        for each in reversed(made):
            each.end()


def _wire(internet: Host, router: Host, home: Host, carrier: Host | None) -> None:
    _cable(router, "lan", home, "eth0")
    _addresses(router, "lan", f"{INSIDE}/24", f"{INSIDE_6}/64")
    _addresses(home, "eth0", f"{HOME}/24", f"{HOME_6}/64")
    home.run("ip", "route", "add", "default", "via", INSIDE)
    home.run("ip", "-6", "route", "add", "default", "via", INSIDE_6)
    outermost = carrier or router
    _cable(internet, "net0", outermost, "wan")
    _addresses(internet, "net0", f"{INTERNET}/24", f"{INTERNET_6}/64")
    _addresses(outermost, "wan", f"{OUTSIDE}/24", f"{OUTSIDE_6}/64")
    if carrier:
        _cable(carrier, "lan", router, "wan")
        _addresses(carrier, "lan", f"{CARRIER_INSIDE}/24")
        _addresses(router, "wan", f"{SHARED}/24")
        router.run("ip", "route", "add", "default", "via", CARRIER_INSIDE)
        rule = 'table ip nat { chain out { type nat hook postrouting priority srcnat; oifname "wan" masquerade; }; }'
        carrier.run("nft", "-f", "-", text=rule)
    else:
        router.run("ip", "route", "add", "default", "via", INTERNET)
    internet.run("ip", "-6", "route", "add", "2001:db8:7::/64", "via", OUTSIDE_6)
    for each in (router, carrier):
        if each:
            each.run("sysctl", "-qw", "net.ipv4.ip_forward=1", "net.ipv6.conf.all.forwarding=1")


def _cable(one: Host, its: str, other: Host, others: str) -> None:
    _ip("link", "add", its, "netns", one.name, "type", "veth", "peer", "name", others, "netns", other.name)
    one.run("ip", "link", "set", its, "up")
    other.run("ip", "link", "set", others, "up")


def _addresses(host: Host, link: str, *addresses: str) -> None:
    for address in addresses:
        host.run("ip", "addr", "add", address, "dev", link, *(["nodad"] if ":" in address else []))


def _ip(*arguments: str, check: bool = True) -> str:
    done = subprocess.run(["ip", *arguments], capture_output=True, text=True, check=False)  # noqa: S603, S607 (ours; found on PATH)
    if check and done.returncode:
        raise stuck(f"ip {' '.join(arguments)}: {done.stderr}")
    return done.stdout


def wait_until(holds: Callable[[], object], seconds: float = PATIENCE) -> bool:
    """Whether it holds before the time is over."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if holds():
            return True
        time.sleep(0.05)
    return False
