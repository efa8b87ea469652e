"""Numbers, sizes, spans and times, at their borders and everywhere else."""

from __future__ import annotations

import math
import re
from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from app.report.format import NOT_KNOWN, Formatter
from tests.unit.made import SEOUL

EN, KO = Formatter("en", SEOUL), Formatter("ko", SEOUL)
SIZE = re.compile(r"-?(\d{1,3}(?:\.\d{1,2})?) ([kMGTPEZYRQ]?B)")
MOMENT = datetime(2026, 11, 20, 23, 5, 59, tzinfo=UTC)
MOMENTS = st.datetimes(
    datetime(1971, 1, 1), datetime(9990, 12, 31), timezones=st.timezones(), allow_imaginary=False
)


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (None, "–"),
        (0, "0 B"),
        (1, "1 B"),
        (999, "999 B"),
        (999.4, "999 B"),
        (999.5, "1.00 kB"),
        (1_000, "1.00 kB"),
        (9_994, "9.99 kB"),
        (9_995, "10.0 kB"),
        (99_949, "99.9 kB"),
        (99_950, "100 kB"),
        (999_499, "999 kB"),
        (999_500, "1.00 MB"),
        (1_234_567_890, "1.23 GB"),
        (5 * 10**12, "5.00 TB"),
        (2**63 - 1, "9.22 EB"),
        (-1_500, "-1.50 kB"),
        (10**400, "–"),
        (math.nan, "–"),
        (math.inf, "–"),
    ],
)
def test_a_size_has_three_digits_and_the_unit_that_fits(value: float | None, written: str) -> None:
    assert written == EN.size(value)
    assert written == KO.size(value)


@given(st.one_of(st.integers(), st.floats()))
@example(10**5000)
@example(999.4999999999999)
@example(-999.5)
def test_no_size_is_ever_a_thousand_of_its_unit(value: float) -> None:
    written = EN.size(value)
    match = SIZE.fullmatch(written)
    assert written == NOT_KNOWN or (match is not None and float(match[1]) < 1000)


@given(st.integers(0, 10**30))
def test_a_size_is_right_to_half_a_percent(value: int) -> None:
    match = SIZE.fullmatch(EN.size(value))
    assert match is not None
    unit = ["B", "kB", "MB", "GB", "TB", "PB", "EB", "ZB", "YB", "RB", "QB"].index(match[2])
    assert math.isclose(value, float(match[1]) * 1000**unit, rel_tol=0.0051)


@pytest.mark.parametrize(
    ("value", "written"), [(None, "–"), (0, "0"), (999, "999"), (1_234_567, "1,234,567")]
)
def test_a_count_has_thousands_separators(value: int | None, written: str) -> None:
    assert written == EN.number(value)
    assert written == KO.number(value)


@pytest.mark.parametrize(
    ("seconds", "english", "korean"),
    [
        (0, "0 s", "0초"),
        (0.9, "0 s", "0초"),
        (-5, "0 s", "0초"),
        (59.9, "59 s", "59초"),
        (60, "1 min", "1분"),
        (61, "1 min 1 s", "1분 1초"),
        (3_599, "59 min 59 s", "59분 59초"),
        (3_600, "1 h", "1시간"),
        (3_601, "1 h", "1시간"),
        (86_399, "23 h 59 min", "23시간 59분"),
        (86_400, "1 d", "1일"),
        (86_459, "1 d", "1일"),
        (90_000, "1 d 1 h", "1일 1시간"),
        (400 * 86_400, "400 d", "400일"),
    ],
)
def test_a_span_is_told_in_its_two_largest_units(seconds: float, english: str, korean: str) -> None:
    assert english == EN.span(timedelta(seconds=seconds))
    assert korean == KO.span(timedelta(seconds=seconds))


def test_an_unknown_span_is_not_zero() -> None:
    assert EN.span(None) == NOT_KNOWN


@given(st.timedeltas())
def test_every_span_can_be_told(value: timedelta) -> None:
    assert re.fullmatch(r"\d+ (d|h|min|s)( \d+ (h|min|s))?", EN.span(value))
    assert re.fullmatch(r"\d+(일|시간|분|초)( \d+(시간|분|초))?", KO.span(value))


@pytest.mark.parametrize(
    ("size", "seconds", "written"),
    [
        (None, 10, "–"),
        (0, 10, "–"),
        (1_000, None, "–"),
        (1_000, 0, "–"),
        (1_000, 0.5, "–"),
        (1_000, 1, "1.00 kB/s"),
        (10**9, 10, "100 MB/s"),
        (10**400, 10, "–"),
    ],
)
def test_a_rate_needs_an_amount_and_a_second(
    size: int | None, seconds: float | None, written: str
) -> None:
    span = None if seconds is None else timedelta(seconds=seconds)
    assert written == EN.rate(size, span)


def test_a_moment_is_told_in_the_zone_and_the_language_of_the_report() -> None:
    assert EN.moment(MOMENT) == "Sat 21 Nov 2026, 08:05"
    assert KO.moment(MOMENT) == "2026년 11월 21일 (토) 08:05"
    assert EN.short(MOMENT) == "21 Nov 08:05"
    assert KO.short(MOMENT) == "11월 21일 08:05"


def test_a_moment_does_not_depend_on_the_locale_of_the_process(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("LC_ALL", "ko_KR.UTF-8")
    assert EN.moment(MOMENT) == "Sat 21 Nov 2026, 08:05"


def test_an_unknown_moment_is_a_dash_and_null_in_the_json() -> None:
    assert EN.moment(None) == NOT_KNOWN
    assert EN.short(None) == NOT_KNOWN
    assert EN.iso(None) is None


def test_a_moment_of_the_json_carries_its_offset() -> None:
    assert EN.iso(MOMENT) == "2026-11-21T08:05:59+09:00"
    west = Formatter("en", timezone(timedelta(hours=-3, minutes=-30)))
    assert west.iso(MOMENT) == "2026-11-20T19:35:59-03:30"
    assert Formatter("en", UTC).iso(MOMENT) == "2026-11-20T23:05:59+00:00"


@given(MOMENTS)
def test_every_moment_can_be_told_and_read_again(moment: datetime) -> None:
    assert EN.moment(moment)
    assert KO.short(moment)
    written = EN.iso(moment)
    assert written is not None
    read = datetime.fromisoformat(written)
    assert timedelta() <= moment.astimezone(UTC) - read.astimezone(UTC) < timedelta(seconds=1)


def test_an_unknown_language_is_english() -> None:
    assert Formatter("fr", SEOUL).span(timedelta(hours=1)) == "1 h"


@pytest.mark.parametrize(
    ("language", "day", "whole", "weekday"),
    [
        ("en", "7 Nov", "Sat 7 Nov 2026", "Sat"),
        ("ko", "11월 7일", "2026년 11월 7일 (토)", "토"),
    ],
)
def test_a_night_is_named_by_its_day(language: str, day: str, whole: str, weekday: str) -> None:
    fmt, night = Formatter(language, SEOUL), date(2026, 11, 7)
    assert (fmt.day(night), fmt.full_day(night), fmt.weekday(night)) == (day, whole, weekday)
