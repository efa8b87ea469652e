"""The last nights, server by server and all together: what the matrix and the trends are made of.

A night lasts from noon to noon. A night of which not every run is known is neither empty nor good:
it is told apart, and no sum is made of it. Copies are no runs. Pure.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from enum import StrEnum
from math import ceil
from typing import TYPE_CHECKING

from app.assess.finding import Finding, Kind
from app.assess.history import BAD, GOOD, Track, moment_of, night_of
from app.bacula.codes import BACKUP_TYPE, Outcome
from app.bacula.model import Job
from app.snapshot import GapSource

if TYPE_CHECKING:
    from app.assess.case import Case

NIGHTS = 14
"""How many nights are looked at."""
_DAY = timedelta(days=1)


class NightState(StrEnum):
    """What became of a server in one night, the gravest first."""

    FAILED = "failed"
    MISSED = "missed"
    UNKNOWN = "unknown"
    WARNING = "warning"
    CANCELLED = "cancelled"
    RECOVERED = "recovered"
    WAITING = "waiting"
    RUNNING = "running"
    SUCCESS = "success"
    NO_JOB = "no job"
    NOT_KNOWN = "not known"


TROUBLED = frozenset(list(NightState)[:5])
"""States that somebody should look at."""
_RANK = {state: rank for rank, state in enumerate(NightState)}
_STATES = {outcome: NightState(outcome.value) for outcome in Outcome}


class Known(StrEnum):
    """How much of a night is known."""

    WHOLE = "whole"
    PARTLY = "partly"
    NOT = "not"


@dataclass(frozen=True, slots=True)
class Cell:
    """One server in one night.

    Attributes:
        state: the worst that is left of its jobs.
        counts: jobs per state, the gravest first; empty when there is none or none is known.
        jobid: the newest job of that state, 0 when there is none.
    """

    state: NightState
    counts: tuple[tuple[NightState, int], ...] = ()
    jobid: int = 0


@dataclass(frozen=True, slots=True)
class ServerNights:
    """One server and its nights, oldest first."""

    client: str
    cells: tuple[Cell, ...]

    @property
    def troubled(self) -> bool:
        """Whether any of its nights is worth a look."""
        return any(cell.state in TROUBLED for cell in self.cells)


@dataclass(frozen=True, slots=True)
class Night:
    """What all backups of one night did together.

    Attributes:
        day: the day on which it begins.
        known: how much of it is known; only of a night that is known whole the sums are true.
        backups: backups that ended; those that a later run made up for are not counted.
        good: how many of them left something to restore.
        open: backups that have not ended.
        bytes: what the good ones wrote.
        files: likewise.
        spent: how long all backups of the night took together.
    """

    day: date
    known: Known
    backups: int = 0
    good: int = 0
    open: int = 0
    bytes: int = 0
    files: int = 0
    spent: timedelta = timedelta()


@dataclass(frozen=True, slots=True)
class Rate:
    """How many of the backups that ended left something to restore."""

    good: int
    total: int

    @property
    def percent(self) -> float:
        """The share in per cent; of nothing it is zero."""
        return 100 * self.good / self.total if self.total else 0.0


@dataclass(frozen=True, slots=True)
class Nights:
    """The last nights.

    Attributes:
        nights: oldest first; the last is the one that is judged.
        servers: every server with a job in one of them, the worst first.
        rate: of the period; None when nothing ended or not every job is known.
        rate_before: of an equally long time, whole days before; None when that is not known.
    """

    nights: tuple[Night, ...] = ()
    servers: tuple[ServerNights, ...] = ()
    rate: Rate | None = None
    rate_before: Rate | None = None

    @property
    def known(self) -> tuple[Night, ...]:
        """The nights that are known whole."""
        return tuple(night for night in self.nights if night.known is Known.WHOLE)


def read_nights(case: Case, findings: Iterable[Finding], count: int = NIGHTS) -> Nights:
    """Look at the last `count` nights; nothing is told when nothing was had.

    Args:
        case: what is known; recovered failures are already told apart.
        findings: what was found; it says which jobs did not run.
        count: how many nights.
    """
    if case.snapshot.stopped is not None:
        return Nights()
    judged = {one.job.jobid: one.outcome for one in case.jobs}
    calendar = _Calendar(_last_day(case), count, case.zone)
    table = _Table(calendar, judged, case)
    for track in case.past.tracks.values():
        table.add(track)
    table.miss(findings)
    known = [_known(start, end, case) for start, end in calendar.spans]
    now, before = _rates(case, judged)
    return Nights(table.nights(known), table.servers(known), now, before)


def _last_day(case: Case) -> date:
    """Return the night to end with: in the afternoon a night without a run is not told yet."""
    as_of = case.as_of.astimezone(UTC)
    day = night_of(as_of, case.zone)
    if as_of.astimezone(case.zone).date() > day:
        return day
    begun = _noon(day, case.zone)
    moments = (_moment(run) for track in case.past.tracks.values() for run in track.runs)
    ran = any(when is not None and begun <= when <= as_of for when in moments)
    return day if ran else day - _DAY


def _noon(day: date, zone: tzinfo) -> datetime:
    return datetime.combine(day, time(12), zone).astimezone(UTC)


def _moment(run: Job) -> datetime | None:
    # The usual case at once: there are tens of thousands of runs.
    return run.scheduled or run.created or moment_of(run)


def _known(start: datetime, end: datetime, case: Case) -> Known:
    in_period = end > case.snapshot.period.start.astimezone(UTC)
    if in_period and case.lacks(GapSource.JOBS):
        return Known.PARTLY
    if case.past.reaches(start):
        return Known.WHOLE
    return Known.PARTLY if in_period else Known.NOT


class _Calendar:
    """So many nights, the last one being `last`."""

    def __init__(self, last: date, count: int, zone: tzinfo) -> None:
        self.days = [last - _DAY * back for back in range(count - 1, -1, -1)]
        self._edges = [_noon(day, zone) for day in [*self.days, last + _DAY]]

    @property
    def spans(self) -> Sequence[tuple[datetime, datetime]]:
        return list(zip(self._edges, self._edges[1:], strict=False))

    def place(self, moment: datetime | None) -> int:
        """Return which night a moment belongs to, -1 for none of them."""
        if moment is None or not self._edges[0] <= moment < self._edges[-1]:
            return -1
        return bisect_right(self._edges, moment) - 1


class _Table:
    """Fills in the nights, run by run."""

    def __init__(self, calendar: _Calendar, judged: Mapping[int, Outcome], case: Case) -> None:
        self._calendar = calendar
        self._judged = judged
        self._now = case.snapshot.now
        self._as_of = case.as_of.astimezone(UTC)
        self._counts: dict[str, list[dict[NightState, int]]] = {}
        self._jobids: dict[tuple[str, int, NightState], int] = {}
        self._sums = [_Sum() for _ in calendar.days]

    def add(self, track: Track) -> None:
        """Count the runs of one job; of earlier nights, a good run makes up for a bad one."""
        good: set[int] = set()
        is_backup = track.type == BACKUP_TYPE
        for run in reversed(track.runs):
            when = _moment(run)
            place = self._calendar.place(when)
            if place < 0 or when is None or when > self._as_of:
                continue
            outcome = self._judged.get(run.jobid)
            if outcome is None:
                outcome = run.outcome
                if outcome in BAD and place in good:
                    outcome = Outcome.RECOVERED
            if outcome in GOOD:
                good.add(place)
            if track.client:
                self._count(track.client, place, _STATES[outcome], run.jobid)
            if is_backup:
                self._sums[place].add(run, outcome, self._now)

    def miss(self, findings: Iterable[Finding]) -> None:
        """Count the jobs that did not run in the night in which they were due."""
        for finding in findings:
            if finding.kind is not Kind.MISSED:
                continue
            for notice in finding.notices:
                since = notice.since.astimezone(UTC) if notice.since else None
                place = self._calendar.place(since)
                if place >= 0 and notice.client:
                    self._count(notice.client, place, NightState.MISSED, 0)

    def nights(self, known: Sequence[Known]) -> tuple[Night, ...]:
        """Return the sums of each night."""
        days = zip(self._calendar.days, known, self._sums, strict=True)
        return tuple(
            Night(day, how, *total.values()) if how is not Known.NOT else Night(day, how)
            for day, how, total in days
        )

    def servers(self, known: Sequence[Known]) -> tuple[ServerNights, ...]:
        """Return the rows: trouble of the last night first, then the more troubled nights."""
        rows = [
            ServerNights(
                client,
                tuple(
                    self._cell(client, place, counts, known[place])
                    for place, counts in enumerate(nights)
                ),
            )
            for client, nights in self._counts.items()
        ]
        return tuple(sorted(rows, key=_rank))

    def _count(self, client: str, place: int, state: NightState, jobid: int) -> None:
        nights = self._counts.get(client)
        if nights is None:
            nights = self._counts[client] = [{} for _ in self._calendar.days]
        counts = nights[place]
        counts[state] = counts.get(state, 0) + 1
        # Newest runs come first within a job, but not from job to job.
        key = (client, place, state)
        self._jobids[key] = max(self._jobids.get(key, 0), jobid)

    def _cell(self, client: str, place: int, counts: dict[NightState, int], known: Known) -> Cell:
        if known is Known.NOT or (known is Known.PARTLY and not counts):
            return _CELL_NOT_KNOWN
        if not counts:
            return _CELL_NO_JOB
        ranked = tuple(sorted(counts.items(), key=lambda item: _RANK[item[0]]))
        state = ranked[0][0]
        return Cell(state, ranked, self._jobids[client, place, state])


_CELL_NOT_KNOWN = Cell(NightState.NOT_KNOWN)
_CELL_NO_JOB = Cell(NightState.NO_JOB)


class _Sum:
    """What the backups of one night add up to."""

    def __init__(self) -> None:
        self.backups = self.good = self.open = self.bytes = self.files = 0
        self.spent = timedelta()

    def add(self, run: Job, outcome: Outcome, now: datetime) -> None:
        if outcome in (Outcome.RUNNING, Outcome.WAITING):
            self.open += 1
            return
        # A run that a later one made up for took its time, but is no result.
        self.backups += outcome is not Outcome.RECOVERED
        self.spent += run.duration(now) or timedelta()
        if outcome in GOOD:
            self.good += 1
            self.bytes += run.bytes or 0
            self.files += run.files or 0

    def values(self) -> tuple[int, int, int, int, int, timedelta]:
        return self.backups, self.good, self.open, self.bytes, self.files, self.spent


def _rank(row: ServerNights) -> tuple[int, int, str]:
    last = row.cells[-1].state
    bad = sum(cell.state in TROUBLED for cell in row.cells)
    return (_RANK[last] if last in TROUBLED else len(_RANK), -bad, row.client)


def _rates(case: Case, judged: Mapping[int, Outcome]) -> tuple[Rate | None, Rate | None]:
    """Return the success rates of the period and of the same hours, whole days before."""
    if case.lacks(GapSource.JOBS):
        return None, None
    start, end = case.snapshot.period.start, case.as_of.astimezone(case.zone)
    length = end.astimezone(UTC) - start.astimezone(UTC)
    # By the clock on the wall: a night is compared with a night, not with the day before it.
    back = _DAY * max(ceil(length / _DAY), 1)
    before = (start - back, end - back)
    tracks = [track for track in case.past.tracks.values() if track.type == BACKUP_TYPE]
    now = _rate(tracks, judged, start, end)
    if not case.past.reaches(before[0]):
        return now, None
    return now, _rate(tracks, {}, *before)


def _rate(
    tracks: Iterable[Track], judged: Mapping[int, Outcome], start: datetime, end: datetime
) -> Rate | None:
    first, last = start.astimezone(UTC), end.astimezone(UTC)
    good = total = 0
    for track in tracks:
        made_up = False
        for run in reversed(track.runs):
            # Most runs ended at other times; what is exact costs more.
            ended = run.real_ended or run.ended
            if ended is None or not first <= ended <= last or run.run_end is None:
                continue
            outcome = judged.get(run.jobid, run.outcome)
            is_good = outcome in GOOD
            made_up = made_up or is_good
            if outcome is Outcome.RECOVERED or (not judged and outcome in BAD and made_up):
                continue
            total += 1
            good += is_good
    return Rate(good, total) if total else None
