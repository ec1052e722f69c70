"""Lab `port80`: a router drops port 80. What a reader outside gets, and three ways to a certificate."""

import json
import time
from pathlib import Path
from typing import NamedTuple

from cryptography import x509

from homeport.core.config import Config
from homeport.core.errors import Problem
from homeport.https.service import last_attempt, place
from homeport.learn.amounts import duration
from homeport.learn.labs_at_home import ask_by_http, blog, curl, plain_server
from homeport.learn.labs_names import KEY_NAME, KEY_SECRET
from homeport.learn.labs_network import DOMAIN, HOME, INTERNET, wait_until
from homeport.learn.labs_reports import recording
from homeport.learn.labs_scene import stuck
from homeport.learn.labs_small_internet import SmallInternet, missing, small_internet
from homeport.learn.labs_story import Say

NAME = "port80"
MAP = """
the internet  198.51.100.1
     |        readers, names, authority
     |
the router    198.51.100.10 outside
     |        192.168.7.1 at home
     |
the blog      192.168.7.2
""".strip().splitlines()
OTHER_PORT = 8443


class Dropped(NamedTuple):
    """Port 80 dropped: whether the server answers at home, whether a reader outside gets an answer, curl's words, and
    those where the port is refused instead."""

    at_home: bool
    outside: bool
    silence: str
    refused: str


class Ways(NamedTuple):
    """Which challenge brought a certificate: HTTP-01 and TLS-ALPN-01 with port 80 dropped, DNS-01 with both."""

    http: bool
    tls_alpn: bool
    dns: bool


class Reached(NamedTuple):
    """Whether a reader, who checks the certificate, gets the page: by 443 while that is forwarded, by 80 then; by 443
    and by another port when both are dropped."""

    https: bool
    http: bool
    https_dropped: bool
    other_port: bool


class Outcome(NamedTuple):
    """What came of each scene."""

    dropped: Dropped
    ways: Ways
    reached: Reached


def run(say: Say) -> Outcome | None:
    """The lab; where this machine cannot build it, a recording of it, and None."""
    if lacking := missing():
        _replay(say, lacking)
        return None
    begun = time.monotonic()
    with small_internet("hplab") as it:
        say.scene("1  A home, its router, and an internet")
        say.raw(MAP)
        say.tell(
            f"Three network namespaces of this computer, connected by virtual cables. The name {DOMAIN} leads to the "
            "router, which translates addresses (NAT). Nothing of it touches the real network."
        )
        say.figure("built in", duration(time.monotonic() - begun))
        with plain_server(it) as folder:
            dropped = _dropped(say, it)
            http = _http(say, it, folder)
        tls_alpn, https, plain = _tls_alpn(say, it)
        dns, https_dropped, other = _dns(say, it)
    outcome = Outcome(dropped, Ways(http, tls_alpn, dns), Reached(https, plain, https_dropped, other))
    _conclude(say, outcome)
    return outcome


def _replay(say: Say, lacking: list[str]) -> None:
    kept = recording(NAME)
    if kept is None:
        raise Problem("The recording of this lab is missing.", code="lab_report", hint=" ".join(lacking))
    say.is_recording = True
    say.scene(f"A recording of {kept.at:%d %B %Y}")
    say.tell("This machine cannot build the lab, so you see what happened on another. To run it here:")
    for sentence in lacking:
        say.tell(f"- {sentence}")
    for part in kept.parts:
        say.part(part)


def _dropped(say: Say, it: SmallInternet) -> Dropped:
    say.scene("2  The router drops port 80")
    it.router.dropped = (80,)
    it.router.apply()
    at_home, said = curl(it, f"http://{HOME}/", at_home=True)
    say.tried(f"At home, http://{HOME}/ answers: {said}. Nothing is wrong with the web server.", worked=at_home)
    outside, silence = curl(it, f"http://{DOMAIN}/")
    say.tried(f"A reader on the internet opens http://{DOMAIN}/ and waits.", worked=outside)
    say.tell(f"curl says: “{silence}”.")
    say.tell("The packets did arrive, at the router. Its firewall has counted those that it threw away:")
    say.raw(it.router.counted())
    it.router.dropped, it.router.refused = (), (80,)
    it.router.apply()
    refused = curl(it, f"http://{DOMAIN}/")[1]
    say.tell(
        f"For comparison, a router that refuses the port. It answers, and so the reader knows at once: “{refused}”."
    )
    say.tell("Silence means that something on the way drops packets; a refusal, that somebody is there and says no.")
    it.router.dropped, it.router.refused = (80,), ()
    it.router.apply()
    return Dropped(at_home, outside, silence, refused)


def _http(say: Say, it: SmallInternet, folder: Path) -> bool:
    say.scene("3  The usual way to a certificate: HTTP-01")
    say.tell(
        f"The authority wants to know whether {DOMAIN} is yours. For HTTP-01 (RFC 8555, 8.3) it asks for a file there, "
        "at port 80 and at no other. The web server at home asks for a certificate in this way alone."
    )
    begun = time.monotonic()
    ask_by_http(it)
    config = Config(data=folder, domain=DOMAIN)
    if not wait_until(lambda: last_attempt(config)):
        raise stuck("nobody asked for a certificate")
    tried = last_attempt(config)
    succeeded = tried is not None and tried.succeeded
    say.figure("until the authority gave up", duration(time.monotonic() - begun))
    if tried and tried.error:
        say.tell(f"Its own words: “{tried.error}”")
    say.tried("A certificate by HTTP-01.", worked=succeeded)
    return succeeded


def _shown(say: Say, file: Path) -> None:
    held = x509.load_pem_x509_certificate(file.read_bytes())
    names = held.extensions.get_extension_for_class(x509.SubjectAlternativeName).value.get_values_for_type(x509.DNSName)
    say.raw([f"names   {', '.join(names)}", f"signed  {held.issuer.rfc4514_string()}"])


def _tls_alpn(say: Say, it: SmallInternet) -> tuple[bool, bool, bool]:
    say.scene("4  The way this blog takes first: TLS-ALPN-01")
    say.tell(
        "Port 80 is still dropped. For TLS-ALPN-01 (RFC 8737) the authority begins a TLS connection at port 443, names "
        "the protocol acme-tls/1 in it, and looks at a certificate made for this question: the port that readers need "
        "anyway is enough."
    )
    begun = time.monotonic()
    with blog(it, "blog") as data:
        https = wait_until(lambda: curl(it, f"https://{DOMAIN}/")[0])
        took = time.monotonic() - begun
        log = (data / "caddy" / "log.json").read_text().splitlines()
        tried = [row["challenge_type"] for row in map(json.loads, log) if row.get("challenge_type")]
        found = sorted(data.glob(f"caddy/certificates/*/{DOMAIN}/{DOMAIN}.crt"))
        say.raw([f"$ homeport serve --domain {DOMAIN}", f"challenges tried: {', '.join(dict.fromkeys(tried))}"])
        say.tried("A certificate by TLS-ALPN-01.", worked=bool(found) and "http-01" not in tried)
        if found:
            _shown(say, found[0])
        say.figure("from the command to a reader's first page by HTTPS", duration(took))
        say.tried(f"A reader opens https://{DOMAIN}/ and checks the certificate.", worked=https)
        plain, said = curl(it, f"http://{DOMAIN}/")
        say.tried(f"A reader types http://{DOMAIN}/, which is still port 80.", worked=plain)
        say.tell(f"curl says: “{said}”.")
    return bool(found) and "http-01" not in tried, https, plain


def _dns(say: Say, it: SmallInternet) -> tuple[bool, bool, bool]:
    say.scene("5  Both ports are dropped: DNS-01")
    it.router.dropped, it.router.forwarded = (80, 443), (OTHER_PORT,)
    it.router.apply()
    say.tell(
        "Now the authority can connect to nothing at home. For DNS-01 (RFC 8555, 8.4) it looks for a record in the "
        "domain instead: the blog writes it there, with a key that the name server knows (RFC 2136), and takes it away "
        f"afterwards. The router forwards port {OTHER_PORT}, so that readers have a way at all."
    )
    credentials = f"server={INTERNET} key_name={KEY_NAME} key_secret={KEY_SECRET}"
    by_dns = {"https_method": "dns", "https_dns_provider": "rfc2136", "https_dns_credentials": credentials}
    begun = time.monotonic()
    with blog(it, "by-dns", "--https-port", str(OTHER_PORT), **by_dns) as data:
        other = wait_until(lambda: curl(it, f"https://{DOMAIN}:{OTHER_PORT}/")[0])
        took = time.monotonic() - begun
        file = place(Config(data=data, domain=DOMAIN, https_method="dns"))
        say.tell("What the name server has noted:")
        say.raw(_changes(it.names.said()))
        say.tried("A certificate by DNS-01.", worked=file.is_file())
        if file.is_file():
            _shown(say, file)
        say.figure("from the command to a reader's first page by HTTPS", duration(took))
        dropped, said = curl(it, f"https://{DOMAIN}/")
        say.tried(f"A reader opens https://{DOMAIN}/: port 443 is dropped, certificate or not.", worked=dropped)
        say.tell(f"curl says: “{said}”.")
        say.tried(f"A reader opens https://{DOMAIN}:{OTHER_PORT}/ and checks the certificate.", worked=other)
        return file.is_file(), dropped, other


def _changes(log: str) -> list[str]:
    lines = [line.partition("updating zone ")[2] for line in log.splitlines() if "_acme-challenge" in line]
    return [line for line in lines if line]


def _conclude(say: Say, outcome: Outcome) -> None:
    say.scene("Side by side")
    word = {True: "certificate", False: "none"}
    say.table(
        ("Way", "The authority must reach", "What was dropped", "What came"),
        [
            ("HTTP-01", "port 80", "80", word[outcome.ways.http]),
            ("TLS-ALPN-01", "port 443", "80", word[outcome.ways.tls_alpn]),
            ("DNS-01", "the domain's name server", "80 and 443", word[outcome.ways.dns]),
        ],
    )
    say.remember(
        "A port that is dropped is silent. Who waits in vain learns nothing about why; the router's own count does.",
        "A certificate says that somebody controls a name. Of three ways to show it, one needs port 80.",
        "DNS-01 brings a certificate where nothing can come in. It does not bring readers: they need one port that "
        "reaches the blog, or to be at home.",
        "Who types an address without https:// begins at port 80 in many browsers. HSTS and links with https:// spare "
        "those who were here before.",
    )
    say.hides(
        "The authority is pebble, the test server of Let's Encrypt. A real one asks from several places of the world "
        "at once, counts failures, and makes you wait after five of them in an hour.",
        "A router of a shop drops port 80 by a switch on a page or by the provider's own rule, which you can't see; "
        "homeport doctor looks at yours.",
        "Where the provider shares one address among many homes (CGNAT), no port can be forwarded at all.",
    )
