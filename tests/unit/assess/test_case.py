"""The moment that is judged, the last night before it, and how far the past is known."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from app.assess.case import Case
from app.period import Period
from app.snapshot import GapSource, History
from tests.unit.made import NIGHT, NOW, SEOUL, at, made_case, made_snapshot

DAY = timedelta(days=1)


def case(begin: str, end: str, **changes: Any) -> Case:
    """The case of a period, at the end of which it is judged."""
    period = Period(at(begin).astimezone(SEOUL), at(end).astimezone(SEOUL))
    return made_case(made_snapshot(**{"period": period, "now": period.end, **changes}))


@pytest.mark.parametrize(
    ("begin", "end", "night"),
    [
        # A night is its own last one.
        ("20 22:00", "21 08:00", "20 22:00"),
        ("20 13:00", "21 13:00", "20 13:00"),
        # Of a week it is that of the evening before, until the evening comes.
        ("14 08:00", "21 08:00", "20 12:00"),
        ("14 08:00", "21 12:00", "20 12:00"),
        ("14 08:00", "21 23:59", "20 12:00"),
        ("14 08:00", "22 00:00", "21 12:00"),
    ],
)
def test_the_last_night_began_at_noon_or_with_the_period(begin: str, end: str, night: str) -> None:
    assert case(begin, end).last_night == at(night)


@pytest.mark.parametrize(
    ("now", "as_of", "current"),
    [
        (NIGHT.end, NIGHT.end, True),
        (NIGHT.end + timedelta(minutes=59), NIGHT.end, True),
        (NIGHT.end + timedelta(hours=1), NIGHT.end, False),
    ],
)
def test_a_period_that_is_over_is_judged_as_of_its_end(
    now: datetime, as_of: datetime, current: bool
) -> None:
    found = made_case(made_snapshot(now=now))
    assert (found.as_of, found.current) == (as_of, current)


@pytest.mark.parametrize(
    ("since", "days"),
    [
        (None, 0),
        (NOW - 14 * DAY, 14),
        (NOW - 14 * DAY + timedelta(seconds=1), 13),
        # The period itself is known, whatever is of the time before.
        (NOW, 0),
    ],
)
def test_whole_days_are_known(since: datetime | None, days: int) -> None:
    found = made_case(made_snapshot(history=History(since=since)))
    assert found.known_days == days
    assert found.known_since == (min(since, NIGHT.start) if since else NIGHT.start)


def test_what_is_missing_is_missing_as_a_gap_and_as_a_note() -> None:
    gaps = made_snapshot(gaps=[GapSource.POOLS]).gaps
    for found in (made_case(made_snapshot(gaps=gaps)), made_case(made_snapshot(notes=gaps))):
        assert found.lacks(GapSource.POOLS)
        assert found.lacks(GapSource.JOBS, GapSource.POOLS)
        assert not found.lacks(GapSource.JOBS)
    assert not made_case(made_snapshot()).lacks(*GapSource)
