"""Somebody looks into the file they took along: a row of every table that knows them, and nothing of others."""

import json
import re
import zipfile
from typing import Any

from sqlalchemy import Column, LargeBinary, Table, insert

from homeport.core import clock
from homeport.core.db import Base, commit, db
from homeport.interop import personal_data
from homeport.interop.personal_data import FOLLOWED, LEFT_OUT, NAMED_WITHOUT_A_KEY, NOT_FOLLOWED, name_of
from tests.interop.conftest import Exporting
from tests.sentinels import plant


def test_it_holds_a_row_of_every_table_that_knows_the_person(exporting: Exporting) -> None:
    exporting.alice.submit("/account/export")
    planted = plant(exporting.app, exporting.everybody.alice, exporting.everybody.bob)
    exporting.make()
    (file,) = exporting.files()
    with zipfile.ZipFile(file) as content:
        everything = "\n".join(content.read(name).decode(errors="replace") for name in content.namelist())
    tables = {table.name for table in Base.metadata.sorted_tables if _knows_people(table)}
    assert tables <= {column.partition(".")[0] for column in planted}
    written = {"posts.body", "revisions.body"}
    assert [column for column in planted.keys() - LEFT_OUT.keys() | written if planted[column] not in everything] == []
    assert [column for column in planted.keys() & LEFT_OUT.keys() - written if planted[column] in everything] == []
    assert exporting.everybody.bob.email not in everything, "of others it tells nothing"


def _knows_people(table: Table) -> bool:
    keys = {name_of(key.parent) for key in table.foreign_keys if key.column.table.name == "users"}
    return bool(keys - set(NOT_FOLLOWED)) or any(name_of(column) in NAMED_WITHOUT_A_KEY for column in table.columns)


def undecided(tables: list[Table]) -> list[str]:
    """A finding for each column that looks like a secret and is not left out, each key to somebody's own rows that is
    neither followed nor left, and each entry of the lists that names nothing.
    """
    person = personal_data.Person(1, "x@example.org", "x")
    about = personal_data.tables_about(person)
    found, known = [], set()
    for table in tables:
        known |= {name_of(column) for column in table.columns}
        if table in about:
            found += [f"{name_of(column)}: a secret?" for column in table.columns if _looks_secret(column)]
        for key in table.foreign_keys:
            own = key.column.table in about and key.column.table.name != "users"
            if own and name_of(key.parent) not in FOLLOWED | set(NOT_FOLLOWED):
                found.append(f"{name_of(key.parent)}: follow it, or not and why?")
    lists = set(LEFT_OUT) | set(NOT_FOLLOWED) | FOLLOWED | set(NAMED_WITHOUT_A_KEY)
    return found + [f"{name}: there is no such column" for name in sorted(lists - known)]


def _looks_secret(column: Column[Any]) -> bool:
    words = re.search(r"digest|hash|secret|sealed|token|challenge|salt|(^|_)key", column.name)
    return name_of(column) not in LEFT_OUT and bool(words or isinstance(column.type, LargeBinary))


def test_every_secret_and_every_key_has_been_thought_about() -> None:
    assert undecided(list(Base.metadata.sorted_tables)) == []


def test_the_account_is_readable_json(exporting: Exporting) -> None:
    content = exporting.everything()
    (me,) = json.loads(content.read("data/users.json"))
    assert (me["email"], me["display_name"], me["role"]) == ("alice@example.com", "Alice", "author")
    assert "password_hash" not in me
    assert [event["action"] for event in json.loads(content.read("data/audit_events.json"))][-1] == "export_asked"
    readme = content.read("README.txt").decode()
    assert "Alice" in readme
    assert all(column in readme for column in LEFT_OUT)


def test_where_an_owner_was_stays_theirs(exporting: Exporting) -> None:
    with exporting.app.app_context():
        table = Base.metadata.tables["audit_events"]
        fill = {"at": clock.now(), "action": "role_changed", "target": "", "details_digest": "x"}
        for number, actor in ((901, exporting.everybody.olga.id), (902, None)):
            row = {"id": number, "actor_id": actor, "subject_id": exporting.everybody.alice.id, "hash": str(number)}
            db.session.execute(insert(table).values(**fill, **row))
            facts = {"address": f"192.0.2.{number % 100}", "before": "reader"}
            known = {"event_id": number, "salt": "x", "facts": facts}
            db.session.execute(insert(Base.metadata.tables["audit_details"]).values(**known))
        commit()
    events = json.loads(exporting.everything().read("data/audit_events.json"))
    facts_of = {event["id"]: event["facts"] for event in events}
    assert facts_of[901] == {"before": "reader"}
    assert facts_of[902] == {"address": "192.0.2.2", "before": "reader"}
