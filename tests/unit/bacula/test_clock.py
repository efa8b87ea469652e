"""The Director's clock is learned from what the server itself says, and read without guessing."""

from __future__ import annotations

import math
import time
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.bacula.clock import (
    ClockSource,
    DirectorClock,
    Observation,
    created_wall,
    fixed_zone,
    observe,
    observe_row,
    parse_wall,
    zone_name,
)
from tests import rig

SEOUL, BERLIN, NEW_YORK = (
    ZoneInfo(name) for name in ("Asia/Seoul", "Europe/Berlin", "America/New_York")
)
KST = timedelta(hours=9)
ZONES = st.sampled_from(sorted(available_timezones() - {"localtime"})).map(ZoneInfo)
INSTANTS = st.datetimes(datetime(1990, 1, 1), datetime(2090, 1, 1), timezones=st.just(UTC)).map(
    lambda moment: moment.replace(microsecond=0)
)
LISTS = {
    "jobs_v1_all": "baculum-15.0",
    "baculum13_jobs_all": "baculum-13.0",
    "baculum11_jobs_all": "baculum-11.0",
    "baculum96_jobs_all": "baculum-9.6",
    "bacularis_jobs_all_v1": "bacularis-6.3",
}


def wall(text: str) -> datetime:
    return datetime.fromisoformat(text)


def row(ended: str | None, jobtdate: Any, **times: Any) -> dict[str, Any]:
    return {"endtime": ended, "starttime": None, "schedtime": None, "jobtdate": jobtdate, **times}


def told(moment: datetime, zone: tzinfo) -> Observation:
    """What a server in `zone` says about a moment."""
    local = moment.astimezone(zone).replace(tzinfo=None)
    seen = observe(local, int(moment.timestamp()))
    assert seen is not None
    return seen


def clock(zone: tzinfo) -> DirectorClock:
    return DirectorClock(zone, ClockSource.LEARNED)


# --- walls ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [None, "", "null", 0, 1795024224, True, [], {}, "2026-11-21"[:9], "0000-00-00 00:00:00",
     "1970-01-01 00:00:00", "0001-01-01 00:00:00", "9999-12-31 23:59:59", "2026-02-30 10:00:00",
     "2026-11-21 24:61:00", "soon enough!", "2026-11-21 02:54\ud800"],
)  # fmt: skip
def test_what_is_no_time_is_no_time(text: Any) -> None:
    assert parse_wall(text) is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-11-21", wall("2026-11-21 00:00")),
        ("1971-01-01 00:00:00", wall("1971-01-01 00:00")),
        ("1970-12-31 23:59:59", None),
        ("9990-12-31 23:59:59", wall("9990-12-31 23:59:59")),
        ("9991-01-01 00:00:00", None),
        # No catalog writes a zone; if one did, it would still be the clock on the wall.
        ("2026-11-21 10:00:00+05:00", wall("2026-11-21 10:00")),
    ],
)
def test_a_catalog_time_is_a_wall_clocks_within_a_calendar_that_can_be_moved(
    text: str, expected: datetime | None
) -> None:
    assert parse_wall(text) == expected


@given(INSTANTS)
def test_a_catalog_time_is_read_as_it_was_written(moment: datetime) -> None:
    written = moment.replace(tzinfo=None)
    assert parse_wall(f"{written:%Y-%m-%d %H:%M:%S}") == written


@pytest.mark.parametrize(
    ("unique", "expected"),
    [
        ("db01-dump.2026-11-21_02.54.43_31", wall("2026-11-21 02:54:43")),
        ("Weekly_Report.v2:nas_01.2026-11-19_02.50.24_21", wall("2026-11-19 02:50:24")),
        ("old.2020-01-01_00.00.00_01.2026-11-19_02.50.24_2100", wall("2026-11-19 02:50:24")),
        ("db01-dump.2026-13-21_02.54.43_31", None),
        ("db01-dump.0001-01-01_00.00.00_31", None),
        ("db01-dump.9999-12-31_23.59.59_31", None),
        ("db01-dump.2026-11-21_02.54.43", None),
        ("db01-dump", None),
        ("", None),
    ],
)
def test_a_unique_name_tells_when_its_job_was_made(unique: str, expected: datetime | None) -> None:
    assert created_wall(unique) == expected


@given(st.from_regex(r"[a.]{0,3}\.\d{4}-\d\d-\d\d_\d\d\.\d\d\.\d\d_\d{1,3}", fullmatch=True))
def test_no_unique_name_makes_an_instant_that_cannot_be_moved(unique: str) -> None:
    for zone in (fixed_zone(timedelta(hours=14)), fixed_zone(timedelta(hours=-14))):
        moment = clock(zone).instant(created_wall(unique))
        assert moment is None or moment.astimezone(NEW_YORK).astimezone(SEOUL) == moment


# --- observations -----------------------------------------------------------------------------


@pytest.mark.parametrize("place", ["Asia/Seoul", "America/New_York", "UTC"])
def test_where_this_machine_is_does_not_matter(place: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", place)
    time.tzset()
    moment = datetime(2026, 11, 21, 2, 0, tzinfo=UTC)
    for zone in (SEOUL, NEW_YORK, UTC):
        assert told(moment, zone).offset == moment.astimezone(zone).utcoffset()


@pytest.mark.parametrize(
    ("hours", "seen"), [(14, True), (14.25, False), (-14, True), (-14.25, False), (5.75, True)]
)
def test_no_zone_is_farther_off_than_fourteen_hours(hours: float, seen: bool) -> None:
    moment = datetime(2026, 11, 21, 2, 0, tzinfo=UTC)
    local = moment.replace(tzinfo=None) + timedelta(hours=hours)
    assert (observe(local, moment.timestamp()) is not None) is seen


@given(INSTANTS, ZONES)
def test_the_offset_of_any_zone_can_be_seen(moment: datetime, zone: ZoneInfo) -> None:
    assert told(moment, zone).offset == moment.astimezone(zone).utcoffset()


@pytest.mark.parametrize(
    "epoch",
    [None, 0, -1, True, False, "", "soon", "0", "-5", 10**30, "9" * 5000, math.inf, -math.inf,
     math.nan, [], {}, 1795024224 + 61, 1795024224 + 7 * 86400],
)  # fmt: skip
def test_a_broken_epoch_tells_nothing(epoch: Any) -> None:
    assert observe(wall("2026-11-19 02:50:24"), epoch) is None


@pytest.mark.parametrize("epoch", [1795024224, "1795024224", " 1795024224 ", 1795024224.0])
def test_an_epoch_may_be_a_number_or_its_text(epoch: Any) -> None:
    moment = wall("2026-11-19 02:50:24")
    assert observe(moment, epoch) == Observation(moment, KST)


@pytest.mark.parametrize(
    ("times", "expected"),
    [
        ({}, "2026-11-19 02:50:24"),
        ({"starttime": "2026-11-18 02:50:24", "schedtime": "2026-11-17 02:50:24"},
         "2026-11-19 02:50:24"),
        ({"endtime": None, "starttime": "2026-11-19 02:50:24", "schedtime": "2026-11-17 00:00:00"},
         "2026-11-19 02:50:24"),
        ({"endtime": None, "schedtime": "2026-11-19 02:50:24"}, "2026-11-19 02:50:24"),
        ({"endtime": "0000-00-00 00:00:00", "schedtime": "2026-11-19 02:50:24"},
         "2026-11-19 02:50:24"),
    ],
)  # fmt: skip
def test_jobtdate_belongs_to_the_end_else_the_start_else_the_schedule(
    times: dict[str, Any], expected: str
) -> None:
    seen = observe_row(row("2026-11-19 02:50:24", 1795024224) | times)
    assert seen == Observation(wall(expected), KST)


def test_a_row_without_times_tells_nothing() -> None:
    assert observe_row(row(None, 1795024224)) is None
    assert observe_row({}) is None


@pytest.mark.parametrize(("name", "server"), LISTS.items())
def test_every_recorded_row_tells_the_directors_offset(name: str, server: str) -> None:
    assert {one.offset if (one := observe_row(r)) else None for r in rig.output(name, server)} == {
        KST
    }


def test_the_epochs_of_bacularis_are_not_believed() -> None:
    """They are local time counted as UTC: nine hours too late in Seoul."""
    rows = rig.output("bacularis_jobs_all_v1", "bacularis-6.3")
    assert all(row["schedtime_epoch"] - 32400 <= row["jobtdate"] for row in rows[:5])
    learned = DirectorClock.learn(
        [one for row in rows if (one := observe_row(row))], setting=None, host=BERLIN
    )
    assert learned.zone.utcoffset(None) == KST


# --- learning ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("setting", "host", "expected"),
    [
        (SEOUL, BERLIN, (SEOUL, ClockSource.SETTING)),
        (None, SEOUL, (SEOUL, ClockSource.HOST)),
        # A report may be wanted in another zone than the Director's.
        (BERLIN, SEOUL, (SEOUL, ClockSource.HOST)),
        (ZoneInfo("Asia/Tokyo"), SEOUL, (ZoneInfo("Asia/Tokyo"), ClockSource.SETTING)),
        (BERLIN, NEW_YORK, (timezone(KST), ClockSource.LEARNED)),
        (None, ZoneInfo("UTC"), (timezone(KST), ClockSource.LEARNED)),
    ],
)
def test_a_named_zone_is_taken_only_if_it_explains_what_the_server_said(
    setting: tzinfo | None, host: tzinfo, expected: tuple[tzinfo, ClockSource]
) -> None:
    seen = [one for r in rig.output("jobs_v1_all") if (one := observe_row(r))]
    learned = DirectorClock.learn(seen, setting=setting, host=host)
    assert (learned.zone, learned.source) == expected


@pytest.mark.parametrize(
    ("setting", "expected"),
    [(BERLIN, (BERLIN, ClockSource.SETTING)), (None, (SEOUL, ClockSource.ASSUMED))],
)
def test_without_anything_seen_the_setting_else_the_hosts_zone_is_assumed(
    setting: tzinfo | None, expected: tuple[tzinfo, ClockSource]
) -> None:
    learned = DirectorClock.learn([], setting=setting, host=SEOUL)
    assert (learned.zone, learned.source) == expected


@given(ZONES, st.lists(INSTANTS, min_size=1, max_size=30))
def test_the_zone_the_director_lives_in_is_always_recognised(
    zone: ZoneInfo, moments: list[datetime]
) -> None:
    seen = [told(moment, zone) for moment in moments]
    assert DirectorClock.learn(seen, setting=zone, host=SEOUL).zone == zone


@given(
    st.lists(INSTANTS, min_size=39, max_size=60),
    st.lists(st.integers(-56, 56), max_size=2),
    st.sampled_from([SEOUL, None]),
)
def test_a_few_broken_rows_change_nothing(
    moments: list[datetime], broken: list[int], setting: tzinfo | None
) -> None:
    seen = [told(moment, timezone(KST)) for moment in moments]
    rubbish = [Observation(wall("2089-12-31 00:00:00"), timedelta(minutes=15 * n)) for n in broken]
    learned = DirectorClock.learn([*rubbish, *seen], setting=setting, host=timezone(-KST))
    assert learned.zone.utcoffset(wall("2026-11-19 02:50:24")) == KST


@given(
    st.lists(
        st.builds(
            Observation,
            st.datetimes(datetime(1990, 1, 1), datetime(2090, 1, 1)),
            st.integers(-56, 56).map(lambda quarters: timedelta(minutes=15 * quarters)),
        ),
        min_size=20,
        unique_by=lambda one: one.offset,
    ),
    st.sampled_from([None, BERLIN]),
)
def test_no_contradiction_stops_the_learning(
    seen: list[Observation], setting: tzinfo | None
) -> None:
    """Not even if every row tells another offset."""
    learned = DirectorClock.learn(seen, setting=setting, host=NEW_YORK)
    assert learned.instant(wall("2026-11-19 02:50:24")) is not None


def test_of_two_offsets_within_the_list_the_newer_is_in_force() -> None:
    """Clocks went back in between, and the zone has no name here."""
    days = [datetime(2026, 10, day, 12, tzinfo=UTC) for day in range(20, 30)]
    seen = [told(day, BERLIN) for day in days]
    learned = DirectorClock.learn(seen, setting=None, host=SEOUL)
    assert (learned.zone, learned.source) == (timezone(timedelta(hours=1)), ClockSource.LEARNED)


# --- instants ---------------------------------------------------------------------------------


@given(INSTANTS, ZONES)
def test_an_instant_survives_the_way_through_the_catalog(moment: datetime, zone: ZoneInfo) -> None:
    """Wall clock there, jobtdate back; also in the hour that occurs twice."""
    seen = told(moment, zone)
    assert clock(zone).instant(seen.wall, seen) == moment
    assert clock(fixed_zone(seen.offset)).instant(seen.wall, seen) == moment


@pytest.mark.parametrize("zone", [BERLIN, timezone(timedelta(hours=2)), timezone(KST / 9)])
@pytest.mark.parametrize(("offset", "hour"), [(2, 0), (1, 1)])
def test_the_doubled_hour_is_told_apart_by_jobtdate(zone: tzinfo, offset: int, hour: int) -> None:
    """25 October 2026, 02:30, occurred twice in Berlin."""
    seen = Observation(wall("2026-10-25 02:30:00"), timedelta(hours=offset))
    assert clock(zone).instant(seen.wall, seen) == datetime(2026, 10, 25, hour, 30, tzinfo=UTC)


def test_an_end_a_moment_after_the_one_seen_is_in_the_same_turn_of_the_hour() -> None:
    """RealEndTime follows EndTime; jobtdate speaks of EndTime only."""
    seen = Observation(wall("2026-10-25 02:30:00"), timedelta(hours=1))
    read = clock(BERLIN).instant(wall("2026-10-25 02:30:02"), seen)
    assert read == datetime(2026, 10, 25, 1, 30, 2, tzinfo=UTC)


def test_a_run_through_the_night_clocks_go_back_lasts_as_long_as_it_lasted() -> None:
    """Python subtracts times of one zone by their wall clocks; instants are UTC for that reason."""
    seen = Observation(wall("2026-10-25 06:00:00"), timedelta(hours=1))
    started = clock(BERLIN).instant(wall("2026-10-24 23:00:00"), seen)
    ended = clock(BERLIN).instant(seen.wall, seen)
    assert started is not None
    assert ended is not None
    assert ended - started == timedelta(hours=8)


def test_without_a_zone_name_each_row_keeps_the_offset_it_told() -> None:
    """The clock's offset is the newest; a row of last week was written an hour apart."""
    winter = clock(fixed_zone(timedelta(hours=1)))
    seen = Observation(wall("2026-10-20 12:00:00"), timedelta(hours=2))
    assert winter.instant(seen.wall, seen) == datetime(2026, 10, 20, 10, 0, tzinfo=UTC)


def test_a_copys_real_end_is_not_read_with_the_offset_of_its_originals_season() -> None:
    """The row of a copy made in winter tells the offset of its original, made in summer."""
    winter = clock(fixed_zone(timedelta(hours=1)))
    original = Observation(wall("2026-07-01 23:00:00"), timedelta(hours=2))
    read = winter.instant(wall("2026-12-01 23:00:00"), original)
    assert read == datetime(2026, 12, 1, 22, 0, tzinfo=UTC)


def test_a_broken_row_is_read_by_the_clock_instead() -> None:
    broken = Observation(wall("2026-11-19 02:50:24"), timedelta(hours=-5))
    expected = datetime(2026, 11, 18, 17, 50, 24, tzinfo=UTC)
    for zone in (SEOUL, fixed_zone(KST)):
        assert clock(zone).instant(broken.wall, broken) == expected


def test_no_time_is_no_instant() -> None:
    assert clock(SEOUL).instant(None) is None
    assert clock(SEOUL).instant(None, Observation(wall("2026-11-19 02:50:24"), KST)) is None


@given(st.datetimes(datetime(1971, 1, 1), datetime(9990, 12, 31)), ZONES)
def test_every_readable_time_can_be_moved_to_every_zone(moment: datetime, zone: ZoneInfo) -> None:
    read = clock(zone).instant(moment)
    assert read is not None
    assert read.tzinfo is UTC
    # By their seconds: Python calls no time of an hour that occurs twice equal to one elsewhere.
    assert read.astimezone(zone).astimezone(NEW_YORK).timestamp() == read.timestamp()


# --- names ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("offset", "expected"),
    [
        (timedelta(0), "UTC"),
        (timedelta(hours=9), "UTC+09:00"),
        (timedelta(hours=-3, minutes=-30), "UTC-03:30"),
        (timedelta(minutes=-30), "UTC-00:30"),
        (timedelta(hours=5, minutes=45), "UTC+05:45"),
    ],
)
def test_an_offset_is_written_as_people_write_it(offset: timedelta, expected: str) -> None:
    assert fixed_zone(offset).tzname(None) == expected
    assert fixed_zone(offset).utcoffset(None) == offset


@pytest.mark.parametrize(
    ("zone", "expected"),
    [
        (SEOUL, "Asia/Seoul (UTC+09:00)"),
        (BERLIN, "Europe/Berlin (UTC+01:00)"),
        (ZoneInfo("UTC"), "UTC"),
        (ZoneInfo("Etc/UTC"), "UTC"),
        (fixed_zone(KST), "UTC+09:00"),
    ],
)
def test_a_zone_is_told_with_its_offset_of_that_day(zone: tzinfo, expected: str) -> None:
    assert zone_name(zone, datetime(2026, 11, 19, tzinfo=UTC)) == expected


# --- how much has to agree --------------------------------------------------------------------


def seen(*offsets: tuple[float, int]) -> list[Observation]:
    """One observation a day, so many for each offset in hours, the oldest first."""
    hours = [hour for hour, count in offsets for _ in range(count)]
    return [
        Observation(datetime(2026, 6, 1, 12) + timedelta(days=day), timedelta(hours=hour))
        for day, hour in enumerate(hours)
    ]


@pytest.mark.parametrize(
    ("observations", "hours"),
    [
        # One broken row is not believed if it is no more than one in twenty.
        (seen((3, 19), (9, 1)), 3),
        (seen((3, 18), (9, 1)), 9),
        # The last night's two rows agree, and tell of an hour: clocks have changed.
        (seen((3, 60), (2, 2)), 2),
        (seen((3, 60), (4, 2)), 4),
        (seen((3, 60), (2, 1)), 3),
        (seen((3, 60), (5, 2)), 3),
        (seen((3, 60), (2, 1), (4, 1)), 3),
    ],
)
def test_the_newest_offset_is_believed_if_it_is_not_a_broken_rows(
    observations: list[Observation], hours: float
) -> None:
    found = DirectorClock.learn(observations, setting=None, host=NEW_YORK)
    assert found.source is ClockSource.LEARNED
    assert found.zone.utcoffset(None) == timedelta(hours=hours)


@pytest.mark.parametrize(
    ("observations", "source"),
    [
        (seen((9, 40)), ClockSource.HOST),
        # One in twenty may be wrong, if it is not what is newest.
        (seen((9, 10), (3, 1), (9, 9)), ClockSource.HOST),
        (seen((9, 9), (3, 1), (9, 9)), ClockSource.LEARNED),
        (seen((3, 10), (9, 10)), ClockSource.LEARNED),
        (seen((9, 38), (8, 2)), ClockSource.LEARNED),
    ],
)
def test_a_named_zone_has_to_explain_nearly_everything_and_what_is_newest(
    observations: list[Observation], source: ClockSource
) -> None:
    assert DirectorClock.learn(observations, setting=None, host=SEOUL).source is source


@pytest.mark.parametrize("hours", [1, 2])
def test_a_named_zone_explains_both_turns_of_the_doubled_hour(hours: int) -> None:
    observed = Observation(datetime(2026, 10, 25, 2, 30), timedelta(hours=hours))
    found = DirectorClock.learn([observed], setting=None, host=BERLIN)
    assert found.source is ClockSource.HOST


@pytest.mark.parametrize(
    ("hours", "name"),
    [(0, "UTC"), (9, "UTC+09:00"), (-5, "UTC-05:00"), (5.75, "UTC+05:45"), (-0.5, "UTC-00:30")],
)
def test_an_offset_is_named_as_a_person_writes_it(hours: float, name: str) -> None:
    assert fixed_zone(timedelta(hours=hours)).tzname(None) == name
