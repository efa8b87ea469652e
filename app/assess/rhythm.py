"""How often a job runs, and at what time of day: by wall clock, so that clock changes do not count.

Schedules follow the Director's wall clock: "the same time a week ago" is not 168 hours ago when the
clocks changed in between. Pure.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from itertools import pairwise

from app.assess.history import Track, moment_of, night_of
from app.i18n import Message, nmsg

TOLERANCE = timedelta(minutes=4)
"""Runs so near to each other's time of day are at the same time."""
WEEK = 7
"""Days after which schedules repeat, as far as is presumed."""
ENOUGH_NIGHTS = 4
"""Nights with a good backup from which on a rhythm is learned."""
MANY_GAPS = 10
"""From so many gaps on, one that occurred only once is an accident and no rhythm."""
_CHANGE_NEAR = timedelta(hours=2)


def wall(moment: datetime, zone: tzinfo) -> datetime:
    """Return what the clock on the wall showed, without a zone."""
    return moment.astimezone(zone).replace(tzinfo=None, fold=0)


def days_later(moment: datetime, days: int, zone: tzinfo) -> datetime:
    """Return the moment (UTC) at which the clock shows the same, so many days later."""
    return (wall(moment, zone) + timedelta(days=days)).replace(tzinfo=zone).astimezone(UTC)


def clocks_change(moment: datetime, zone: tzinfo) -> bool:
    """Whether the clocks change within two hours: what is due then runs once, twice or never."""
    before, after = moment.astimezone(UTC) - _CHANGE_NEAR, moment.astimezone(UTC) + _CHANGE_NEAR
    return before.astimezone(zone).utcoffset() != after.astimezone(zone).utcoffset()


class Clock:
    """The times at which something happened or is foreseen, to be looked up by the wall clock."""

    def __init__(self, moments: Iterable[datetime], zone: tzinfo) -> None:
        """Note these moments as the clocks of `zone` showed them."""
        self._walls = sorted(wall(moment, zone) for moment in moments)

    def at(self, time: datetime) -> bool:
        """Whether something happened at about this wall-clock time."""
        found = bisect_left(self._walls, time - TOLERANCE)
        return found < len(self._walls) and self._walls[found] <= time + TOLERANCE

    def since_previous(self, time: datetime) -> timedelta | None:
        """Return how long before this wall-clock time the one before it was; None for the first."""
        found = bisect_left(self._walls, time - TOLERANCE)
        return time - self._walls[found - 1] if found else None

    def began_before(self, time: datetime) -> bool:
        """Whether anything happened before this wall-clock time."""
        return bool(self._walls) and self._walls[0] < time - TOLERANCE


@dataclass(frozen=True, slots=True)
class Rhythm:
    """How far apart the nights are in which a job runs.

    Attributes:
        usual: nights from one to the next, half of them being at least so far apart.
        longest: the longest distance that is ordinary, such as three over a weekend.
    """

    usual: int
    longest: int

    def limit(self, factor: float) -> timedelta:
        """Return how old a last good backup may be.

        That is `factor` times the usual, but never less than one night more than is ordinary.
        """
        return max(timedelta(days=self.usual * factor), timedelta(days=self.longest + 1))

    def or_slower(self, other: Rhythm | None) -> Rhythm:
        """Return the slower of two rhythms."""
        if other is None:
            return self
        return Rhythm(max(self.usual, other.usual), max(self.longest, other.longest))

    @property
    def said(self) -> Message:
        """The rhythm in words."""
        return nmsg("every night", "at least every {count} nights", self.longest)


def scheduled_rhythm(dues: Iterable[datetime], zone: tzinfo) -> Rhythm | None:
    """Return the rhythm of what is foreseen for a week, which then begins anew."""
    days = sorted({night_of(due, zone).toordinal() % WEEK for due in dues})
    if not days:
        return None
    gaps = sorted(later - earlier for earlier, later in pairwise([*days, days[0] + WEEK]))
    return Rhythm(gaps[len(gaps) // 2], gaps[-1])


def learn_rhythm(track: Track, zone: tzinfo) -> Rhythm | None:
    """Learn a job's rhythm from its past; None where too little is known of it.

    The nights of all runs count, bad ones too: a job that fails each night is still one of each
    night. But without some good ones there is no telling what is normal.
    """
    if len(track.good) < ENOUGH_NIGHTS:
        return None
    nights: dict[int, bool] = {}
    good = {run.jobid for run in track.good}
    for run in track.ended:
        moment = moment_of(run)
        if moment is not None:
            night = night_of(moment, zone).toordinal()
            nights[night] = nights.get(night, False) or run.jobid in good
    if sum(nights.values()) < ENOUGH_NIGHTS:
        return None
    days = sorted(nights)
    gaps = sorted(later - earlier for earlier, later in pairwise(days))
    usual = gaps[len(gaps) // 2]
    if len(gaps) < MANY_GAPS:
        return Rhythm(usual, gaps[-1])
    ordinary = [gap for gap, times in Counter(gaps).items() if times > 1]
    return Rhythm(usual, max(ordinary, default=usual))


def last_moment(tracks: Iterable[Track]) -> datetime | None:
    """Return when the last run of all these was due."""
    moments = (moment_of(run) for track in tracks for run in track.runs)
    return max((moment for moment in moments if moment is not None), default=None)


def stopped(
    tracks: Sequence[Track], rhythm: Rhythm, moment: datetime, grace: timedelta
) -> datetime | None:
    """Return when a job last ran if, by its rhythm, it does so no more; None while it does."""
    last = last_moment(tracks)
    if last is None or any(run.is_open for track in tracks for run in track.runs):
        return None
    return last if moment - last > timedelta(days=rhythm.longest) + grace else None
