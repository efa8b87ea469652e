"""The past of each job: its runs in order, its last good backup, its streak of bad nights.

Copies and what a migration wrote are no runs of a job: they are left out, unless the original is no
longer known. Then the copy stands for it, at the time of the original. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta, tzinfo
from functools import cached_property

from app.bacula.codes import BACKUP_TYPE, COPIED_TYPES, Outcome
from app.bacula.model import Job
from app.snapshot import History, Snapshot

GOOD = frozenset({Outcome.SUCCESS, Outcome.WARNING})
"""Outcomes after which there is something to restore."""
BAD = frozenset({Outcome.FAILED, Outcome.CANCELLED})
MIGRATED_TYPE = "M"
"""The original of a migration; it was a backup and has its own times."""
CLOCKS = timedelta(days=1)
"""How far clocks and zones may be apart: what claims to have ended later than that is nonsense."""
LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)
_NOON = timedelta(hours=12)
_NOW = timedelta(hours=1)


def night_of(moment: datetime, zone: tzinfo) -> date:
    """Return the night that a moment belongs to, named by the day on which it begins.

    Nights last from noon to noon by the clock of `zone`: backups of one night belong together,
    whether they begin before or after midnight.
    """
    try:
        return (moment.astimezone(zone) - _NOON).date()
    except OverflowError:
        # The first and the last day of the calendar: a catalog's nonsense.
        return moment.date()


def moment_of(job: Job) -> datetime | None:
    """Return when a run was due, or as near to it as is known.

    It cannot have been due after its end, nor before it was made.
    """
    if job.scheduled is not None and _plausible(job.scheduled, job):
        return job.scheduled
    if job.created is not None and _plausible(job.created, job):
        return job.created
    begun = job.run_start
    return begun if begun is not None and _plausible(begun, job) else job.run_end or job.created


def _plausible(due: datetime, job: Job) -> bool:
    end, made = job.real_ended or job.ended, job.created
    return (end is None or due - end <= CLOCKS) and (made is None or made - due <= CLOCKS)


def copies_of(jobs: Iterable[Job]) -> frozenset[int]:
    """Return the JobIds of those jobs that are copies of others: copied, or written by a migration.

    A migration turns the original into type M; the row it writes is a plain backup that names the
    original and has its times. So has a copy that became a backup when its original was purged: it
    names a job that is not there. Neither is another backup.
    """
    known = list(jobs)
    types = {job.jobid: job.type for job in known}
    return frozenset(
        job.jobid
        for job in known
        if job.type in COPIED_TYPES
        or (
            job.prior_jobid != 0
            and job.type == BACKUP_TYPE
            and types.get(job.prior_jobid, MIGRATED_TYPE) == MIGRATED_TYPE
            and job.inherits_times
        )
    )


def kind_of(job: Job) -> tuple[str, str, str]:
    """Return what makes runs the same job's: its name, its client, its type."""
    return job.name, job.client, BACKUP_TYPE if job.type == MIGRATED_TYPE else job.type


@dataclass(frozen=True)
class Track:
    """All known runs of one job on one client, oldest first; runs that are still open included.

    Attributes:
        runs: in the order of their JobIds.
        now: when they were asked for; None when that does not matter.
    """

    name: str
    client: str
    type: str
    runs: tuple[Job, ...]
    now: datetime | None = None

    @cached_property
    def ended(self) -> tuple[Job, ...]:
        """The runs that are over, in the order in which they ended.

        One that claims to have ended in the future is left out: when it ended is not known.
        """
        limit = _EVER if self.now is None else self.now + CLOCKS
        over = [(end, run) for run in self.runs if (end := run.run_end) is not None]
        over.sort(key=lambda item: (item[0], item[1].jobid))
        return tuple(run for end, run in over if end <= limit)

    @cached_property
    def good(self) -> tuple[Job, ...]:
        """The runs that left something to restore, oldest first."""
        return tuple(run for run in self.ended if run.outcome in GOOD)

    def last_good(self, levels: str = "") -> Job | None:
        """Return the newest good run of one of these levels; "" stands for any level."""
        return next((run for run in reversed(self.good) if not levels or run.level in levels), None)

    def bad_nights(self, zone: tzinfo, last: date | None = None) -> list[date]:
        """Return the nights in a row that had runs but no good one, oldest first.

        A night without a run that is over neither ends the row nor counts. Neither does a night
        count that had no bad run, only such as nobody can judge; it ends the row.

        Args:
            zone: in which nights are counted.
            last: the night with which the row ends; without it, the last night with a run.
        """
        bad: list[date] = []
        nights = self.nights(zone)
        for night in sorted(nights, reverse=True):
            if last is not None and night > last:
                continue
            outcomes = {run.outcome for run in nights[night]}
            if outcomes & GOOD or not outcomes & BAD:
                break
            bad.append(night)
        return bad[::-1]

    def bad_runs(self, night: date, zone: tzinfo) -> list[Job]:
        """Return the runs of a night that ended badly, in the order in which they ended."""
        return [run for run in self.nights(zone).get(night, ()) if run.outcome in BAD]

    def nights(self, zone: tzinfo) -> dict[date, list[Job]]:
        """Return the runs that are over by the night to which they belong, in order of their ends.

        Not to be changed: it is kept.
        """
        found = self._nights.get(zone)
        if found is None:
            found = self._nights[zone] = {}
            for run in self.ended:
                night = night_of(moment_of(run) or _EVER, zone)
                found.setdefault(night, []).append(run)
        return found

    @cached_property
    def _nights(self) -> dict[tzinfo, dict[date, list[Job]]]:
        return {}


_EVER = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Past:
    """The runs of every job, before the period and in it.

    Attributes:
        tracks: by (job name, client, type).
        since: from when on no run is missing; None when nothing before the period is known.
        whole: whether there is nothing older in the catalog, nor was at the end of the period.
        copies: the JobIds of all that is a copy of another job.
    """

    tracks: Mapping[tuple[str, str, str], Track]
    since: datetime | None
    whole: bool
    copies: frozenset[int] = frozenset()

    def track(self, job: Job) -> Track | None:
        """Return the runs of a job's kind; None for a copy that has none."""
        return self.tracks.get(kind_of(job))

    def reaches(self, moment: datetime) -> bool:
        """Whether every run since `moment` is known."""
        return self.whole or (self.since is not None and self.since <= moment)


def read_past(snapshot: Snapshot) -> Past:
    """Put the runs of a snapshot in order."""
    history: History = snapshot.history
    everything = {job.jobid: job for job in (*history.jobs, *snapshot.jobs)}
    copies = copies_of(everything.values())
    runs: dict[tuple[str, str, str], list[Job]] = {}
    for job in (*_stand_ins(everything, copies), *_originals(everything, copies)):
        runs.setdefault(kind_of(job), []).append(job)
    tracks = {
        key: Track(*key, tuple(sorted(found, key=_jobid)), snapshot.now)
        for key, found in runs.items()
    }
    if history.whole and not reaches_to_now(snapshot):
        return Past(tracks, _oldest(everything.values(), history.since), False, copies)
    return Past(tracks, history.since, history.whole, copies)


def reaches_to_now(snapshot: Snapshot) -> bool:
    """Whether the period reaches to now, so that what is so now was so at its end."""
    now, end = snapshot.now.astimezone(UTC), snapshot.period.end.astimezone(UTC)
    return now - end < _NOW


def _oldest(jobs: Iterable[Job], since: datetime | None) -> datetime | None:
    """Return since when jobs are known of a period that is over, in a catalog of nothing older.

    What is older may have been pruned since: at that time the catalog had it.
    """
    known = (moment for job in jobs if (moment := job.created or moment_of(job)) is not None)
    oldest = min(known, default=None)
    return oldest if since is None or oldest is None else max(oldest, since)


def _jobid(job: Job) -> int:
    return job.jobid


def _originals(everything: Mapping[int, Job], copies: frozenset[int]) -> Iterator[Job]:
    return (job for job in everything.values() if job.jobid not in copies)


def _stand_ins(everything: Mapping[int, Job], copies: frozenset[int]) -> Iterator[Job]:
    """Tell what is known of originals of which only a copy is: they ran, and were good.

    The first copy of each stands for it, with the times that it inherited and the original's JobId.
    """
    told: set[int] = set()
    for jobid in sorted(copies):
        copy = everything[jobid]
        if copy.prior_jobid in everything or copy.prior_jobid in told:
            continue
        if copy.prior_jobid and copy.outcome in GOOD and copy.ended is not None:
            told.add(copy.prior_jobid)
            yield replace(
                copy,
                jobid=copy.prior_jobid,
                prior_jobid=0,
                type=BACKUP_TYPE,
                created=copy.started,
                scheduled=copy.started,
                real_ended=copy.ended,
            )
