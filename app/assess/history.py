"""The past of each job: its runs in order, its last good backup, its streak of bad nights.

Copies and what a migration wrote are no runs of a job: they are left out. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo
from functools import cached_property

from app.bacula.codes import COPIED_TYPES, Outcome
from app.bacula.model import Job
from app.snapshot import History, Snapshot

GOOD = frozenset({Outcome.SUCCESS, Outcome.WARNING})
"""Outcomes after which there is something to restore."""
BAD = frozenset({Outcome.FAILED, Outcome.CANCELLED})
MIGRATED_TYPE = "M"
_NOON = timedelta(hours=12)


def night_of(moment: datetime, zone: tzinfo) -> date:
    """Return the night that a moment belongs to, named by the day on which it begins.

    Nights last from noon to noon: backups of one night belong together, whether they begin before
    or after midnight.
    """
    return (moment.astimezone(zone) - _NOON).date()


def moment_of(job: Job) -> datetime | None:
    """Return when a run was due, or as near to it as is known."""
    known = (job.scheduled, job.created, job.run_start, job.run_end)
    return next((moment for moment in known if moment is not None), None)


def copies_of(jobs: Iterable[Job]) -> frozenset[int]:
    """Return the JobIds of those jobs that are copies of others: copied, or written by a migration.

    A migration turns the original into type M; the row it writes is a plain backup that names the
    original. Neither is another backup.
    """
    known = list(jobs)
    migrated = {job.jobid for job in known if job.type == MIGRATED_TYPE}
    return frozenset(
        job.jobid
        for job in known
        if job.type in COPIED_TYPES
        or (job.prior_jobid in migrated and job.inherits_times and job.type == "B")
    )


@dataclass(frozen=True)
class Track:
    """All known runs of one job on one client, oldest first; runs that are still open included."""

    name: str
    client: str
    type: str
    runs: tuple[Job, ...]

    @cached_property
    def ended(self) -> tuple[Job, ...]:
        """The runs that are over, in the order in which they ended."""
        over = [run for run in self.runs if run.run_end is not None]
        return tuple(sorted(over, key=lambda run: (run.run_end or _LONG_AGO, run.jobid)))

    @cached_property
    def good(self) -> tuple[Job, ...]:
        """The runs that left something to restore, oldest first."""
        return tuple(run for run in self.ended if run.outcome in GOOD)

    def last_good(self, levels: str = "") -> Job | None:
        """Return the newest good run of one of these levels; "" stands for any level."""
        return next((run for run in reversed(self.good) if not levels or run.level in levels), None)

    def bad_nights(self, zone: tzinfo) -> list[date]:
        """Return the latest nights in a row that had runs but no good one, oldest first.

        A night in which a run is still open and none has ended ends nothing and counts for nothing.
        """
        by_night: dict[date, set[Outcome]] = {}
        for run in self.ended:
            when = moment_of(run) or run.run_end
            if when is not None:
                by_night.setdefault(night_of(when, zone), set()).add(run.outcome)
        bad: list[date] = []
        for night in sorted(by_night, reverse=True):
            if by_night[night] & GOOD or not by_night[night] & BAD:
                break
            bad.append(night)
        return bad[::-1]


_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Past:
    """The runs of every job, before the period and in it.

    Attributes:
        tracks: by (job name, client, type).
        since: from when on no run is missing; None when nothing before the period is known.
        whole: whether there is nothing older in the catalog.
    """

    tracks: Mapping[tuple[str, str, str], Track]
    since: datetime | None
    whole: bool

    def track(self, job: Job) -> Track | None:
        """Return the runs of a job's kind; None for a copy that has none."""
        kind = "B" if job.type == MIGRATED_TYPE else job.type
        return self.tracks.get((job.name, job.client, kind))

    def reaches(self, moment: datetime) -> bool:
        """Whether every run since `moment` is known."""
        return self.whole or (self.since is not None and self.since <= moment)


def read_past(snapshot: Snapshot) -> Past:
    """Put the runs of a snapshot in order."""
    history: History = snapshot.history
    everything = {job.jobid: job for job in (*history.jobs, *snapshot.jobs)}
    copies = copies_of(everything.values())
    runs: dict[tuple[str, str, str], list[Job]] = {}
    for jobid in sorted(everything):
        job = everything[jobid]
        if jobid not in copies:
            kind = "B" if job.type == MIGRATED_TYPE else job.type
            runs.setdefault((job.name, job.client, kind), []).append(job)
    tracks = {key: Track(*key, tuple(found)) for key, found in runs.items()}
    return Past(tracks, history.since, history.whole)
