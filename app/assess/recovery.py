"""What was made up for: it went wrong, and a later run of the same job in the period went well.

Such a job stays on the page with its log, but it is no failure that anybody has to act upon. When
in doubt it is not made up for.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from itertools import islice

from app.assess.history import BAD, GOOD, LONG_AGO, kind_of
from app.assess.model import JudgedJob
from app.bacula.codes import BACKUP_TYPE, COPIED_TYPES, Outcome
from app.bacula.model import Job

_SUFFICIENT = {"F": "F", "f": "Ff", "D": "DF", "B": "B"}
"""By the level of the run that went wrong: which levels make up for it; else any does."""
_CONTROL_TYPES = frozenset("cg")
"""Copy and migration control: one run is many jobs of one name, each for another original."""


def recover(jobs: Iterable[JudgedJob]) -> tuple[JudgedJob, ...]:
    """Tell those that were made up for from those that were not; the order stays.

    What failed or was cancelled becomes `RECOVERED` and names the first run that made up for it.
    """
    judged = tuple(jobs)
    good: dict[tuple[str, str, str], list[JudgedJob]] = {}
    bad: dict[tuple[str, str, str], list[JudgedJob]] = {}
    for one in judged:
        if one.job.type in COPIED_TYPES or (one.job.prior_jobid and one.job.inherits_times):
            # A copy, or what a migration wrote.
            continue
        if one.outcome in GOOD:
            good.setdefault(kind_of(one.job), []).append(one)
        elif one.outcome in BAD:
            bad.setdefault(kind_of(one.job), []).append(one)
    made_up: dict[int, int] = {}
    for kind, many in bad.items():
        if kind in good:
            runs = sorted((one.job for one in good[kind]), key=_order)
            made_up |= _made_up([one.job for one in many], runs)
    if not made_up:
        return judged
    return tuple(
        replace(one, outcome=Outcome.RECOVERED, made_up_by=made_up[one.job.jobid])
        if one.job.jobid in made_up
        else one
        for one in judged
    )


def makes_up(good: Job, bad: Job) -> bool:
    """Whether a good run of the same name, client and type makes up for a bad one.

    It has to begin after it and to end after it, and to have backed up at least as much: a Full
    needs a Full, a Differential a Differential or a Full. What was put together from older backups
    (VirtualFull) or holds no file makes up for nothing that read the client.
    """
    return _later(good, bad) and _suffices(good, bad)


def _suffices(good: Job, bad: Job) -> bool:
    """Whether a good run did as much as a bad one should have, whenever it ran."""
    if kind_of(good)[2] != BACKUP_TYPE:
        return True
    if bad.fileset and good.fileset != bad.fileset:
        # A job that never began has no FileSet yet.
        return False
    levels = _SUFFICIENT.get(bad.level)
    if levels is not None and good.level not in levels:
        return False
    if good.inherits_times and not (bad.level == "f" or bad.inherits_times):
        return False
    return not (good.level == "F" and good.files == 0)


def _made_up(bad: Sequence[Job], good: Sequence[Job]) -> dict[int, int]:
    """Return which bad runs of a job were made up for, by JobId, and the first run that did so."""
    if bad[0].type in _CONTROL_TYPES:
        # Which original a control job copied only its log tells: all of the later run must be well.
        spoiled = {run.scheduled for run in bad}
        good = [run for run in good if run.scheduled not in spoiled]
    alike: dict[tuple[str, str, bool], list[Job]] = {}
    for run in bad:
        alike.setdefault((run.level, run.fileset, run.inherits_times), []).append(run)
    made_up = {}
    for many in alike.values():
        # What suffices for one of them suffices for all; of thousands, each with each is too much.
        runs = [run for run in good if _suffices(run, many[0])]
        orders = [_order(run) for run in runs]
        for one in many:
            after = islice(runs, bisect_right(orders, _order(one)), None)
            by = next((run for run in after if _later(run, one)), None)
            if by is not None:
                made_up[one.jobid] = by.jobid
    return made_up


def _later(one: Job, other: Job) -> bool:
    """Whether a run began and ended after another; of a control job, it was also due later."""
    if _order(one) <= _order(other):
        return False
    if one.type in _CONTROL_TYPES and (
        one.scheduled is None or other.scheduled is None or one.scheduled <= other.scheduled
    ):
        return False
    ends = one.run_end, other.run_end
    return ends[0] is not None and (ends[1] is None or ends[0] >= ends[1])


def _order(job: Job) -> tuple[datetime, int]:
    """Return when a run began, at the latest; what waits for a later start has not begun."""
    known = [t for t in (job.created, job.scheduled, job.run_start) if t is not None]
    return max(known, default=LONG_AGO), job.jobid
