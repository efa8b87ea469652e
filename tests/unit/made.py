"""Made-up jobs, logs and nights, to be varied by the one thing that a test is about."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from app.assess import JudgedJob
from app.assess.case import Case
from app.assess.finding import Kind, Notice, Severity
from app.assess.history import read_past
from app.assess.jobs import judge_job
from app.assess.protection import protection_of
from app.bacula.clock import ClockSource
from app.bacula.joblog import JobLog, read_log
from app.bacula.model import Job, LiveJob
from app.i18n import Message, msg
from app.period import Mode, Period
from app.policy import Policy
from app.snapshot import Gap, GapSource, Snapshot, Source

SEOUL = ZoneInfo("Asia/Seoul")
NOW = datetime(2026, 11, 21, 8, 0, tzinfo=SEOUL)
NIGHT = Period(datetime(2026, 11, 20, 22, 0, tzinfo=SEOUL), NOW)


def at(text: str) -> datetime:
    """An instant by the clock in Seoul: "20 21:50" is that day of November 2026."""
    return datetime.fromisoformat(f"2026-11-{text}").replace(tzinfo=SEOUL).astimezone(UTC)


def made_job(jobid: int = 1, status: str = "T", **changes: Any) -> Job:
    """A Full backup that ran from 23:00 to 23:30, varied."""
    job = Job(
        jobid=jobid,
        unique="",
        name=f"job-{jobid}",
        client="web01-fd",
        type="B",
        level="F",
        status=status,
        created=None,
        scheduled=None,
        started=at("20 23:00"),
        ended=at("20 23:30"),
        real_ended=at("20 23:30"),
        files=10,
        bytes=1_000,
        errors=0,
        pool="Full",
        fileset="Files",
        prior_jobid=0,
    )
    return replace(job, **changes)


def open_job(jobid: int = 1, status: str = "R", **changes: Any) -> Job:
    """A job that has not ended."""
    return made_job(jobid, status, **{"ended": None, "real_ended": None, **changes})


def live_job(jobid: int, status: str, description: str = "", **changes: Any) -> LiveJob:
    """What the Director says of a job at this moment."""
    live = LiveJob(jobid, status, description, since=at("20 22:30"), files=0, bytes=0)
    return replace(live, **changes)


def made_log(*rows: str, verify: bool = False) -> JobLog:
    """A log as the API gives it."""
    return read_log(rows, verify=verify)


def made_snapshot(*jobs: Job, gaps: Sequence[GapSource | Gap] = (), **changes: Any) -> Snapshot:
    """A night with these jobs and gaps, varied."""
    snapshot = Snapshot(
        now=NOW,
        mode=Mode.PRODUCTION,
        period=NIGHT,
        source=Source("backup01:9096", "Baculum", "v2", "dir", SEOUL, ClockSource.LEARNED),
        jobs=jobs,
        gaps=tuple(
            gap if isinstance(gap, Gap) else Gap(gap, msg("It was not had.")) for gap in gaps
        ),
    )
    return replace(snapshot, **changes)


def judged(
    job: Job,
    log: JobLog | None = None,
    *,
    live: Mapping[int, LiveJob] | None = None,
    **changes: Any,
) -> JudgedJob:
    """A job of a night of its own, judged."""
    logs = {} if log is None else {job.jobid: log}
    return judge_job(job, made_snapshot(job, logs=logs, live=live, **changes))


def made_run(jobid: int, due: datetime, status: str = "T", **changes: Any) -> Job:
    """A run of a nightly job that began when it was due and took half an hour."""
    end = None if status in "RC" else due + timedelta(minutes=30)
    run = made_job(
        jobid, status, name="dump", client="db01-fd", level="I",
        created=due, scheduled=due, started=due, ended=end, real_ended=end,
    )  # fmt: skip
    return replace(run, **changes)


def made_case(snapshot: Snapshot, policy: Policy | None = None) -> Case:
    """What a finder is given for a night."""
    jobs = tuple(judge_job(job, snapshot) for job in snapshot.jobs)
    case = Case(snapshot, jobs, read_past(snapshot), policy or Policy())
    return replace(case, protections=protection_of(case))


def minutes(count: float) -> timedelta:
    """A length of time."""
    return timedelta(minutes=count)


# --- notices ----------------------------------------------------------------------------------

_PLACE = re.compile(r"\{(\w+)[^{}]*\}")
_OF_NO_CLIENT = {Kind.POOL_FULL, Kind.ROOM, Kind.EXPIRING, Kind.VOLUME_ERROR, Kind.CATALOG_BACKUP}
_OF_NO_JOB = {*_OF_NO_CLIENT, Kind.NO_JOB, Kind.NO_RESTORE_TEST, Kind.NO_VERIFY}
_OF_RUNS = {
    *(Kind.FAILED, Kind.CANCELLED, Kind.EMPTY, Kind.UNUSUAL, Kind.BROKEN_CHAIN, Kind.STALLED),
    *(Kind.HIDDEN_ERRORS, Kind.UPGRADED, Kind.RECOVERED, Kind.SOLVED, Kind.NEVER_BACKED_UP),
    Kind.NEEDS_OPERATOR,
}
_SINCE = {
    *(Kind.MISSED, Kind.LATE, Kind.NEEDS_OPERATOR, Kind.STALLED, Kind.NEVER_BACKED_UP),
    *(Kind.BROKEN_CHAIN, Kind.SOLVED, Kind.EMPTY, Kind.UNUSUAL),
}
_NOTHING_TO_DO = {Kind.RECOVERED, Kind.SOLVED, Kind.UPGRADED, Kind.NEVER_RUN, Kind.EXPIRING}
"""Kinds of which some, as mere information, ask nobody to do anything."""


def in_full(notices: Iterable[Notice]) -> list[Notice]:
    """Notices, each of which tells all that its kind has to tell.

    Every sentence has its values, somebody is told what to do, and it is known whom it is about.
    """
    found = list(notices)
    for notice in found:
        said_in_full(notice.sentence)
        if notice.action is not None:
            said_in_full(notice.action)
        else:
            assert notice.kind in _NOTHING_TO_DO, notice
            assert notice.severity is Severity.INFO, notice
        assert notice.client or notice.kind in _OF_NO_CLIENT, notice
        assert notice.job or notice.kind in _OF_NO_JOB, notice
        assert notice.jobids or notice.kind not in _OF_RUNS, notice
        assert notice.since is not None or notice.kind not in _SINCE, notice
    return found


def said_in_full(message: Message) -> None:
    """A message that has a value for each of its places, and so have the messages in it."""
    assert message.msgid, message
    for place in _PLACE.findall(message.msgid + message.plural):
        value = message.values.get(place)
        assert value is not None, f"{place} is not told: {message}"
        if isinstance(value, Message):
            said_in_full(value)
