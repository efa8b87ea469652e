"""The report in a few words: what a subject, a chat message and the rules of sending need."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from app.assess.finding import Finding, Kind, Severity
from app.assess.findings.catalogue import TITLES
from app.assess.model import Assessment, JudgedJob, Level
from app.assess.verdict import UNPROTECTED, muted_jobs
from app.bacula.codes import Outcome
from app.bacula.joblog import clean_line
from app.i18n import N_
from app.report.view.words import OUTCOMES, Words
from app.snapshot import GapSource

MOST_PROBLEMS = 3
"""How many kinds of problems a subject counts; the report has the others."""
LONGEST_NAME = 60
"""Characters of the Director's name in a subject."""
LONGEST_SUBJECT = 200
_DOUBTFUL = {
    Outcome.UNKNOWN: N_("{count} unknown"),
    Outcome.CANCELLED: N_("{count} cancelled"),
    Outcome.WARNING: N_("{count} with warnings"),
}
_TOLD_APART = frozenset({Kind.FAILED, Kind.MISSED, Kind.CANCELLED, *UNPROTECTED})
"""Kinds of findings that a subject counts by names of their own, or as jobs."""
_JOBS = (GapSource.JOBS, GapSource.OPEN_JOBS)


@dataclass(frozen=True, slots=True)
class Count:
    """A number with its name: `kind` is an outcome's value, or missed, or unprotected."""

    kind: str
    label: str
    number: int


@dataclass(frozen=True, slots=True)
class Point:
    """A finding in short; `action` is "" when there is nothing to do."""

    severity: str
    sentence: str
    action: str


@dataclass(frozen=True, slots=True)
class Brief:
    """The report in a few words.

    Attributes:
        director: the Director's name, or the asked host's; one short line.
        day: the day on which the period ends.
        subject: a mail's subject: Director, what is wrong first, how many jobs are well, the day.
        counts: jobs per outcome, without outcomes that no job had.
        problems: what leaves no job to count: jobs that did not run, and servers that are not
            protected; without zeros.
        points: what should be acted upon, the gravest first.
        keys: what stays the same while the same is wrong (`Finding.key`), of all that alarms.
        period: begin and end, in words.
        complete: whether everything that was asked for was had.
    """

    director: str
    day: date
    subject: str
    counts: tuple[Count, ...]
    problems: tuple[Count, ...]
    points: tuple[Point, ...]
    keys: tuple[str, ...]
    period: str
    complete: bool


def view_brief(assessment: Assessment, words: Words) -> Brief:
    """Put an assessment into a few words."""
    tr, fmt, snapshot = words.tr, words.fmt, assessment.snapshot
    alarms = assessment.alarms
    missed, bare = _missed(alarms), _bare(alarms)
    problems = (
        Count("missed", tr(TITLES[Kind.MISSED]), missed),
        Count("unprotected", tr("Not protected"), bare),
    )
    return Brief(
        director=_name(assessment),
        day=_day(assessment),
        subject=_subject(assessment, words),
        counts=tuple(
            Count(outcome.value, tr(OUTCOMES[outcome]), number)
            for outcome, number in assessment.counts.items()
            if number
        ),
        problems=tuple(one for one in problems if one.number),
        points=tuple(
            Point(
                finding.severity.value,
                tr.text(finding.sentence),
                tr.text(finding.action) if finding.action is not None else "",
            )
            for finding in alarms
        ),
        keys=tuple(finding.key for finding in alarms),
        period=tr(
            "{start} to {end}",
            start=fmt.moment(snapshot.period.start),
            end=fmt.moment(snapshot.period.end),
        ),
        complete=assessment.complete,
    )


def _name(assessment: Assessment) -> str:
    source = assessment.snapshot.source
    return _cut(clean_line(source.director or source.host), LONGEST_NAME)


def _day(assessment: Assessment) -> date:
    # A period that ends at midnight is that of the day before.
    return (assessment.snapshot.period.end - timedelta(microseconds=1)).date()


def _subject(assessment: Assessment, words: Words) -> str:
    told = clean_line(", ".join(_told(assessment, words)))
    day = _day(assessment).isoformat()
    name = _name(assessment)
    frame = len(f"[{name}]  · {day}")
    return f"[{name}] {_cut(told, LONGEST_SUBJECT - frame)} · {day}"


def _told(assessment: Assessment, words: Words) -> list[str]:
    """Return the parts of a subject, what is wrong first."""
    tr, snapshot = words.tr, assessment.snapshot
    level, done = assessment.verdict.level, assessment.counts[Outcome.SUCCESS]
    well = [tr("{count} ok", count=done)]
    if snapshot.stopped is not None:
        return [tr("Not known what happened")]
    if level is Level.GOOD:
        return [tr("All good"), *well]
    found = list(_problems(assessment, words))[:MOST_PROBLEMS]
    unsure = any(gap.source in _JOBS for gap in snapshot.gaps)
    if unsure:
        gap = tr("list of jobs incomplete")
        return [*found, gap, *well] if found else [tr("Not known"), gap, *well]
    if snapshot.gaps:
        return [*found, tr("incomplete"), *well] if found else [tr("Incomplete"), *well]
    if found:
        return [*found, *well]
    return [tr.text(assessment.verdict.sentence).rstrip(" .")]


def _problems(assessment: Assessment, words: Words) -> Iterator[str]:
    """Count what is wrong, the gravest first; what is muted is not."""
    tr, alarms = words.tr, assessment.alarms
    quiet = muted_jobs(assessment.jobs, assessment.findings)
    loud = [one for one in assessment.counted if one.job.jobid not in quiet]
    if failed := _with(loud, Outcome.FAILED):
        yield tr("{count} failed", count=failed)
    if missed := _missed(alarms):
        yield tr("{count} missed", count=missed)
    if bare := _bare(alarms):
        yield tr.plural("{count} server not protected", "{count} servers not protected", bare)
    outcomes = (Outcome.FAILED, *_DOUBTFUL)
    counted = {one.job.jobid for one in loud if one.outcome in outcomes}
    others = [finding for finding in alarms if finding.kind not in _TOLD_APART]
    if critical := _notices(others, Severity.CRITICAL, counted):
        yield tr.plural("{count} critical finding", "{count} critical findings", critical)
    for outcome, text in _DOUBTFUL.items():
        if count := _with(loud, outcome):
            yield tr(text, count=count)
    if warned := _notices(others, Severity.WARNING, counted):
        yield tr("{count} worth a look", count=warned)


def _with(jobs: Iterable[JudgedJob], outcome: Outcome) -> int:
    return sum(one.outcome is outcome for one in jobs)


def _missed(alarms: Iterable[Finding]) -> int:
    return sum(len(one.notices) for one in alarms if one.kind is Kind.MISSED)


def _bare(alarms: Iterable[Finding]) -> int:
    """Count the servers that could not be restored as they should."""
    return len({name for one in alarms if one.kind in UNPROTECTED for name in one.clients})


def _notices(findings: Sequence[Finding], severity: Severity, counted: set[int]) -> int:
    """Count what is told of other jobs than those that are counted anyway."""
    return sum(
        not notice.jobids or not counted.issuperset(notice.jobids)
        for finding in findings
        if finding.severity is severity
        for notice in finding.notices
    )


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 1].rstrip()}…"
