"""The verdict: all good, look at this, act now, or not known. Never good by mistake."""

from __future__ import annotations

from collections.abc import Sequence

from app.assess.model import ClientState, JudgedClient, JudgedJob, Level, Verdict
from app.bacula.codes import (
    BACKUP_TYPE,
    COPIED_TYPES,
    NEEDS_OPERATOR_STATUS,
    OPEN_STATUS,
    Outcome,
)
from app.i18n import Message, msg, nmsg
from app.snapshot import GapSource, Snapshot

_ESSENTIAL = frozenset({GapSource.JOBS, GapSource.OPEN_JOBS})
"""Gaps behind which a failure may hide."""


def reach_verdict(
    snapshot: Snapshot, jobs: Sequence[JudgedJob], clients: Sequence[JudgedClient]
) -> Verdict:
    """Judge the night as a whole.

    A failure that is known counts even if more is missing; without one, a job list with a gap is
    "not known"; any other gap, and anything that is no plain success, is worth a look.
    """
    if snapshot.stopped is not None:
        return Verdict(Level.UNKNOWN, msg("It is not known what happened to the backups."))
    failed = [job for job in jobs if job.outcome is Outcome.FAILED]
    if failed:
        return Verdict(Level.CRITICAL, _failed(len(failed), failed, clients))
    if any(gap.source in _ESSENTIAL for gap in snapshot.gaps):
        return Verdict(
            Level.UNKNOWN,
            msg("No failure is known, but the list of jobs could not be read completely."),
        )
    for check in (_needs_operator, _suspicious, _forgotten, _nothing_done):
        sentence = check(jobs, snapshot)
        if sentence is not None:
            return Verdict(Level.ATTENTION, sentence)
    if snapshot.gaps:
        return Verdict(
            Level.ATTENTION,
            msg("No failure is known, but not everything that was asked could be read."),
        )
    return Verdict(Level.GOOD, _good(jobs, clients))


def _failed(count: int, failed: Sequence[JudgedJob], clients: Sequence[JudgedClient]) -> Message:
    names = {judged.job.client for judged in failed if judged.job.client}
    if not names:
        return nmsg("{count} job failed.", "{count} jobs failed.", count)
    servers = nmsg(
        "{affected} of {count} server", "{affected} of {count} servers",
        len(clients), affected=len(names),
    )  # fmt: skip
    return nmsg(
        "{count} job failed, on {servers}.", "{count} jobs failed, on {servers}.",
        count, servers=servers,
    )  # fmt: skip


def _needs_operator(jobs: Sequence[JudgedJob], _snapshot: Snapshot) -> Message | None:
    count = sum(
        (job.live.status if job.live else job.job.status) in NEEDS_OPERATOR_STATUS for job in jobs
    )
    if not count:
        return None
    return nmsg(
        "{count} job waits until somebody provides a Volume.",
        "{count} jobs wait until somebody provides a Volume.",
        count,
    )


def _suspicious(jobs: Sequence[JudgedJob], _snapshot: Snapshot) -> Message | None:
    doubtful = (Outcome.WARNING, Outcome.CANCELLED, Outcome.UNKNOWN)
    count = sum(job.outcome in doubtful for job in jobs)
    if not count:
        return None
    return nmsg(
        "Nothing failed, but {count} job is worth a look.",
        "Nothing failed, but {count} jobs are worth a look.",
        count,
    )


def _forgotten(jobs: Sequence[JudgedJob], snapshot: Snapshot) -> Message | None:
    if snapshot.live is None:
        return None
    count = sum(job.job.is_open and job.live is None for job in jobs)
    if not count:
        return None
    return nmsg(
        "{count} job is open in the catalog, but the Director does not know it.",
        "{count} jobs are open in the catalog, but the Director does not know them.",
        count,
    )


def _nothing_done(jobs: Sequence[JudgedJob], snapshot: Snapshot) -> Message | None:
    if not jobs:
        return msg("No job ran in this period.")
    if all(job.job.status in OPEN_STATUS for job in jobs):
        return msg("No job of this period has finished yet.")
    backups = (BACKUP_TYPE, *COPIED_TYPES, "M")
    done = (job.job.type in backups for job in jobs if job.outcome is Outcome.SUCCESS)
    if not snapshot.filters and not any(done):
        return msg("No backup finished in this period.")
    return None


def _good(jobs: Sequence[JudgedJob], clients: Sequence[JudgedClient]) -> Message:
    done = sum(job.outcome is Outcome.SUCCESS for job in jobs)
    open_jobs = len(jobs) - done
    fine = sum(client.state is not ClientState.TROUBLED for client in clients)
    servers = nmsg("{count} server", "{count} servers", fine)
    if open_jobs:
        return nmsg(
            "{count} job succeeded on {servers}; {open_jobs} not finished yet.",
            "{count} jobs succeeded on {servers}; {open_jobs} not finished yet.",
            done, servers=servers, open_jobs=open_jobs,
        )  # fmt: skip
    return nmsg(
        "The only job succeeded, on {servers}.", "All {count} jobs succeeded, on {servers}.",
        done, servers=servers,
    )  # fmt: skip
