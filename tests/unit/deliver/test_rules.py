"""When a report is due: one table a rule."""

from __future__ import annotations

from datetime import UTC, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.deliver.model import Cause, Letter, report_id
from app.deliver.rules import ALIVE_AFTER, Told, When, due, has_problem, standing
from tests.unit.deliver.made import MADE, a_good_parcel, a_letter, a_parcel

GOOD, BAD = a_good_parcel(), a_parcel()
DAY = timedelta(days=1)


def told(parcel: Any, ago: timedelta = DAY) -> Told:
    return Told(standing(parcel), MADE - ago, MADE - ago)


@pytest.mark.parametrize(
    ("when", "parcel", "last", "expected"),
    [
        (When.ALWAYS, GOOD, None, Cause.ALWAYS),
        (When.ALWAYS, GOOD, told(GOOD), Cause.ALWAYS),
        # The first one shows that the channel works.
        (When.PROBLEMS, GOOD, None, Cause.FIRST),
        (When.CHANGE, GOOD, None, Cause.FIRST),
        (When.PROBLEMS, BAD, told(BAD), Cause.PROBLEM),
        (When.PROBLEMS, BAD, told(GOOD), Cause.PROBLEM),
        (When.PROBLEMS, GOOD, told(BAD), None),
        (When.PROBLEMS, GOOD, told(GOOD), None),
        (When.CHANGE, BAD, told(BAD), None),
        (When.CHANGE, GOOD, told(BAD), Cause.CHANGE),
        (When.CHANGE, BAD, told(GOOD), Cause.CHANGE),
        # A sign of life, also a little before the week is over: no run is on time to the second.
        (When.PROBLEMS, GOOD, told(GOOD, 7 * DAY - timedelta(minutes=5)), Cause.ALIVE),
        (When.CHANGE, BAD, told(BAD, 7 * DAY), Cause.ALIVE),
        (When.CHANGE, BAD, told(BAD, 6 * DAY), None),
        # Told in days to come, by a clock that was wrong: nobody stays silent until then. A run
        # that waited for another one is only a little older.
        (When.PROBLEMS, GOOD, told(GOOD, -365 * DAY), Cause.FIRST),
        (When.CHANGE, GOOD, told(GOOD, -2 * DAY), Cause.FIRST),
        (When.CHANGE, GOOD, told(GOOD, timedelta(minutes=-5)), None),
    ],
)
def test_what_is_due(when: When, parcel: Any, last: Told | None, expected: Cause | None) -> None:
    assert due(when, parcel, last, MADE) is expected


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({}, False),
        ({"level": "attention"}, True),
        ({"level": "unknown"}, True),
        ({"complete": False}, True),
        ({"keys": ("room||//",)}, True),
        ({"text": "anything", "counts": ()}, False),
    ],
)
def test_what_is_a_problem(more: dict[str, Any], expected: bool) -> None:
    """Not knowing is one, too."""
    assert has_problem(a_good_parcel(**more)) is expected


@pytest.mark.parametrize(
    ("more", "same"),
    [
        ({"keys": BAD.keys[::-1]}, True),
        ({"keys": BAD.keys * 2}, True),
        ({"sentence": "other words", "language": "en", "counts": ()}, True),
        ({"generated": MADE + DAY}, True),
        ({"level": "attention"}, False),
        ({"complete": False}, False),
        ({"keys": BAD.keys[:1]}, False),
        ({"keys": (*BAD.keys, "new||a/b/")}, False),
    ],
)
def test_what_is_a_change(more: dict[str, Any], same: bool) -> None:
    """What is wrong, and how bad it is; not the words, and not the numbers."""
    assert (standing(a_parcel(**more)) == standing(BAD)) is same


@given(st.integers(0, 60 * 24 * 20))
def test_no_channel_is_silent_for_more_than_a_week(minutes: int) -> None:
    silence = timedelta(minutes=minutes)
    cause = due(When.PROBLEMS, GOOD, told(GOOD, silence), MADE)
    if silence >= ALIVE_AFTER:
        assert cause is Cause.ALIVE
    if cause is not None:
        assert silence >= ALIVE_AFTER - timedelta(hours=12)


def test_the_same_report_has_the_same_identity_everywhere() -> None:
    """Whatever zone its times are written in; another period is another report."""
    utc = MADE.astimezone(UTC)
    one = report_id("dir", MADE, MADE - DAY, MADE)
    assert report_id("dir", utc, utc - DAY, utc) == one
    assert one.startswith("20261120T230000Z-")
    others = {
        report_id("dir", MADE, MADE - 2 * DAY, MADE),
        report_id("dir2", MADE, MADE - DAY, MADE),
        report_id("dir", MADE + timedelta(seconds=1), MADE - DAY, MADE),
    }
    assert len(others | {one}) == 4


def test_each_channel_and_audience_has_letters_of_its_own() -> None:
    def letter(channel: str, audience: str) -> Letter:
        return a_letter(a_parcel(audience=audience), channel=channel)

    pairs = [("mail", ""), ("slack", ""), ("mail", "dba"), ("maild", "ba")]
    assert len({letter(*pair).id for pair in pairs}) == len(pairs)


@pytest.mark.parametrize(
    "evil", ["../../etc/passwd", "", ".", "..", "a/b", "가", "x" * 500, "a\nb"]
)
def test_an_identity_is_a_safe_file_name_whatever_the_report_is_called(evil: str) -> None:
    name = a_letter(a_parcel(report_id=evil)).id
    assert name.isascii()
    assert not set(name) & set("/\\\n\0 ")
    assert name[0] != "."
    assert len(name) <= 120
