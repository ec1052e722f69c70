"""Every table and every column of a post has been thought about: may a form change it, does an export carry it."""

from collections.abc import Iterable

import pytest
from sqlalchemy import Column, ForeignKey, Integer, MetaData, Table

from homeport.core.db import Base
from homeport.posts.models import Post
from tests.architecture.schema import models
from tests.architecture.source import features, layers

KINDS = {"editable", "system", "derived"}

# What an export of the whole blog has to carry. `homeport export` is made from this list, and whoever adds a table
# decides here, on the day it is made, and not when somebody misses their data.
EXPORTED = {
    "audit_details",
    "audit_events",
    "bylines",
    "departures",
    "imported_posts",
    "invitation_uses",
    "invitations",
    "learn_exercises",
    "learn_progress",
    "learn_pupils",
    "media",
    "passkeys",
    "post_tags",
    "posts",
    "recovery_codes",
    "redirects",
    "revisions",
    "site_settings",
    "tags",
    "totps",
    "users",
}
NOT_EXPORTED = {
    "api_tokens": "digests of what programs here are known by; people make new ones",
    "attempts": "failed logins, forgotten within a day",
    "auth_sessions": "a login belongs to a device and this server; people log in again",
    "ceremonies": "proofs of identity that were begun, over within minutes",
    "known_devices": "a cookie of this server's; people log in again",
    "mails": "letters to other people, emptied once they are sent",
    "one_time_tokens": "only digests of links that expire within the hour",
    "preview_links": "digests of links to drafts at this address, over within a month",
    "personal_exports": "files that whoever asked for them has for a day",
    "registrations": "accounts that were asked for and that nobody has confirmed; whoever asked asks again",
    "site_version": "a number that means something to this server's page cache alone",
}


def unmarked(table: Table) -> list[str]:
    """A finding for each column that does not say whether a form may change it."""
    return [
        f"{column}: info={{'kind': …}} must be one of {', '.join(sorted(KINDS))}"
        for column in table.columns
        if column.info.get("kind") not in KINDS
    ]


def undecided(tables: Iterable[str], exported: set[str], not_exported: dict[str, str]) -> list[str]:
    """A finding for each table that is in neither list or in both, and each that is listed and gone."""
    names = set(tables)
    return [
        *(f"{name}: exported, or not and why?" for name in sorted(names - exported - set(not_exported))),
        *(f"{name}: in both lists" for name in sorted(exported & set(not_exported))),
        *(f"{name}: there is no such table" for name in sorted((exported | set(not_exported)) - names)),
    ]


def upward_keys(tables: Iterable[Table], room_of: dict[str, str]) -> list[str]:
    """A finding for each foreign key that points to a feature above its own, against the way imports point."""
    height = {room: -number for number, line in enumerate(layers()) for room in line}
    return [
        f"{key.parent}: points up, from {room_of[table.name]} to {room_of[key.column.table.name]}"
        for table in tables
        for key in sorted(table.foreign_keys, key=str)
        if height[room_of[key.column.table.name]] > height[room_of[table.name]]
    ]


def rooms() -> dict[str, str]:
    """The room of each table, by the module of its class; a table between two others lies where its keys come from."""
    models()
    found = {
        str(mapper.local_table.description): mapper.class_.__module__.split(".")[1] for mapper in Base.registry.mappers
    }
    return {"post_tags": "posts", **found}


def test_every_column_of_a_post_says_who_may_change_it() -> None:
    table = Post.__table__
    assert isinstance(table, Table)
    assert unmarked(table) == []


def test_an_unmarked_column_is_found() -> None:
    table = Table("posts", MetaData(), Column("a", Integer, info={"kind": "system"}), Column("b", Integer))
    assert [finding.split(":")[0] for finding in unmarked(table)] == ["posts.b"]


def test_every_table_is_exported_or_listed_as_not() -> None:
    assert undecided(models().tables, EXPORTED, NOT_EXPORTED) == []


def test_an_undecided_table_is_found() -> None:
    assert undecided(["a", "b", "c"], {"a", "b"}, {"b": "", "d": ""}) == [
        "c: exported, or not and why?",
        "b: in both lists",
        "d: there is no such table",
    ]


def test_foreign_keys_point_as_imports_do() -> None:
    assert set(rooms()) == set(models().tables)
    assert set(rooms().values()) <= features() | {"core"}
    assert upward_keys(models().tables.values(), rooms()) == []


@pytest.mark.parametrize(("lower", "count"), [("accounts", 1), ("posts", 0)])
def test_a_key_that_points_up_is_found(lower: str, count: int) -> None:
    metadata = MetaData()
    Table("b", metadata, Column("id", Integer, primary_key=True))
    Table("a", metadata, Column("b_id", ForeignKey("b.id")))
    assert len(upward_keys(metadata.tables.values(), {"a": lower, "b": "posts"})) == count
