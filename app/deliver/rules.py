"""When a report is sent: always, on problems, on change; and the sign of life in between. Pure."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import assert_never

from app.deliver.model import Cause, Parcel

ALIVE_AFTER = timedelta(days=7)
"""After so much silence a channel is told that all is well."""
_SLACK = timedelta(hours=12)
"""A weekly run is never exactly a week after the last one."""
_AHEAD = timedelta(days=1)
"""A run that waited for another one may be a little older than what that one told."""
_GOOD = "good"


class When(StrEnum):
    """Which reports a channel wants."""

    ALWAYS = "always"
    PROBLEMS = "problems"
    CHANGE = "change"


@dataclass(frozen=True, slots=True)
class Told:
    """What a channel was told last.

    Attributes:
        standing: how things stood then (`standing`).
        generated: when that report was made, aware.
        sent: when it was told, aware.
    """

    standing: str
    generated: datetime
    sent: datetime

    def is_ahead(self, now: datetime) -> bool:
        """Whether it was noted while the clock was wrong: later than it can be."""
        return max(self.generated, self.sent) - now > _AHEAD


def standing(parcel: Parcel) -> str:
    """Return how things stand, as a value to compare: the verdict's level and what is wrong."""
    told = "\n".join([parcel.level, str(parcel.complete), *sorted(set(parcel.keys))])
    return hashlib.sha256(told.encode("utf-8", "replace")).hexdigest()[:32]


def has_problem(parcel: Parcel) -> bool:
    """Return whether a report is more than "all is well": also if something is not known."""
    return parcel.level != _GOOD or not parcel.complete or bool(parcel.keys)


def due(
    when: When,
    parcel: Parcel,
    told: Told | None,
    now: datetime,
    alive_after: timedelta = ALIVE_AFTER,
) -> Cause | None:
    """Return why a report is to be sent, or None if it is not.

    A channel that was never told anything gets its first report whatever it says: so one sees that
    it works. What it was told in days to come, by a clock that was wrong, does not count: it would
    keep the channel silent until then.

    Args:
        when: what the channel wants.
        parcel: the report.
        told: what the channel was told last.
        now: the present, aware.
        alive_after: how long a channel may be silent.
    """
    if when is When.ALWAYS:
        return Cause.ALWAYS
    if told is None or told.is_ahead(now):
        return Cause.FIRST
    match when:
        case When.PROBLEMS:
            if has_problem(parcel):
                return Cause.PROBLEM
        case When.CHANGE:
            if standing(parcel) != told.standing:
                return Cause.CHANGE
        case _:
            assert_never(when)
    return Cause.ALIVE if now - told.sent >= alive_after - _SLACK else None
