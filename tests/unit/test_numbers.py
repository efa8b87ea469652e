"""A night in numbers: each client's last good backup, and what was found."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from app.assess import assess
from app.bacula.model import Job, JobResource
from app.deliver.textfile import ClientNumbers, Numbers
from app.i18n import msg
from app.numbers import numbers_of
from app.policy import Mute, Policy
from app.snapshot import GapSource, History, Snapshot
from tests.unit.made import NOW, at, made_job, made_run, made_snapshot

FINISHED = datetime(2026, 11, 21, 8, 0, 5, tzinfo=UTC)


def numbers(snapshot: Snapshot, policy: Policy | None = None) -> Numbers:
    policy = policy or Policy()
    return numbers_of(
        assess(snapshot, policy), policy, finished=FINISHED, seconds=5.5, undelivered=None
    )


def clients(*jobs: Job, **changes: Any) -> dict[str, ClientNumbers]:
    """The clients of a night whose past is known whole."""
    night = made_snapshot(*jobs, history=History((), at("01 00:00"), whole=True), **changes)
    return {one.name: one for one in numbers(night).clients or ()}


def test_a_run_is_told_as_it_went() -> None:
    night = made_snapshot(made_job(1), made_job(2, "f"), made_job(3, "E"))
    told = numbers(night)
    assert (told.director, told.finished, told.seconds) == ("dir", FINISHED, 5.5)
    assert (told.complete, told.level, told.undelivered) == (True, "critical", None)
    assert set(told.levels) == {"good", "attention", "critical", "unknown"}
    assert (told.outcomes["success"], told.outcomes["failed"], told.outcomes["warning"]) == (
        1,
        2,
        0,
    )


def test_what_is_missing_makes_it_incomplete() -> None:
    assert not numbers(made_snapshot(made_job(1), gaps=[GapSource.JOB_LOGS])).complete


def test_what_nobody_could_ask_for_is_missing_and_not_0() -> None:
    stopped = numbers(made_snapshot(stopped=msg("No answer.")))
    assert (stopped.complete, stopped.level) == (False, "unknown")
    assert (stopped.outcomes, stopped.clients) == ({}, None)


def test_findings_are_counted_by_kind_and_severity_without_muted_ones() -> None:
    night = made_snapshot(
        made_job(1, "f", client="a"), made_job(2, "f", client="b"), made_job(3, "f", client="c")
    )
    mute = Mute("known", date(2026, 12, 31), kind="failed", client="c")
    assert numbers(night).findings["failed", "critical"] == 3
    assert numbers(night, Policy(mutes=(mute,))).findings["failed", "critical"] == 2


def test_a_client_has_the_newest_good_backup_of_all_its_jobs() -> None:
    early = made_run(1, at("20 22:10"), name="a", bytes=100)
    late = made_run(2, at("20 23:10"), name="b", bytes=200)
    failed = made_run(3, at("21 01:10"), "f", name="a", bytes=5)
    assert clients(failed, late, early) == {"db01-fd": ClientNumbers("db01-fd", late.run_end, 200)}


def test_a_client_without_a_good_backup_is_named_all_the_same() -> None:
    assert clients(made_job(1, "f")) == {"web01-fd": ClientNumbers("web01-fd")}


def test_a_backup_of_before_the_period_counts() -> None:
    old = made_run(1, at("18 22:10"), bytes=100)
    night = made_snapshot(
        made_run(2, at("20 22:10"), "f"), history=History((old,), at("01 00:00"), whole=True)
    )
    assert numbers(night).clients == [ClientNumbers("db01-fd", old.run_end, 100)]


def test_jobs_that_give_no_backups_any_more_are_left_out() -> None:
    """Else a server that was switched off would alarm for ever."""
    jobs = (made_job(1, name="gone", client="a"), made_job(2, name="off", client="b"))
    resources = (
        JobResource("off", "B", enabled=False, client="b"),
        JobResource("on", "B", enabled=True, client="c"),
    )
    kept = made_job(3, name="on", client="c")
    assert list(clients(*jobs, kept, resources=resources)) == ["c"]
    assert list(clients(*jobs, kept)) == ["a", "b", "c"]


def test_restores_and_jobs_without_a_client_are_no_backups() -> None:
    night = (made_job(1, type="R"), made_job(2, type="D", client=""), made_job(3, client=""))
    assert clients(*night) == {}


def test_the_size_is_unknown_where_the_catalog_does_not_say() -> None:
    run = replace(made_job(1), bytes=None, ended=NOW - timedelta(hours=1))
    (client,) = clients(run).values()
    assert client.size is None
