"""The part of a night that concerns an audience: as if nothing else had been asked for. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from fnmatch import fnmatchcase
from glob import escape

from app.assess.configuration import shows
from app.bacula.model import Job
from app.snapshot import Filters, Gap, Snapshot

_NOTHING = "[]"
"""A pattern that no client and no job is called by."""


def narrow(snapshot: Snapshot, clients: tuple[str, ...], jobs: tuple[str, ...]) -> Snapshot:
    """Return the part of a night that concerns certain clients and jobs.

    Args:
        snapshot: the night; it may be narrowed already.
        clients: patterns of clients; none for all.
        jobs: patterns of job names; none for all.
    """
    wanted = Filters(clients=clients, jobs=jobs)

    def mine(of: Iterable[Job]) -> tuple[Job, ...]:
        return tuple(job for job in of if shows(wanted, job.type, job.client, job.name))

    kept = mine(snapshot.jobs)
    jobids = {job.jobid for job in kept}
    history = snapshot.history
    return replace(
        snapshot,
        jobs=kept,
        logs={jobid: log for jobid, log in snapshot.logs.items() if jobid in jobids},
        live=(
            {jobid: live for jobid, live in snapshot.live.items() if jobid in jobids}
            if snapshot.live is not None
            else None
        ),
        clients=(
            tuple(one for one in snapshot.clients if _any(clients, one.name))
            if snapshot.clients is not None
            else None
        ),
        gaps=_gaps(snapshot.gaps, jobids),
        notes=_gaps(snapshot.notes, jobids),
        history=replace(history, jobs=mine(history.jobs), proofs=mine(history.proofs)),
        filters=_filters(snapshot, clients, jobs),
    )


def _gaps(gaps: Iterable[Gap], jobids: set[int]) -> tuple[Gap, ...]:
    """Return the gaps that concern these jobs; one about no single job concerns all."""
    return tuple(
        replace(gap, jobids=tuple(jobid for jobid in gap.jobids if jobid in jobids))
        for gap in gaps
        if not gap.jobids or not jobids.isdisjoint(gap.jobids)
    )


def _filters(snapshot: Snapshot, clients: tuple[str, ...], jobs: tuple[str, ...]) -> Filters:
    given = snapshot.filters
    runs = (*snapshot.jobs, *snapshot.history.jobs)
    resources, schedule = snapshot.resources or (), snapshot.schedule or ()
    return Filters(
        types=given.types,
        clients=_both(
            given.clients,
            clients,
            (*(r.client for r in runs), *(r.client for r in resources),
             *(r.client for r in schedule), *(c.name for c in snapshot.clients or ())),
        ),
        jobs=_both(
            given.jobs,
            jobs,
            (*(r.name for r in runs), *(r.name for r in resources), *(r.job for r in schedule)),
        ),
    )  # fmt: skip


def _both(given: tuple[str, ...], wanted: tuple[str, ...], names: Iterable[str]) -> tuple[str, ...]:
    """Return patterns of what fits both; two lists of patterns leave no way but to name it."""
    if not (given and wanted):
        return given or wanted
    fit = sorted({name for name in names if _any(given, name) and _any(wanted, name)})
    return tuple(map(escape, fit)) or (_NOTHING,)


def _any(patterns: tuple[str, ...], name: str) -> bool:
    return not patterns or any(fnmatchcase(name, pattern) for pattern in patterns)
