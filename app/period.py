"""Which stretch of time a report is about.

A period is asked for before the Director's zone is known (only its answers tell the zone), so a
`PeriodRequest` is resolved once the zone is there. Pure.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from enum import StrEnum

from app.errors import UsageError
from app.i18n import msg


class Mode(StrEnum):
    """The named periods, and the explicit one."""

    TEST = "test"
    PRODUCTION = "production"
    CUSTOM = "custom"


PRODUCTION_START = time(22, 0)
"""Nightly backups begin after ten in the evening."""
TEST_DAYS = 7


@dataclass(frozen=True, slots=True)
class Period:
    """A closed interval of instants, both in the zone it is told in."""

    start: datetime
    end: datetime

    def overlaps(self, span: tuple[datetime, datetime]) -> bool:
        """Whether a job's span touches the period; both ends count."""
        first, last = (moment.astimezone(UTC) for moment in span)
        return first <= self.end.astimezone(UTC) and last >= self.start.astimezone(UTC)


@dataclass(frozen=True, slots=True)
class PeriodRequest:
    """What was asked for: a mode, or explicit bounds (naive ones are the Director's wall clock)."""

    mode: Mode
    start: datetime | None = None
    end: datetime | None = None

    def resolve(self, now: datetime, zone: tzinfo) -> Period:
        """Return the period in `zone`.

        Args:
            now: the present, aware; no period reaches beyond it.
            zone: the zone whose wall clock is meant.

        Raises:
            UsageError: if the period would begin after it ends, or in the future.
        """
        now = now.astimezone(zone)
        if self.mode is Mode.PRODUCTION:
            # Where a zone skipped a whole day, "yesterday 22:00" would lie ahead: the day before.
            evenings = (
                _at(datetime.combine(now.date() - timedelta(days=days), PRODUCTION_START), zone)
                for days in (1, 2)
            )
            return Period(next(evening for evening in evenings if not _after(evening, now)), now)
        if self.mode is Mode.TEST:
            wall = now.replace(tzinfo=None, fold=0) - timedelta(days=TEST_DAYS)
            return Period(_at(wall, zone), now)
        start = _at(self.start, zone) if self.start is not None else now
        end = _at(self.end, zone) if self.end is not None else now
        end = now if _after(end, now) else end
        if _after(start, end):
            raise UsageError(
                msg(
                    "The period would begin ({start}) after it ends ({end}).",
                    start=f"{start:%Y-%m-%d %H:%M}",
                    end=f"{end:%Y-%m-%d %H:%M}",
                ),
                msg("Give --from a time before --to, and not in the future."),
            )
        return Period(start, end)


def _after(one: datetime, other: datetime) -> bool:
    """Compare instants; Python compares times of one zone by their wall clocks."""
    return one.astimezone(UTC) > other.astimezone(UTC)


def _at(moment: datetime, zone: tzinfo) -> datetime:
    """Return `moment` in `zone`; a wall-clock time that the zone skips moves on by the gap."""
    if moment.tzinfo is None:
        # Through UTC and back: 02:30 on the night clocks go forward becomes 03:30.
        moment = moment.replace(tzinfo=zone).astimezone(UTC)
    return moment.astimezone(zone)


def parse_bound(text: str, *, end: bool) -> datetime:
    """Read a bound from the command line.

    Accepts ISO 8601 with or without offset, "YYYY-MM-DD HH:MM[:SS]" and a bare date. A bare date
    means its first moment as a start and its last as an end, so "--from 2026-11-01 --to 2026-11-07"
    is seven days.

    Raises:
        ValueError: if it is none of these.
    """
    text = text.strip()
    try:
        moment = datetime.combine(date.fromisoformat(text), time.max if end else time.min)
    except ValueError:
        moment = datetime.fromisoformat(text)
    if not 1971 <= moment.year <= 9990:
        raise ValueError(text)
    return moment
