"""Bacula's things as frozen values: Job, Client, Pool, Volume. Times are UTC; None: not known."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from app.bacula.codes import COPIED_TYPES, OPEN_STATUS, Outcome, outcome_of

_INHERITED_GAP = timedelta(seconds=60)
_HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Job:
    """One row of the catalog's Job table.

    Attributes:
        jobid: the JobId.
        unique: Bacula's unique job name, with its creation stamp.
        name: the Job resource's name.
        client: the Client resource's name; "" when the catalog has none.
        type: JobType letter.
        level: JobLevel letter; "" when there is none (Admin).
        status: JobStatus letter as the catalog has it.
        created: when the Director made the job (from `unique`).
        scheduled: when it was to start.
        started: catalog StartTime; of a copied job the original's.
        ended: catalog EndTime; of a copied job the original's.
        real_ended: catalog RealEndTime; null where the Director died during the job.
        files: files written; None when the server did not say.
        bytes: bytes written, likewise.
        errors: JobErrors, likewise; without it nothing is known to have gone well.
        pool: pool name, "" when none.
        fileset: FileSet name, "" when none.
        prior_jobid: the original of a copy or migration, 0 when none.
        purged: whether its file records were pruned: it can be restored only as a whole.
    """

    jobid: int
    unique: str
    name: str
    client: str
    type: str
    level: str
    status: str
    created: datetime | None
    scheduled: datetime | None
    started: datetime | None
    ended: datetime | None
    real_ended: datetime | None
    files: int | None
    bytes: int | None
    errors: int | None
    pool: str
    fileset: str
    prior_jobid: int
    purged: bool = False

    @property
    def outcome(self) -> Outcome:
        """What the status letter and the error count say became of the job."""
        return outcome_of(self.status, self.errors)

    @property
    def is_open(self) -> bool:
        """Whether the job still runs or waits; an unknown letter with an end time has ended."""
        if self.status in OPEN_STATUS:
            return True
        if self.status == "T" or self.ended is not None or self.real_ended is not None:
            return False
        return self.outcome is Outcome.UNKNOWN

    @property
    def died_with_director(self) -> bool:
        """Whether a Director's restart ended the job: there is no RealEndTime.

        Its EndTime is then its start; when it really ended, only its log can tell.
        """
        return self.outcome is Outcome.FAILED and self.real_ended is None

    @property
    def inherits_times(self) -> bool:
        """Whether start and end are an older job's: copies, migrations, VirtualFull.

        A VirtualFull is catalogued as a plain Full; it gives itself away by having "ended" long
        before it really ended.
        """
        if self.created and self.ended and self.created - self.ended > _HOUR:
            # Nothing ends before it is made; an hour may be the clocks' change.
            return True
        if self.real_ended is None:
            return False
        if self.type in COPIED_TYPES:
            return True
        return self.ended is not None and self.real_ended - self.ended > _INHERITED_GAP

    @property
    def run_start(self) -> datetime | None:
        """When the job really began to run, where that is known."""
        if not self.inherits_times:
            return self.started
        if self.type in COPIED_TYPES or self.scheduled is None or self.real_ended is None:
            return None
        return self.scheduled if self.scheduled <= self.real_ended else None

    @property
    def run_end(self) -> datetime | None:
        """When the job really ended; None while it is open."""
        if self.is_open:
            return None
        if self.real_ended is not None:
            return self.real_ended
        return None if self.inherits_times else self.ended

    def span(self, now: datetime) -> tuple[datetime, datetime] | None:
        """Return when the job waited and ran, first and last instant; None if nothing is known.

        An open job lasts until `now`. A job that the Director took down with it while it waited for
        a later start has times in the future; it was killed some time between its creation and
        `now`.
        """
        known = [t for t in (self.created, self.scheduled, self.run_start) if t is not None]
        if self.is_open:
            return min([*known, now]), now
        if self.type in COPIED_TYPES and self.real_ended is not None:
            return min(self.created or self.real_ended, self.real_ended), self.real_ended
        end = self.run_end
        if end is None:
            return (min(known), max(known)) if known else None
        if end > now:
            return min([*known, now]), now
        return min([*known, end]), end

    def duration(self, now: datetime) -> timedelta | None:
        """Return how long the job ran, or has run until `now`; None where that is not known."""
        start, end = self.run_start, self.run_end
        if start is None:
            return None
        if end is None:
            return max(now - start, timedelta()) if self.is_open else None
        return max(end - start, timedelta())


@dataclass(frozen=True, slots=True)
class Client:
    """A Client resource that the catalog knows."""

    clientid: int
    name: str
    uname: str


@dataclass(frozen=True, slots=True)
class JobResource:
    """A Job resource as the Director's configuration has it (`show jobs`).

    Attributes:
        name: the job's name.
        type: JobType letter; "" when it was not told.
        enabled: whether the Director would run it; None when it was not told.
        client: its Client, "" when it was not told.
        scheduled: whether it has an enabled Schedule; None when it was not told.
    """

    name: str
    type: str = ""
    enabled: bool | None = None
    client: str = ""
    scheduled: bool | None = None


@dataclass(frozen=True, slots=True)
class ScheduledRun:
    """A run that the Director's schedules foresee, from today's midnight on."""

    job: str
    client: str
    type: str
    level: str
    due: datetime
    schedule: str


@dataclass(frozen=True, slots=True)
class Pool:
    """A Pool as the catalog knows it. Limits of 0 are "no limit" and become None.

    Attributes:
        name: the pool's name.
        volumes: how many Volumes it has.
        max_volumes: how many it may have.
        retention: how long its Volumes are kept after they were last written.
        max_volume_bytes: how much one of its Volumes holds at most.
        type: PoolType, such as Backup or Scratch.
        recycle: whether Volumes may be used again after their retention.
    """

    name: str
    volumes: int
    max_volumes: int | None
    retention: timedelta | None
    max_volume_bytes: int | None
    type: str = "Backup"
    recycle: bool = True


@dataclass(frozen=True, slots=True)
class Volume:
    """A Volume of the catalog's Media table. Limits of 0 are "no limit" and become None.

    Attributes:
        name: the volume's name.
        pool: its pool's name, "" when none.
        status: Append, Full, Used, Recycle, Purged, Error, Archive, Read-Only, Disabled, Cleaning.
        bytes: bytes on it; None when the server did not say.
        max_bytes: how much it holds at most.
        retention: how long it is kept after it was last written.
        first_written: when it was first written.
        last_written: when it was last written.
        recycle: whether it may be used again after its retention.
        enabled: whether the Director may use it at all.
        errors: how many errors it had.
    """

    name: str
    pool: str
    status: str
    bytes: int | None
    max_bytes: int | None
    retention: timedelta | None
    first_written: datetime | None
    last_written: datetime | None
    recycle: bool = True
    enabled: bool = True
    errors: int = 0

    @property
    def expires(self) -> datetime | None:
        """When its retention ends and it may be used again; None while it is still written to."""
        if self.status not in ("Full", "Used") or self.last_written is None:
            return None
        if self.retention is None or not self.recycle:
            return None
        return self.last_written + self.retention


@dataclass(frozen=True, slots=True)
class LiveJob:
    """A job as the Director's (and File Daemon's) live status tells it.

    Attributes:
        jobid: the JobId.
        status: the true waiting or running letter, finer than the catalog's C and R.
        description: the Director's own words, such as 'is waiting on Storage "File1"'.
        since: when it was created or began.
        files: files so far; None when not told.
        bytes: bytes so far; None when not told.
        bytes_per_second: current rate at the File Daemon; None when it was not asked or is idle.
        current_file: the file in work, "" when not told.
    """

    jobid: int
    status: str
    description: str
    since: datetime | None
    files: int | None
    bytes: int | None
    bytes_per_second: int | None = None
    current_file: str = ""
