"""A router that can be asked to forward ports: miniupnpd, as in most that are sold, on the lab's router."""

import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager

from tests.https.lab import DOMAIN, INSIDE, OUTSIDE, Lab
from tests.parts import require
from tests.patience import PATIENCE

PUBLIC = "11.7.7.7"
"""The router's outside address where it has to say what that is: miniupnpd takes those for documents (RFC 5737), of
which the rest of the lab is made, for addresses that nobody leads to."""

_CHAINS = """
    table inet box
    delete table inet box
    table inet box {
        chain forwarding { type filter hook forward priority filter; policy accept; jump upnp_forward; }
        chain upnp_forward { }
        chain incoming { type nat hook prerouting priority dstnat; policy accept; jump upnp_incoming; }
        chain upnp_incoming { }
        chain outgoing { type nat hook postrouting priority srcnat; policy accept; jump upnp_outgoing; }
        chain upnp_outgoing { }
    }
"""


@contextmanager
def box(
    lab: Lab, *, upnp: bool = True, natpmp: bool = True, public: bool = True, allowed: bool = True
) -> Iterator[subprocess.Popen[str]]:
    """Have the router answer. `public`: PUBLIC is an outside address of its own; `allowed`: it forwards at wish."""
    require("miniupnpd", package="miniupnpd-nftables")
    router, config = lab.router.host, lab.folder / "box.conf"
    before = lab.router.outside
    if public:
        router.run("ip", "addr", "add", f"{PUBLIC}/32", "dev", "wan")
        lab.internet.run("ip", "route", "add", f"{PUBLIC}/32", "via", OUTSIDE)
        lab.router.outside = PUBLIC
        lab.router.apply()
        lab.names.set(DOMAIN, "A", PUBLIC)
    router.run("nft", "-f", "-", text=_CHAINS)
    config.write_text(_settings(upnp=upnp, natpmp=natpmp, public=public, allowed=allowed))
    log = lab.folder / "box.log"
    log.write_text("")
    pid = lab.folder / "box.pid"
    process = router.start("miniupnpd", "-d", "-f", str(config), "-P", str(pid), log=log)
    try:
        deadline = time.monotonic() + PATIENCE
        while "Listening for NAT-PMP" not in log.read_text() and "HTTP listening" not in log.read_text():
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < deadline, log.read_text()
            time.sleep(0.02)
        yield process
    finally:
        process.terminate()
        process.wait(PATIENCE)
        router.run("nft", "delete", "table", "inet", "box")
        if public:
            lab.internet.run("ip", "route", "del", f"{PUBLIC}/32")
            router.run("ip", "addr", "del", f"{PUBLIC}/32", "dev", "wan")
            lab.router.outside = before
            lab.router.apply()
            lab.names.set(DOMAIN, "A", OUTSIDE)


def _settings(*, upnp: bool, natpmp: bool, public: bool, allowed: bool) -> str:
    def word(true: bool) -> str:
        return "yes" if true else "no"

    lines = [
        "ext_ifname=wan",
        f"ext_ip={PUBLIC}" if public else "",
        f"listening_ip={INSIDE}/24",
        f"enable_upnp={word(upnp)}",
        f"enable_natpmp={word(natpmp)}",
        "secure_mode=no",
        "ipv6_disable=yes",
        "friendly_name=A box from the shop",
        "uuid=1febfadb-5081-4d79-b227-ff1d5f7bed52",
        "upnp_table_name=box",
        "upnp_nat_table_name=box",
        "upnp_forward_chain=upnp_forward",
        "upnp_nat_chain=upnp_incoming",
        "upnp_nat_postrouting_chain=upnp_outgoing",
        f"{'allow' if allowed else 'deny'} 1-65535 192.168.7.0/24 1-65535",
    ]
    return "\n".join([*lines, ""])
