"""Whether what was backed up can be put together again: the Full beneath the latest backup.

An Incremental or Differential restores only together with the Full it rests on. Also told is why a
job ran as a Full though another level was asked for.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from app.assess.case import Case
from app.assess.configuration import named
from app.assess.finding import Kind, Notice, Severity
from app.assess.history import BAD, GOOD, Track
from app.bacula.codes import BACKUP_TYPE, COPIED_TYPES, LEVEL_NAMES
from app.bacula.model import Job, Pool, Volume
from app.i18n import Message, msg
from app.snapshot import GapSource

FULL = frozenset("Ff")
"""Levels that can be restored by themselves; a VirtualFull is one."""
RESTS_ON_FULL = frozenset("DI")


def notices(case: Case) -> Iterator[Notice]:
    """Tell of restore chains that are weak or broken, and of jobs that became Fulls."""
    if not case.lacks(GapSource.JOBS):
        yield from _chains(case)
    yield from _upgraded(case)


# --- chains -----------------------------------------------------------------------------------


def _chains(case: Case) -> Iterator[Notice]:
    pools = {pool.name: pool for pool in case.snapshot.pools or ()} if case.current else {}
    volumes = _by_pool(case)
    copied = _copied_fulls(case)
    for track in case.past.tracks.values():
        if track.type != BACKUP_TYPE or not track.good:
            continue
        newest = track.good[-1]
        if newest.level not in RESTS_ON_FULL:
            continue
        base = next((run for run in reversed(track.good) if run.level in FULL), None)
        if base is None:
            if case.past.whole and (track.name, track.client) not in copied:
                yield _no_full(track, newest)
        elif base.run_end is not None and case.past.reaches(base.run_end):
            found = (
                _expired(track, base, pools.get(base.pool), volumes, case)
                or _purged(track, base)
                or _older_full(track, base, newest)
            )
            if found is not None:
                yield found


def _no_full(track: Track, newest: Job) -> Notice:
    return _broken(
        track,
        Severity.CRITICAL,
        msg(
            "{job} cannot be restored: its last good backup, the {level} of {moment}, has no Full "
            "beneath it in the catalog.",
            job=named(track.name, track.client),
            level=msg(LEVEL_NAMES[newest.level]),
            moment=newest.run_end,
        ),
        msg("Run a Full by hand today; find out what happened to the last one."),
        (newest,),
        newest.run_end,
    )


def _expired(
    track: Track,
    base: Job,
    pool: Pool | None,
    volumes: Mapping[str, Sequence[Volume]] | None,
    case: Case,
) -> Notice | None:
    """Tell of a Full whose Volumes may be overwritten, as far as that can be told.

    Which Volumes hold it is not asked for: those of its pool that were written to while it ran. Is
    one of them still kept, it may be that one, and nothing is said.
    """
    since = _expiry(base, pool, volumes)
    if since is None or since >= case.as_of:
        return None
    return _broken(
        track,
        Severity.WARNING,
        msg(
            "{job} rests on the Full of {full}, whose Volumes in Pool {pool} may have been "
            "overwritten since {since}: their retention has ended.",
            job=named(track.name, track.client),
            full=base.run_end,
            pool=base.pool,
            since=since,
        ),
        msg("Run a Full now; make the Volume Retention longer than the time between two Fulls."),
        (base,),
        since,
    )


def _expiry(
    base: Job, pool: Pool | None, volumes: Mapping[str, Sequence[Volume]] | None
) -> datetime | None:
    """Return since when nothing keeps the Volumes of a Full any more; None where none can tell."""
    end = base.run_end
    if end is None or not base.pool:
        return None
    if volumes is None:
        if pool is None or not pool.recycle or pool.retention is None:
            return None
        return end + pool.retention
    start = base.run_start or end
    holding = [
        volume
        for volume in volumes.get(base.pool, ())
        if volume.last_written is not None
        and volume.last_written >= start
        and (volume.first_written is None or volume.first_written <= end)
    ]
    expiries = [volume.expires for volume in holding]
    known = [moment for moment in expiries if moment is not None]
    return max(known) if known and len(known) == len(expiries) else None


def _purged(track: Track, base: Job) -> Notice | None:
    if not base.purged:
        return None
    return _broken(
        track,
        Severity.WARNING,
        msg(
            "{job} rests on the Full of {full}, whose file records were pruned from the catalog: "
            "single files can no longer be chosen for a restore.",
            job=named(track.name, track.client),
            full=base.run_end,
        ),
        msg("Run a Full; make the File Retention longer than the time between two Fulls."),
        (base,),
        base.run_end,
    )


def _older_full(track: Track, base: Job, newest: Job) -> Notice | None:
    """Tell of a Full that went wrong after the base, while backups went on upon the older one."""
    failed: list[Job] = []
    upon_it = False
    for run in reversed(track.ended):
        if run is base:
            break
        upon_it = upon_it or run is newest
        if upon_it and run.outcome in BAD and run.level in FULL:
            failed.insert(0, run)
    if not failed:
        return None
    return _broken(
        track,
        Severity.WARNING,
        msg(
            "{job} still rests on the Full of {full}: the Full of {failed} went wrong and was not "
            "repeated.",
            job=named(track.name, track.client),
            full=base.run_end,
            failed=failed[-1].run_end,
        ),
        msg("Run a Full by hand."),
        (base, *failed),
        failed[0].run_end,
    )


def _broken(
    track: Track,
    severity: Severity,
    sentence: Message,
    action: Message,
    runs: tuple[Job, ...],
    since: datetime | None,
) -> Notice:
    return Notice(
        Kind.BROKEN_CHAIN,
        severity,
        sentence,
        action,
        client=track.client,
        job=track.name,
        jobids=tuple(run.jobid for run in runs),
        since=since,
    )


def _by_pool(case: Case) -> Mapping[str, Sequence[Volume]] | None:
    """Return the Volumes of each pool; None when they are not known, or not those of the period."""
    if case.snapshot.volumes is None or not case.current or case.lacks(GapSource.VOLUMES):
        return None
    volumes: dict[str, list[Volume]] = {}
    for volume in case.snapshot.volumes:
        volumes.setdefault(volume.pool, []).append(volume)
    return volumes


def _copied_fulls(case: Case) -> frozenset[tuple[str, str]]:
    """Return the jobs of which a good copy of a Full exists: that can be restored, too."""
    known = (*case.snapshot.history.jobs, *case.snapshot.jobs)
    return frozenset(
        (job.name, job.client)
        for job in known
        if job.type in COPIED_TYPES and job.level in FULL and job.outcome in GOOD
    )


# --- upgraded ---------------------------------------------------------------------------------


def _upgraded(case: Case) -> Iterator[Notice]:
    """Tell why jobs of the period ran as Fulls though another level was asked for.

    Of a job's very first run there is nothing to tell: that has to be a Full.
    """
    first = _first_runs(case)
    for judged in case.jobs:
        job = judged.job
        log = case.snapshot.logs.get(job.jobid)
        if log is None or not log.upgraded or job.type != BACKUP_TYPE:
            continue
        if first.get(job.name) == job.jobid:
            continue
        reason, action = _reason(job, log.upgraded, case)
        yield Notice(
            Kind.UPGRADED,
            Severity.INFO,
            msg(
                "{job} was upgraded to a Full: {reason}.",
                job=named(job.name, job.client),
                reason=reason,
            ),
            action,
            client=job.client,
            job=job.name,
            jobids=(job.jobid,),
            since=job.run_start or job.scheduled,
            evidence=(log.upgraded,),
        )


def _first_runs(case: Case) -> Mapping[str, int]:
    """Return the JobId of each job's first known run, on whatever client; {} without a past."""
    if case.past.since is None and not case.past.whole:
        return {}
    first: dict[str, int] = {}
    for track in case.past.tracks.values():
        if track.type == BACKUP_TYPE:
            jobid = track.runs[0].jobid
            first[track.name] = min(first.get(track.name, jobid), jobid)
    return first


def _reason(job: Job, line: str, case: Case) -> tuple[Message, Message | None]:
    """Say why a job became a Full, from the line of its log and from its past."""
    if "prior failed job" in line.lower():
        return msg("the last Full had failed"), None
    earlier = _full_before(job, case)
    if earlier is not None:
        return (
            msg(
                "the Full of {full} could not be used (its FileSet was changed, or it is older "
                "than Max Full Interval)",
                full=earlier.run_end,
            ),
            msg("If neither was intended, check the job's FileSet and its Max Full Interval."),
        )
    if case.past.whole:
        return msg("there was no good Full of it yet"), None
    return (
        msg("the catalog had no suitable Full of it"),
        msg("If the job is not new, check whether its name, Client or FileSet was changed."),
    )


def _full_before(job: Job, case: Case) -> Job | None:
    track = case.past.track(job)
    if track is None:
        return None
    return next(
        (run for run in reversed(track.good) if run.jobid < job.jobid and run.level in FULL),
        None,
    )
