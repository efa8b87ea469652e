"""What needs a person now; and jobs that wait or run just as they always do."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from app.assess.finding import Kind, Notice, Severity
from app.assess.findings import waiting
from app.bacula.codes import OPEN_STATUS
from app.bacula.joblog import JobLog, read_log
from app.bacula.model import Job
from app.period import Period
from app.policy import Policy
from app.snapshot import History
from tests import rig
from tests.unit.made import (
    NIGHT,
    NOW,
    at,
    in_full,
    live_job,
    made_case,
    made_job,
    made_log,
    made_snapshot,
    minutes,
    open_job,
)

DAY = timedelta(days=1)
HOUR = timedelta(hours=1)


def past(*lengths: float, wait: float = 0.0, **changes: Any) -> History:
    """Earlier runs of job-1 that took so many minutes, after a wait of so many."""
    runs = []
    for nights_ago, length in enumerate(lengths, 1):
        due = at("20 22:00") - nights_ago * DAY
        begun = due + minutes(wait)
        times = {"scheduled": due, "started": begun}
        ended = begun + minutes(length)
        runs.append(
            made_job(
                1000 - nights_ago,
                **{"name": "job-1", **times, "ended": ended, "real_ended": ended, **changes},
            )
        )
    return History(tuple(runs), since=at("01 12:00"))


def found(
    letter: str,
    history: History | None = None,
    *,
    job: dict[str, Any] | None = None,
    live: dict[str, Any] | None = None,
    log: JobLog | None = None,
    policy: Policy | None = None,
    **changes: Any,
) -> list[Notice]:
    """What is told of a job that waits or runs with this letter since 22:00; it is 8:00 now."""
    times = {"scheduled": at("20 22:00"), "started": at("20 22:00")}
    one = open_job(1, **{**times, **(job or {})})
    status = live_job(1, letter, **{"since": at("20 22:00"), **(live or {})})
    snapshot = made_snapshot(
        one,
        history=history or History(),
        logs={1: log} if log is not None else {},
        **{"live": {1: status}, **changes},
    )
    return in_full(waiting.notices(made_case(snapshot, policy)))


def minutes_of(lasts: float) -> dict[str, Any]:
    """A job that is due and began so many minutes ago."""
    begun = NOW - minutes(lasts)
    return {"job": {"scheduled": begun, "started": begun}, "live": {"since": begun}}


# --- what is known ----------------------------------------------------------------------------


def test_without_the_live_status_nothing_is_said() -> None:
    one = open_job(1, "R", scheduled=at("20 22:00"))
    assert list(waiting.notices(made_case(made_snapshot(one, live=None)))) == []
    # Not listed by the Director: told elsewhere.
    assert list(waiting.notices(made_case(made_snapshot(one, live={})))) == []


@pytest.mark.parametrize(("ago", "told"), [(minutes(59), True), (minutes(60), False)])
def test_the_live_status_says_nothing_about_a_period_long_past(ago: timedelta, told: bool) -> None:
    assert bool(found("m", period=Period(NIGHT.start, NOW - ago))) is told


@pytest.mark.parametrize("letter", sorted(OPEN_STATUS))
def test_a_job_that_has_just_begun_needs_nobody_but_for_a_volume(letter: str) -> None:
    told = found(letter, past(5, 5, 5, 5, 5, 5), **minutes_of(20))
    assert bool(told) is (letter in "mMB")


@pytest.mark.parametrize("letter", ["T", "f", "?", "", "Z"])
def test_letters_of_no_open_job_are_not_judged(letter: str) -> None:
    assert found(letter) == []


# --- needs an operator ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("pool", "log", "sentence", "action", "detail"),
    [
        ("Full", None, "waits for a new Volume of Pool Full;",
         "Label a new Volume for Pool Full, or free one.", "Full"),
        ("", None, "waits for a new Volume;", "Label a new Volume for its Pool, or free one.", ""),
        ("", read_log(rig.output("joblog_v1_54_waiting_for_volume")),
         "waits for a new Volume of Pool Manual-Pool;",
         "Label a new Volume for Pool Manual-Pool, or free one.", "Manual-Pool"),
    ],
)  # fmt: skip
def test_a_job_that_waits_for_a_volume_tells_of_which_pool(
    pool: str, log: JobLog | None, sentence: str, action: str, detail: str
) -> None:
    (notice,) = found("m", job={"pool": pool}, log=log)
    assert str(notice.sentence) == f"job-1 on web01-fd {sentence} it began 2026-11-20 13:00."
    assert str(notice.action) == action
    assert (notice.kind, notice.severity) == (Kind.NEEDS_OPERATOR, Severity.WARNING)
    assert (notice.detail, notice.since) == (detail, at("20 22:00"))
    assert (notice.client, notice.job, notice.jobids) == ("web01-fd", "job-1", (1,))
    assert bool(notice.evidence) is (log is not None)


MOUNT = 'sd JobId 1: Please mount append Volume "Full-0007" or label a new one for:\n    Pool: Full'


@pytest.mark.parametrize(
    ("log", "sentence", "action"),
    [
        (made_log(MOUNT), "waits for Volume Full-0007 to be mounted;",
         "Mount Volume Full-0007, or label another one."),
        (made_log(), "waits for a Volume to be mounted;",
         "Mount the Volume that the Storage Daemon asks for."),
        (None, "waits for a Volume to be mounted;",
         "Mount the Volume that the Storage Daemon asks for."),
    ],
)  # fmt: skip
def test_a_job_that_waits_for_a_mount_tells_of_which_volume(
    log: JobLog | None, sentence: str, action: str
) -> None:
    (notice,) = found("M", log=log)
    assert str(notice.sentence) == f"job-1 on web01-fd {sentence} it began 2026-11-20 13:00."
    assert str(notice.action) == action
    assert notice.kind is Kind.NEEDS_OPERATOR
    assert notice.detail == ("Full-0007" if "Full-0007" in action else "")


def test_of_the_pool_that_is_asked_for_the_name_alone_is_told() -> None:
    """Not the blanks that the Storage Daemon writes after it."""
    log = made_log(
        "sd JobId 1: Cannot find any appendable volumes.\n    Pool:   Tape 1   \n    X: y"
    )
    (notice,) = found("m", job={"pool": ""}, log=log)
    assert notice.detail == "Tape 1"


def test_a_blocked_job_needs_an_operator() -> None:
    (notice,) = found("B")
    assert str(notice.sentence) == "job-1 on web01-fd is blocked; it began 2026-11-20 13:00."
    assert (notice.kind, notice.detail) == (Kind.NEEDS_OPERATOR, "")


def test_a_job_that_the_director_does_not_list_hides_none_that_it_does() -> None:
    snapshot = made_snapshot(open_job(2), open_job(1), live={1: live_job(1, "B")})
    assert [notice.jobids for notice in waiting.notices(made_case(snapshot))] == [(1,)]


def test_the_last_two_complaints_are_evidence() -> None:
    log = made_log(*(f"web01-fd JobId 1: Error: {n}" for n in range(4)))
    (notice,) = found("B", log=log)
    assert notice.evidence == ("web01-fd: Error: 2", "web01-fd: Error: 3")


@pytest.mark.parametrize("letter", ["F", "S", "q"])
@pytest.mark.parametrize(
    ("history", "lasts", "told"),
    [
        # An hour at least.
        (past(5, 5, 5, 5, 5), 60, False),
        (past(5, 5, 5, 5, 5), 61, True),
        # Nine of ten earlier runs were over within that time: they wait in a queue each night.
        (past(*[300] * 10), 300, False),
        (past(*[300] * 10), 301, True),
        (past(*[300] * 9, 3000), 301 + 270, True),
        (past(*[100] * 10, wait=200), 300, False),
        # Too few of them.
        (past(5, 5, 5, 5), 600, False),
        (None, 600, False),
        # Of another level.
        (past(5, 5, 5, 5, 5, level="I"), 600, False),
        # A day is too long for anybody.
        (None, 24 * 60, False),
        (None, 24 * 60 + 1, True),
        (past(*[3000] * 10), 24 * 60 + 1, True),
    ],
)
def test_a_wait_for_a_daemon_is_told_when_it_is_longer_than_usual(
    letter: str, history: History | None, lasts: float, told: bool
) -> None:
    notices = found(letter, history, **minutes_of(lasts))
    assert [notice.kind for notice in notices] == [Kind.NEEDS_OPERATOR] * told


@pytest.mark.parametrize(
    ("letter", "words", "what", "detail"),
    [
        ("F", "is waiting on Client", "the File Daemon", "F"),
        ("S", 'is waiting on Storage "File1"', "Storage File1", "File1"),
        ("S", "is waiting", "the Storage Daemon", "S"),
        ("q", "", "a device", "q"),
    ],
)
def test_the_sentence_of_a_long_wait_says_for_what_and_what_is_usual(
    letter: str, words: str, what: str, detail: str
) -> None:
    (notice,) = found(letter, past(5, 5, 5, 5, 5), live={"description": words})
    assert str(notice.sentence) == (
        f"job-1 on web01-fd has been waiting for {what} for 10:00:00; "
        "nine of ten earlier runs were over within 0:05:00."
    )
    assert (notice.detail, notice.since) == (detail, at("20 22:00"))
    assert notice.action is not None


def test_without_a_past_a_very_long_wait_is_told_without_comparison() -> None:
    (notice,) = found("F", **minutes_of(25 * 60))
    assert str(notice.sentence) == (
        "job-1 on web01-fd has been waiting for the File Daemon for 1 day, 1:00:00."
    )


# --- late -------------------------------------------------------------------------------------

IN_QUEUE: dict[str, Any] = {"started": None, "status": "C"}


@pytest.mark.parametrize("letter", list("Csjcdpt"))
def test_a_job_that_waits_for_its_turn_longer_than_usual_is_late(letter: str) -> None:
    (notice,) = found(letter, past(5, 5, 5, 5, 5), job=IN_QUEUE)
    assert (notice.kind, notice.severity) == (Kind.LATE, Severity.INFO)
    text = str(notice.sentence)
    assert text.startswith("job-1 on web01-fd has been waiting for ")
    assert text.endswith("for 10:00:00; nine of ten earlier runs began within 0:00:00.")


@pytest.mark.parametrize(
    ("history", "job", "told"),
    [
        (past(5, 5, 5, 5, 5), {}, True),
        (past(5, 5, 5, 5, 5, wait=11 * 60), {}, False),
        (past(5, 5, 5, 5, 5, wait=9 * 60), {}, True),
        (past(5, 5, 5, 5), {}, False),
        (None, {}, False),
        # It was put off on purpose.
        (past(5, 5, 5, 5, 5), {"scheduled": at("23 05:00")}, False),
        (past(5, 5, 5, 5, 5), {"scheduled": None}, False),
        # Two hours are the policy's.
        (past(5, 5, 5, 5, 5), {"scheduled": at("21 06:00")}, False),
        (past(5, 5, 5, 5, 5), {"scheduled": at("21 05:59")}, True),
        # It has begun; how late that was is told elsewhere.
        (past(5, 5, 5, 5, 5), {"started": at("20 23:00")}, False),
    ],
)
def test_waiting_for_its_turn_is_ordinary(
    history: History | None, job: dict[str, Any], told: bool
) -> None:
    assert bool(found("p", history, job={**IN_QUEUE, **job})) is told


def test_how_late_is_late_is_the_policys() -> None:
    policy = Policy(late=11 * HOUR)
    assert found("p", past(5, 5, 5, 5, 5), job=IN_QUEUE, policy=policy) == []


# --- no progress ------------------------------------------------------------------------------

IDLE = {"files": 0, "bytes": 0, "bytes_per_second": 0}


@pytest.mark.parametrize(
    ("live", "told"),
    [
        (IDLE, True),
        # What one of them does not tell is not zero.
        ({**IDLE, "bytes_per_second": None}, False),
        ({**IDLE, "bytes": None}, False),
        ({**IDLE, "files": None}, False),
        ({**IDLE, "files": 1}, False),
        ({**IDLE, "bytes": 1}, False),
        ({**IDLE, "bytes_per_second": 1}, False),
    ],
)
def test_a_backup_that_saves_nothing_makes_no_progress(live: dict[str, Any], told: bool) -> None:
    assert bool(found("R", live=live)) is told


@pytest.mark.parametrize(
    ("history", "lasts", "told"),
    [
        (past(5, 5, 5, 5, 5), 59, False),
        (past(5, 5, 5, 5, 5), 60, True),
        # A dump of two hours may run before it.
        (past(*[150] * 5), 149, False),
        (past(*[150] * 5), 150, True),
        (past(*[600] * 5), 180, True),
        # With too few runs, three hours.
        (past(*[5] * 4), 179, False),
        (past(*[5] * 4), 180, True),
        (None, 179, False),
        (None, 180, True),
    ],
)
def test_a_backup_without_a_byte_is_given_the_time_it_usually_takes(
    history: History | None, lasts: float, told: bool
) -> None:
    given = minutes_of(lasts)
    assert bool(found("R", history, job=given["job"], live={**given["live"], **IDLE})) is told


@pytest.mark.parametrize(
    ("letter", "job"),
    [("R", {"type": "R"}), ("R", {"type": "c"}), ("R", {"type": "D"}), ("l", {}), ("i", {})],
)
def test_only_a_backup_that_reads_files_can_be_without_progress(
    letter: str, job: dict[str, Any]
) -> None:
    assert found(letter, job=job, live=IDLE) == []


def test_the_sentence_of_no_progress_says_how_long() -> None:
    (notice,) = found("R", live=IDLE)
    assert (notice.kind, notice.severity) == (Kind.STALLED, Severity.WARNING)
    assert str(notice.sentence) == (
        "job-1 on web01-fd has been running for 10:00:00 and has saved nothing yet."
    )
    assert notice.action is not None


@pytest.mark.parametrize("letter", sorted("RialLuw"))
@pytest.mark.parametrize(
    ("history", "lasts", "told"),
    [
        (past(*[60] * 5), 180, False),
        (past(*[60] * 5), 181, True),
        (past(*[60] * 4), 600, False),
        (None, 600, False),
        # Two hours at least.
        (past(*[5] * 5), 119, False),
        (past(*[5] * 5), 120, True),
        # It always varied: median 60, deviation 30.
        (past(30, 40, 60, 80, 90, 60, 40, 80), 230, False),
        (past(30, 40, 60, 80, 90, 60, 40, 80), 240, True),
        (past(*[60] * 5, level="I"), 600, False),
        (past(*[60] * 5, fileset="Other"), 600, False),
        (past(*[60] * 5, status="f"), 600, False),
    ],
)
def test_a_job_runs_too_long_when_it_does_so_by_far(
    letter: str, history: History | None, lasts: float, told: bool
) -> None:
    given = minutes_of(lasts)
    notices = found(
        letter, history, job=given["job"], live={**given["live"], "files": 9, "bytes": 9}
    )
    assert [notice.kind for notice in notices] == [Kind.STALLED] * told


def test_the_sentence_of_a_run_too_long_names_what_is_usual() -> None:
    (notice,) = found("R", past(*[60] * 5), live={"files": 9, "bytes": 9})
    assert str(notice.sentence) == (
        "job-1 on web01-fd has been running for 10:00:00; "
        "usual is 1:00:00 (median of 5 earlier runs)."
    )
    assert (notice.severity, notice.since) == (Severity.WARNING, at("20 22:00"))


def test_a_moment_that_lies_ahead_is_no_long_wait() -> None:
    job: Job = open_job(1, "R", scheduled=None, started=None)
    for letter in "SRp":
        live = {1: live_job(1, letter, since=at("21 20:00"))}
        assert list(waiting.notices(made_case(made_snapshot(job, live=live)))) == []
