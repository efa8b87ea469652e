"""What recovered in the period, and what works again since the time before it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from app.assess import assess
from app.assess.finding import Cause, Kind, News, Notice, Severity
from app.bacula.model import Job
from app.snapshot import GapSource, History, Snapshot
from tests.unit.assess.test_failures import ENDED, LOST, REFUSED, night, run
from tests.unit.made import at, in_full, made_log, open_job


def notices(snapshot: Snapshot, kind: Kind) -> list[Notice]:
    return in_full(n for f in assess(snapshot).findings if f.kind is kind for n in f.notices)


def one(snapshot: Snapshot, kind: Kind) -> Notice:
    (found,) = notices(snapshot, kind)
    return found


# --- recovered --------------------------------------------------------------------------------


def test_what_recovered_is_told_with_its_cause_and_by_what() -> None:
    found = one(night(run(1, 20, "f"), run(2, 21, hour="01:00")), Kind.RECOVERED)
    assert str(found.sentence) == (
        "web01-files on web01-fd failed: its File Daemon cannot be reached (connection refused)."
        " A later run succeeded (job 2)."
    )
    assert (found.severity, found.cause, found.jobids) == (
        Severity.INFO, Cause.CLIENT_UNREACHABLE, (1, 2),
    )  # fmt: skip
    assert found.action is None
    assert found.evidence == (REFUSED.replace(" JobId 1", ""),)
    assert found.since == at("20 23:00")


def test_what_was_cancelled_and_run_again_is_told_so() -> None:
    found = one(night(run(1, 20, "A"), run(2, 21, hour="01:00"), log=LOST), Kind.RECOVERED)
    assert str(found.sentence) == (
        "web01-files on web01-fd was cancelled: somebody did so while it ran, as far as its log"
        " tells. A later run succeeded (job 2)."
    )


def test_several_tries_are_one_notice() -> None:
    jobs = [run(1, 20, "f"), run(2, 21, "f", hour="00:00"), run(3, 21, hour="01:00")]
    found = one(night(*jobs), Kind.RECOVERED)
    assert found.jobids == (1, 2, 3)
    assert str(found.sentence).startswith("web01-files on web01-fd failed 2 times: its File")


def test_what_did_not_recover_is_not_told() -> None:
    assert notices(night(run(1, 20, "f"), run(2, 20)), Kind.FAILED) == []
    assert notices(night(run(1, 20, "f", level="F"), run(2, 20)), Kind.RECOVERED) == []
    assert notices(night(run(1, 20)), Kind.RECOVERED) == []


# --- solved -----------------------------------------------------------------------------------

BAD = [run(91, 16), run(92, 17, "f"), run(93, 18, "A"), run(94, 19, "f")]


def test_what_works_again_is_told_with_the_nights_it_did_not() -> None:
    found = one(night(run(1, 20), before=BAD), Kind.SOLVED)
    assert str(found.sentence) == "web01-files on web01-fd works again after 3 bad nights."
    assert (found.severity, found.nights, found.news) == (Severity.INFO, 3, News.SOLVED)
    assert (found.jobids, found.since, found.client) == ((1,), at("20 23:30"), "web01-fd")


@pytest.mark.parametrize(
    ("jobs", "before", "solved"),
    [
        ([run(1, 20)], BAD, True),
        ([run(1, 20)], BAD[1:], True),
        ([run(1, 20, errors=2)], BAD, True),
        ([run(1, 20)], BAD[3:], True),
        # It was well before, or nothing is known of before.
        ([run(1, 20)], BAD[:1], False),
        ([run(1, 20)], [], False),
        ([run(1, 20)], [*BAD, run(95, 20, hour="13:00")], False),
        # It is not well yet.
        ([run(1, 20, "f")], BAD, False),
        ([open_job(1, name="web01-files")], BAD, False),
        ([run(1, 20, "Z")], BAD, False),
        # Well, and then bad again; bad, and then well.
        ([run(1, 20), run(2, 21, "f", hour="01:00")], BAD, False),
        ([run(1, 20, "f"), run(2, 21, hour="01:00")], BAD, True),
        # Something else of it still is not made up for.
        ([run(1, 20, "f", level="F"), run(2, 21, hour="01:00")], BAD, False),
        ([run(1, 20, level="I")], [*BAD[:3], run(94, 19, "f", level="F")], False),
        ([run(1, 20, level="I")], [*BAD[:2], run(93, 18, "f", level="F"), BAD[3]], False),
        ([run(1, 20, level="F")], [*BAD[:3], run(94, 19, "f", level="F")], True),
        # Another job, another client, a copy.
        ([run(1, 20, name="web01-logs")], BAD, False),
        ([run(1, 20, client="b-fd")], BAD, False),
        ([run(1, 20, type="C", prior_jobid=91)], BAD, False),
        # A good run of the same night, before the period: it was no bad night.
        ([run(1, 20)], [run(91, 19), run(92, 20, "f", hour="13:00"),
                        run(90, 20, hour="12:30")], False),
    ],
)  # fmt: skip
def test_what_counts_as_solved(jobs: list[Job], before: list[Job], solved: bool) -> None:
    assert bool(notices(night(*jobs, before=before), Kind.SOLVED)) is solved


@pytest.mark.parametrize(
    ("changes", "solved"),
    [
        ({}, True),
        ({"history": History(tuple(BAD), at("19 12:00"))}, True),
        # Whether a run between the bad one and the period is missing is not known.
        ({"history": History(tuple(BAD), at("20 12:00"))}, False),
        ({"history": History(tuple(BAD))}, False),
        ({"history": History(tuple(BAD), None, True)}, True),
        ({"gaps": [GapSource.JOBS]}, False),
        ({"gaps": [GapSource.OPEN_JOBS]}, False),
        ({"gaps": [GapSource.JOB_LOGS]}, True),
    ],
)
def test_what_is_not_known_is_not_solved(changes: dict[str, Any], solved: bool) -> None:
    snapshot = night(run(1, 20), **{"before": BAD, **changes})
    assert bool(notices(snapshot, Kind.SOLVED)) is solved


def test_an_unrelated_job_changes_nothing() -> None:
    other = run(2, 20, "f", name="other", client="other-fd")
    alone = notices(night(run(1, 20), before=BAD), Kind.SOLVED)
    assert notices(night(run(1, 20), other, before=BAD), Kind.SOLVED) == alone


def test_each_job_is_told_by_itself() -> None:
    def named(jobs: Sequence[Job], shift: int) -> list[Job]:
        return [run(j.jobid + shift, 20 - 4 + n, j.status, name="b") for n, j in enumerate(jobs)]

    jobs = [run(1, 20), run(2, 20, name="b")]
    snapshot = night(*jobs, before=[*BAD, *named(BAD, 50)])
    assert [n.job for n in notices(snapshot, Kind.SOLVED)] == ["b", "web01-files"]


def test_the_log_of_what_recovered_may_be_missing() -> None:
    snapshot = night(run(1, 20, "f"), run(2, 21, hour="01:00"), logs={2: made_log(ENDED)})
    found = one(snapshot, Kind.RECOVERED)
    assert (found.cause, str(found.sentence)) == (
        Cause.UNKNOWN,
        "web01-files on web01-fd failed: its log could not be read. A later run succeeded (job 2).",
    )
