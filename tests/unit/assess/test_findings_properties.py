"""What holds for all findings together, whatever the night: missing data is never an alarm.

The nights are made of series of runs (so that there is something usual) with oddities at their end,
of jobs that are nonsense, and of whatever else a server may say or leave unsaid.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.assess import assess
from app.assess.finding import Cause, Finding, Kind, Notice, Severity
from app.assess.findings.catalogue import ACTIONS, CAUSES, TITLES, together
from app.bacula.codes import OPEN_STATUS
from app.bacula.model import Client, Job, JobResource, LiveJob, Pool, ScheduledRun, Volume
from app.i18n import Message, Translator, msg
from app.policy import JobRule, Mute, Policy
from app.snapshot import Gap, GapSource, History, Snapshot
from tests.unit.made import NIGHT, NOW, made_job, made_log, made_snapshot

DAY = timedelta(days=1)
MIDNIGHT = NOW.replace(hour=0)
GB = 1_000_000_000
GRAVEST_FIRST = list(Severity)
NAMES = ["db01", "web01-files", "BackupCatalog"]
CLIENTS = ["db01-fd", "web01-fd", ""]
CONFIGURED = {
    "db01": "db01-fd",
    "web01-files": "web01-fd",
    "BackupCatalog": "db01-fd",
    "new": "web01-fd",
}
"""On which client a job runs by its configuration; what ran may have run elsewhere."""
POOLS = ["Full", "Inc", "Scratch"]
STATUS = [*"TTTTTWeDfEIA", *sorted(OPEN_STATUS), "Z", ""]
ROWS = [
    'web01-fd JobId 1:      Could not stat "/srv": ERR=No such file or directory',
    "web01-fd JobId 1: Fatal error: No route to host",
    "     /home is a different filesystem. Will not descend from / into it.",
    "dir JobId 1: No prior Full backup Job record found. Doing FULL backup.",
    "dir JobId 1: Fatal error: Max run time exceeded. Job canceled.",
    'sd JobId 1: Please mount append Volume "Full-1" or label a new one for:\n  Pool:  Full',
    "dir JobId 1: Bacula dir 9.6.7 (10Dec20):\n  Termination: Backup OK",
    "\x00",
]
MANY_NIGHTS = settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow])


# --- nights -----------------------------------------------------------------------------------


@st.composite
def series(draw: st.DrawFn) -> list[Job]:
    """The runs of one job, night after night until the one that is judged, or until some before."""
    known: dict[str, Any] = {
        "name": draw(st.sampled_from(NAMES)),
        "client": draw(st.sampled_from(CLIENTS)),
        "level": draw(st.sampled_from("FFDI")),
        "type": draw(st.sampled_from("BBBBVRcC")),
        "pool": draw(st.sampled_from(POOLS)),
        "files": draw(st.sampled_from([0, 50, 5_000])),
        "bytes": draw(st.sampled_from([0, 1_000_000, 40 * GB])),
    }
    step = draw(st.sampled_from([1, 1, 1, 7]))
    first, last = draw(st.integers(0, 36)), draw(st.sampled_from([0, 0, 0, 1, 3]))
    minute = draw(st.integers(0, 300))
    nights = [night for night in range(first, last - 1, -1) if night % step == 0]
    odd = draw(st.lists(st.tuples(st.sampled_from([*nights, 0]), changes()), max_size=3))
    runs = []
    for night in nights:
        start = NIGHT.start - night * DAY + timedelta(minutes=minute)
        end = start + timedelta(minutes=30)
        times = {"scheduled": start, "started": start, "ended": end, "real_ended": end}
        varied = {name: value for of, more in odd if of == night for name, value in more.items()}
        run = made_job(1, **{**known, **times, **varied})
        runs.append(replace(run, ended=None, real_ended=None) if run.status in OPEN_STATUS else run)
    return runs


def changes() -> st.SearchStrategy[dict[str, Any]]:
    """How a single run may differ from the others of its series."""
    return st.fixed_dictionaries(
        {},
        optional={
            "status": st.sampled_from(STATUS),
            "files": st.sampled_from([None, 0, 1, 10**6]),
            "bytes": st.sampled_from([None, 0, 1, 900 * GB]),
            "level": st.sampled_from("FDI"),
            "errors": st.sampled_from([None, 0, 2]),
            "real_ended": st.sampled_from([None, NOW - timedelta(hours=1), NOW + 2 * DAY]),
            "purged": st.just(True),
        },
    )


MOMENTS = st.none() | st.one_of(
    st.datetimes(
        datetime(2026, 10, 1),
        datetime(2026, 12, 1),
        timezones=st.just(UTC),
    ),
    # As far as times are read at all: nearer to the calendar's ends no zone can be applied.
    st.sampled_from([datetime(year, 6, 1, tzinfo=UTC) for year in (1971, 2001, 2030, 9990)]),
    st.sampled_from([NIGHT.start.astimezone(UTC), NOW.astimezone(UTC)]),
)
NONSENSE = st.builds(
    made_job,
    st.just(1),
    st.sampled_from(STATUS),
    name=st.sampled_from([*NAMES, "", "{0}", "%s"]),
    client=st.sampled_from([*CLIENTS, "{x}"]),
    type=st.sampled_from([*"BBBRVDCcMgASUI", "", "?"]),
    level=st.sampled_from([*"FDIfSBVCOdA", "", "?"]),
    created=MOMENTS,
    scheduled=MOMENTS,
    started=MOMENTS,
    ended=MOMENTS,
    real_ended=MOMENTS,
    files=st.sampled_from([None, -1, 0, 10**400]) | st.integers(0, 10**7),
    bytes=st.sampled_from([None, -1, 0, 10**400]) | st.integers(0, 10**13),
    errors=st.sampled_from([None, -1, 0, 7]),
    pool=st.sampled_from([*POOLS, ""]),
    fileset=st.sampled_from(["Files", ""]),
    prior_jobid=st.integers(0, 30),
    purged=st.booleans(),
)
RESOURCES = st.none() | st.lists(
    st.builds(
        lambda name, type_, enabled, scheduled: JobResource(
            name, type_, enabled, CONFIGURED[name], scheduled
        ),
        st.sampled_from([*CONFIGURED]),
        st.sampled_from(["B", ""]),
        st.sampled_from([True, False, None]),
        st.sampled_from([True, False, None]),
    ),
    max_size=4,
    unique_by=lambda one: one.name,
).map(tuple)
SCHEDULE = st.none() | st.lists(
    st.builds(
        lambda name, level, quarters: ScheduledRun(
            name, CONFIGURED[name], "B", level, MIDNIGHT + quarters * DAY / 96, "Nightly"
        ),
        st.sampled_from([*CONFIGURED]),
        st.sampled_from("FI"),
        st.integers(0, 8 * 96),
    ),
    max_size=6,
).map(tuple)
POOL_LISTS = st.none() | st.lists(
    st.builds(
        Pool,
        st.sampled_from(POOLS),
        st.integers(0, 6),
        st.none() | st.integers(1, 6),
        st.none() | st.integers(0, 60).map(timedelta),
        st.none() | st.sampled_from([GB, 100 * GB, 400 * GB]),
        st.sampled_from(["Backup", "Scratch"]),
        st.booleans(),
    ),
    max_size=3,
    unique_by=lambda one: one.name,
).map(tuple)
VOLUMES = st.none() | st.lists(
    st.builds(
        Volume,
        st.sampled_from(["a", "b", "c", "d", "e", "f"]),
        st.sampled_from([*POOLS, ""]),
        st.sampled_from(["Append", "Full", "Used", "Recycle", "Purged", "Error", "?"]),
        st.sampled_from([None, 0, GB, 97 * GB]),
        st.sampled_from([None, 100 * GB]),
        st.none() | st.integers(0, 60).map(timedelta),
        st.none(),
        st.none() | st.integers(-1, 60).map(lambda days: NOW - days * DAY),
        st.booleans(),
        st.booleans(),
    ),
    max_size=6,
    unique_by=lambda one: one.name,
).map(tuple)
LIVE = st.builds(
    LiveJob,
    st.just(0),
    st.sampled_from([*sorted(OPEN_STATUS), "T", "f", "?", ""]),
    st.sampled_from(["", 'is waiting on Storage "File1"']),
    st.none() | st.integers(-5, 40).map(lambda hours: NOW - timedelta(hours=hours)),
    st.sampled_from([None, 0, 9]),
    st.sampled_from([None, 0, 9]),
    st.sampled_from([None, 0, 9]),
)
LOGS = st.lists(st.sampled_from(ROWS), max_size=3).map(lambda rows: made_log(*rows))
POLICIES = st.builds(
    Policy,
    rules=st.lists(
        st.builds(
            JobRule,
            st.sampled_from(["*", *NAMES]),
            max_age=st.sampled_from([{}, {"any": DAY}, {"F": 8 * DAY}]),
            expected=st.sampled_from([None, True, False]),
            unusual=st.sampled_from([None, True, False]),
        ),
        max_size=2,
    ).map(tuple),
)


def numbered(jobs: Iterable[Job]) -> list[Job]:
    """Give JobIds in the order in which the Director created the jobs."""

    def created(job: Job) -> datetime:
        known = (job.scheduled, job.created, job.started)
        return next((moment for moment in known if moment is not None), NOW)

    ordered = sorted(jobs, key=created)
    return [replace(job, jobid=jobid) for jobid, job in enumerate(ordered, 1)]


@st.composite
def made_up(draw: st.DrawFn, strange: bool = False) -> Snapshot:
    """A night with its past, told as a server tells it."""
    jobs = [run for one in draw(st.lists(series(), max_size=4)) for run in one]
    if strange:
        jobs += draw(st.lists(NONSENSE, max_size=6))
    resources, schedule = draw(RESOURCES), draw(SCHEDULE)
    if resources is not None and schedule is not None:
        names = {one.name for one in resources}
        schedule = tuple(run for run in schedule if run.job in names)
    known = draw(st.sampled_from([None, 3, 35, 35, 35]))
    night = replace(
        night_of(jobs),
        clients=draw(
            st.sampled_from([None, tuple(Client(n, c, "") for n, c in enumerate(CLIENTS))])
        ),
        resources=resources,
        schedule=schedule,
        pools=draw(POOL_LISTS),
        volumes=draw(VOLUMES),
    )
    opened = [job.jobid for job in night.jobs if job.is_open]
    listed = [jobid for jobid in opened if draw(st.integers(0, 3))]
    return replace(
        night,
        logs={job.jobid: draw(LOGS) for job in night.jobs if draw(st.booleans())},
        live={jobid: replace(draw(LIVE), jobid=jobid) for jobid in listed}
        if draw(st.booleans())
        else None,
        history=History()
        if known is None
        else History(night.history.jobs, NIGHT.start - known * DAY, draw(st.booleans())),
    )


@st.composite
def eventful(draw: st.DrawFn) -> Snapshot:
    """The night that holds every finding, some of its jobs or some of their runs left out."""
    left_out = draw(st.sets(st.sampled_from(sorted({run.name for run in RUNS})), max_size=8))
    fewer = draw(st.sets(st.integers(0, 34), max_size=6))
    return every_finding(
        run
        for number, run in enumerate(RUNS)
        if run.name not in left_out and number % 35 not in fewer
    )


@st.composite
def nights(draw: st.DrawFn, strange: bool = False) -> Snapshot:
    """Any night, perhaps with something missing."""
    night = draw(st.one_of(made_up(strange), eventful()))
    gaps = st.lists(st.sampled_from(GapSource), max_size=1)
    return replace(
        night,
        gaps=made_snapshot(gaps=draw(gaps)).gaps,
        notes=made_snapshot(gaps=draw(gaps)).gaps,
    )


def night_of(runs: Iterable[Job]) -> Snapshot:
    """The night of such runs: those before it are its history."""
    period, history = split(numbered(runs))
    return made_snapshot(
        *period, history=History(tuple(history), since=NIGHT.start - 35 * DAY, whole=True)
    )


def split(jobs: Sequence[Job]) -> tuple[list[Job], list[Job]]:
    """Return the jobs of the period and those before it, the newest first."""
    period, history = [], []
    for job in sorted(jobs, key=lambda one: -one.jobid):
        span = job.span(NOW)
        if span is None or NIGHT.overlaps(span):
            period.append(job)
        elif span[1] < NIGHT.start:
            history.append(job)
    return period, history


def notices(findings: Iterable[Finding]) -> list[Notice]:
    return [notice for finding in findings for notice in finding.notices]


def about(notice: Notice) -> tuple[Kind, str, str, str]:
    """What a notice is about, whatever it says: a job, a client, or a pool."""
    return notice.kind, notice.client, notice.job, "" if notice.job else notice.detail


# --- a night with every finding ---------------------------------------------------------------


def job_runs(name: str, nights_ago: Iterable[int], **changes: Any) -> list[Job]:
    """The runs of a job, at eleven in so many nights; `last` is how the newest one differs."""
    last = changes.pop("last", {})
    found = []
    for night in nights_ago:
        start = NIGHT.start - night * DAY + timedelta(hours=1)
        end = start + timedelta(minutes=30)
        times = {"scheduled": start, "started": start, "ended": end, "real_ended": end}
        known = {"name": name, "client": f"{name}-fd", "files": 5_000, "bytes": 5 * GB}
        found.append(made_job(1, **{**known, **times, **changes, **(last if not night else {})}))
    return found


def again(run: Job) -> Job:
    """The same job an hour later, and well."""
    later = {
        name: getattr(run, name) + timedelta(hours=1)
        for name in ("scheduled", "started", "ended", "real_ended")
    }
    return replace(run, status="T", **later)


NIGHTS = range(34, -1, -1)
OPEN: dict[str, Any] = {"status": "R", "ended": None, "real_ended": None}
RUNS = (
    *job_runs("never", [3, 2, 1, 0], status="f"),
    *job_runs("old", range(34, 6, -1)),
    *job_runs("old", range(6, -1, -1), status="f"),
    *job_runs("missed", range(34, 0, -1)),
    *job_runs("volume", NIGHTS, last=OPEN),
    *job_runs("late", NIGHTS, last={**OPEN, "status": "C", "started": None}),
    *job_runs("stalled", NIGHTS, last=OPEN),
    *job_runs("chain", NIGHTS, level="I"),
    *job_runs("empty", NIGHTS, last={"files": 0, "bytes": 0}),
    *job_runs("odd", NIGHTS, last={"files": 1, "bytes": 1}),
    *job_runs("cancelled", NIGHTS, last={"status": "A"}),
    *job_runs("hidden", NIGHTS),
    *job_runs("upgraded", NIGHTS),
    *job_runs("growing", NIGHTS, pool="Growing"),
    *job_runs("disabled", range(34, 9, -1)),
    *job_runs("recovered", NIGHTS, last={"status": "f"}),
    *map(again, job_runs("recovered", [0])),
    *job_runs("solved", range(34, 1, -1)),
    *job_runs("solved", [1], status="f"),
    *job_runs("solved", [0]),
    *job_runs("check", NIGHTS, type="V", level="C", client="hidden-fd"),
)
SCHEDULED = sorted({run.name for run in RUNS} - {"disabled", "missed"})
GROWING = Pool("Growing", 1, 1, 60 * DAY, 100 * GB)
ABOUT_FULL = Volume("Growing-1", "Growing", "Append", 60 * GB, 100 * GB, 60 * DAY, None, NOW)
SHUT = Pool("Full", 1, 1, 30 * DAY, 100 * GB)
EXPIRING = replace(
    ABOUT_FULL, name="Full-1", pool="Full", status="Full", last_written=NOW - 55 * DAY
)


def every_finding(runs: Iterable[Job]) -> Snapshot:
    """A night in which, with all the runs, there is a finding of every kind."""
    night = night_of(runs)
    by_name = {job.name: job.jobid for job in night.jobs}
    logs = {"hidden": ROWS[0], "upgraded": ROWS[3], "cancelled": ROWS[4]}
    live = {
        "volume": LiveJob(0, "m", "", NIGHT.start, 0, 0),
        "late": LiveJob(0, "p", "", NIGHT.start, 0, 0),
        "stalled": LiveJob(0, "R", "", NIGHT.start, 0, 0, 0),
    }
    due = [
        ScheduledRun(name, f"{name}-fd", "B", "F", NIGHT.start + timedelta(hours=25), "Nightly")
        for name in SCHEDULED
    ]
    missed = replace(due[0], job="missed", client="missed-fd", due=MIDNIGHT + timedelta(hours=2))
    return replace(
        night,
        logs={by_name[name]: made_log(row) for name, row in logs.items() if name in by_name},
        live={
            by_name[name]: replace(one, jobid=by_name[name])
            for name, one in live.items()
            if name in by_name
        },
        clients=tuple(Client(n, name, "") for n, name in enumerate(["hidden-fd", "idle-fd"])),
        resources=tuple(
            JobResource(name, "B", name != "disabled", f"{name}-fd", True)
            for name in [*SCHEDULED, "disabled", "missed", "new"]
        ),
        schedule=(*due, missed, replace(due[0], job="new", client="new-fd")),
        pools=(GROWING, SHUT),
        volumes=(
            ABOUT_FULL,
            EXPIRING,
            replace(EXPIRING, name="Error-1", pool="Other", status="Error"),
        ),
    )


def test_there_is_a_night_with_every_finding() -> None:
    """Properties of nights without findings would prove nothing."""
    found = {finding.kind for finding in assess(every_finding(RUNS)).findings}
    assert set(Kind) - found == set()


# --- missing data -----------------------------------------------------------------------------

# What the Director's configuration would have explained (a job that is disabled, or due on other
# days) is judged by what ran, which is evidence enough.
BY_RUNS = {Kind.MISSED, Kind.LATE, Kind.TOO_OLD, Kind.NO_JOB, Kind.NEVER_RUN, Kind.DISABLED}
NOTHING = set[Kind]()
WITHOUT: dict[str, tuple[dict[str, Any], set[Kind]]] = {
    "schedule": ({"schedule": None}, {Kind.MISSED, Kind.LATE, Kind.TOO_OLD}),
    "configuration": ({"resources": None}, BY_RUNS),
    "pools": ({"pools": None}, NOTHING),
    "volumes": ({"volumes": None}, NOTHING),
    "live status": ({"live": None}, NOTHING),
    # That no Job backs a client up, its configuration tells, whatever ran before.
    "history": ({"history": History()}, {Kind.NO_JOB}),
    # Of a failure without a log another cause is told.
    "logs of successes": ({"logs": {}}, {Kind.FAILED, Kind.CANCELLED}),
    "clients": ({"clients": None}, NOTHING),
}


def without(night: Snapshot, missing: str) -> Snapshot:
    """Return what is known of a night when one thing could not be had; then there is a note."""
    taken, _ = WITHOUT[missing]
    note = Gap(GapSource(missing), msg("It was not had."))
    return replace(night, notes=(*night.notes, note), **taken)


@pytest.mark.parametrize("missing", WITHOUT)
@given(nights(), POLICIES)
@MANY_NIGHTS
def test_what_is_missing_never_adds_a_finding(
    missing: str, night: Snapshot, policy: Policy
) -> None:
    _, evident = WITHOUT[missing]
    before: dict[tuple[Kind, str, str, str], Severity] = {}
    for notice in notices(assess(night, policy).findings):
        known = before.setdefault(about(notice), notice.severity)
        before[about(notice)] = min(known, notice.severity, key=GRAVEST_FIRST.index)
    for notice in notices(assess(without(night, missing), policy).findings):
        if notice.kind in evident:
            continue
        assert about(notice) in before, str(notice.sentence)
        graver = GRAVEST_FIRST.index(notice.severity) < GRAVEST_FIRST.index(before[about(notice)])
        assert not graver, str(notice.sentence)


@given(nights())
@MANY_NIGHTS
def test_where_nothing_could_be_had_nothing_is_found(night: Snapshot) -> None:
    assert assess(replace(night, stopped=msg("It does not answer."))).findings == ()


# --- other jobs -------------------------------------------------------------------------------


@given(nights(), series(), POLICIES)
@MANY_NIGHTS
def test_another_job_never_changes_what_is_found_of_the_others(
    night: Snapshot, runs: list[Job], policy: Policy
) -> None:
    first = 1 + max((job.jobid for job in (*night.jobs, *night.history.jobs)), default=0)
    other = [
        replace(run, jobid=jobid, name="other", client="other-fd", prior_jobid=0)
        for jobid, run in enumerate(runs, first)
    ]
    period, history = split(other)
    # What is not known of the past is not known of that job either.
    history = history if night.history.since is not None else []
    more = replace(
        night,
        jobs=(*period, *night.jobs),
        history=replace(night.history, jobs=(*history, *night.history.jobs)),
    )
    before = notices(assess(night, policy).findings)
    after = notices(assess(more, policy).findings)
    assert {about(one) for one in before} <= {about(one) for one in after}
    of_jobs = [one for one in before if one.job or one.client]
    others = [one for one in after if one.job != "other" and one.client != "other-fd"]
    for notice in of_jobs:
        assert notice in others, str(notice.sentence)


# --- nonsense ---------------------------------------------------------------------------------


@given(nights(strange=True), POLICIES)
@MANY_NIGHTS
def test_no_night_is_too_strange(night: Snapshot, policy: Policy) -> None:
    """Whatever the catalog says, it is judged, and every finding is a sentence in each language."""
    for finding in assess(night, policy).findings:
        for language in ("en", "ko"):
            text = Translator(language).text
            assert text(finding.sentence)
            assert all(text(notice.sentence) for notice in finding.notices)
            assert finding.action is None or text(finding.action)
        assert all(notice.kind is finding.kind for notice in finding.notices)


@given(nights(strange=True), POLICIES, st.randoms(use_true_random=False))
@MANY_NIGHTS
def test_the_order_in_which_a_server_tells_does_not_matter(
    night: Snapshot, policy: Policy, dice: random.Random
) -> None:
    def mixed(values: Sequence[Any] | None) -> Any:
        return None if values is None else tuple(dice.sample(list(values), len(values)))

    shuffled = replace(
        night,
        jobs=mixed(night.jobs),
        history=replace(night.history, jobs=mixed(night.history.jobs)),
        clients=mixed(night.clients),
        resources=mixed(night.resources),
        schedule=mixed(night.schedule),
        pools=mixed(night.pools),
        volumes=mixed(night.volumes),
    )
    assert assess(shuffled, policy).findings == assess(night, policy).findings
    assert assess(night, policy).findings == assess(night, policy).findings


# --- mutes ------------------------------------------------------------------------------------

MUTES = st.lists(
    st.builds(
        Mute,
        st.just("known"),
        st.sampled_from([date(2026, 11, 1), date(2026, 12, 1)]),
        st.sampled_from(["*", "missed", "fail*", "pool-full"]),
        st.sampled_from(["*", *NAMES]),
        st.sampled_from(["*", *CLIENTS]),
    ),
    max_size=3,
).map(tuple)


@given(nights(), MUTES)
@MANY_NIGHTS
def test_a_mute_adds_no_alarm_and_hides_nothing(night: Snapshot, mutes: tuple[Mute, ...]) -> None:
    loud, quiet = assess(night), assess(night, Policy(mutes=mutes))

    def told(findings: Iterable[Finding]) -> list[str]:
        return sorted(map(repr, notices(findings)))

    assert told(quiet.findings) == told(loud.findings)
    assert set(told(quiet.alarms)) <= set(told(loud.alarms))
    held = [mute for mute in mutes if mute.until >= NOW.date()]
    for finding in quiet.findings:
        assert (finding.muted is not None) == any(
            mute.fits(finding.kind.value, notice.job, notice.client, NOW.date())
            for mute in held
            for notice in finding.notices
        )


# --- the catalogue ----------------------------------------------------------------------------


@pytest.mark.parametrize("language", ["en", "ko"])
@pytest.mark.parametrize("kind", Kind)
def test_every_kind_has_a_title_and_says_what_several_of_it_say(kind: Kind, language: str) -> None:
    text = Translator(language).text
    assert text(msg(TITLES[kind]))
    for count in (1, 2, 1_000):
        for cause in (None, *Cause):
            for detail in ("", "Full"):
                one = Notice(kind, Severity.INFO, msg("One."), cause=cause, detail=detail)
                said = text(together([one] * count))
                assert said
                assert "{" not in said
                assert count == 1 or f"{count:,}" in said


@pytest.mark.parametrize("named", [CAUSES, ACTIONS])
@pytest.mark.parametrize("cause", Cause)
def test_every_cause_has_its_words(cause: Cause, named: dict[Cause, str]) -> None:
    assert str(Message(named[cause]))


def test_one_and_several_are_said_differently_in_english() -> None:
    def said(kind: Kind, count: int) -> str:
        one = Notice(kind, Severity.INFO, msg("One."), cause=Cause.FILES)
        return str(together([one] * count)).replace(str(count), "N")

    assert [kind for kind in Kind if said(kind, 1) == said(kind, 2)] == []
