"""Reading single fields of an answer: numbers may come as strings, and anything may be null."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from app.bacula.joblog import clean_line

_LONGEST_NAME = 300


def number(value: Any) -> int | None:
    """Return a whole number, or None for null and rubbish (missing is not zero)."""
    if isinstance(value, bool) or value is None:
        return None
    if isinstance(value, int):
        return value
    try:
        if isinstance(value, str) and "." not in value:
            return int(value)
        exact = float(value)
        return int(exact) if not isinstance(value, str) or exact.is_integer() else None
    except (TypeError, ValueError, OverflowError):
        return None


def text(row: Mapping[str, Any], name: str) -> str:
    """Return a field as one clean line; "" for null."""
    value = row.get(name)
    if value is None or isinstance(value, list | dict):
        return ""
    return clean_line(str(value)[:_LONGEST_NAME])
