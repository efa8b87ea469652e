"""The last nights: what is left of each, and never more than is known."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.assess import assess
from app.assess.case import Case
from app.assess.finding import Finding, Kind, Notice, Severity
from app.assess.nights import (
    Cell,
    Known,
    Nights,
    NightState,
    Rate,
    ServerNights,
    read_nights,
)
from app.bacula.model import Job
from app.i18n import msg
from app.period import Period
from app.policy import Policy
from app.snapshot import GapSource, History, Snapshot
from tests.unit.made import NIGHT, NOW, SEOUL, at, made_job, made_snapshot, open_job

START = NIGHT.start.astimezone(UTC)
LAST = date(2026, 11, 20)


def run(jobid: int, when: str, status: str = "T", **changes: Any) -> Job:
    """A backup of db01 that was due at this time of November and took half an hour."""
    start = at(when)
    end = start + timedelta(minutes=30)
    fields = {
        "name": "db01-data",
        "client": "db01-fd",
        "scheduled": start,
        "started": start,
        "ended": end,
        "real_ended": end,
    }
    return made_job(jobid, status, **{**fields, **changes})


def night(
    *jobs: Job, since: str | None = "01 00:00", whole: bool = False, **changes: Any
) -> Snapshot:
    """A night with what ran in and before it."""
    recent = [job for job in jobs if job.run_end is None or job.run_end >= START]
    older = tuple(job for job in jobs if job not in recent)
    history = History(older, None if since is None else at(since), whole)
    return made_snapshot(*recent, **{"history": history, **changes})


def read(*jobs: Job, **changes: Any) -> Nights:
    return assess(night(*jobs, **changes)).nights


def states(nights: Nights, client: str = "db01-fd") -> dict[int, str]:
    """The states of a server by the day of November; what is not known or empty is left out."""
    row = next(row for row in nights.servers if row.client == client)
    cells = zip(nights.nights, row.cells, strict=True)
    empty = (NightState.NO_JOB, NightState.NOT_KNOWN)
    return {n.day.day: cell.state.value for n, cell in cells if cell.state not in empty}


def test_fourteen_nights_end_with_the_one_that_is_judged() -> None:
    nights = read(run(1, "20 22:30")).nights
    assert [n.day for n in nights] == [LAST - timedelta(days=back) for back in range(13, -1, -1)]


@pytest.mark.parametrize(
    ("when", "day"),
    [
        ("20 23:59", 20),
        ("21 00:00", 20),
        ("20 12:00", 20),
        ("20 11:59", 19),
        ("19 12:00", 19),
        ("07 12:00", 7),
    ],
)
def test_a_run_belongs_to_the_night_from_noon_to_noon(when: str, day: int) -> None:
    assert states(read(run(1, when), run(2, "20 22:30", client="x"))) == {day: "success"}


@pytest.mark.parametrize(
    "changes",
    [
        # It was due in the night; that it was made in the hour before noon does not count.
        {"scheduled": at("20 12:30"), "created": at("20 11:30")},
        {"scheduled": None, "created": at("20 12:00")},
        {"scheduled": None, "created": None},
    ],
)
def test_a_run_belongs_to_the_night_in_which_it_was_due_as_near_as_is_known(
    changes: dict[str, Any],
) -> None:
    assert states(read(run(1, "20 22:30", **changes))) == {20: "success"}


def test_what_is_older_than_the_nights_is_not_told() -> None:
    assert [row.client for row in read(run(1, "07 11:59")).servers] == []


@pytest.mark.parametrize(
    ("letters", "state"),
    [
        ("T", "success"),
        ("f", "failed"),
        ("W", "warning"),
        ("A", "cancelled"),
        ("?", "unknown"),
        ("fT", "recovered"),
        ("AT", "recovered"),
        ("Tf", "failed"),
        ("fTf", "failed"),
        ("fW", "warning"),
        ("TT", "success"),
    ],
)
def test_of_an_earlier_night_the_final_state_counts(letters: str, state: str) -> None:
    runs = [run(n, f"15 2{n}:00", letter) for n, letter in enumerate(letters)]
    assert states(read(*runs)) == {15: state}


def test_a_good_run_of_another_night_makes_up_for_nothing() -> None:
    runs = [run(1, "15 22:00", "f"), run(2, "16 22:00")]
    assert states(read(*runs)) == {15: "failed", 16: "success"}


def test_a_good_run_of_another_job_makes_up_for_nothing() -> None:
    runs = [run(1, "15 22:00", "f"), run(2, "15 23:00", name="db01-logs")]
    assert states(read(*runs)) == {15: "failed"}


def test_the_period_is_told_as_it_was_judged() -> None:
    runs = [run(1, "20 22:30", "f"), run(2, "20 23:30")]
    snapshot = night(*runs)
    judged = {one.job.jobid: one.outcome.value for one in assess(snapshot).jobs}
    assert states(assess(snapshot).nights) == {20: judged[1]}


def test_what_was_not_made_up_for_in_the_period_stays_what_it_is() -> None:
    """A Full that failed, and a good Incremental after it."""
    runs = [run(1, "20 22:30", "f", level="F"), run(2, "20 23:30", level="I")]
    assert states(read(*runs)) == {20: "failed"}


def test_a_cell_counts_its_jobs_and_leads_to_the_newest_of_the_worst() -> None:
    runs = [run(n, "15 22:00", letter, name=f"job-{n}") for n, letter in enumerate("fTfT", 1)]
    cell = read(*runs).servers[0].cells[8]
    assert cell.counts == ((NightState.FAILED, 2), (NightState.SUCCESS, 2))
    assert (cell.state, cell.jobid) == (NightState.FAILED, 3)


def test_copies_are_no_runs() -> None:
    copied = run(2, "20 22:30", "T", type="C", prior_jobid=1, client="copy-fd")
    nights = read(run(1, "20 22:30", files=5, bytes=700), copied)
    assert [row.client for row in nights.servers] == ["db01-fd"]
    last = nights.nights[-1]
    assert (last.backups, last.bytes, last.files) == (1, 700, 5)


def test_before_the_past_is_known_nothing_is() -> None:
    nights = read(run(1, "20 22:30"), run(2, "12 22:00"), since="15 12:00")
    known = {n.day.day: n.known for n in nights.nights}
    assert {known[day] for day in range(7, 15)} == {Known.NOT}
    assert {known[day] for day in range(15, 21)} == {Known.WHOLE}
    cells = nights.servers[0].cells
    assert {cell.state for cell in cells[:8]} == {NightState.NOT_KNOWN}
    assert cells[-2].state is NightState.NO_JOB
    assert [n.backups for n in nights.nights[:8]] == [0] * 8


def test_a_night_of_which_only_a_part_is_known_is_not_known_whole() -> None:
    nights = read(run(1, "20 22:30"), since="15 12:01")
    assert {n.day.day: n.known for n in nights.nights}[15] is Known.NOT


def test_without_a_past_the_night_of_the_period_is_known_in_part() -> None:
    nights = read(run(1, "20 22:30"), run(2, "20 22:30", client="b"), since=None)
    assert [n.known for n in nights.nights] == [*[Known.NOT] * 13, Known.PARTLY]
    assert states(nights) == {20: "success"}
    assert nights.known == ()


def test_when_the_catalog_holds_nothing_older_every_night_is_known() -> None:
    nights = read(run(1, "20 22:30"), since=None, whole=True)
    assert {n.known for n in nights.nights} == {Known.WHOLE}


def test_a_job_list_with_a_gap_makes_no_night_of_the_period_whole() -> None:
    nights = read(run(1, "20 22:30"), run(2, "19 22:00"), gaps=(gap(GapSource.JOBS),))
    assert nights.nights[-1].known is Known.PARTLY
    assert nights.nights[-2].known is Known.WHOLE
    assert (nights.rate, nights.rate_before) == (None, None)


def test_a_gap_in_the_period_says_nothing_of_the_night_that_ended_with_its_beginning() -> None:
    period = Period(datetime(2026, 11, 20, 12, 0, tzinfo=SEOUL), NOW)
    nights = read(run(1, "20 22:30"), gaps=(gap(GapSource.JOBS),), period=period)
    assert [n.known for n in nights.nights[-2:]] == [Known.WHOLE, Known.PARTLY]


def gap(source: GapSource) -> Any:
    return made_snapshot(gaps=[source]).gaps[0]


def test_when_nothing_was_had_nothing_is_told() -> None:
    assert read(stopped=msg("No.")) == Nights()


def test_a_night_that_has_only_begun_is_told_once_it_had_a_run() -> None:
    noon = datetime(2026, 11, 21, 14, 0, tzinfo=SEOUL)
    until = {"now": noon, "period": Period(NIGHT.start, noon)}
    assert read(run(1, "20 22:30"), **until).nights[-1].day == LAST
    for when, days in (("21 11:59", 0), ("21 12:00", 1), ("21 14:00", 1), ("21 14:01", 0)):
        ran = read(run(1, "20 22:30"), run(2, when), **until)
        assert ran.nights[-1].day == LAST + timedelta(days=days)


def test_a_run_that_waits_for_its_time_belongs_to_no_night_yet() -> None:
    waits = open_job(9, "C", client="db01-fd", scheduled=at("21 22:00"), started=None)
    for waiting in (waits, replace(waits, name="db01-data")):
        nights = read(run(1, "20 22:30"), waiting)
        assert nights.nights[-1].day == LAST
        assert states(nights) == {20: "success"}


def test_a_run_that_is_still_open_is_told_as_such() -> None:
    runs = open_job(2, "R", client="db01-fd", scheduled=at("20 23:00"), started=at("20 23:00"))
    nights = read(runs)
    assert states(nights) == {20: "running"}
    assert (nights.nights[-1].open, nights.nights[-1].backups) == (1, 0)
    assert read(runs, replace(runs, jobid=3)).nights[-1].open == 2


def missed(client: str, since: datetime | None) -> Finding:
    notice = Notice(Kind.MISSED, Severity.CRITICAL, msg("Missed."), client=client, since=since)
    return Finding(Kind.MISSED, Severity.CRITICAL, msg("Missed."), (notice,))


def found(snapshot: Snapshot, findings: Iterable[Finding]) -> Nights:
    judged = assess(snapshot)
    return read_nights(Case(snapshot, judged.jobs, judged.past, Policy()), findings)


def test_a_job_that_did_not_run_is_missed_in_its_night() -> None:
    nights = found(night(run(1, "19 22:00")), [missed("db01-fd", at("20 23:00"))])
    assert states(nights) == {19: "success", 20: "missed"}
    assert nights.servers[0].cells[-1].jobid == 0


def test_what_was_missed_in_the_first_night_is_told_in_it() -> None:
    nights = found(night(run(1, "19 22:00")), [missed("db01-fd", at("07 12:00"))])
    assert states(nights) == {7: "missed", 19: "success"}


def test_a_server_that_only_missed_has_a_row_too() -> None:
    nights = found(night(run(1, "19 22:00")), [missed("new-fd", at("20 23:00"))])
    assert states(nights, "new-fd") == {20: "missed"}


@pytest.mark.parametrize(
    ("client", "since"),
    [
        ("db01-fd", None),
        ("", at("20 23:00")),
        ("db01-fd", at("01 23:00")),
        ("db01-fd", at("21 12:00")),
    ],
)
def test_what_was_missed_nobody_knows_where_or_when_is_in_no_night(
    client: str, since: datetime | None
) -> None:
    nights = found(night(run(1, "19 22:00")), [missed(client, since)])
    assert states(nights) == {19: "success"}
    assert len(nights.servers) == 1


def test_other_findings_miss_nothing() -> None:
    late = replace(missed("db01-fd", at("20 23:00")), kind=Kind.LATE)
    assert states(found(night(run(1, "19 22:00")), [late])) == {19: "success"}
    both = [late, missed("db01-fd", at("18 23:00"))]
    assert states(found(night(run(1, "19 22:00")), both)) == {18: "missed", 19: "success"}


def test_the_worst_comes_first() -> None:
    jobs = [
        run(1, "20 22:30", client="fine"),
        run(2, "20 22:30", "A", client="cancelled"),
        run(3, "20 22:30", "f", client="failed"),
        run(4, "20 22:30", client="once"),
        run(5, "15 22:30", "f", client="once"),
        run(6, "20 22:30", "f", client="failing"),
        run(7, "19 22:30", "f", client="failing"),
    ]
    assert [row.client for row in read(*jobs).servers] == [
        "failing",
        "failed",
        "cancelled",
        "once",
        "fine",
    ]


def test_of_those_that_are_well_tonight_the_more_troubled_come_first() -> None:
    jobs = [
        open_job(1, "R", client="a-runs", scheduled=at("20 22:30"), started=at("20 22:30")),
        run(2, "20 22:30", client="b-once"),
        run(3, "15 22:30", "f", client="b-once"),
    ]
    assert [row.client for row in read(*jobs).servers] == ["b-once", "a-runs"]


def test_only_good_backups_add_to_what_is_backed_up() -> None:
    jobs = [
        run(1, "19 22:00", bytes=5, files=1),
        run(2, "19 22:00", "W", name="w", bytes=7, files=2),
        run(3, "19 22:00", "f", name="f", bytes=100, files=50),
        run(4, "19 22:00", name="r", type="R", bytes=1_000, files=500),
        run(5, "19 22:00", name="n", bytes=None, files=None),
    ]
    one = read(*jobs).nights[-2]
    assert (one.bytes, one.files, one.backups, one.good) == (12, 3, 4, 3)
    assert one.spent == timedelta(hours=2)


def test_a_night_without_any_run_is_a_night_of_zero_only_when_it_is_known() -> None:
    nights = read(run(1, "20 22:30"), since="19 00:00")
    by_day = {n.day.day: n for n in nights.nights}
    assert (by_day[19].known, by_day[19].backups) == (Known.WHOLE, 0)
    assert by_day[18].known is Known.NOT


def test_the_rate_is_compared_with_the_same_hours_of_the_day_before() -> None:
    jobs = [
        run(1, "20 22:30"),
        run(2, "20 22:30", "f", name="b"),
        run(3, "19 22:30"),
        run(4, "19 22:30", name="b"),
        # Neither in the period nor in the same hours of the day before.
        run(5, "20 15:00", "f", name="c"),
        run(6, "18 22:30", "f", name="c"),
    ]
    nights = read(*jobs)
    assert (nights.rate, nights.rate_before) == (Rate(1, 2), Rate(2, 2))
    assert nights.rate is not None
    assert nights.rate.percent == 50


@pytest.mark.parametrize(("hour", "counted"), [(5, True), (6, False)])
def test_the_night_before_clocks_changed_ends_at_the_same_hour(hour: int, counted: bool) -> None:
    """In Berlin they went back in the night that is judged."""
    berlin = ZoneInfo("Europe/Berlin")
    period = Period(
        datetime(2026, 10, 24, 22, 0, tzinfo=berlin), datetime(2026, 10, 25, 8, 0, tzinfo=berlin)
    )
    ended = datetime(2026, 10, 24, hour, 30, tzinfo=UTC)
    before = run(1, "01 22:00", scheduled=None, started=ended, ended=ended, real_ended=ended)
    history = History((before,), ended - timedelta(days=30))
    snapshot = made_snapshot(period=period, now=period.end, history=history)
    assert (assess(snapshot).nights.rate_before == Rate(1, 1)) is counted


def test_a_week_is_compared_with_the_week_before() -> None:
    week = Period(NOW - timedelta(days=7), NOW)
    nights = read(run(1, "20 22:30"), run(2, "13 22:30", "f"), run(3, "06 22:30", "f"), period=week)
    assert (nights.rate, nights.rate_before) == (Rate(1, 1), Rate(0, 1))


@pytest.mark.parametrize(("since", "known"), [("19 22:00", True), ("19 22:01", False)])
def test_without_the_time_before_there_is_nothing_to_compare_with(since: str, known: bool) -> None:
    nights = read(run(1, "20 22:30"), run(2, "19 23:00"), since=since)
    assert known == (nights.rate_before is not None)


@pytest.mark.parametrize(
    ("rate", "percent"), [(Rate(0, 0), 0.0), (Rate(0, 4), 0.0), (Rate(3, 4), 75.0)]
)
def test_the_rate_in_per_cent(rate: Rate, percent: float) -> None:
    assert rate.percent == percent


@pytest.mark.parametrize(
    ("worst", "troubled"),
    [
        (NightState.SUCCESS, False),
        (NightState.NO_JOB, False),
        (NightState.NOT_KNOWN, False),
        (NightState.RECOVERED, False),
        (NightState.CANCELLED, True),
        (NightState.FAILED, True),
        (NightState.MISSED, True),
        (NightState.WARNING, True),
    ],
)
def test_a_server_is_troubled_if_any_night_was(worst: NightState, troubled: bool) -> None:
    nights = (Cell(NightState.SUCCESS), Cell(worst), Cell(NightState.SUCCESS))
    assert ServerNights("db01-fd", nights).troubled is troubled


def test_what_recovered_is_not_counted_and_hides_nothing_before_it() -> None:
    runs = [run(1, "20 22:10"), run(2, "20 23:00", "f"), run(3, "21 00:30")]
    assert read(*runs).rate == Rate(2, 2)
    before = [replace(one, jobid=one.jobid + 10) for one in
              (run(1, "19 22:10"), run(2, "19 23:00", "f"), run(3, "20 00:30"))]  # fmt: skip
    assert read(*before, *[replace(one, jobid=one.jobid + 20) for one in runs]).rate_before == Rate(
        2, 2
    )


def test_a_backup_counts_when_it_really_ended() -> None:
    """Where that is not known, when its row says so; a VirtualFull has an older end there."""
    unknown = run(1, "20 22:10", real_ended=None)
    virtual = run(2, "20 23:00", ended=at("15 23:30"))
    assert read(unknown, virtual).rate == Rate(2, 2)


def test_of_nothing_there_is_no_rate() -> None:
    assert read(run(1, "20 22:30", type="R")).rate is None
    assert read().rate is None


def test_what_a_later_run_made_up_for_does_not_lower_the_rate_of_the_time_before() -> None:
    jobs = [run(1, "19 22:30", "f"), run(2, "19 23:30"), run(3, "20 22:30")]
    assert read(*jobs).rate_before == Rate(1, 1)


LETTERS = st.sampled_from("TfEAWR?C")
RUNS = st.lists(
    st.tuples(LETTERS, st.integers(0, 20), st.sampled_from(["a", "b"]), st.booleans()), max_size=15
)


def made(rows: Iterable[tuple[str, int, str, bool]]) -> list[Job]:
    return [
        run(jobid, f"{max(20 - back, 1):02d} 22:30", letter, name=name, client=f"{name}-fd")
        for jobid, (letter, back, name, _) in enumerate(rows, 1)
    ]


@given(RUNS)
def test_another_server_changes_no_row(rows: list[tuple[str, int, str, bool]]) -> None:
    jobs = made(rows)
    before = {row.client: row.cells for row in read(*jobs).servers}
    after = read(*jobs, run(99, "18 22:00", "f", name="other", client="other-fd")).servers
    assert {row.client: row.cells for row in after if row.client != "other-fd"} == before


@given(RUNS, st.integers(1, 20))
def test_where_the_past_is_not_known_no_state_is_claimed(
    rows: list[tuple[str, int, str, bool]], day: int
) -> None:
    nights = read(*made(rows), since=f"{day:02d} 12:00")
    for row in nights.servers:
        for one, cell in zip(nights.nights, row.cells, strict=True):
            if one.day < date(2026, 11, min(day, 20)):
                assert cell.state is NightState.NOT_KNOWN
    for one in nights.nights:
        assert one.known is Known.WHOLE or one.day.day < day


@given(RUNS)
def test_every_cell_counts_as_many_jobs_as_ran(rows: list[tuple[str, int, str, bool]]) -> None:
    jobs = [job for job in made(rows) if job.scheduled and job.scheduled >= at("07 12:00")]
    told = sum(
        count for row in read(*jobs).servers for cell in row.cells for _, count in cell.counts
    )
    assert len(jobs) == told
