"""Rows of pools, Volumes, schedules and jobs, and the text of `show jobs`, however odd they are."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.api.jobs import job_from_row
from app.api.resources import read_resources
from app.api.schedules import run_from_row
from app.api.storage import pool_from_row, volume_from_row
from app.bacula.clock import ClockSource, DirectorClock
from app.bacula.model import JobResource

SEOUL = ZoneInfo("Asia/Seoul")
CLOCK = DirectorClock(SEOUL, ClockSource.SETTING)
DAY = timedelta(days=1)

# --- rubbish ---------------------------------------------------------------------------------

SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=30)
VALUES = SCALARS | st.lists(SCALARS, max_size=2) | st.dictionaries(st.text(), SCALARS, max_size=2)
NUMBERS = st.sampled_from(["0", "1", "-1", "9" * 400, "1e400", "12.5", " 7 ", "٣", "0x10"])
TIMES = st.sampled_from(
    ["2026-11-21 02:58:20", "0000-00-00 00:00:00", "9999-12-31 23:59:59", "1970-01-01 00:00:00"]
)
COLUMNS = (
    "name", "volumename", "pool", "pooltype", "numvols", "maxvols", "volretention", "maxvolbytes",
    "recycle", "enabled", "volbytes", "volerrors", "volstatus", "firstwritten", "lastwritten",
    "client", "type", "level", "schedule", "schedtime", "schedtime_epoch", "jobid", "job",
    "jobstatus", "starttime", "endtime", "realendtime", "jobtdate", "jobfiles", "purgedfiles",
)  # fmt: skip
ROWS = st.dictionaries(st.sampled_from(COLUMNS), VALUES | NUMBERS | TIMES)


@given(ROWS)
def test_no_row_is_too_odd_to_be_read(row: dict[str, Any]) -> None:
    """Nor is what comes of it too odd to be reckoned with."""
    pool, volume = pool_from_row(row), volume_from_row(row, CLOCK)
    assert pool.max_volumes is None or pool.max_volumes > 0
    assert volume.expires is None or volume.expires > datetime(1970, 1, 1, tzinfo=UTC)
    assert volume.bytes is None or volume.bytes >= 0
    run, job = run_from_row(row), job_from_row(row, CLOCK)
    assert run is None or run.due.tzinfo is UTC
    assert job is None or job.jobid > 0


LINES = st.sampled_from(
    [
        "show jobs",
        "Job: name=a b JobType=66 level= Priority=10 Enabled=1",
        "Job: name=x JobType=999 Enabled=2",
        "Job: name= JobType=66",
        "  --> Client: Name=c Enabled=0",
        "  --> Schedule: Name=s Enabled=0",
        "",
    ]
)


@given(st.lists(LINES | VALUES))
def test_no_text_is_too_odd_to_be_read(lines: list[Any]) -> None:
    for resource in read_resources(lines):
        assert resource.name
        assert resource.scheduled in (True, False)


# --- pools and volumes -------------------------------------------------------------------------


@pytest.mark.parametrize(("given_", "limit"), [(50, 50), ("50", 50), (0, None), ("0", None)])
@pytest.mark.parametrize("column", ["maxvols", "maxvolbytes", "volretention"])
def test_a_limit_of_nothing_is_no_limit(column: str, given_: Any, limit: int | None) -> None:
    pool = pool_from_row({"name": "p", column: given_})
    found: dict[str, Any] = {
        "maxvols": pool.max_volumes,
        "maxvolbytes": pool.max_volume_bytes,
        "volretention": pool.retention and int(pool.retention.total_seconds()),
    }
    assert found.pop(column) == limit
    assert set(found.values()) == {None}


@pytest.mark.parametrize("value", [None, "", "x", -5, True, [], {}])
def test_a_limit_that_is_no_number_is_not_known(value: Any) -> None:
    pool = pool_from_row({"name": "p", "maxvols": value, "numvols": value})
    assert (pool.max_volumes, pool.volumes) == (None, 0)


@pytest.mark.parametrize(
    ("recycle", "expected"),
    [(1, True), ("1", True), (0, False), ("0", False), ("no", False), (None, True), ("x", True)],
)
def test_only_a_clear_no_keeps_a_pool_from_recycling(recycle: Any, expected: bool) -> None:
    assert pool_from_row({"name": "p", "recycle": recycle}).recycle is expected
    assert volume_from_row({"volumename": "v", "recycle": recycle}, CLOCK).recycle is expected


@pytest.mark.parametrize(
    ("enabled", "expected"), [(1, True), ("1", True), (0, False), ("0", False), (2, False)]
)
def test_a_volume_that_is_disabled_or_archived_is_not_enabled(enabled: Any, expected: bool) -> None:
    assert volume_from_row({"volumename": "v", "enabled": enabled}, CLOCK).enabled is expected


def test_the_times_of_a_volume_are_the_directors_wall_clock() -> None:
    row = {"volumename": "v", "volstatus": "Full", "lastwritten": "2026-11-21 02:58:20"}
    volume = volume_from_row(row | {"volretention": "86400"}, CLOCK)
    assert volume.last_written == datetime(2026, 11, 20, 17, 58, 20, tzinfo=UTC)
    assert volume.expires == datetime(2026, 11, 21, 17, 58, 20, tzinfo=UTC)


@pytest.mark.parametrize("seconds", [31_600_000_000, "9" * 30])
def test_a_retention_of_a_thousand_years_is_none(seconds: Any) -> None:
    volume = volume_from_row({"volumename": "v", "volretention": seconds}, CLOCK)
    assert volume.retention is None


# --- schedules ---------------------------------------------------------------------------------


@pytest.mark.parametrize("due", [None, "", "x", 0, "0", -1, 10**15, [], "2026-11-21 22:30:00"])
def test_a_run_without_a_time_is_none(due: Any) -> None:
    assert run_from_row({"name": "files", "schedtime_epoch": due}) is None


@pytest.mark.parametrize("due", [1_795_267_800, "1795267800", "1795267800.0"])
def test_the_epoch_of_a_run_is_a_true_one(due: Any) -> None:
    run = run_from_row({"name": "files", "schedtime_epoch": due, "schedtime": "ignored"})
    assert run is not None
    assert run.due == datetime(2026, 11, 21, 22, 30, tzinfo=SEOUL)


# --- show jobs ---------------------------------------------------------------------------------

JOB = "Job: name=a b JobType=66 level=Incremental Priority=10 Enabled=1"
CLIENT = "  --> Client: Name=web 1-fd Enabled=1 Address=127.0.0.1 FDport=9102"
SCHEDULE = "  --> Schedule: Name=Every night Enabled=1"


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ([JOB], JobResource("a b", "B", True, "", False)),
        ([JOB, CLIENT], JobResource("a b", "B", True, "web 1-fd", False)),
        ([JOB, CLIENT, SCHEDULE], JobResource("a b", "B", True, "web 1-fd", True)),
        # Disabled: itself, its Client, its Schedule.
        (
            [JOB.replace("Enabled=1", "Enabled=0"), CLIENT, SCHEDULE],
            JobResource("a b", "B", False, "web 1-fd", True),
        ),
        (
            [JOB, CLIENT.replace("Enabled=1", "Enabled=0"), SCHEDULE],
            JobResource("a b", "B", False, "web 1-fd", True),
        ),
        (
            [JOB, CLIENT, SCHEDULE.replace("Enabled=1", "Enabled=0")],
            JobResource("a b", "B", True, "web 1-fd", False),
        ),
        # Older Directors do not say so of everything.
        (
            ["Job: name=x JobType=82", "  --> Client: name=c", "  --> Schedule: name=s"],
            JobResource("x", "R", None, "c", True),
        ),
        # What a job refers to may show Clients and Schedules of its own.
        (
            [JOB, CLIENT, "  --> Job: name=other JobType=86 Enabled=0", "  --> Client: Name=z"],
            JobResource("a b", "B", True, "web 1-fd", False),
        ),
        (["Job: name=x JobType=7 Enabled=1"], JobResource("x", "", True, "", False)),
    ],
)
def test_a_job_is_read_with_what_it_refers_to(lines: list[str], expected: JobResource) -> None:
    assert read_resources(["show jobs", *lines, ""]) == (expected,)


def test_a_job_that_is_shown_twice_counts_once() -> None:
    assert (
        len(read_resources([JOB, CLIENT, JOB.replace("66", "82"), "Job: name=c JobType=66"])) == 2
    )


def test_what_belongs_to_no_job_is_nothing() -> None:
    assert read_resources([CLIENT, SCHEDULE, "  --> Pool: name=x", "You have no messages."]) == ()
