"""What failed or was cancelled and was not made up for: why, since when, and what to do."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Set
from datetime import datetime

from app.assess.case import Case
from app.assess.causes import Diagnosis, diagnose, duplicates
from app.assess.configuration import named
from app.assess.finding import Cause, Kind, News, Notice, Severity
from app.assess.history import moment_of, night_of
from app.assess.model import JudgedJob
from app.bacula.codes import Outcome
from app.bacula.model import Job
from app.i18n import Message, msg, nmsg

_KINDS = {
    Outcome.FAILED: (Kind.FAILED, Severity.CRITICAL),
    Outcome.CANCELLED: (Kind.CANCELLED, Severity.WARNING),
}


def notices(case: Case) -> Iterator[Notice]:
    """Tell of each job that failed or was cancelled, once for each cause."""
    cancelled_for = duplicates(case.snapshot.logs)
    groups: dict[tuple[Kind, str, str, str, Cause], list[tuple[JudgedJob, Diagnosis]]] = {}
    for judged in case.jobs:
        if judged.outcome in _KINDS:
            told, job = diagnose(judged, cancelled_for), judged.job
            key = (_KINDS[judged.outcome][0], job.name, job.client, job.type, told.cause)
            groups.setdefault(key, []).append((judged, told))
    here = {judged.job.jobid for judged in case.jobs}
    for group in groups.values():
        yield _notice(case, group, here)


def _notice(case: Case, group: list[tuple[JudgedJob, Diagnosis]], here: Set[int]) -> Notice:
    """Tell of the runs of one job that went wrong for one cause; the latest speaks for all."""
    group.sort(key=lambda one: one[0].job.jobid)
    judged, told = group[-1]
    job = judged.job
    kind, severity = _KINDS[judged.outcome]
    nights, since, news = _streak(case, [one.job for one, _ in group], here)
    return Notice(
        kind=kind,
        severity=severity,
        sentence=_sentence(kind, named(job.name, job.client), len(group), told.what),
        action=told.action,
        client=job.client,
        job=job.name,
        jobids=tuple(one.job.jobid for one, _ in group),
        since=since,
        nights=nights,
        news=news,
        cause=told.cause,
        detail=told.detail,
        evidence=told.evidence,
    )


def _sentence(kind: Kind, job: Message | str, count: int, what: Message) -> Message:
    if kind is Kind.CANCELLED:
        if count == 1:
            return msg("{job} was cancelled: {what}.", job=job, what=what)
        return nmsg(
            "{job} was cancelled {count} time: {what}.",
            "{job} was cancelled {count} times: {what}.",
            count,
            job=job,
            what=what,
        )
    if count == 1:
        return msg("{job} failed: {what}.", job=job, what=what)
    return nmsg(
        "{job} failed {count} time: {what}.",
        "{job} failed {count} times: {what}.",
        count,
        job=job,
        what=what,
    )


def _streak(
    case: Case, runs: Iterable[Job], here: Set[int]
) -> tuple[int, datetime | None, News | None]:
    """Return the nights in a row that end with bad runs of one job, since when, and whether new.

    There are no nights where a run of the same night was good, and where nobody knows when the runs
    were. It is new if it has lasted one night, in the period, provided that anything is known of
    before.
    """
    bad = sorted(runs, key=lambda run: run.jobid)
    track = case.past.track(bad[-1])
    dated = {run.jobid for run in track.ended} if track is not None else set()
    ended = [run for run in bad if run.jobid in dated]
    if track is None or not ended:
        return 0, None, None
    last = max(night_of(moment, case.zone) for run in ended if (moment := moment_of(run)))
    nights = track.bad_nights(case.zone, last)
    first = track.bad_runs(nights[0], case.zone)[0] if nights else ended[0]
    if first.jobid not in here or len(nights) > 1:
        return len(nights), moment_of(first), News.CONTINUING
    known = case.past.since is not None or case.past.whole
    before = known or any(run.jobid not in here for run in track.ended)
    return len(nights), moment_of(first), News.NEW if before else None
