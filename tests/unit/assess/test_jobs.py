"""What became of one job, its headline and the reasons that are given."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.assess import JudgedJob
from app.assess.jobs import judge_job
from app.assess.model import Reason
from app.bacula.codes import OPEN_STATUS, WAITING_STATUS, Outcome
from app.bacula.joblog import JobLog, read_log
from app.bacula.model import Job
from app.i18n import msg
from app.snapshot import Gap, GapSource
from tests import rig
from tests.unit.bacula.test_model import recorded
from tests.unit.made import NOW, at, judged, live_job, made_job, made_log, made_snapshot, open_job

ROW = "web01-fd JobId 1: "
FATAL = f"{ROW}Fatal error: bsockcore.c:208 No route to host"
SUMMARY = f"{ROW}Bacula web01 9.6.7 (10Dec20):\n  Termination:   {{}}"
ENDED = SUMMARY.format("*** Backup Error ***")


def reasons(job: JudgedJob) -> list[str]:
    return [str(reason.text) for reason in job.reasons]


def of_recording(jobid: int, name: str) -> JudgedJob:
    job = recorded()[jobid]
    return judged(job, read_log(rig.output(name), verify=job.type == "V"), now=rig.RIG_NOW)


# --- outcomes ---------------------------------------------------------------------------------


def test_a_success_needs_no_reason_and_no_log() -> None:
    job = made_job()
    assert judged(job, made_log(FATAL)) == JudgedJob(job, Outcome.SUCCESS)


@pytest.mark.parametrize(
    ("catalog", "live", "expected"),
    [
        ("R", None, Outcome.RUNNING),
        ("R", "R", Outcome.RUNNING),
        ("R", "m", Outcome.WAITING),
        ("R", "S", Outcome.WAITING),
        ("C", None, Outcome.WAITING),
        ("C", "t", Outcome.WAITING),
        # The catalog's letter is older than the Director's word.
        ("C", "R", Outcome.RUNNING),
        ("C", "l", Outcome.RUNNING),
        # A letter that is none of an open job's says nothing better.
        ("R", "T", Outcome.RUNNING),
        ("R", "?", Outcome.UNKNOWN),
        ("C", "", Outcome.WAITING),
        ("Z", "R", Outcome.RUNNING),
        ("Z", None, Outcome.UNKNOWN),
    ],
)
def test_the_live_status_says_whether_an_open_job_runs_or_waits(
    catalog: str, live: str | None, expected: Outcome
) -> None:
    found = {1: live_job(1, live)} if live is not None else {}
    assert judged(open_job(status=catalog), live=found).outcome is expected


def test_a_success_is_a_copy_only_if_it_is_known_as_one() -> None:
    """Also what was done again names the job before it, and it is a backup that counts."""
    job = made_job(2, prior_jobid=1)
    assert judge_job(job, made_snapshot(job)).copy_of == 0
    assert judge_job(job, made_snapshot(job), {7}).copy_of == 0
    assert judge_job(job, made_snapshot(job), {2}).copy_of == 1


@given(st.sampled_from("TWeDfEIA"), st.sampled_from(sorted(OPEN_STATUS)))
def test_a_job_that_has_ended_does_not_run_whatever_the_live_status_says(
    catalog: str, live: str
) -> None:
    job = made_job(status=catalog)
    found = judged(job, live={1: live_job(1, live)})
    assert (found.outcome, found.live, found.since) == (job.outcome, None, None)


@pytest.mark.parametrize(
    ("started", "live", "expected"),
    [
        (None, True, at("20 22:30")),
        (at("20 23:00"), True, at("20 22:30")),
        (at("20 23:00"), False, at("20 23:00")),
        (None, False, at("20 22:00")),
    ],
)
def test_an_open_job_tells_since_when(started: object, live: bool, expected: object) -> None:
    job = open_job(started=started, created=at("20 22:00"))
    assert judged(job, live={1: live_job(1, "R")} if live else {}).since == expected


# --- headlines --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "headline"),
    [
        ("Fatal error: bsockcore.c:208 No route to host", "No route to host"),
        ("Fatal error: No space left", "No space left"),
        ("Error: Runscript: status=2", "Runscript: status=2"),
        ("Warning: Volume is full", "Volume is full"),
        ('     Could not stat "/a": ERR=No such file', 'Could not stat "/a": ERR=No such file'),
        (
            "Fatal error: Unable to authenticate. Possible causes:\nOne or",
            "Unable to authenticate.",
        ),
        ("Fatal error:", "Fatal error:"),
    ],
)
def test_a_headline_is_the_cause_without_what_only_a_programmer_needs(
    line: str, headline: str
) -> None:
    assert judged(made_job(status="f"), made_log(ROW + line, ENDED)).headline == headline


@pytest.mark.parametrize(
    ("job", "log", "headline"),
    [
        # What the log says of an incomplete job is more than that it is incomplete.
        (made_job(status="I"), made_log(FATAL), "No route to host"),
        (made_job(status="I", real_ended=None), made_log(FATAL), "No route to host"),
        (made_job(status="f"), made_log(ENDED), "Backup Error"),
        (made_job(errors=1), None, ""),
    ],
)
def test_a_headline_is_the_best_that_is_known(job: Job, log: JobLog | None, headline: str) -> None:
    assert judged(job, log).headline == headline


@pytest.mark.parametrize(
    ("jobid", "name", "headline"),
    [
        (3, "joblog_v1_3_warning",
         'Could not stat "/srv/data/nope/missing <conf> & "quoted" dir": '
         "ERR=No such file or directory"),
        (5, "joblog_v1_5_failed_client_unreachable",
         "Unable to connect to Client: dead01-fd on 127.0.0.1:9199. ERR=Connection refused"),
        (6, "joblog_v1_6_failed_client_auth",
         'Unable to authenticate with File daemon at "127.0.0.1:9112".'),
        (7, "joblog_v1_7_failed_runscript",
         "Runscript: ClientBeforeJob returned non-zero status=2. ERR=Child exited with code 2"),
        (8, "joblog_v1_8_failed_sd_unreachable",
         "Unable to connect to Storage daemon on 127.0.0.1:9198. ERR=Connection refused"),
        (24, "joblog_v1_24_error_E_copy_aborted",
         "The copy of job 4 was given up; its copy control job tells why."),
        (27, "joblog_v1_27_failed_fd_killed_midway",
         "Network error with FD during Backup: ERR=No data available"),
        (29, "joblog_v1_29_cancelled_running", "It was cancelled while it ran."),
        (31, "joblog_v1_31_verify_differences_D", "New file: /srv/data/web01/htdocs/new.html"),
        (32, "joblog_v1_32_orphan_future_endtime",
         "Its log has no summary: the Director was restarted or died during the job."),
        (34, "joblog_v1_34_cancelled_waiting", "It was cancelled before it began to run."),
        (47, "joblog_v1_47_orphan_running_director_restart",
         "Its log has no summary: the Director was restarted or died during the job."),
        (48, "joblog_v1_48_orphan_waiting_director_restart",
         "Its log has no summary: the Director was restarted or died during the job."),
    ],
)  # fmt: skip
def test_the_headline_of_a_recorded_job_says_what_happened(
    jobid: int, name: str, headline: str
) -> None:
    assert str(of_recording(jobid, name).headline) == headline


def test_a_copy_that_was_given_up_tells_that_its_log_is_the_originals() -> None:
    found = of_recording(24, "joblog_v1_24_error_E_copy_aborted")
    assert "The log below is that of the original job." in reasons(found)


def test_a_copy_with_a_log_of_its_own_does_not_say_otherwise() -> None:
    log = made_log("dir JobId 24: Fatal error: No Volume")
    found = judged(made_job(24, "E", type="C", prior_jobid=4), log)
    assert "The log below is that of the original job." not in reasons(found)


def test_a_copy_that_names_no_original_was_given_up_too() -> None:
    found = judged(made_job(24, "E", type="C"))
    assert reasons(found) == ["The copy was given up; its copy control job tells why."]


def test_the_directors_death_is_concluded_from_no_real_end_and_no_summary() -> None:
    killed = made_job(status="f", ended=at("20 23:00"), real_ended=None)
    died = "Its log has no summary: the Director was restarted or died during the job."
    assert reasons(judged(killed, made_log(FATAL))) == [died, FATAL.replace(" JobId 1", "")]
    assert died not in reasons(judged(killed, made_log(FATAL, ENDED)))
    assert died not in reasons(judged(made_job(status="f"), made_log(FATAL)))
    assert died not in reasons(judged(made_job(status="I", real_ended=None), made_log(FATAL)))
    # Without a log it is not known whether it had a summary.
    assert died not in reasons(judged(killed))


@pytest.mark.parametrize(
    ("changes", "log", "headline"),
    [
        ({"started": None}, None, "It was cancelled before it began to run."),
        ({"ended": at("20 23:00"), "real_ended": at("20 23:00"), "files": 0}, None,
         "It was cancelled before it began to run."),
        ({}, None, "It was cancelled while it ran."),
        # When a copy began is not known: it has the times of its original.
        ({"type": "C", "files": 0}, None, "It was cancelled before it began to run."),
        ({"type": "C", "files": 1}, None, "It was cancelled while it ran."),
        ({}, made_log(f"{ROW}Fatal error: Max run time exceeded. Job canceled."),
         "It was cancelled because it ran longer than it may."),
    ],
)  # fmt: skip
def test_a_cancelled_job_tells_when_it_was_cancelled(
    changes: dict[str, Any], log: JobLog | None, headline: str
) -> None:
    assert str(judged(made_job(status="A", **changes), log).headline) == headline


@pytest.mark.parametrize(
    ("letter", "description", "headline"),
    [
        ("S", 'is waiting on Storage "File1"', 'It waits for the Storage Daemon. "File1"'),
        ("t", "is waiting for its start time (23-Nov 05:00)",
         "It waits for its start time. (23-Nov 05:00)"),
        ("m", "is waiting for an appendable Volume",
         "It waits for a new Volume: somebody has to label or free one."),
        ("p", "is waiting for higher priority jobs to finish",
         "It waits for jobs of higher priority to finish."),
        ("", "is doing something new", "is doing something new"),
        ("", "", ""),
    ],
)  # fmt: skip
def test_a_waiting_job_tells_what_it_waits_for(
    letter: str, description: str, headline: str
) -> None:
    found = judged(open_job(status="C"), live={1: live_job(1, letter, description)})
    assert str(found.headline) == headline
    assert bool(found.reasons) is bool(headline)


@pytest.mark.parametrize("letter", sorted(WAITING_STATUS))
def test_every_waiting_letter_has_a_sentence(letter: str) -> None:
    found = judged(open_job(status="C"), live={1: live_job(1, letter)})
    assert str(found.headline).startswith("It ")


def test_an_open_job_that_the_director_does_not_list_is_doubted() -> None:
    doubt = "The catalog says it is open, but the Director does not list it."
    assert str(judged(open_job(), live={}).headline) == doubt
    assert reasons(judged(open_job(), live=None)) == []
    assert reasons(judged(open_job(), live={1: live_job(1, "R", "is running")})) == []


def test_a_success_of_which_nobody_knows_how_many_errors_it_had_is_none() -> None:
    found = judged(made_job(errors=None))
    assert found.outcome is Outcome.UNKNOWN
    assert str(found.headline) == "It has ended, but how many errors it had is not known."


@pytest.mark.parametrize("letter", ["Z", "", "{0}", "%s", "<b>"])
def test_an_unknown_letter_is_shown_and_asked_to_be_looked_at(letter: str) -> None:
    found = judged(made_job(status=letter), made_log(FATAL))
    assert found.outcome is Outcome.UNKNOWN
    assert str(found.headline) == f"Its status letter {letter!r} is not known; look at it."


def test_an_unknown_letter_of_the_director_is_the_one_that_is_shown() -> None:
    found = judged(open_job(status="R"), live={1: live_job(1, "?")})
    assert str(found.headline) == "Its status letter '?' is not known; look at it."


# --- reasons ----------------------------------------------------------------------------------


def test_the_causes_in_the_log_are_the_reasons_with_the_number_of_their_kind() -> None:
    unreadable = [f'{ROW}     Could not stat "/{n}": ERR=No such file' for n in range(50)]
    log = made_log(*unreadable, f"{ROW}Error: disk")
    found = judged(made_job(errors=51), log)
    assert found.reasons == tuple(Reason(cause.text, cause.alike) for cause in log.causes)
    assert max(reason.alike for reason in found.reasons) > 0


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        ("D", ["The Verify found differences."]),
        ("W", []),
        ("I", ["The job is incomplete: it stopped midway."]),
        ("f", []),
    ],
)
def test_what_a_letter_says_is_a_reason(status: str, expected: list[str]) -> None:
    assert reasons(judged(made_job(status=status, type="V"))) == expected


def test_a_log_that_could_not_be_had_is_a_reason() -> None:
    job = made_job(status="f")
    gaps = (
        Gap(GapSource.JOB_LOGS, msg("Another."), (2,)),
        Gap(GapSource.JOB_LOGS, msg("Time is up."), (1,)),
    )
    assert reasons(judged(job, gaps=gaps)) == ["Its log could not be had: Time is up."]


def test_an_empty_log_is_a_reason_unless_the_job_has_not_begun() -> None:
    assert "Its log is empty." in reasons(judged(made_job(status="f"), made_log()))
    assert reasons(judged(open_job(), made_log())) == []


def test_where_nothing_accuses_the_last_lines_are_the_reasons() -> None:
    log = made_log(*(f"{ROW}step {n}" for n in range(9)), ENDED)
    found = judged(made_job(status="f"), log)
    assert reasons(found) == [f"web01-fd: step {n}" for n in range(5, 9)]
    assert found.headline == "web01-fd: step 8"


def test_an_end_in_the_future_is_told() -> None:
    job = made_job(status="f", ended=at("23 05:00"), real_ended=None)
    told = "The end time that the catalog gives lies in the future."
    assert told in reasons(judged(job))
    assert told not in reasons(judged(made_job(status="f")))
    assert told not in reasons(judged(made_job(status="f", ended=NOW, real_ended=NOW)))


@given(
    st.builds(
        made_job,
        status=st.sampled_from([*"feEIAZ", ""]),
        type=st.sampled_from(list("BRVDCcMg")),
        started=st.sampled_from([None, at("20 23:00")]),
        ended=st.sampled_from([at("20 23:00"), at("23 05:00")]),
        real_ended=st.sampled_from([None, at("20 23:30")]),
    ),
    st.lists(st.sampled_from([FATAL, f"{ROW}Warning: w", f"{ROW}step", ENDED])),
)
def test_what_ended_badly_is_never_left_without_a_word(job: Job, rows: list[str]) -> None:
    """Neither if its log was had, nor if it was not."""
    if not set(rows) <= {ENDED}:
        assert str(judged(job, read_log(rows)).headline)
    gap = Gap(GapSource.JOB_LOGS, msg("Time is up."), (1,))
    assert str(judged(job, gaps=[gap]).headline)
