"""What routers say of their outside address, and what they don't: nobody's provider is blamed for a broken answer."""

import http.server
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import upnpclient

from homeport.https.router import Router
from homeport.https.upnp import Gateway
from tests.https.box import PUBLIC, box
from tests.https.doctoring import examine, forward_nothing, listening, to_mend
from tests.https.lab import CARRIER_INSIDE, HOME, INSIDE, SHARED, Lab, lab

SERVICE = "urn:schemas-upnp-org:service:WANIPConnection:1"
DESCRIPTION = f"""<?xml version="1.0"?><root xmlns="urn:schemas-upnp-org:device-1-0"><device>
<deviceType>urn:schemas-upnp-org:device:InternetGatewayDevice:1</deviceType><friendlyName>A box</friendlyName>
<manufacturer>x</manufacturer><manufacturerURL/><modelDescription/><modelName>x</modelName><modelNumber/><modelURL/>
<serialNumber/><UDN>uuid:1</UDN><UPC/><serviceList><service><serviceType>{SERVICE}</serviceType>
<serviceId>urn:upnp-org:serviceId:WANIPConn1</serviceId><SCPDURL>/scpd.xml</SCPDURL>
<controlURL>/control</controlURL><eventSubURL>/events</eventSubURL></service></serviceList></device></root>"""
SCPD = """<?xml version="1.0"?><scpd xmlns="urn:schemas-upnp-org:service-1-0"><actionList><action>
<name>GetExternalIPAddress</name><argumentList><argument><name>NewExternalIPAddress</name><direction>out</direction>
<relatedStateVariable>ExternalIPAddress</relatedStateVariable></argument></argumentList></action></actionList>
<serviceStateTable><stateVariable sendEvents="no"><name>ExternalIPAddress</name><dataType>string</dataType>
</stateVariable></serviceStateTable></scpd>"""
_SOAP = 'xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"'
ADDRESS = (
    f"<s:Envelope {_SOAP}><s:Body><u:GetExternalIPAddressResponse xmlns:u='{SERVICE}'><NewExternalIPAddress>{{}}"
    "</NewExternalIPAddress></u:GetExternalIPAddressResponse></s:Body></s:Envelope>"
)
ERROR = (
    f"<s:Envelope {_SOAP}><s:Body><s:Fault><faultcode>s:Client</faultcode><faultstring>UPnPError</faultstring><detail>"
    "<UPnPError><errorCode>501</errorCode><errorDescription>Action Failed</errorDescription></UPnPError></detail>"
    "</s:Fault></s:Body></s:Envelope>"
)


@contextmanager
def device(status: int, answer: str) -> Iterator[Gateway]:
    """A router that answers one question so."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.say(200, SCPD if self.path == "/scpd.xml" else DESCRIPTION)

        def do_POST(self) -> None:
            self.say(status, answer)

        def say(self, status: int, text: str) -> None:
            self.send_response(status)
            self.send_header("Content-Type", "text/xml")
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text.encode())

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield Gateway(upnpclient.Device(f"http://127.0.0.1:{server.server_port}/"))
        finally:
            server.shutdown()
            thread.join()


@pytest.mark.parametrize(
    ("status", "answer", "address"),
    [
        (200, ADDRESS.format("198.51.100.10"), "198.51.100.10"),
        (200, ADDRESS.format(""), ""),
        (200, ADDRESS.format("0.0.0.0"), ""),
        (500, ERROR, ""),
        (200, ADDRESS.format("busy"), None),
        (200, "<html>Please log in</html>", None),
        (500, "", None),
    ],
)
def test_only_what_a_router_said_is_believed(status: int, answer: str, address: str | None) -> None:
    with device(status, answer) as gateway:
        assert gateway.outside_address() == address


def test_a_router_that_did_not_answer_shares_nothing() -> None:
    assert not Router(INSIDE, HOME, upnp=True, outside=None).is_shared
    assert Router(INSIDE, HOME, upnp=True, outside="").is_shared
    assert Router(INSIDE, HOME, outside=None, beyond=CARRIER_INSIDE).is_shared


def test_a_provider_that_numbers_its_own_routers_so_shares_nothing() -> None:
    with lab(behind_carrier=True) as it, box(it):
        assert it.carrier
        it.carrier.run("ip", "route", "add", f"{PUBLIC}/32", "via", SHARED)
        found = examine(it)
    assert to_mend(found) == []
    assert f"its outside address is {PUBLIC}" in found["router"]["meaning"]


_NATPMP = """
import socket, sys
server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
server.bind((sys.argv[1], 5351))
print("listening", flush=True)
while True:
    asked, who = server.recvfrom(64)
    server.sendto(bytes([0, 128, 0, int(sys.argv[2])]) + bytes(4) + socket.inet_aton(sys.argv[3]), who)
"""


@contextmanager
def saying(it: Lab, address: str, code: int = 0) -> Iterator[None]:
    """A router that says by NAT-PMP (RFC 6886) what its outside address is; miniupnpd refuses to say a private one."""
    log = it.folder / "natpmp.log"
    process = it.router.host.start(sys.executable, "-c", _NATPMP, INSIDE, str(code), address, log=log)
    try:
        with listening(process, log):
            yield
    finally:
        log.unlink()


@pytest.fixture
def world(world: Lab) -> Lab:
    """A world in order, but that nothing is forwarded."""
    return forward_nothing(world)


def test_a_router_behind_another_router_says_so(world: Lab) -> None:
    with saying(world, "192.168.178.20"):
        found = examine(world)
    assert to_mend(found) == ["ipv6", "router"], "both are ways out"
    assert "has 192.168.178.20 outside, which is inside another router’s network" in found["router"]["meaning"]
    assert "Have that one forward the ports too, to 192.168.178.20" in found["router"]["meaning"]
    assert "carrier-grade NAT" not in found["router"]["meaning"]


def test_a_router_without_an_address_of_its_own_says_so(world: Lab) -> None:
    with saying(world, "0.0.0.0", code=3):
        found = examine(world)
    assert to_mend(found) == ["ipv6", "router"]
    assert "no outside address of its own" in found["router"]["meaning"]
    assert "tunnel" in found["router"]["meaning"]
