"""The past that judging needs: read where it costs little, and never at the night's expense."""

import re
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from app import collect
from app.bacula.model import Job
from app.demo import Baculum, Fault, FaultKind, Flavour, Night
from app.demo.night import CATALOG_TIME, Row
from app.logdesk import GIVE_UP_LOGS
from app.period import Mode
from app.policy import Policy
from app.snapshot import Filters, GapSource, Snapshot
from tests.integration.api.asking import (
    NO_OFFSET,
    NOW,
    SEOUL,
    WORKERS,
    a_failed_night,
    a_job,
    a_night,
    a_question,
    all_job_lists,
    gaps,
    job_lists,
    jobids,
    notes,
    paths,
    rewrite,
    snapshot_of,
    watch,
)
from tests.integration.api.test_paging import TENTH, a_catalog, small_pages

__all__ = ["small_pages"]  # a fixture

pytestmark = [
    pytest.mark.filterwarnings("error::ResourceWarning"),
    pytest.mark.filterwarnings("error::pytest.PytestUnraisableExceptionWarning"),
]

EVENING = datetime(2026, 11, 20, 22, 0, tzinfo=SEOUL)
"""When the period of production begins; the last ten hours of the catalog."""
BEGIN = EVENING - timedelta(days=35)


def last_night(**more: Any) -> Any:
    return a_question(mode=Mode.PRODUCTION, **more)


def history_of(snapshot: Snapshot) -> list[int]:
    return [job.jobid for job in snapshot.history.jobs]


def made_between(jobs: tuple[Job, ...], first: datetime, last: datetime) -> bool:
    return all(job.created is not None and first <= job.created < last for job in jobs)


# --- how far back ------------------------------------------------------------------------------


def expected_past(night: Night, snapshot: Snapshot, begin: datetime = BEGIN) -> list[int]:
    """All that was made since then and is not shown, newest first."""
    first = begin.astimezone(SEOUL).strftime(CATALOG_TIME)
    shown = set(jobids(snapshot))
    made = [row["jobid"] for row in night.jobs if row["schedtime"] >= first]
    return sorted(set(made) - shown, reverse=True)


@pytest.mark.parametrize("flavour", Flavour)
def test_every_server_tells_the_same_past(flavour: Flavour) -> None:
    """Fifty jobs a day: one longer page reaches back far enough."""
    night = a_catalog(3_000, 60.0)
    with Baculum(night, flavour) as baculum:
        snapshot = snapshot_of(baculum, last_night())
    past = snapshot.history
    assert history_of(snapshot) == expected_past(night, snapshot)
    assert len(past.jobs) == pytest.approx(35 * 50, abs=2)
    assert made_between(past.jobs, BEGIN, EVENING)
    assert (past.since, past.whole) == (BEGIN, False)
    assert (snapshot.gaps, snapshot.notes) == ((), ())
    assert len(job_lists(baculum)) == 4


@pytest.mark.parametrize("flavour", Flavour)
@pytest.mark.parametrize(("days", "whole"), [(30.0, True), (40.0, False)])
def test_never_may_be_said_only_of_a_catalog_that_is_known_to_its_end(
    flavour: Flavour, days: float, whole: bool
) -> None:
    """What is older than the look-back is not kept: then this is not all there is."""
    with Baculum(a_catalog(300, days), flavour) as baculum:
        snapshot = snapshot_of(baculum, last_night())
    assert (snapshot.history.since, snapshot.history.whole) == (BEGIN, whole)
    assert snapshot.history.jobs


def test_an_empty_catalog_is_known_to_its_end() -> None:
    with Baculum(a_night()) as baculum:
        snapshot = snapshot_of(baculum, last_night(zone=SEOUL))
    assert (snapshot.history.jobs, snapshot.history.whole) == ((), True)
    assert snapshot.history.since == BEGIN


@pytest.mark.parametrize("days", [0, 1, 90])
def test_the_policy_says_how_far_back(days: int) -> None:
    question = last_night(policy=Policy(look_back=timedelta(days=days)))
    night = a_catalog(1_200, 120.0)
    with Baculum(night) as baculum:
        snapshot = snapshot_of(baculum, question)
    begin = EVENING - timedelta(days=days)
    assert history_of(snapshot) == (expected_past(night, snapshot, begin) if days else [])
    since = EVENING - timedelta(days=days) if days else None
    assert snapshot.history.since == since
    assert [note for note in notes(snapshot) if "history" in note] == []


def test_filters_narrow_the_past_as_they_narrow_the_night() -> None:
    question = last_night(filters=Filters(jobs=("job-003",)))
    with Baculum(a_catalog(3_000, 60.0)) as baculum:
        snapshot = snapshot_of(baculum, question)
    assert {job.name for job in snapshot.history.jobs} == {"job-003"}
    assert len(snapshot.history.jobs) == pytest.approx(35 * 50 / 30, abs=1)


def test_every_type_and_outcome_is_history() -> None:
    letters = ["B", "R", "V", "D", "c", "C", "M"]
    rows = [a_job(jobid, ago=40, type=letter) for jobid, letter in enumerate(letters, 1)]
    rows += [a_job(8, ago=40, status="f"), a_job(9, ago=40, status="A")]
    with Baculum(a_night(*rows)) as baculum:
        snapshot = snapshot_of(baculum, last_night())
    assert history_of(snapshot) == [9, 8, 7, 6, 5, 4, 3, 2, 1]


# --- restores and verifies of long ago -----------------------------------------------------------


def proofs_of(snapshot: Snapshot) -> list[int]:
    return [job.jobid for job in snapshot.history.proofs]


@pytest.mark.parametrize("flavour", Flavour)
def test_restores_and_verifies_are_known_however_old(flavour: Flavour) -> None:
    """In a long catalog they are asked for by their type: the list is not read that far."""
    night = a_catalog(3_000, 60.0)
    night.add(a_job(1, "RestoreFiles", ago=24 * 200, type="R"))
    night.add(a_job(2, "VerifyFiles", ago=24 * 100, type="V", level="O"))
    with Baculum(night, flavour) as baculum:
        snapshot = snapshot_of(baculum, last_night())
    assert (proofs_of(snapshot), snapshot.history.proofs_whole) == ([2, 1], True)
    asked = [query for query in all_job_lists(baculum) if "type" in query]
    assert sorted(asked, key=lambda query: query["type"]) == [
        {"limit": "500", "type": "R"}, {"limit": "500", "type": "V"},
    ]  # fmt: skip


def test_in_a_short_catalog_they_are_on_the_first_page() -> None:
    rows = [a_job(1, "RestoreFiles", ago=24 * 200, type="R"), a_job(2, ago=24 * 100)]
    with Baculum(a_night(*rows, a_job(3))) as baculum:
        snapshot = snapshot_of(baculum, last_night())
    assert (proofs_of(snapshot), snapshot.history.proofs_whole) == ([1], True)
    assert not any("type" in query for query in all_job_lists(baculum))


def test_what_the_look_back_holds_is_no_older_proof() -> None:
    with Baculum(a_night(a_job(1, type="R", ago=24 * 20), a_job(2))) as baculum:
        snapshot = snapshot_of(baculum, last_night())
    assert (history_of(snapshot), proofs_of(snapshot)) == ([1], [])


def test_a_narrowed_report_asks_for_no_proofs() -> None:
    question = last_night(filters=Filters(jobs=("job-*",)))
    with Baculum(a_catalog(3_000, 60.0)) as baculum:
        snapshot = snapshot_of(baculum, question)
    assert not any("type" in query for query in all_job_lists(baculum))
    assert not snapshot.history.proofs_whole


@pytest.mark.parametrize("kind", [FaultKind.STATUS, FaultKind.WELCOME, FaultKind.BODY])
def test_without_them_less_is_known_and_nothing_is_wrong(kind: FaultKind) -> None:
    fault = Fault("type=R", kind, status=500, body={"output": {}, "error": 0})
    with Baculum(a_catalog(3_000, 60.0), faults=[fault]) as baculum:
        snapshot = snapshot_of(baculum, last_night())
    assert (snapshot.gaps, snapshot.notes, snapshot.history.proofs_whole) == ((), (), False)


def test_a_filter_that_is_ignored_tells_of_no_proofs(monkeypatch: pytest.MonkeyPatch) -> None:
    with Baculum(a_catalog(3_000, 60.0)) as baculum:
        watch(baculum, monkeypatch, lambda target: re.sub("&type=.", "", target))
        snapshot = snapshot_of(baculum, last_night())
    assert (proofs_of(snapshot), snapshot.history.proofs_whole) == ([], False)


def test_what_ran_after_a_past_period_is_no_past() -> None:
    rows = [a_job(1, ago=90), a_job(2, ago=50), a_job(3, ago=10)]
    question = a_question(start=NOW - timedelta(hours=60), end=NOW - timedelta(hours=40))
    with Baculum(a_night(*rows)) as baculum:
        snapshot = snapshot_of(baculum, question)
    assert (jobids(snapshot), history_of(snapshot)) == ([2], [1])


def test_a_job_that_lived_into_the_period_is_not_in_the_past_too() -> None:
    """Only its log tells that the Director took it down at eleven."""
    start = EVENING - timedelta(minutes=10)
    night = a_night()
    row = a_job(1, status="f", scheduled=start, started=start, ended=start, realended=None)
    night.add(row, [("2026-11-20 23:00:00", "d JobId 1: on")])
    with Baculum(night) as baculum:
        snapshot = snapshot_of(baculum, last_night())
    assert (jobids(snapshot), history_of(snapshot)) == ([1], [])


# --- what it may cost ----------------------------------------------------------------------------


@pytest.mark.usefixtures("small_pages")
@pytest.mark.parametrize("flavour", Flavour)
@pytest.mark.parametrize(("count", "pages"), [(150, [100]), (600, [100, 500])])
def test_nothing_more_is_asked_where_what_was_read_for_the_night_reaches_back_far_enough(
    flavour: Flavour, count: int, pages: list[int]
) -> None:
    night = a_catalog(count, 60.0 if count < 500 else 45.0)
    with Baculum(night, flavour) as baculum:
        snapshot = snapshot_of(baculum, last_night())
    assert [int(q["limit"]) for q in job_lists(baculum) if "jobstatus" not in q] == pages
    assert history_of(snapshot) == expected_past(night, snapshot)
    assert (snapshot.history.since, snapshot.history.whole) == (BEGIN, False)


@pytest.mark.usefixtures("small_pages")
@pytest.mark.parametrize("flavour", NO_OFFSET)
def test_without_offset_history_is_worth_one_longer_page_only(flavour: Flavour) -> None:
    """40 jobs a day: 1,000 rows reach 25 days back. Names are not asked for."""
    with Baculum(a_catalog(2_400, 60.0), flavour) as baculum:
        snapshot = snapshot_of(baculum, last_night())
    assert [int(q["limit"]) for q in job_lists(baculum) if "jobstatus" not in q] == [
        100, 500, 10_000 // TENTH,
    ]  # fmt: skip
    assert not any("name" in query for query in job_lists(baculum))
    assert_known_since_only(snapshot, jobs=1_000, reason="the server gives no longer list.")


@pytest.mark.usefixtures("small_pages")
def test_with_offset_it_goes_on_page_by_page() -> None:
    night = a_catalog(2_400, 60.0)
    with Baculum(night, Flavour.BACULUM_15) as baculum:
        snapshot = snapshot_of(baculum, last_night())
    assert history_of(snapshot) == expected_past(night, snapshot)
    assert snapshot.history.since == BEGIN
    assert [q["offset"] for q in job_lists(baculum) if "offset" in q] == ["95", "590", "1085"]


@pytest.mark.usefixtures("small_pages")
def test_so_many_rows_and_no_more_are_read_for_history(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(collect, "HISTORY_ROWS", 500)
    with Baculum(a_catalog(2_400, 60.0), Flavour.BACULUM_15) as baculum:
        snapshot = snapshot_of(baculum, last_night())
    reason = "more than 500 jobs are not read for it."
    assert_known_since_only(snapshot, jobs=595 + 495, reason=reason)


def assert_known_since_only(snapshot: Snapshot, *, jobs: int, reason: str) -> None:
    """The newest jobs only; everything since the oldest of them is known; a note says so."""
    past = snapshot.history
    assert len(snapshot.jobs) + len(past.jobs) == jobs
    assert past.since is not None
    assert past.since == past.jobs[-1].created
    assert not past.whole
    assert snapshot.gaps == ()
    since = f"{past.since.astimezone(SEOUL):%Y-%m-%d %H:%M}"
    told = [note for note in notes(snapshot) if note.startswith("history")]
    assert told == [f"history: Earlier jobs are known only since {since}: {reason}"]


@pytest.mark.usefixtures("small_pages")
def test_where_names_had_to_be_asked_their_lists_are_the_past() -> None:
    """A job that runs every quarter of an hour fills its list; all others are known to their end.

    Nothing is missing since the oldest row of the one list that was cut.
    """
    night = a_catalog(900, 60.0, names=20)
    night.jobs += [a_job(0, "busy", ago=quarter / 4 + 0.5) for quarter in range(2_500)]
    night.jobs.sort(key=lambda row: str(row["schedtime"]))
    night.job_names.append("busy")
    for jobid, row in enumerate(night.jobs, 1):
        row["jobid"] = jobid
    with Baculum(night, Flavour.BACULUM_13) as baculum:
        snapshot = snapshot_of(baculum)
    assert len({query["name"] for query in job_lists(baculum) if "name" in query}) == 21
    begin = NOW - timedelta(days=7 + 35)
    busy = [job for job in snapshot.history.jobs if job.name == "busy"]
    others = [job.jobid for job in snapshot.history.jobs if job.name != "busy"]
    expected = set(expected_past(night, snapshot, begin))
    assert set(others) == {
        row["jobid"] for row in night.jobs if row["name"] != "busy" and row["jobid"] in expected
    }
    assert snapshot.history.since == busy[-1].created
    assert busy[-1].created == NOW - timedelta(hours=1_999 / 4 + 0.5)
    assert not snapshot.history.whole
    assert (gaps(snapshot), len(notes(snapshot))) == ([], 2)


@pytest.mark.usefixtures("small_pages")
def test_where_every_name_is_known_to_its_end_so_is_the_catalog() -> None:
    with Baculum(a_catalog(900, 20.0), Flavour.BACULUM_13) as baculum:
        snapshot = snapshot_of(baculum)
    assert any("name" in query for query in job_lists(baculum))
    assert snapshot.history.whole
    assert len(snapshot.jobs) + len(snapshot.history.jobs) == 900


def test_jobs_picked_out_by_their_status_are_no_history() -> None:
    """Those that ended badly are asked for without limit; without the good ones they mislead."""
    night = a_catalog(1_300, 12.0)
    bad = [{**row, "jobstatus": "f"} for row in a_catalog(20, 40.0).jobs]
    night.jobs = [*bad[:10], *night.jobs]
    for jobid, row in enumerate(night.jobs, 1):
        row["jobid"] = jobid
    fault = Fault("offset", FaultKind.STATUS, status=500)
    with Baculum(night, faults=[fault]) as baculum:
        snapshot = snapshot_of(baculum, last_night())
    assert min(history_of(snapshot)) > 10
    assert snapshot.history.since == snapshot.history.jobs[-1].created


# --- what goes wrong -----------------------------------------------------------------------------

FAILING = [
    (Fault("offset=", FaultKind.STATUS, status=500), "broke down (HTTP 500)."),
    (Fault("offset=", FaultKind.STATUS, status=503), "behind it (HTTP 503)."),
    (Fault("offset=", FaultKind.ERROR, code=4), "cannot reach the Bacula Director."),
    (Fault("offset=", FaultKind.DROP), "before its answer was complete."),
    (Fault("offset=", FaultKind.HTML), "a web page instead of data."),
    (Fault("offset=", FaultKind.WELCOME), "(it answers with its welcome text)."),
    (Fault("offset=", FaultKind.BODY, body={"output": {}, "error": 0}), "the expected form."),
    (Fault("offset=", FaultKind.GARBAGE), "damaged or cut off."),
]


@pytest.mark.parametrize(("fault", "reason"), FAILING, ids=lambda value: str(value)[-30:])
@pytest.mark.parametrize("flavour", [Flavour.BACULUM_15, Flavour.BACULARIS_6])
def test_history_that_fails_is_a_note_and_the_night_is_whole(
    flavour: Flavour, fault: Fault, reason: str
) -> None:
    """The first page holds the night and twenty days before it."""
    with Baculum(a_catalog(3_000, 60.0), flavour, faults=[replace(fault)]) as baculum:
        snapshot = snapshot_of(baculum, last_night())
    assert (snapshot.gaps, snapshot.stopped) == ((), None)
    assert len(snapshot.jobs) + len(snapshot.history.jobs) == 1_000
    assert snapshot.history.since == snapshot.history.jobs[-1].created
    assert not snapshot.history.whole
    (told,) = notes(snapshot)
    assert re.match(r"history: Earlier jobs are known only since 2026-11-01 \d\d:\d\d: ", told)
    assert told.endswith(reason)


@pytest.mark.parametrize("flavour", Flavour)
def test_a_list_that_fails_within_the_night_is_a_gap_and_the_past_unknown(
    flavour: Flavour,
) -> None:
    fault = Fault("offset=", FaultKind.ERROR, code=4)
    with Baculum(a_catalog(3_000, 9.0), flavour, faults=[fault]) as baculum:
        snapshot = snapshot_of(baculum, last_night())
    assert [gap.source for gap in snapshot.gaps] == [GapSource.JOBS, GapSource.JOBS]
    assert snapshot.history.since == snapshot.history.jobs[-1].created
    told = next(note for note in notes(snapshot) if note.startswith("history"))
    assert told.endswith("cannot reach the Bacula Director.")


@pytest.mark.usefixtures("small_pages")
def test_rows_of_the_past_that_cannot_be_read_make_no_night_incomplete(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with Baculum(a_catalog(900, 120.0)) as baculum:
        rewrite(baculum, monkeypatch, "offset=", lambda rows: [None, *rows, "x"])
        snapshot = snapshot_of(baculum, last_night())
    assert snapshot.gaps == ()
    assert snapshot.history.since == BEGIN


def test_nothing_is_known_of_a_past_without_times() -> None:
    night = a_catalog(1_000, 1.0)
    nothing = dict.fromkeys(("schedtime", "starttime", "endtime", "realendtime"))
    night.jobs = [{**row, **nothing, "job": "x", "jobtdate": 0} for row in night.jobs]
    fault = Fault("offset=", FaultKind.STATUS, status=500)
    with Baculum(night, faults=[fault]) as baculum:
        snapshot = snapshot_of(baculum, last_night())
    assert snapshot.history.since is None
    assert "history: Nothing is known of the jobs before the period." in notes(snapshot)


@pytest.mark.usefixtures("small_pages")
def test_history_leaves_half_of_the_time_to_the_rest() -> None:
    """Each further page takes 0.4 s of 2 s."""
    slow = Fault(r"offset=\d{3}", FaultKind.SLOW, seconds=0.4)
    with Baculum(a_catalog(4_000, 36.0), faults=[slow]) as baculum:
        snapshot = snapshot_of(baculum, last_night(), deadline=2.0)
    assert slow.seen <= 4
    assert snapshot.gaps == ()
    told = next(note for note in notes(snapshot) if note.startswith("history"))
    assert told.endswith("the time for asking the API was needed for the rest.")


# --- the logs of successes -----------------------------------------------------------------------


def successes(*ago: float, **more: Any) -> list[Row]:
    return [a_job(jobid, ago=hours, **more) for jobid, hours in enumerate(ago, 1)]


def logs_asked(baculum: Baculum) -> list[int]:
    return [int(path.partition("/")[2]) for path in paths(baculum, "joblog")]


def test_successes_that_wrote_nothing_come_first_and_then_the_newest() -> None:
    rows = successes(*range(9, 0, -1), files=5, bytes=5)
    rows[1] |= {"jobfiles": 0}
    rows[4] |= {"jobbytes": 0}
    rows[6] |= {"jobstatus": "f"}
    question = last_night(policy=Policy(success_logs=4), workers=1)
    with Baculum(a_night(*rows)) as baculum:
        snapshot = snapshot_of(baculum, question, workers=1)
    assert logs_asked(baculum) == [7, 5, 2, 9, 8]
    assert sorted(snapshot.logs) == [2, 5, 7, 8, 9]
    reason = "no more than 4 are."
    assert notes(snapshot) == [
        f"logs of successes: The logs of 4 successful backups were not read: {reason}"
    ]


def test_only_successful_backups_of_the_period_are_meant() -> None:
    rows = [a_job(1), a_job(2, type="R"), a_job(3, type="V"), a_job(4, ago=100), a_job(5)]
    with Baculum(a_night(*rows)) as baculum:
        snapshot = snapshot_of(baculum, last_night())
    assert sorted(logs_asked(baculum)) == sorted(snapshot.logs) == [1, 5]
    assert notes(snapshot) == []


def test_of_a_success_only_what_accuses_is_kept() -> None:
    night = a_night()
    start = "2026-11-21 06:00:00"
    lines = [
        "d JobId 1: No prior or suitable Full backup found in catalog. Doing FULL backup.",
        "d JobId 1: Start Backup JobId 1",
        '     Could not stat "/srv/x": ERR=No such file or directory',
        "d JobId 1: Bacula d 9.6.7 (10Dec20):\n  Termination:            Backup OK",
    ]
    night.add(a_job(1), [(start, line) for line in lines])
    with Baculum(night) as baculum:
        log = snapshot_of(baculum, last_night()).logs[1]
    assert [cause.text.strip() for cause in log.causes] == [lines[2].strip()]
    assert log.termination == "Backup OK"
    assert len(log.head) == 1
    assert log.head[0].endswith("Doing FULL backup.")
    assert (log.tail, log.last, log.total, log.omitted) == ((), (), 5, 4)


FAILING_LOGS = [
    (Fault("/joblog", FaultKind.STATUS, status=500), 3 * 60),
    (Fault("/joblog", FaultKind.STATUS, status=503), 3 * 60),
    (Fault("/joblog", FaultKind.DROP), 3 * 60),
    (Fault("/joblog", FaultKind.HTML), 3 * 60),
    # What will not pass is tried once, and those under way are not the last.
    (Fault("/joblog", FaultKind.ERROR, code=4), GIVE_UP_LOGS + WORKERS),
    (Fault("/joblog", FaultKind.STATUS, status=401), GIVE_UP_LOGS + WORKERS),
]


@pytest.mark.parametrize(("fault", "most"), FAILING_LOGS, ids=str)
def test_logs_of_successes_that_fail_are_one_note(fault: Fault, most: int) -> None:
    """A dead server is not asked for all of them."""
    fresh = replace(fault)
    with Baculum(a_night(*successes(*[2.0] * 60)), faults=[fresh]) as baculum:
        snapshot = snapshot_of(baculum, last_night())
    assert snapshot.gaps == ()
    assert snapshot.logs == {}
    assert GIVE_UP_LOGS <= fresh.seen < most
    (told,) = notes(snapshot)
    assert told.startswith("logs of successes: The logs of 60 successful backups were not read: ")


def test_logs_that_were_pruned_do_not_end_the_others() -> None:
    pruned = Fault(r"/joblog/[1-4]?\d\?", FaultKind.ERROR, code=50)
    with Baculum(a_night(*successes(*[2.0] * 60)), faults=[pruned]) as baculum:
        snapshot = snapshot_of(baculum, last_night())
    assert sorted(snapshot.logs) == list(range(50, 61))


def test_successes_never_make_the_logs_of_failures_be_given_up() -> None:
    """All of theirs fail, and more than enough of them; every failure has its log."""
    night = a_failed_night(40)
    for row in successes(*[2.0] * 40):
        row["jobid"] += 100
        night.add(row)
    fault = Fault(r"/joblog/1\d\d", FaultKind.STATUS, status=500)
    with Baculum(night, faults=[fault]) as baculum:
        snapshot = snapshot_of(baculum, last_night())
    assert sorted(snapshot.logs) == list(range(1, 41))
    assert snapshot.gaps == ()


def test_where_failures_were_given_up_successes_are_not_asked() -> None:
    night = a_failed_night(40)
    for row in successes(*[2.0] * 40):
        row["jobid"] += 100
        night.add(row)
    fault = Fault("/joblog", FaultKind.STATUS, status=500)
    with Baculum(night, faults=[fault]) as baculum:
        snapshot = snapshot_of(baculum, last_night())
    assert [jobid for jobid in logs_asked(baculum) if jobid > 100] == []
    assert [gap.source for gap in snapshot.gaps] == [GapSource.JOB_LOGS]
    assert len(snapshot.gaps[0].jobids) == 40


def test_logs_of_successes_leave_a_third_of_the_time() -> None:
    """A hundred of 0.2 s each, four at a time, in two seconds: those of 1.4 s."""
    slow = Fault("/joblog", FaultKind.SLOW, seconds=0.2)
    with Baculum(a_night(*successes(*[2.0] * 100)), faults=[slow]) as baculum:
        snapshot = snapshot_of(baculum, last_night(), deadline=2.0, workers=4)
    assert 0 < len(snapshot.logs) == slow.seen <= 32
    assert snapshot.gaps == ()
    count = 100 - len(snapshot.logs)
    reason = "the time for asking the API was needed for the rest."
    assert notes(snapshot) == [
        f"logs of successes: The logs of {count} successful backups were not read: {reason}"
    ]


def test_none_are_read_where_none_are_wanted() -> None:
    with Baculum(a_night(*successes(2, 3), a_job(3, status="f"))) as baculum:
        snapshot = snapshot_of(baculum, last_night(policy=Policy(success_logs=0)))
    assert logs_asked(baculum) == [3]
    assert [note.source for note in snapshot.notes] == [GapSource.SUCCESS_LOGS]
