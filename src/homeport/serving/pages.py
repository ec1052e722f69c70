"""Finished pages: an answer as it is kept, and its forms in each content coding."""

import zlib
from hashlib import blake2b

import brotli

FOREVER = -1
IDENTITY, GZIP, BROTLI = range(3)
CODINGS = ("", "gzip", "br")
SMALLEST_COMPRESSED = 256  # below this, the header about the compression costs more than it saves
OVERHEAD = 2048  # bytes: about what a page's key, headers and objects take beside its bodies

Headers = list[tuple[str, str]]
Key = tuple[str, str, str, str]

_REPLACED = {"etag", "content-length", "x-request-id"}
_KEPT_IN_304 = {"cache-control", "content-location", "etag", "expires", "vary"}  # RFC 9110 section 15.4.5
_COMPRESSIBLE = ("text/", "application/json", "application/xml", "application/atom", "application/rss",
                 "application/feed", "application/ld", "application/manifest", "image/svg")  # fmt: skip


def stamp_of(body: bytes, coding: str) -> int:
    """A number of 60 bits that tells one content from another, as an ETag does. It can be a file's time of change in
    nanoseconds (up to the year 2006), out of which Caddy makes the same ETag as we do here."""
    digest = blake2b(body, digest_size=8, person=coding.encode()).digest()
    return int.from_bytes(digest) >> 4 | 1 << 32  # nothing that Caddy takes for no time at all


def _base36(number: int) -> str:
    digits = ""
    while number:
        number, digit = divmod(number, 36)
        digits = "0123456789abcdefghijklmnopqrstuvwxyz"[digit] + digits
    return digits or "0"


class Variant:
    """One representation of a page: headers and body in one content coding, ready to be sent."""

    __slots__ = ("body", "etag", "headers", "not_modified", "stamp")

    def __init__(self, headers: Headers, body: bytes, coding: str) -> None:
        self.stamp = stamp_of(body, coding)
        self.etag = f'"{_base36(self.stamp)}-{_base36(len(body))}"'
        self.headers = [*headers, ("ETag", self.etag), ("Content-Length", str(len(body)))]
        if coding:
            self.headers.append(("Content-Encoding", coding))
        self.not_modified = [row for row in self.headers if row[0].lower() in _KEPT_IN_304]
        self.body = [body]


class Page:
    """A stored answer: the version it was made from, and its variants; compressed ones are made when first wanted."""

    __slots__ = ("headers", "offered", "size", "used", "variants", "version")

    def __init__(self, version: int, headers: Headers, body: bytes) -> None:
        kind = next((value for name, value in headers if name.lower() == "content-type"), "")
        compressible = kind.startswith(_COMPRESSIBLE) and len(body) >= SMALLEST_COMPRESSED
        self.version = version
        self.used = self.offered = False
        self.size = len(body) + OVERHEAD
        self.headers = [row for row in headers if row[0].lower() not in _REPLACED]
        if compressible:
            self.headers.append(("Vary", "Accept-Encoding"))
        plain = Variant(self.headers, body, "")
        self.variants = [plain, None, None] if compressible else [plain, plain, plain]

    def compress(self, coding: int) -> Variant:
        """Make and keep the variant in a coding. Two threads may both do it; either result is right."""
        variant = self.variants[coding] = self.in_coding(coding)
        return variant

    def in_coding(self, coding: int) -> Variant:
        """The variant in a coding, kept or made for the caller alone."""
        kept = self.variants[coding]
        if kept is not None:
            return kept
        plain = self.variants[IDENTITY].body[0]  # type: ignore[union-attr]  # made with the page
        body = _gzip(plain) if coding == GZIP else _brotli(plain, forever=self.version == FOREVER)
        return Variant(self.headers, body, CODINGS[coding])


def _gzip(body: bytes) -> bytes:
    worker = zlib.compressobj(6, zlib.DEFLATED, 16 + zlib.MAX_WBITS)
    return worker.compress(body) + worker.flush()


def _brotli(body: bytes, *, forever: bool) -> bytes:
    # 5 takes about a millisecond for a page, 11 takes fifty: worth it once for a file that never changes.
    return bytes(brotli.compress(body, quality=11 if forever else 5))
