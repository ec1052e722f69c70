"""Looking into the audit log: some of its events, the newest first, with the sentences that they are."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Select, func, or_, select

from homeport.accounts import queries
from homeport.accounts.audit_sentences import WORDINGS, Happening, Piece, sentence
from homeport.accounts.handles import normal
from homeport.accounts.models import AuditDetail, AuditEvent, User
from homeport.core.db import db


@dataclass(frozen=True)
class Wanted:
    """Which events: about or by one person, of one group, from `since` and before `until`. Nothing set: all."""

    person: int | None = None
    group: str = ""
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True)
class Line:
    """An event as it is shown."""

    id: int
    at: datetime
    event: Happening
    pieces: list[Piece]
    hash: str

    @property
    def address(self) -> str:
        """The network address it came from, while that is known."""
        return (self.event.facts or {}).get("address", "")

    @property
    def browser(self) -> str:
        """The browser's User-Agent, while that is known."""
        return (self.event.facts or {}).get("browser", "")


@dataclass(frozen=True)
class Page:
    """Some lines, and after which event the pages beside it begin: 0 for the newest page, None for no page."""

    lines: Sequence[Line]
    newer: int | None
    older: int | None


def page(wanted: Wanted, before: int | None, size: int) -> Page:
    """The page whose events are older than `before` (None: the newest)."""
    rules = _rules(wanted)
    start = [AuditEvent.id < before] if before else []
    found = list(_lines(_chosen(*rules, *start).order_by(AuditEvent.id.desc()).limit(size + 1), everybodys_names()))
    shown = found[:size]
    older = shown[-1].id if len(found) > size else None
    return Page(shown, _newer(rules, before, size) if before else None, older)


def _newer(rules: Sequence[ColumnElement[bool]], before: int, size: int) -> int | None:
    above = select(AuditEvent.id).where(*rules, AuditEvent.id >= before).order_by(AuditEvent.id).limit(size + 1)
    ids = db.session.scalars(above).all()
    return (ids[size] if len(ids) > size else 0) if ids else None


def every_line(wanted: Wanted) -> Iterator[Line]:
    """All of the events, the oldest first, a few hundred in memory at a time."""
    chosen = _chosen(*_rules(wanted)).order_by(AuditEvent.id).execution_options(yield_per=500)
    yield from _lines(chosen, everybodys_names())


def newest(number: int, wanted: Wanted) -> list[Line]:
    """The last events, the oldest of them first."""
    return list(reversed(page(wanted, None, number).lines))


def count() -> int:
    """How many events there are."""
    return db.session.scalar(select(func.count()).select_from(AuditEvent)) or 0


def everybodys_names() -> dict[int, str]:
    """What everybody with an account is called, by number."""
    return {row.id: row.display_name for row in db.session.execute(select(User.id, User.display_name))}


def find_person(text: str) -> int | None:
    """Whose number is meant: by address, handle, name, or the number itself (which who has left still has)."""
    words = text.strip()
    named = select(User).where(User.display_name == words).order_by(User.id).limit(1)
    user = queries.by_email(words) or queries.by_handle(normal(words)) or db.session.scalar(named)
    if user is not None:
        return user.id
    number = words.removeprefix("#").casefold().removeprefix("account").strip()
    return int(number) if number.isascii() and number.isdigit() and len(number) < 10 else None


def _rules(wanted: Wanted) -> list[ColumnElement[bool]]:
    rules: list[ColumnElement[bool]] = []
    if wanted.person is not None:
        rules.append(or_(AuditEvent.actor_id == wanted.person, AuditEvent.subject_id == wanted.person))
    if wanted.group:
        actions = [action for action, wording in WORDINGS.items() if wording.group == wanted.group]
        rules.append(AuditEvent.action.in_(actions))
    if wanted.since is not None:
        rules.append(AuditEvent.at >= wanted.since)
    if wanted.until is not None:
        rules.append(AuditEvent.at < wanted.until)
    return rules


def _chosen(*rules: ColumnElement[bool]) -> Select[tuple[object, ...]]:
    columns = [*AuditEvent.__table__.columns, AuditDetail.facts]
    return select(*columns).outerjoin(AuditDetail, AuditDetail.event_id == AuditEvent.id).where(*rules)


def _lines(chosen: Select[tuple[object, ...]], names: Mapping[int, str]) -> Iterator[Line]:
    for row in db.session.execute(chosen):
        event = Happening(row.action, row.actor_id, row.subject_id, row.target, row.facts)
        yield Line(row.id, row.at, event, sentence(event, names), row.hash)
