"""Robust statistics: right on few values, and unmoved by outliers."""

from __future__ import annotations

import random
import statistics as reference

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from app.assess.statistics import deviation, mad, median, quantile, quartiles, score

VALUES = st.lists(st.integers(-(10**15), 10**15), min_size=1, max_size=40)
SHARES = st.floats(0, 1)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([7], 7),
        ([1, 2], 1.5),
        ([3, 1, 2], 2),
        ([4, 1, 3, 2], 2.5),
        ([0, 0, 0, 10**18], 0),
        ([2, 2, 2], 2),
        ([-5, 5], 0),
    ],
)
def test_the_median(values: list[float], expected: float) -> None:
    assert median(values) == expected


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([7], (7, 7, 7)),
        ([1, 2], (1.25, 1.5, 1.75)),
        ([1, 2, 3], (1.5, 2, 2.5)),
        ([4, 3, 2, 1, 5], (2, 3, 4)),
        ([0, 0, 0, 8], (0, 0, 2)),
    ],
)
def test_the_quartiles(values: list[float], expected: tuple[float, float, float]) -> None:
    assert quartiles(values) == expected


@pytest.mark.parametrize(
    ("values", "expected"),
    [([7], 0), ([1, 3], 1), ([1, 1, 1, 1, 900], 0), ([1, 2, 3, 4, 5], 1), ([1, 1, 5, 9, 9], 4)],
)
def test_the_median_absolute_deviation(values: list[float], expected: float) -> None:
    assert mad(values) == expected


@pytest.mark.parametrize("share", [-0.01, 1.01, float("nan")])
def test_a_share_below_none_or_above_all_is_refused(share: float) -> None:
    with pytest.raises(ValueError, match="share"):
        quantile([1, 2], share)


def test_of_no_values_nothing_is_usual() -> None:
    with pytest.raises(ValueError, match="values"):
        median([])


def test_a_deviation_of_values_that_never_varied_is_the_least_one() -> None:
    assert deviation([5, 5, 5], 0.5) == 0.5
    assert deviation([0, 10, 20], 0.5) == pytest.approx(14.826)


def test_a_score_counts_deviations_from_the_median_and_has_a_sign() -> None:
    assert score(9, [5, 5, 5], 2) == 2
    assert score(1, [5, 5, 5], 2) == -2
    assert score(5, [5, 5, 5], 2) == 0


@given(VALUES)
def test_median_and_quartiles_are_those_of_the_textbook(values: list[int]) -> None:
    assert median(values) == pytest.approx(reference.median(values))
    if len(values) > 1:
        expected = reference.quantiles(values, n=4, method="inclusive")
        assert quartiles(values) == pytest.approx(tuple(expected), abs=1e-3)


@given(VALUES, SHARES, SHARES)
def test_a_larger_share_never_has_a_smaller_quantile(
    values: list[int], one: float, other: float
) -> None:
    low, high = sorted((one, other))
    found = quantile(values, low), quantile(values, high)
    assert min(values) <= found[0] <= found[1] <= max(values)


@given(VALUES, SHARES, st.integers(0, 39), st.integers(0, 10**15))
def test_a_value_that_grows_never_makes_a_quantile_shrink(
    values: list[int], share: float, index: int, more: int
) -> None:
    grown = list(values)
    grown[index % len(grown)] += more
    assert quantile(grown, share) >= quantile(values, share)


@given(VALUES, st.randoms(use_true_random=False))
def test_the_order_of_the_values_does_not_matter(values: list[int], dice: random.Random) -> None:
    shuffled = list(values)
    dice.shuffle(shuffled)
    assert (quartiles(shuffled), mad(shuffled)) == (quartiles(values), mad(values))


@given(
    st.lists(st.integers(-(10**6), 10**6), min_size=1, max_size=40), st.integers(-(10**6), 10**6)
)
def test_moving_all_values_moves_the_median_and_leaves_the_deviation(
    values: list[int], by: int
) -> None:
    moved = [value + by for value in values]
    assert median(moved) == median(values) + by
    assert mad(moved) == mad(values)


@given(
    st.lists(st.integers(0, 1000), min_size=5, max_size=30), st.lists(st.integers(), max_size=14)
)
def test_outliers_fewer_than_half_move_the_median_only_within_the_rest(
    values: list[int], outliers: list[int]
) -> None:
    assume(2 * len(outliers) < len(values))
    assert min(values) <= median([*values, *outliers]) <= max(values)
    assert mad([*values, *outliers]) <= max(values) - min(values)
