"""One field of an answer: tolerant of types, never inventing a number."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.api.fields import number, text

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters()),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=5,
)


@pytest.mark.parametrize(
    "value",
    [None, "", " ", "null", "abc", "1.5", "1e3", True, False, [], [1], {}, math.nan, math.inf,
     -math.inf, "9" * 5000, "0x10"],
)  # fmt: skip
def test_rubbish_is_no_number_and_not_zero(value: Any) -> None:
    assert number(value) is None


@given(st.integers(1 - 2**64, 2**64 - 1))
def test_a_number_may_come_as_text(value: int) -> None:
    assert number(value) == number(str(value)) == number(f" {value} ") == value


@given(st.integers(-(2**53), 2**53))
def test_a_whole_number_may_come_with_a_point(value: int) -> None:
    assert number(float(value)) == value


@given(JSON)
def test_no_value_raises_and_text_is_always_one_safe_line(value: Any) -> None:
    assert number(value) is None or isinstance(number(value), int)
    read = text({"name": value}, "name")
    read.encode()
    assert read == read.strip()
    assert not {"\n", "\r", "\t", "\x1b", "\u202e"} & set(read)
    assert len(read) <= 300


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("web01-fd", "web01-fd"),
        (" ", ""),
        (None, ""),
        (5, "5"),
        ([], ""),
        ({"a": 1}, ""),
        ("한글 작업", "한글 작업"),
        ("a\nb\tc", "a b c"),
        ("\x1b[31mred\x1b[0m", "red"),
        ("x" * 5000, "x" * 300),
        ("<script>alert(1)</script>", "<script>alert(1)</script>"),
    ],
)
def test_text_is_kept_as_far_as_it_is_safe(value: Any, expected: str) -> None:
    assert text({"name": value}, "name") == expected


def test_a_field_that_is_not_there_is_empty() -> None:
    assert text({}, "name") == ""
