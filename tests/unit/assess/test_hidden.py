"""Jobs with warnings, successes whose log tells of errors, and what in a log is no error."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.assess.finding import Kind, Notice, Severity
from app.assess.findings import hidden
from app.bacula.joblog import JobLog, read_log
from app.bacula.model import Job
from tests import rig
from tests.unit.made import at, in_full, made_case, made_job, made_log, made_snapshot

ROW = "web01-fd JobId 1: "
UNREAD = 'Could not stat "/srv/{}": ERR=No such file or directory'
OTHER = "{} is a different filesystem. Will not descend from / into it."


def found(*lines: str, **changes: Any) -> list[Notice]:
    """What is told of a job with such a log."""
    return told({made_job(**changes): made_log(*(ROW + line for line in lines))})


def told(logs: dict[Job, JobLog]) -> list[Notice]:
    snapshot = made_snapshot(*logs, logs={job.jobid: log for job, log in logs.items()})
    return in_full(hidden.notices(made_case(snapshot)))


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        (f"     {UNREAD.format('a')}", "could not read 1 file: /srv/a."),
        (
            "     Could not stat /srv/old: ERR=Permission denied",
            "could not read 1 file: /srv/old.",
        ),
        (
            '     Could not open directory "/srv/d: x": ERR=Permission denied',
            "could not read 1 file: /srv/d: x.",
        ),
        (
            '     Cannot open "C:/Users/한글.txt": ERR=The process cannot access the file.',
            "could not read 1 file: C:/Users/한글.txt.",
        ),
        (
            '     Could not access "/mnt/nfs": ERR=Stale file handle',
            "could not read 1 file: /mnt/nfs.",
        ),
        (
            'Warning: Could not read "/etc/x": ERR=Input/output error',
            "could not read 1 file: /etc/x.",
        ),
        ("     Could not stat something", "could not read 1 file."),
        ("Error: Read error on /srv/a", "its log tells of 1 error."),
        ("Fatal error: No space", "its log tells of 1 error."),
        ("     xattr: Permission denied", "its log tells of 1 error."),
    ],
)  # fmt: skip
def test_a_success_with_an_error_in_its_log_is_told(line: str, sentence: str) -> None:
    (notice,) = found(line)
    assert (notice.kind, notice.severity) == (Kind.HIDDEN_ERRORS, Severity.WARNING)
    assert str(notice.sentence) == f"job-1 on web01-fd succeeded, but {sentence}"
    assert notice.evidence == (f"web01-fd: {line.strip()}",)
    assert (notice.client, notice.job, notice.jobids) == ("web01-fd", "job-1", (1,))
    assert (notice.since, notice.detail) == (at("20 23:00"), "")
    assert notice.action is not None


@pytest.mark.parametrize(
    "line",
    [
        "Start Backup JobId 1",
        "Warning: bsockcore.c:201 Could not connect to Client: web01-fd. ERR=Connection refused",
        "Warning: DIR and FD clocks differ by 61 seconds, FD automatically compensating.",
        "Warning: TLS negotiation failed, trying again.",
        'Warning: For Volume "A": The number of files mismatch! Volume=1 Catalog=0',
        "Job x is waiting. Cannot find any appendable volumes.\nPlease use the \"label\" command",
        'Please mount append Volume "A" or label a new one for:',
        "Intervention needed",
        "     Recursion turned off. Will not descend from / into /srv/x",
        "     Disallowed filesystem. Will not descend from / into /srv/iso",
        f"     {OTHER.format('/proc')}",
        f"     {OTHER.format('/run/user/1000')}",
        f"     {OTHER.format('/var/lib/docker/overlay2/abc/merged')}",
        "ClientRunBeforeJob: connection refused",
    ],
)  # fmt: skip
def test_what_is_ordinary_in_the_log_of_a_success_is_not_told(line: str) -> None:
    assert found(line) == []


@pytest.mark.parametrize(
    ("changes", "count"),
    [
        ({}, 1),
        ({"type": "R"}, 1),
        ({"type": "C", "prior_jobid": 9}, 1),
        ({"errors": 1}, 1),
        ({"status": "W"}, 1),
        # Other findings tell of these.
        ({"status": "f"}, 0),
        ({"status": "A"}, 0),
        ({"status": "R", "ended": None, "real_ended": None}, 0),
        ({"status": "Z"}, 0),
    ],
)
def test_what_is_over_and_did_not_fail_is_looked_at(changes: dict[str, Any], count: int) -> None:
    assert len(found(UNREAD.format("a"), **changes)) == count


def test_of_a_success_whose_log_was_not_had_nothing_is_said() -> None:
    assert list(hidden.notices(made_case(made_snapshot(made_job())))) == []
    assert found() == []


def test_all_files_are_counted_though_few_are_shown() -> None:
    (notice,) = found(*(f"     {UNREAD.format(n)}" for n in range(40)))
    assert str(notice.sentence) == (
        "job-1 on web01-fd succeeded, but could not read 40 files, the first of them /srv/0."
    )
    assert len(notice.evidence) == hidden.LINES


def test_errors_among_unreadable_files_are_counted_as_errors() -> None:
    (notice,) = found(f"     {UNREAD.format('a')}", "Error: Something broke")
    assert str(notice.sentence) == "job-1 on web01-fd succeeded, but its log tells of 2 errors."


def test_directories_on_other_file_systems_are_told_as_information() -> None:
    (notice,) = found(*(f"     {OTHER.format(path)}" for path in ("/sys", "/srv/b", "/home")))
    assert (notice.kind, notice.severity) == (Kind.HIDDEN_ERRORS, Severity.INFO)
    assert (
        str(notice.sentence)
        == "job-1 on web01-fd left out what lies on other file systems: /home, /srv/b."
    )
    assert notice.detail == hidden.OTHER_FILE_SYSTEM
    assert notice.since == at("20 23:00")
    assert len(notice.evidence) == 2


def test_a_long_path_is_cut() -> None:
    (notice,) = found(f"     {UNREAD.format('a' * 500)}")
    assert "a" * (hidden.LONGEST - 20) in str(notice.sentence)
    assert "a" * hidden.LONGEST not in str(notice.sentence)


def test_a_job_without_trouble_hides_none_with_it() -> None:
    (notice,) = told({made_job(1): made_log(), made_job(2): made_log(ROW + UNREAD.format("a"))})
    assert notice.job == "job-2"


def test_beside_an_error_other_file_systems_are_not_worth_a_word() -> None:
    (notice,) = found(f"     {OTHER.format('/home')}", f"     {UNREAD.format('a')}")
    assert notice.severity is Severity.WARNING
    assert notice.evidence == (f"web01-fd: {UNREAD.format('a')}",)


def test_neither_are_they_beside_an_error_in_another_run() -> None:
    one, other = made_job(1, name="hourly"), made_job(2, name="hourly")
    (notice,) = told(
        {
            one: made_log(ROW + UNREAD.format("a")),
            other: made_log(f"{ROW}     {OTHER.format('/home')}"),
        }
    )
    assert notice.severity is Severity.WARNING


def test_several_runs_of_a_job_are_one_notice_of_the_newest() -> None:
    one = made_job(1, name="hourly")
    other = made_job(2, name="hourly", started=at("21 02:00"))
    clean = made_job(3, name="hourly")
    (notice,) = told(
        {
            other: made_log(ROW + UNREAD.format("b"), ROW + UNREAD.format("c")),
            one: made_log(ROW + UNREAD.format("a")),
            clean: made_log(),
        }
    )
    assert str(notice.sentence).endswith("2 files, the first of them /srv/b.")
    assert (notice.jobids, notice.since) == ((2, 1), at("21 02:00"))


def test_jobs_of_one_name_on_two_clients_are_two() -> None:
    log = made_log(ROW + UNREAD.format("a"))
    notices = told({made_job(1, name="home"): log, made_job(2, name="home", client="db01-fd"): log})
    assert [notice.client for notice in notices] == ["web01-fd", "db01-fd"]


A, B, WORD = f"     {UNREAD.format('a')}", f"     {UNREAD.format('b')}", "Warning: Clocks differ."
ERRORS = "Read the log of the job and put right what it complains of."
FILES = "Make these files readable, or leave them out of the FileSet."


@pytest.mark.parametrize(
    ("lines", "changes", "sentence", "action"),
    [
        ([A], {"errors": 1}, "ended with warnings: 1 file could not be read, /srv/a.", FILES),
        ([A, B], {"errors": 9},
         "ended with warnings: 2 files could not be read, the first of them /srv/a.", FILES),
        (["     Could not stat it"], {"errors": 1},
         "ended with warnings: 1 file could not be read.", FILES),
        ([A, "Error: Broken"], {"errors": 2},
         "ended with warnings: its log tells of 2 errors.", ERRORS),
        (["Error: Broken"], {"status": "W"},
         "ended with warnings: its log tells of 1 error.", ERRORS),
        # Nothing in the log, or nothing that is an error.
        ([], {"errors": 1}, "ended with 1 error; its log does not say which.", ERRORS),
        (["Start Backup"], {"errors": 12}, "ended with 12 errors; its log does not say which.",
         ERRORS),
        ([f"     {OTHER.format('/home')}"], {"errors": 12},
         "ended with 12 errors; its log does not say which.", ERRORS),
        ([WORD], {"errors": 12}, "ended with warnings.", ERRORS),
        ([], {"status": "W"}, "ended with warnings.", ERRORS),
        ([], {"status": "e", "errors": None}, "ended with warnings.", ERRORS),
        ([], {"errors": -1}, "ended with warnings.", ERRORS),
        ([A], {"type": "V", "errors": 1},
         "ended with warnings: 1 file could not be read, /srv/a.", FILES),
    ],
)  # fmt: skip
def test_a_job_that_ended_with_warnings_is_told(
    lines: list[str], changes: dict[str, Any], sentence: str, action: str
) -> None:
    (notice,) = found(*lines, **changes)
    assert (notice.kind, notice.severity) == (Kind.HIDDEN_ERRORS, Severity.WARNING)
    assert str(notice.sentence) == f"job-1 on web01-fd {sentence}"
    assert str(notice.action) == action
    assert (notice.jobids, notice.since, notice.detail) == ((1,), at("20 23:00"), "")


def test_what_a_job_with_warnings_complains_of_is_evidence() -> None:
    assert found(WORD, errors=1)[0].evidence == (f"web01-fd: {WORD}",)
    assert found(WORD, A, errors=1)[0].evidence == (f"web01-fd: {A.strip()}",)


@pytest.mark.parametrize("logs", [{}, {1: made_log(ROW + "Start Verify")}])
def test_a_job_with_warnings_is_told_whatever_its_log_says(logs: dict[int, JobLog]) -> None:
    case = made_case(made_snapshot(made_job(1, errors=2), logs=logs))
    assert [notice.jobids for notice in hidden.notices(case)] == [(1,)]


def test_where_the_log_was_not_had_it_is_not_said_what_it_says() -> None:
    (notice,) = hidden.notices(made_case(made_snapshot(made_job(errors=2))))
    assert str(notice.sentence) == "job-1 on web01-fd ended with 2 errors; its log was not read."


def test_a_verify_with_differences_is_told_apart() -> None:
    lines = (ROW + "New file: /srv/hr/list", ROW + "Error: Broken")
    (notice,) = told({made_job(type="V", status="D"): made_log(*lines, verify=True)})
    assert str(notice.sentence) == "The Verify job-1 on web01-fd found differences."
    assert notice.detail == hidden.DIFFERENCES
    assert "what differs" in str(notice.action)
    assert set(notice.evidence) == {"web01-fd: New file: /srv/hr/list", "web01-fd: Error: Broken"}


def test_the_newest_run_speaks_for_those_with_warnings_too() -> None:
    logs = {
        made_job(1, name="hourly", errors=1): made_log(ROW + A),
        made_job(2, name="hourly"): made_log(ROW + B),
    }
    (notice,) = told(logs)
    assert "succeeded, but could not read 1 file: /srv/b" in str(notice.sentence)
    assert notice.jobids == (2, 1)


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        (
            "joblog_v1_3_warning",
            'job-1 on web01-fd succeeded, but could not read 2 files, the first of them '
            '/srv/data/nope/missing <conf> & "quoted" dir.',
        ),
        ("joblog_v1_1_success_full", None),
        ("joblog_v1_10_empty_incr", None),
        ("joblog_v1_11_success_incr", None),
        ("joblog_v1_15_success_diff", None),
        ("joblog_v1_19_copied_job", None),
        ("joblog_v1_25_verify_ok", None),
        ("joblog_v1_26_restore_ok", None),
        ("joblog_v1_39_zero_files", None),
    ],
)  # fmt: skip
def test_the_logs_of_recorded_successes(name: str, sentence: str | None) -> None:
    notices = told({made_job(): read_log(rig.output(name))})
    assert [str(notice.sentence) for notice in notices] == ([sentence] if sentence else [])


@given(st.lists(st.text(), max_size=5))
def test_no_log_is_too_strange(rows: list[str]) -> None:
    """Whatever it says, there is at most one notice, with one line of a sentence."""
    notices = found(*rows)
    assert len(notices) <= 1
    for notice in notices:
        assert "\n" not in str(notice.sentence)
        assert notice.evidence
