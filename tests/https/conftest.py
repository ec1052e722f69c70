"""What tests of HTTPS share."""

from collections.abc import Iterator

import pytest

from tests.https.doctoring import as_new
from tests.https.lab import Lab, lab


@pytest.fixture(scope="module")
def small_internet() -> Iterator[Lab]:
    """One lab for a file; each test leaves it in order (`world`)."""
    with lab() as it:
        yield it


@pytest.fixture
def world(small_internet: Lab) -> Iterator[Lab]:
    """A world in order, to be broken by one test."""
    with as_new(small_internet):
        yield small_internet
