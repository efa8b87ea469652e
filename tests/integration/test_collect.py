"""What a night of any server becomes: the same snapshot, and nothing that is not true."""

import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from app.bacula.clock import ClockSource
from app.bacula.codes import Outcome
from app.demo import Baculum, Fault, FaultKind, Flavour, Night, told_night
from app.demo.night import Row
from app.errors import UsageError
from app.period import Mode
from app.snapshot import Filters, GapSource, Snapshot
from tests.integration.api.asking import (
    BESIDE,
    NOW,
    ONLY_THE_PERIOD,
    SEOUL,
    a_job,
    a_live_job,
    a_night,
    a_question,
    an_open_job,
    gaps,
    jobids,
    paths,
    rewrite,
    snapshot_of,
    watch,
)
from tests.rig import RIG_NOW, rig_night

pytestmark = [
    pytest.mark.filterwarnings("error::ResourceWarning"),
    pytest.mark.filterwarnings("error::pytest.PytestUnraisableExceptionWarning"),
]

SERVERS = {
    Flavour.BACULUM_9_6: "Baculum 9.6",
    Flavour.BACULUM_11: "Baculum 11–13",
    Flavour.BACULUM_13: "Baculum 11–13",
    Flavour.BACULUM_15: "Baculum 15",
    Flavour.BACULARIS_6: "Bacularis",
}
TOLD_NOW = datetime(2026, 11, 21, 12, 0, tzinfo=SEOUL)


def the_told_night() -> Night:
    return told_night(TOLD_NOW, SEOUL)


NIGHTS: list[tuple[Callable[[], Night], datetime, dict[Outcome, int] | None]] = [
    # The story goes on being told: what it must have stands in the demo's own tests.
    (the_told_night, TOLD_NOW, None),
    (
        rig_night,
        RIG_NOW,
        {
            Outcome.SUCCESS: 22,
            Outcome.WARNING: 9,
            Outcome.FAILED: 15,
            Outcome.CANCELLED: 4,
            Outcome.WAITING: 3,
            Outcome.RUNNING: 3,
        },
    ),
]


def without_server(snapshot: Snapshot) -> Snapshot:
    """Leave out what may differ: who answered, how, and what it cost."""
    source = replace(snapshot.source, host="", server="", api="")
    return replace(snapshot, source=source, calls=type(snapshot.calls)())


@cache
def expected_of(night: Callable[[], Night], now: datetime) -> Snapshot:
    """What one of the servers says; the others must say the same."""
    with Baculum(night(), Flavour.BACULUM_13) as baculum:
        return snapshot_of(baculum, a_question(now=now))


# --- one night, five servers -----------------------------------------------------------------


@pytest.mark.parametrize("flavour", Flavour)
@pytest.mark.parametrize(("night", "now", "outcomes"), NIGHTS, ids=["told", "rig"])
def test_every_server_tells_the_same_night(
    flavour: Flavour, night: Callable[[], Night], now: datetime, outcomes: dict[Outcome, int] | None
) -> None:
    question = a_question(now=now)
    expected = expected_of(night, now)
    with Baculum(night(), flavour) as baculum:
        snapshot = snapshot_of(baculum, question)
    if outcomes is not None:
        assert Counter(job.outcome for job in snapshot.jobs) == outcomes
    assert without_server(expected) == without_server(snapshot)
    assert (snapshot.source.server, snapshot.source.api) == (SERVERS[flavour], "v1")
    assert snapshot.gaps == ()
    assert snapshot.live
    wanted = {job.jobid for job in snapshot.jobs if job.outcome is not Outcome.SUCCESS}
    assert wanted <= set(snapshot.logs)
    assert {job.type for job in snapshot.jobs if job.jobid in set(snapshot.logs) - wanted} == {"B"}
    assert all((snapshot.pools, snapshot.volumes, snapshot.resources, snapshot.schedule))


@pytest.mark.parametrize(
    ("flavour", "gone", "version", "kind"),
    [
        (Flavour.BACULUM_11, "v1", "v2", FaultKind.WELCOME),
        (Flavour.BACULUM_13, "v1", "v2", FaultKind.STATUS),
        (Flavour.BACULUM_15, "v1", "v2", FaultKind.HTML),
        (Flavour.BACULARIS_6, "v1", "v2", FaultKind.WELCOME),
        (Flavour.BACULARIS_6, "v[12]", "v3", FaultKind.WELCOME),
        (Flavour.BACULARIS_6, "v[12]", "v3", FaultKind.HTML),
        (Flavour.BACULARIS_6, "v[12]", "v3", FaultKind.STATUS),
        (Flavour.BACULUM_15, "v[23]", "v1", FaultKind.HTML),
        (Flavour.BACULARIS_6, "v[23]", "v1", FaultKind.WELCOME),
    ],
)
@pytest.mark.parametrize(("night", "now"), [(n, now) for n, now, _ in NIGHTS], ids=["told", "rig"])
def test_a_server_with_one_api_version_tells_the_same_night(
    night: Callable[[], Night],
    now: datetime,
    flavour: Flavour,
    gone: str,
    version: str,
    kind: FaultKind,
) -> None:
    """Live status and progress at the clients included."""
    question = a_question(now=now)
    expected = expected_of(night, now)
    fault = Fault(f"/api/{gone}/", kind, status=404)
    with Baculum(night(), flavour, faults=[fault]) as baculum:
        snapshot = snapshot_of(baculum, question)
    assert snapshot.source.api == version
    assert without_server(expected) == without_server(snapshot)
    if night is the_told_night:
        assert any(live.current_file for live in (snapshot.live or {}).values())


def test_a_directors_name_with_blanks_and_colons_is_asked_right() -> None:
    running = an_open_job(1)
    night = a_night(running, running=[a_live_job(running)])
    night.director = "Director 1: a_b.c-d"
    gone = Fault("/api/v1/", FaultKind.WELCOME)
    with Baculum(night, Flavour.BACULUM_13, faults=[gone]) as baculum:
        snapshot = snapshot_of(baculum)
    assert snapshot.source.director == night.director
    assert list(snapshot.live or {}) == [1]


def test_later_versions_cannot_ask_for_the_live_status_without_a_name() -> None:
    """Then the reason is the name's; v1 needs none."""
    running = an_open_job(1)
    night = a_night(running, running=[a_live_job(running)])
    nameless = Fault("/directors$", FaultKind.STATUS, status=403)
    with Baculum(night, faults=[nameless]) as baculum:
        assert gaps(snapshot_of(baculum)) == []
    gone = Fault("/api/v1/", FaultKind.WELCOME)
    with Baculum(night, faults=[gone, nameless]) as baculum:
        snapshot = snapshot_of(baculum)
    (told,) = gaps(snapshot)
    assert told.startswith("live status: ")
    assert told.endswith("forbids the request (HTTP 403).")


# --- rows ------------------------------------------------------------------------------------


def told_as(monkeypatch: pytest.MonkeyPatch, edit: Callable[[Any], Any], *rows: Row) -> Snapshot:
    """Ask a night whose job lists were edited on their way out."""
    with Baculum(a_night(*rows), Flavour.BACULARIS_6) as baculum:
        rewrite(baculum, monkeypatch, r"/jobs\?", edit)
        return snapshot_of(baculum)


THREE = (a_job(1, status="f"), a_job(2, errors=1), a_job(3))
COLUMNS = sorted(THREE[0])
NO_JOBIDS: list[Any] = [None, "", "x", 0, -1, [], {}, True]


def test_numbers_may_be_strings(monkeypatch: pytest.MonkeyPatch) -> None:
    """As PHP gives them with MySQL."""
    with Baculum(a_night(*THREE)) as baculum:
        expected = snapshot_of(baculum).jobs

    def as_strings(rows: list[Row]) -> list[Row]:
        return [{k: str(v) if isinstance(v, int) else v for k, v in row.items()} for row in rows]

    assert expected == told_as(monkeypatch, as_strings, *THREE).jobs


@pytest.mark.parametrize("value", ["missing", None, "", [], {}, True, -1, 1.5, "x" * 9_999])
def test_a_row_counts_whatever_one_of_its_fields_holds(
    monkeypatch: pytest.MonkeyPatch, value: Any
) -> None:
    """As many jobs as a row has fields, each with another one of them broken."""
    broken = {jobid: column for jobid, column in enumerate(COLUMNS, 1) if column != "jobid"}

    def edit(rows: list[Row]) -> list[Row]:
        edited = [row | {broken[row["jobid"]]: value} for row in rows]
        for row in edited:
            if value == "missing":
                del row[broken[row["jobid"]]]
        return edited

    snapshot = told_as(monkeypatch, edit, *(a_job(jobid) for jobid in broken))
    assert set(broken) == set(jobids(snapshot))
    assert gaps(snapshot) == []
    unknown = {job.jobid for job in snapshot.jobs if job.outcome is Outcome.UNKNOWN}
    # A number with a fraction is a number of errors all the same.
    uncounted = set() if value == 1.5 else {"joberrors"}
    assert {broken[jobid] for jobid in unknown} == {"jobstatus"} | uncounted


@pytest.mark.parametrize(
    "row",
    [
        *(None, "text", 7, True, [], [1], {}, {"name": "files"}),
        *(THREE[0] | {"jobid": jobid} for jobid in NO_JOBIDS),
    ],
    ids=repr,
)
@pytest.mark.parametrize("place", [0, 1, 3])
def test_a_row_that_is_nobodys_is_a_gap(
    monkeypatch: pytest.MonkeyPatch, row: Any, place: int
) -> None:
    snapshot = told_as(monkeypatch, lambda rows: [*rows[:place], row, *rows[place:]], *THREE)
    assert jobids(snapshot) == [3, 2, 1]
    assert gaps(snapshot) == ["jobs: 1 row of the job list could not be read."]


@pytest.mark.parametrize("flavour", [Flavour.BACULUM_15, Flavour.BACULUM_13])
def test_broken_rows_in_a_long_list_neither_end_nor_repeat_it(
    monkeypatch: pytest.MonkeyPatch, flavour: Flavour
) -> None:
    """At the beginning and the end of every page, where pages are compared."""
    night = a_night(*(a_job(jobid, ago=(2_000 - jobid) / 15) for jobid in range(1, 2_001)))
    with Baculum(night, flavour) as baculum:
        rewrite(
            baculum,
            monkeypatch,
            r"/jobs\?",
            lambda rows: [None, *rows[1:-12], *(["x"] * 12)] if len(rows) > 900 else rows,
        )
        snapshot = snapshot_of(baculum, a_question(filters=Filters(jobs=("files",))))
    assert len(snapshot.jobs) >= 1_980
    assert gaps(snapshot) == ["jobs: 2 rows of the job list could not be read."]


@pytest.mark.parametrize("letter", ["X", "?", "", " ", "TT", "한", "\u202e", "<b>"])
def test_an_unknown_letter_counts_as_unknown(monkeypatch: pytest.MonkeyPatch, letter: str) -> None:
    snapshot = told_as(
        monkeypatch, lambda rows: [{**row, "jobstatus": letter} for row in rows], *THREE
    )
    assert [job.outcome for job in snapshot.jobs] == [Outcome.UNKNOWN] * 3
    assert len(snapshot.logs) == 3


def test_fields_that_nobody_knows_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    with Baculum(a_night(*THREE)) as baculum:
        expected = snapshot_of(baculum).jobs
    strange = {"new": {"deep": [1]}, "statusinfo": None, "__class__": "x", "": ""}
    told = told_as(monkeypatch, lambda rows: [{**row, **strange} for row in rows], *THREE)
    assert expected == told.jobs


@pytest.mark.parametrize("lie", [0, 1, "x", None, 10**18, -1, [], "2026-11-21 08:00:00"])
def test_the_epochs_of_bacularis_are_never_used(monkeypatch: pytest.MonkeyPatch, lie: Any) -> None:
    with Baculum(a_night(*THREE)) as baculum:
        expected = snapshot_of(baculum).jobs
    names = ("schedtime_epoch", "starttime_epoch", "endtime_epoch", "realendtime_epoch")
    told = told_as(
        monkeypatch, lambda rows: [row | dict.fromkeys(names, lie) for row in rows], *THREE
    )
    assert expected == told.jobs


# --- jobs that are still open ----------------------------------------------------------------


def test_a_job_that_ends_while_it_is_asked_for_has_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    """The list still says R; the Director no longer knows it; asked once more it failed."""
    night = a_night(an_open_job(1), a_job(2))
    with Baculum(night) as baculum:

        def end(target: str) -> None:
            if "status/director" in target:
                night.jobs[0] = a_job(1, status="f")

        watch(baculum, monkeypatch, end)
        snapshot = snapshot_of(baculum)
    assert snapshot.jobs[1].status == "f"
    assert snapshot.jobs[1].run_end is not None
    assert list(snapshot.logs) == [1, 2]


def test_an_older_answer_does_not_bring_an_ended_job_back(monkeypatch: pytest.MonkeyPatch) -> None:
    """The open jobs were asked for before the list's next page, and are read after it."""
    night = a_night(an_open_job(1), a_job(2))
    with Baculum(night) as baculum:

        def end(target: str) -> None:
            if "offset" in target:
                night.jobs[0] = a_job(1)

        watch(baculum, monkeypatch, end)
        snapshot = snapshot_of(baculum)
    assert [job.outcome for job in snapshot.jobs] == [Outcome.SUCCESS] * 2


def test_a_job_that_begins_while_others_are_asked_for_is_no_forgotten_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The Director is asked last: whatever runs in the list, it has been asked about."""
    night = a_night(a_job(1))
    begun = an_open_job(2, ago=0.01)
    with Baculum(night, Flavour.BACULUM_13) as baculum:

        def begin(target: str) -> None:
            if "offset" in target:
                night.jobs.append(begun)
                night.running.append(a_live_job(begun))

        watch(baculum, monkeypatch, begin)
        snapshot = snapshot_of(baculum)
    assert jobids(snapshot) == [2, 1]
    assert list(snapshot.live or {}) == [2]


def test_a_job_the_director_does_not_know_stays_open_and_unlisted() -> None:
    """Asked once more, the catalog still says R: the report tells both."""
    with Baculum(a_night(an_open_job(1), a_job(2))) as baculum:
        snapshot = snapshot_of(baculum)
    assert (snapshot.jobs[1].status, snapshot.live) == ("R", {})
    assert paths(baculum, "jobs/1") == ["jobs/1"]


def test_the_live_status_knows_better_what_a_job_waits_for() -> None:
    row = an_open_job(1)
    live = a_live_job(row, "m", status_desc="is waiting for an appendable Volume")
    with Baculum(a_night(row, running=[live])) as baculum:
        snapshot = snapshot_of(baculum)
    assert snapshot.jobs[0].status == "R"
    assert snapshot.live is not None
    assert snapshot.live[1].status == "m"
    assert paths(baculum, "status/client") == []


@pytest.mark.parametrize(
    "odd",
    [
        {"jobid": "99"},
        {"status": None, "status_desc": None},
        {"jobbytes": "much", "jobfiles": None, "starttime_epoch": "x", "schedtime_epoch": "-1"},
        {"schedtime": "tomorrow", "schedtime_epoch": 10**30},
        {"status": [], "status_desc": {}},
    ],
)
def test_odd_live_jobs_do_no_harm(odd: dict[str, Any]) -> None:
    row = an_open_job(1)
    live = {**a_live_job(row), **odd}
    with Baculum(a_night(row, running=[live, a_live_job(row)])) as baculum:
        snapshot = snapshot_of(baculum)
    assert jobids(snapshot) == [1]
    assert gaps(snapshot) == []
    assert 1 in (snapshot.live or {})


def test_without_open_jobs_the_director_is_not_asked() -> None:
    with Baculum(a_night(a_job(1), a_job(2, status="f"))) as baculum:
        snapshot = snapshot_of(baculum)
    assert snapshot.live is None
    assert paths(baculum, "status") == []


def test_a_copied_job_belongs_to_when_it_was_copied() -> None:
    """Its start and end are the original's, whichever side of the period they lie on."""
    long_ago = NOW - timedelta(days=30)
    original: dict[str, Any] = {
        "scheduled": long_ago,
        "started": long_ago,
        "ended": long_ago + timedelta(hours=1),
    }
    copied = a_job(2, type="C", **original, realended=NOW - timedelta(hours=3), created=NOW)
    early = a_job(1, type="C", ago=3, realended=long_ago, created=long_ago)
    with Baculum(a_night(early, copied)) as baculum:
        assert jobids(snapshot_of(baculum)) == [2]


# --- zones -----------------------------------------------------------------------------------

ZONES = {
    "Asia/Seoul": datetime(2026, 11, 21, 3, 0, tzinfo=UTC),
    "Asia/Kolkata": datetime(2026, 11, 21, 3, 0, tzinfo=UTC),
    "UTC": datetime(2026, 11, 21, 3, 0, tzinfo=UTC),
    # Clocks went back on 1 November, and forward on 8 March.
    "America/New_York": datetime(2026, 11, 4, 12, 0, tzinfo=UTC),
    "America/New_York ": datetime(2026, 3, 10, 12, 0, tzinfo=UTC),
    # By half an hour, on 4 October.
    "Australia/Lord_Howe": datetime(2026, 10, 6, 12, 0, tzinfo=UTC),
}


@pytest.mark.parametrize("flavour", [Flavour.BACULUM_15, Flavour.BACULARIS_6])
@pytest.mark.parametrize("host", ["UTC", "Asia/Seoul", "America/New_York", "Pacific/Auckland"])
@pytest.mark.parametrize("name", ZONES)
def test_the_director_is_understood_wherever_one_asks_from(
    name: str, host: str, flavour: Flavour
) -> None:
    """Every end is the true instant, through a change of clocks; PHP's zone does not matter."""
    now, zone = ZONES[name], ZoneInfo(name.strip())
    ends: dict[int, datetime] = {
        jobid: now - timedelta(minutes=37 * (200 - jobid)) for jobid in range(1, 200)
    }
    night = a_night(zone=zone, told_at=now)
    for jobid, end in ends.items():
        start = end - timedelta(minutes=2)
        night.add(a_job(jobid, zone=zone, scheduled=start, started=start, ended=end))
    question = a_question(now=now, host_zone=ZoneInfo(host))
    with Baculum(night, flavour, php_zone=ZoneInfo("Pacific/Chatham")) as baculum:
        snapshot = snapshot_of(baculum, question)
    assert {job.jobid: job.run_end for job in snapshot.jobs} == ends
    same = host == name.strip()
    assert snapshot.source.zone_source is (ClockSource.HOST if same else ClockSource.LEARNED)
    offset = now.astimezone(zone).utcoffset()
    assert now.astimezone(snapshot.source.zone).utcoffset() == offset
    assert snapshot.period.start.utcoffset() is not None


def test_a_zone_that_is_set_rules_the_period_and_the_directors_its_times() -> None:
    """REPORT_TZ in New York, a Director in Seoul, this machine in UTC."""
    new_york = ZoneInfo("America/New_York")
    with Baculum(a_night(a_job(1, ago=2))) as baculum:
        snapshot = snapshot_of(baculum, a_question(mode=Mode.PRODUCTION, zone=new_york))
    assert snapshot.period.start == datetime(2026, 11, 19, 22, 0, tzinfo=new_york)
    assert snapshot.source.zone_source is ClockSource.LEARNED
    assert snapshot.jobs[0].started == NOW - timedelta(hours=2)


def test_only_a_live_job_may_tell_the_zone() -> None:
    """A Director's first job ever: its row's epoch may be missing, the live status has one."""
    row = {**an_open_job(1), "jobtdate": 0}
    with Baculum(a_night(row, running=[a_live_job(row)])) as baculum:
        snapshot = snapshot_of(baculum)
    assert snapshot.source.zone_source is ClockSource.LEARNED
    assert snapshot.jobs[0].started == NOW - timedelta(hours=2)
    assert len(paths(baculum, "status/director")) == 1


def test_an_empty_catalog_is_an_empty_night() -> None:
    with Baculum(a_night()) as baculum:
        snapshot = snapshot_of(baculum)
    assert (snapshot.jobs, snapshot.gaps, snapshot.stopped) == ((), (), None)
    assert snapshot.source.zone_source is ClockSource.ASSUMED


# --- logs ------------------------------------------------------------------------------------


def test_logs_are_asked_for_only_where_they_are_needed() -> None:
    """Not for plain successes, if that is not wanted; with times, which alone tell their order."""
    rows = [a_job(1), a_job(2, status="f"), a_job(3, errors=1), a_job(4, status="A")]
    with Baculum(a_night(*rows, an_open_job(5), a_job(6, status="X"))) as baculum:
        snapshot = snapshot_of(baculum, a_question(policy=ONLY_THE_PERIOD))
    logs = [request.path for request in baculum.requests if "joblog" in request.path]
    assert sorted(logs) == [f"/api/v1/joblog/{jobid}?show_time=1" for jobid in (2, 3, 4, 5, 6)]
    assert sorted(snapshot.logs) == [2, 3, 4, 5, 6]


def test_the_worst_jobs_logs_come_first() -> None:
    """Should time run out, it is not the failures' that are missing."""
    rows = [a_job(1, status="A"), a_job(2, errors=1), a_job(3, status="f"), a_job(4, status="X")]
    with Baculum(a_night(*rows)) as baculum:
        snapshot_of(baculum, workers=1)
    assert paths(baculum, "joblog") == [f"joblog/{jobid}" for jobid in (3, 4, 2, 1)]


def test_the_log_of_a_job_that_was_pruned_meanwhile_is_a_gap(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    night = a_night(a_job(1, status="f"), a_job(2, status="f"), a_job(3, status="f"))
    with Baculum(night) as baculum:

        def prune(target: str) -> None:
            if "joblog" in target:
                night.jobs[:] = [row for row in night.jobs if row["jobid"] == 2]

        watch(baculum, monkeypatch, prune)
        snapshot = snapshot_of(baculum)
    (gap,) = snapshot.gaps
    assert (gap.source, gap.jobids) == (GapSource.JOB_LOGS, (3, 1))
    assert str(gap.reason) == "It does not exist (any more)."
    assert list(snapshot.logs) == [2]


def test_a_log_too_long_for_the_server_is_a_gap_of_its_own() -> None:
    """200,000 rows are HTTP 500."""
    night = a_night(a_job(1, status="f"), a_job(2, status="f"))
    night.logs[1] = [("2026-11-21 06:00:00", "x")] * 200_000
    with Baculum(night) as baculum:
        snapshot = snapshot_of(baculum)
    assert [(gap.source, gap.jobids) for gap in snapshot.gaps] == [(GapSource.JOB_LOGS, (1,))]
    assert list(snapshot.logs) == [2]


@pytest.mark.parametrize("jobid", [None, "x"])
def test_a_live_job_of_nobody_makes_the_live_status_unknown(jobid: Any) -> None:
    row = an_open_job(1)
    live = {**a_live_job(row), "jobid": jobid}
    with Baculum(a_night(row, running=[live])) as baculum:
        snapshot = snapshot_of(baculum)
    assert jobids(snapshot) == [1]
    assert [gap.source for gap in snapshot.gaps] == [GapSource.LIVE_STATUS]


@pytest.mark.parametrize("rows", [[None], [7, [], {}]])
def test_a_log_of_nothing_but_rubbish_is_missing(
    monkeypatch: pytest.MonkeyPatch, rows: list[Any]
) -> None:
    with Baculum(a_night(a_job(1, status="f"))) as baculum:
        rewrite(baculum, monkeypatch, "/joblog/", lambda _: rows)
        snapshot = snapshot_of(baculum)
    assert snapshot.logs == {}
    assert [gap.source for gap in snapshot.gaps] == [GapSource.JOB_LOGS]


def test_rubbish_among_the_rows_of_a_log_takes_nothing_from_the_rest(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    line = "2026-11-21 02:00:00 d JobId 1: Fatal error: no route to host"
    with Baculum(a_night(a_job(1, status="f"))) as baculum:
        rewrite(baculum, monkeypatch, "/joblog/", lambda _: [None, line, 7])
        log = snapshot_of(baculum).logs[1]
    assert "no route to host" in log.headline
    assert sum("[?]" in shown for shown in log.head) == 2


@pytest.mark.parametrize("rows", [[], ["", " ", "\x00"], ["2026-11-21"]])
def test_odd_logs_are_logs(monkeypatch: pytest.MonkeyPatch, rows: list[Any]) -> None:
    with Baculum(a_night(a_job(1, status="f"))) as baculum:
        rewrite(baculum, monkeypatch, "/joblog/", lambda _: rows)
        snapshot = snapshot_of(baculum)
    assert list(snapshot.logs) == [1]
    assert snapshot.gaps == ()


# --- the question ----------------------------------------------------------------------------


def test_a_small_night_costs_few_requests() -> None:
    """The list and, as it is younger than what is asked for, a look whether it goes on; beside it
    the open jobs, the Director's name, the clients, the configured jobs, the schedules, pools and
    volumes; for one running job the Director's and its client's status; one log for each job.
    """
    running = an_open_job(1)
    night = a_night(running, a_job(2), a_job(3, status="f"), running=[a_live_job(running)])
    with Baculum(night) as baculum:
        snapshot = snapshot_of(baculum)
    assert Counter(paths(baculum)) == {
        "jobs": 3,
        "directors": 1,
        "clients": 1,
        "status/director/": 1,
        "status/client/": 1,
        **dict.fromkeys(BESIDE, 1),
        "joblog/1": 1,
        "joblog/2": 1,
        "joblog/3": 1,
    }
    assert snapshot.calls.requests == len(baculum.requests) == 14
    assert snapshot.calls.failed == 0


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        (Filters(jobs=("db*",)), [2]),
        (Filters(types=("R",)), [3]),
        (Filters(clients=("web0?-fd",), jobs=("files", "nas")), [3, 1]),
        (Filters(jobs=("nothing",)), []),
    ],
)
def test_filters_narrow_jobs_and_logs(filters: Filters, expected: list[int]) -> None:
    rows = [a_job(1), a_job(2, "db01", client="db01-fd"), a_job(3, type="R")]
    night = a_night(*({**row, "jobstatus": "f"} for row in rows))
    with Baculum(night) as baculum:
        snapshot = snapshot_of(baculum, a_question(filters=filters))
    assert expected == jobids(snapshot) == sorted(snapshot.logs, reverse=True)


def test_an_impossible_period_is_said_and_leaves_nothing_behind() -> None:
    question = a_question(start=NOW + timedelta(days=1), end=NOW + timedelta(days=2))
    with Baculum(a_night(a_job(1))) as baculum, pytest.raises(UsageError):
        snapshot_of(baculum, question)
    assert not any(thread.name.startswith("api") for thread in threading.enumerate())


# --- taken down with the Director ------------------------------------------------------------


@pytest.mark.parametrize(
    ("last_words", "expected"),
    [
        # The catalog gives the start for the end; the log went on until eleven.
        ("2026-11-19 23:00:00", [(1, datetime(2026, 11, 19, 23, 0, tzinfo=SEOUL))]),
        # Nothing says that it lived into the night of 22:00.
        ("2026-11-19 21:55:00", []),
    ],
)
def test_a_job_killed_with_the_director_is_followed_in_its_log(
    last_words: str, expected: list[tuple[int, datetime]]
) -> None:
    start = datetime(2026, 11, 19, 21, 50, tzinfo=SEOUL)
    row = a_job(1, status="f", scheduled=start, started=start, ended=start, realended=None)
    night = a_night()
    night.add(row, [("2026-11-19 21:50:00", "d JobId 1: Start"), (last_words, "d JobId 1: on")])
    morning = datetime(2026, 11, 20, 8, 0, tzinfo=SEOUL)
    night.told_at = morning
    with Baculum(night) as baculum:
        snapshot = snapshot_of(baculum, a_question(mode=Mode.PRODUCTION, now=morning))
    assert [(job.jobid, job.run_end) for job in snapshot.jobs] == expected
    assert set(snapshot.logs) == {jobid for jobid, _ in expected}
    assert snapshot.gaps == ()


# --- what must not hide behind a green page ----------------------------------------------------


def test_a_job_that_failed_after_weeks_is_found_in_a_busy_catalog() -> None:
    """Its JobId lies far behind all that the list is read for."""
    begun = NOW - timedelta(days=20)
    old = a_job(1, "slow", status="f", scheduled=begun, started=begun, ended=NOW)
    rows = [a_job(jobid, ago=(1_300 - jobid) / 5) for jobid in range(2, 1_300)]
    with Baculum(a_night(old, *rows)) as baculum:
        snapshot = snapshot_of(baculum, a_question(mode=Mode.PRODUCTION))
    assert snapshot.gaps == ()
    assert 1 in {job.jobid for job in snapshot.jobs}


@pytest.mark.parametrize("host", ["UTC", "Asia/Seoul", "Europe/Berlin"])
def test_the_first_morning_after_clocks_change_has_its_whole_night(host: str) -> None:
    """Only the last night's rows tell the new offset; 25 nights tell the old one."""
    berlin = ZoneInfo("Europe/Berlin")
    morning = datetime(2026, 3, 30, 8, 0, tzinfo=berlin)
    rows: list[Row] = []
    for night in range(26):
        evening = datetime(2026, 3, 29, 22, 10, tzinfo=berlin) - timedelta(days=25 - night)
        for minute in range(36):
            start = evening + timedelta(minutes=minute)
            status = "f" if (night, minute) == (25, 8) else "T"
            end = start + timedelta(minutes=1)
            more: dict[str, Any] = dict.fromkeys(("scheduled", "started"), start)
            more |= {"ended": end, "zone": berlin}
            rows.append(a_job(len(rows) + 1, status=status, **more))
    with Baculum(a_night(*rows, zone=berlin, told_at=morning)) as baculum:
        question = a_question(mode=Mode.PRODUCTION, now=morning, host_zone=ZoneInfo(host))
        snapshot = snapshot_of(baculum, question)
    assert snapshot.period.start == datetime(2026, 3, 29, 22, 0, tzinfo=berlin)
    assert Counter(job.outcome for job in snapshot.jobs) == {Outcome.FAILED: 1, Outcome.SUCCESS: 35}


def test_a_failed_copy_that_inherits_old_times_and_has_no_real_end_is_in() -> None:
    ancient = NOW - timedelta(days=40)
    made = NOW - timedelta(hours=3)
    copy = a_job(
        2, status="f", type="C", scheduled=made, created=made, started=ancient, ended=ancient,
        realended=None,
    )  # fmt: skip
    with Baculum(a_night(a_job(1), copy)) as baculum:
        snapshot = snapshot_of(baculum, a_question(mode=Mode.PRODUCTION))
    assert 2 in {job.jobid for job in snapshot.jobs}
