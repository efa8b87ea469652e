"""Robust statistics: what is usual, whatever a few outliers say. Pure numbers.

No mean and no standard deviation: one night that went wrong would shift both. (The standard
library has medians too, but brings random numbers and fractions along.)
"""

from __future__ import annotations

from collections.abc import Sequence
from math import floor

_CONSISTENT = 1.4826
"""So many times the MAD of normally distributed values is their standard deviation."""


def quantile(values: Sequence[float], share: float) -> float:
    """Return the value below which `share` of the values lie, between two values interpolated.

    Args:
        values: at least one number, in any order.
        share: from 0 (the smallest) to 1 (the largest).

    Raises:
        ValueError: if there are no values, or the share is none.
    """
    if not values or not 0 <= share <= 1:
        raise ValueError("a quantile needs values, and a share between 0 and 1")
    ordered = sorted(values)
    place = share * (len(ordered) - 1)
    below = floor(place)
    part = place - below
    if not part:
        return ordered[below]
    low, high = ordered[below], ordered[below + 1]
    # Not beyond either of the two, which rounding could otherwise bring about.
    return min(max(low + (high - low) * part, low), high)


def median(values: Sequence[float]) -> float:
    """Return the middle value; of an even number of values, the middle between the middle two.

    Raises:
        ValueError: if there are no values.
    """
    return quantile(values, 0.5)


def quartiles(values: Sequence[float]) -> tuple[float, float, float]:
    """Return the values below which a quarter, half and three quarters of the values lie.

    Raises:
        ValueError: if there are no values.
    """
    return quantile(values, 0.25), quantile(values, 0.5), quantile(values, 0.75)


def mad(values: Sequence[float]) -> float:
    """Return the median absolute deviation: half of the values are at most so far from the median.

    Raises:
        ValueError: if there are no values.
    """
    middle = median(values)
    return median([abs(value - middle) for value in values])


def deviation(values: Sequence[float], least: float = 0.0) -> float:
    """Return a robust standard deviation: of half of the values and more it takes no notice.

    Args:
        values: at least one number.
        least: what is returned at least, so that values which never varied leave some play.

    Raises:
        ValueError: if there are no values.
    """
    return max(_CONSISTENT * mad(values), least)


def score(value: float, values: Sequence[float], least: float) -> float:
    """Return how many robust deviations a value lies above (or, negative, below) the median.

    Args:
        value: the number to be judged.
        values: those it is compared with, at least one.
        least: the deviation that is assumed at least, above 0.

    Raises:
        ValueError: if there are no values.
    """
    return (value - median(values)) / deviation(values, least)
