"""Nights as a server may tell them, read from odd rows; and nights that no server could tell."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import strategies as st

from app.api.fields import read_rows
from app.api.jobs import job_from_row
from app.api.resources import read_resources
from app.api.schedules import run_from_row
from app.api.storage import pool_from_row, volume_from_row
from app.bacula.clock import ClockSource, DirectorClock
from app.bacula.joblog import clean_line, read_log
from app.bacula.model import Client, Job, LiveJob, Pool, Volume
from app.i18n import Message, msg
from app.period import Mode, Period
from app.policy import JobRule, Mute, Policy
from app.snapshot import Filters, Gap, GapSource, History, Snapshot, Source
from tests import rig
from tests.fuzz.pieces import HOSTILE, LOGS, MOMENTS, TEXT, ZONES, odd_rows
from tests.fuzz.test_rows import shown

CLOCK = DirectorClock(rig.RIG_ZONE, ClockSource.LEARNED)
NOW = rig.RIG_NOW
NIGHT = Period(NOW - timedelta(hours=30), NOW)
LETTERS = st.sampled_from([*"TTTTfEAWeDIRCmMtpZ", "", "\u202e", "TT"])
TYPES = st.sampled_from([*"BBBBRVDCcMg", "", "?", "<b>"])
LEVELS = st.sampled_from([*"FDIVOfB", "", " ", "?"])
COUNTS = st.none() | st.integers(0, 10**13) | st.integers(0, 2**64 - 1)
REASONS = st.builds(
    lambda text: msg("{address} answered: {reason}", address="backup01:9096", reason=text), HOSTILE
)


def _maybe(strategy: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.none() | strategy


@st.composite
def told(draw: st.DrawFn) -> Snapshot:
    """A night as it is read: from recorded rows and logs, changed."""
    found = [job_from_row(row, CLOCK) for row in draw(odd_rows("jobs")) if isinstance(row, dict)]
    jobs = {job.jobid: job for job in found if job is not None}
    # Within the night, so that there is something to be judged.
    placed = [job if draw(st.booleans()) else _moved(job) for job in jobs.values()]
    now = [job for job in placed if (span := job.span(NOW)) is None or NIGHT.overlaps(span)]
    past = [job for job in placed if (span := job.span(NOW)) and span[1] < NIGHT.start]
    logs = {job.jobid: read_log(draw(LOGS), verify=job.type == "V") for job in now}
    live = {
        job.jobid: draw(_live(job.jobid, HOSTILE.map(clean_line))) for job in now if job.is_open
    }
    schedule = read_rows(draw(odd_rows("schedules/status")), "name", run_from_row).rows
    night = Snapshot(
        now=NOW,
        mode=draw(st.sampled_from(Mode)),
        period=NIGHT,
        source=Source(
            "backup01:9096", "Baculum 15", "v1", draw(HOSTILE.map(clean_line)), rig.RIG_ZONE,
            CLOCK.source,
        ),
        jobs=tuple(sorted(now, key=lambda job: -job.jobid)),
        logs={jobid: log for jobid, log in logs.items() if draw(st.integers(0, 3))},
        clients=draw(_maybe(st.just(tuple(
            Client(n, clean_line(name), "") for n, name in enumerate(draw(st.lists(HOSTILE)))
        )))),
        live=live if draw(st.booleans()) else None,
        history=History(tuple(past), draw(_maybe(st.just(NIGHT.start - timedelta(days=35))))),
        resources=draw(_maybe(st.just(read_resources(draw(shown()))))),
        schedule=draw(_maybe(st.just(schedule))),
        pools=draw(_maybe(st.just(
            read_rows(draw(odd_rows("pools")), "name", pool_from_row).rows
        ))),
        volumes=draw(_maybe(st.just(
            read_rows(
                draw(odd_rows("volumes")), "volumename", lambda row: volume_from_row(row, CLOCK)
            ).rows
        ))),
    )  # fmt: skip
    return replace(night, gaps=draw(_gaps(night)), notes=draw(_gaps(night)))


def _moved(job: Job) -> Job:
    """The job an hour before now, whenever it ran."""
    if job.started is None or job.ended is None:
        return job
    away = NOW.astimezone(UTC) - timedelta(hours=1) - job.ended
    names = ("created", "scheduled", "started", "ended", "real_ended")
    times = {name: moment for name in names if (moment := getattr(job, name)) is not None}
    if any(not 2000 < moment.year < 2100 for moment in times.values()):
        return job
    moved: dict[str, Any] = {name: moment + away for name, moment in times.items()}
    return replace(job, **moved)


@st.composite
def _gaps(draw: st.DrawFn, night: Snapshot) -> tuple[Gap, ...]:
    jobids = [job.jobid for job in night.jobs]
    many = st.lists(st.sampled_from([*jobids, 1]), max_size=3).map(tuple)
    return tuple(draw(st.lists(
        st.builds(Gap, st.sampled_from(GapSource), st.just(msg("It was not had.")), many),
        max_size=2,
    )))  # fmt: skip


def _live(jobid: int, text: st.SearchStrategy[str]) -> st.SearchStrategy[LiveJob]:
    return st.builds(
        LiveJob, st.just(jobid), LETTERS, text, _maybe(MOMENTS), COUNTS, COUNTS, COUNTS, text
    )


# --- anything -----------------------------------------------------------------------------------

DAYS = st.integers(0, 365_000).map(lambda days: timedelta(days=days))
JOBS = st.builds(
    Job,
    jobid=st.integers(1, 30) | st.integers(1, 2**63),
    unique=TEXT,
    name=TEXT,
    client=TEXT,
    type=TYPES,
    level=LEVELS,
    status=LETTERS,
    created=_maybe(MOMENTS),
    scheduled=_maybe(MOMENTS),
    started=_maybe(MOMENTS),
    ended=_maybe(MOMENTS),
    real_ended=_maybe(MOMENTS),
    files=COUNTS,
    bytes=COUNTS,
    errors=COUNTS,
    pool=TEXT,
    fileset=TEXT,
    prior_jobid=st.integers(0, 40),
    purged=st.booleans(),
)
POOLS = st.builds(
    Pool, TEXT, st.integers(0, 2**64), COUNTS, _maybe(DAYS), COUNTS,
    st.sampled_from(["Backup", "Scratch", ""]), st.booleans(),
)  # fmt: skip
VOLUMES = st.builds(
    Volume, TEXT, TEXT, st.sampled_from(["Append", "Full", "Used", "Error", "", "?"]), COUNTS,
    COUNTS, _maybe(DAYS),
    _maybe(MOMENTS.filter(lambda t: t.year < 2200)),
    _maybe(MOMENTS.filter(lambda t: t.year < 2200)), st.booleans(), st.booleans(),
    st.integers(0, 9),
)  # fmt: skip


@st.composite
def any_night(draw: st.DrawFn) -> Snapshot:
    """A night that keeps to the types, and to nothing else: no text of it was cleaned."""
    zone = draw(ZONES)
    now = draw(MOMENTS).astimezone(zone)
    start = now - draw(st.timedeltas(timedelta(), timedelta(days=40)))
    jobs = draw(st.lists(JOBS, max_size=6, unique_by=lambda job: job.jobid))
    jobids = [job.jobid for job in jobs]
    stopped = draw(st.booleans()) and draw(st.booleans())
    night = Snapshot(
        now=now,
        mode=draw(st.sampled_from(Mode)),
        period=Period(start, max(start, now - draw(st.timedeltas(timedelta(), timedelta(days=2))))),
        source=Source(
            draw(TEXT), draw(TEXT), draw(st.sampled_from(["", "v1", "v3"])), draw(TEXT),
            draw(ZONES), draw(st.sampled_from(ClockSource)),
        ),
        jobs=tuple(jobs),
        logs={jobid: read_log(draw(LOGS)) for jobid in jobids if draw(st.booleans())},
        clients=draw(_maybe(st.lists(
            st.builds(Client, st.integers(0, 5), TEXT, TEXT), max_size=3).map(tuple))),
        live=draw(_maybe(st.just(
            {jobid: draw(_live(jobid, TEXT)) for jobid in jobids if draw(st.booleans())}))),
        filters=draw(st.builds(Filters, *[st.lists(TEXT, max_size=2).map(tuple)] * 3)),
        history=History(
            tuple(draw(st.lists(JOBS, max_size=4, unique_by=lambda job: job.jobid))),
            draw(_maybe(MOMENTS)), draw(st.booleans()), (), draw(st.booleans()),
        ),
        resources=draw(_maybe(st.just(read_resources(draw(shown()))))),
        pools=draw(_maybe(st.lists(POOLS, max_size=3).map(tuple))),
        volumes=draw(_maybe(st.lists(VOLUMES, max_size=4).map(tuple))),
        stopped=draw(REASONS) if stopped else None,
        stopped_cure=draw(_maybe(REASONS)) if stopped else None,
    )  # fmt: skip
    reasons: st.SearchStrategy[Message] = REASONS
    many = st.lists(st.integers(1, 30), max_size=30).map(tuple)
    gaps = st.lists(st.builds(Gap, st.sampled_from(GapSource), reasons, many), max_size=3)
    return replace(night, gaps=tuple(draw(gaps)), notes=tuple(draw(gaps)))


PATTERNS = st.sampled_from(["*", "web*", "?", "[!a]*", ""]) | TEXT
POLICIES = st.just(Policy()) | st.builds(
    Policy,
    rules=st.lists(
        st.builds(
            JobRule, PATTERNS, PATTERNS,
            max_age=st.dictionaries(st.sampled_from(["any", "F", "D", "I"]), DAYS, max_size=2),
            expected=_maybe(st.booleans()), unusual=_maybe(st.booleans()),
        ), max_size=2).map(tuple),
    mutes=st.lists(
        st.builds(
            Mute, HOSTILE, st.dates(datetime(2020, 1, 1).date(), datetime(9999, 12, 31).date()),
            PATTERNS, PATTERNS, PATTERNS, PATTERNS,
        ), max_size=2).map(tuple),
    late=st.timedeltas(timedelta(), timedelta(days=30)),
    age_factor=st.floats(1, 100),
    pool_full=st.floats(0.01, 1),
    room=st.timedeltas(timedelta(), timedelta(days=3650)),
    unusual_factor=st.floats(1.1, 1000),
)  # fmt: skip
