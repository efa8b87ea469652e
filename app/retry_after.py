"""What a server means by its Retry-After header (RFC 9110, section 10.2.3)."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime


def seconds_to_wait(written: str | None, now: datetime) -> float | None:
    """Return for how many seconds a server asks to be left alone.

    Args:
        written: the header: seconds, or a date.
        now: the present, aware.

    Returns:
        Seconds from now, 0 for what is past; None for no header, or one that makes no sense.
    """
    if not written:
        return None
    try:
        seconds = float(written)
    except ValueError:
        pass
    else:
        # A number that is none would be no pause to make.
        return None if math.isnan(seconds) else max(seconds, 0.0)
    try:
        until = parsedate_to_datetime(written)
    # OverflowError, undocumented: a day or year of so many digits that C has no room for it.
    except (ValueError, OverflowError):
        return None
    if until.tzinfo is None:
        until = until.replace(tzinfo=UTC)
    return max((until - now).total_seconds(), 0.0)
