"""A log is repaired, cleaned, ordered and searched for causes; whatever it holds."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.bacula.joblog import (
    ALIKE,
    FULL_CHARS,
    FULL_HEAD,
    FULL_TAIL,
    LAST,
    MAX_CAUSES,
    MAX_ENTRY_LINES,
    MAX_LINE,
    JobLog,
    Severity,
    clean,
    clean_line,
    cut,
    parse_entry,
    read_log,
    repair,
)
from tests import rig

HANGUL = st.text(st.characters(min_codepoint=0xAC00, max_codepoint=0xD7A3), min_size=1)
ASCII = st.text(st.characters(max_codepoint=0x7F))
# Every kind of character, half surrogate pairs too.
ANYTHING = st.text(st.characters() | st.characters(categories=["Cs", "Cc", "Cf"]))
PIECES = st.sampled_from(
    [
        "2026-11-21 02:54:43 ", "2026-11-20 23:00:00 ", "2026-99-99 99:99:99 ", "rig-dir JobId 3: ",
        "web01-fd JobId 99999999999999999999999: ", "Fatal error: ", "Error: ", "Warning: ",
        "Security alert: ", "     Could not stat ", '"/srv/data/a b"', "ClientRunBeforeJob: ", "\n",
        "Bacula rig-dir 9.6.7 (10Dec20):", "  Termination:            Backup OK", "New file: /a",
        "\r", "\x1b[31m", "\x1b]0;", "\u202e", "\ud800", "\xed\x95\x9c", "x" * 3000, "",
    ]
)  # fmt: skip
ROWS = st.lists(
    ANYTHING | st.lists(PIECES, max_size=6).map("".join) | st.lists(PIECES | ANYTHING).map("".join)
)

SUMMARY = "rig-dir JobId 3: Bacula rig-dir 9.6.7 (10Dec20):\n  JobId: 3\n  Termination:      {}"
FAILED = "rig-dir JobId 3: Fatal error: No space left on the storage"


def doubly_encoded(text: str | bytes) -> str:
    """As Baculum sends it: UTF-8 bytes taken for Latin-1."""
    raw = text.encode() if isinstance(text, str) else text
    return raw.decode("latin-1")


def kept_and_alike(log: JobLog) -> int:
    return sum(1 + cause.alike for cause in log.causes)


# --- repair -----------------------------------------------------------------------------------


@given(st.lists(HANGUL | ASCII).map("".join))
def test_korean_that_was_encoded_twice_is_read_again(text: str) -> None:
    assert repair(doubly_encoded(text)) == text


@given(st.lists(HANGUL | ASCII).map("".join))
def test_text_that_was_encoded_once_stays(text: str) -> None:
    assert repair(text) == text


@given(st.lists(HANGUL | ASCII).map("".join))
def test_repairing_twice_changes_nothing_more(text: str) -> None:
    once = repair(doubly_encoded(text))
    assert repair(once) == once


@pytest.mark.parametrize(
    ("given_row", "expected"),
    [
        ("", ""),
        # Invalid bytes in a file name do not spoil their neighbours.
        (doubly_encoded(b"/\xed\x95\x9c\xff\xea\xb8\x80/a"), "/한\ufffd글/a"),
        (doubly_encoded("/한글/".encode() + b"\xc7\xd1" + " 없음".encode()), "/한글/\xc7\xd1 없음"),
        # Cut between the bytes of a character, as script output is after 500 of them.
        (doubly_encoded("한글".encode()[:-1]), "한\ufffd"),
        # Latin-1 that is no UTF-8 was never encoded twice.
        ("caf\xe9 M\xfcnchen \xb0C", "caf\xe9 M\xfcnchen \xb0C"),
        ("\xe9\xe8\xea", "\xe9\xe8\xea"),
        # One row may hold both kinds, and the server's own replacement characters.
        ("글 \ufffd " + doubly_encoded("한"), "글 \ufffd 한"),
        (doubly_encoded("é Ü 日本 😀 – €"), "é Ü 日本 😀 – €"),
        ("\ud800" + doubly_encoded("한"), "\ud800한"),
    ],
)
def test_a_row_is_repaired_piece_by_piece(given_row: str, expected: str) -> None:
    assert repair(given_row) == expected


@pytest.mark.parametrize(
    ("server", "name"),
    [
        ("baculum-15.0", "joblog_v1_4_warning_korean"),
        ("baculum-13.0", "baculum13_joblog_4"),
        ("baculum-11.0", "baculum11_joblog_4"),
        ("baculum-9.6", "baculum96_joblog_4"),
        ("bacularis-6.3", "bacularis_joblog_4"),
    ],
)
def test_the_recorded_korean_log_is_readable_on_every_server(server: str, name: str) -> None:
    headline = read_log(rig.output(name, server)).headline
    assert headline == (
        'web01-fd: Could not stat "/srv/data/존재하지 않는 <폴더> & "인용"": '
        "ERR=No such file or directory"
    )


# --- clean ------------------------------------------------------------------------------------


@given(ANYTHING | st.lists(PIECES | ANYTHING).map("".join))
def test_nothing_unsafe_is_left(text: str) -> None:
    """No control, direction-changing or invisible character, and always writable as UTF-8."""
    cleaned = clean(text)
    cleaned.encode()
    assert not [c for c in cleaned if unicodedata.category(c) in ("Cc", "Cs") and c not in "\n\t"]
    assert not set(cleaned) & set(
        "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200b\u200c\u200d\u200e\u200f"
        "\u2028\u2029\u2060\ufeff\u061c\xad"
    )
    assert clean(cleaned) == cleaned


@given(st.text(st.characters(categories=["L", "N", "P", "S", "Zs"])))
def test_what_can_be_seen_is_kept(text: str) -> None:
    assert clean(text) == text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("\x1b[1;31mred\x1b[0m", "red"),
        ("\x1b[38;2;1;2;3m#\x1b[K", "#"),
        ("\x1b]0;title\x07after", "after"),
        ("\x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\", "link"),
        ("\x1b(B\x1b[mreset\x1b7\x1b8\x1b=\x1bc", "reset"),
        ("red\x1b[", "red"),
        # A command that is never closed does not swallow what follows it.
        ("\x1b]0;Fatal error: it broke\nnext", "0;Fatal error: it broke\nnext"),
        ("a\r\nb\rc\n", "a\nb\nc\n"),
        ("10%\r50%\r100%", "10%\n50%\n100%"),
        ("a\tb", "a\tb"),
        ("\x00\x08\x0b\x0c\x7f\x85\x9b", ""),
        ("gpj.\u202egpj.exe", "gpj.gpj.exe"),
        ("a\u200bd\u2066m\u2069in", "admin"),
        ("\ud83d\ude00 \udc80", "\ufffd\ufffd \ufffd"),
        ("한글 <b>&amp;</b> {x} %s", "한글 <b>&amp;</b> {x} %s"),
    ],
)
def test_control_sequences_go_and_the_text_stays(text: str, expected: str) -> None:
    assert clean(text) == expected


@given(ANYTHING)
def test_a_name_is_one_line_without_blanks_at_its_ends(text: str) -> None:
    line = clean_line(text)
    assert line == line.strip()
    assert not {"\n", "\t", "\r"} & set(line)
    assert clean_line(line) == line


# --- rows -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("row", "stamp", "daemon", "jobid", "text"),
    [
        ("rig-dir JobId 3: Start", "", "rig-dir", 3, "Start"),
        ("2026-11-21 03:00:34 rig-dir JobId 47: Start", "2026-11-21 03:00:34", "rig-dir", 47,
         "Start"),
        ("2026-11-21 03:00:34.123456 rig-dir JobId 47: Start", "2026-11-21 03:00:34", "rig-dir", 47,
         "Start"),
        ("2026-11-21 03:00:34 no header", "2026-11-21 03:00:34", "", None, "no header"),
        ("web01-fd JobId 3:      Could not stat", "", "web01-fd", 3, "Could not stat"),
        ("", "", "", None, ""),
        # An empty row has a time all the same, by which it is sorted.
        ("2026-11-21 03:00:34", "2026-11-21 03:00:34", "", None, ""),
    ],
)  # fmt: skip
def test_a_row_tells_its_time_its_daemon_and_its_job(
    row: str, stamp: str, daemon: str, jobid: int | None, text: str
) -> None:
    entry = parse_entry(row)
    assert (entry.stamp, entry.daemon, entry.jobid, entry.text) == (stamp, daemon, jobid, text)


@pytest.mark.parametrize(
    ("text", "severity"),
    [
        ("Fatal error: Network error with FD", Severity.FATAL),
        ("FATAL ERROR: upper case", Severity.FATAL),
        ("Error: Watchdog sending kill", Severity.ERROR),
        ("Security Alert: bad hello", Severity.ERROR),
        ("Warning: For Volume", Severity.WARNING),
        ('Could not stat "/a": ERR=No such file', Severity.ACCUSING),
        ('Cannot open "/a": ERR=Permission denied.', Severity.ACCUSING),
        ("Job x is waiting. Cannot find any appendable volumes.", Severity.ACCUSING),
        ('Please use the "label" command to create a new Volume', Severity.ACCUSING),
        ("Please mount append Volume", Severity.ACCUSING),
        ("Max run time exceeded. Job canceled.", Severity.ACCUSING),
        ("ClientRunBeforeJob: mysqldump: connection refused", Severity.ACCUSING),
        ("ClientRunBeforeJob: dumping", Severity.OUTPUT),
        ("AfterJob: done", Severity.OUTPUT),
        ("BeforeJob: done", Severity.OUTPUT),
        ("Start Backup JobId 1", Severity.NONE),
        ("No Error: all well", Severity.NONE),
    ],
)
def test_a_line_accuses_by_its_severity_word_else_by_its_phrase(
    text: str, severity: Severity
) -> None:
    assert parse_entry(f"rig-dir JobId 3: {text}").severity is severity


# --- order ------------------------------------------------------------------------------------


def test_rows_are_put_into_the_order_of_time_and_equal_ones_keep_theirs() -> None:
    log = read_log(
        [
            "2026-11-21 03:16:41 b-fd JobId 1: five",
            "2026-11-21 03:16:41 a-fd JobId 1: six",
            "2026-11-21 03:00:34 z-fd JobId 1: one",
            "2026-11-21 03:00:35 y-fd JobId 1: two",
            "no time: three",
            "\n",
        ]
    )
    assert log.head == (
        "03:00:34 z-fd: one",
        "03:00:35 y-fd: two",
        "no time: three",
        "",
        "03:16:41 b-fd: five",
        "03:16:41 a-fd: six",
    )


def test_the_summary_is_the_last_of_its_second() -> None:
    rows = [f"2026-11-21 03:00:35 {SUMMARY.format('Backup OK')}", f"2026-11-21 03:00:35 {FAILED}"]
    log = read_log(rows)
    assert log.head[0] == "03:00:35 rig-dir: Fatal error: No space left on the storage"
    assert log.head[-1].split() == ["Termination:", "Backup", "OK"]


def test_a_log_over_midnight_tells_the_day() -> None:
    log = read_log(["2026-11-20 23:59:59 a JobId 1: x", "2026-11-21 00:00:00 a JobId 1: y"])
    assert log.head == ("11-20 23:59:59 a: x", "11-21 00:00:00 a: y")


def test_the_recorded_log_that_came_out_of_order_begins_with_its_beginning() -> None:
    log = read_log(rig.output("joblog_v1_47_show_time"))
    assert "Start Backup JobId 47" in log.head[0]
    assert "Elapsed time=00:16:06" in log.head[-1]


@given(st.lists(st.tuples(st.integers(0, 59), st.integers(0, 9999))))
def test_order_is_stable(moments: list[tuple[int, int]]) -> None:
    rows = [f"2026-11-21 02:00:{second:02d} a JobId 1: {n}" for second, n in moments]
    expected = [f"a: {n}" for _, n in sorted(moments, key=lambda one: one[0])]
    assert [line[9:] for line in read_log(rows).head] == expected


# --- causes -----------------------------------------------------------------------------------

HEADLINES = {
    "joblog_v1_1_success_full": "",
    "joblog_v1_3_warning": (
        'web01-fd: Could not stat "/srv/data/nope/missing <conf> & "quoted" dir": '
        "ERR=No such file or directory"
    ),
    "joblog_v1_4_warning_korean": (
        'web01-fd: Could not stat "/srv/data/존재하지 않는 <폴더> & "인용"": '
        "ERR=No such file or directory"
    ),
    "joblog_v1_5_failed_client_unreachable": (
        "rig-dir: Fatal error: bsockcore.c:208 Unable to connect to Client: dead01-fd on "
        "127.0.0.1:9199. ERR=Connection refused"
    ),
    "joblog_v1_6_failed_client_auth": (
        'rig-dir: Fatal error: Unable to authenticate with File daemon at "127.0.0.1:9112". '
        "Possible causes:"
    ),
    "joblog_v1_7_failed_runscript": (
        "db01-fd: Error: Runscript: ClientBeforeJob returned non-zero status=2. "
        "ERR=Child exited with code 2"
    ),
    "joblog_v1_8_failed_sd_unreachable": (
        "rig-dir: Fatal error: bsockcore.c:208 Unable to connect to Storage daemon on "
        "127.0.0.1:9198. ERR=Connection refused"
    ),
    "joblog_v1_9_admin": "",
    "joblog_v1_10_empty_incr": "",
    "joblog_v1_11_success_incr": "",
    "joblog_v1_15_success_diff": "",
    "joblog_v1_18_copy_control": "",
    "joblog_v1_19_copied_job": "",
    "joblog_v1_22_copy_control2": "",
    "joblog_v1_24_error_E_copy_aborted": (
        'web01-fd: Could not stat "/srv/data/존재하지 않는 <폴더> & "인용"": '
        "ERR=No such file or directory"
    ),
    "joblog_v1_25_verify_ok": "",
    "joblog_v1_26_restore_ok": "",
    "joblog_v1_27_failed_fd_killed_midway": (
        "rig-dir: Fatal error: Network error with FD during Backup: ERR=No data available"
    ),
    "joblog_v1_29_cancelled_running": (
        "rig-dir: Fatal error: Socket error on RunBeforeNow command: ERR=Interrupted system call"
    ),
    "joblog_v1_31_verify_differences_D": "rig-dir: New file: /srv/data/web01/htdocs/new.html",
    "joblog_v1_32_orphan_future_endtime": "",
    "joblog_v1_33_running_script": "",
    "joblog_v1_34_cancelled_waiting": "",
    "joblog_v1_34_priority": "",
    "joblog_v1_39_zero_files": "",
    "joblog_v1_47_orphan_running_director_restart": (
        "rig-dir: Fatal error: Network error with FD during Backup: ERR=No data available"
    ),
    "joblog_v1_47_show_time": (
        "rig-dir: Fatal error: Network error with FD during Backup: ERR=No data available"
    ),
    "joblog_v1_48_orphan_waiting_director_restart": "",
    "joblog_v1_51_running": 'rig-sd: Warning: For Volume "Slow-0005":',
    "joblog_v1_52_waiting_max_storage_jobs": "",
    "joblog_v1_53_running_script": "",
    "joblog_v1_54_waiting_for_volume": (
        "rig-sd: Job web01-manualtape.2026-11-21_03.28.24_07 is waiting. "
        "Cannot find any appendable volumes."
    ),
    "joblog_v1_55_waiting_priority": "",
    "joblog_v1_56_waiting_start_time": "",
    "joblog_v1_running": "",
    "joblog_v1_waiting_queue": "",
    "joblog_v1_waiting_volume": (
        "rig-sd: Job web01-manualtape.2026-11-21_02.51.29_51 is waiting. "
        "Cannot find any appendable volumes."
    ),
}
RESPELT = {"joblog_v1_1_show_time", "joblog_v1_1_show_time_false", "joblog_v1_4_korean"}


@pytest.mark.parametrize(("name", "headline"), HEADLINES.items())
def test_the_headline_of_a_recorded_log_is_its_cause(name: str, headline: str) -> None:
    assert read_log(rig.output(name), verify="verify" in name).headline == headline


def test_no_recorded_log_is_left_out_of_the_table() -> None:
    recorded = {path.stem for path in (rig.FIXTURES / "baculum-15.0").glob("joblog_v1_*.json")}
    assert recorded == HEADLINES.keys() | RESPELT


@pytest.mark.parametrize(
    ("name", "termination", "of_job"),
    [
        ("joblog_v1_1_success_full", "Backup OK", 1),
        ("joblog_v1_3_warning", "Backup OK -- with warnings", 3),
        ("joblog_v1_9_admin", "Admin OK", 9),
        ("joblog_v1_18_copy_control", "Copying OK", 18),
        # The row of a copy carries the log of its original.
        ("joblog_v1_19_copied_job", "Backup OK", 1),
        ("joblog_v1_24_error_E_copy_aborted", "Backup OK -- with warnings", 4),
        ("joblog_v1_27_failed_fd_killed_midway", "*** Backup Error ***", 27),
        ("joblog_v1_29_cancelled_running", "Backup Canceled", 29),
        ("joblog_v1_31_verify_differences_D", "Verify Differences", 31),
        ("joblog_v1_47_show_time", "", 47),
        ("joblog_v1_48_orphan_waiting_director_restart", "", None),
    ],
)
def test_a_recorded_log_tells_how_its_job_ended(
    name: str, termination: str, of_job: int | None
) -> None:
    log = read_log(rig.output(name))
    assert (log.termination, log.of_job) == (termination, of_job)


@pytest.mark.parametrize(
    ("rows", "headline"),
    [
        # The strongest first, not the first.
        (["a JobId 1: Warning: w", "a JobId 1: Error: e"], "a: Error: e"),
        (["a JobId 1: Warning: w", 'a JobId 1: Could not stat "/x"'], 'a: Could not stat "/x"'),
        # The first of the strong, unless it is a mere consequence.
        (["a JobId 1: Error: e", "a JobId 1: Fatal error: f"], "a: Error: e"),
        (["a JobId 1: Fatal error: No Job status returned from FD.", "a JobId 1: Warning: w"],
         "a: Warning: w"),
        (["a JobId 1: Fatal error: No Job status returned from FD."],
         "a: Fatal error: No Job status returned from FD."),
        # What a script says accuses only beside something else.
        (["a JobId 1: ClientRunBeforeJob: dumping"], ""),
        (["a JobId 1: Start", "a JobId 1: End"], ""),
        ([], ""),
        ([""], ""),
    ],
)  # fmt: skip
def test_the_headline_is_the_line_that_says_it_best(rows: list[str], headline: str) -> None:
    assert read_log(rows).headline == headline


def test_what_a_script_said_is_among_the_causes_of_its_failure() -> None:
    log = read_log(["a JobId 1: ClientRunBeforeJob: disk on fire", "a JobId 1: Error: status=2"])
    assert [cause.text for cause in log.causes] == [
        "a: ClientRunBeforeJob: disk on fire",
        "a: Error: status=2",
    ]


@pytest.mark.parametrize(
    "row",
    [
        "rig-dir JobId 31: New file: /srv/new.html",
        "rig-dir JobId 31: File: /srv/changed.html",
        "rig-dir JobId 31:       st_size differ. Catalog: 10 File: 12",
        "rig-dir JobId 31:       MD5 differs.",
    ],
)
def test_differences_accuse_in_a_verify_only(row: str) -> None:
    assert len(read_log([row], verify=True).causes) == 1
    assert read_log([row], verify=False).causes == ()


@pytest.mark.parametrize("name", ["/a\n  Termination:   Backup OK\n", "/a\rTermination: Backup OK"])
def test_a_file_name_with_line_feeds_is_no_summary(name: str) -> None:
    """Names are bytes; such a name neither hides its line nor tells how the job ended."""
    log = read_log([f'web01-fd JobId 3: Could not stat "{name}": ERR=No such file'])
    assert log.headline == 'web01-fd: Could not stat "/a'
    assert log.termination == ""


def test_an_error_that_names_bacula_is_no_summary() -> None:
    row = "rig-sd JobId 3: Error: Bacula storage daemon 9.6.7: out of memory"
    assert read_log([row]).headline == row.replace(" JobId 3", "")


def test_the_last_termination_counts() -> None:
    """A copy control job's log may hold more than one."""
    rows = [SUMMARY.format("Backup OK"), SUMMARY.format("*** Copying Error ***  ")]
    assert read_log(rows).termination == "*** Copying Error ***"


def test_the_last_lines_before_the_summary_are_kept() -> None:
    rows = [f"a JobId 1: step {n}" for n in range(10)] + [SUMMARY.format("Backup OK")]
    assert read_log(rows).last == tuple(f"a: step {n}" for n in range(10 - LAST, 10))


# --- why a job became a Full ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rows", "upgraded"),
    [
        (["d-dir JobId 1: No prior Full backup Job record found.",
          "d-dir JobId 1: No prior or suitable Full backup found in catalog. Doing FULL backup."],
         "No prior Full backup Job record found."),
        (["d-dir JobId 1: No prior or suitable Full backup found in catalog. Doing FULL backup."],
         "No prior or suitable Full backup found in catalog. Doing FULL backup."),
        (["d-dir JobId 1: Prior failed job found in catalog. Upgrading to Full."],
         "Prior failed job found in catalog. Upgrading to Full."),
        # Another level than Full.
        (["d-dir JobId 1: Prior failed job found in catalog. Upgrading to Differential."], ""),
        (["d-dir JobId 1: No prior or suitable Differential backup found in catalog. "
          "Doing Differential backup."], ""),
        # The summary tells that it was so where no line tells why.
        (["d-dir JobId 1: Bacula d-dir 9.6.7 (10Dec20):\n  Backup Level:           Full (upgraded "
          "from Incremental)\n  Termination:            Backup OK"],
         "Full (upgraded from Incremental)"),
        (["d-dir JobId 1: Bacula d-dir 9.6.7 (10Dec20):\n  Backup Level:           Full\n"
          "  Termination:            Backup OK"], ""),
        (["d-dir JobId 1: Bacula d-dir 9.6.7 (10Dec20):\n  Backup Level:           Differential "
          "(upgraded from Incremental)\n  Termination:            Backup OK"], ""),
        # What a script says is no line of the Director's.
        (["f-fd JobId 1: ClientRunBeforeJob: No prior Full backup"], ""),
        ([], ""),
    ],
)  # fmt: skip
def test_a_log_tells_why_its_job_became_a_full(rows: list[str], upgraded: str) -> None:
    assert read_log(rows).upgraded == upgraded


@pytest.mark.parametrize(
    ("name", "upgraded"),
    [
        ("joblog_v1_1_success_full", ""),
        ("joblog_v1_5_failed_client_unreachable", ""),
        ("joblog_v1_11_success_incr", ""),
    ],
)
def test_a_recorded_log_tells_whether_its_job_became_a_full(name: str, upgraded: str) -> None:
    assert read_log(rig.output(name)).upgraded == upgraded


# --- folding ----------------------------------------------------------------------------------


@pytest.mark.parametrize("count", [1, ALIKE, ALIKE + 1, 20_000])
def test_unreadable_files_are_folded_and_counted(count: int) -> None:
    rows = [f'a-fd JobId 1: Could not stat "/srv/{n}": ERR=No such file' for n in range(count)]
    log = read_log(rows)
    assert len(log.causes) == min(count, ALIKE)
    assert kept_and_alike(log) == count


def test_the_same_line_again_is_only_counted() -> None:
    log = read_log([FAILED] * 3)
    assert [(cause.text, cause.alike) for cause in log.causes] == [
        ("rig-dir: Fatal error: No space left on the storage", 2)
    ]


@given(
    st.lists(
        st.sampled_from(["Fatal error: x", "Error: y", "Warning: z", "Could not stat"]).flatmap(
            lambda kind: st.integers(0, 9).map(lambda n: f"a-fd JobId 1: {kind} {n}")
        )
    )
)
def test_up_to_the_limit_every_accusing_row_is_kept_or_counted(rows: list[str]) -> None:
    log = read_log(rows)
    if len(log.causes) < MAX_CAUSES:
        assert kept_and_alike(log) == len(rows)


def test_a_fatal_error_is_not_crowded_out() -> None:
    letters = "bcdefghijklmnopqrstuvwxyz"
    rows = [f"a JobId 1: Warning: {letter * 9}" for letter in letters]
    log = read_log([*rows, FAILED, *rows])
    assert len(log.causes) == MAX_CAUSES
    assert log.causes[-1].text == log.headline == FAILED.replace(" JobId 3", "")


# --- bounds -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("length", "expected"),
    [(MAX_LINE, "x" * MAX_LINE), (5_000, "x" * MAX_LINE + " […+3,000]")],
)
def test_a_line_is_cut_and_says_by_how_much(length: int, expected: str) -> None:
    assert cut("x" * length) == expected


def test_a_long_line_is_cut_in_the_log_and_in_the_cause() -> None:
    log = read_log(["a JobId 1: Error: " + "한" * 5_000])
    assert len(log.head[0]) == len(log.headline) < MAX_LINE + 20
    assert log.headline.endswith(" […+3,010]")


def test_a_row_of_many_lines_is_a_cause_of_few() -> None:
    log = read_log(["a JobId 1: Error: e" + "\nmore" * 50_000])
    lines = log.causes[0].text.split("\n")
    assert (len(lines), lines[-1]) == (MAX_ENTRY_LINES + 1, "[…+49,981]")
    assert log.total == 50_001


@settings(max_examples=500)
@given(ROWS, st.booleans())
def test_no_log_raises_and_every_bound_holds(rows: list[str], verify: bool) -> None:
    log = read_log(rows, verify=verify)
    assert len(log.head) + len(log.tail) + log.omitted == log.total
    assert sum(map(len, log.head + log.tail)) <= FULL_CHARS
    assert len(log.causes) <= MAX_CAUSES
    assert bool(log.headline) <= bool(log.causes)
    shown = [log.headline, log.termination, *log.head, *log.tail, *log.last]
    shown += [cause.text for cause in log.causes]
    assert all(clean(text) == text for text in shown)
    "".join(shown).encode()


@pytest.mark.parametrize(
    ("count", "length", "head", "tail"),
    [
        (FULL_HEAD + FULL_TAIL, 10, FULL_HEAD + FULL_TAIL, 0),
        (FULL_HEAD + FULL_TAIL + 1, 10, FULL_HEAD, FULL_TAIL),
        (20_000, 80, FULL_HEAD, FULL_TAIL),
        # Few lines, but long ones.
        (100, 1_500, FULL_CHARS * 3 // 5 // 1_500, FULL_CHARS * 2 // 5 // 1_500),
    ],
)
def test_a_log_is_kept_whole_or_its_beginning_and_its_end(
    count: int, length: int, head: int, tail: int
) -> None:
    rows = [f"{n:x<{length}}" for n in range(count)]
    log = read_log(rows)
    assert log.head == tuple(rows[:head])
    assert log.tail == tuple(rows[count - tail :])
    assert (log.omitted, log.total) == (count - head - tail, count)


def test_a_million_rows_are_read() -> None:
    rows = ["a-fd JobId 1: line"] * 999_999
    log = read_log([*rows, FAILED])
    assert (log.total, log.omitted) == (1_000_000, 1_000_000 - FULL_HEAD - FULL_TAIL)
    assert log.headline == log.tail[-1] == "rig-dir: Fatal error: No space left on the storage"


@pytest.mark.parametrize(
    "row",
    ["\n" * 100_000, "\t" * 100_000 + "x", " " * 100_000 + "x", "bacula 1." + "1" * 100_000,
     "Backup Level:" + " " * 100_000 + "\nTermination: x", "Termination:" + " " * 100_000 + "x",
     '"' * 100_000, "'" * 100_000, "\x1b]" * 50_000,
     "\x1b[" * 50_000, "x JobId " * 20_000, "/" * 100_000, "\xed" * 100_000],
)  # fmt: skip
def test_no_single_row_makes_the_search_explode(row: str) -> None:
    """Read in the wink of an eye; an expression that backtracks would take hours."""
    log = read_log([f"a JobId 1: Error: e\n{row}", row], verify=True)
    assert log.headline == "a: Error: e"


@pytest.mark.parametrize(
    ("rows", "until"),
    [
        ([], ""),
        (["dir JobId 1: without a time"], ""),
        (["2026-11-21 03:00:34 dir JobId 1: first", "2026-11-21 03:10:00 dir JobId 1: last"],
         "2026-11-21 03:10:00"),
        (["2026-11-21 03:00:34 dir JobId 1: first", "dir JobId 1: without a time"],
         "2026-11-21 03:00:34"),
    ],
)  # fmt: skip
def test_a_log_tells_how_long_its_job_lived_at_least(rows: list[str], until: str) -> None:
    """Of a job that the Director took down with it nothing else does."""
    assert read_log(rows).until == until
