"""What is made up for: a later good run of the same job, at least as much; in doubt it is not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.assess import assess
from app.assess.model import JudgedJob
from app.assess.recovery import makes_up
from app.bacula.codes import Outcome
from app.bacula.model import Job
from tests.unit.made import at, made_job, made_log, made_snapshot, open_job

HOURS = {22: "20 22:00", 23: "20 23:00", 0: "21 00:00", 1: "21 01:00", 2: "21 02:00"}


def run(jobid: int, hour: int, status: str = "T", **changes: Any) -> Job:
    """A run of web01-files that began at an hour of the night and took half an hour."""
    begun = at(HOURS[hour])
    ended = begun + timedelta(minutes=30)
    times = {
        "created": begun,
        "scheduled": begun,
        "started": begun,
        "ended": ended,
        "real_ended": ended,
    }
    return made_job(jobid, status, **{"name": "web01-files", **times, **changes})


def waiting(jobid: int, hour: int, status: str = "A", **changes: Any) -> Job:
    """A run that was cancelled before it began: it has no FileSet and no pool yet."""
    return run(jobid, hour, status, fileset="", pool="", files=0, started=None, **changes)


def judged(*jobs: Job, **changes: Any) -> dict[int, JudgedJob]:
    return {one.job.jobid: one for one in assess(made_snapshot(*jobs, **changes)).jobs}


def made_up_by(*jobs: Job) -> dict[int, int]:
    """Which of the jobs recovered, and by which."""
    return {jobid: one.made_up_by for jobid, one in judged(*jobs).items() if one.made_up_by}


VF: dict[str, Any] = {"started": at("15 23:00"), "ended": at("15 23:30"), "level": "F"}
"""A VirtualFull: it has the times of what it was put together from."""


@pytest.mark.parametrize(
    ("jobs", "expected"),
    [
        ([run(1, 22, "f"), run(2, 23)], {1: 2}),
        ([run(1, 22, "A"), run(2, 23)], {1: 2}),
        ([run(1, 22, "E"), run(2, 23)], {1: 2}),
        ([run(1, 22, "I"), run(2, 23)], {1: 2}),
        # A success with errors leaves something to restore as well.
        ([run(1, 22, "f"), run(2, 23, errors=3)], {1: 2}),
        # Again and again: the first that went well made up for all before.
        ([run(1, 22, "f"), run(2, 23, "f"), run(3, 0), run(4, 1)], {1: 3, 2: 3}),
        ([run(1, 22, "f"), run(2, 23), run(3, 0, "f")], {1: 2}),
        # Not by what was before, by what went wrong too, or by what is not over.
        ([run(1, 22), run(2, 23, "f")], {}),
        ([run(1, 22, "f"), run(2, 23, "f")], {}),
        ([run(1, 22, "f"), open_job(2, name="web01-files")], {}),
        ([run(1, 22, "f"), run(2, 23, "Z")], {}),
        ([run(1, 22, "f"), run(2, 23, "D")], {1: 2}),
        # A run that had begun earlier is no later run, even if it ended later.
        ([run(1, 22, ended=at("21 03:00"), real_ended=at("21 03:00")), run(2, 23, "f")], {}),
        # Neither is one that had ended before the other did.
        ([run(1, 22, "f", ended=at("21 03:00"), real_ended=at("21 03:00")), run(2, 23)], {}),
        # JobIds follow creation, but what was created first may begin last.
        ([run(1, 1, created=at("20 20:00")), run(2, 22, "f")], {2: 1}),
        ([run(1, 22, "f"), run(2, 22)], {1: 2}),
        # When it began is not known: long ago.
        ([run(1, 22, "f", created=None, scheduled=None, started=None), run(2, 23)], {1: 2}),
        # Only the same job.
        ([run(1, 22, "f"), run(2, 23, name="web01-logs")], {}),
        ([run(1, 22, "f"), run(2, 23, client="web02-fd")], {}),
        ([run(1, 22, "f"), run(2, 23, type="V")], {}),
        ([run(1, 22, "f"), run(2, 23, fileset="Other")], {}),
        # What waits has no FileSet yet; what went well has one.
        ([waiting(1, 22), run(2, 23)], {1: 2}),
        ([run(1, 22, "f"), run(2, 23, fileset="")], {}),
        # What was an open job or a warning needs no making up for.
        ([run(1, 22, errors=2), run(2, 23)], {}),
        ([run(1, 22, "Z"), run(2, 23)], {}),
    ],
)
def test_what_recovers(jobs: list[Job], expected: dict[int, int]) -> None:
    assert made_up_by(*jobs) == expected
    assert made_up_by(*reversed(jobs)) == expected


@pytest.mark.parametrize(
    ("bad", "sufficient"),
    [("F", "F"), ("D", "DF"), ("I", "DFI"), ("S", "DFI"), ("B", "B"), ("f", "F"), ("", "DFI")],
)
def test_a_run_makes_up_only_for_what_it_contains(bad: str, sufficient: str) -> None:
    enough = {
        good for good in "DFIB" if made_up_by(run(1, 22, "f", level=bad), run(2, 23, level=good))
    }
    assert enough - {"B"} == set(sufficient) - {"B"}
    assert ("B" in enough) is (bad in "BIS")


def test_a_full_without_any_file_makes_up_for_nothing() -> None:
    assert made_up_by(run(1, 22, "f"), run(2, 23, files=0)) == {}
    # An Incremental without files is what a quiet night gives.
    assert made_up_by(run(1, 22, "f", level="I"), run(2, 23, level="I", files=0)) == {1: 2}


@pytest.mark.parametrize("kind", ["C", "B"])
def test_a_copy_makes_up_for_nothing(kind: str) -> None:
    copy = run(2, 23, type=kind, prior_jobid=9, started=at("15 23:00"), ended=at("15 23:30"))
    original = run(9, 22, type="M" if kind == "B" else "B", level="I")
    assert made_up_by(run(1, 22, "f"), copy, original) == {}


def test_no_copy_is_made_up_for() -> None:
    copy = run(1, 22, "E", type="C", prior_jobid=9)
    assert made_up_by(copy, run(2, 23, type="C", prior_jobid=9), run(3, 0)) == {}
    assert made_up_by(run(1, 22, "E", type="C"), run(2, 23, type="C")) == {}


def test_what_was_put_together_from_older_backups_makes_up_only_for_its_like() -> None:
    assert made_up_by(run(1, 22, "f"), run(2, 23, **VF)) == {}
    assert made_up_by(run(1, 22, "f", level="I"), run(2, 23, **VF)) == {}
    assert made_up_by(run(1, 22, "f", level="f"), run(2, 23, **VF)) == {1: 2}
    assert made_up_by(run(1, 22, "f", **VF), run(2, 23, **VF)) == {1: 2}


@pytest.mark.parametrize("kind", list("RVDgc"))
def test_of_other_jobs_name_client_and_type_suffice(kind: str) -> None:
    other: dict[str, Any] = {"type": kind, "fileset": "", "level": ""}
    assert made_up_by(run(1, 22, "f", **other), run(2, 23, **{**other, "fileset": "X"})) == {1: 2}
    assert made_up_by(run(1, 22, "f", **other), run(2, 23, **{**other, "client": "b-fd"})) == {}


@pytest.mark.parametrize("kind", "cg")
def test_a_control_job_is_not_made_up_for_by_its_siblings(kind: str) -> None:
    """One run of a copy control is many jobs, each for another original, due at the same time."""
    due = at("20 22:00")
    siblings = [
        run(1, 22, "A", type=kind),
        run(2, 23, type=kind, scheduled=due),
        run(3, 0, type=kind, scheduled=due),
    ]
    assert made_up_by(*siblings) == {}
    later = at("21 01:00")
    again = [run(4, 1, type=kind, scheduled=later), run(5, 2, type=kind, scheduled=later)]
    assert made_up_by(*siblings, *again) == {1: 4}
    spoiled = [again[0], replace(again[1], status="f")]
    assert made_up_by(*siblings, *spoiled) == {}


def test_what_began_before_is_no_later_run_though_it_ended_later() -> None:
    long_one = run(1, 22, ended=at("21 03:00"), real_ended=at("21 03:00"))
    assert not makes_up(long_one, run(2, 23, "f"))
    assert makes_up(run(3, 23), run(2, 22, "f"))


@pytest.mark.parametrize("kind", "cg")
def test_what_a_control_job_left_is_made_up_for_by_what_was_due_later(kind: str) -> None:
    due = at("20 22:00")
    bad = run(1, 22, "f", type=kind)
    assert not makes_up(run(2, 23, type=kind, scheduled=due), bad)
    assert not makes_up(run(2, 23, type=kind, scheduled=None), bad)
    assert not makes_up(run(2, 23, type=kind), replace(bad, scheduled=None))
    assert makes_up(run(2, 23, type=kind), bad)


def test_what_the_director_took_down_with_it_recovers_by_a_run_after_it() -> None:
    killed = run(1, 22, "f", ended=at("20 22:00"), real_ended=None)
    assert made_up_by(killed, run(2, 23)) == {1: 2}


def test_what_was_due_only_later_is_not_made_up_for_by_what_ran_before() -> None:
    due = at("23 05:00")
    killed = run(1, 22, "f", scheduled=due, started=due, ended=due, real_ended=None)
    assert made_up_by(killed, run(2, 23)) == {}


def test_a_job_that_recovered_keeps_its_log_and_its_reasons() -> None:
    bad, good = run(1, 22, "f"), run(2, 23)
    logs = {1: made_log("web01-fd JobId 1: Fatal error: No route to host")}
    alone, found = judged(bad, logs=logs)[1], judged(bad, good, logs=logs)[1]
    assert found == replace(alone, outcome=Outcome.RECOVERED, made_up_by=2)
    assert found.headline == "No route to host"


def test_what_recovered_is_no_failure_of_the_night() -> None:
    found = assess(made_snapshot(run(1, 22, "f"), run(2, 23)))
    assert (found.counts[Outcome.FAILED], found.counts[Outcome.RECOVERED]) == (0, 1)
    assert str(found.verdict.sentence) == "1 job succeeded on 1 server; 1 recovered."


RUNS = st.lists(
    st.tuples(
        st.sampled_from(sorted(HOURS)),
        st.sampled_from("TfEIAZ"),
        st.sampled_from("FDI"),
        st.sampled_from(["web01-files", "web01-logs"]),
        st.sampled_from("BBBCVc"),
    ),
    max_size=8,
).map(
    lambda many: [
        run(n, hour, status, level=level, name=name, type=kind)
        for n, (hour, status, level, name, kind) in enumerate(many, 1)
    ]
)


@given(RUNS)
def test_only_what_went_wrong_recovers_and_only_by_what_went_well(jobs: Sequence[Job]) -> None:
    found = judged(*jobs)
    for one in found.values():
        if one.outcome is Outcome.RECOVERED:
            assert one.job.outcome in (Outcome.FAILED, Outcome.CANCELLED)
            by = found[one.made_up_by]
            assert by.outcome in (Outcome.SUCCESS, Outcome.WARNING)
            assert (by.job.name, by.job.client, by.job.type) == (
                one.job.name, one.job.client, one.job.type,
            )  # fmt: skip
        else:
            assert (one.outcome, one.made_up_by) == (one.job.outcome, 0)


@given(RUNS)
def test_an_unrelated_job_changes_nothing(jobs: Sequence[Job]) -> None:
    other = run(99, 2, name="other", client="other-fd")
    assert made_up_by(*jobs, other) == made_up_by(*jobs)


@given(RUNS)
def test_one_more_good_full_makes_up_for_every_backup_of_its_job(jobs: Sequence[Job]) -> None:
    last = run(99, 2, level="F", started=at("21 04:00"), ended=at("21 05:00"),
               real_ended=at("21 05:00"))  # fmt: skip
    found = judged(*jobs, last)
    for one in found.values():
        if (one.job.name, one.job.type) == (last.name, "B"):
            assert one.outcome not in (Outcome.FAILED, Outcome.CANCELLED)
