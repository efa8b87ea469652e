"""What the fuzzers are fed with: real answers taken apart, changed and put together again."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta, timezone
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

from app.errors import ReportError
from app.i18n import LANGUAGES, Translator
from tests import rig

# --- text -------------------------------------------------------------------------------------

ANY_CHARACTER = st.characters() | st.characters(categories=["Cs", "Cc", "Cf", "Zl", "Zp"])
MARKUP = (
    "<script>alert(1)</script>", "</script><x-evil>", '"><x-evil y="', "'><x-evil y='",
    '" onerror="alert(1)', "' onload='x", "</pre><x-evil>", "</title><x-evil>", "</style><x-evil>",
    "<!--<x-evil>-->", "<![CDATA[<x-evil>]]>", "-->", "]]>", "javascript:alert(1)",
    "&lt;x-evil&gt;", "&#x3c;x-evil&#x3e;", "&amp;", "&", "<", ">", '"', "'", "`",
)  # fmt: skip
PLACEHOLDERS = (
    "{0}", "{x}", "{count}", "{", "}", "{{ 7 * 7 }}", "{% raw %}", "{# x #}", "%s", "%(x)s", "%",
    "$x", "${HOME}", "\\", "\\n", "\\1", "\\g<0>",
)  # fmt: skip
STEERING = (
    "\x00", "\x07", "\x08", "\x0b", "\x0c", "\x1b", "\x1b[31m", "\x1b[2J", "\x1b]0;t\x07", "\x1b(0",
    "\x7f", "\x85", "\x9b31m", "\xad", "\u061c", "\u200b", "\u200e", "\u200f", "\u2028", "\u2029",
    "\u202a", "\u202e", "\u2066", "\u2069", "\ufeff", "\ufff9", "\U000e0041", "\ud800", "\udfff",
    "\r", "\n", "\r\n", "\n\n", "\t",
)  # fmt: skip
HEADERS = (
    "\r\nBcc: evil@example.com\r\n\r\n", "\nX-Evil: 1", "=?utf-8?q?=0d=0aX-Evil:_1?=", "=?x?b?!?=",
    "\r\n.\r\nMAIL FROM:<x>", "@here", "<!channel>", "<@U1>", "@everyone", "[x](https://evil)",
    "a@b", ",", ";", "|",
)  # fmt: skip
WORDS = (
    "web01-fd", "nightly", "Full-0001", "한글", "데이터베이스", "größer", "日本語", "क्ष", "👩‍👩‍👧",
    "e\u0301", "é", "ﬁ", "０", "٣", "ß", "İ", "a" * 300, " ", "  ", "",
)  # fmt: skip


def mojibake(text: str) -> str:
    """As Baculum sends it: UTF-8 bytes taken for Latin-1."""
    return text.encode("utf-8", "replace").decode("latin-1")


_PIECES = st.sampled_from([*MARKUP, *PLACEHOLDERS, *STEERING, *HEADERS, *WORDS])
HOSTILE = st.lists(
    _PIECES | st.text(ANY_CHARACTER, max_size=6) | st.sampled_from(WORDS).map(mojibake), max_size=5
).map("".join)
"""Text that would like to be something else: markup, a header, a format, a steering sequence."""
TEXT = st.text(ANY_CHARACTER, max_size=40) | HOSTILE

# --- values -----------------------------------------------------------------------------------

NUMBERS = st.one_of(
    st.integers(-3, 70_000),
    st.integers(),
    st.sampled_from([2**31, 2**53 + 1, 2**63 - 1, 2**63, 2**64, -(2**63)]),
    st.sampled_from([30, 400, 4_000]).map(lambda digits: 10**digits),
    st.floats(allow_nan=False, allow_infinity=False),
    st.sampled_from([0.0, -0.0, 0.5, 1e15, 1e308, -1e308, 5e-324]),
)
WRITTEN_NUMBERS = st.one_of(
    NUMBERS.map(str),
    st.sampled_from([30, 4_000, 5_000]).map(lambda digits: "9" * digits),
    st.sampled_from(
        ["0", "1", "-1", "+1", "007", " 7 ", "7.0", "7.5", "1e3", "1e400", "nan", "inf", "-inf", "",
         "0x10", "1_000", "1,000", "٣", "1.7976931348623157e309", "NULL"]
    ),
)  # fmt: skip
TIMES = st.one_of(
    st.datetimes(datetime(1, 1, 1), datetime(9999, 12, 31)).map(lambda t: t.isoformat(" ")),
    st.datetimes(datetime(2026, 11, 1), datetime(2026, 11, 30)).map(lambda t: f"{t:%F %T}"),
    st.sampled_from(
        ["0000-00-00 00:00:00", "1970-01-01 00:00:00", "1971-01-01 00:00:00", "9990-12-31 23:59:59",
         "9999-12-31 23:59:59", "2024-02-29 00:00:00", "2023-02-29 00:00:00", "2026-03-29 02:30:00",
         "2026-10-25 02:30:00", "2026-11-21", "2026-11-21T02:58:20Z", "2026-11-21 02:58:20+09:00",
         "2026-11-21 24:00:00", "2026-11-21 02:58:60", "20261121T025820", "2026-W47-6",
         "2026-11-21 02:58:20.123456", " 2026-11-21 02:58:20 ", "21.11.2026", "2026-13-01 00:00:00"]
    ),
)  # fmt: skip
SCALARS = st.one_of(st.none(), st.booleans(), NUMBERS, WRITTEN_NUMBERS, TIMES, TEXT)
VALUES = st.one_of(
    SCALARS,
    st.lists(SCALARS, max_size=2),
    st.dictionaries(st.sampled_from(["name", "jobid", "x"]), SCALARS, max_size=2),
)
"""Anything that JSON can hold."""

# --- moments ----------------------------------------------------------------------------------

ZONES = st.sampled_from(
    ["UTC", "Asia/Seoul", "Europe/Berlin", "America/New_York", "America/St_Johns", "Asia/Kathmandu",
     "Australia/Lord_Howe", "Pacific/Apia", "Pacific/Kiritimati", "Africa/Monrovia",
     "Asia/Pyongyang", "America/Caracas", "Antarctica/Troll", "Africa/Casablanca"]
).map(ZoneInfo) | st.integers(-56, 56).map(
    lambda quarters: timezone(timedelta(minutes=15 * quarters))
)  # fmt: skip
EDGES = st.sampled_from(
    [
        # Clocks change: Berlin, New York, Lord Howe (half an hour), Apia (no 30 December 2011).
        datetime(2026, 3, 29, 1, tzinfo=UTC), datetime(2026, 10, 25, 1, tzinfo=UTC),
        datetime(2026, 3, 8, 7, tzinfo=UTC), datetime(2026, 11, 1, 6, tzinfo=UTC),
        datetime(2026, 4, 4, 15, tzinfo=UTC), datetime(2011, 12, 30, 10, tzinfo=UTC),
        # Leap days, ends of years and of what can be read.
        datetime(2024, 2, 29, 12, tzinfo=UTC), datetime(2000, 2, 29, tzinfo=UTC),
        datetime(2026, 12, 31, 23, 59, 59, tzinfo=UTC), datetime(2038, 1, 19, 3, 14, 7, tzinfo=UTC),
        datetime(1971, 1, 2, tzinfo=UTC), datetime(9990, 12, 30, tzinfo=UTC),
    ]
)  # fmt: skip
MOMENTS = st.one_of(
    st.datetimes(datetime(2026, 10, 1), datetime(2026, 11, 22), timezones=st.just(UTC)),
    st.builds(lambda edge, away: edge + timedelta(seconds=away), EDGES, st.integers(-9_000, 9_000)),
    st.datetimes(datetime(1971, 1, 2), datetime(9990, 12, 30), timezones=st.just(UTC)),
)
"""Instants that a catalog may tell, many of them where clocks change."""

# --- real answers -----------------------------------------------------------------------------

Row = dict[str, Any]
SERVERS: Mapping[str, Mapping[str, str]] = {
    "baculum-9.6": {"jobs": "baculum96_jobs_all", "clients": "baculum96_clients",
                    "pools": "baculum96_pools", "volumes": "baculum96_volumes",
                    "schedules/status": "baculum96_schedule_status"},
    "baculum-11.0": {"jobs": "baculum11_jobs_all", "clients": "baculum11_clients",
                     "pools": "baculum11_pools", "volumes": "baculum11_volumes",
                     "schedules/status": "baculum11_schedule_status"},
    "baculum-15.0": {"jobs": "jobs_v1_all", "clients": "clients_v1", "pools": "pools_v1",
                     "volumes": "volumes_v1", "schedules/status": "schedule_status_v1"},
    "bacularis-6.3": {"jobs": "bacularis_jobs_all_v1",
                      "schedules/status": "bacularis_schedule_status"},
}  # fmt: skip
"""Recordings of whole lists."""


@cache
def _recorded(what: str) -> str:
    rows = [row for server, names in SERVERS.items() if what in names
            for row in rig.output(names[what], server)]  # fmt: skip
    return json.dumps(rows)


def rows_of(what: str) -> list[Row]:
    """Every recorded row of a list, of all servers."""
    rows: list[Row] = json.loads(_recorded(what))
    return rows


def some_row(what: str) -> st.SearchStrategy[Row]:
    """A recorded row as it is."""
    rows = rows_of(what)
    return st.integers(0, len(rows) - 1).map(lambda n: dict(rows[n]))


@st.composite
def changed(draw: st.DrawFn, row: Mapping[str, Any], most: int = 3) -> Row:
    """A row with some fields missing, swapped, of another type, or rubbish."""
    told = dict(row)
    for key in draw(st.lists(st.sampled_from(sorted(row)), max_size=most, unique=True)):
        how = draw(st.sampled_from(["drop", "null", "text", "swap", "add", "any"]))
        if how == "drop":
            del told[key]
        elif how == "text":
            told[key] = str(told[key])
        elif how == "swap":
            told[key] = row[draw(st.sampled_from(sorted(row)))]
        elif how == "add":
            told[key] = f"{told[key]}{draw(HOSTILE)}"
        else:
            told[key] = None if how == "null" else draw(VALUES)
    return told


def odd_row(what: str, most: int = 3) -> st.SearchStrategy[Row]:
    """A recorded row, changed."""
    return some_row(what).flatmap(lambda row: changed(row, most))


def odd_rows(what: str, most: int = 8) -> st.SearchStrategy[list[Any]]:
    """A list of such rows, with things among them that are no rows."""
    return st.lists(
        st.one_of(some_row(what), odd_row(what), odd_row(what, 30), VALUES), max_size=most
    )


# --- logs -------------------------------------------------------------------------------------


@cache
def log_rows() -> Sequence[str]:
    """Every recorded log row, as the servers gave them."""
    folder = rig.FIXTURES / "baculum-15.0"
    rows = [r for path in sorted(folder.glob("joblog_v1_*.json")) for r in rig.output(path.stem)]
    return tuple(dict.fromkeys(row for row in rows if isinstance(row, str)))


STAMPS = st.datetimes(datetime(2026, 11, 20), datetime(2026, 11, 22)).map(lambda t: f"{t:%F %T}")
TRANSLATED = (
    "web01-fd JobId 5: 치명적 오류: 접속할 수 없습니다", "오류: 파일을 읽을 수 없습니다",
    "web01-fd JobId 5: Fataler Fehler: Verbindung abgelehnt", "Erreur fatale : pas de place",
    "エラー: デバイスがいっぱいです", "Ошибка: нет места", "خطأ فادح: لا يوجد مكان",
)  # fmt: skip
LOG_WORDS = (
    "Fatal error: ", "Error: ", "Warning: ", "Security alert: ", "FATAL ERROR:", "error :",
    "     Could not stat ", '"/srv/data/a b": ERR=No such file', "ClientRunBeforeJob: ", "\n",
    "AfterJob: ", "Bacula rig-dir 9.6.7 (10Dec20):", "\n  Termination:            Backup OK",
    "\n  Termination: *** Backup Error ***", "\n  Backup Level: Full (upgraded from Incremental)",
    "No prior Full backup Job record found", "rig-dir JobId 3: ", "x JobId 99999999999999999999: ",
    "New file: /a", "2026-11-21 02:54:43 ", "2026-99-99 99:99:99 ", "x" * 3000, "\n" * 30,
    'run ClientRunBeforeJob "/bin/x"', " returned non-zero status=3", "Max run time exceeded",
    "Please mount append Volume", "\n    Pool:          Full", "Cancelling duplicate JobId=7",
    "JobId 3 already running", " is a different filesystem. Will not descend from / into it.",
)  # fmt: skip


@st.composite
def log_row(draw: st.DrawFn) -> str:
    """A row of a log: a recorded one, one that was cut, joined or garbled, or a made-up one."""
    row = draw(st.sampled_from(log_rows()) | st.sampled_from(TRANSLATED))
    how = draw(st.sampled_from(["whole", "cut", "join", "insert", "double", "make", "words"]))
    if how == "cut":
        begin = draw(st.integers(0, len(row)))
        row = row[begin : draw(st.integers(begin, len(row)))]
    elif how == "join":
        row += draw(st.sampled_from(["", " ", "\n"])) + draw(st.sampled_from(log_rows()))
    elif how == "insert":
        at = draw(st.integers(0, len(row)))
        row = row[:at] + draw(HOSTILE) + row[at:]
    elif how == "double":
        row = mojibake(row)
    elif how == "make":
        row = draw(st.lists(st.sampled_from(LOG_WORDS) | HOSTILE, max_size=6).map("".join))
    elif how == "words":
        row = draw(st.lists(st.sampled_from(LOG_WORDS), min_size=1, max_size=5).map("".join))
    return f"{draw(STAMPS)} {row}" if draw(st.booleans()) else row


LOGS = st.lists(log_row(), max_size=12)

# --- helpers ----------------------------------------------------------------------------------

UNSAFE = frozenset(
    map(chr, [*range(0x09), 0x0B, 0x0C, *range(0x0D, 0x20), *range(0x7F, 0xA0), 0xAD, 0x61C,
              *range(0x200B, 0x2010), *range(0x2028, 0x202F), *range(0x2060, 0x2070), 0xFEFF,
              *range(0xD800, 0xE000), *range(0xE0000, 0xE0080)])
)  # fmt: skip
"""What may not stand in any text: it steers terminals, turns writing, or cannot be encoded."""


def unsafe(text: str, *, lines: bool = False) -> set[str]:
    """Return what should not be in a text; in one of one line, no line feed or tab either."""
    found = set(text) & UNSAFE
    return found if lines else found | (set(text) & {"\n", "\t"})


def hold(error: ReportError, *secrets: str) -> None:
    """Hold an error to what is promised of each: a sentence, in both languages, and no secret."""
    assert error.problems
    for language in LANGUAGES:
        text = Translator(language).text
        for what, cure in error.problems:
            said = f"{text(what)} {text(cure) if cure is not None else ''}"
            assert said.strip()
            assert not [one for one in secrets if one in said]
    for one in secrets:
        assert one not in f"{error!r} {error} {error.detail} {error.told}"
