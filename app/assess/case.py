"""What a finder is given: everything that is known and expected, as one frozen value."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta, tzinfo
from typing import TYPE_CHECKING

from app.assess.history import Past, night_of, reaches_to_now
from app.assess.model import JudgedJob
from app.policy import Policy
from app.snapshot import GapSource, Snapshot

if TYPE_CHECKING:
    from app.assess.protection import Protection


_HALF_A_DAY = timedelta(hours=12)
_NOON = time(12)


@dataclass(frozen=True, slots=True)
class Case:
    """Everything a finder may look at.

    Attributes:
        snapshot: what the servers said.
        jobs: every job of the period, judged; recovered failures are already told apart.
        past: the runs of each job, those before the period and those of it.
        policy: what is expected.
        protections: how well each backup job protects its client; worked out once for all.
    """

    snapshot: Snapshot
    jobs: tuple[JudgedJob, ...]
    past: Past
    policy: Policy
    protections: tuple[Protection, ...] = ()

    @property
    def as_of(self) -> datetime:
        """The moment that is judged: now, or the end of a period that lies in the past."""
        return min(self.snapshot.now, self.snapshot.period.end)

    @property
    def current(self) -> bool:
        """Whether the period reaches to now, so that schedules and live status belong to it."""
        return reaches_to_now(self.snapshot)

    @property
    def zone(self) -> tzinfo:
        """The zone in which days and nights are counted."""
        return self.snapshot.period.start.tzinfo or UTC

    @property
    def last_night(self) -> datetime:
        """When the last night of the period began: with the period, or at a noon in it."""
        start = self.snapshot.period.start
        day = night_of(self.as_of - _HALF_A_DAY, self.zone)
        return max(start, datetime.combine(day, _NOON, self.zone), key=datetime.timestamp)

    def lacks(self, *sources: GapSource) -> bool:
        """Whether something is missing without which a finding would only be a guess."""
        missing = {gap.source for gap in (*self.snapshot.gaps, *self.snapshot.notes)}
        return self.snapshot.stopped is not None or not missing.isdisjoint(sources)

    @property
    def known_since(self) -> datetime:
        """Since when no run is missing: what is known of the past, but at least the period."""
        start = self.snapshot.period.start
        return min(start, self.past.since) if self.past.since is not None else start

    @property
    def known_days(self) -> int:
        """How many whole days up to the moment judged are known; the catalog may begin later."""
        return (self.as_of - self.known_since).days
