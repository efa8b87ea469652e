"""The periods, in any zone, on any night, also when clocks change."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from app.errors import UsageError
from app.period import Mode, Period, PeriodRequest, parse_bound

SEOUL, BERLIN, NEW_YORK, APIA = (
    ZoneInfo(name) for name in ("Asia/Seoul", "Europe/Berlin", "America/New_York", "Pacific/Apia")
)
HOUR = timedelta(hours=1)
ZONES = st.sampled_from(sorted(available_timezones() - {"localtime"})).map(ZoneInfo)
INSTANTS = st.datetimes(datetime(1990, 1, 1), datetime(2090, 1, 1), timezones=st.just(UTC))
BOUNDS = st.none() | st.datetimes(datetime(1971, 1, 1), datetime(9990, 12, 31))
# Samoa skipped 30 December 2011: its "yesterday" never was.
AFTER_NO_DAY = datetime(2011, 12, 31, 0, 10, tzinfo=APIA).astimezone(UTC)


def resolve(mode: Mode, now: str, zone: tzinfo, fold: int = 0) -> Period:
    moment = datetime.fromisoformat(now).replace(tzinfo=zone, fold=fold)
    return PeriodRequest(mode).resolve(moment.astimezone(UTC), zone)


def utc(moment: datetime) -> datetime:
    return moment.astimezone(UTC)


def exists(wall: datetime, zone: tzinfo) -> bool:
    there = wall.replace(tzinfo=zone).astimezone(UTC).astimezone(zone)
    return there.replace(tzinfo=None) == wall


@pytest.mark.parametrize(
    ("now", "zone", "start"),
    [
        ("2026-11-21T08:00", SEOUL, "2026-11-20T22:00+09:00"),
        ("2026-11-21T00:30", SEOUL, "2026-11-20T22:00+09:00"),
        ("2026-11-21T00:00", SEOUL, "2026-11-20T22:00+09:00"),
        ("2026-11-20T23:59:59", SEOUL, "2026-11-19T22:00+09:00"),
        ("2026-11-20T23:00", SEOUL, "2026-11-19T22:00+09:00"),
        ("2026-11-20T22:00", SEOUL, "2026-11-19T22:00+09:00"),
        ("2026-12-01T08:00", SEOUL, "2026-11-30T22:00+09:00"),
        ("2027-01-01T08:00", SEOUL, "2026-12-31T22:00+09:00"),
        ("2028-03-01T08:00", SEOUL, "2028-02-29T22:00+09:00"),
        ("2026-03-29T08:00", BERLIN, "2026-03-28T22:00+01:00"),
        ("2026-10-25T08:00", BERLIN, "2026-10-24T22:00+02:00"),
        ("2011-12-31T00:10", APIA, "2011-12-29T22:00-10:00"),
        ("2011-12-31T23:10", APIA, "2011-12-31T22:00+14:00"),
    ],
)
def test_production_begins_at_ten_of_the_evening_before(now: str, zone: tzinfo, start: str) -> None:
    period = resolve(Mode.PRODUCTION, now, zone)
    assert utc(period.start) == utc(datetime.fromisoformat(start))


@pytest.mark.parametrize(
    ("now", "zone", "length"),
    [
        ("2026-11-21T00:30", SEOUL, 2.5),
        ("2026-11-21T23:00", SEOUL, 25),
        ("2026-03-29T08:00", BERLIN, 9),
        ("2026-10-25T08:00", BERLIN, 11),
        ("2026-03-08T23:00", NEW_YORK, 24),
        ("2026-11-01T23:00", NEW_YORK, 26),
    ],
)
def test_a_night_is_as_long_as_it_was(now: str, zone: tzinfo, length: float) -> None:
    period = resolve(Mode.PRODUCTION, now, zone)
    assert utc(period.end) - utc(period.start) == length * HOUR


@pytest.mark.parametrize(
    ("now", "fold", "zone", "start"),
    [
        ("2026-11-21T08:00:01", 0, SEOUL, "2026-11-14T08:00:01+09:00"),
        ("2026-12-05T08:00", 0, SEOUL, "2026-11-28T08:00+09:00"),
        ("2027-01-03T08:00", 0, SEOUL, "2026-12-27T08:00+09:00"),
        ("2026-04-01T08:00", 0, BERLIN, "2026-03-25T08:00+01:00"),
        ("2026-10-28T08:00", 0, BERLIN, "2026-10-21T08:00+02:00"),
        # A week after clocks went forward there is no 02:30 to begin at.
        ("2026-04-05T02:30", 0, BERLIN, "2026-03-29T03:30+02:00"),
        # A week after clocks went back there are two; and now may be the second of two itself.
        ("2026-11-01T02:30", 0, BERLIN, "2026-10-25T02:30+02:00"),
        ("2026-10-25T02:30", 1, BERLIN, "2026-10-18T02:30+02:00"),
    ],
)
def test_test_begins_at_the_same_time_of_day_a_week_before(
    now: str, fold: int, zone: tzinfo, start: str
) -> None:
    period = resolve(Mode.TEST, now, zone, fold)
    assert utc(period.start) == utc(datetime.fromisoformat(start))


@given(INSTANTS, ZONES)
@example(AFTER_NO_DAY, APIA)
def test_production_holds_anywhere_at_any_time(now: datetime, zone: ZoneInfo) -> None:
    period = PeriodRequest(Mode.PRODUCTION).resolve(now, zone)
    assert utc(period.end) == now
    assert timedelta() < now - utc(period.start) <= 50 * HOUR
    evening = datetime.combine(now.astimezone(zone).date() - timedelta(days=1), time(22))
    if exists(evening, zone):
        assert period.start.replace(tzinfo=None, fold=0) == evening
        assert period.start.tzinfo is zone


@given(INSTANTS, ZONES)
@example(AFTER_NO_DAY + timedelta(days=6), APIA)
def test_test_holds_anywhere_at_any_time(now: datetime, zone: ZoneInfo) -> None:
    period = PeriodRequest(Mode.TEST).resolve(now, zone)
    assert utc(period.end) == now
    assert 6 * 24 * HOUR <= now - utc(period.start) <= 8 * 24 * HOUR
    wall = now.astimezone(zone).replace(tzinfo=None, fold=0) - timedelta(days=7)
    if exists(wall, zone):
        assert period.start.replace(tzinfo=None, fold=0) == wall


@given(INSTANTS, ZONES, st.sampled_from([SEOUL, BERLIN, UTC]))
def test_the_zone_that_now_is_told_in_does_not_matter(
    now: datetime, zone: ZoneInfo, told_in: tzinfo
) -> None:
    for mode in (Mode.TEST, Mode.PRODUCTION):
        request = PeriodRequest(mode)
        assert request.resolve(now.astimezone(told_in), zone) == request.resolve(now, zone)


@given(INSTANTS, ZONES, BOUNDS, BOUNDS)
def test_no_period_begins_after_it_ends_or_reaches_beyond_now(
    now: datetime, zone: ZoneInfo, start: datetime | None, end: datetime | None
) -> None:
    try:
        period = PeriodRequest(Mode.CUSTOM, start, end).resolve(now, zone)
    except UsageError:
        return
    assert utc(period.start) <= utc(period.end) <= now


@given(INSTANTS, ZONES, st.timedeltas(timedelta(), timedelta(days=40)))
def test_bounds_with_an_offset_mean_that_instant_in_every_zone(
    now: datetime, zone: ZoneInfo, length: timedelta
) -> None:
    start = (now - length).astimezone(timezone(timedelta(hours=-3, minutes=-30)))
    period = PeriodRequest(Mode.CUSTOM, start, now.astimezone(SEOUL)).resolve(now, zone)
    assert (utc(period.start), utc(period.end)) == (now - length, now)


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        ("2026-11-01", "2026-11-07", ("2026-11-01T00:00", "2026-11-07T23:59:59.999999")),
        ("20261101", "20261107", ("2026-11-01T00:00", "2026-11-07T23:59:59.999999")),
        ("2026-W44-7", "2026-W45-6", ("2026-11-01T00:00", "2026-11-07T23:59:59.999999")),
        ("2026-11-01 22:00", "2026-11-02 06:30:15", ("2026-11-01T22:00", "2026-11-02T06:30:15")),
        ("2026-11-01T22:00Z", "2026-11-02T12:00+09:00", ("2026-11-02T07:00", "2026-11-02T12:00")),
        (" 2026-11-01 ", "2027-01-01", ("2026-11-01T00:00", "2026-11-21T08:00")),
        ("2026-11-21T08:00", "2026-11-21T08:00", ("2026-11-21T08:00", "2026-11-21T08:00")),
    ],
)
def test_explicit_bounds_are_the_directors_wall_clock(
    start: str, end: str, expected: tuple[str, str]
) -> None:
    now = datetime(2026, 11, 21, 8, tzinfo=SEOUL)
    request = PeriodRequest(Mode.CUSTOM, parse_bound(start, end=False), parse_bound(end, end=True))
    period = request.resolve(now, SEOUL)
    assert (period.start, period.end) == tuple(
        datetime.fromisoformat(text).replace(tzinfo=SEOUL) for text in expected
    )


def test_a_day_on_which_clocks_change_is_taken_whole() -> None:
    request = PeriodRequest(
        Mode.CUSTOM, parse_bound("2026-10-25", end=False), parse_bound("2026-10-25", end=True)
    )
    period = request.resolve(datetime(2026, 12, 1, tzinfo=UTC), BERLIN)
    assert utc(period.end) - utc(period.start) == 25 * HOUR - timedelta(microseconds=1)


def test_a_period_within_the_doubled_hour_is_no_contradiction() -> None:
    """From 02:50 the first time to 02:10 the second time are twenty minutes."""
    now = datetime(2026, 10, 25, 2, 10, tzinfo=BERLIN, fold=1)
    start = datetime(2026, 10, 25, 2, 50, tzinfo=BERLIN)
    period = PeriodRequest(Mode.CUSTOM, start).resolve(now, BERLIN)
    assert utc(period.end) - utc(period.start) == timedelta(minutes=20)


@pytest.mark.parametrize(
    ("start", "end"),
    [
        ("2026-11-22", "2026-11-23"),
        ("2026-11-20 10:00", "2026-11-20 09:59"),
        ("2026-11-21T08:00:01", "2026-11-21T09:00"),
    ],
)
def test_a_period_that_cannot_be_is_refused_with_its_bounds(start: str, end: str) -> None:
    request = PeriodRequest(Mode.CUSTOM, parse_bound(start, end=False), parse_bound(end, end=True))
    with pytest.raises(UsageError, match=f"{start[:10]} .* after it ends") as caught:
        request.resolve(datetime(2026, 11, 21, 8, tzinfo=SEOUL), SEOUL)
    assert caught.value.cure is not None


@pytest.mark.parametrize(
    "text",
    ["", " ", "yesterday", "2026", "2026-11", "2026-02-30", "2026-13-01", "2026-11-21T25:00",
     "2026-11-21T10:00+25:00", "0001-01-01", "1970-12-31", "9999-12-31", "9999-12-31T23:59:59",
     "0001-01-01T00:00+14:00", "10-11-2026", "21.11.2026", "2026-11-2\u0669x", "2026-11-21\ud800",
     "\x00", "2026-11-21 10:00 KST", "1795024224"],
)  # fmt: skip
@pytest.mark.parametrize("end", [False, True])
def test_a_bound_that_is_none_is_refused(text: str, end: bool) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - any text, no message is promised
        parse_bound(text, end=end)


@given(
    st.text() | st.from_regex(r"\d{4}-?\d\d-?\d\d([T ]\d\d(:?\d\d)?)?([+-]\d\d:?\d\d|Z)?"),
    st.booleans(),
    ZONES,
)
def test_a_bound_is_refused_or_can_be_used_in_any_zone(
    text: str, end: bool, zone: ZoneInfo
) -> None:
    try:
        bound = parse_bound(text, end=end)
    except ValueError:
        return
    now = datetime(2090, 1, 1, tzinfo=UTC)
    period = PeriodRequest(Mode.CUSTOM, datetime(1971, 1, 1), bound).resolve(now, zone)
    assert utc(period.end) <= now


@pytest.mark.parametrize(
    ("first", "last", "expected"),
    [
        (-2, -1, False), (-2, 0, True), (-2, 1, True), (-2, 12, True), (0, 0, True),
        (1, 2, True), (10, 10, True), (10, 12, True), (11, 12, False),
    ],
)  # fmt: skip
def test_both_ends_of_a_period_count(first: int, last: int, expected: bool) -> None:
    start = datetime(2026, 11, 20, 22, tzinfo=SEOUL)
    span = (utc(start + first * HOUR), utc(start + last * HOUR))
    assert Period(start, start + 10 * HOUR).overlaps(span) is expected


@given(INSTANTS, ZONES, st.lists(st.timedeltas(-5 * HOUR, 5 * HOUR), min_size=3, max_size=3))
def test_overlap_is_a_matter_of_instants_not_of_wall_clocks(
    now: datetime, zone: ZoneInfo, steps: list[timedelta]
) -> None:
    """Also within the hour that occurs twice, and if all are told in one zone."""
    first, last = sorted((now + steps[0], now + steps[1]))
    start, end = sorted((now, now + steps[2]))
    expected = first <= end and last >= start
    there = [moment.astimezone(zone) for moment in (start, end, first, last)]
    assert Period(there[0], there[1]).overlaps((there[2], there[3])) is expected


@pytest.mark.parametrize(
    ("text", "year"),
    [("1971-01-01", 1971), ("9990-12-31", 9990), ("1970-12-31", None), ("9991-01-01", None)],
)
def test_a_bound_lies_within_a_calendar_that_can_be_moved(text: str, year: int | None) -> None:
    if year is None:
        with pytest.raises(ValueError, match=text):
            parse_bound(text, end=False)
    else:
        assert parse_bound(text, end=False).year == year


def test_a_week_ago_that_the_clocks_skipped_moves_on_by_the_gap() -> None:
    """In New York half past two did not come on the 8th of March 2026."""
    week = resolve(Mode.TEST, "2026-03-15T02:30", NEW_YORK)
    assert week.start.isoformat() == "2026-03-08T03:30:00-04:00"


def test_a_period_that_ends_before_it_begins_tells_both() -> None:
    request = PeriodRequest(Mode.CUSTOM, datetime(2026, 11, 3, 4), datetime(2026, 11, 2, 5))
    with pytest.raises(UsageError) as caught:
        request.resolve(datetime(2026, 11, 21, 8, tzinfo=SEOUL), SEOUL)
    assert str(caught.value.what) == (
        "The period would begin (2026-11-03 04:00) after it ends (2026-11-02 05:00)."
    )
