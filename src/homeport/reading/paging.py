"""Pages of a list, by keyset: a page begins after a post, not at a number.

So a page's address keeps its content, a post published in between is neither shown twice nor skips another one, and
page 70 costs what page 2 does.
"""

import struct
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as Base64Error
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import ColumnElement

from homeport.core.errors import not_found
from homeport.posts import queries
from homeport.posts.queries import Entry, Position

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_LAYOUT = struct.Struct(">qI")  # microseconds since 1970, then the post's id


@dataclass(frozen=True, slots=True)
class Page:
    """Some posts of a list, with the addresses of the pages beside it, where there are any."""

    entries: Sequence[Entry]
    newer: str | None
    older: str | None
    address: str


def cursor(position: Position) -> str:
    """A position as 16 characters that may stand in an address."""
    packed = _LAYOUT.pack((position.published_at - _EPOCH) // _MICROSECOND, position.id)
    return urlsafe_b64encode(packed).decode()


def position(text: str) -> Position:
    """The position that `cursor` wrote. Raises Problem 404 for anything else."""
    try:
        microseconds, post = _LAYOUT.unpack(urlsafe_b64decode(text.encode("ascii")))
        found = Position(_EPOCH + microseconds * _MICROSECOND, post)
    except (struct.error, Base64Error, UnicodeEncodeError, OverflowError):
        raise not_found() from None
    if cursor(found) != text:  # the decoder passes over strange characters: one page, one address
        raise not_found()
    return found


def page(address: str, begin: str, size: int, among: ColumnElement[bool] | None = None) -> Page:
    """The page of the list at `address` that begins after the cursor `begin` (empty: the newest).

    Raises Problem 404 for a cursor that nobody was given, and for a page that holds nothing any more.
    """
    start = position(begin) if begin else None
    found = queries.newest(size + 1, start, among)
    if start and not found:
        raise not_found()
    entries = found[:size]
    older = _link(address, entries[-1].position) if len(found) > size else None
    newer = _newer(address, entries[0].position, size, among) if start else None
    return Page(entries, newer, older, f"{address}?before={begin}" if begin else address)


def _newer(address: str, first: Position, size: int, among: ColumnElement[bool] | None) -> str | None:
    above = queries.positions_after(first, size + 1, among)
    if not above:
        return None
    return _link(address, above[size]) if len(above) > size else address


def _link(address: str, after: Position) -> str:
    return f"{address}?before={cursor(after)}"
