"""What may enter a record of the x-ray. Every value goes through here before it is kept anywhere, even in memory.

The rule is a list of what may be kept, and never one of what may not: a secret in a place that nobody thought of is
then not kept either. Of everything else the record holds what it is and how long, as in ⟨text, 43 characters⟩.
"""

import re
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from enum import Enum
from functools import cache
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from werkzeug.exceptions import HTTPException
from werkzeug.routing import Map, Rule
from wtforms import Form
from wtforms.fields.core import UnboundField

from homeport.jobs.models import MAIL_STATUSES

# Request headers that say what a browser is and wants, the same for everybody who has such a browser.
PLAIN_REQUEST = frozenset(
    re.findall(
        r"\S+",
        """
        accept accept-encoding accept-language cache-control connection content-length dnt if-modified-since
        if-none-match keep-alive pragma priority range sec-ch-ua sec-ch-ua-mobile sec-ch-ua-platform sec-fetch-dest
        sec-fetch-mode sec-fetch-site sec-fetch-user sec-gpc te upgrade-insecure-requests user-agent
        """,
    )
)
PLAIN_RESPONSE = frozenset(
    re.findall(
        r"\S+",
        """
        accept-ranges allow cache-control connection content-encoding content-language content-length content-range
        content-security-policy cross-origin-opener-policy cross-origin-resource-policy date etag last-modified
        permissions-policy referrer-policy retry-after server strict-transport-security vary x-content-type-options
        x-request-id
        """,
    )
)
COOKIES = frozenset({"sid", "__Host-sid", "device", "__Host-device", "ceremony", "__Host-ceremony", "message"})
TYPES = frozenset(
    re.findall(
        r"\S+",
        """
        application/atom+xml application/json application/octet-stream application/pdf application/rss+xml
        application/x-www-form-urlencoded application/zip image/avif image/gif image/jpeg image/png image/svg+xml
        image/webp multipart/form-data text/css text/csv text/html text/javascript text/markdown text/plain
        """,
    )
)
# Names of parts of an address that hold no secret. A `path` is kept where a page was found by it.
OPEN_PARTS = frozenset({"slug", "year", "address", "name", "version"})
# Parameters whose values are numbers of a page, a person or the like.
PLAIN_PARAMETERS = frozenset({"page", "after"})
# Beside the fields of forms: what views ask for by themselves.
NAMES = PLAIN_PARAMETERS | {"before", "csrf_token", "do", "key", "mine", "next", "q", "role", "seen", "state", "token"}
WORDS = frozenset(MAIL_STATUSES)
"""Words out of a few that columns hold, where their type does not say so."""
# Columns that hold a number that the program counts.
_COUNTED = re.compile(r"(^|_)(id|version|limit|offset|count|attempts|number|position|param|year)$")
_TOKEN = re.compile(r"[\w!#$%&'*+.^`|~-]{1,60}")
_LITERAL = re.compile(r"'(?:[^']|'')*'")
_LONGEST = 600


def kind(value: object) -> str:
    """What a value is and how long, in the place of the value itself."""
    if value is None or value == "":
        return "⟨nothing⟩"
    for types, word in _SIZED:
        if isinstance(value, types):
            return f"⟨{'text, ' if word == 'character' else ''}{_many(len(value), word)}⟩"
    return next((f"⟨{word}⟩" for types, word in _PLAIN if isinstance(value, types)), f"⟨a {type(value).__name__}⟩")


_SIZED: tuple[tuple[Any, str], ...] = (
    (str, "character"),
    ((bytes, bytearray, memoryview), "byte"),
    (Mapping, "pair"),
    ((list, tuple, set, frozenset), "value"),
)
_PLAIN: tuple[tuple[Any, str], ...] = (
    (bool, "yes or no"),
    ((int, float), "a number"),
    (datetime, "a time"),
    (date, "a date"),
)


def _many(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"


def name(text: str) -> str:
    """A field's or parameter's name: kept where the program has such a one, since a person can type any other."""
    return text if text in NAMES or text in _fields() else f"⟨a name, {_many(len(text), 'character')}⟩"


@cache
def _fields() -> frozenset[str]:
    """The names of all fields of all forms."""
    forms, found = [Form], set()
    for form in forms:
        forms += form.__subclasses__()
        found |= {field for field, value in vars(form).items() if isinstance(value, UnboundField)}
    return frozenset(found)


def parameter(column: str, value: object, *, closed: bool = False) -> str:
    """A value that was bound to a statement, by the name of what it is compared with or stored in.

    `closed`: the column takes one of a few words that the program defines.
    """
    column = re.sub(r"_\d+(_\d+)*$", "", column)
    if isinstance(value, list | tuple):
        return "[" + ", ".join(parameter(column, each, closed=closed) for each in value[:10]) + "]"
    if value is None or isinstance(value, bool):
        return {None: "NULL", True: "true", False: "false"}[value]
    if isinstance(value, Enum):
        return value.name if closed else kind(value.name)
    if isinstance(value, int) and _COUNTED.search(column):
        return str(value)
    return f"'{value}'" if isinstance(value, str) and value in WORDS else kind(value)


def statement(text: str) -> str:
    """The text of a statement, without any text that stands in it as a value instead of being bound to it."""
    return _LITERAL.sub(lambda found: f"'{kind(found[0][1:-1])}'" if len(found[0]) > 2 else "''", text)


def argument(value: object) -> str:
    """An argument of a job: the number of a row, or what it is and how long."""
    return str(value) if isinstance(value, int) and not isinstance(value, bool) and abs(value) < 10**9 else kind(value)


class Addresses:
    """Addresses of this blog, by its table of routes: what the table itself holds is kept, what fills it in mostly not.

    `found` is the path of a page that was shown: an address that somebody may have mistyped is not kept.
    """

    def __init__(self, table: Map, hosts: Iterable[str]) -> None:
        self._table = table.bind("localhost")
        self._hosts = frozenset(hosts)

    def path(self, path: str, *, found: bool) -> str:
        """A path, without what could be a secret in it."""
        try:
            rule, values = self._match(path)
        except HTTPException:
            return f"/⟨an address that no route has, {_many(len(path) - 1, 'character')}⟩"
        return self.filled(rule, values, found=found)

    def _match(self, path: str) -> tuple[Rule, Mapping[str, Any]]:
        for method in ("GET", "POST"):
            if self._table.test(path, method=method):
                return self._table.match(path, method=method, return_rule=True)
        return self._table.match(path, method="GET", return_rule=True)

    def filled(self, rule: Rule, values: Mapping[str, Any], *, found: bool) -> str:
        """A route's address with its parts."""
        shown = self.parts(values, found=found)
        return re.sub(r"<(?:[^:<>]+:)?(\w+)>", lambda part: shown.get(part[1], part[0]), rule.rule)

    def parts(self, values: Mapping[str, Any], *, found: bool) -> dict[str, str]:
        """What stood in the place of a route's variables."""
        shown = {}
        for part, value in values.items():
            is_open = isinstance(value, int) or part in OPEN_PARTS or (part == "path" and found)
            shown[part] = str(value)[:200] if is_open else kind(value)
        return shown

    def target(self, path: str, query: str, *, found: bool) -> str:
        """Path and query as they stand in a request's first line."""
        return self.path(path, found=found) + (f"?{query_string(query)}" if query else "")

    def whole(self, address: str) -> str:
        """An address in a header: one of this blog is looked at, one of elsewhere is not kept."""
        try:
            parts = urlsplit(address)
        except ValueError:
            return kind(address)
        if parts.netloc and not self.is_ours(parts.netloc):
            return f"⟨an address elsewhere, {_many(len(address), 'character')}⟩"
        begin = f"{parts.scheme}://{parts.netloc}" if parts.netloc else ""
        return begin + (self.target(parts.path, parts.query, found=False) if parts.path else "")

    def is_ours(self, host: str) -> bool:
        """Whether a host, with its port, is this blog."""
        return (host.rpartition(":")[0] if re.search(r":\d+$", host) else host) in self._hosts

    def request_header(self, header: str, value: str) -> str:
        """The value of a header that a browser sent."""
        low = header.lower()
        if low == "cookie":
            return "; ".join(f"{cookie(each)}" for each in value.split(";"))
        if low == "host":
            return value if self.is_ours(value) else kind(value)
        if low in {"referer", "origin"}:
            return self.whole(value)
        if low == "content-type":
            return media_type(value)
        return value[:_LONGEST] if low in PLAIN_REQUEST else kind(value)

    def response_header(self, header: str, value: str) -> str:
        """The value of a header of the answer."""
        low = header.lower()
        if low == "set-cookie":
            pair, *attributes = value.split(";")
            return ";".join([cookie(pair), *attributes])
        if low == "location":
            return self.whole(value)
        if low == "content-type":
            return media_type(value)
        return value[:_LONGEST] if low in PLAIN_RESPONSE else kind(value)


def header_name(text: str) -> str:
    """A header's name, as RFC 9110 has it (5.6.2)."""
    return text if _TOKEN.fullmatch(text) else kind(text)


def media_type(value: str) -> str:
    """The type that a header names, without its parameters but for how text is written down."""
    named, _, more = value.partition(";")
    utf8 = "; charset=utf-8" if more.strip().lower() == "charset=utf-8" else ""
    return named.strip().lower() + utf8 if named.strip().lower() in TYPES else kind(value)


def cookie(pair: str) -> str:
    """A cookie as `name=value`: its name where it is one of ours, and never its value."""
    given, _, value = pair.strip().partition("=")
    return f"{given if given in COOKIES else '⟨another⟩'}={kind(value)}"


def query_string(text: str) -> str:
    """The part of an address behind the question mark."""
    return "&".join(f"{known}={value}" for known, value in query(parse_qsl(text, keep_blank_values=True)))


def query(pairs: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """The parameters of an address, as names and what may be kept of their values."""
    return [
        (name(given), value if given in PLAIN_PARAMETERS and re.fullmatch(r"\d{1,6}", value) else kind(value))
        for given, value in pairs
    ][:50]


def one_of(text: str, words: frozenset[str]) -> str:
    """A word out of a few that a standard has."""
    return text if text in words else kind(text)


def form(pairs: Iterable[tuple[str, object]]) -> list[tuple[str, str]]:
    """The fields of a form, as names and what their values are."""
    return [(name(given), kind(value)) for given, value in pairs][:100]
