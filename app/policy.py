"""What a site expects of its backups: thresholds, exceptions, and what is muted. Pure.

Good defaults judge most sites; a small TOML file changes them (`read_policy`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from fnmatch import fnmatchcase


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
    """

    reason: str
    until: date
    kind: str = "*"
    job: str = "*"
    client: str = "*"

    def fits(self, kind: str, job: str, client: str, today: date) -> bool:
        """Whether a finding of today is muted by this."""
        return (
            today <= self.until
            and fnmatchcase(kind, self.kind)
            and fnmatchcase(job, self.job)
            and fnmatchcase(client, self.client)
        )


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

    def mute(self, kind: str, job: str, client: str, today: date) -> Mute | None:
        """Return what mutes a finding today; None when nothing does."""
        return next((m for m in self.mutes if m.fits(kind, job, client, today)), None)

    def _rules(self, job: str, client: str) -> list[JobRule]:
        return [rule for rule in self.rules if rule.fits(job, client)]
