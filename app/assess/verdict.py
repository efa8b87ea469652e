"""The verdict: all good, look at this, act now, or not known. Never good by mistake."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import timedelta

from app.assess.case import Case
from app.assess.finding import Finding, Kind, Notice, Severity
from app.assess.findings.catalogue import CAUSES
from app.assess.history import Past
from app.assess.model import JudgedClient, JudgedJob, Level, Verdict
from app.bacula.codes import (
    BACKUP_TYPE,
    COPIED_TYPES,
    NEEDS_OPERATOR_STATUS,
    OPEN_STATUS,
    Outcome,
)
from app.i18n import Message, msg, nmsg
from app.snapshot import GapSource, Snapshot

NAMED = 3
"""Servers that the verdict names; of more it tells the number."""
UNPROTECTED = frozenset({Kind.NEVER_BACKED_UP, Kind.TOO_OLD})
"""Findings that say that a server could not be restored as it should."""
AHEAD = timedelta(hours=1)
"""Jobs that ended well so far in the future tell of a clock that is wrong: the Director's, or this
machine's. Less may be the clocks' change, and moves no job into another night."""
_ESSENTIAL = frozenset({GapSource.JOBS, GapSource.OPEN_JOBS})
"""Gaps behind which a failure may hide."""
_DOUBTFUL = (Outcome.WARNING, Outcome.CANCELLED, Outcome.UNKNOWN)
_TOLD_BY = {
    Outcome.FAILED: Kind.FAILED,
    Outcome.CANCELLED: Kind.CANCELLED,
    Outcome.WARNING: Kind.HIDDEN_ERRORS,
    Outcome.WAITING: Kind.NEEDS_OPERATOR,
}
"""The kind of finding that tells of jobs with an outcome: muting it mutes them."""


def reach_verdict(
    case: Case,
    clients: Sequence[JudgedClient],
    findings: Sequence[Finding] = (),
    protected: Mapping[str, bool] | None = None,
) -> Verdict:
    """Judge the night as a whole.

    A failure or another critical finding that is known counts even if more is missing; without
    one, a job list with a gap is "not known"; any other gap, any warning, and anything that is no
    plain success, is worth a look. What is muted never alarms.

    Args:
        case: the night, its jobs judged.
        clients: the servers that had jobs.
        findings: what was found, the gravest first.
        protected: by server, where that is known: whether it has a good backup of all its jobs.
    """
    snapshot = case.snapshot
    if snapshot.stopped is not None:
        return Verdict(Level.UNKNOWN, msg("It is not known what happened to the backups."))
    alarms = [f for f in findings if f.muted is None and f.severity is not Severity.INFO]
    quiet = muted_jobs(case.jobs, findings)
    jobs = [job for job in case.jobs if not job.good_copy and job.job.jobid not in quiet]
    failed = [job for job in jobs if job.outcome is Outcome.FAILED]
    if failed or any(alarm.severity is Severity.CRITICAL for alarm in alarms):
        return Verdict(Level.CRITICAL, _critical(failed, alarms, clients, case, protected or {}))
    hushed = any(job.outcome is Outcome.FAILED for job in case.jobs)
    if any(gap.source in _ESSENTIAL for gap in snapshot.gaps):
        return Verdict(
            Level.UNKNOWN,
            msg("What failed is muted, but the list of jobs could not be read completely.")
            if hushed
            else msg("No failure is known, but the list of jobs could not be read completely."),
        )
    sentence = (
        _needs_operator(jobs)
        or _suspicious(jobs, alarms, hushed=hushed)
        or _forgotten(jobs, snapshot)
        or _from_the_future(case.jobs, snapshot)
        or _nothing_done(case.jobs, snapshot)
        or _warned(alarms, hushed=hushed)
    )
    if sentence is not None:
        return Verdict(Level.ATTENTION, sentence)
    if snapshot.gaps:
        return Verdict(
            Level.ATTENTION,
            msg("What failed is muted, but not everything that was asked could be read.")
            if hushed
            else msg("No failure is known, but not everything that was asked could be read."),
        )
    return Verdict(Level.GOOD, _good(case.jobs))


def muted_jobs(jobs: Sequence[JudgedJob], findings: Sequence[Finding]) -> frozenset[int]:
    """Return the JobIds of jobs that do not alarm: what tells of them is muted, all of it."""
    told: dict[tuple[Kind, int], bool] = {}
    for finding in findings:
        for notice in finding.notices:
            for jobid in notice.jobids:
                key = (finding.kind, jobid)
                told[key] = told.get(key, True) and finding.muted is not None
    if not any(told.values()):
        return frozenset()
    return frozenset(
        job.job.jobid
        for job in jobs
        if (kind := _TOLD_BY.get(job.outcome)) and told.get((kind, job.job.jobid))
    )


# --- critical ---------------------------------------------------------------------------------


def _critical(
    failed: Sequence[JudgedJob],
    alarms: Sequence[Finding],
    clients: Sequence[JudgedClient],
    case: Case,
    protected: Mapping[str, bool],
) -> Message:
    bare = [n for f in alarms if f.kind in UNPROTECTED for n in f.notices if n.client]
    if bare:
        return _unprotected(bare, alarms, _servers(case, clients), case.past)
    if failed:
        missed = sum(len(f.notices) for f in alarms if f.kind is Kind.MISSED)
        everyone = all(protected.get(name) for name in _servers(case, clients))
        safe = everyone and case.snapshot.clients is not None
        return _failed(failed, missed, clients, safe=safe)
    return next(f.sentence for f in alarms if f.severity is Severity.CRITICAL)


def _servers(case: Case, clients: Sequence[JudgedClient]) -> frozenset[str]:
    """Return the servers that are known: those with jobs, and those of the catalog."""
    known = () if case.snapshot.filters else case.snapshot.clients or ()
    return frozenset((*(c.name for c in clients), *(c.name for c in known)))


def _failed(
    failed: Sequence[JudgedJob], missed: int, clients: Sequence[JudgedClient], *, safe: bool
) -> Message:
    count = len(failed)
    names = {judged.job.client for judged in failed if judged.job.client}
    jobs = nmsg("{count} job", "{count} jobs", count)
    servers = nmsg(
        "{affected} of {count} server", "{affected} of {count} servers",
        len(clients), affected=len(names),
    )  # fmt: skip
    if missed:
        others = nmsg("{count} job", "{count} jobs", missed)
        return (
            msg(
                "{jobs} failed, on {servers}; {others} did not run though due.",
                jobs=jobs, servers=servers, others=others,
            )
            if names
            else msg("{jobs} failed; {others} did not run though due.", jobs=jobs, others=others)
        )  # fmt: skip
    if safe and names:
        on = nmsg("{count} server", "{count} servers", len(names))
        return msg(
            "Every server has a good backup, but {jobs} failed on {servers}.", jobs=jobs, servers=on
        )
    if not names:
        return nmsg("{count} job failed.", "{count} jobs failed.", count)
    return nmsg(
        "{count} job failed, on {servers}.", "{count} jobs failed, on {servers}.",
        count, servers=servers,
    )  # fmt: skip


def _unprotected(
    notices: Sequence[Notice], alarms: Sequence[Finding], servers: frozenset[str], past: Past
) -> Message:
    """Name the servers that are not protected: for how long, and why."""
    by_client: dict[str, list[Notice]] = {}
    for notice in notices:
        by_client.setdefault(notice.client, []).append(notice)
    failures = [n for f in alarms if f.kind is Kind.FAILED for n in f.notices]
    causes = {(n.client, n.job): n for n in failures}
    named: Message | None = None
    for client, told in list(by_client.items())[:NAMED]:
        failure = next((causes[n.client, n.job] for n in told if (n.client, n.job) in causes), None)
        one = _bare(client, told, failure, past)
        named = one if named is None else Message("{a}, {b}", {"a": named, "b": one})
    more = len(by_client) - NAMED
    if more > 0:
        named = nmsg("{named}, and {count} more", "{named}, and {count} more", more, named=named)
    total = len(servers | by_client.keys())
    return nmsg(
        "{count} of {servers} is not protected: {named}.",
        "{count} of {servers} are not protected: {named}.",
        len(by_client),
        servers=nmsg("{count} server", "{count} servers", total),
        named=named,
    )


def _bare(client: str, told: Sequence[Notice], failure: Notice | None, past: Past) -> Message:
    """Tell of one server since when it is not protected, and why if its failure tells."""
    worst = told[0]
    jobs = [t for t in past.tracks.values() if t.client == client and t.type == BACKUP_TYPE]
    server: Message | str = client
    if worst.job and len({n.job for n in told}) < len(jobs):
        # The others of its jobs are well.
        server = msg("{job} on {client}", job=worst.job, client=client)
    nights = worst.nights or (failure.nights if failure is not None else 0)
    if worst.kind is Kind.NEVER_BACKED_UP:
        lasting = msg("{server} never", server=server)
    elif nights:
        lasting = nmsg(
            "{server} for {count} night", "{server} for {count} nights", nights, server=server
        )
    elif worst.since is not None:
        lasting = msg("{server} since {since}", server=server, since=worst.since)
    else:
        lasting = Message("{server}", {"server": server})
    if failure is None or failure.cause is None:
        return lasting
    reason = msg(CAUSES[failure.cause])
    return Message("{what} ({reason})", {"what": lasting, "reason": reason})


# --- worth a look -----------------------------------------------------------------------------


def _needs_operator(jobs: Sequence[JudgedJob]) -> Message | None:
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


def _suspicious(
    jobs: Sequence[JudgedJob], alarms: Sequence[Finding], *, hushed: bool
) -> Message | None:
    doubtful = {job.job.jobid for job in jobs if job.outcome in _DOUBTFUL}
    if not doubtful:
        return None
    # What is told of these jobs is no further thing to look at.
    others = sum(
        not notice.jobids or not doubtful.issuperset(notice.jobids)
        for alarm in alarms
        for notice in alarm.notices
    )
    if others:
        return _things(len(doubtful) + others, hushed=hushed)
    if hushed:
        return nmsg(
            "What failed is muted, but {count} job is worth a look.",
            "What failed is muted, but {count} jobs are worth a look.",
            len(doubtful),
        )
    return nmsg(
        "Nothing failed, but {count} job is worth a look.",
        "Nothing failed, but {count} jobs are worth a look.",
        len(doubtful),
    )


def _warned(alarms: Sequence[Finding], *, hushed: bool) -> Message | None:
    if not alarms:
        return None
    if len(alarms) == 1:
        return alarms[0].sentence
    return _things(sum(len(alarm.notices) for alarm in alarms), hushed=hushed)


def _things(count: int, *, hushed: bool) -> Message:
    """Say how many things are worth a look; what failed is `hushed` if all of it is muted."""
    if hushed:
        return nmsg(
            "What failed is muted, but {count} thing is worth a look.",
            "What failed is muted, but {count} things are worth a look.",
            count,
        )
    return nmsg(
        "Nothing failed, but {count} thing is worth a look.",
        "Nothing failed, but {count} things are worth a look.",
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


def _from_the_future(jobs: Sequence[JudgedJob], snapshot: Snapshot) -> Message | None:
    ends = (job.job.run_end for job in jobs if job.outcome is Outcome.SUCCESS)
    count = sum(end is not None and end - snapshot.now > AHEAD for end in ends)
    if not count:
        return None
    return nmsg(
        "{count} job ended in the future: the clock of the Director or of this machine is wrong.",
        "{count} jobs ended in the future: the clock of the Director or of this machine is wrong.",
        count,
    )


def _nothing_done(jobs: Sequence[JudgedJob], snapshot: Snapshot) -> Message | None:
    if not jobs:
        return msg("No job ran in this period.")
    if all(job.job.status in OPEN_STATUS for job in jobs):
        return msg("No job of this period has finished yet.")
    backups = (BACKUP_TYPE, *COPIED_TYPES, "M")
    finished = (Outcome.SUCCESS, Outcome.WARNING)
    done = (job.job.type in backups for job in jobs if job.outcome in finished)
    if not snapshot.filters and not any(done):
        return msg("No backup finished in this period.")
    return None


# --- good -------------------------------------------------------------------------------------


def _good(jobs: Sequence[JudgedJob]) -> Message:
    counted = [job for job in jobs if not job.good_copy]
    if not counted:
        return nmsg(
            "{count} copy was made; no other job ran.",
            "{count} copies were made; no other job ran.",
            len(jobs),
        )
    found = Counter(job.outcome for job in counted)
    done = found[Outcome.SUCCESS]
    recovered = found[Outcome.RECOVERED]
    open_jobs = found[Outcome.RUNNING] + found[Outcome.WAITING]
    muted = len(counted) - done - recovered - open_jobs
    names = {job.job.client for job in counted if job.outcome is Outcome.SUCCESS} - {""}
    servers = nmsg("{count} server", "{count} servers", len(names))
    if recovered or muted:
        rest = _rest(recovered, muted, open_jobs)
        return nmsg(
            "{count} job succeeded on {servers}; {rest}.",
            "{count} jobs succeeded on {servers}; {rest}.",
            done, servers=servers, rest=rest,
        )  # fmt: skip
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


def _rest(recovered: int, muted: int, open_jobs: int) -> Message:
    """Say what became of the jobs that are no plain successes."""
    told = [
        say
        for count, say in (
            (recovered, msg("{number} recovered", number=recovered)),
            (muted, msg("{number} went wrong (muted)", number=muted)),
            (open_jobs, msg("{number} not finished yet", number=open_jobs)),
        )
        if count
    ]
    joined = told[0]
    for one in told[1:]:
        joined = Message("{a}, {b}", {"a": joined, "b": one})
    return joined
