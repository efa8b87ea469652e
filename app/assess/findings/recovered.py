"""What went wrong and is well again: made up for in the period, or bad before it and good now."""

from __future__ import annotations

from collections.abc import Iterator, Set

from app.assess.case import Case
from app.assess.causes import Diagnosis, diagnose, duplicates
from app.assess.configuration import named
from app.assess.finding import Cause, Kind, News, Notice, Severity
from app.assess.history import BAD, GOOD, Track, kind_of, moment_of, night_of
from app.assess.model import JudgedJob
from app.assess.recovery import makes_up
from app.bacula.codes import Outcome
from app.bacula.model import Job
from app.i18n import Message, nmsg
from app.snapshot import GapSource


def notices(case: Case) -> Iterator[Notice]:
    """Tell what recovered in the period, and what works again since the time before."""
    yield from _recovered(case)
    if not case.lacks(GapSource.JOBS, GapSource.OPEN_JOBS):
        yield from _solved(case)


# --- recovered --------------------------------------------------------------------------------


def _recovered(case: Case) -> Iterator[Notice]:
    cancelled_for = duplicates(case.snapshot.logs)
    groups: dict[tuple[str, str, str, Outcome, Cause, int], list[tuple[JudgedJob, Diagnosis]]] = {}
    for judged in case.jobs:
        if judged.outcome is Outcome.RECOVERED:
            told, job = diagnose(judged, cancelled_for), judged.job
            key = (job.name, job.client, job.type, job.outcome, told.cause, judged.made_up_by)
            groups.setdefault(key, []).append((judged, told))
    for group in groups.values():
        group.sort(key=lambda one: one[0].job.jobid)
        judged, told = group[-1]
        yield Notice(
            kind=Kind.RECOVERED,
            severity=Severity.INFO,
            sentence=_sentence(judged, len(group), told.what),
            client=judged.job.client,
            job=judged.job.name,
            jobids=(*(one.job.jobid for one, _ in group), judged.made_up_by),
            since=moment_of(group[0][0].job),
            cause=told.cause,
            evidence=told.evidence,
        )


def _sentence(judged: JudgedJob, count: int, what: Message) -> Message:
    job, jobid = named(judged.job.name, judged.job.client), str(judged.made_up_by)
    if judged.job.outcome is Outcome.CANCELLED:
        return nmsg(
            "{job} was cancelled: {what}. A later run succeeded (job {jobid}).",
            "{job} was cancelled {count} times: {what}. A later run succeeded (job {jobid}).",
            count, job=job, jobid=jobid, what=what,
        )  # fmt: skip
    return nmsg(
        "{job} failed: {what}. A later run succeeded (job {jobid}).",
        "{job} failed {count} times: {what}. A later run succeeded (job {jobid}).",
        count, job=job, jobid=jobid, what=what,
    )  # fmt: skip


# --- solved -----------------------------------------------------------------------------------


def _solved(case: Case) -> Iterator[Notice]:
    here = {judged.job.jobid for judged in case.jobs}
    worst: dict[tuple[str, str, str], bool] = {}
    for judged in case.jobs:
        if judged.job.jobid not in case.past.copies:
            well = judged.outcome not in (Outcome.FAILED, Outcome.CANCELLED, Outcome.UNKNOWN)
            kind = kind_of(judged.job)
            worst[kind] = worst.get(kind, True) and well
    for kind, well in worst.items():
        track = case.past.tracks.get(kind)
        if well and track is not None:
            notice = _works_again(case, track, here)
            if notice is not None:
                yield notice


def _works_again(case: Case, track: Track, here: Set[int]) -> Notice | None:
    before = [run for run in track.ended if run.jobid not in here]
    within = [run for run in track.ended if run.jobid in here]
    if not before or not within or before[-1].outcome not in BAD:
        return None
    if within[-1].outcome not in GOOD:
        return None
    failed, moment = before[-1], moment_of(before[-1])
    if moment is None or not case.past.reaches(moment):
        return None
    nights = track.bad_nights(case.zone, night_of(moment, case.zone))
    bad = [run for night in nights for run in track.bad_runs(night, case.zone) if run in before]
    by = _made_up_by(failed, within)
    if not bad or by is None or not all(_made_up_by(run, within) for run in bad):
        return None
    return Notice(
        kind=Kind.SOLVED,
        severity=Severity.INFO,
        sentence=nmsg(
            "{job} works again after {count} bad night.",
            "{job} works again after {count} bad nights.",
            len(nights),
            job=named(track.name, track.client),
        ),
        client=track.client,
        job=track.name,
        jobids=(by.jobid,),
        since=by.run_end,
        nights=len(nights),
        news=News.SOLVED,
    )


def _made_up_by(bad: Job, runs: list[Job]) -> Job | None:
    """Return the first good run that makes up for a bad one."""
    good = (run for run in runs if run.outcome in GOOD)
    return next((run for run in good if makes_up(run, bad)), None)
