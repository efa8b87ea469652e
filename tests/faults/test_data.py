"""Answers that are well formed and wrong: odd values in every field, moving rows, odd clocks."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from app.demo import Fault, FaultKind, Flavour, Night
from app.demo.night import Row
from tests.faults.night import ENDING, FAILED, SEOUL, the_night
from tests.faults.test_matrix import EVERY, WHOLE, healthy
from tests.faults.whole import REAL, Paging, Site

Edit = Callable[[Any], Any]
SERVERS = (Flavour.BACULUM_15, Flavour.BACULUM_9_6)
MISSING = object()
"""Stands for a field that is not there."""
ODD: tuple[Any, ...] = (
    *(MISSING, None, "", -1, 0, 1.5, True, [], {}, 10**30, 10**400, 253_402_300_800),
    *("x" * 5_000, "\0\x1b[31m\u202e", "\ud800", '"><script>', "한글", "-", "7", "1e5", "٣"),
    *("2026-02-30 12:00:00", "0000-00-00 00:00:00", "9999-12-31 23:59:59", "1970-01-01 00:00:00"),
    *("2030-01-01 00:00:00", "2026-11-21T01:00:00+23:59"),
)


def _fields() -> dict[str, list[str]]:
    night = the_night(datetime.now(UTC))
    running = night.running[0]
    return {
        r"/jobs\?|/jobs/\d+$": list(night.jobs[0]),
        r"/clients$": list(night.clients[0]),
        r"/pools$": list(night.pools[0]),
        r"/volumes$": list(night.volumes[0]),
        r"/schedules/status": list(night.schedule[0]),
        r"/status/director": list(running),
        r"/status/client": [*running, "bytes_sec"],
    }


@dataclass(frozen=True)
class Change:
    """A field of every row of an answer, or of every other row, has another value."""

    path: str
    name: str
    value: Any
    step: int
    flavour: Flavour

    def __str__(self) -> str:
        value = "missing" if self.value is MISSING else ascii(self.value)[:20]
        return f"{self.path} {self.name} {value} {self.step} {self.flavour}"

    def __call__(self, output: Any) -> Any:
        if isinstance(output, list):
            return [row if number % self.step else self._row(row) for number, row in
                    enumerate(output)]  # fmt: skip
        return self._row(output)

    def _row(self, row: Row) -> Row:
        kept = {name: value for name, value in row.items() if name != self.name}
        return kept if self.value is MISSING else {**kept, self.name: self.value}


def changes() -> Iterator[Change]:
    """Every value in every field; CI takes the diagonals."""
    row = 0
    for path, names in _fields().items():
        for name in names:
            row += 1
            for column, value in enumerate(ODD):
                if WHOLE or (row + column) % EVERY == 0:
                    step = 1 + (row + column // 2) % 2
                    yield Change(path, name, value, step, SERVERS[(row + column) // 3 % 2])


@pytest.mark.parametrize("change", list(changes()), ids=str)
def test_no_value_of_any_field_makes_a_night_look_better_than_it_is(
    site: Site, change: Change
) -> None:
    ran = site.run([Fault(change.path, FaultKind.OUTPUT, edit=change)], change.flavour)
    assert ran.code in (0, 5)
    if ran.verdict == "good":
        assert ran.outcomes() == healthy(site).outcomes()


# --- whole answers ------------------------------------------------------------------------------

JUNK: tuple[list[Any], ...] = ([None], ["x"], [7, True], [[]], [{}], [{"jobid": None}])
LISTS = {
    r"/jobs\?limit=10$": "unknown",
    r"offset=8$": "unknown",
    r"jobstatus=BC": "unknown",
    r"/clients$": "attention",
    r"/status/director": "attention",
    r"/pools$": "attention",
    r"/volumes$": "attention",
    r"/schedules/status": "attention",
}


@pytest.mark.parametrize("path", LISTS)
@pytest.mark.parametrize("junk", JUNK, ids=repr)
def test_a_list_of_junk_is_no_empty_list(site: Site, path: str, junk: list[Any]) -> None:
    ran = site.run([Fault(path, FaultKind.OUTPUT, edit=lambda _: junk)])
    assert ran.verdict == LISTS[path]


def each(change: Callable[[Row], Row]) -> Edit:
    """Change every row of an answer."""

    def edit(output: Any) -> Any:
        return [change(row) for row in output] if isinstance(output, list) else change(output)

    return edit


ROWS = r"/jobs\?|/jobs/\d+$"
EVERYTHING = r"/status/|/clients$|/pools$|/volumes$|/schedules|" + ROWS
WHOLE_ROWS: dict[str, tuple[str, Edit, set[str]]] = {
    "all fields null": (EVERYTHING, each(lambda row: dict.fromkeys(row)), {"unknown"}),
    "all fields empty": (EVERYTHING, each(lambda row: dict.fromkeys(row, "")), {"unknown"}),
    "all but the JobId null": (
        ROWS,
        each(lambda row: {**dict.fromkeys(row), "jobid": row["jobid"]}),
        {"attention"},
    ),
    "one JobId for all": (ROWS, each(lambda row: {**row, "jobid": 1}), {"unknown", "critical"}),
    "every row twice": (r"/jobs\?", lambda rows: [row for row in rows for _ in "12"], {"good"}),
    "rows in reverse": (r"/jobs\?limit=10$", lambda rows: rows[::-1], {"good", "unknown"}),
    "numbers as strings": (
        EVERYTHING,
        each(lambda row: {k: str(v) if isinstance(v, int) else v for k, v in row.items()}),
        {"good"},
    ),
    "unknown fields": (EVERYTHING, each(lambda row: {**row, "\ud800": [{}], "": 1}), {"good"}),
    "a dict for a list": (ROWS, lambda output: {"jobs": output}, {"unknown"}),
    "a list in the list": (ROWS, lambda output: [output], {"unknown"}),
}


@pytest.mark.parametrize("flavour", SERVERS)
@pytest.mark.parametrize("name", WHOLE_ROWS)
def test_rows_that_are_wrong_as_a_whole(site: Site, name: str, flavour: Flavour) -> None:
    path, edit, verdicts = WHOLE_ROWS[name]
    ran = site.run([Fault(path, FaultKind.OUTPUT, edit=edit)], flavour)
    assert ran.verdict in verdicts
    if ran.verdict == "good":
        assert ran.outcomes() == healthy(site).outcomes()


@pytest.mark.parametrize(
    "odd", ["\ud800", "\0\x1b]0;x\x07", "a" * 99_999, "../..", "{0}%s", "a\nb"]
)
def test_odd_words_wherever_words_stand(site: Site, odd: str) -> None:
    """In names, in the configuration, in logs; also where they are asked for again."""
    show = [f"Job: name={odd} JobType=66 Enabled=1", f"  --> Client: name={odd} Enabled=1"]
    log: list[Any] = [
        odd,
        f"2026-11-21 01:00:00 {odd}",
        f"rig-dir JobId 5: Error: {odd}",
        None,
        7,
        [],
    ]
    faults = [
        Fault(r"/directors$", FaultKind.OUTPUT, edit=lambda _: [odd]),
        Fault(
            r"/jobs/resnames",
            FaultKind.OUTPUT,
            edit=lambda names: {odd: [odd, *names.popitem()[1]]},
        ),
        Fault(r"/jobs/show", FaultKind.OUTPUT, edit=lambda _: show),
        Fault(r"/joblog/", FaultKind.OUTPUT, edit=lambda _: log),
        Fault(r"/status/", FaultKind.OUTPUT, edit=each(lambda row: {**row, "status_desc": odd})),
    ]
    for flavour in SERVERS:
        ran = site.run(faults, flavour)
        assert ran.outcomes().keys() == healthy(site).outcomes().keys()
        assert "\x1b" not in ran.page
        assert "\x1b" not in ran.err


def test_of_two_jobs_with_one_jobid_none_hides_the_other(site: Site) -> None:
    """A failed one, say, behind a good one that stands before it in the list."""

    def double(rows: list[Row], step: int) -> list[Row]:
        good = next(row for row in rows if row["jobid"] == FAILED + 1)
        bad = {**good, "jobstatus": "f", "joberrors": 1, "job": "db01-files.2026-01-01_01.01.01_01"}
        place = rows.index(good)
        return [*rows[:place], *(bad, good)[::step], *rows[place + 1 :]]

    for step in (1, -1):
        edit = partial(double, step=step)
        fault = Fault(r"/jobs\?limit=10$", FaultKind.OUTPUT, edit=edit)
        ran = site.run([fault])
        assert ran.verdict in ("unknown", "critical")
        assert ran.code == 5


# --- the list moves -----------------------------------------------------------------------------


@pytest.mark.parametrize("gone", [1, 5, 30])
@pytest.mark.parametrize("flavour", SERVERS)
def test_rows_that_vanish_between_two_pages_hide_no_job_of_the_night(
    site: Site, flavour: Flavour, gone: int
) -> None:
    night = the_night(datetime.now(UTC))
    rows = sorted(night.jobs, key=lambda row: -int(row["jobid"]))

    def prune(page: list[Row]) -> list[Row]:
        night.jobs = rows[:8] + rows[8 + gone :]
        return page

    fault = Fault(r"/jobs\?limit=10$", FaultKind.OUTPUT, edit=prune)
    assert site.run([fault], flavour, night=night).outcomes() == healthy(site).outcomes()


@pytest.mark.parametrize("flavour", SERVERS)
def test_jobs_that_begin_between_two_pages_hide_no_job_of_the_night(
    site: Site, flavour: Flavour
) -> None:
    night = the_night(datetime.now(UTC))
    newest = max(night.jobs, key=lambda row: int(row["jobid"]))

    def begin(page: list[Row]) -> list[Row]:
        night.jobs += [{**newest, "jobid": 2_000 + n, "job": f"new.{n}"} for n in range(15)]
        return page

    fault = Fault(r"/jobs\?limit=10$", FaultKind.OUTPUT, edit=begin)
    told = site.run([fault], flavour, night=night).outcomes()
    assert healthy(site).outcomes().items() <= told.items()


def test_a_job_that_ends_badly_between_two_calls_has_failed(site: Site) -> None:
    """In the list it runs; looked at alone it has failed, and its log is asked for again."""
    bad = {"jobstatus": "f", "joberrors": 1}
    fault = Fault(rf"/jobs/{ENDING}$", FaultKind.OUTPUT, edit=lambda row: {**row, **bad})
    ran = site.run([fault])
    assert (ran.outcomes()[ENDING], ran.verdict) == ("failed", "critical")


# --- clocks -------------------------------------------------------------------------------------


@pytest.mark.parametrize("minutes", [-15, -2, 2, 15])
@pytest.mark.parametrize("flavour", SERVERS)
def test_a_directors_clock_that_is_minutes_off_changes_nothing(
    site: Site, flavour: Flavour, minutes: int
) -> None:
    night = the_night(datetime.now(UTC) + timedelta(minutes=minutes))
    ran = site.run(night=night, flavour=flavour)
    assert (ran.verdict, ran.outcomes()) == ("good", healthy(site).outcomes())


@pytest.mark.parametrize("days", [-1_100, -40, -2, 2, 40, 1_100])
@pytest.mark.parametrize("flavour", SERVERS)
def test_a_directors_clock_that_is_days_off_never_makes_a_night_good(
    site: Site, flavour: Flavour, days: int
) -> None:
    ran = site.run(night=the_night(datetime.now(UTC) + timedelta(days=days)), flavour=flavour)
    assert (ran.code, ran.verdict == "good") == (0, False)


@pytest.mark.parametrize(
    "zone", ["UTC", "America/New_York", "Asia/Kathmandu", "Pacific/Kiritimati"]
)
def test_a_director_that_moved_to_another_zone_loses_no_job(site: Site, zone: str) -> None:
    """The last night is told by another clock than the weeks before.

    Of a week: "yesterday 22:00" is another moment in each zone.
    """
    now = datetime.now(UTC)
    night, moved = the_night(now), the_night(now, ZoneInfo(zone))
    night.jobs = [*night.jobs[:-7], *moved.jobs[-7:]]
    night.running, night.zone = moved.running, ZoneInfo(zone)
    ran = site.run(night=night, paging=Paging(page=30), arguments=("--mode", "test"))
    assert healthy(site).outcomes().items() <= ran.outcomes().items()


NIGHTS = {
    "Berlin, back": ("Europe/Berlin", "2026-10-25"),
    "Berlin, forward": ("Europe/Berlin", "2026-03-29"),
    "New York, back": ("America/New_York", "2026-11-01"),
    "New York, forward": ("America/New_York", "2026-03-08"),
    "Seoul": ("Asia/Seoul", "2026-10-25"),
}


@pytest.mark.parametrize("flavour", SERVERS)
@pytest.mark.parametrize("name", NIGHTS)
def test_a_night_in_which_clocks_change_is_as_long_as_it_was(
    site: Site, name: str, flavour: Flavour
) -> None:
    """Jobs each half an hour through it, told at half past six: none is lost, doubled or moved."""
    zone, day = ZoneInfo(NIGHTS[name][0]), NIGHTS[name][1]
    morning = datetime.fromisoformat(f"{day} 06:30").replace(tzinfo=zone)
    night = the_night(morning.astimezone(UTC), zone)
    begin = datetime.fromisoformat(f"{day} 00:00").replace(tzinfo=zone).astimezone(UTC)
    starts = {5_000 + n: begin + timedelta(minutes=30 * n) for n in range(11)}
    template = night.jobs[0]
    for jobid, start in starts.items():
        night.jobs.append({**template, **_at(jobid, start, zone)})
    # Without a name of the zone only the offset of the morning is known, an hour off the evening's.
    evening = morning - timedelta(hours=10)
    bounds = ("--from", f"{evening:%Y-%m-%d %H:%M}", "--to", f"{day} 06:30")
    named = {"REPORT_TZ": zone.key} if flavour is Flavour.BACULUM_15 else {}
    ran = site.run(night=night, flavour=flavour, arguments=bounds, settings=named)
    told = {job["jobid"]: job for job in ran.document["jobs"] if job["jobid"] in starts}
    assert {jobid: datetime.fromisoformat(told[jobid]["started"]) for jobid in told} == starts
    spent = {_length(job) for job in told.values()}
    assert spent == {timedelta(minutes=20)}


def _at(jobid: int, start: datetime, zone: ZoneInfo) -> Row:
    end = start + timedelta(minutes=20)
    local, ended = start.astimezone(zone), end.astimezone(zone)
    return {
        "jobid": jobid,
        "job": f"db01-files.{local:%Y-%m-%d_%H.%M.%S}_{jobid % 60:02d}",
        "schedtime": f"{local:%Y-%m-%d %H:%M:%S}",
        "starttime": f"{local:%Y-%m-%d %H:%M:%S}",
        "endtime": f"{ended:%Y-%m-%d %H:%M:%S}",
        "realendtime": f"{ended:%Y-%m-%d %H:%M:%S}",
        "jobtdate": int(end.timestamp()),
    }


def _length(job: dict[str, Any]) -> timedelta:
    return datetime.fromisoformat(job["ended"]) - datetime.fromisoformat(job["started"])


# --- nothing, and much --------------------------------------------------------------------------


@pytest.mark.parametrize("flavour", SERVERS)
def test_no_job_at_all_is_not_good(site: Site, flavour: Flavour) -> None:
    night = Night("rig-dir", SEOUL, [], told_at=datetime.now(UTC))
    ran = site.run(night=night, flavour=flavour)
    assert (ran.code, ran.verdict, ran.document["jobs"]) == (0, "attention", [])


@pytest.mark.parametrize("flavour", SERVERS if WHOLE else SERVERS[:1])
def test_one_client_with_10_000_jobs_in_a_night(site: Site, flavour: Flavour) -> None:
    night = the_night(datetime.now(UTC))
    template = next(row for row in night.jobs if row["jobid"] == FAILED + 1)
    night.jobs += [{**template, "jobid": 10_000 + n, "job": f"many.{n}"} for n in range(10_000)]
    ran = site.run(night=night, flavour=flavour, paging=REAL)
    assert (ran.code, len(ran.document["jobs"])) == (0, 10_007)
    assert len(ran.asked) < 150


@pytest.mark.parametrize(
    "fault",
    [
        Fault("/joblog/", FaultKind.STATUS, status=404),
        Fault("/joblog/", FaultKind.ERROR, code=50),
        Fault("/joblog/", FaultKind.ERROR, code=1000),
    ],
    ids=["HTTP 404", "error 50", "error 1000"],
)
def test_a_thousand_logs_that_fail_are_named_and_hide_no_failure(site: Site, fault: Fault) -> None:
    night = the_night(datetime.now(UTC))
    failed = next(row for row in night.jobs if row["jobid"] == FAILED)
    failed = {**failed, "name": "files01-files", "client": "files01-fd"}
    night.jobs += [{**failed, "jobid": 10_000 + n, "job": f"bad.{n}"} for n in range(1_000)]
    ran = site.run([fault], night=night, paging=REAL)
    (gap,) = (gap for gap in ran.document["gaps"] if gap["source"] == "job logs")
    assert set(range(10_000, 11_000)) <= set(gap["jobids"])
    assert (ran.code, ran.verdict) == (5, "critical")
    assert list(ran.outcomes().values()).count("failed") >= 1_000
