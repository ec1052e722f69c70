"""The small internet that a home in network namespaces is connected to: its name server and certificate authority."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from homeport.core.config import PREFIX
from homeport.learn.labs_names import Names
from homeport.learn.labs_network import DOMAIN, INTERNET, OUTSIDE, Host, Router, can_be_made, hosts, sweep
from homeport.learn.labs_pebble import NAME, Authority

PROGRAMS = {
    "ip": "iproute2",
    "nft": "nftables",
    "named": "bind9",
    "nsupdate": "bind9-dnsutils",
    "pebble": "pebble",
    "curl": "curl",
}
"""What it is made of, each with Debian's package that brings it."""


@dataclass
class SmallInternet:
    """The three hosts and what runs on the internet. `carrier`: the provider's, where it shares its address."""

    folder: Path
    home: Host
    router: Router
    internet: Host
    names: Names
    authority: Authority
    carrier: Host | None = None

    def environ(self, **settings: object) -> dict[str, str]:
        """The settings of a blog at home that gets its certificates from this internet's authority."""
        told = {
            "https_acme_directory": self.authority.directory,
            "https_acme_staging": self.authority.directory,
            "https_acme_root": self.authority.root_file,
            **settings,
        }
        return {f"{PREFIX}{name.upper()}": str(value) for name, value in told.items()}


def missing() -> list[str]:
    """What keeps this machine from making one, each in a sentence; empty where nothing does."""
    found = [] if os.geteuid() == 0 else ["Only root can make network namespaces: start the command with sudo."]
    found += [
        f"{program} is not installed: sudo apt install {package}"
        for program, package in PROGRAMS.items()
        if shutil.which(program) is None
    ]
    if not found and not can_be_made("hplab"):
        found = ["Root may not make network namespaces here, as in many containers: try it on the machine itself."]
    return found


@contextmanager
def small_internet(
    mark: str = "hp", *, behind_carrier: bool = False, certificates_last: int = 90 * 86400
) -> Iterator[SmallInternet]:
    """Build it, with `blog.example.com` pointing at the router. `mark` and `behind_carrier` as in `hosts`;
    `certificates_last`: seconds, of those that the authority signs.
    """
    sweep(mark)
    folder = Path(tempfile.mkdtemp(prefix="hp-lab-"))  # short: a socket's path has at most 107 characters
    folder.chmod(0o755)
    try:
        with hosts(mark, behind_carrier=behind_carrier) as made:
            names = Names(made.internet, folder / "names", INTERNET)
            names.start({DOMAIN: OUTSIDE, NAME: INTERNET})
            for each in made.all:
                each.asks(INTERNET)
            authority = Authority(made.internet, folder / "authority", INTERNET, certificates_last)
            authority.start()
            yield SmallInternet(folder, made.home, made.router, made.internet, names, authority, made.carrier)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
