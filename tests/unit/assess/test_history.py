"""The past of each job: nights, copies, streaks, and times that make no sense."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.assess.history import (
    BAD,
    GOOD,
    Past,
    Track,
    copies_of,
    moment_of,
    night_of,
    read_past,
)
from app.bacula.model import Job
from app.period import Period
from app.snapshot import History
from tests.unit.made import NIGHT, NOW, SEOUL, at, made_job, made_snapshot, open_job

NEW_YORK = ZoneInfo("America/New_York")
LETTERS = "TWeDfEIAZ"
KEY = ("web01-files", "web01-fd", "B")


def run(jobid: int, day: int, status: str = "T", hour: str = "23:00", **changes: Any) -> Job:
    """A run of web01-files that began in the night of a day of November."""
    begun = at(f"{day:02} {hour}")
    times = {
        "created": begun,
        "scheduled": begun,
        "started": begun,
        "ended": begun + timedelta(minutes=30),
        "real_ended": begun + timedelta(minutes=30),
    }
    return made_job(jobid, status, **{"name": "web01-files", **times, **changes})


def track(*runs: Job, now: datetime | None = NOW) -> Track:
    return Track(*KEY, runs, now)


def nights(*days: int) -> list[date]:
    return [date(2026, 11, day) for day in days]


RUNS = st.lists(
    st.tuples(st.integers(1, 20), st.sampled_from(LETTERS), st.sampled_from(["13:00", "23:00"])),
    max_size=25,
).map(lambda many: [run(n, *one) for n, one in enumerate(many, 1)])


# --- nights -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("clock", "night"),
    [
        ("20 11:59", 19),
        ("20 12:00", 20),
        ("20 23:59", 20),
        ("21 00:00", 20),
        ("21 11:59", 20),
        ("21 12:00", 21),
    ],
)
def test_a_night_lasts_from_noon_to_noon(clock: str, night: int) -> None:
    assert night_of(at(clock), SEOUL) == date(2026, 11, night)


@pytest.mark.parametrize(
    ("moment", "night"),
    [
        # Clocks go back from 2:00 to 1:00: 1:30 comes twice, noon is 13 hours after midnight.
        ("2026-11-01T05:30+00:00", date(2026, 10, 31)),
        ("2026-11-01T06:30+00:00", date(2026, 10, 31)),
        ("2026-11-01T16:59+00:00", date(2026, 10, 31)),
        ("2026-11-01T17:00+00:00", date(2026, 11, 1)),
        # They go forward from 2:00 to 3:00: noon is 11 hours after midnight.
        ("2026-03-08T15:59+00:00", date(2026, 3, 7)),
        ("2026-03-08T16:00+00:00", date(2026, 3, 8)),
    ],
)
def test_noon_is_by_the_clock_on_the_wall(moment: str, night: date) -> None:
    assert night_of(datetime.fromisoformat(moment), NEW_YORK) == night


@given(st.datetimes(timezones=st.just(UTC)), st.sampled_from([SEOUL, NEW_YORK, UTC]))
def test_every_moment_belongs_to_a_night(moment: datetime, zone: ZoneInfo) -> None:
    night = night_of(moment, zone)
    assert abs(night - moment.date()) <= timedelta(days=1)


@given(
    st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC)),
    st.timedeltas(timedelta(), timedelta(hours=30)),
    st.sampled_from([SEOUL, NEW_YORK, UTC]),
)
def test_nights_follow_each_other(moment: datetime, later: timedelta, zone: ZoneInfo) -> None:
    assert night_of(moment, zone) <= night_of(moment + later, zone)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"scheduled": at("20 22:00"), "created": at("20 21:00")}, at("20 22:00")),
        ({"created": at("20 21:00")}, at("20 21:00")),
        ({}, at("20 23:00")),
        ({"started": None}, at("20 23:30")),
        ({"started": None, "ended": None, "real_ended": None}, None),
        # What is due after the end, or long before it was made, was not due then.
        ({"scheduled": at("28 22:00"), "created": at("20 21:00")}, at("20 21:00")),
        ({"scheduled": datetime(1970, 1, 1, tzinfo=UTC), "created": at("20 21:00")},
         at("20 21:00")),
        # Clocks may be a day apart, and no more.
        ({"scheduled": at("21 23:30"), "created": at("20 22:00")}, at("21 23:30")),
        ({"scheduled": at("21 23:31"), "created": at("20 22:00")}, at("20 22:00")),
        ({"scheduled": at("19 22:00"), "created": at("20 22:00")}, at("19 22:00")),
        ({"scheduled": at("19 21:59"), "created": at("20 22:00")}, at("20 22:00")),
        # What was put together from older backups has their end; it counts when it really ended.
        ({"scheduled": at("20 22:00"), "created": at("20 22:01"), "ended": at("10 23:30")},
         at("20 22:00")),
    ],
)  # fmt: skip
def test_when_a_run_was_due(changes: dict[str, Any], expected: datetime | None) -> None:
    assert moment_of(made_job(1, **changes)) == expected


# --- copies -----------------------------------------------------------------------------------


def copy_of(jobid: int, original: int, **changes: Any) -> Job:
    """A copy made in the last night of a job of the 10th."""
    old = at("10 23:00")
    inherited = {"type": "C", "started": old, "ended": old + timedelta(minutes=30)}
    return run(jobid, 21, hour="02:00", prior_jobid=original, **{**inherited, **changes})


@pytest.mark.parametrize(
    ("jobs", "copies"),
    [
        ([run(1, 10), copy_of(2, 1)], {2}),
        ([copy_of(2, 1)], {2}),
        # Migrated: the original becomes an M, what was written is a B with its times.
        ([run(1, 10, type="M"), copy_of(2, 1, type="B")], {2}),
        ([copy_of(2, 1, type="B")], {2}),
        # A B that names a backup which is still one: that run was done again, not copied.
        ([run(1, 10), run(2, 20, prior_jobid=1)], set()),
        ([run(1, 10), copy_of(2, 1, type="B")], set()),
        ([run(2, 20, prior_jobid=1)], set()),
        # A VirtualFull has old times too, but no original.
        ([copy_of(2, 0, type="B")], set()),
        ([run(1, 20, type="V", prior_jobid=7)], set()),
        ([], set()),
    ],
)
def test_which_jobs_are_copies(jobs: list[Job], copies: set[int]) -> None:
    assert copies_of(jobs) == copies


def past_of(*jobs: Job, history: tuple[Job, ...] = (), **changes: Any) -> Past:
    return read_past(made_snapshot(*jobs, history=History(history, **changes)))


def test_copies_are_no_runs_of_their_job() -> None:
    past = past_of(copy_of(3, 1), run(2, 20), history=(run(1, 10),))
    assert [job.jobid for job in past.tracks[KEY].runs] == [1, 2]
    assert past.copies == {3}


def test_copies_are_known_of_a_period_that_is_over_too() -> None:
    period = Period(NIGHT.start, NOW - timedelta(days=1))
    past = read_past(made_snapshot(copy_of(3, 1), period=period, history=History(whole=True)))
    assert past.copies == {3}


def test_what_was_migrated_stays_a_run() -> None:
    past = past_of(copy_of(3, 1, type="B"), history=(run(1, 10, type="M"),))
    assert [job.jobid for job in past.tracks[KEY].runs] == [1]
    assert past.track(run(1, 10, type="M")) is past.tracks[KEY]


@pytest.mark.parametrize("kind", ["B", "C"])
def test_a_copy_whose_original_is_not_known_stands_for_it_at_its_time(kind: str) -> None:
    past = past_of(copy_of(8, 1, type=kind), copy_of(9, 1, type=kind), run(7, 20))
    found = past.tracks[KEY]
    assert [job.jobid for job in found.runs] == [1, 7]
    assert (found.runs[0].run_end, moment_of(found.runs[0])) == (at("10 23:30"), at("10 23:00"))
    assert found.runs[0].run_start == at("10 23:00")
    begun, ended = at("10 23:00"), at("10 23:30")
    assert found.runs[0] == run(
        1, 21, hour="02:00", created=begun, scheduled=begun, started=begun, ended=ended,
        real_ended=ended,
    )  # fmt: skip


def test_a_copy_of_a_known_original_hides_none_of_an_unknown_one() -> None:
    past = past_of(copy_of(8, 7), copy_of(9, 1), run(7, 20))
    assert [job.jobid for job in past.tracks[KEY].runs] == [1, 7]


def test_a_copy_that_went_wrong_stands_for_nothing() -> None:
    assert KEY not in past_of(copy_of(8, 1, status="f")).tracks


# --- tracks -----------------------------------------------------------------------------------


def test_runs_end_in_the_order_of_their_ends_and_open_ones_not_at_all() -> None:
    late = run(1, 10, ended=at("12 08:00"), real_ended=at("12 08:00"))
    found = track(late, run(2, 11), open_job(3))
    assert [job.jobid for job in found.ended] == [2, 1]


def test_the_last_good_run_of_a_level() -> None:
    found = track(
        run(1, 1), run(2, 2, level="D"), run(3, 3, level="I", errors=2), run(4, 4, "f"),
        run(5, 5, "A", level="D"), run(6, 6, "D"), run(7, 7, "Z"),
    )  # fmt: skip
    assert [getattr(found.last_good(levels), "jobid", None) for levels in ("F", "D", "DF")] == [
        6, 2, 6,
    ]  # fmt: skip
    assert getattr(found.last_good(), "jobid", None) == 6
    assert track(run(1, 1, "f")).last_good() is None


def test_what_claims_to_end_in_the_future_is_neither_good_nor_bad() -> None:
    for status in "Tf":
        found = track(run(1, 19), run(2, 29, status), run(3, 20, "f"))
        assert [job.jobid for job in found.ended] == [1, 3]
        assert found.bad_nights(SEOUL) == nights(20)
    # Clocks and zones may differ by hours.
    near = run(2, 22, hour="07:30")
    assert near.run_end == NOW + timedelta(days=1)
    assert [job.jobid for job in track(near).ended] == [2]


def test_a_job_of_the_year_9999_does_no_harm() -> None:
    last = datetime.max.replace(tzinfo=UTC)
    first = datetime.min.replace(tzinfo=UTC)
    for odd in (last, first):
        job = run(1, 1, created=odd, scheduled=odd, started=odd, ended=odd, real_ended=odd)
        for now in (NOW, None):
            found = track(job, run(2, 20, "f"), now=now)
            assert len(found.bad_nights(SEOUL)) <= 1


@pytest.mark.parametrize(
    ("runs", "expected"),
    [
        ([], []),
        ([run(1, 20)], []),
        ([run(1, 20, "f")], nights(20)),
        ([run(1, 18), run(2, 19, "f"), run(3, 20, "f")], nights(19, 20)),
        ([run(1, 18, "f"), run(2, 19, "A"), run(3, 20, "E")], nights(18, 19, 20)),
        # A weekly job: nights with a run count, not the days between them.
        ([run(1, 1), run(2, 8, "f"), run(3, 15, "f")], nights(8, 15)),
        # One good run saves its night, before or after the bad one.
        ([run(1, 19, "f"), run(2, 20, "f"), run(3, 21, hour="03:00")], []),
        ([run(1, 19, "f"), run(2, 20), run(3, 21, "f", hour="03:00")], []),
        ([run(1, 20, "f"), run(2, 21, "f", hour="03:00")], nights(20)),
        ([run(1, 19), run(2, 20, "f", errors=3)], nights(20)),
        # Nobody can judge an unknown letter.
        ([run(1, 18, "f"), run(2, 19, "Z"), run(3, 20, "f")], nights(20)),
        ([run(1, 20, "Z")], []),
        # What still runs ends nothing.
        ([run(1, 19, "f"), open_job(2, created=at("20 23:00"))], nights(19)),
    ],
)  # fmt: skip
def test_the_streak_of_bad_nights(runs: list[Job], expected: list[date]) -> None:
    assert track(*runs).bad_nights(SEOUL) == expected


def test_a_streak_that_ends_with_an_earlier_night() -> None:
    found = track(run(1, 17), run(2, 18, "f"), run(3, 19, "f"), run(4, 20))
    assert found.bad_nights(SEOUL) == []
    assert found.bad_nights(SEOUL, date(2026, 11, 19)) == nights(18, 19)
    assert [job.jobid for job in found.bad_runs(date(2026, 11, 18), SEOUL)] == [2]


@given(RUNS)
def test_a_streak_has_bad_runs_and_no_good_one(runs: list[Job]) -> None:
    found = track(*runs)
    bad = found.bad_nights(SEOUL)
    assert bad == sorted(set(bad))
    of_nights = {night: [r for r in runs if night_of(at_of(r), SEOUL) == night] for night in bad}
    for night, many in of_nights.items():
        outcomes = {one.outcome for one in many}
        assert outcomes & BAD
        assert not outcomes & GOOD
        assert {one.jobid for one in found.bad_runs(night, SEOUL)} <= {one.jobid for one in many}
    if bad:
        assert bad[-1] == max(night_of(at_of(r), SEOUL) for r in runs)


def at_of(job: Job) -> datetime:
    moment = moment_of(job)
    assert moment is not None
    return moment


@given(RUNS, st.integers(1, 20))
def test_one_more_bad_night_at_the_end_makes_a_streak_longer_by_one(
    runs: list[Job], ago: int
) -> None:
    before = track(*runs, now=None).bad_nights(SEOUL)
    after = track(*runs, run(99, 25, "f"), now=None).bad_nights(SEOUL)
    assert after == [*before, date(2026, 11, 25)]


@given(RUNS)
def test_a_good_run_at_the_end_ends_every_streak(runs: list[Job]) -> None:
    assert track(*runs, run(99, 25), now=None).bad_nights(SEOUL) == []


# --- the past ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("since", "whole", "moment", "reaches"),
    [
        (None, False, at("20 23:00"), False),
        (at("20 23:00"), False, at("20 23:00"), True),
        (at("20 23:00"), False, at("20 22:59"), False),
        (at("20 23:00"), True, at("01 00:00"), True),
        (None, True, at("01 00:00"), True),
    ],
)
def test_how_far_the_past_reaches(
    since: datetime | None, whole: bool, moment: datetime, reaches: bool
) -> None:
    assert Past({}, since, whole).reaches(moment) is reaches


@pytest.mark.parametrize(
    ("ago", "since", "whole"),
    [
        # It reaches to now: the catalog is what it was.
        (59, at("01 00:00"), True),
        # It is over: what the catalog had then may have been pruned since.
        (60, at("10 23:00"), False),
    ],
)
def test_a_catalog_of_today_tells_not_all_that_an_older_one_held(
    ago: int, since: datetime, whole: bool
) -> None:
    period = Period(NIGHT.start, NOW - timedelta(minutes=ago))
    history = History((run(1, 10), run(2, 11)), at("01 00:00"), whole=True)
    past = read_past(made_snapshot(run(3, 20), period=period, history=history))
    assert (past.since, past.whole) == (since, whole)


@pytest.mark.parametrize(
    ("jobs", "begin", "since"),
    [
        # A single one may be older than what is known.
        ((run(1, 10),), at("12 00:00"), at("12 00:00")),
        ((run(1, 10),), None, at("10 23:00")),
        ((run(1, 10, created=None),), None, at("10 23:00")),
        ((), at("01 00:00"), None),
    ],
)
def test_a_catalog_begins_with_its_first_job_in_a_period_that_is_over(
    jobs: tuple[Job, ...], begin: datetime | None, since: datetime | None
) -> None:
    period = Period(NIGHT.start, NOW - timedelta(days=1))
    snapshot = made_snapshot(period=period, history=History(jobs, begin, whole=True))
    assert read_past(snapshot).since == since


def test_each_job_of_each_client_has_a_track_of_its_own() -> None:
    past = past_of(
        run(3, 20), run(4, 20, client="web02-fd"), run(5, 20, type="V"), history=(run(1, 19),)
    )
    assert {key: [job.jobid for job in one.runs] for key, one in past.tracks.items()} == {
        KEY: [1, 3],
        ("web01-files", "web02-fd", "B"): [4],
        ("web01-files", "web01-fd", "V"): [5],
    }
    assert past.track(run(9, 20, client="other-fd")) is None


@given(RUNS, RUNS)
def test_a_run_that_is_in_the_period_and_before_is_one_run(
    period: list[Job], before: list[Job]
) -> None:
    past = past_of(*period, history=tuple(before))
    everything = {job.jobid for job in (*period, *before)}
    told = [job.jobid for one in past.tracks.values() for job in one.runs]
    assert sorted(told) == sorted(everything)
