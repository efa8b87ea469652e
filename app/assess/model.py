"""What a night means, as frozen values. Sentences are messages, not yet in any language."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING

from app.assess.finding import Finding, Severity
from app.assess.history import Past
from app.assess.nights import Nights
from app.bacula.codes import BACKUP_TYPE, COPIED_TYPES, Outcome
from app.bacula.joblog import JobLog
from app.bacula.model import Job, LiveJob
from app.i18n import Message
from app.snapshot import Snapshot

if TYPE_CHECKING:
    from app.assess.protection import Protection


class Level(StrEnum):
    """The verdict in one word."""

    GOOD = "good"
    ATTENTION = "attention"
    CRITICAL = "critical"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Verdict:
    """The answer to "could the company be restored today?".

    Attributes:
        level: how bad it is.
        sentence: why, in one sentence.
    """

    level: Level
    sentence: Message


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a job is not a plain success: a log entry, or what this program concluded.

    Attributes:
        text: the log entry (str) or the conclusion (Message).
        alike: how many more entries of its kind the log has.
    """

    text: Message | str
    alike: int = 0


@dataclass(frozen=True, slots=True)
class JudgedJob:
    """A job and what became of it.

    Attributes:
        job: the catalog's row.
        outcome: by status letter, errors and, for an open job, the Director's live status.
        headline: the reason in one line; "" for a success.
        reasons: all that is known of why.
        log: its log, when it was needed and had.
        live: the Director's live view, when there is one.
        since: for an open job: since when it runs or waits.
        copy_of: the JobId of the original, if it is a good copy or what a migration wrote; else 0.
        made_up_by: the JobId of the later run that made up for it, if it recovered; else 0.
    """

    job: Job
    outcome: Outcome
    headline: Message | str = ""
    reasons: tuple[Reason, ...] = ()
    log: JobLog | None = None
    live: LiveJob | None = None
    since: datetime | None = None
    copy_of: int = 0
    made_up_by: int = 0

    @property
    def good_copy(self) -> bool:
        """Whether it is a copy that went well: no second backup, and counted nowhere.

        A copy that went wrong is counted as what it is.
        """
        if self.outcome is not Outcome.SUCCESS:
            return False
        return self.copy_of != 0 or self.job.type in COPIED_TYPES


class ClientState(StrEnum):
    """How a server stands."""

    TROUBLED = "troubled"
    IN_PROGRESS = "in progress"
    FINE = "fine"


@dataclass(frozen=True, slots=True)
class JudgedClient:
    """A server that had jobs in the period.

    Attributes:
        name: the Client's name.
        state: fine only if every one of its jobs succeeded or was made up for.
        worst: the outcome that decides.
        outcomes: its jobs per outcome; good copies are not counted.
        protected: whether every backup job of it has a good backup that is not too old; None when
            too little is known to say so.
    """

    name: str
    state: ClientState
    worst: Outcome
    outcomes: Mapping[Outcome, int]
    protected: bool | None = None


@dataclass(frozen=True, slots=True)
class Assessment:
    """What the whole night means.

    Attributes:
        snapshot: what it was judged from.
        jobs: every job of the snapshot, in its order.
        clients: the servers that had jobs, the worst first.
        idle_clients: servers the catalog knows that had none; empty when jobs were filtered.
        verdict: the answer.
        findings: what the letters do not say, the gravest first; muted ones are among them.
        past: the runs of each job, those before the period and those of it.
        protections: how well each backup job protects its client.
        nights: the last nights, server by server and all together.
    """

    snapshot: Snapshot
    jobs: tuple[JudgedJob, ...]
    clients: tuple[JudgedClient, ...]
    idle_clients: tuple[str, ...]
    verdict: Verdict
    findings: tuple[Finding, ...] = ()
    past: Past = field(default_factory=lambda: Past({}, None, False))
    protections: tuple[Protection, ...] = ()
    nights: Nights = field(default_factory=Nights)

    @property
    def alarms(self) -> tuple[Finding, ...]:
        """The findings that somebody should act upon: neither muted nor mere information."""
        return tuple(f for f in self.findings if not f.muted and f.severity is not Severity.INFO)

    @property
    def complete(self) -> bool:
        """Whether everything that was asked for was had."""
        return not self.snapshot.gaps

    @property
    def counted(self) -> tuple[JudgedJob, ...]:
        """The jobs that count: all but the good copies."""
        return tuple(job for job in self.jobs if not job.good_copy)

    @property
    def copies(self) -> tuple[JudgedJob, ...]:
        """The good copies, in the order of the jobs; `copy_of` names the original of each."""
        return tuple(job for job in self.jobs if job.good_copy)

    @property
    def counts(self) -> Mapping[Outcome, int]:
        """Jobs per outcome; every outcome is there, and they add up to the number of `counted`."""
        counted = Counter(job.outcome for job in self.jobs if not job.good_copy)
        return {outcome: counted[outcome] for outcome in Outcome}

    @property
    def client_states(self) -> Mapping[ClientState, int]:
        """Servers per state."""
        counted = Counter(client.state for client in self.clients)
        return {state: counted[state] for state in ClientState}

    @property
    def backed_up(self) -> tuple[int, int]:
        """Files and bytes that finished backups wrote; copies are no second backup."""
        done = [
            judged.job
            for judged in self.jobs
            if judged.job.type == BACKUP_TYPE
            and judged.job.jobid not in self.past.copies
            and judged.outcome in (Outcome.SUCCESS, Outcome.WARNING)
        ]
        return sum(job.files or 0 for job in done), sum(job.bytes or 0 for job in done)
