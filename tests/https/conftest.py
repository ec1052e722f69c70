"""What tests of HTTPS share."""

from collections.abc import Iterator

import pytest

from tests.https.lab import Lab, lab


@pytest.fixture(scope="module")
def small_internet() -> Iterator[Lab]:
    """One lab for a file; each test puts it in order first (`doctoring.as_new`)."""
    with lab() as it:
        yield it
