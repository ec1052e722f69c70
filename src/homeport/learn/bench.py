"""The request bench: a request put together by hand, and the answer taken apart and explained."""

from dataclasses import dataclass
from http import HTTPStatus

from homeport.core.config import Config
from homeport.learn.headers import meaning
from homeport.learn.real_request import Exchange, Message, host_of

MOST_SHOWN = 20_000
"""Characters of a body that a page shows."""

CLASSES = {
    1: "1xx says: go on, this is not the answer yet.",
    2: "2xx says that it worked.",
    3: "3xx sends the client elsewhere, to another address or to what it has kept.",
    4: "4xx says that something about the request is at fault: the same one again would fail again.",
    5: "5xx says that the server failed, at a request that may well have been right.",
}
_TEXTS = ("text/", "application/json", "application/xml", "application/atom+xml", "image/svg+xml")


@dataclass(frozen=True)
class Draft:
    """A request as it is typed: method and path are one line each, headers one a line, the body any text."""

    method: str
    path: str
    headers: str
    body: str = ""


@dataclass(frozen=True)
class Preset:
    """A request to begin with, and what to look for in its answer."""

    name: str
    title: str
    draft: Draft
    look_for: str


def presets(config: Config) -> list[Preset]:
    """Requests to begin with."""
    host = f"Host: {host_of(config)}\n"
    form = "Content-Type: application/x-www-form-urlencoded\n"
    return [
        Preset("page", "A page", Draft("GET", "/", host), "200, and the page below the empty line."),
        Preset("head", "Only the head", Draft("HEAD", "/", host), "The same headers, and no body."),
        Preset(
            "conditional",
            "Only if it changed",
            Draft("GET", "/", f'{host}If-None-Match: "an ETag"\n'),
            "200, as this ETag is not the page’s. A button below the answer asks again with the right one: 304.",
        ),
        Preset(
            "compressed",
            "Compressed",
            Draft("GET", "/", f"{host}Accept-Encoding: br\n"),
            "Content-Encoding, fewer bytes, and a body that is no text any more.",
        ),
        Preset(
            "forged",
            "A form without a token",
            Draft("POST", "/login", f"{host}{form}", "email=mira%40example.org&password=made-up"),
            "403: nothing shows that a page of this blog has sent it.",
        ),
        Preset(
            "method",
            "A wrong method",
            Draft("POST", "/archive", f"{host}Sec-Fetch-Site: same-origin\nContent-Length: 0\n"),
            "405, and in Allow what would do.",
        ),
        Preset("missing", "What is not there", Draft("GET", "/nothing/here", f"{host}Accept: text/html\n"), "404."),
        Preset("name", "Another site’s name", Draft("GET", "/", "Host: evil.example\n"), "400: this blog is not that."),
        Preset("malformed", "Not HTTP", Draft("GET", "/", f"{host}this line has no colon\n"), "400."),
    ]  # fmt: skip


def raw(draft: Draft) -> bytes:
    """The bytes of a draft. Content-Length is added where there is a body and nothing says where it ends."""
    lines = [line for line in draft.headers.splitlines() if line.strip()]
    body = draft.body.encode()
    names = {line.partition(":")[0].strip().lower() for line in lines}
    if body and not names & {"content-length", "transfer-encoding"}:
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join([f"{draft.method} {draft.path} HTTP/1.1", *lines, "", ""]).encode() + body


def again(draft: Draft, etag: str) -> str:
    """The headers of a draft, with the ETag of what came back."""
    kept = [
        line for line in draft.headers.splitlines() if line.strip() and not line.lower().startswith("if-none-match")
    ]
    return "\n".join([*kept, f"If-None-Match: {etag}"])


@dataclass(frozen=True)
class Explained:
    """A message with what each of its parts means. `rows`: name, value and meaning of each header."""

    start: str
    about: str
    rows: tuple[tuple[str, str, str], ...]
    body: str
    is_hex: bool
    size: int
    is_cut: bool


def request_explained(exchange: Exchange) -> Explained:
    """What was sent."""
    about = "Method, target and version: what is to be done, with what, in which language."
    return _explained(exchange.request, about)


def answer_explained(exchange: Exchange) -> Explained:
    """What came back."""
    return _explained(exchange.answer, _about_status(exchange.answer.status))


def _about_status(status: int) -> str:
    if not status:
        return "No answer in HTTP: the connection ended without one."
    known = next((found for found in HTTPStatus if found == status), None)
    described = f" {known.phrase}: {known.description}." if known and known.description else ""
    return f"{CLASSES.get(status // 100, '')}{described}"


def _explained(message: Message, about: str) -> Explained:
    rows = tuple((name, value, meaning(name)) for name, value in message.shown_headers)
    is_text = _is_text(message)
    shown = message.text if is_text else _hex(message.body[: MOST_SHOWN // 60 * 16])
    return Explained(
        message.start,
        about,
        rows,
        shown[:MOST_SHOWN],
        not is_text,
        len(message.body),
        len(message.text) > MOST_SHOWN if is_text else len(message.body) > MOST_SHOWN // 60 * 16,
    )


def _is_text(message: Message) -> bool:
    if message.header("Content-Encoding"):
        return False
    kind = message.header("Content-Type").lower()
    return kind.startswith(_TEXTS) or (not kind and b"\0" not in message.body) or "form-urlencoded" in kind


def _hex(data: bytes) -> str:
    """Bytes as people look at them: where, sixteen of them, and what is a letter of ASCII."""
    lines = []
    for start in range(0, len(data), 16):
        piece = data[start : start + 16]
        letters = "".join(chr(byte) if 32 <= byte < 127 else "·" for byte in piece)
        lines.append(f"{start:04x}  {piece.hex(' '):<47}  {letters}")
    return "\n".join(lines)
