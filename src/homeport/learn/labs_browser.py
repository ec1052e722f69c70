"""A browser of a few lines, for labs: cookies, HTTPS with a checked certificate, and the memory of HSTS (RFC 6797)."""

import ssl
from dataclasses import dataclass, field
from http.cookies import SimpleCookie
from urllib.parse import urlencode, urlsplit

from homeport.learn.labs_wire import connect

LONGEST = 4_000_000  # bytes of an answer


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes

    def header(self, name: str) -> str:
        """A header's value; empty where there is none."""
        return next((value for key, value in self.headers if key.lower() == name.lower()), "")


@dataclass
class Browser:
    """Somebody's browser. `ways` says which port of the loopback stands for port 80 (http) and 443 (https).

    `trusts` is the context that certificates are checked with. `strict` are the hosts that asked for HTTPS always.
    """

    host: str
    ways: dict[str, int]
    trusts: ssl.SSLContext
    cookies: dict[str, str] = field(default_factory=dict)
    strict: set[str] = field(default_factory=set)

    def get(self, url: str) -> Answer:
        """Follow a link. Raises ssl.SSLError where the certificate does not hold."""
        return self._ask("GET", url, b"")

    def submit(self, url: str, **fields: str) -> Answer:
        """Send a form from a page of the same site."""
        return self._ask("POST", url, urlencode(fields).encode())

    def _ask(self, method: str, url: str, body: bytes) -> Answer:
        parts = urlsplit(url)
        scheme, name = parts.scheme, parts.netloc
        if scheme == "http" and name in self.strict:
            scheme = "https"  # before anything leaves this machine (RFC 6797, 8.3)
        lines = [f"{method} {parts.path or '/'} HTTP/1.1", f"Host: {name}", "User-Agent: lab", "Connection: close"]
        if self.cookies:
            lines.append("Cookie: " + "; ".join(f"{key}={value}" for key, value in self.cookies.items()))
        if method == "POST":
            lines += [f"Origin: {scheme}://{name}", "Content-Type: application/x-www-form-urlencoded"]
            lines.append(f"Content-Length: {len(body)}")
        answer = parsed(self.sent(scheme, name, "\r\n".join(lines).encode() + b"\r\n\r\n" + body))
        self._remember(scheme, name, answer)
        return answer

    def sent(self, scheme: str, name: str, request: bytes) -> bytes:
        """The bytes that come back for these bytes."""
        with connect(self.host, self.ways[scheme]) as plain:
            if scheme == "http":
                plain.sendall(request)
                return plain.makefile("rb").read(LONGEST)
            with self.trusts.wrap_socket(plain, server_hostname=name) as tls:
                tls.sendall(request)
                return tls.makefile("rb").read(LONGEST)

    def _remember(self, scheme: str, name: str, answer: Answer) -> None:
        for key, value in answer.headers:
            if key.lower() == "set-cookie":
                for cookie in SimpleCookie(value).values():
                    if scheme == "https" or not cookie["secure"]:
                        self.cookies[cookie.key] = cookie.value
        if scheme == "https" and answer.header("Strict-Transport-Security"):
            self.strict.add(name)  # over HTTP the header counts for nothing (RFC 6797, 8.1)


def parsed(raw: bytes) -> Answer:
    """An answer as it came over the wire, up to its end. Raises ValueError for what is none."""
    head, _, body = raw.partition(b"\r\n\r\n")
    first, *rest = head.decode("latin-1").split("\r\n")
    pairs = (line.partition(":") for line in rest)
    return Answer(int(first.split()[1]), tuple((key, value.strip()) for key, _, value in pairs), body)


def believing(*roots: str) -> ssl.SSLContext:
    """A context that believes these authorities (PEM) and no other."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    for root in roots:
        context.load_verify_locations(cadata=root)
    return context


def believing_anybody() -> ssl.SSLContext:
    """A context that checks nothing, as after “continue anyway”, `curl -k` or `verify=False`."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context
