"""What an audience sees of a night: its own clients and jobs, as if nothing else had been asked."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from app.assess import Level, assess
from app.assess.finding import Kind
from app.assess.narrow import narrow
from app.bacula.codes import Outcome
from app.bacula.model import Client, Job, JobResource, Pool, Volume
from app.i18n import msg
from app.snapshot import Filters, Gap, GapSource, History, Snapshot
from tests.unit.made import NOW, live_job, made_job, made_log, made_snapshot, open_job

WEB = made_job(3, "f", name="web-files", client="web01-fd")
DB = made_job(2, name="db-dump", client="db01-fd")
DB_FILES = made_job(1, name="db-files", client="db01-fd")


def the_night(**changes: Any) -> Snapshot:
    past = [replace(job, jobid=job.jobid - 100) for job in (WEB, DB)]
    night = made_snapshot(
        WEB,
        DB,
        DB_FILES,
        logs={3: made_log("web01-dir JobId 3: Fatal error: x"), 2: made_log("fine")},
        clients=tuple(
            Client(number, name, "") for number, name in enumerate(("web01-fd", "db01-fd", "x-fd"))
        ),
        history=History(tuple(past), since=NOW, whole=True),
    )
    return replace(night, **changes)


def ids(jobs: tuple[Job, ...]) -> list[int]:
    return [job.jobid for job in jobs]


@pytest.mark.parametrize(
    ("clients", "jobs", "expected"),
    [
        ((), (), [3, 2, 1]),
        (("db*",), (), [2, 1]),
        (("db*", "web*"), (), [3, 2, 1]),
        ((), ("*-files",), [3, 1]),
        (("db*",), ("*-files",), [1]),
        (("DB*",), (), []),
    ],
)
def test_only_the_audiences_jobs_are_left(
    clients: tuple[str, ...], jobs: tuple[str, ...], expected: list[int]
) -> None:
    part = narrow(the_night(), clients, jobs)
    assert ids(part.jobs) == expected
    assert sorted(part.logs) == sorted({2, 3} & {*expected})
    assert ids(part.history.jobs) == [one - 100 for one in expected if one > 1]
    assert part.filters == Filters(clients=clients, jobs=jobs)


def test_the_verdict_and_the_counts_are_the_audiences_own() -> None:
    whole, part = assess(the_night()), assess(narrow(the_night(), ("db*",), ()))
    assert whole.verdict.level is Level.CRITICAL
    assert part.verdict.level is Level.GOOD
    assert part.counts[Outcome.SUCCESS] == 2
    assert [client.name for client in part.clients] == ["db01-fd"]
    assert part.idle_clients == ()


def test_live_jobs_of_others_are_left_out() -> None:
    night = the_night(
        jobs=(open_job(5, client="db01-fd"), open_job(4)),
        live={5: live_job(5, "R"), 4: live_job(4, "R")},
    )
    live = narrow(night, ("db*",), ()).live
    assert live is not None
    assert sorted(live) == [5]
    assert narrow(the_night(live=None), ("db*",), ()).live is None
    assert narrow(the_night(clients=None), ("db*",), ()).clients is None


@pytest.mark.parametrize(
    ("clients", "expected"),
    [((), ["web01-fd", "db01-fd", "x-fd"]), (("db*", "x*"), ["db01-fd", "x-fd"]), (("y",), [])],
)
def test_of_the_catalogs_clients_those_that_are_asked_for_are_left(
    clients: tuple[str, ...], expected: list[str]
) -> None:
    left = narrow(the_night(), clients, ("*-dump",)).clients
    assert left is not None
    assert [client.name for client in left] == expected


def test_what_proves_backups_of_others_proves_nothing_here() -> None:
    proofs = tuple(replace(job, type="R") for job in (WEB, DB))
    night = the_night(history=History((), since=NOW, whole=True, proofs=proofs))
    assert ids(narrow(night, ("db*",), ()).history.proofs) == [2]


def test_a_gap_about_others_jobs_is_none_and_one_about_all_stays() -> None:
    gaps = (
        Gap(GapSource.JOB_LOGS, msg("x"), (3,)),
        Gap(GapSource.JOB_LOGS, msg("y"), (3, 2)),
        Gap(GapSource.JOBS, msg("z")),
    )
    part = narrow(the_night(gaps=gaps, notes=gaps), ("db*",), ())
    for left in (part.gaps, part.notes):
        assert [(gap.source, gap.jobids) for gap in left] == [
            (GapSource.JOB_LOGS, (2,)),
            (GapSource.JOBS, ()),
        ]


@pytest.mark.parametrize(
    ("given", "wanted", "expected"),
    [
        (Filters(types=("B",)), ("db*",), Filters(types=("B",), clients=("db*",))),
        (Filters(clients=("*01-fd",)), (), Filters(clients=("*01-fd",))),
        (Filters(clients=("*01-fd",)), ("db*", "x*"), Filters(clients=("db01-fd",))),
        (Filters(clients=("web*",)), ("db*",), Filters(clients=("[]",))),
    ],
)
def test_a_night_that_was_narrowed_before_stays_so(
    given: Filters, wanted: tuple[str, ...], expected: Filters
) -> None:
    assert narrow(the_night(filters=given), wanted, ()).filters == expected


def test_a_name_with_a_star_in_it_means_itself() -> None:
    odd = made_job(9, name="a[*]", client="db01-fd")
    night = the_night(jobs=(odd,), filters=Filters(jobs=("a*",)))
    assert narrow(night, (), ("*]",)).filters.jobs == ("a[[][*]]",)


def test_a_job_that_the_report_left_out_is_not_missed_by_an_audience() -> None:
    """It is configured, but the report was asked for another job."""
    night = the_night(
        jobs=(DB,),
        resources=tuple(JobResource(name, "B", client="y", scheduled=False) for name in "xz"),
        history=History((), since=None, whole=True),
    )
    for given, told in ((Filters(), True), (Filters(jobs=("db-*",)), False)):
        part = narrow(replace(night, filters=given), (), ("x", "db-dump"))
        kinds = {finding.kind for finding in assess(part).findings}
        assert (Kind.NEVER_RUN in kinds) is told


def test_pools_are_told_to_whom_they_concern() -> None:
    pool = Pool("Full", 1, 1, timedelta(days=90), None)
    volume = Volume("V1", "Full", "Error", 10, None, None, NOW, NOW)
    night = the_night(pools=(pool,), volumes=(volume,))
    kinds = {finding.kind for finding in assess(night).findings}
    part = {finding.kind for finding in assess(night, pools=False).findings}
    assert kinds - part == {Kind.POOL_FULL, Kind.VOLUME_ERROR}
