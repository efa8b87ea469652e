"""When a job really ran, and so to which period it belongs."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.api.jobs import job_from_row
from app.bacula.clock import ClockSource, DirectorClock
from app.bacula.codes import OPEN_STATUS
from app.bacula.model import Job
from app.period import Mode, Period, PeriodRequest
from tests import rig
from tests.unit.made import NIGHT, NOW, SEOUL, at, made_job, minutes, open_job

SECOND = timedelta(seconds=1)
BERLIN = ZoneInfo("Europe/Berlin")
MOMENTS = st.none() | st.datetimes(
    datetime(2026, 11, 15), datetime(2026, 11, 27), timezones=st.just(UTC)
)
JOBS = st.builds(
    made_job,
    status=st.sampled_from([*"TfEIAWeD", *sorted(OPEN_STATUS), "Z", ""]),
    type=st.sampled_from(list("BRVDCcMgASUI")),
    created=MOMENTS,
    scheduled=MOMENTS,
    started=MOMENTS,
    ended=MOMENTS,
    real_ended=MOMENTS,
)
KILLED_LATER: dict[str, Any] = {
    "created": at("20 23:00"),
    "scheduled": at("23 05:00"),
    "started": at("23 05:00"),
}
VIRTUAL: dict[str, Any] = {
    "created": at("20 23:00"),
    "scheduled": at("20 23:00"),
    "started": at("13 22:00"),
}
COPY: dict[str, Any] = {
    "type": "C",
    "started": at("10 22:00"),
    "ended": at("10 23:00"),
    "prior_jobid": 7,
}


def is_in(job: Job, period: Period = NIGHT, now: datetime = NOW) -> bool:
    span = job.span(now)
    assert span is not None
    return period.overlaps(span)


def ran(started: str, ended: str, **changes: Any) -> Job:
    times: dict[str, Any] = {"started": at(started), "ended": at(ended), "real_ended": at(ended)}
    return made_job(**{**times, **changes})


@pytest.mark.parametrize(
    "job",
    [
        pytest.param(ran("20 23:00", "20 23:30"), id="within"),
        pytest.param(ran("20 21:50", "20 23:00", status="f"), id="a Full from before that failed"),
        pytest.param(ran("18 22:00", "21 03:00"), id="two days long"),
        pytest.param(ran("20 21:00", "20 22:00"), id="ended at its first moment"),
        pytest.param(ran("21 08:00", "21 08:00"), id="started at its last moment"),
        pytest.param(
            ran("20 23:00", "20 23:00", status="f", real_ended=None), id="killed with the Director"
        ),
        pytest.param(
            made_job(status="f", **KILLED_LATER, ended=at("23 05:00"), real_ended=None),
            id="killed while it waited for its start",
        ),
        pytest.param(
            made_job(status="f", started=at("23 05:00"), ended=at("23 05:00"), real_ended=None),
            id="the same, and when it was made is not known",
        ),
        pytest.param(open_job(started=at("18 10:00")), id="running for three days"),
        pytest.param(open_job(status="C", started=None, created=at("18 10:00")), id="queued"),
        pytest.param(
            open_job(status="C", started=None, created=at("21 03:00"), scheduled=at("23 05:00")),
            id="waiting for its start",
        ),
        pytest.param(
            open_job(status="C", started=None, scheduled=at("23 05:00")),
            id="waiting for its start, and when it was made is not known",
        ),
        pytest.param(open_job(status="C", started=None), id="open without any time"),
        pytest.param(made_job(**COPY, real_ended=at("20 23:00")), id="copied tonight"),
        pytest.param(
            made_job(**{**COPY, "type": "M"}, real_ended=at("20 23:00")), id="migrated tonight"
        ),
        pytest.param(
            made_job(**VIRTUAL, ended=at("19 23:00"), real_ended=at("21 01:00")),
            id="a VirtualFull made tonight",
        ),
        pytest.param(
            made_job(
                status="A", scheduled=at("20 21:00"), started=at("20 23:00"), ended=at("20 23:00")
            ),
            id="cancelled after it had waited",
        ),
        pytest.param(made_job(status="Z", ended=None, real_ended=None), id="unknown and not ended"),
        pytest.param(made_job(status="Z"), id="unknown and ended"),
    ],
)
def test_a_job_of_the_night_is_in(job: Job) -> None:
    assert is_in(job)


@pytest.mark.parametrize(
    "job",
    [
        pytest.param(ran("20 21:00", "20 21:59"), id="ended before"),
        pytest.param(
            ran("20 03:00", "20 03:00", status="f", real_ended=None),
            id="killed with the Director the night before",
        ),
        pytest.param(made_job(**COPY, real_ended=at("20 21:59")), id="copied before"),
        pytest.param(
            made_job(type="C", started=at("20 23:00"), ended=at("20 23:30"),
                     real_ended=at("21 12:00")),
            id="copied later, its original ran within",
        ),
        pytest.param(
            made_job(
                created=at("19 23:00"), scheduled=at("19 23:00"), started=at("13 22:00"),
                ended=at("18 23:00"), real_ended=at("20 01:00"),
            ),
            id="a VirtualFull made the night before",
        ),
        pytest.param(ran("19 23:00", "20 21:59", status="Z"), id="unknown and ended before"),
    ],
)  # fmt: skip
def test_a_job_of_another_night_is_not_in(job: Job) -> None:
    assert not is_in(job, Period(NIGHT.start, at("21 08:00")), now=at("21 13:00"))


def test_a_copy_is_in_by_when_it_was_made_alone() -> None:
    """Its row carries its original's start and end."""
    copy = made_job(**COPY, real_ended=at("20 23:00"))
    assert copy.span(NOW) == (at("20 23:00"), at("20 23:00"))
    assert (copy.run_start, copy.run_end) == (None, at("20 23:00"))
    assert copy.duration(NOW) is None


def test_a_virtualfull_ran_from_its_schedule_to_its_real_end() -> None:
    job = made_job(**VIRTUAL, ended=at("19 23:00"), real_ended=at("21 01:00"))
    assert job.span(NOW) == (at("20 23:00"), at("21 01:00"))
    assert job.duration(NOW) == timedelta(hours=2)


def test_a_minute_between_end_and_real_end_is_no_inherited_time() -> None:
    job = made_job(real_ended=at("20 23:30") + timedelta(seconds=60))
    assert (job.run_start, job.inherits_times) == (at("20 23:00"), False)


def test_an_end_in_the_future_is_cut_at_now_and_begins_when_the_job_was_made() -> None:
    job = made_job(status="f", **KILLED_LATER, ended=at("23 05:00"), real_ended=None)
    assert job.span(NOW) == (at("20 23:00"), NOW)


def test_nothing_known_is_no_span_rather_than_an_old_one() -> None:
    """What has no span is kept by whoever collects: missing is not zero."""
    job = made_job(status="f", started=None, ended=None, real_ended=None)
    assert job.span(NOW) is None
    assert job.duration(NOW) is None


def test_of_a_terminated_job_without_an_end_all_that_is_known_counts() -> None:
    job = made_job(status="f", created=at("20 21:00"), ended=None, real_ended=None)
    assert job.span(NOW) == (at("20 21:00"), at("20 23:00"))


@pytest.mark.parametrize(
    ("job", "expected"),
    [
        (made_job(), minutes(30)),
        (made_job(started=None), None),
        (made_job(ended=None, real_ended=None), None),
        (made_job(ended=at("20 22:00"), real_ended=at("20 22:00")), minutes(0)),
        (made_job(real_ended=None), minutes(30)),
        (made_job(real_ended=at("20 23:30") + SECOND), minutes(30) + SECOND),
        (open_job(), timedelta(hours=9)),
        (open_job(started=None), None),
        (open_job(started=at("23 05:00")), minutes(0)),
    ],
)
def test_a_duration_is_of_the_real_run(job: Job, expected: timedelta | None) -> None:
    assert job.duration(NOW) == expected


@pytest.mark.parametrize(
    ("status", "ended", "expected"),
    [
        ("R", None, True),
        # An answer may be half new: the letter says that it still runs.
        ("R", at("20 23:30"), True),
        ("T", None, False),
        ("f", None, False),
        ("Z", None, True),
        ("Z", at("20 23:30"), False),
        ("", None, True),
    ],
)
def test_a_job_is_open_by_its_letter_else_by_its_end(
    status: str, ended: datetime | None, expected: bool
) -> None:
    assert made_job(status=status, ended=ended, real_ended=None).is_open is expected


@given(JOBS)
def test_a_span_runs_forward_and_never_beyond_now_unless_only_a_plan_is_known(job: Job) -> None:
    span = job.span(NOW)
    if span is None:
        assert {job.created, job.scheduled, job.run_start, job.run_end} == {None}
        return
    assert span[0] <= span[1]
    if job.is_open or job.run_end is not None:
        assert span[1] <= NOW or job.type in "CM"


@given(JOBS)
def test_a_duration_is_never_negative(job: Job) -> None:
    assert (job.duration(NOW) or timedelta()) >= timedelta()


@given(JOBS.filter(lambda job: job.is_open))
def test_an_open_job_is_in_every_period_that_reaches_to_now(job: Job) -> None:
    assert is_in(job)


@given(
    st.datetimes(datetime(2026, 11, 15), NOW.replace(tzinfo=None), timezones=st.just(SEOUL)),
    st.timedeltas(minutes(0), timedelta(days=3)),
)
def test_a_run_is_in_exactly_if_it_did_not_end_before_the_night(
    started: datetime, length: timedelta
) -> None:
    ended = min(started + length, NOW)
    job = made_job(started=started, ended=ended, real_ended=ended)
    assert is_in(job) is (ended >= NIGHT.start)


# --- the recorded catalog ---------------------------------------------------------------------


def recorded() -> dict[int, Job]:
    clock = DirectorClock(SEOUL, ClockSource.LEARNED)
    jobs = [job_from_row(row, clock) for row in rig.output("jobs_v1_all")]
    return {job.jobid: job for job in jobs if job is not None}


def test_the_recorded_jobs_of_the_night_are_those_after_ten_and_the_waiting_ones() -> None:
    """Job 17 to 56; 1 to 16 are of the nights before; 32 was killed and "ended" in two days."""
    night = PeriodRequest(Mode.PRODUCTION).resolve(rig.RIG_NOW, SEOUL)
    found = {job.jobid for job in recorded().values() if is_in(job, night, rig.RIG_NOW)}
    assert found == set(range(17, 57))


def test_the_recorded_copies_were_made_that_night() -> None:
    jobs = recorded()
    assert {n: jobs[n].span(rig.RIG_NOW) for n in (19, 24)} == {
        19: (at("21 02:51:29"), at("21 02:51:29")),
        24: (at("21 02:51:29"), at("21 02:56:46")),
    }


# --- a night in which clocks change -----------------------------------------------------------


@pytest.mark.parametrize(
    ("started", "ended", "jobtdate", "expected"),
    [
        ("2026-10-24 23:00:00", "2026-10-25 06:00:00", 1792904400, timedelta(hours=8)),
        ("2026-03-28 23:00:00", "2026-03-29 06:00:00", 1774756800, timedelta(hours=6)),
        # From 02:50 in summer time to 02:10 in winter time.
        ("2026-10-25 02:50:00", "2026-10-25 02:10:00", 1792890600, minutes(20)),
    ],
)
def test_a_job_lasts_as_long_as_it_lasted_while_clocks_change(
    started: str, ended: str, jobtdate: int, expected: timedelta
) -> None:
    row = {
        "jobid": 1, "type": "B", "jobstatus": "T", "jobtdate": jobtdate,
        "starttime": started, "endtime": ended, "realendtime": ended,
    }  # fmt: skip
    job = job_from_row(row, DirectorClock(BERLIN, ClockSource.HOST))
    assert job is not None
    assert job.duration(datetime(2026, 12, 1, tzinfo=UTC)) == expected
    span = job.span(datetime(2026, 12, 1, tzinfo=BERLIN))
    assert span is not None
    assert span[1] - span[0] == expected


def test_a_job_of_the_first_turn_of_the_doubled_hour_has_ended_in_the_second() -> None:
    """At 02:10 the second time, an end at 02:40 the first time lies half an hour back."""
    now = datetime(2026, 10, 25, 2, 10, tzinfo=BERLIN, fold=1)
    clock = DirectorClock(BERLIN, ClockSource.HOST)
    row = {"jobid": 1, "type": "B", "jobstatus": "T", "jobtdate": 1792888800,
           "starttime": "2026-10-25 02:20:00", "endtime": "2026-10-25 02:40:00"}  # fmt: skip
    job = job_from_row(row, clock)
    assert job is not None
    assert job.span(now) == (
        datetime(2026, 10, 25, 0, 20, tzinfo=UTC),
        datetime(2026, 10, 25, 0, 40, tzinfo=UTC),
    )


@pytest.mark.parametrize(
    ("status", "real_ended", "died"),
    [
        ("f", None, True),
        ("I", None, True),
        ("f", at("20 23:30"), False),
        ("T", None, False),
        ("A", None, False),
    ],
)
def test_what_failed_without_a_real_end_died_with_the_director(
    status: str, real_ended: datetime | None, died: bool
) -> None:
    assert made_job(status=status, real_ended=real_ended).died_with_director is died


@pytest.mark.parametrize(("later", "inherits"), [(minutes(60), False), (minutes(61), True)])
def test_what_ended_more_than_an_hour_before_it_was_made_has_anothers_times(
    later: timedelta, inherits: bool
) -> None:
    job = made_job(created=at("20 23:30") + later, real_ended=None)
    assert job.inherits_times is inherits
    assert job.run_end == (None if inherits else job.ended)


@pytest.mark.parametrize(
    ("scheduled", "begun"),
    [("20 23:00", "20 23:00"), ("20 23:30", "20 23:30"), ("20 23:31", None)],
)
def test_a_virtual_full_began_when_it_was_due_unless_that_is_nonsense(
    scheduled: str, begun: str | None
) -> None:
    job = made_job(scheduled=at(scheduled), ended=at("15 23:30"), real_ended=at("20 23:30"))
    assert job.inherits_times
    assert job.run_start == (None if begun is None else at(begun))


@pytest.mark.parametrize(("status", "still_open"), [("T", False), ("Z", True), ("R", True)])
def test_what_ended_well_is_over_though_nobody_knows_when_or_with_how_many_errors(
    status: str, still_open: bool
) -> None:
    job = made_job(status=status, ended=None, real_ended=None, errors=None)
    assert job.is_open is still_open


@pytest.mark.parametrize(("seconds", "inherits"), [(60, False), (61, True)])
def test_what_really_ended_a_minute_after_its_end_has_anothers_times(
    seconds: int, inherits: bool
) -> None:
    job = made_job(real_ended=at("20 23:30") + seconds * SECOND)
    assert job.inherits_times is inherits
