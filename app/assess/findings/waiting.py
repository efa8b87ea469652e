"""What needs a person now: jobs that wait for a Volume, are stuck, or make no progress.

All of it comes from the Director's live status, so only for a period that reaches to now. When a
job began to wait is not told, only when it began.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from app.assess.case import Case
from app.assess.configuration import named
from app.assess.finding import Kind, Notice, Severity
from app.assess.model import JudgedJob
from app.assess.statistics import deviation, median, quantile
from app.bacula.codes import BACKUP_TYPE, RUNNING_STATUS
from app.bacula.model import Job, LiveJob
from app.i18n import Message, msg

ENOUGH = 5
"""Earlier runs from which on it is known how long a job usually takes or waits."""
MOST = 0.9
"""So many of the earlier runs make up what is usual for a wait: nine of ten."""
STUCK = timedelta(hours=1)
"""A wait for a daemon or a device that is shorter is nothing."""
STUCK_ANYHOW = timedelta(hours=24)
"""A wait that is longer than this is told whatever is usual, and if nothing is known of that."""
IDLE = timedelta(hours=1)
"""A job that runs without a byte for less is nothing: a script may run before it."""
IDLE_ANYHOW = timedelta(hours=3)
"""Likewise, told whatever is usual."""
LONG = timedelta(hours=2)
"""What runs shorter never runs too long."""
LONG_FACTOR = 3
LONG_DEVIATIONS = 6
"""What runs too long does so by this factor, and by so many robust deviations."""

_DAEMON_STATUS = frozenset("FSq")
_QUEUE_STATUS = frozenset("Csjcdpt")
_QUOTED = re.compile(r"\"([^\"]+)\"")
_ASKED_POOL = re.compile(r"^[ \t]*Pool:[ \t]+(\S.*)$", re.MULTILINE)
_ASKED_VOLUME = re.compile(r"please mount (?:\w+ )?volume \"([^\"]+)\"", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class _Open:
    """A job that has not ended, as the Director sees it at this moment."""

    judged: JudgedJob
    live: LiveJob
    since: datetime
    now: datetime
    case: Case

    @property
    def job(self) -> Job:
        return self.judged.job

    @property
    def name(self) -> Message | str:
        return named(self.job.name, self.job.client)

    @property
    def lasts(self) -> timedelta:
        """How long it has waited and run, from its time on."""
        due = self.job.scheduled
        return self.now - (max(self.since, due) if due is not None else self.since)

    def asked(self, form: re.Pattern[str]) -> str:
        """Return what the Storage Daemon asked for last, as the log has it; "" if it did not."""
        causes = self.judged.log.causes if self.judged.log is not None else ()
        found = (form.search(cause.text) for cause in reversed(causes))
        return next((match[1].rstrip() for match in found if match), "")

    def earlier(self) -> list[Job]:
        """The runs of the same job, client, level and FileSet that are over and went well."""
        track = self.case.past.track(self.job)
        return [
            run
            for run in (track.good if track is not None else ())
            if run.level == self.job.level
            and not run.inherits_times
            # A job that waits has no FileSet yet.
            and (not self.job.fileset or run.fileset == self.job.fileset)
        ]

    def notice(
        self, kind: Kind, severity: Severity, sentence: Message, action: Message, detail: str = ""
    ) -> Notice:
        log = self.judged.log
        return Notice(
            kind,
            severity,
            sentence,
            action,
            client=self.job.client,
            job=self.job.name,
            jobids=(self.job.jobid,),
            since=self.since,
            detail=detail,
            evidence=tuple(cause.text for cause in log.causes[-2:]) if log is not None else (),
        )


def notices(case: Case) -> Iterator[Notice]:
    """Tell of the open jobs that somebody should look after."""
    if not case.current or case.snapshot.live is None:
        return
    now = case.snapshot.now.astimezone(UTC)
    for judged in case.jobs:
        if judged.live is None or judged.since is None:
            continue
        one = _Open(judged, judged.live, judged.since, now, case)
        notice = _judge(one)
        if notice is not None:
            yield notice


def _judge(one: _Open) -> Notice | None:
    letter = one.live.status
    if letter == "m":
        return _needs_volume(one)
    if letter == "M":
        return _needs_mount(one)
    if letter == "B":
        return _blocked(one)
    if letter in _DAEMON_STATUS:
        return _stuck(one)
    if letter in _QUEUE_STATUS:
        return _held_back(one)
    if letter in RUNNING_STATUS:
        return _idle(one) or _too_long(one)
    return None


# --- waits for a person -----------------------------------------------------------------------


def _needs_volume(one: _Open) -> Notice:
    pool = one.job.pool or one.asked(_ASKED_POOL)
    if pool:
        sentence = msg(
            "{job} waits for a new Volume of Pool {pool}; it began {since}.",
            job=one.name, pool=pool, since=one.since,
        )  # fmt: skip
        action = msg("Label a new Volume for Pool {pool}, or free one.", pool=pool)
    else:
        sentence = msg(
            "{job} waits for a new Volume; it began {since}.", job=one.name, since=one.since
        )
        action = msg("Label a new Volume for its Pool, or free one.")
    return one.notice(Kind.NEEDS_OPERATOR, Severity.WARNING, sentence, action, detail=pool)


def _needs_mount(one: _Open) -> Notice:
    volume = one.asked(_ASKED_VOLUME)
    if volume:
        sentence = msg(
            "{job} waits for Volume {volume} to be mounted; it began {since}.",
            job=one.name, volume=volume, since=one.since,
        )  # fmt: skip
        action = msg("Mount Volume {volume}, or label another one.", volume=volume)
    else:
        sentence = msg(
            "{job} waits for a Volume to be mounted; it began {since}.",
            job=one.name, since=one.since,
        )  # fmt: skip
        action = msg("Mount the Volume that the Storage Daemon asks for.")
    return one.notice(Kind.NEEDS_OPERATOR, Severity.WARNING, sentence, action, detail=volume)


def _blocked(one: _Open) -> Notice:
    return one.notice(
        Kind.NEEDS_OPERATOR,
        Severity.WARNING,
        msg("{job} is blocked; it began {since}.", job=one.name, since=one.since),
        msg("Look at the status of its Storage and at the Director's messages."),
    )


def _stuck(one: _Open) -> Notice | None:
    """Tell of a wait for a daemon or a device that is longer than most runs take as a whole.

    A job that waits for a busy device has begun already, so what it waited before is part of how
    long it took.
    """
    spans = [
        (run.run_end - (run.scheduled or run.run_start)).total_seconds()
        for run in one.earlier()
        if run.run_end is not None and run.run_start is not None
    ]
    usual = timedelta(seconds=quantile(spans, MOST)) if len(spans) >= ENOUGH else None
    limit = STUCK_ANYHOW if usual is None else min(max(usual, STUCK), STUCK_ANYHOW)
    if one.lasts <= limit:
        return None
    what, action, detail = _awaited(one.live)
    return one.notice(
        Kind.NEEDS_OPERATOR, Severity.WARNING, _waits(one, what, usual), action, detail
    )


def _awaited(live: LiveJob) -> tuple[Message, Message, str]:
    """Return what a job waits for, what to do about it, and which daemon or device it is."""
    if live.status == "F":
        action = msg("Look whether the File Daemon runs and can be reached.")
        return msg("the File Daemon"), action, live.status
    storage = _QUOTED.search(live.description)
    if storage is not None:
        action = msg(
            "Look at the status of Storage {storage}: its device may be busy or blocked.",
            storage=storage[1],
        )
        return msg("Storage {storage}", storage=storage[1]), action, storage[1]
    action = msg("Look at the status of its Storage: the device may be busy or blocked.")
    return msg("the Storage Daemon") if live.status == "S" else msg("a device"), action, live.status


def _waits(one: _Open, what: Message, usual: timedelta | None) -> Message:
    if usual is None:
        return msg(
            "{job} has been waiting for {what} for {lasts}.",
            job=one.name, what=what, lasts=one.lasts,
        )  # fmt: skip
    return msg(
        "{job} has been waiting for {what} for {lasts}; "
        "nine of ten earlier runs were over within {usual}.",
        job=one.name, what=what, lasts=one.lasts, usual=usual,
    )  # fmt: skip


# --- waits in a queue -------------------------------------------------------------------------

_TURN = {
    "s": msg("a free place at its Storage"),
    "c": msg("a free place at its Client"),
    "j": msg("an earlier run of the same job"),
    "d": msg("a free place at the Director"),
    "p": msg("jobs of higher priority"),
}


def _held_back(one: _Open) -> Notice | None:
    """Tell of a wait for its turn that is longer than usual; a start that lies ahead is none.

    Once it has begun, it is told how late that was.
    """
    due = one.job.scheduled
    if due is None or due > one.now or one.job.run_start is not None:
        return None
    track = one.case.past.track(one.job)
    waits = [
        (run.run_start - run.scheduled).total_seconds()
        for run in (track.runs if track is not None else ())
        if run.run_start is not None and run.scheduled is not None and not run.inherits_times
    ]
    if len(waits) < ENOUGH:
        return None
    usual = timedelta(seconds=max(quantile(waits, MOST), 0))
    if one.lasts <= max(usual, one.case.policy.late):
        return None
    what = _TURN.get(one.live.status, msg("its turn"))
    return one.notice(
        Kind.LATE,
        Severity.INFO,
        msg(
            "{job} has been waiting for {what} for {lasts}; "
            "nine of ten earlier runs began within {usual}.",
            job=one.name, what=what, lasts=one.lasts, usual=usual,
        ),
        msg("Look what holds it up: too many jobs at once, a long job before, a stuck one."),
    )  # fmt: skip


# --- runs, and gets nowhere -------------------------------------------------------------------


def _durations(one: _Open) -> list[float]:
    took = (run.duration(one.now) for run in one.earlier())
    return [length.total_seconds() for length in took if length is not None]


def _running(one: _Open) -> timedelta:
    return one.now - (one.job.run_start or one.since)


def _idle(one: _Open) -> Notice | None:
    """Tell of a backup that has saved nothing yet, as Director and File Daemon both say.

    That it runs at all, only the File Daemon tells: without its rate nothing is known.
    """
    live = one.live
    nothing = live.files == 0 and live.bytes == 0 and live.bytes_per_second == 0
    if one.job.type != BACKUP_TYPE or live.status != "R" or not nothing:
        return None
    durations = _durations(one)
    usual = timedelta(seconds=median(durations)) if len(durations) >= ENOUGH else IDLE_ANYHOW
    if _running(one) < min(max(usual, IDLE), IDLE_ANYHOW):
        return None
    return one.notice(
        Kind.STALLED,
        Severity.WARNING,
        msg(
            "{job} has been running for {lasts} and has saved nothing yet.",
            job=one.name, lasts=_running(one),
        ),
        msg("Look at the File Daemon and the job's scripts; cancel the job if it does not move."),
    )  # fmt: skip


def _too_long(one: _Open) -> Notice | None:
    lasts = _running(one)
    if lasts < LONG:
        return None
    durations: Sequence[float] = _durations(one)
    if len(durations) < ENOUGH:
        return None
    usual = median(durations)
    limit = max(LONG_FACTOR * usual, usual + LONG_DEVIATIONS * deviation(durations))
    if lasts.total_seconds() <= limit:
        return None
    return one.notice(
        Kind.STALLED,
        Severity.WARNING,
        msg(
            "{job} has been running for {lasts}; usual is {usual} (median of {runs} earlier runs).",
            job=one.name, lasts=lasts, usual=timedelta(seconds=round(usual)), runs=len(durations),
        ),
        msg("Look at the load of the Client, of the network and of the Storage Daemon."),
    )  # fmt: skip
