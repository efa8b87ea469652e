"""What a night means, as frozen values. Sentences are messages, not yet in any language."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from app.assess.finding import Finding, Severity
from app.assess.history import Past
from app.bacula.codes import BACKUP_TYPE, Outcome
from app.bacula.joblog import JobLog
from app.bacula.model import Job, LiveJob
from app.i18n import Message
from app.snapshot import Snapshot


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
        copy_of: the JobId of the original, if it is a copy or what a migration wrote; else 0.
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


class ClientState(StrEnum):
    """How a server stands."""

    TROUBLED = "troubled"
    IN_PROGRESS = "in progress"
    FINE = "fine"


@dataclass(frozen=True, slots=True)
class JudgedClient:
    """A server that had jobs in the period: fine only if every one of them succeeded."""

    name: str
    state: ClientState
    worst: Outcome
    outcomes: Mapping[Outcome, int]


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
    """

    snapshot: Snapshot
    jobs: tuple[JudgedJob, ...]
    clients: tuple[JudgedClient, ...]
    idle_clients: tuple[str, ...]
    verdict: Verdict
    findings: tuple[Finding, ...] = ()
    past: Past = field(default_factory=lambda: Past({}, None, False))

    @property
    def alarms(self) -> tuple[Finding, ...]:
        """The findings that somebody should act upon: neither muted nor mere information."""
        return tuple(f for f in self.findings if not f.muted and f.severity is not Severity.INFO)

    @property
    def complete(self) -> bool:
        """Whether everything that was asked for was had."""
        return not self.snapshot.gaps

    @property
    def counts(self) -> Mapping[Outcome, int]:
        """Jobs per outcome; every outcome is there, and they add up to the number of jobs."""
        counted = Counter(job.outcome for job in self.jobs)
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
            and judged.outcome in (Outcome.SUCCESS, Outcome.WARNING)
        ]
        return sum(job.files or 0 for job in done), sum(job.bytes or 0 for job in done)
