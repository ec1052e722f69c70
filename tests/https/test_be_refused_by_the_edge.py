"""What the edge refuses by itself, by the head of a request."""

import re

import pytest

from homeport.https.edge_answers import above


@pytest.mark.parametrize("number", [16_777_217, 16_777_220, 17_000_000, 20_000_000, 99_999_999, 100_000_000, 10**30])
def test_announced_length_above_the_most_is_seen(number: int) -> None:
    assert re.search(above(16_777_216), str(number))
    assert re.search(above(16_777_216), f"0{number}")


@pytest.mark.parametrize("number", [0, 1, 9_999_999, 10_000_000, 16_777_215, 16_777_216])
def test_announced_length_up_to_the_most_is_not(number: int) -> None:
    assert not re.search(above(16_777_216), str(number))
    assert not re.search(above(16_777_216), f"000{number}")


def test_it_is_so_for_every_most() -> None:
    for most in range(200):
        assert [number for number in range(2000) if re.search(above(most), str(number))] == [*range(most + 1, 2000)]
