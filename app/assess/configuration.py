"""What the Director is set up to do, as far as that is known and belongs to the period. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from fnmatch import fnmatchcase
from functools import cached_property

from app.assess.case import Case
from app.bacula.model import JobResource, ScheduledRun
from app.i18n import Message, msg
from app.snapshot import Filters, GapSource


@dataclass(frozen=True)
class Configuration:
    """The Job resources and what is foreseen of each.

    Attributes:
        resources: the Job resources by name; None when they are not known.
        schedule: the runs foreseen from the Director's last midnight on; None when not known.
        whole: whether nothing of that schedule is missing, so that absence from it tells something.
    """

    resources: Mapping[str, JobResource] | None
    schedule: Sequence[ScheduledRun] | None
    whole: bool

    def disabled(self, job: str) -> bool:
        """Whether a job is known to be disabled."""
        resource = (self.resources or {}).get(job)
        return resource is not None and resource.enabled is False

    def removed(self, job: str) -> bool:
        """Whether a job is known to be in the configuration no more."""
        return self.resources is not None and job not in self.resources

    def unscheduled(self, job: str) -> bool:
        """Whether a job is known to have no run in the coming week."""
        return self.whole and self.schedule is not None and job not in self.scheduled

    @cached_property
    def scheduled(self) -> Mapping[str, str]:
        """The jobs of which a run is foreseen, with their clients."""
        return {run.job: run.client for run in self.schedule or ()}

    def client_of(self, job: str) -> str:
        """Return the one client that a job is for; "" where that is not known."""
        resource = (self.resources or {}).get(job)
        told = resource.client if resource is not None else ""
        return told or self.scheduled.get(job, "")

    def foreseen(self, job: str) -> tuple[ScheduledRun, ...]:
        """Return the runs of a job that are foreseen, the earliest first."""
        return tuple(sorted(self._by_job.get(job, ()), key=lambda run: run.due))

    @cached_property
    def _by_job(self) -> Mapping[str, Sequence[ScheduledRun]]:
        runs: dict[str, list[ScheduledRun]] = {}
        for run in self.schedule or ():
            runs.setdefault(run.job, []).append(run)
        return runs


def read_configuration(case: Case) -> Configuration:
    """Put the configuration in order; that of today says nothing about a period long past."""
    snapshot = case.snapshot
    resources: dict[str, JobResource] | None = None
    if case.current and snapshot.resources and not case.lacks(GapSource.CONFIGURATION):
        resources = {resource.name: resource for resource in snapshot.resources}
    schedule = snapshot.schedule if case.current else None
    whole = not case.lacks(GapSource.SCHEDULE) and _reaches_far(schedule or (), case)
    return Configuration(resources, schedule, whole)


def _reaches_far(schedule: Sequence[ScheduledRun], case: Case) -> bool:
    """Whether a schedule tells of more than two days: of a large site's no more is asked for."""
    far = case.snapshot.now + timedelta(days=2)
    return not schedule or max(run.due for run in schedule) >= far


def shows(filters: Filters, type_: str, client: str, job: str) -> bool:
    """Whether the report, narrowed as it is, would show the runs of a job."""
    narrowed = ((filters.types, type_), (filters.clients, client), (filters.jobs, job))
    return all(
        not patterns or any(fnmatchcase(value, pattern) for pattern in patterns)
        for patterns, value in narrowed
    )


def named(job: str, client: str) -> Message | str:
    """Return how a job is called in a sentence."""
    return msg("{job} on {client}", job=job, client=client) if client else job
