"""What tests of the room's pages share."""

import pytest

from homeport.app import FEATURES


@pytest.fixture
def with_learn() -> None:
    """The pages are there only while the room is: without it their tests have nothing to look at."""
    if "learn" not in FEATURES:
        pytest.skip("the room learn is taken out of FEATURES")
