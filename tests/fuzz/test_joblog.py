"""Logs: rows in any language, cut, joined, garbled, out of order; nothing accusing gets lost."""

from __future__ import annotations

import random
from datetime import datetime, timedelta

from hypothesis import example, given
from hypothesis import strategies as st

from app.bacula.joblog import (
    FULL_CHARS,
    LAST,
    MAX_CAUSES,
    MAX_ENTRY_LINES,
    MAX_LINE,
    JobLog,
    Severity,
    clean,
    clean_line,
    parse_entry,
    read_log,
    repair,
)
from tests.fuzz.conftest import fuzz
from tests.fuzz.pieces import HOSTILE, LOGS, TEXT, log_row, log_rows, mojibake, unsafe

FATAL = "web01-fd JobId 5: Fatal error: no route to host"
LINE = MAX_LINE + 20
"""Characters of a line that was cut, with the note that says so."""


def texts(log: JobLog) -> list[str]:
    """Everything of a log that is shown."""
    causes = [cause.text for cause in log.causes]
    return [*causes, log.headline, *log.head, *log.tail, log.termination, *log.last, log.upgraded]


def worst(log: JobLog) -> Severity:
    return max((cause.severity for cause in log.causes), default=Severity.NONE)


def stamped(rows: list[str]) -> list[str]:
    """Rows each of which has a second of its own, and says so."""
    first = datetime(2026, 11, 20, 23)
    return [f"{first + timedelta(seconds=n):%F %T} {row.strip()}" for n, row in enumerate(rows)]


# --- text -------------------------------------------------------------------------------------


@fuzz(6)
@given(TEXT)
@example("\x1b\x1b[31m[31m")
@example("\x1b]\x1b]0;x\x07\x07")
@example("\r\x00\n\r\r\n")
def test_cleaning_leaves_nothing_that_steers_and_cleans_once(text: str) -> None:
    assert not unsafe(clean(text), lines=True)
    assert not unsafe(clean_line(text))
    assert clean(clean(text)) == clean(text)
    assert clean_line(clean_line(text)) == clean_line(text)
    assert len(clean(text)) <= len(text)


@fuzz(6)
@given(st.lists(TEXT | TEXT.map(mojibake), max_size=4).map("".join))
def test_repairing_loses_no_text(text: str) -> None:
    """What is plain stays as it is, in its order; only runs of Latin-1 are looked at."""
    repaired = repair(text)
    assert len(repaired) <= len(text)
    assert [c for c in repaired if c < "\x80"] == [c for c in text if c < "\x80"]


@fuzz(3)
@given(st.text(st.characters(categories=["L", "N", "P", "S", "Zs"]), max_size=60))
def test_what_was_encoded_twice_is_read_as_it_was_written(text: str) -> None:
    assert repair(mojibake(text)) == text


# --- rows -------------------------------------------------------------------------------------


@fuzz(6)
@given(log_row())
def test_a_row_is_read_again_as_it_was_told(row: str) -> None:
    entry = parse_entry(row)
    assert not unsafe(entry.text, lines=True)
    if entry.daemon and entry.jobid is not None and entry.jobid < 10**17 and entry.stamp:
        told = f"{entry.stamp} {entry.daemon} JobId {entry.jobid}: {entry.text}"
        again = parse_entry(told)
        # Latin-1 that only now stands alone may be taken for UTF-8; nothing else may change.
        if entry.text.isascii():
            assert again == entry


@fuzz(10)
@given(LOGS, st.booleans())
@example(["x\x00" * 9], True)
def test_a_log_is_read_within_its_bounds(rows: list[str], verify: bool) -> None:
    """However long its lines are; work and memory go with its size, and no row is left out."""
    log = read_log(rows, verify=verify)
    lines = sum(parse_entry(row).text.count("\n") + 1 for row in rows)
    assert log.total == lines
    assert len(log.head) + len(log.tail) + log.omitted == log.total
    assert sum(map(len, log.head + log.tail)) <= FULL_CHARS
    assert len(log.causes) <= MAX_CAUSES
    assert len(log.last) <= LAST
    for text in texts(log):
        assert not unsafe(text, lines=True)
        assert len(text) <= (MAX_ENTRY_LINES + 1) * LINE
        assert text.encode().decode() == text
    assert "\n" not in log.headline + log.termination + log.upgraded
    assert bool(log.headline) <= bool(log.causes)
    assert log.of_job is None or 0 <= log.of_job < 10**18


@fuzz(8)
@given(LOGS, st.integers(0, 12), st.booleans())
def test_one_more_row_never_makes_a_log_more_harmless(
    rows: list[str], place: int, verify: bool
) -> None:
    """So that a log that is cut off cannot look worse than it is, nor a whole one better."""
    at = min(place, len(rows))
    known = worst(read_log(rows[:at] + rows[at + 1 :], verify=verify))
    assert worst(read_log(rows, verify=verify)) >= known


@fuzz(8)
@given(LOGS, st.integers(0, 12))
def test_a_fatal_error_is_never_lost_among_other_rows(rows: list[str], place: int) -> None:
    at = min(place, len(rows))
    log = read_log([*rows[:at], FATAL, *rows[at:]])
    assert worst(log) is Severity.FATAL
    assert log.headline


@fuzz(6)
@given(st.lists(st.sampled_from(log_rows()) | log_row(), max_size=10), st.randoms())
def test_the_order_in_which_rows_come_does_not_matter_where_they_tell_their_time(
    rows: list[str], dice: random.Random
) -> None:
    told = stamped(rows)
    assert read_log(dice.sample(told, len(told))) == read_log(told)


@fuzz(4)
@given(st.sampled_from(log_rows()), HOSTILE)
def test_rubbish_behind_a_row_hides_nothing(row: str, rubbish: str) -> None:
    assert parse_entry(f"{row}\n{rubbish}").severity >= min(parse_entry(row).severity, 4) or (
        parse_entry(f"{row}\n{rubbish}").summary
    )
