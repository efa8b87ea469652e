"""Schedules, pools, Volumes and configured jobs, as every recorded server told them."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from app.api import schedules
from app.bacula.model import JobResource, Pool, ScheduledRun
from app.demo import Baculum, Fault, FaultKind, Flavour
from app.demo.night import Row, epoch
from app.snapshot import GapSource, Snapshot
from tests.integration.api.asking import (
    NOW,
    SEOUL,
    a_job,
    a_night,
    a_question,
    answering,
    gaps,
    notes,
    paths,
    rewrite,
    snapshot_of,
)
from tests.rig import recording

CAPTURES = {
    Flavour.BACULUM_9_6: "baculum96_{}",
    Flavour.BACULUM_11: "baculum11_{}",
    Flavour.BACULUM_13: "baculum13_{}",
    Flavour.BACULUM_15: "{}_v1",
}
"""How the recordings of each server are called; Bacularis gives the same rows."""


def told(flavour: Flavour, monkeypatch: pytest.MonkeyPatch, path: str, capture: str) -> Snapshot:
    """Ask a server that answers one question as it was recorded."""
    body = json.dumps(recording(flavour.value, capture)["body"]).encode()
    with Baculum(a_night(a_job(1)), flavour) as baculum:
        answering(baculum, monkeypatch, path, body)
        snapshot = snapshot_of(baculum)
    assert (snapshot.gaps, snapshot.notes) == ((), ())
    return snapshot


@pytest.mark.parametrize("flavour", Flavour)
def test_every_recorded_schedule_is_read_each_run_once(
    flavour: Flavour, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = CAPTURES.get(flavour, "bacularis_{}").format("schedule_status")
    schedule = told(flavour, monkeypatch, "/schedules/status", name).schedule
    assert schedule is not None
    assert len(schedule) == 30
    assert schedule[0] == ScheduledRun(
        job="Weekly Report.v2:nas_01",
        client="nas01-fd",
        type="B",
        level="I",
        due=datetime(2026, 11, 21, 0, 45, tzinfo=SEOUL).astimezone(UTC),
        schedule="Hourly",
    )


@pytest.mark.parametrize("flavour", CAPTURES)
def test_every_recorded_pool_is_read(flavour: Flavour, monkeypatch: pytest.MonkeyPatch) -> None:
    pools = told(flavour, monkeypatch, "/pools$", CAPTURES[flavour].format("pools")).pools
    assert pools is not None
    assert [pool.name for pool in pools] == sorted(pool.name for pool in pools)
    by_name = {pool.name: pool for pool in pools}
    assert len(by_name) == 8
    assert by_name["Copy-Pool"] == Pool("Copy-Pool", 1, 20, timedelta(days=365), None)
    # Without limits.
    assert by_name["Bad-Pool"] == Pool("Bad-Pool", 0, None, timedelta(days=30), None)


@pytest.mark.parametrize("flavour", CAPTURES)
def test_every_recorded_volume_is_read(flavour: Flavour, monkeypatch: pytest.MonkeyPatch) -> None:
    capture = CAPTURES[flavour].format("volumes")
    volumes = told(flavour, monkeypatch, "/volumes$", capture).volumes
    assert volumes is not None
    assert len(volumes) == 8
    by_name = {volume.name: volume for volume in volumes}
    used = by_name["Inc-0002"]
    assert (used.pool, used.status, used.bytes, used.max_bytes) == (
        "Inc-Pool", "Used", 10_501_330, None,
    )  # fmt: skip
    assert used.last_written == datetime(2026, 11, 21, 2, 58, 20, tzinfo=SEOUL)
    # What the server calls "whenexpire".
    assert used.expires == datetime(2026, 12, 21, 2, 58, 20, tzinfo=SEOUL)
    fresh = by_name["Full-0006"]
    assert (fresh.first_written, fresh.last_written, fresh.expires) == (None, None, None)
    assert (fresh.bytes, fresh.max_bytes) == (0, 2_147_483_648)


def test_the_recorded_job_resources_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    resources = told(Flavour.BACULUM_15, monkeypatch, "/jobs/show$", "jobs_show_v1").resources
    assert resources is not None
    assert len(resources) == 20
    by_name = {one.name: one for one in resources}
    weekly = "Weekly Report.v2:nas_01"
    assert by_name[weekly] == JobResource(weekly, "B", True, "nas01-fd", True)
    assert by_name["disabled-job"] == JobResource("disabled-job", "B", False, "db01-fd", True)
    assert by_name["nas01-slow"] == JobResource("nas01-slow", "B", True, "nas01-fd", False)
    types = {name: by_name[name].type for name in ("RestoreFiles", "CopyFull", "AdminCleanup")}
    assert types == {"RestoreFiles": "R", "CopyFull": "c", "AdminCleanup": "D"}


@pytest.mark.parametrize("flavour", Flavour)
def test_every_server_is_asked_the_same_four_questions_once(flavour: Flavour) -> None:
    with Baculum(a_night(a_job(1)), flavour) as baculum:
        snapshot = snapshot_of(baculum)
    asked = ("jobs/show", "pools", "schedules/status", "volumes")
    assert [len(paths(baculum, path)) for path in asked] == [1, 1, 1, 1]
    assert snapshot.resources == (JobResource("files", "B", True, "web01-fd", True),)
    assert (snapshot.schedule, snapshot.pools, snapshot.volumes) == ((), (), ())


# --- schedules -------------------------------------------------------------------------------


def a_plan(count: int, hours: float) -> list[Row]:
    """So many runs, one every so many hours, from today's midnight on."""
    first = NOW.replace(hour=0)
    due = [first + timedelta(hours=hours * number) for number in range(count)]
    return [
        {"name": "files", "client": "c", "schedtime_epoch": epoch(at), "schedule": "s"}
        for at in due
    ]


@pytest.mark.parametrize(
    ("plan", "days", "found"),
    [
        (a_plan(8, 24), ["8"], 8),
        (a_plan(9, 20), ["8", "2"], 3),
        (a_plan(200, 1), ["8", "2", "1"], 9),
    ],
    ids=["as many as fit", "one more", "too many in a day"],
)
def test_where_more_runs_are_foreseen_than_told_at_once_fewer_days_are_asked(
    monkeypatch: pytest.MonkeyPatch, plan: list[Row], days: list[str], found: int
) -> None:
    monkeypatch.setattr(schedules, "LIMIT", 9)
    with Baculum(a_night(a_job(1), schedule=plan)) as baculum:
        snapshot = snapshot_of(baculum)
    asked = [one.path for one in baculum.requests if "schedules" in one.path]
    assert [path.partition("days=")[2].partition("&")[0] for path in asked] == days
    assert len(snapshot.schedule or ()) == found


@pytest.mark.parametrize(("over", "asked"), [(0.5, 1), (0.99, 1), (1.01, 0), (48.0, 0)])
def test_schedules_are_asked_only_while_the_period_is_not_long_over(
    over: float, asked: int
) -> None:
    """They look ahead from today's midnight on: of a past night they tell nothing."""
    end = NOW - timedelta(hours=over)
    question = a_question(start=end - timedelta(hours=10), end=end)
    with Baculum(a_night(a_job(1))) as baculum:
        snapshot = snapshot_of(baculum, question)
    assert len(paths(baculum, "schedules")) == asked
    assert (snapshot.schedule is None) == (not asked)
    assert (snapshot.gaps, snapshot.notes) == ((), ())


# --- configured jobs -------------------------------------------------------------------------


@pytest.mark.parametrize(
    "fault",
    [
        Fault("/jobs/show", FaultKind.WELCOME),
        Fault("/jobs/show", FaultKind.HTML),
        Fault("/jobs/show", FaultKind.STATUS, status=404),
        Fault("/jobs/show", FaultKind.ERROR, code=50),
        Fault("/jobs/show", FaultKind.BODY, body={"output": [], "error": 0}),
        Fault("/jobs/show", FaultKind.BODY, body={"output": ["show: not allowed"], "error": 0}),
    ],
    ids=lambda fault: f"{fault.kind}-{fault.status}-{fault.body}",
)
def test_where_jobs_are_not_shown_their_names_are_known(fault: Fault) -> None:
    with Baculum(a_night(a_job(1), a_job(2, "a b")), faults=[fault]) as baculum:
        snapshot = snapshot_of(baculum)
    assert snapshot.resources == (JobResource("files"), JobResource("a b"))
    assert (snapshot.gaps, snapshot.notes) == ((), ())


def test_the_jobs_of_several_directors_are_all_known(monkeypatch: pytest.MonkeyPatch) -> None:
    fault = Fault("/jobs/show", FaultKind.WELCOME)
    with Baculum(a_night(a_job(1)), faults=[fault]) as baculum:
        names = {"a": ["x", "", None], "b": ["y", "x"], "c": None}
        rewrite(baculum, monkeypatch, "/resnames", lambda _: names)
        snapshot = snapshot_of(baculum)
    assert snapshot.resources == (JobResource("x"), JobResource("y"))


# --- rubbish ---------------------------------------------------------------------------------

RUBBISH: list[Any] = [None, 7, True, "text", [], [1], {}, {"a": "b"}, {"name": None}]
RUBBISH += [{"volumename": ""}, {"name": "x", "schedtime_epoch": "soon"}]


@pytest.mark.parametrize("path", ["/pools$", "/volumes$", "/schedules/status"])
def test_rows_that_are_nobodys_are_counted(monkeypatch: pytest.MonkeyPatch, path: str) -> None:
    name = {"/pools$": "name", "/volumes$": "volumename"}.get(path, "name")
    row = {name: "good", "schedtime_epoch": "1795189500"}
    with Baculum(a_night(a_job(1))) as baculum:
        rows = [one for one in RUBBISH if path != "/pools$" or one != RUBBISH[-1]]
        rewrite(baculum, monkeypatch, path, lambda _: [*rows, row, *rows])
        snapshot = snapshot_of(baculum)
    had: Any = {"/pools$": snapshot.pools, "/volumes$": snapshot.volumes}.get(path)
    had = snapshot.schedule if had is None else had
    assert len(had) == 1
    (told,) = gaps(snapshot)
    assert told.endswith(f": {2 * len(rows)} rows could not be read.")


@pytest.mark.parametrize(
    ("path", "source"),
    [
        ("/pools$", GapSource.POOLS),
        ("/volumes$", GapSource.VOLUMES),
        ("/schedules/status", GapSource.SCHEDULE),
    ],
)
def test_nothing_but_rubbish_is_not_taken_for_nothing(
    monkeypatch: pytest.MonkeyPatch, path: str, source: GapSource
) -> None:
    with Baculum(a_night(a_job(1))) as baculum:
        rewrite(baculum, monkeypatch, path, lambda _: RUBBISH[:-1])
        snapshot = snapshot_of(baculum)
    assert [gap.source for gap in snapshot.gaps] == [source]
    assert gaps(snapshot)[0].endswith("does not have the expected form.")
    assert notes(snapshot) == []
