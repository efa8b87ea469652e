"""Why jobs fail, as their logs tell: real texts of Bacula's daemons, and what hides among them."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.assess.causes import MAX_EVIDENCE, MAX_QUOTED, Diagnosis, diagnose, duplicates
from app.assess.finding import Cause
from app.bacula.joblog import JobLog, read_log
from app.i18n import msg
from app.snapshot import Gap, GapSource
from tests import rig
from tests.unit.bacula.test_model import recorded
from tests.unit.made import at, judged, made_job, made_log, said_in_full

DIR, FD, SD = "dir JobId 1: ", "web01-fd JobId 1: ", "sd JobId 1: "
SUMMARY = "dir JobId 1: Error: Bacula dir 9.6.7 (10Dec20):\n  Termination:   {}"
ENDED = SUMMARY.format("*** Backup Error ***")
CANCELLED = SUMMARY.format("Backup Canceled")
NO_STATUS = f"{DIR}Fatal error: No Job status returned from FD."


def of_log(*rows: str, status: str = "f", cancelled_for: Any = None, **changes: Any) -> Diagnosis:
    job = made_job(1, status, name="web01-files", **changes)
    ended = CANCELLED if status == "A" else ENDED
    found = diagnose(judged(job, made_log(*rows, ended)), cancelled_for or {})
    said_in_full(found.what)
    said_in_full(found.action)
    return found


# --- the table ----------------------------------------------------------------------------------

TEXTS = [
    # The File Daemon is not reached.
    (f"{DIR}Fatal error: bsockcore.c:208 Unable to connect to Client: web01-fd on 10.0.0.1:9102. "
     "ERR=Connection refused", Cause.CLIENT_UNREACHABLE),
    (f"{DIR}Fatal error: bsock.c:133 Unable to connect to Client: web01-fd on web01:9102. "
     "ERR=Connection timed out", Cause.CLIENT_UNREACHABLE),
    (f"{DIR}Fatal error: bsockcore.c:208 Unable to connect to Client: web01-fd on web01:9102. "
     "ERR=Interrupted system call", Cause.CLIENT_UNREACHABLE),
    (f"{DIR}Fatal error: No response from Client", Cause.CLIENT_UNREACHABLE),
    # Passwords, names, TLS.
    (f'{DIR}Fatal error: Unable to authenticate with File daemon at "10.0.0.1:9102". Possible '
     "causes:\nPasswords or names not the same or\nMaximum Concurrent Jobs exceeded on the FD",
     Cause.AUTHENTICATION),
    (f"{FD}Fatal error: Authorization key rejected by Storage daemon.\nPlease see http://x for"
     " help.", Cause.AUTHENTICATION),
    (f"{DIR}Fatal error: TLS negotiation failed with FD at \"10.0.0.1:9102\".",
     Cause.AUTHENTICATION),
    (f'{DIR}Fatal error: Authorization problem: Remote server at "10.0.0.1:9102" did not advertise'
     " required TLS support.", Cause.AUTHENTICATION),
    (f"{DIR}Error: tls.c:84 CA certificate is self signed. With OpenSSL 1.1", Cause.AUTHENTICATION),
    (f"{DIR}Error: openssl.c:68 Connect failure: ERR=error:1416F086:SSL routines:"
     "tls_process_server_certificate:certificate verify failed", Cause.AUTHENTICATION),
    (f"{DIR}Warning: Unexpected Client Job message: 2999 Authentication failed.",
     Cause.AUTHENTICATION),
    # The Storage Daemon and its devices.
    (f"{DIR}Fatal error: bsockcore.c:208 Unable to connect to Storage daemon on 10.0.0.9:9103. "
     "ERR=Connection refused", Cause.STORAGE),
    (f"{FD}Fatal error: Failed to connect to Storage daemon: 10.0.0.9:9103", Cause.STORAGE),
    (f"{DIR}Fatal error: Bad response to Storage command: wanted 2000 OK storage\n, got 2902 Bad"
     " storage\n", Cause.STORAGE),
    (f'{DIR}Fatal error: \n     Storage daemon "File1" didn\'t accept Device "FileDev1" because:\n'
     '     3924 Device "FileDev1" not in SD Device resources or no matching Media Type.',
     Cause.STORAGE),
    (f'{SD}Fatal error: append.c:333 Write error on device "FileDev1" (/srv). ERR=Input/output '
     "error", Cause.STORAGE),
    (f'{SD}Error: block.c:318 Volume data error at 0:0! Wanted ID: "BB02", got "    ". Buffer'
     " discarded.", Cause.STORAGE),
    (f"{SD}Error: block_util.c:464 Volume data error at 3:0! Block checksum mismatch in block=7",
     Cause.STORAGE),
    (f'{SD}Fatal error: acquire.c:241 Could not open device "Tape" (/dev/nst0): ERR=dev.c:1 No'
     " such device or address", Cause.STORAGE),
    (f"{SD}Error: label.c:1156 Could not unserialize Volume label: ERR=x", Cause.STORAGE),
    (f'{SD}Fatal error: 3992 Bad autochanger "load slot 3, drive 0": ERR=Child exited with code 1',
     Cause.STORAGE),
    # No Volume.
    (f"{SD}Job web01.1 is waiting. Cannot find any appendable volumes.\nPlease use the \"label\""
     " command to create a new Volume for:\n    Storage:      \"T\" (/dev/nst0)\n"
     "    Pool:         Tape-Pool\n    Media type:   LTO-7", Cause.NO_VOLUME),
    (f'{SD}Fatal error: Max time exceeded waiting to mount Storage Device "T" (/dev/nst0) for Job'
     " web01.1", Cause.NO_VOLUME),
    (f'{SD}Please mount append Volume "T-7" or label a new one for:\n    Job: x', Cause.NO_VOLUME),
    # A full disk, wherever.
    (f'{SD}Error: block.c:255 Write error at 1:3043144704 on device "FileDev1" (/srv). ERR=No space'
     " left on device.", Cause.DISK_FULL),
    (f"{SD}Fatal error: spool.c:466 Error writing block to spool file. ERR=No space left on device",
     Cause.DISK_FULL),
    (f"{DIR}Fatal error: sql_create.c:860 Fill File table Query failed: ERROR:  could not extend "
     'file "base/1/2": No space left on device', Cause.DISK_FULL),
    # Scripts.
    (f"{FD}Error: Runscript: ClientBeforeJob returned non-zero status=3. ERR=Child exited with code"
     " 3", Cause.SCRIPT),
    (f"{DIR}Error: Runscript: BeforeJob returned non-zero status=1. ERR=Child exited with code 1",
     Cause.SCRIPT),
    (f"{DIR}Fatal error: Bad response to RunBeforeNow command: wanted 2000 OK RunBeforeNow\n, got"
     " 2905 Bad RunBeforeNow command.", Cause.SCRIPT),
    (f"{FD}Error: Runscript: ClientBeforeJob could not execute. ERR=No such file or directory",
     Cause.SCRIPT),
    # The catalog.
    (f"{DIR}Fatal error: Could not open Catalog \"MyCatalog\", database \"bacula\".",
     Cause.DATABASE),
    (f"{DIR}Fatal error: postgresql.c:285 Unable to connect to PostgreSQL server. Database=bacula",
     Cause.DATABASE),
    (f"{DIR}Error: Catalog error updating Media record. sql_update.c:444 Update failed",
     Cause.DATABASE),
    (f"{DIR}Fatal error: Attribute create error: ERR=sql_create.c:1245 Deadlock found",
     Cause.DATABASE),
    # The network, midway.
    (f"{DIR}Fatal error: Network error with FD during Backup: ERR=Connection reset by peer",
     Cause.NETWORK_LOST),
    (f"{FD}Error: bsock.c:388 Write error sending 65536 bytes to Storage daemon:10.0.0.9:9103:"
     " ERR=Broken pipe", Cause.NETWORK_LOST),
    (f"{SD}Fatal error: append.c:175 Error reading data header from FD. n=-2 msglen=0 ERR=No data"
     " available", Cause.NETWORK_LOST),
    (f"{FD}Fatal error: job.c:2004 Comm error with SD. bad response to Append Data. ERR=No data"
     " available", Cause.NETWORK_LOST),
    # Files.
    (f'{FD}Fatal error: Cannot open FileSet input file: "/etc/list": ERR=No such file or directory',
     Cause.FILES),
    (f'{FD}     Could not stat "/srv/data": ERR=Permission denied', Cause.FILES),
    # Limits and duplicates.
    (f"{DIR}Fatal error: Max run time exceeded. Job canceled.", Cause.CANCELLED_BY_LIMIT),
    (f"{DIR}Fatal error: JobId 7 already running. Duplicate job not allowed.",
     Cause.CANCELLED_AS_DUPLICATE),
    # Nothing that is known.
    (f"{DIR}Fatal error: The moon was full.", Cause.UNKNOWN),
]  # fmt: skip


@pytest.mark.parametrize(("row", "cause"), TEXTS, ids=[row[:70] for row, _ in TEXTS])
def test_a_line_tells_the_cause(row: str, cause: Cause) -> None:
    found = of_log(row)
    assert found.cause is cause
    assert found.evidence
    assert row.split(": ", 1)[1].split("\n", 1)[0].strip()[:60] in found.evidence[-1]


@pytest.mark.parametrize(("row", "cause"), TEXTS, ids=[row[:70] for row, _ in TEXTS])
def test_what_follows_from_a_cause_does_not_hide_it(row: str, cause: Cause) -> None:
    """A lost connection ends what else went wrong; only where nothing else did, it is the cause."""
    after = (
        f"{DIR}Fatal error: Network error with FD during Backup: ERR=No data available",
        NO_STATUS,
    )
    weaker = cause in (Cause.FILES, Cause.UNKNOWN) or row.startswith(
        (f"{SD}Job web01.1 is waiting", f"{SD}Please mount", f"{DIR}Error: Runscript",
         f"{FD}Error: Runscript", f"{DIR}Warning", f"{SD}Error: block", f"{SD}Error: label")
    )  # fmt: skip
    found = of_log(row, *after).cause
    if not weaker:
        assert found is cause
    if cause is Cause.UNKNOWN:
        assert found is Cause.NETWORK_LOST


@pytest.mark.parametrize(("row", "cause"), TEXTS, ids=[row[:70] for row, _ in TEXTS])
def test_a_file_that_is_called_like_a_failure_is_none(row: str, cause: Cause) -> None:
    text = row.split(": ", 1)[1].split("\n", 1)[0].replace('"', "")
    found = of_log(f'{FD}     Could not stat "/srv/{text}": ERR=No such file or directory')
    assert found.cause is Cause.FILES


@pytest.mark.parametrize("client", ["certificate-fd", "tls-fd", "spool-fd", "sql.c-fd"])
def test_a_daemon_that_is_called_like_a_failure_is_none(client: str) -> None:
    row = f"{client} JobId 1: Fatal error: Network error with SD: ERR=Broken pipe"
    assert of_log(row, client=client).cause is Cause.NETWORK_LOST


@pytest.mark.parametrize(
    ("rows", "cause"),
    [
        # A script that the job does not depend on, and then the network.
        ([f"{FD}Error: Runscript: ClientBeforeJob returned non-zero status=1. ERR=x",
          f"{DIR}Fatal error: Network error with FD during Backup: ERR=Connection reset by peer"],
         Cause.NETWORK_LOST),
        # The disk fills, and only then the daemons part.
        ([f"{DIR}Fatal error: Network error with FD during Backup: ERR=Broken pipe",
          f'{SD}Error: block.c:255 Write error at 1:3 on device "D" (/s). ERR=No space left on'
          " device."],
         Cause.DISK_FULL),
        # It had to wait for a Volume, got one, and failed otherwise.
        ([f"{SD}Job x is waiting. Cannot find any appendable volumes.",
          f"{DIR}Fatal error: Network error with FD during Backup: ERR=Broken pipe"],
         Cause.NETWORK_LOST),
        # An unreadable file fails no job.
        ([f'{FD}     Could not stat "/a": ERR=No such file or directory',
          f'{SD}Fatal error: append.c:333 Write error on device "D" (/s). ERR=Input/output error'],
         Cause.STORAGE),
        ([f"{FD}Fatal error: Authorization key rejected by Storage daemon.",
          f"{DIR}Fatal error: Bad response to Storage command: wanted 2000 OK storage\n, got 2902"],
         Cause.AUTHENTICATION),
        # The File Daemon went away while its script ran: the script did not fail.
        ([f"{DIR}Fatal error: Socket error on RunBeforeNow command: ERR=No data available",
          f'{DIR}Fatal error: Client "web01-fd" RunScript failed.'],
         Cause.NETWORK_LOST),
        # Of two that fail a job, the first.
        ([f"{DIR}Fatal error: bsock.c:1 Unable to connect to Client: a on b:1. ERR=x",
          f"{DIR}Fatal error: bsock.c:1 Unable to connect to Storage daemon on b:1. ERR=x"],
         Cause.CLIENT_UNREACHABLE),
        # The output of a script may say anything.
        ([f"{FD}ClientBeforeJob: No space left on device",
          f"{FD}ClientBeforeJob: Unable to connect to Client",
          f"{FD}Error: Runscript: ClientBeforeJob returned non-zero status=9. ERR=x"],
         Cause.SCRIPT),
    ],
)  # fmt: skip
def test_the_cause_is_told_from_its_consequences(rows: list[str], cause: Cause) -> None:
    assert of_log(*rows).cause is cause


@pytest.mark.parametrize(
    ("jobid", "name", "cause", "what"),
    [
        (5, "joblog_v1_5_failed_client_unreachable", Cause.CLIENT_UNREACHABLE,
         "its File Daemon cannot be reached (connection refused)"),
        (6, "joblog_v1_6_failed_client_auth", Cause.AUTHENTICATION,
         "its File Daemon refused the password"),
        (7, "joblog_v1_7_failed_runscript", Cause.SCRIPT,
         "the script ClientBeforeJob ended with exit code 2"),
        (8, "joblog_v1_8_failed_sd_unreachable", Cause.STORAGE,
         "the Storage Daemon at 127.0.0.1:9198 cannot be reached (connection refused)"),
        (24, "joblog_v1_24_error_E_copy_aborted", Cause.UNKNOWN,
         "the copy of job 4 was given up"),
        (27, "joblog_v1_27_failed_fd_killed_midway", Cause.NETWORK_LOST,
         "the network connection was lost (the other side broke it off)"),
        (29, "joblog_v1_29_cancelled_running", Cause.CANCELLED_BY_PERSON,
         "somebody did so while it ran, as far as its log tells"),
        (32, "joblog_v1_32_orphan_future_endtime", Cause.DIRECTOR_RESTARTED,
         "the Director was restarted or died while the job waited"),
        (34, "joblog_v1_34_cancelled_waiting", Cause.CANCELLED_BY_PERSON,
         "somebody did so before it began to run, as far as its log tells"),
        (47, "joblog_v1_47_orphan_running_director_restart", Cause.DIRECTOR_RESTARTED,
         "the Director was restarted or died while the job ran"),
        (48, "joblog_v1_48_orphan_waiting_director_restart", Cause.DIRECTOR_RESTARTED,
         "the Director was restarted or died while the job waited"),
    ],
)  # fmt: skip
def test_the_cause_of_a_recorded_failure(jobid: int, name: str, cause: Cause, what: str) -> None:
    job = judged(recorded()[jobid], read_log(rig.output(name)), now=rig.RIG_NOW)
    found = diagnose(job, {})
    assert (found.cause, str(found.what)) == (cause, what)


# --- what is told ---------------------------------------------------------------------------------


def test_a_script_is_named_with_its_exit_code_and_what_it_said_last() -> None:
    found = of_log(
        f'{FD}shell command: run ClientBeforeJob "/opt/erp/dump.sh --all"',
        f"{FD}ClientBeforeJob: one",
        f"{FD}ClientBeforeJob: two",
        f"{FD}ClientBeforeJob: three",
        f"{FD}Error: Runscript: ClientBeforeJob returned non-zero status=3. ERR=Child exited",
        f'{DIR}Fatal error: Client "web01-fd" RunScript failed.',
    )
    assert str(found.what) == "the script /opt/erp/dump.sh ended with exit code 3"
    assert found.detail == "3"
    assert found.evidence == (
        "web01-fd: ClientBeforeJob: two",
        "web01-fd: ClientBeforeJob: three",
        "web01-fd: Error: Runscript: ClientBeforeJob returned non-zero status=3. ERR=Child exited",
    )
    assert "by hand on web01-fd" in str(found.action)


@pytest.mark.parametrize("shell", ["/bin/sh", "/usr/bin/env", "C:\\Windows\\cmd.exe"])
def test_a_shell_is_not_the_script(shell: str) -> None:
    found = of_log(
        f'{FD}shell command: run ClientBeforeJob "{shell} -c secret"',
        f"{FD}Error: Runscript: ClientBeforeJob returned non-zero status=1. ERR=x",
    )
    assert str(found.what) == "the script ClientBeforeJob ended with exit code 1"


def test_a_script_of_the_director_is_looked_for_on_its_host() -> None:
    found = of_log(f"{DIR}Error: Runscript: BeforeJob returned non-zero status=1. ERR=x")
    assert "on the Director's host" in str(found.action)


@pytest.mark.parametrize(
    ("row", "detail", "words"),
    [
        (f'{SD}Error: b Write error at 1:3 on device "D1" (/s). ERR=No space left on device.',
         "D1", "the disk of device D1 is full"),
        (f"{SD}Fatal error: spool.c:4 Error writing block to spool file. ERR=No space left on"
         " device", "spool", "the spool directory of the Storage Daemon is full"),
        (f"{DIR}Fatal error: sql_create.c:8 Query failed: No space left on device", "catalog",
         "the disk of the catalog database is full"),
        (f"{FD}Fatal error: x No space left on device", "", "a disk of its Client is full"),
        (f"{DIR}Fatal error: x No space left on device", "", "a disk is full"),
        (f"{SD}Job x is waiting. Cannot find any appendable volumes.\n    Pool:         Tape-Pool\n"
         "    Media type:   LTO", "Tape-Pool", "Pool Tape-Pool had no Volume to write to"),
        (f"{SD}Fatal error: No appendable volume", "Full", "Pool Full had no Volume to write to"),
        (f"{FD}Fatal error: Failed to connect to Storage daemon: 10.0.0.9:9103", "10.0.0.9:9103",
         "its File Daemon cannot reach the Storage Daemon"),
        (f'{SD}Fatal error: Could not open device "D2" (/x): ERR=No such file or directory', "D2",
         "device D2 or its Volume had an error (no such file)"),
        (f"{DIR}Fatal error: TLS negotiation failed with FD", "TLS",
         "TLS or a certificate was refused"),
        (f'{DIR}Fatal error: Unable to authenticate with Storage daemon at "a:1".',
         "Storage Daemon", "the Storage Daemon refused the password"),
        (f"{DIR}Fatal error: Max run sched time exceeded. Job canceled.", "Max Run Sched Time",
         "it reached its time limit (Max Run Sched Time)"),
    ],
)  # fmt: skip
def test_what_the_cure_differs_by_is_told(row: str, detail: str, words: str) -> None:
    found = of_log(row)
    assert (found.detail, str(found.what)) == (detail, words)


@given(st.sampled_from([row for row, _ in TEXTS]))
def test_the_client_is_no_part_of_what_tells_groups_apart(row: str) -> None:
    assert "web01-fd" not in of_log(row).detail


def test_a_line_that_nobody_knows_is_quoted() -> None:
    found = of_log(f"{DIR}Fatal error: The moon was full.")
    assert str(found.what) == 'its log says "dir: Fatal error: The moon was full."'
    assert str(found.action) == (
        "Read the log of job 1: this program does not recognise the cause."
    )


def test_of_an_entry_of_several_lines_the_first_is_quoted() -> None:
    found = of_log(f"{DIR}Fatal error: The moon was full.\nAnd bright.\nAnd round.")
    assert str(found.what) == 'its log says "dir: Fatal error: The moon was full."'
    assert found.evidence == ("dir: Fatal error: The moon was full.",)
    long_one = of_log(f"{DIR}Fatal error: {'moon ' * 400}")
    assert len(str(long_one.what)) < MAX_QUOTED + 60


@pytest.mark.parametrize(
    ("log", "words"),
    [
        # Nothing accuses: the last line, or how it ended.
        (made_log(f"{DIR}Start Backup", f"{DIR}Then the moon rose."),
         'its log says "dir: Then the moon rose."'),
        (made_log(ENDED), 'its log says "*** Backup Error ***"'),
    ],
)  # fmt: skip
def test_a_log_that_accuses_nobody_is_quoted_with_its_end(log: JobLog, words: str) -> None:
    found = diagnose(judged(made_job(1, "f"), log), {})
    assert (found.cause, str(found.what)) == (Cause.UNKNOWN, words)


def test_a_reason_is_what_the_operating_system_said() -> None:
    """Not what a host is called."""
    found = of_log(
        f"{DIR}Fatal error: bsockcore.c:208 Unable to connect to Client: web01-fd on "
        "connection-refused:9102. ERR=No route to host"
    )
    assert str(found.what) == "its File Daemon cannot be reached (no route to it)"


def test_that_no_status_came_hides_no_later_cause() -> None:
    found = of_log(NO_STATUS, f"{DIR}Fatal error: No response from Client")
    assert found.cause is Cause.CLIENT_UNREACHABLE


def test_how_to_go_about_a_client_depends_on_what_refused_it() -> None:
    refused = f"{DIR}Fatal error: Unable to connect to Client: web01-fd on a:1. ERR={{}}"
    closed, away = (of_log(refused.format(why)) for why in ("Connection refused", "Timed out"))
    assert str(closed.action).startswith("Start the File Daemon on web01-fd (bacula-fd)")
    assert not str(away.action).startswith("Start the File Daemon")
    assert closed.detail == away.detail == ""


def test_evidence_is_short() -> None:
    found = of_log(f"{FD}Fatal error: Network error {'x' * 3_000}")
    assert all(len(line) < MAX_EVIDENCE + 20 and "\n" not in line for line in found.evidence)


# --- cancelled ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rows", "changes", "cause", "words"),
    [
        ([f"{DIR}Fatal error: Max run time exceeded. Job canceled."], {},
         Cause.CANCELLED_BY_LIMIT, "it reached its time limit (Max Run Time)"),
        ([f"{DIR}Fatal error: Max wait time exceeded. Job canceled."], {"started": None},
         Cause.CANCELLED_BY_LIMIT, "it reached its time limit (Max Wait Time)"),
        ([f"{DIR}Fatal error: Job canceled because max start delay time exceeded."], {},
         Cause.CANCELLED_BY_LIMIT, "it reached its time limit (Max Start Delay)"),
        ([f"{DIR}Fatal error: JobId 7 already running. Duplicate job not allowed."], {},
         Cause.CANCELLED_AS_DUPLICATE, "another run of it was under way (job 7)"),
        # What its end brings about is no cause.
        ([f"{DIR}Fatal error: Network error with FD during Backup: ERR=Interrupted system call",
          NO_STATUS], {},
         Cause.CANCELLED_BY_PERSON, "somebody did so while it ran, as far as its log tells"),
        ([f'{DIR}Fatal error: Client "web01-fd" RunScript failed.'], {},
         Cause.CANCELLED_BY_PERSON, "somebody did so while it ran, as far as its log tells"),
        ([], {"started": None, "files": 0},
         Cause.CANCELLED_BY_PERSON, "somebody did so before it began to run, as far as its log"
         " tells"),
        ([f"{SD}Job x is waiting. Cannot find any appendable volumes."], {},
         Cause.CANCELLED_BY_PERSON, "somebody did so while it waited for a Volume, as far as its"
         " log tells"),
    ],
)  # fmt: skip
def test_why_a_job_was_cancelled(
    rows: list[str], changes: dict[str, Any], cause: Cause, words: str
) -> None:
    found = of_log(*rows, status="A", **changes)
    assert (found.cause, str(found.what)) == (cause, words)
    assert found.evidence


def test_the_run_that_cancels_a_duplicate_tells_so_in_its_own_log() -> None:
    logs = {9: made_log("dir JobId 9: Cancelling duplicate JobId=1."), 8: made_log(ENDED)}
    assert duplicates(logs) == {1: 9}
    found = of_log(status="A", cancelled_for=duplicates(logs))
    assert found.cause is Cause.CANCELLED_AS_DUPLICATE
    assert str(found.what) == "another run of it was under way (job 9)"


def test_a_run_that_cancelled_another_did_not_fail_for_that() -> None:
    found = of_log(
        f"{DIR}Cancelling duplicate JobId=7.",
        f"{DIR}Fatal error: Network error with FD during Backup: ERR=Broken pipe",
    )
    assert found.cause is Cause.NETWORK_LOST


# --- without a log --------------------------------------------------------------------------------


@pytest.mark.parametrize("status", ["f", "E", "I", "A"])
@pytest.mark.parametrize("told", [True, False])
def test_a_log_that_could_not_be_had_is_said(status: str, told: bool) -> None:
    gaps = [Gap(GapSource.JOB_LOGS, msg("Time is up."), (1,))] if told else []
    found = diagnose(judged(made_job(1, status), gaps=gaps), {})
    assert found.cause is Cause.UNKNOWN
    assert str(found.what) == "its log could not be read"
    assert str(found.action) == "Read its log in bconsole: list joblog jobid=1"


def test_an_empty_log_is_said() -> None:
    found = diagnose(judged(made_job(1, "f"), made_log()), {})
    assert (found.cause, str(found.what)) == (Cause.UNKNOWN, "its log is empty")


def test_a_director_that_went_down_counts_more_than_what_it_broke() -> None:
    killed = made_job(1, "f", ended=at("20 23:00"), real_ended=None)
    log = made_log(f"{DIR}Fatal error: Network error with FD during Backup: ERR=No data available")
    found = diagnose(judged(killed, log), {})
    assert (found.cause, found.evidence) == (
        Cause.DIRECTOR_RESTARTED,
        ("dir: Fatal error: Network error with FD during Backup: ERR=No data available",),
    )
    ended = made_log(f"{DIR}Fatal error: Network error with FD: ERR=No data available", ENDED)
    assert diagnose(judged(killed, ended), {}).cause is Cause.NETWORK_LOST


def test_a_log_that_accuses_nobody_is_no_evidence() -> None:
    killed = made_job(1, "f", ended=at("20 23:00"), real_ended=None)
    log = made_log("sd JobId 1: Elapsed time=00:56:08, Transfer rate=31.07 M Bytes/second")
    found = diagnose(judged(killed, log), {})
    assert (found.cause, found.evidence) == (Cause.DIRECTOR_RESTARTED, ())


def test_a_copy_with_a_log_of_its_own_is_judged_by_it() -> None:
    log = made_log("sd JobId 24: Fatal error: No appendable volume", ENDED.replace("1:", "24:"))
    found = diagnose(judged(made_job(24, "E", type="C", prior_jobid=4), log), {})
    assert found.cause is Cause.NO_VOLUME


@given(
    st.sampled_from("fEIA"),
    st.sampled_from(list("BRVDCcMg")),
    st.lists(st.text(max_size=80) | st.sampled_from([row for row, _ in TEXTS]), max_size=5),
    st.booleans(),
)
def test_every_failure_has_a_cause_and_something_to_do(
    status: str, kind: str, rows: list[str], client: bool
) -> None:
    job = made_job(1, status, type=kind, client="web01-fd" if client else "")
    log: JobLog = read_log(rows)
    found = diagnose(judged(job, log), {})
    assert str(found.what)
    assert str(found.action)
