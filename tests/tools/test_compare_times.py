"""The test of ranks by which the benchmark of answering times judges."""

import pytest

from benchmarks.timing import p_of_ranks


def test_ranks_that_are_apart_are_told_apart() -> None:
    # As R says: wilcox.test(1:5, 6:10, exact = FALSE)
    assert p_of_ranks([1, 2, 3, 4, 5], [6, 7, 8, 9, 10]) == pytest.approx(0.01219, abs=1e-5)
    assert p_of_ranks(range(60), range(60, 120)) < 1e-20


def test_times_that_are_alike_are_not_told_apart() -> None:
    assert p_of_ranks([1.0] * 60, [1.0] * 60) == 1.0
    assert p_of_ranks(range(0, 120, 2), range(1, 121, 2)) > 0.5


def test_equal_times_share_their_rank() -> None:
    # Ranks 1, 3, 3, 6 against 3, 6, 6, 8; two groups of three take 48 / 56 off the 9 in the variance.
    assert p_of_ranks([1, 2, 2, 3], [2, 3, 3, 4]) == pytest.approx(0.1720, abs=1e-4)
