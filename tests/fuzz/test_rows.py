"""Rows of the catalog and of bconsole: recorded ones, changed field by field and type by type."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import assume, example, given
from hypothesis import strategies as st

from app.api.fields import number, text
from app.api.jobs import Reach, created_at, job_from_row
from app.api.resources import read_resources
from app.api.schedules import run_from_row
from app.api.storage import pool_from_row, volume_from_row
from app.bacula.clock import ClockSource, DirectorClock, fixed_zone
from app.bacula.codes import Outcome
from app.bacula.model import Job
from tests import rig
from tests.fuzz.conftest import fuzz
from tests.fuzz.pieces import (
    HOSTILE,
    MOMENTS,
    VALUES,
    Row,
    changed,
    odd_row,
    odd_rows,
    some_row,
    unsafe,
)

CLOCK = DirectorClock(rig.RIG_ZONE, ClockSource.SETTING)
NOW = rig.RIG_NOW.astimezone(UTC)
DIRECTORS = fixed_zone(timedelta(hours=9))
TEXTS = ("unique", "name", "client", "type", "level", "status", "pool", "fileset")
TIMES = ("created", "scheduled", "started", "ended", "real_ended")
BAD = Outcome.FAILED, Outcome.WARNING, Outcome.UNKNOWN, Outcome.CANCELLED
SHOWN = tuple(rig.output("jobs_show_v1"))


def read(row: Row) -> Job | None:
    return job_from_row(row, CLOCK)


# --- jobs -------------------------------------------------------------------------------------


@fuzz(10)
@given(odd_row("jobs") | odd_row("jobs", 40), MOMENTS)
@example({"jobid": 1, "jobstatus": "T", "joberrors": "x"}, NOW)
def test_a_row_is_a_job_or_counted_as_unreadable(row: Row, now: datetime) -> None:
    """Whatever it holds, what comes of it can be reckoned with."""
    job = read(row)
    if job is None:
        assert (number(row.get("jobid")) or 0) <= 0
        return
    assert not set().union(*(unsafe(getattr(job, name)) for name in TEXTS))
    assert {t.tzinfo for t in (getattr(job, name) for name in TIMES) if t is not None} <= {UTC}
    assert all(n is None or 0 <= n < 2**64 for n in (job.files, job.bytes, job.errors))
    span = job.span(now)
    assert span is None or span[0] <= span[1]
    duration = job.duration(now)
    assert duration is None or duration >= timedelta()
    assert job.outcome in Outcome
    assert isinstance(Reach(datetime(2026, 11, 20)).passed([row]), bool)
    assert created_at(row) is None or isinstance(created_at(row), datetime)


@fuzz(10)
@given(odd_row("jobs") | odd_row("jobs", 40))
@example({"jobid": 1, "jobstatus": "T", "joberrors": None})
@example({"jobid": 1, "jobstatus": "T", "joberrors": -1})
@example({"jobid": 1, "jobstatus": "T", "joberrors": "9" * 30})
@example({"jobid": 1, "jobstatus": "T"})
def test_only_a_row_that_says_so_is_a_success(row: Row) -> None:
    job = read(row)
    if job is not None and job.outcome is Outcome.SUCCESS:
        assert text(row, "jobstatus") == "T"
        assert number(row["joberrors"]) == 0


@fuzz(8)
@given(some_row("jobs"), st.data())
def test_what_is_lost_of_a_row_makes_no_success_of_it(row: Row, data: st.DataObject) -> None:
    """Fields that are gone, null or rubbish; a status or a count that is another is another job."""
    whole = read(row)
    assert whole is not None
    assume(whole.outcome in BAD)
    rubbish = st.none() | st.sampled_from(["", "x", "n/a", "-1", -1, [], {}, True, "9" * 40, 1e300])
    for key in data.draw(st.lists(st.sampled_from(sorted(row)), min_size=1, unique=True)):
        row[key] = data.draw(rubbish)
        if data.draw(st.booleans()):
            del row[key]
    job = read(row)
    assert job is None or job.outcome is not Outcome.SUCCESS


@fuzz(2)
@given(some_row("jobs"), st.randoms(use_true_random=False), VALUES)
def test_numbers_as_text_more_fields_and_another_order_make_no_difference(
    row: Row, dice: random.Random, more: Any
) -> None:
    told = {key: str(v) if isinstance(v, int) else v for key, v in row.items()}
    shuffled = dict(dice.sample(sorted(told.items()), len(told)))
    assert read({**shuffled, "nobody knows it": more}) == read(row)


@fuzz(3)
@given(odd_row("jobs"), st.sampled_from(["endtime", "realendtime", "starttime", "schedtime"]))
def test_a_row_is_read_again_the_same(row: Row, name: str) -> None:
    """The Director's zone known or learned: what is no time for one is none for the other."""
    again = DirectorClock(DIRECTORS, ClockSource.LEARNED)
    one, other = read(row), job_from_row(row, again)
    assert one == read(dict(row))
    assert (one is None) == (other is None)
    if one is not None and other is not None:
        assert [getattr(one, n) is None for n in TIMES] == [
            getattr(other, n) is None for n in TIMES
        ]


# --- pools, Volumes, schedules ----------------------------------------------------------------


@fuzz(4)
@given(odd_row("pools") | odd_row("pools", 30))
def test_a_pool_can_be_reckoned_with(row: Row) -> None:
    pool = pool_from_row(row)
    assert not unsafe(pool.name + pool.type)
    assert pool.volumes >= 0
    for limit in (pool.max_volumes, pool.max_volume_bytes):
        assert limit is None or 0 < limit < 2**64
    assert pool.retention is None or NOW + pool.retention > NOW


@fuzz(4)
@given(odd_row("volumes") | odd_row("volumes", 50))
def test_a_volume_can_be_reckoned_with(row: Row) -> None:
    volume = volume_from_row(row, CLOCK)
    assert not unsafe(volume.name + volume.pool + volume.status)
    assert volume.bytes is None or 0 <= volume.bytes < 2**64
    assert volume.max_bytes is None or 0 < volume.max_bytes < 2**64
    for moment in (volume.first_written, volume.last_written, volume.expires):
        assert moment is None or moment.tzinfo is UTC
    assert volume.errors >= 0


@fuzz(4)
@given(odd_row("schedules/status") | odd_row("schedules/status", 20))
def test_a_foreseen_run_has_a_moment_or_is_none(row: Row) -> None:
    run = run_from_row(row)
    if run is not None:
        assert run.due.tzinfo is UTC
        assert run.due - timedelta(days=366) < run.due
        assert not unsafe(run.job + run.client + run.type + run.level + run.schedule)


# --- show jobs --------------------------------------------------------------------------------

NAMES = st.text("abcXYZ0 9-_.:", min_size=1, max_size=12).map(str.strip).filter(bool)


@st.composite
def shown(draw: st.DrawFn) -> list[Any]:
    """What `show jobs` prints, lines of it lost, doubled, cut, joined or garbled."""
    lines: list[Any] = list(SHOWN)
    for _ in range(draw(st.integers(0, 6))):
        at = draw(st.integers(0, len(lines) - 1))
        line, how = lines[at], draw(st.sampled_from(["drop", "cut", "join", "insert", "any"]))
        if how == "drop" or not isinstance(line, str):
            del lines[at]
        elif how == "cut":
            lines[at] = line[: draw(st.integers(0, len(line)))]
        elif how == "join":
            lines[at] = line + draw(st.sampled_from(SHOWN))
        elif how == "insert":
            where = draw(st.integers(0, len(line)))
            lines[at] = line[:where] + draw(HOSTILE) + line[where:]
        else:
            lines[at] = draw(VALUES)
    return lines


@fuzz(4)
@given(shown())
def test_the_configuration_is_read_whatever_became_of_it(lines: list[Any]) -> None:
    found = read_resources(lines)
    assert len({one.name for one in found}) == len(found)
    for one in found:
        assert one.name
        assert not unsafe(one.name + one.client + one.type)
        assert one.scheduled in (True, False)
        assert one.enabled in (True, False, None)
    assert read_resources(iter(lines)) == found


@fuzz(2)
@given(st.lists(st.tuples(NAMES, st.booleans(), NAMES, st.booleans()), unique_by=lambda j: j[0]))
def test_what_was_printed_is_read(jobs: list[tuple[str, bool, str, bool]]) -> None:
    lines = []
    for name, enabled, client, scheduled in jobs:
        lines.append(f"Job: name={name} JobType=66 level=Full Priority=10 Enabled={enabled:d}")
        lines.append(f"  --> Client: Name={client} Enabled=1 Address=127.0.0.1 FDport=9102")
        lines += ["  --> Schedule: Name=Nightly Enabled=1"] if scheduled else []
    found = [(one.name, one.enabled, one.client, one.scheduled) for one in read_resources(lines)]
    assert found == [
        (" ".join(n.split()), enabled, " ".join(client.split()), scheduled)
        for n, enabled, client, scheduled in jobs
    ]


@fuzz()
@given(odd_rows("jobs"), st.data())
def test_a_page_of_anything_is_read_row_by_row(page: list[Any], data: st.DataObject) -> None:
    """What one row is does not depend on those around it."""
    rows = [row for row in page if isinstance(row, dict)]
    other = data.draw(st.permutations(rows))
    assert sorted(map(repr, map(read, rows))) == sorted(map(repr, map(read, other)))
    assert [read(data.draw(changed(row, 0))) for row in rows if row] == [read(r) for r in rows if r]
