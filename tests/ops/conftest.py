"""What tests of running the place share."""

from collections.abc import Iterator

import pytest

from homeport.core import clock
from homeport.core.config import Config
from homeport.jobs import store


@pytest.fixture
def worker(config: Config) -> Iterator[None]:
    """A worker that has just said that it lives."""
    engine = store.open_engine(config, worker=True)
    store.metadata.create_all(engine)
    store.sign_of_life(engine, "test", clock.now(), {})
    yield
    engine.dispose()
