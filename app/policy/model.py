"""What is expected, what is muted and who is told, as frozen values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from fnmatch import fnmatchcase

from app.deliver.mail.address import Address
from app.deliver.rules import When


@dataclass(frozen=True, slots=True)
class JobRule:
    """What is expected of jobs; of all rules that fit a job, the last one that says it counts.

    Attributes:
        job: pattern of job names (* and ?).
        client: pattern of client names.
        max_age: how old the last good backup may be, by level letter (F, D, I) or "any"; what is
            not given is learned from the job's own rhythm.
        expected: whether the job is missed when it does not run; None: not said here.
        unusual: whether unusual sizes, counts and durations are told; None: not said here.
    """

    job: str = "*"
    client: str = "*"
    max_age: Mapping[str, timedelta] = field(default_factory=dict)
    expected: bool | None = None
    unusual: bool | None = None

    def fits(self, job: str, client: str) -> bool:
        """Whether the rule is about this job."""
        return fnmatchcase(job, self.job) and fnmatchcase(client, self.client)


@dataclass(frozen=True, slots=True)
class Mute:
    """Findings that are known and shall not alarm, with a reason and a last day.

    Attributes:
        reason: why, for the page.
        until: the last day on which it is muted, in the report's zone.
        kind: pattern of finding kinds, such as `missed` or `*`.
        job: pattern of job names.
        client: pattern of client names.
        pool: pattern of Pool names, for findings about a Pool or its Volumes.
    """

    reason: str
    until: date
    kind: str = "*"
    job: str = "*"
    client: str = "*"
    pool: str = "*"

    def fits(self, kind: str, job: str, client: str, today: date, pool: str = "") -> bool:
        """Whether a finding of today is muted by this; `pool` is "" if it is about none."""
        return (
            today <= self.until
            and fnmatchcase(kind, self.kind)
            and fnmatchcase(job, self.job)
            and fnmatchcase(client, self.client)
            and fnmatchcase(pool, self.pool)
        )


@dataclass(frozen=True, slots=True)
class ChatWish:
    """A chat that an audience is told by.

    Attributes:
        service: the channel's kind, such as "slack".
        variable: the environment variable that holds its secret address; with _FILE behind it, the
            file that does.
        secret: the one that holds the secret to sign with, "" for none; of a webhook alone.
        when: which reports it wants.
    """

    service: str
    variable: str
    secret: str = ""
    when: When = When.ALWAYS


@dataclass(frozen=True, slots=True)
class MailWish:
    """Whom of an audience a mail goes to, and which reports they want."""

    to: tuple[Address, ...]
    cc: tuple[Address, ...] = ()
    when: When = When.ALWAYS


@dataclass(frozen=True, slots=True)
class Audience:
    """Some people who get a report of their own.

    Attributes:
        name: what they are called, fit for a file name.
        clients: patterns of the clients that concern them; none for all.
        jobs: patterns of the jobs that concern them; none for all.
        language: ko or en; "" for the report's.
        mail: their mail; None for none.
        chats: their chats.
    """

    name: str
    clients: tuple[str, ...] = ()
    jobs: tuple[str, ...] = ()
    language: str = ""
    mail: MailWish | None = None
    chats: tuple[ChatWish, ...] = ()

    @property
    def variables(self) -> tuple[str, ...]:
        """The environment variables that its addresses stand in, without _FILE."""
        return tuple(name for chat in self.chats for name in (chat.variable, chat.secret) if name)


@dataclass(frozen=True, slots=True)
class Policy:
    """Everything that can be expected.

    Attributes:
        look_back: how far before the period history is read; zero reads none.
        success_logs: of how many successes the log is read, at most, to see whether they hide
            errors.
        rules: what is expected of certain jobs.
        mutes: what shall not alarm.
        age_factor: a backup is too old when its age exceeds so many times the job's rhythm.
        late: how long after its time a job may begin before it is late.
        pool_full: share of its maximum of Volumes from which on a pool is nearly full.
        room: a forecast of fewer days of room than this is told.
        unusual_factor: how many times larger or smaller than usual is unusual.
        audiences: who gets a report of their own.
    """

    look_back: timedelta = timedelta(days=35)
    success_logs: int = 100
    rules: tuple[JobRule, ...] = ()
    mutes: tuple[Mute, ...] = ()
    age_factor: float = 2.0
    late: timedelta = timedelta(hours=2)
    pool_full: float = 0.9
    room: timedelta = timedelta(days=14)
    unusual_factor: float = 3.0
    audiences: tuple[Audience, ...] = ()

    def max_age(self, job: str, client: str, level: str) -> timedelta | None:
        """Return how old the last good backup of a level ("any" for all) may be; None: learn it."""
        said = [r.max_age[level] for r in self._rules(job, client) if level in r.max_age]
        return said[-1] if said else None

    def expects(self, job: str, client: str) -> bool:
        """Whether a job is missed when it does not run."""
        said = [r.expected for r in self._rules(job, client) if r.expected is not None]
        return said[-1] if said else True

    def tells_unusual(self, job: str, client: str) -> bool:
        """Whether unusual numbers of a job are told."""
        said = [r.unusual for r in self._rules(job, client) if r.unusual is not None]
        return said[-1] if said else True

    def mute(self, kind: str, job: str, client: str, today: date, pool: str = "") -> Mute | None:
        """Return what mutes a finding today; None when nothing does."""
        return next((m for m in self.mutes if m.fits(kind, job, client, today, pool)), None)

    def _rules(self, job: str, client: str) -> list[JobRule]:
        return [rule for rule in self.rules if rule.fits(job, client)]
