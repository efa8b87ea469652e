"""Reading single fields of an answer: numbers may come as strings, and anything may be null."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Generic, TypeVar

from app.bacula.joblog import clean_line

_LONGEST_NAME = 300
_LARGEST = 2**64
"""No column of a catalog holds more; added up, far larger ones could not even be written."""
_LONGEST_EPOCH = 253_000_000_000
_LONGEST_TIME = timedelta(days=365_000)
_NO = frozenset({"0", "no", "false"})
_YES = frozenset({"1", "yes", "true"})
_T = TypeVar("_T")


def number(value: Any) -> int | None:
    """Return a whole number of 64 bits, or None for null and rubbish (missing is not zero)."""
    found = _whole(value)
    return found if found is not None and abs(found) < _LARGEST else None


def _whole(value: Any) -> int | None:
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


def limit(value: Any) -> int | None:
    """Return a limit; None for 0, which stands for "no limit", and for what is no number."""
    most = number(value)
    return most if most is not None and most > 0 else None


def length(value: Any) -> timedelta | None:
    """Return a length of time given in seconds; None for 0 and for more than 1,000 years."""
    seconds = limit(value)
    if seconds is None or seconds > _LONGEST_TIME.total_seconds():
        return None
    return timedelta(seconds=seconds)


def flag(value: Any) -> bool | None:
    """Return a yes or no, however it is written; None when it is neither."""
    written = str(value).strip().lower()
    return True if written in _YES else False if written in _NO else None


def epoch(value: Any) -> datetime | None:
    """Return the instant of a true Unix epoch, in UTC; None for 0 and for what is none."""
    seconds = number(value)
    if seconds is None or not 0 < seconds < _LONGEST_EPOCH:
        return None
    return datetime.fromtimestamp(seconds, UTC)


@dataclass(frozen=True, slots=True)
class Listed(Generic[_T]):
    """What was read of a list, and how many rows could not be: they are told, never dropped."""

    rows: tuple[_T, ...]
    unreadable: int = 0


def read_rows(
    answer: Sequence[Any], name: str, read: Callable[[Mapping[str, Any]], _T | None]
) -> Listed[_T]:
    """Read the rows of a list.

    Args:
        answer: what a server gave.
        name: the field that names a row; without it, it is nobody's.
        read: makes something of a row; None if that cannot be.
    """
    named = (row for row in answer if isinstance(row, Mapping) and text(row, name))
    found = tuple(one for one in map(read, named) if one is not None)
    return Listed(found, len(answer) - len(found))
