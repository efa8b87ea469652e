"""What a finding is: something an operator should know that no single letter says.

Finders tell `Notice`s, one for each job, client, pool or volume; those that say the same of several
are gathered into one `Finding` (`findings.gather`). What each kind says: `findings.catalogue`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from app.i18n import Message
from app.policy import Mute


class Severity(StrEnum):
    """How much a finding matters; the order is the order of the report."""

    CRITICAL = "critical"
    WARNING = "warning"
    INFO = "info"


class Kind(StrEnum):
    """The kinds of findings. Sentences: `findings.catalogue`; rules: docs/findings.md."""

    NEVER_BACKED_UP = "never-backed-up"
    TOO_OLD = "too-old"
    FAILED = "failed"
    MISSED = "missed"
    NEEDS_OPERATOR = "needs-operator"
    BROKEN_CHAIN = "broken-chain"
    EMPTY = "empty"
    CATALOG_BACKUP = "catalog-backup"
    POOL_FULL = "pool-full"
    CANCELLED = "cancelled"
    STALLED = "stalled"
    LATE = "late"
    NEVER_RUN = "never-run"
    DISABLED = "disabled"
    NO_JOB = "no-job"
    HIDDEN_ERRORS = "hidden-errors"
    UNUSUAL = "unusual"
    VOLUME_ERROR = "volume-error"
    ROOM = "room"
    EXPIRING = "expiring"
    UPGRADED = "upgraded"
    RECOVERED = "recovered"
    SOLVED = "solved"
    NO_RESTORE_TEST = "no-restore-test"
    NO_VERIFY = "no-verify"


class Cause(StrEnum):
    """Why jobs fail, as their logs tell; the order is the order in which they are looked for."""

    DIRECTOR_RESTARTED = "director-restarted"
    CANCELLED_BY_PERSON = "cancelled-by-person"
    CANCELLED_BY_LIMIT = "cancelled-by-limit"
    CANCELLED_AS_DUPLICATE = "cancelled-as-duplicate"
    AUTHENTICATION = "authentication"
    SCRIPT = "script"
    NO_VOLUME = "no-volume"
    DISK_FULL = "disk-full"
    CLIENT_UNREACHABLE = "client-unreachable"
    STORAGE = "storage"
    DATABASE = "database"
    NETWORK_LOST = "network-lost"
    FILES = "files"
    UNKNOWN = "unknown"


class News(StrEnum):
    """How a finding stands to the time before the period."""

    NEW = "new"
    CONTINUING = "continuing"
    SOLVED = "solved"


@dataclass(frozen=True, slots=True)
class Notice:
    """One thing found, about one job, client, pool or volume.

    Attributes:
        kind: what was found.
        severity: how much it matters.
        sentence: the finding in one sentence, with its evidence.
        action: what to do next; None when there is nothing to do.
        client: the client concerned, "" for none.
        job: the job's name, "" for none.
        jobids: the runs it is about.
        since: since when it is so; None when not known.
        nights: how many nights in a row; 0 when that is not counted.
        news: whether it is new; None when there is no past to compare with.
        cause: why the job failed, for failures.
        detail: what further tells findings of a kind apart: a pool, a storage, a volume.
        evidence: lines of the log.
    """

    kind: Kind
    severity: Severity
    sentence: Message
    action: Message | None = None
    client: str = ""
    job: str = ""
    jobids: tuple[int, ...] = ()
    since: datetime | None = None
    nights: int = 0
    news: News | None = None
    cause: Cause | None = None
    detail: str = ""
    evidence: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Finding:
    """What is told: one notice, or several that say the same of several jobs.

    Attributes:
        sentence: what all of them say; with one notice, its own sentence.
        notices: what was found, the longest-lasting first.
        muted: why it does not alarm; None when it does.
        common_action: what to do about all of them, where that differs from job to job.
    """

    kind: Kind
    severity: Severity
    sentence: Message
    notices: tuple[Notice, ...]
    muted: Mute | None = None
    common_action: Message | None = None

    @property
    def action(self) -> Message | None:
        """What to do next; of several notices, what is to be done about all of them."""
        first = self.notices[0].action
        same = all(notice.action == first for notice in self.notices)
        return self.common_action or (first if same else None)

    @property
    def cause(self) -> Cause | None:
        """Why the jobs failed, for failures."""
        return self.notices[0].cause

    @property
    def since(self) -> datetime | None:
        """Since when the first of them is so."""
        return min((n.since for n in self.notices if n.since is not None), default=None)

    @property
    def nights(self) -> int:
        """The longest streak of them, in nights."""
        return max(notice.nights for notice in self.notices)

    @property
    def news(self) -> News | None:
        """New only if all of them are new."""
        told = {notice.news for notice in self.notices}
        return told.pop() if len(told) == 1 else News.CONTINUING

    @property
    def clients(self) -> tuple[str, ...]:
        """The clients concerned, each once."""
        return tuple(dict.fromkeys(n.client for n in self.notices if n.client))

    @property
    def key(self) -> str:
        """What stays the same from report to report while the same is wrong with the same jobs."""
        told = {"/".join((n.client, n.job, n.detail)) for n in self.notices}
        return "|".join([self.kind.value, self.cause.value if self.cause else "", *sorted(told)])
