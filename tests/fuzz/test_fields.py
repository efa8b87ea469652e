"""Single fields of an answer: whatever stands in them, they become a safe value or none."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import example, given
from hypothesis import strategies as st

from app.api import fields
from tests.fuzz.conftest import fuzz
from tests.fuzz.pieces import TEXT, VALUES, WRITTEN_NUMBERS, unsafe

MOST = 2**64
"""No catalog has a column for more."""


@fuzz(4)
@given(VALUES | WRITTEN_NUMBERS)
@example(10**4000)
@example("9" * 4300)
@example(1e308)
def test_a_number_is_one_that_a_catalog_can_hold_or_none(value: Any) -> None:
    """Larger ones cannot even be written once they are added up: Python ends at 4,300 digits."""
    number = fields.number(value)
    assert number is None or (type(number) is int and abs(number) < MOST)
    assert fields.number(number) == number
    if number is not None:
        assert fields.number(str(number)) == number


@fuzz(2)
@given(st.integers(-(2**64) + 1, 2**64 - 1))
def test_every_number_of_a_catalog_is_read_in_each_of_its_forms(value: int) -> None:
    assert fields.number(value) == fields.number(str(value)) == fields.number(f" {value} ") == value


@fuzz(4)
@given(VALUES)
def test_a_limit_a_length_and_a_moment_can_be_reckoned_with_or_are_none(value: Any) -> None:
    most, length, moment = fields.limit(value), fields.length(value), fields.epoch(value)
    assert most is None or most > 0
    assert length is None or timedelta() < length <= timedelta(days=365_000)
    if moment is not None:
        assert moment.tzinfo is UTC
        assert moment - timedelta(days=365) < moment < moment + timedelta(days=365)
    assert fields.flag(value) in (True, False, None)


@fuzz(4)
@given(VALUES | TEXT)
def test_a_name_is_one_line_that_any_encoding_can_write(value: Any) -> None:
    text = fields.text({"name": value}, "name")
    assert not unsafe(text)
    assert text == text.strip()
    assert "  " not in text
    assert len(text) <= 300
    assert text.encode().decode() == text
    # What was read is read again as it is.
    assert fields.text({"name": text}, "name") == text
    assert json.loads(json.dumps(text)) == text


@fuzz(2)
@given(st.floats())
def test_a_point_makes_no_difference(value: float) -> None:
    number = fields.number(value)
    if value == value and abs(value) < MOST:
        assert number == int(value)
        assert fields.epoch(value) == fields.epoch(number)
    else:
        assert number is None
    assert fields.epoch(value) is None or isinstance(fields.epoch(value), datetime)
