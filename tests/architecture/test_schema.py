"""The migrations make exactly what the models say, on both databases, as one line that goes forward."""

from collections.abc import Iterator

import pytest
from sqlalchemy import CheckConstraint, Column, Engine, Integer, MetaData, Table, create_engine

from homeport.core.config import Config
from homeport.migrations.runner import upgrade
from tests.architecture.schema import chain_faults, differences, models
from tests.architecture.source import Source, package
from tests.parts import postgresql

FOLDER = "src/homeport/migrations/versions"


@pytest.fixture(params=["sqlite", "postgresql"])
def migrated(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """A database that the migrations made, of each kind."""
    data = tmp_path_factory.mktemp("schema")
    if request.param == "sqlite":
        yield from _engine(Config(data=data))
    else:
        with postgresql() as address:
            yield from _engine(Config(data=data, database_url=address))


def _engine(config: Config) -> Iterator[Engine]:
    upgrade(config)
    engine = create_engine(config.sqlalchemy_url)
    yield engine
    engine.dispose()


def test_the_migrations_make_what_the_models_say(migrated: Engine) -> None:
    with migrated.connect() as connection:
        assert differences(connection, models()) == []
        connection.rollback()


def test_a_forgotten_column_table_or_index_is_found(migrated: Engine) -> None:
    metadata = MetaData(naming_convention=models().naming_convention)
    for table in models().tables.values():
        table.to_metadata(metadata)
    metadata.tables["tags"].append_column(Column("forgotten", Integer, index=True))
    metadata.tables["tags"].c.name.nullable = True
    metadata.tables["mails"].constraints.difference_update({*_checks(metadata.tables["mails"])})
    Table("forgotten_too", metadata, Column("id", Integer, primary_key=True))
    with migrated.connect() as connection:
        found = "\n".join(differences(connection, metadata))
        connection.rollback()
    assert "'add_table', Table('forgotten_too'" in found
    assert "'add_column', None, 'tags', Column('forgotten'" in found
    assert "'modify_nullable', None, 'tags', 'name'" in found
    assert "ix_tags_forgotten" in found
    assert "mails, checks: the migrations make [{" in found  # which Alembic does not see


def _checks(table: Table) -> list[object]:
    return [rule for rule in table.constraints if isinstance(rule, CheckConstraint)]


def test_the_migrations_are_one_line_forward() -> None:
    steps = [source for source in package() if source.path.startswith(FOLDER) and source.name[0].isdigit()]
    assert steps
    assert chain_faults(steps) == []


GOOD = "revision = '0001'\ndown_revision = None\ndef upgrade(): pass\n"


@pytest.mark.parametrize(
    ("name", "text", "fault"),
    [
        ("0002_b.py", "revision = '0002'\ndown_revision = '0001'\ndef downgrade(): pass", ":3: downgrade()"),
        ("0002_b.py", "revision = '0002'\ndown_revision = None", "should stand upon 0001"),
        ("0003_b.py", "revision = '0003'\ndown_revision = '0001'", "should be migration 0002"),
        ("0001_b.py", "revision = '0001b'\ndown_revision = None", "should be migration 0002"),
    ],
)
def test_a_fault_in_the_line_is_found(name: str, text: str, fault: str) -> None:
    steps = [Source(f"{FOLDER}/0001_a.py", GOOD), Source(f"{FOLDER}/{name}", text)]
    assert chain_faults(steps[:1]) == []
    assert any(fault in found for found in chain_faults(steps))
