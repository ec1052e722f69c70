"""Lab `mitm`: the man in the middle. A person logs in over HTTP and over HTTPS, and somebody sits in between."""

import ssl
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple
from urllib.parse import unquote_plus

from homeport.learn import labs_chromium
from homeport.learn.labs_browser import Answer, Browser, believing, believing_anybody
from homeport.learn.labs_certificates import authority, issue
from homeport.learn.labs_listeners import Forger, Relay, Stripper, serving
from homeport.learn.labs_scene import Person, blog, move_in, scratch
from homeport.learn.labs_story import Say
from homeport.learn.labs_wire import connect

NAME = "blog.example"
"""The blog's name, which belongs to nobody (RFC 2606). Ports of the loopback stand for its ports 80 and 443."""

ROOT = "Lab Authority"


class Plain(NamedTuple):
    """What the listener got over HTTP: whether each stood in the recording, and whether the stolen cookie worked."""

    password: bool
    cookie: bool
    cookie_works: bool


class Private(NamedTuple):
    """What the listener got over HTTPS; `replay`: whether the same bytes were answered again."""

    password: bool
    cookie: bool
    name: bool
    replay: bool
    logged_in: bool


class Forged(NamedTuple):
    """Why the browser hung up, what Chromium said (None: not installed), whether they told the forger anything, and
    whether a client that checks nothing told the password."""

    refused: str
    chromium: str | None
    heard: bool
    careless: bool


class Stripped(NamedTuple):
    """Whether the password came by the one who takes HTTPS away, and whether anything came from a strict browser."""

    password: bool
    strict: bool


class Outcome(NamedTuple):
    """What the one in between got, scene by scene."""

    plain: Plain
    private: Private
    forged: Forged
    stripped: Stripped


@dataclass(frozen=True)
class Scene:
    """A blog that runs on the loopback, behind the ports of one who listens."""

    host: str
    port: int
    person: Person
    relay: Relay
    folder: Path

    def browser(self, trusts: ssl.SSLContext, **ways: int) -> Browser:
        """A fresh browser, which reaches the blog by the listener unless `ways` says otherwise."""
        return Browser(self.host, ways or {"http": self.relay.port, "https": self.relay.port}, trusts)


def run(say: Say, host: str) -> Outcome:
    """The lab."""
    root = authority(ROOT)
    with _scene(host, None) as scene:
        plain = _over_http(say, scene)
    with scratch() as folder, _scene(host, issue(root, NAME, folder)) as scene:
        private = _over_https(say, scene, believing(root.pem))
        forged = _forged(say, scene, believing(root.pem))
        stripped = _stripped(say, scene, believing(root.pem))
    _conclude(say)
    return Outcome(plain, private, forged, stripped)


@contextmanager
def _scene(host: str, certificate: Path | None) -> Iterator[Scene]:
    # With a domain and a certificate it is the blog as it stands on the internet; without, as on http://localhost.
    settings = {"domain": NAME, "https_method": "off"} if certificate else {"allowed_hosts": (NAME,)}
    with ExitStack() as stack:
        folder = stack.enter_context(scratch())
        here = stack.enter_context(blog(folder, **settings))
        with here.inside():
            person = move_in("Tilda Ost")
        port = stack.enter_context(serving(here.app, host, certificate))
        relay = stack.enter_context(Relay(host, port).running())
        yield Scene(host, port, person, relay, folder)


def _log_in(browser: Browser, person: Person, scheme: str) -> Answer:
    browser.get(f"{scheme}://{NAME}/login")
    return browser.submit(f"{scheme}://{NAME}/login", email=person.email, password=person.password)


def _is_in(browser: Browser, scheme: str) -> bool:
    return browser.get(f"{scheme}://{NAME}/account").status == 200


def _over_http(say: Say, scene: Scene) -> Plain:
    say.scene("1  Over HTTP")
    victim = scene.browser(believing())
    _log_in(victim, scene.person, "http")
    recorded = bytes(scene.relay.sent)
    say.tell(f"{scene.person.name} logs in. This is what passed the listener, as it was sent:")
    say.raw([line for line in recorded[recorded.find(b"POST ") :].decode("latin-1").split("\r\n") if line])
    cookie = _cookie_in(bytes(scene.relay.answered))
    password = scene.person.password in unquote_plus(recorded.decode("latin-1"))
    (say.works if password else say.fails)("The password stands in the recording.")
    (say.works if cookie else say.fails)(f"The session's cookie stands in the answer: {cookie}")
    elsewhere = scene.browser(believing(), http=scene.port)
    elsewhere.cookies = dict([cookie.split("=", 1)]) if cookie else {}
    works = _is_in(elsewhere, "http")
    (say.works if works else say.fails)("The cookie, sent from elsewhere, opens the account. No password was needed.")
    return Plain(password, bool(cookie), works)


def _cookie_in(answers: bytes) -> str:
    for line in answers.split(b"\r\n"):
        name, _, value = line.partition(b": ")
        if name.lower() == b"set-cookie" and b"sid=" in value:
            return value.split(b";")[0].decode()
    return ""


def _over_https(say: Say, scene: Scene, trusts: ssl.SSLContext) -> Private:
    say.scene("2  Over HTTPS")
    victim = scene.browser(trusts)
    _log_in(victim, scene.person, "https")
    sent, answered = bytes(scene.relay.sent), bytes(scene.relay.answered)
    both = sent + answered
    say.tell("The same login. What passed the listener begins like this:")
    say.raw([sent[start : start + 20].hex(" ") for start in (0, 20, 40)])
    say.figure("bytes recorded, both ways", f"{len(both):,}")
    password = scene.person.password.encode() in both
    cookie = any(value.encode() in both for value in victim.cookies.values())
    name = NAME.encode() in sent
    (say.works if password else say.fails)("The password stands in the recording.")
    (say.works if cookie else say.fails)("The session's cookie stands in the recording.")
    (say.works if name else say.fails)(f"The name {NAME} stands in it, in the first message (server_name, RFC 6066).")
    replay = b"HTTP/1" in _replayed(scene, sent)
    (say.works if replay else say.fails)(
        "The same bytes, sent to the blog again, are answered. (Each connection has keys of its own.)"
    )
    say.tell("What the listener has instead: who talked with whom, when, how often, and how much.")
    return Private(password, cookie, name, replay, _is_in(victim, "https"))


def _replayed(scene: Scene, recorded: bytes) -> bytes:
    got = b""
    with connect(scene.host, scene.port) as connection:
        try:
            connection.sendall(recorded)
            connection.settimeout(2)
            while data := connection.recv(65536):
                got += data
        except OSError:
            return got
    return got


def _forged(say: Say, scene: Scene, trusts: ssl.SSLContext) -> Forged:
    say.scene("3  With a forged certificate")
    forged = issue(authority(ROOT), NAME, scene.folder)
    say.tell(f"Anybody can make a certificate that says {NAME}, signed by an authority that calls itself “{ROOT}”.")
    refused = ""
    with Forger(scene.host, forged).running() as forger:
        try:
            _log_in(scene.browser(trusts, https=forger.port), scene.person, "https")
        except ssl.SSLCertVerificationError as error:
            refused = error.verify_message
        seen = _in_chromium(scene, forger.port)
        heard = bool(forger.heard)
        (say.works if heard else say.fails)(f"A browser that checks believes it. It hangs up: {refused}.")
        say.tell(f"Chromium says {seen}." if seen else "Chromium is not installed, so the real browser was not asked.")
        _log_in(scene.browser(believing_anybody(), https=forger.port), scene.person, "https")
        careless = scene.person.password in unquote_plus(bytes(forger.heard).decode("latin-1"))
    (say.works if careless else say.fails)(
        "A client that checks nothing (“continue anyway”, curl -k) tells the forger everything."
    )
    return Forged(refused, seen, heard, careless)


def _in_chromium(scene: Scene, port: int) -> str | None:
    program = labs_chromium.installed()
    return labs_chromium.verdict(program, NAME, scene.host, port, scene.folder) if program else None


def _stripped(say: Say, scene: Scene, trusts: ssl.SSLContext) -> Stripped:
    say.scene("4  With HTTPS taken away")
    say.tell(
        f"{scene.person.name} follows a link to http://{NAME}/login. The one in between speaks HTTP with her, and "
        "HTTPS with the blog."
    )
    direct = scene.browser(trusts, https=scene.port)
    with Stripper(scene.host, lambda request: direct.sent("https", NAME, request)).running() as stripper:
        ways = {"http": stripper.port, "https": scene.relay.port}
        first = scene.browser(trusts, **ways)
        _log_in(first, scene.person, "http")
        without = scene.person.password in unquote_plus(bytes(stripper.heard).decode("latin-1"))
        (say.works if without else say.fails)("Without HSTS: the password passes in the clear.")
        stripper.heard.clear()
        second = scene.browser(trusts, **ways)
        told = second.get(f"https://{NAME}/").header("Strict-Transport-Security")
        say.tell(f"Another browser was here once, over HTTPS, and was told: Strict-Transport-Security: {told}")
        _log_in(second, scene.person, "http")
        strict = bool(stripper.heard)
    (say.works if strict else say.fails)(
        "With HSTS: the password passes in the clear. The browser makes https:// of the link before anything leaves it."
    )
    return Stripped(without, strict)


def _conclude(say: Say) -> None:
    say.remember(
        "Over HTTP everybody on the way reads and changes everything. As long as it lasts, the cookie is worth as much "
        "as the password.",
        "HTTPS hides what is said and not that it is said: name, time and amount stay visible.",
        "A certificate is worth what its signature is worth. A warning is the moment at which the attack is seen.",
        "Encryption that can be taken away protects nobody: HSTS makes browsers insist on it, from the second "
        "visit on.",
    )
    say.hides(
        "The browser of these scenes is a few lines of Python with Python's own TLS; Chromium, where there is one, was "
        "asked about the forged certificate alone. Real browsers also know names that are strict from the first visit "
        "(preload), and look for certificates in public logs.",
        "Getting in between is not shown: on a shared Wi-Fi it is easy, and elsewhere a matter of position.",
        "Malware on the person's own computer reads before anything is encrypted.",
    )
