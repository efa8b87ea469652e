"""What failed or was cancelled: one finding for each cause, since when, and whether it is new."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.assess import assess
from app.assess.causes import diagnose
from app.assess.finding import Cause, Finding, Kind, News, Notice, Severity
from app.assess.findings.catalogue import ACTIONS, CAUSES
from app.bacula.codes import Outcome
from app.bacula.joblog import JobLog
from app.bacula.model import Job
from app.policy import Mute, Policy
from app.snapshot import GapSource, History, Snapshot
from tests.unit.made import at, made_job, made_log, made_snapshot, said_in_full

KINDS = (Kind.FAILED, Kind.CANCELLED)
ENDED = "dir JobId 1: Error: Bacula dir 9.6.7 (10Dec20):\n  Termination:   *** Backup Error ***"
REFUSED = (
    "dir JobId 1: Fatal error: bsockcore.c:208 Unable to connect to Client: web01-fd on a:9102."
    " ERR=Connection refused"
)
LOST = "dir JobId 1: Fatal error: Network error with FD during Backup: ERR=Connection reset by peer"


def run(jobid: int, day: int, status: str = "T", hour: str = "23:00", **changes: Any) -> Job:
    """A run of web01-files that began in the night of a day of November; the 20th is last night."""
    begun = at(f"{day:02} {hour}")
    ended = begun + timedelta(minutes=30)
    times = {"created": begun, "scheduled": begun, "started": begun, "ended": ended,
             "real_ended": ended}  # fmt: skip
    return made_job(jobid, status, **{"name": "web01-files", "level": "I", **times, **changes})


def night(*jobs: Job, log: str = REFUSED, before: Sequence[Job] = (), **changes: Any) -> Snapshot:
    """Last night with these jobs, all with one log, and the nights before."""
    known: dict[str, Any] = {"history": History(tuple(before), at("01 00:00")), **changes}
    logs = {job.jobid: made_log(log, ENDED) for job in jobs}
    return made_snapshot(*jobs, logs=known.pop("logs", logs), **known)


def findings(snapshot: Snapshot, policy: Policy | None = None) -> list[Finding]:
    found = [f for f in assess(snapshot, policy).findings if f.kind in KINDS]
    for finding in found:
        said_in_full(finding.sentence)
        for one in finding.notices:
            said_in_full(one.sentence)
            assert one.action is not None
            said_in_full(one.action)
    return found


def notice(snapshot: Snapshot) -> Notice:
    ((found,),) = [finding.notices for finding in findings(snapshot)]
    return found


# --- which ------------------------------------------------------------------------------------


def test_a_failure_is_told_with_its_cause_and_what_to_do() -> None:
    found = notice(night(run(1, 20, "f")))
    assert (found.kind, found.severity) == (Kind.FAILED, Severity.CRITICAL)
    assert (found.cause, found.client, found.job) == (
        Cause.CLIENT_UNREACHABLE, "web01-fd", "web01-files",
    )  # fmt: skip
    assert str(found.sentence) == (
        "web01-files on web01-fd failed: its File Daemon cannot be reached (connection refused)."
    )
    assert str(found.action).startswith("Start the File Daemon on web01-fd")
    assert found.evidence == (REFUSED.replace(" JobId 1", ""),)
    assert found.jobids == (1,)


@pytest.mark.parametrize(
    "log",
    [
        REFUSED,
        "Fatal error: Unable to connect to Client: it on 10.0.0.9:9102. ERR=No route to host",
        LOST,
        "Fatal error: Unable to authenticate with File daemon at 10.0.0.9:9102.",
    ],
)
def test_where_the_client_is_not_known_no_name_is_made_up(log: str) -> None:
    action = str(notice(night(run(1, 20, "f", client=""), log=f"backup-dir JobId 1: {log}")).action)
    assert "its Client" in action
    assert "?" not in action


def test_a_cancelled_job_is_told_less_gravely() -> None:
    found = notice(night(run(1, 20, "A"), log=LOST))
    assert (found.kind, found.severity) == (Kind.CANCELLED, Severity.WARNING)
    assert str(found.sentence) == (
        "web01-files on web01-fd was cancelled: somebody did so while it ran, as far as its log"
        " tells."
    )


@pytest.mark.parametrize(
    ("jobs", "told"),
    [
        ([], []),
        ([run(1, 20)], []),
        ([run(1, 20, "W"), run(2, 20, "D"), run(3, 20, "Z"), run(4, 20, errors=4)], []),
        ([run(1, 20, "f")], [(1,)]),
        ([run(1, 20, "E")], [(1,)]),
        ([run(1, 20, "I")], [(1,)]),
        # Made up for.
        ([run(1, 20, "f"), run(2, 21, hour="01:00")], []),
        # Not made up for: it needed a Full.
        ([run(1, 20, "f", level="F"), run(2, 21, hour="01:00")], [(1,)]),
        # Several runs of one job, with one cause, are one notice.
        ([run(1, 20, "f"), run(2, 21, "f", hour="01:00")], [(1, 2)]),
        ([run(2, 21, "f", hour="01:00"), run(1, 20, "f")], [(1, 2)]),
        # A failed one and a cancelled one are two things.
        ([run(1, 20, "f"), run(2, 21, "A", hour="01:00")], [(1,), (2,)]),
    ],
)
def test_which_jobs_are_told(jobs: list[Job], told: list[tuple[int, ...]]) -> None:
    found = [n.jobids for finding in findings(night(*jobs)) for n in finding.notices]
    assert found == told


def test_several_runs_are_told_in_one_sentence() -> None:
    found = notice(night(run(1, 20, "f"), run(2, 21, "f", hour="01:00")))
    assert str(found.sentence).startswith("web01-files on web01-fd failed 2 times: its File Daemon")


def test_several_cancelled_runs_are_told_in_one_sentence() -> None:
    found = notice(night(run(1, 20, "A"), run(2, 21, "A", hour="01:00"), log=LOST))
    assert str(found.sentence) == (
        "web01-files on web01-fd was cancelled 2 times: somebody did so while it ran, as far as its"
        " log tells."
    )


def test_what_the_cure_differs_by_is_a_detail() -> None:
    script = "dir JobId 1: Error: Runscript: ClientBeforeJob returned non-zero status=3."
    judged = assess(night(run(1, 20, "f"), log=script)).jobs[0]
    assert diagnose(judged, {}).detail != ""
    assert notice(night(run(1, 20, "f"), log=script)).detail == diagnose(judged, {}).detail


def test_the_runs_of_one_job_with_two_causes_are_two_findings() -> None:
    logs = {1: made_log(REFUSED, ENDED), 2: made_log(LOST, ENDED)}
    found = findings(night(run(1, 20, "f"), run(2, 21, "f", hour="01:00"), logs=logs))
    assert sorted((f.cause or Cause.UNKNOWN).value for f in found) == [
        "client-unreachable", "network-lost",
    ]  # fmt: skip


def test_forty_failures_with_one_cause_are_one_finding() -> None:
    jobs = [run(n, 20, "f", name=f"job-{n}", client=f"host{n}-fd") for n in range(1, 41)]
    (found,) = findings(night(*jobs))
    assert len(found.notices) == 40
    assert str(found.sentence) == "40 jobs failed: File Daemon not reached."
    assert str(found.action) == ACTIONS[Cause.CLIENT_UNREACHABLE]


def test_what_is_to_be_done_about_each_alike_is_said_as_it_is() -> None:
    jobs = [run(n, 20, "f", name=f"job-{n}", type="C", prior_jobid=9) for n in (1, 2)]
    log = made_log("dir JobId 9: Fatal error: ?")
    (found,) = findings(night(*jobs, logs={1: log, 2: log}))
    assert str(found.action).startswith("Read the log of its copy control job")


def test_a_log_that_was_not_had_leaves_the_cause_open() -> None:
    found = notice(night(run(1, 20, "f"), logs={}, gaps=[GapSource.JOB_LOGS]))
    assert (found.cause, found.evidence) == (Cause.UNKNOWN, ())
    assert str(found.sentence) == "web01-files on web01-fd failed: its log could not be read."


def test_a_failed_copy_is_told() -> None:
    found = notice(night(run(5, 20, "E", type="C", prior_jobid=4), logs={5: made_log()}))
    assert str(found.sentence) == "web01-files on web01-fd failed: the copy of job 4 was given up."


def test_every_cause_has_its_words_and_its_cure() -> None:
    assert set(CAUSES) == set(ACTIONS) == set(Cause)


# --- since when -------------------------------------------------------------------------------

GOOD_BEFORE = [run(91, 18), run(92, 19)]
BAD_BEFORE = [run(91, 17), run(92, 18, "f"), run(93, 19, "A")]


@pytest.mark.parametrize(
    ("before", "known", "nights", "since", "news"),
    [
        (GOOD_BEFORE, True, 1, 20, News.NEW),
        (BAD_BEFORE, True, 3, 18, News.CONTINUING),
        # It never ran before, as far as anybody can know.
        ([], True, 1, 20, News.NEW),
        # Nothing is known of before.
        ([], False, 1, 20, None),
        # Less is known, but enough.
        (GOOD_BEFORE, False, 1, 20, News.NEW),
        (BAD_BEFORE[1:], False, 3, 18, News.CONTINUING),
        # Weekly.
        ([run(91, 6), run(92, 13, "f")], True, 2, 13, News.CONTINUING),
        # A copy of the night before is no good run.
        ([run(92, 18, "f"), run(93, 19, type="C", prior_jobid=92)], True, 2, 18, News.CONTINUING),
    ],
)
def test_how_long_it_has_been_failing(
    before: list[Job], known: bool, nights: int, since: int, news: News | None
) -> None:
    past = History(tuple(before), at("01 00:00") if known else None)
    found = notice(night(run(1, 20, "f"), history=past))
    assert (found.nights, found.news) == (nights, news)
    assert found.since == at(f"{since} 23:00")


def test_where_the_catalog_has_nothing_older_a_first_failure_is_new() -> None:
    found = notice(night(run(1, 20, "f"), history=History((), None, whole=True)))
    assert found.news is News.NEW


def test_a_run_that_began_just_before_the_period_belongs_to_it() -> None:
    found = notice(night(run(1, 20, "f", hour="21:50"), before=GOOD_BEFORE))
    assert (found.nights, found.news) == (1, News.NEW)


def test_a_failure_in_a_night_that_also_went_well_has_no_streak() -> None:
    jobs = [run(1, 20, hour="22:10"), run(2, 21, "f", hour="02:00")]
    found = notice(night(*jobs, before=BAD_BEFORE))
    assert (found.nights, found.news, found.since) == (0, News.NEW, at("21 02:00"))


def test_a_later_good_night_does_not_end_an_earlier_streak() -> None:
    """A Full that failed for three nights; an Incremental after it makes up for none of them."""
    jobs = [run(1, 18, "f", level="F"), run(2, 19, "f", level="F"), run(3, 20)]
    week = made_snapshot().period.__class__(at("18 22:00"), at("21 08:00"))
    found = notice(night(*jobs, before=[run(9, 16), run(8, 17, "f")], period=week))
    assert (found.nights, found.jobids, found.news) == (3, (1, 2), News.CONTINUING)


@pytest.mark.parametrize(
    ("jobs", "nights", "news"),
    [
        ([run(1, 17), run(2, 18, "f"), run(3, 19, "f"), run(4, 20, "f")], 3, News.CONTINUING),
        ([run(1, 17), run(2, 18), run(3, 19, "f"), run(4, 20, "f")], 2, News.CONTINUING),
        ([run(1, 17), run(2, 18), run(3, 19), run(4, 20, "f")], 1, News.NEW),
        # It did not run since.
        ([run(1, 17), run(2, 18, "f")], 1, News.NEW),
    ],
)
def test_what_has_lasted_for_nights_is_not_new_though_it_began_in_the_period(
    jobs: list[Job], nights: int, news: News
) -> None:
    week = made_snapshot().period.__class__(at("14 08:00"), at("21 08:00"))
    found = notice(night(*jobs, period=week))
    assert (found.nights, found.news) == (nights, news)


def test_a_run_that_claims_to_end_in_the_future_has_no_nights() -> None:
    due = at("29 05:00")
    odd = run(1, 20, "f", scheduled=due, started=due, ended=due, real_ended=None)
    found = notice(night(odd, logs={1: made_log()}, before=BAD_BEFORE))
    assert (found.cause, found.nights, found.since, found.news) == (
        Cause.DIRECTOR_RESTARTED, 0, None, None,
    )  # fmt: skip


# --- muted ------------------------------------------------------------------------------------


def test_a_muted_failure_stays_a_finding() -> None:
    policy = Policy(mutes=(Mute("known", date(2026, 12, 1), kind="failed", client="web01-fd"),))
    (found,) = findings(night(run(1, 20, "f")), policy)
    assert found.muted is not None
    assert found.muted.reason == "known"


# --- properties -------------------------------------------------------------------------------

JOBS = st.lists(
    st.tuples(
        st.integers(19, 20),
        st.sampled_from("TfEIAZ"),
        st.sampled_from(["web01-files", "web01-logs"]),
        st.sampled_from("BBBCRV"),
        st.sampled_from("FI"),
    ),
    max_size=8,
).map(
    lambda many: [
        run(n, day, status, name=name, type=kind, level=level)
        for n, (day, status, name, kind, level) in enumerate(many, 1)
    ]
)
LOGS = st.sampled_from([REFUSED, LOST, "dir JobId 1: Fatal error: ?", ""])


@given(JOBS, LOGS)
def test_every_failure_is_told_exactly_once(jobs: list[Job], log: str) -> None:
    found = assess(night(*jobs, log=log))
    told = [j for f in found.findings if f.kind in KINDS for n in f.notices for j in n.jobids]
    wrong = (Outcome.FAILED, Outcome.CANCELLED)
    assert sorted(told) == sorted(j.job.jobid for j in found.jobs if j.outcome in wrong)


@given(JOBS, LOGS)
def test_a_job_has_one_notice_for_each_cause(jobs: list[Job], log: str) -> None:
    told = [
        (n.kind, n.job, n.client, n.cause, by_id(jobs, n.jobids[0]).type)
        for f in findings(night(*jobs, log=log))
        for n in f.notices
    ]
    assert len(told) == len(set(told))


def by_id(jobs: Sequence[Job], jobid: int) -> Job:
    return next(job for job in jobs if job.jobid == jobid)


@given(JOBS, LOGS, st.sampled_from("TfA"))
def test_an_unrelated_job_changes_no_notice(jobs: list[Job], log: str, status: str) -> None:
    other = run(99, 20, status, name="other", client="other-fd")
    alone = [n for f in findings(night(*jobs, log=log)) for n in f.notices]
    together = [n for f in findings(night(*jobs, other, log=log)) for n in f.notices]
    assert all(one in together for one in alone)


@given(JOBS, LOGS)
def test_less_history_says_less_but_never_makes_a_streak_longer(jobs: list[Job], log: str) -> None:
    before = [run(90 - n, 19 - n, "f") for n in range(1, 6)]
    whole, part, none = (
        {n.jobids: n for f in findings(night(*jobs, log=log, history=past)) for n in f.notices}
        for past in (History(tuple(before), at("01 00:00"), True), History(tuple(before[:2])),
                     History())
    )  # fmt: skip
    assert whole.keys() == part.keys() == none.keys()
    for jobids in whole:
        assert none[jobids].nights <= part[jobids].nights <= whole[jobids].nights


@pytest.mark.parametrize("name", ["{0}", "{job}", "%s", "<b>", "한글 작업"])
def test_a_name_is_told_as_it_is(name: str) -> None:
    log = f"dir JobId 1: Fatal error: {{what}} %s {name}"
    found = notice(night(run(1, 20, "f", name=name, client=name), log=log))
    assert (
        str(found.sentence)
        == f'{name} on {name} failed: its log says "dir: Fatal error: {{what}} %s {name}".'
    )


def test_logs_are_read_by_their_job() -> None:
    logs: dict[int, JobLog] = {1: made_log(REFUSED, ENDED)}
    jobs = [run(1, 20, "f"), run(2, 20, "f", name="web01-logs")]
    causes = {n.job: n.cause for f in findings(night(*jobs, logs=logs)) for n in f.notices}
    assert causes == {"web01-files": Cause.CLIENT_UNREACHABLE, "web01-logs": Cause.UNKNOWN}


def test_times_are_moments() -> None:
    assert isinstance(notice(night(run(1, 20, "f"))).since, datetime)
