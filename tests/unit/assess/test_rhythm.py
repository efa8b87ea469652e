"""A rhythm is learned from nights, and looked up by the clock on the wall."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from app.assess.history import Track
from app.assess.rhythm import (
    MANY_GAPS,
    TOLERANCE,
    Clock,
    Rhythm,
    clocks_change,
    days_later,
    learn_rhythm,
    scheduled_rhythm,
    stopped,
)
from tests.unit.made import SEOUL, at, made_run, minutes

BERLIN = ZoneInfo("Europe/Berlin")
DAY = timedelta(days=1)


def track(days: list[int], status: str = "T") -> Track:
    """A job that ran on these days, counted from the first of October."""
    first = at("01 22:30") - 31 * DAY
    runs = [made_run(n, first + day * DAY, status) for n, day in enumerate(days, 1)]
    return Track("dump", "db01-fd", "B", tuple(runs))


WEEKDAYS = [day for day in range(28) if day % 7 < 5]


@pytest.mark.parametrize(
    ("days", "rhythm"),
    [
        (list(range(14)), Rhythm(1, 1)),
        (WEEKDAYS, Rhythm(1, 3)),
        (WEEKDAYS[:6], Rhythm(1, 3)),
        ([0, 7, 14, 21], Rhythm(7, 7)),
        ([0, 7, 14], None),
        ([], None),
        # One accident is none of its rhythm, unless little else is known.
        ([*range(10), *range(15, 20)], Rhythm(1, 1)),
        ([*range(3), *range(8, 11)], Rhythm(1, 6)),
        # Half of the nights are so far from the one before, or farther.
        ([0, 1, 2, 4, 6], Rhythm(2, 2)),
        ([0, 1, 2, 3, 5], Rhythm(1, 2)),
        # What occurred once is ordinary among few, not among many; twice it is.
        ([*range(MANY_GAPS - 1), 20], Rhythm(1, 12)),
        ([*range(MANY_GAPS), 20], Rhythm(1, 1)),
        ([*range(MANY_GAPS), 20, 31], Rhythm(1, 11)),
        # No two distances alike: half of them are six days and more.
        ([0, 1, 3, 6, 10, 15, 21, 28, 36, 45, 55], Rhythm(6, 6)),
        # Several runs a night are one night.
        ([0, 0, 0, 0, 0], None),
        ([0, 0, 1, 1, 2, 2, 3, 3], Rhythm(1, 1)),
    ],
)
def test_a_rhythm_is_learned_from_the_nights_with_runs(
    days: list[int], rhythm: Rhythm | None
) -> None:
    assert learn_rhythm(track(days), SEOUL) == rhythm


def test_bad_nights_are_part_of_the_rhythm_but_do_not_make_one() -> None:
    good, bad = track([0, 1, 2, 10]), track([3, 4, 5, 6, 7, 8, 9], "f")
    runs = [made_run(n, run.scheduled, run.status) for n, run in
            enumerate([*good.runs, *bad.runs]) if run.scheduled]  # fmt: skip
    assert learn_rhythm(Track("dump", "db01-fd", "B", tuple(runs)), SEOUL) == Rhythm(1, 1)
    assert learn_rhythm(bad, SEOUL) is None


@pytest.mark.parametrize(
    ("statuses", "rhythm"),
    [
        # One good run makes a good night, whatever came before it or after.
        (["T", "T", "T", "Tf"], Rhythm(1, 1)),
        (["T", "T", "T", "fT"], Rhythm(1, 1)),
        # Four good runs, but in no more than three good nights.
        (["TT", "T", "T", "f", "ff"], None),
        (["TTTT", "f", "f", "f"], None),
    ],
)
def test_enough_good_nights_make_a_rhythm_not_enough_good_runs(
    statuses: list[str], rhythm: Rhythm | None
) -> None:
    runs = [
        made_run(10 * day + n, at("10 22:30") + day * DAY + n * minutes(40), status)
        for day, letters in enumerate(statuses)
        for n, status in enumerate(letters)
    ]
    assert learn_rhythm(Track("dump", "db01-fd", "B", tuple(runs)), SEOUL) == rhythm


@pytest.mark.parametrize(
    ("after", "gone"),
    [
        (DAY, False),
        (3 * DAY + minutes(30), False),
        (3 * DAY + minutes(31), True),
        (9 * DAY, True),
    ],
)
def test_a_job_has_stopped_when_its_longest_distance_and_some_grace_are_over(
    after: timedelta, gone: bool
) -> None:
    ran, last = track([0, 1, 2, 5]), at("01 22:30") - 26 * DAY
    found = stopped([ran], Rhythm(1, 3), last + after, minutes(30))
    assert found == (last if gone else None)
    still = Track("dump", "db01-fd", "B", (*ran.runs, made_run(9, last - DAY, "R")))
    assert stopped([ran, still], Rhythm(1, 3), last + after, minutes(30)) is None
    assert stopped([], Rhythm(1, 3), last + after, minutes(30)) is None


@pytest.mark.parametrize(
    ("rhythm", "factor", "days"),
    [
        (Rhythm(1, 1), 2.0, 2),
        (Rhythm(1, 3), 2.0, 4),
        (Rhythm(7, 7), 2.0, 14),
        (Rhythm(7, 7), 1.0, 8),
        (Rhythm(1, 1), 5.0, 5),
    ],
)
def test_a_backup_may_be_some_rhythms_old_but_always_one_night_more_than_usual(
    rhythm: Rhythm, factor: float, days: int
) -> None:
    assert rhythm.limit(factor) == days * DAY


@pytest.mark.parametrize(
    ("moment", "days", "expected"),
    [
        # Over the last Sunday of March and of October.
        ("2026-03-28 21:30", 1, "2026-03-29 20:30"),
        ("2026-03-29 20:30", -1, "2026-03-28 21:30"),
        ("2026-10-24 20:30", 7, "2026-10-31 21:30"),
        ("2026-06-01 20:30", 7, "2026-06-08 20:30"),
    ],
)
def test_the_same_time_of_day_is_another_number_of_hours_away_when_clocks_change(
    moment: str, days: int, expected: str
) -> None:
    begin, end = (datetime.fromisoformat(f"{text}+00:00") for text in (moment, expected))
    assert days_later(begin, days, BERLIN) == end


@pytest.mark.parametrize(
    ("moment", "near"),
    [
        ("2026-03-28 22:59", False),
        ("2026-03-28 23:01", True),
        ("2026-03-29 01:00", True),
        ("2026-03-29 02:59", True),
        ("2026-03-29 03:01", False),
        ("2026-10-25 01:00", True),
        ("2026-06-01 01:00", False),
    ],
)
def test_it_is_known_when_the_clocks_change(moment: str, near: bool) -> None:
    assert clocks_change(datetime.fromisoformat(moment).replace(tzinfo=UTC), BERLIN) is near
    assert not clocks_change(datetime.fromisoformat(moment).replace(tzinfo=UTC), SEOUL)


@pytest.mark.parametrize(
    ("offset", "found"), [(-5, False), (-4, True), (0, True), (4, True), (5, False)]
)
def test_times_within_some_minutes_are_the_same(offset: int, found: bool) -> None:
    clock = Clock([at("20 22:30"), at("18 22:30")], SEOUL)
    assert clock.at(datetime(2026, 11, 20, 22, 30) + minutes(offset)) is found


@pytest.mark.parametrize(
    ("days", "rhythm"),
    [
        ((), None),
        (range(21, 29), Rhythm(1, 1)),
        ((21,), Rhythm(7, 7)),
        ((21, 28), Rhythm(7, 7)),
        ((23, 24, 25, 26, 27), Rhythm(1, 3)),
        ((22, 24), Rhythm(5, 5)),
    ],
)
def test_a_schedule_of_a_week_begins_anew(days: Sequence[int], rhythm: Rhythm | None) -> None:
    dues = [at("01 22:30") + (day - 1) * DAY for day in days]
    assert scheduled_rhythm(dues, SEOUL) == rhythm


def test_of_two_rhythms_the_slower_one_counts() -> None:
    assert Rhythm(1, 3).or_slower(Rhythm(2, 2)) == Rhythm(2, 3)
    assert Rhythm(1, 3).or_slower(None) == Rhythm(1, 3)


def test_a_clock_knows_what_was_before() -> None:
    clock = Clock([at("20 22:30"), at("18 22:30")], SEOUL)
    assert clock.since_previous(datetime(2026, 11, 20, 22, 30)) == 2 * DAY
    assert clock.since_previous(datetime(2026, 11, 18, 22, 30)) is None
    assert clock.began_before(datetime(2026, 11, 19))
    assert not clock.began_before(datetime(2026, 11, 18, 22, 30))
    assert not clock.began_before(datetime(2026, 11, 18, 22, 30) + TOLERANCE)
    assert clock.began_before(datetime(2026, 11, 18, 22, 30) + TOLERANCE + minutes(1))
    assert not Clock([], SEOUL).began_before(datetime(2026, 11, 19))
