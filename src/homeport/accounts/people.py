"""Everybody, as the owner's list shows them: looked for by words, role and state, one page at a time.

A page begins after a person, not at a number, so that somebody who joins meanwhile is neither shown twice nor left out.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, exists, func, not_, or_, select, tuple_
from sqlalchemy.orm import aliased

from homeport.accounts.handles import handle_of, normal
from homeport.accounts.models import (
    AuditEvent,
    AuthSession,
    Departure,
    Invitation,
    InvitationUse,
    KnownDevice,
    User,
)
from homeport.accounts.queries import has_second_factor, has_way_in
from homeport.core.db import db
from homeport.core.http import Role


class State(StrEnum):
    """How somebody stands; every person is in one of the first four."""

    ACTIVE = "active"
    WAITING = "waiting"
    SUSPENDED = "suspended"
    LEAVING = "leaving"
    UNPROTECTED = "unprotected"


LABELS = {
    State.ACTIVE: "Active",
    State.WAITING: "Waiting",
    State.SUSPENDED: "Suspended",
    State.LEAVING: "Leaving",
    State.UNPROTECTED: "Without second factor",
}


@dataclass(frozen=True)
class Wanted:
    """Who is looked for; nothing set: everybody."""

    words: str = ""
    role: Role | None = None
    state: State | None = None


@dataclass(frozen=True)
class Entry:
    """A person with what the list tells about them. `last_seen` is None for somebody who has not been here lately."""

    user: User
    state: State
    has_second_factor: bool
    last_seen: datetime | None
    invited_by: str


@dataclass(frozen=True)
class Page:
    """Some people, and the number of the person after whom the pages beside it begin: 0 for the first page."""

    entries: Sequence[Entry]
    previous: int | None
    following: int | None


def page(wanted: Wanted, after: int | None, size: int) -> Page:
    """The people after `after` in the order of the list; from its beginning for None and for somebody who is gone."""
    rules = _rules(wanted)
    start = db.session.execute(select(*_ORDER).where(User.id == after)).first() if after else None
    beyond = [] if start is None else [tuple_(*_ORDER) > tuple_(*start)]
    rows = db.session.execute(_with_facts().where(*rules, *beyond).order_by(*_ORDER).limit(size + 1)).all()
    entries = [_entry(row) for row in rows[:size]]
    following = entries[-1].user.id if len(rows) > size else None
    return Page(entries, None if start is None else _previous(rules, tuple(start), size), following)


def _previous(rules: Sequence[ColumnElement[bool]], start: tuple[Any, ...], size: int) -> int | None:
    # The page before ends with the person this one begins after, and begins after whoever stands `size` above them.
    above = select(User.id).where(*rules, tuple_(*_ORDER) <= tuple_(*start))
    ids = db.session.scalars(above.order_by(*(column.desc() for column in _ORDER)).limit(size + 1)).all()
    return (ids[size] if len(ids) > size else 0) if ids else None


def find(user_id: int) -> Entry | None:
    """One person."""
    row = db.session.execute(_with_facts().where(User.id == user_id)).first()
    return _entry(row) if row else None


def counts(wanted: Wanted) -> dict[str, int]:
    """How many there are in each state, and under "" in all, of those who fit the words and the role."""
    sums = [func.count().filter(rule).label(state.value) for state, rule in _conditions().items()]
    everybody = Wanted(wanted.words, wanted.role)
    row = db.session.execute(select(func.count().label("all"), *sums).select_from(User).where(*_rules(everybody))).one()
    return {"": row.all, **{state.value: getattr(row, state.value) for state in State}}


def maker_of(user_id: int) -> AuditEvent | None:
    """The event of somebody's account being made, with who made it."""
    made = (AuditEvent.action == "account_created", AuditEvent.subject_id == user_id)
    return db.session.scalar(select(AuditEvent).where(*made).order_by(AuditEvent.id).limit(1))


# Names are compared as the database's lower() has them: what counts is that the order is one and the same.
_RANK = case(*((User.role == role, -role.value) for role in Role))
_ORDER: tuple[ColumnElement[Any], ...] = (_RANK, func.lower(User.display_name), User.id.expression)


def _conditions() -> dict[State, ColumnElement[bool]]:
    is_in = User.suspended_at.is_(None)
    leaves = exists().where(Departure.user_id == User.id)
    return {
        State.ACTIVE: and_(is_in, has_way_in(), not_(leaves)),
        State.WAITING: and_(is_in, not_(has_way_in()), not_(leaves)),
        State.SUSPENDED: not_(is_in),
        State.LEAVING: and_(is_in, leaves),
        State.UNPROTECTED: and_(is_in, not_(has_second_factor())),
    }


def _rules(wanted: Wanted) -> list[ColumnElement[bool]]:
    rules = [_has_words(wanted.words)] if wanted.words else []
    if wanted.role is not None:
        rules.append(User.role == wanted.role)
    if wanted.state is not None:
        rules.append(_conditions()[wanted.state])
    return rules


def _has_words(words: str) -> ColumnElement[bool]:
    places = [User.display_name.icontains(words, autoescape=True), User.email.icontains(words, autoescape=True)]
    places.append(User.handle.contains(normal(words), autoescape=True))
    if any(char.isalnum() for char in words):  # Ágnes is found by what her name is in an address: agnes
        places.append(User.handle.contains(handle_of(words), autoescape=True))
    return or_(*places)


def _with_facts() -> Select[Any]:
    seen = select(func.max(AuthSession.last_seen_at)).where(AuthSession.user_id == User.id).scalar_subquery()
    used = select(func.max(KnownDevice.last_used_at)).where(KnownDevice.user_id == User.id).scalar_subquery()
    host = aliased(User)
    invited_by = (
        select(host.display_name)
        .join(Invitation, Invitation.created_by_id == host.id)
        .join(InvitationUse, InvitationUse.invitation_id == Invitation.id)
        .where(InvitationUse.user_id == User.id)
        .scalar_subquery()
    )
    states = [(rule, state.value) for state, rule in list(_conditions().items())[:4]]
    facts = (case(*states).label("state"), has_second_factor().label("second"), invited_by.label("invited_by"))
    return select(User, seen.label("seen"), used.label("used"), *facts)


def _entry(row: Any) -> Entry:
    last_seen = max((moment for moment in (row.seen, row.used) if moment), default=None)
    return Entry(row.User, State(row.state), bool(row.second), last_seen, row.invited_by or "")
