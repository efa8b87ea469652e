"""What the servers said, as one frozen value, with what could not be had.

A gap travels with the data to the page: missing is not zero.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from enum import StrEnum

from app.bacula.clock import ClockSource
from app.bacula.joblog import JobLog
from app.bacula.model import Client, Job, JobResource, LiveJob, Pool, ScheduledRun, Volume
from app.i18n import Message
from app.period import Mode, Period


class GapSource(StrEnum):
    """Which part of the night is not known."""

    JOBS = "jobs"
    OPEN_JOBS = "open jobs"
    JOB_LOGS = "job logs"
    LIVE_STATUS = "live status"
    CLIENTS = "clients"
    HISTORY = "history"
    CONFIGURATION = "configuration"
    SCHEDULE = "schedule"
    POOLS = "pools"
    VOLUMES = "volumes"
    SUCCESS_LOGS = "logs of successes"


@dataclass(frozen=True, slots=True)
class Gap:
    """Something that was asked for and could not be had.

    Attributes:
        source: which part is missing.
        reason: why, in words fit for a mailed report (no server text).
        jobids: the jobs concerned, empty when it is no single job's matter.
    """

    source: GapSource
    reason: Message
    jobids: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Source:
    """Who was asked.

    Attributes:
        host: host and port of the API.
        server: what answered, as far as its answers tell ("Baculum 15").
        api: the API version that was used, "" when none worked.
        director: the Director's name, "" when not known.
        zone: the Director's zone.
        zone_source: how the zone came to be known.
    """

    host: str
    server: str
    api: str
    director: str
    zone: tzinfo
    zone_source: ClockSource


@dataclass(frozen=True, slots=True)
class Filters:
    """What the report was narrowed to; empty means everything. Names may hold * and ?."""

    types: tuple[str, ...] = ()
    clients: tuple[str, ...] = ()
    jobs: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        """Whether anything is filtered at all."""
        return bool(self.types or self.clients or self.jobs)


@dataclass(frozen=True, slots=True)
class CallStats:
    """What the API was asked: requests sent (tries count), seconds waited, bytes read, failures."""

    requests: int = 0
    seconds: float = 0.0
    received: int = 0
    failed: int = 0


@dataclass(frozen=True, slots=True)
class History:
    """What ran before the period, for judging by comparison.

    Attributes:
        jobs: jobs that ended before the period began and were made within the look-back, newest
            JobId first, of every type; narrowed like the jobs. Single ones may be older than
            `since`, which are then those of their name without a gap.
        since: from when on no job is missing, by the time it was made; None when nothing is known
            of the past.
        whole: whether these are all that the catalog has, so that "never" may be said; False also
            where it has older ones than the look-back.
        proofs: older Restores and Verifies, the newest of each type; not narrowed.
        proofs_whole: whether these and the jobs are all Restores and Verifies of the catalog.
    """

    jobs: tuple[Job, ...] = ()
    since: datetime | None = None
    whole: bool = False
    proofs: tuple[Job, ...] = ()
    proofs_whole: bool = False


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The night as the servers told it.

    Attributes:
        now: when collecting began; "running since" counts to it.
        mode: how the period was asked for.
        period: the period, in the zone times are shown in.
        jobs: every job that overlaps the period, each once, newest JobId first.
        logs: the logs that were asked for and had, by JobId; of a success only what accuses in it
            and, as `head`, why its level was upgraded.
        clients: the clients the catalog knows; None when that could not be had.
        live: the Director's live jobs by JobId; None when not had or not needed.
        gaps: what is missing.
        notes: what only judging would have needed and could not be had; the night itself is known.
        filters: what the jobs were narrowed to.
    """

    now: datetime
    mode: Mode
    period: Period
    source: Source
    jobs: tuple[Job, ...] = ()
    logs: Mapping[int, JobLog] = field(default_factory=dict)
    clients: tuple[Client, ...] | None = None
    live: Mapping[int, LiveJob] | None = None
    gaps: tuple[Gap, ...] = ()
    filters: Filters = field(default_factory=Filters)
    calls: CallStats = field(default_factory=CallStats)
    notes: tuple[Gap, ...] = ()
    history: History = field(default_factory=History)
    resources: tuple[JobResource, ...] | None = None
    """The configured jobs, not narrowed; only their names where the server does not tell more. None
    when they could not be had."""
    schedule: tuple[ScheduledRun, ...] | None = None
    """Runs foreseen from the Director's last midnight on, for eight days (fewer where they are more
    than 2,000), not narrowed; None when not had, or not asked for as the period is long over."""
    pools: tuple[Pool, ...] | None = None
    volumes: tuple[Volume, ...] | None = None
    stopped: Message | None = None
    """Why nothing at all could be had, with the cure; None when something was."""
    stopped_cure: Message | None = None
