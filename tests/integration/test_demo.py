"""The embedded Baculum answers as the recorded servers did."""

import base64
import gzip
import http.client
import json
import re
import shutil
import socket
import ssl
import subprocess
import sys
import time
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event, Thread
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from app.demo import (
    Baculum,
    Fault,
    FaultKind,
    Flavour,
    Night,
    Resource,
    faults,
    job_row,
    told_night,
)
from app.demo.night import CATALOG_TIME, Row
from tests.rig import FIXTURES, RIG_ZONE, Capture, captures, output, repaired, rig_night

SEOUL = ZoneInfo("Asia/Seoul")
JSON_TYPE = "application/json"
GOOD = "report:demo-password"


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    headers: http.client.HTTPMessage
    body: bytes
    version: int

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def output(self) -> Any:
        return self.json["output"]


def basic(credentials: str) -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(credentials.encode()).decode()}


def ask(
    baculum: Baculum,
    path: str,
    *,
    method: str = "GET",
    credentials: str | None = GOOD,
    headers: dict[str, str] | None = None,
) -> Answer:
    """One request on a connection of its own."""
    connection = http.client.HTTPConnection(baculum.host, baculum.port, timeout=10)
    try:
        given = basic(credentials) if credentials else {}
        connection.request(method, path, headers={**given, **(headers or {})})
        answer = connection.getresponse()
        return Answer(answer.status, answer.headers, answer.read(), answer.version)
    finally:
        connection.close()


# --- every recorded answer ---------------------------------------------------------------

# Recordings that need a state of the server which is not the night's: its faults.
STATES: dict[str, list[Fault]] = {
    "Director unreachable for bconsole": faults.director_down(),
    "catalog database unreachable": faults.database_down(),
    "bconsole binary missing": faults.bconsole_missing(),
    "API never configured": faults.not_configured(),
}
STATES_BY_NAME = {"err_director_hung_jobs": faults.director_hung()}

# The PHP of the recorded servers stood in Korean time, but for these.
UTC_VARIANT = "PHP date.timezone unset"

# 100,000 jobs are more than this many.
FEW_ROWS = 10

CREDENTIALS = {"noauth": None, "badpw": "report:wrong", "baduser": "nobody:demo-password"}

# Recorded before the job's log was written.
STILL_WAITING = {"joblog_v1_34_priority": 34}

# Recordings that are not asked, and why.
LEFT_OUT: dict[str, str] = {}


def credentials_of(capture: Capture) -> str | None:
    found = re.search(r"err_401_(\w+)$", capture.name)
    return CREDENTIALS[found[1]] if found else GOOD


def server_for(capture: Capture) -> Baculum:
    struck = STATES_BY_NAME.get(capture.name, STATES.get(capture.variant, []))
    night = rig_night()
    if capture.name in STILL_WAITING:
        night.logs[STILL_WAITING[capture.name]] = []
    return Baculum(
        night,
        capture.flavour,
        faults=struck,
        php_zone=UTC if capture.variant.startswith(UTC_VARIANT) else RIG_ZONE,
        memory_rows=FEW_ROWS if capture.name.startswith("err_100k") else None,
    )


def kind(value: Any) -> str:
    """The JSON type of a value."""
    if value is None:
        return "null"
    return {bool: "bool", int: "number", float: "number", str: "string"}.get(
        type(value), type(value).__name__
    )


def columns(rows: list[Row]) -> dict[str, set[str]]:
    """Which keys a list of objects has, with which JSON types."""
    found: dict[str, set[str]] = {}
    for row in rows:
        for key, value in row.items():
            found.setdefault(key, set()).add(kind(value))
    return found


def assert_same_shape(recorded: Any, told: Any) -> None:
    assert kind(recorded) == kind(told)
    match recorded:
        case dict():
            assert_same_columns([recorded], [told])
            for key in recorded:
                if recorded[key] is not None and told[key] is not None:
                    assert_same_shape(recorded[key], told[key])
        case [dict(), *_]:
            assert_same_columns(recorded, told)
        case list():
            assert {kind(item) for item in recorded} == {kind(item) for item in told}


def assert_same_columns(recorded: list[Row], told: list[Row]) -> None:
    ours, theirs = columns(told), columns(recorded)
    assert ours.keys() == theirs.keys()
    for key in theirs:
        known = theirs[key] - {"null"}
        assert not known or not ours[key] - {"null"} or known & ours[key], key


@pytest.mark.parametrize(
    "capture",
    [capture for capture in captures() if capture.name not in LEFT_OUT],
    ids=lambda capture: f"{capture.server}-{capture.name}",
)
def test_every_recorded_request_gets_an_answer_of_the_same_shape(capture: Capture) -> None:
    """Same status, content type, headers, error code, and keys with their types."""
    recorded = capture.recorded
    with server_for(capture) as baculum:
        headers = {"Accept-Encoding": "gzip"} if capture.name.startswith("gzip") else None
        if not recorded["status"]:
            with pytest.raises(http.client.RemoteDisconnected):
                ask(baculum, capture.path)
            return
        answer = ask(
            baculum,
            capture.path,
            method=capture.method,
            headers=headers,
            credentials=credentials_of(capture),
        )
    assert f"{answer.status} " in recorded["status"] + " "
    assert f"HTTP/1.{answer.version - 10}" == recorded["status"].split()[0]
    for header in (
        "Content-Type",
        "Baculum-API-Version",
        "WWW-Authenticate",
        "Server",
        "Transfer-Encoding",
        "Content-Encoding",
        "Vary",
    ):
        assert answer.headers.get(header) == recorded["headers"].get(header), header
    body = gzip.decompress(answer.body) if headers else answer.body
    if isinstance(recorded["body"], dict):
        assert_same_answer(recorded["body"], json.loads(body))
    elif recorded["body"] is not None:
        assert body.decode("latin-1") == recorded["body"]


def assert_same_answer(recorded: dict[str, Any], told: dict[str, Any]) -> None:
    assert told["error"] == recorded["error"]
    assert_same_shape(recorded["output"], told["output"])
    if recorded["error"] not in (None, 0, 1000):
        assert told["output"] == recorded["output"]
    if recorded["error"] == 0 and isinstance(recorded["output"], str):
        assert without_port(told["output"]) == without_port(recorded["output"])


def without_port(text: str) -> str:
    return re.sub(r":\d+/", "/", text)


def test_no_recording_is_left_out_without_need() -> None:
    """Every line of the index is asked, and every recording is some line's body."""
    assert LEFT_OUT == {}
    assert len(captures()) == 361
    files = {path.relative_to(FIXTURES).with_suffix("") for path in FIXTURES.glob("*/*.json")}
    own = {Path(capture.server, capture.name) for capture in captures()}
    assert files <= own


# Error pages and a gzip stream whose bytes were not kept; their status and headers were.
BODY_NOT_KEPT = {
    "err_100k_jobs_no_limit_9088",
    "err_100k_jobs_no_limit_9096",
    "err_404_root",
    "err_404_v3",
    "err_noconf_jobs",
    "err_noconf_welcome",
    "gzip_jobs_v1",
    "job_files_1_v1",
    "job_files_1_v2",
    "objects_v2",
}


def test_only_bodies_that_were_not_kept_go_uncompared() -> None:
    """An HTML page is compared by status and content type alone."""
    assert {c.name for c in captures() if c.recorded["body"] is None} == BODY_NOT_KEPT


@pytest.mark.parametrize(
    ("flavour", "name"),
    [
        (Flavour.BACULUM_9_6, "baculum96_jobs_all"),
        (Flavour.BACULUM_11, "baculum11_jobs_all"),
        (Flavour.BACULUM_13, "baculum13_jobs_all"),
        (Flavour.BACULUM_15, "jobs_v1_all"),
        (Flavour.BACULARIS_6, "bacularis_jobs_all_v1"),
    ],
)
def test_the_whole_jobs_list_is_the_recorded_one(flavour: Flavour, name: str) -> None:
    """Value for value, extra columns included."""
    with Baculum(rig_night(), flavour) as baculum:
        assert output(name, flavour) == ask(baculum, "/api/v1/jobs").output


# --- the jobs list -----------------------------------------------------------------------

NOON = datetime(2026, 11, 21, 12, 0, tzinfo=SEOUL)


def small_night(count: int = 6) -> Night:
    """Jobs 1..count, an hour apart, the newest ended an hour before noon; the last one waits."""
    night = Night("small-dir", SEOUL, [], told_at=NOON)
    for jobid in range(1, count + 1):
        start = NOON - timedelta(hours=count + 1 - jobid)
        night.add(
            job_row(
                jobid,
                "files",
                client="web01-fd",
                zone=SEOUL,
                scheduled=start,
                started=start,
                ended=start + timedelta(minutes=10),
                files=jobid,
            )
        )
    night.add(
        job_row(
            count + 1,
            "files",
            client="web01-fd",
            status="C",
            zone=SEOUL,
            scheduled=NOON,
            started=None,
            ended=None,
            pool=None,
            fileset=None,
        )
    )
    return night


def jobids(baculum: Baculum, query: str, version: str = "v1") -> list[int]:
    return [row["jobid"] for row in ask(baculum, f"/api/{version}/jobs?{query}").output]


@pytest.mark.parametrize(
    ("flavour", "query", "expected"),
    [
        (Flavour.BACULUM_15, "limit=2", [7, 6]),
        (Flavour.BACULUM_15, "limit=2&offset=3", [4, 3]),
        (Flavour.BACULUM_9_6, "limit=2&offset=3", [7, 6]),
        (Flavour.BACULARIS_6, "limit=2&offset=3", [7, 6]),
        (Flavour.BACULUM_13, "limit=0", [7, 6, 5, 4, 3, 2, 1]),
        (Flavour.BACULUM_13, "jobstatus=Z%C3%A4&limit=1", [7]),
        (Flavour.BACULUM_13, "jobstatus=CR", [7]),
        (Flavour.BACULUM_15, "starttime_from_date=2026-11-21%2010:00:00", [6, 5]),
        (Flavour.BACULUM_13, "starttime_from_date=2026-11-21%2010:00:00&limit=1", [7]),
        (Flavour.BACULUM_15, "endtime_to_date=2026-11-21%2006:10:00", [1]),
        (Flavour.BACULUM_15, "starttime_from_date=2026-11-21&limit=1", [7]),
        (Flavour.BACULUM_15, "order_by=starttime&limit=2", [7, 6]),
        (Flavour.BACULUM_15, "order_by=starttime&order_direction=asc&limit=2", [1, 2]),
        (Flavour.BACULUM_15, "name=gone&limit=1", [7]),
        (Flavour.BACULUM_15, "jobids=2,4", [4, 2]),
        (Flavour.BACULUM_15, "afterjobid=5", [7, 6]),
        (Flavour.BACULUM_15, "starttime=2030-01-01&nonsense[]=1&limit=1", [7]),
    ],
)
def test_each_version_honours_its_own_filters(
    flavour: Flavour, query: str, expected: list[int]
) -> None:
    """What a version does not know it ignores in silence."""
    with Baculum(small_night(), flavour) as baculum:
        assert expected == jobids(baculum, query)


def test_age_is_reckoned_on_the_wall_clock_of_php() -> None:
    """PHP in UTC under a Director in Seoul looks nine hours further back."""
    with Baculum(small_night(), php_zone=SEOUL) as baculum:
        assert jobids(baculum, "age=7260") == [6, 5]
    with Baculum(small_night(), php_zone=UTC) as baculum:
        assert jobids(baculum, "age=7260") == [6, 5, 4, 3, 2, 1]


@pytest.mark.parametrize(
    ("flavour", "query", "code"),
    [
        (Flavour.BACULARIS_6, "name=gone", 50),
        (Flavour.BACULUM_15, "client=gone-fd", 53),
        (Flavour.BACULUM_15, "clientid=77", 53),
        (Flavour.BACULUM_15, "order_by=nothing", 520),
        (Flavour.BACULUM_15, "starttime_from_date=2026-13-41%2000:00:00", 1000),
        (Flavour.BACULUM_15, "age=999999999999", 1000),
        (Flavour.BACULUM_15, "starttime_from=99999999999999", 1000),
        (Flavour.BACULUM_13, "director=other-dir", 5),
    ],
)
def test_bad_values_are_errors_at_http_200(flavour: Flavour, query: str, code: int) -> None:
    """The code is in the JSON."""
    with Baculum(small_night(), flavour) as baculum:
        answer = ask(baculum, f"/api/v1/jobs?{query}")
    assert (200, code) == (answer.status, answer.json["error"])


def test_an_absurd_age_is_a_page_on_bacularis() -> None:
    """HTML at HTTP 200."""
    with Baculum(small_night(), Flavour.BACULARIS_6) as baculum:
        answer = ask(baculum, "/api/v2/jobs?age=999999999999")
    assert (answer.status, answer.headers.get_content_type()) == (200, "text/html")


def test_jobs_whose_name_left_the_configuration_are_invisible() -> None:
    """In the list, as one job and in the log; `jobids` alone still finds them."""
    night = small_night()
    night.jobs[0]["name"] = "renamed"
    with Baculum(night) as baculum:
        assert 1 not in jobids(baculum, "")
        assert jobids(baculum, "jobids=1") == [1]
        assert ask(baculum, "/api/v1/jobs/1").json["error"] == 50
        assert ask(baculum, "/api/v1/joblog/1").json["error"] == 50


def test_rows_without_a_client_are_lost_on_baculum_15_only() -> None:
    """Its join is an inner one."""
    night = small_night()
    night.jobs[0].update(client=None, clientid=0)
    with Baculum(night) as baculum:
        assert 1 not in jobids(baculum, "")
    with Baculum(night, Flavour.BACULUM_13) as baculum:
        assert 1 in jobids(baculum, "")


def test_an_unknown_status_letter_passes_through() -> None:
    """The server does not judge."""
    night = small_night()
    night.jobs[0]["jobstatus"] = "X"
    with Baculum(night) as baculum:
        assert ask(baculum, "/api/v1/jobs/1").output["jobstatus"] == "X"


@pytest.mark.parametrize("flavour", [f for f in Flavour if f is not Flavour.BACULARIS_6])
def test_too_many_rows_are_http_500(flavour: Flavour) -> None:
    """PHP's memory ends; a limit helps."""
    with Baculum(small_night(), flavour, memory_rows=5) as baculum:
        assert ask(baculum, "/api/v1/jobs").status == 500
        assert jobids(baculum, "limit=5") == [7, 6, 5, 4, 3]


def test_bacularis_wrong_epochs_count_local_time_as_utc() -> None:
    """Nine hours too much in Seoul."""
    with Baculum(small_night(), Flavour.BACULARIS_6) as baculum:
        row = ask(baculum, "/api/v3/jobs/6").output
    assert row["jobtdate"] + 9 * 3600 == row["endtime_epoch"]


# --- logs and status ---------------------------------------------------------------------


def test_logs_are_encoded_twice_and_keep_undecodable_bytes() -> None:
    """Once repaired, the text is what the catalog holds, byte for byte."""
    night = small_night()
    broken = b"\xb0\xa1.hwp".decode("utf-8", "surrogateescape")
    night.logs[1] = [("2026-11-21 06:00:00", "  덤프 실패 "), ("2026-11-21 06:00:01", broken)]
    with Baculum(night) as baculum:
        korean, name = ask(baculum, "/api/v1/joblog/1").output
        timed = ask(baculum, "/api/v1/joblog/1?show_time=false").output
        raw = ask(baculum, "/api/v1/joblog/1").body
    assert repaired(korean) == "덤프 실패"
    assert name.encode("latin-1") == b"\xb0\xa1.hwp"
    assert timed[0].startswith("2026-11-21 06:00:00 ")
    assert raw.isascii()


def test_show_time_zero_is_the_only_false() -> None:
    """And a word that is no boolean is not there."""
    night = small_night()
    night.logs[1] = [("2026-11-21 06:00:00", "text")]
    with Baculum(night) as baculum:
        for word in ("0", "", "maybe"):
            assert ask(baculum, f"/api/v1/joblog/1?show_time={word}").output == ["text"]


def test_schedules_repeat_their_last_item_and_obey_the_limit() -> None:
    """31 items for a limit of 30; none at all stays none."""
    with Baculum(told_night(NOON, SEOUL)) as baculum:
        runs = ask(baculum, "/api/v1/schedules/status").output
        assert len(runs) == 31
        assert runs[-1] == runs[-2]
        assert runs[0]["schedtime"][:10] == "2026-11-21"
        assert ask(baculum, "/api/v1/schedules/status?job=nothing").output == []


def test_live_progress_is_in_the_client_status_only() -> None:
    """The catalog says zero while a job runs."""
    with Baculum(told_night(NOON, SEOUL)) as baculum:
        live = ask(baculum, "/api/v1/status/director/?type=running").output
        running = next(item for item in live if item["name"] == "vm-host1-images")
        row = ask(baculum, f"/api/v1/jobs/{running['jobid']}").output
        path = "/api/v1/status/client/?name=vm-host1-fd&type=running"
        client = ask(baculum, path).output[0]
    assert (row["jobbytes"], row["jobstatus"]) == (0, "R")
    assert int(client["jobbytes"]) > 1e12 < int(running["jobbytes"])
    assert client["jobid"] == running["jobid"]


@pytest.mark.parametrize(
    ("flavour", "path"),
    [
        (Flavour.BACULUM_9_6, "/api/v2/jobs"),
        (Flavour.BACULUM_11, "/api/v3/jobs"),
        (Flavour.BACULUM_15, "/api/v2/status/director/?type=running"),
        (Flavour.BACULUM_15, "/api/v1/directors/backup-dir/status"),
        (Flavour.BACULUM_15, "/api/v1/directors/backup-dir/time"),
        (Flavour.BACULUM_13, "/api/v2/directors/backup-dir/time"),
        (Flavour.BACULARIS_6, "/api/v3/directors/backup-dir/time"),
        (Flavour.BACULARIS_6, "/api/v2/schedules/resnames"),
        (Flavour.BACULARIS_6, "/api/v4/jobs"),
        (Flavour.BACULUM_15, "/api/v1/"),
    ],
)
def test_what_a_version_does_not_have_is_the_welcome_string(flavour: Flavour, path: str) -> None:
    """HTTP 200, error 0, a string."""
    with Baculum(told_night(NOON, SEOUL), flavour) as baculum:
        answer = ask(baculum, path)
    assert (answer.status, answer.json["error"]) == (200, 0)
    assert answer.output.startswith("Welcome in the Baculum API.")


def test_the_clock_of_the_director_starts_when_the_night_was_told() -> None:
    """A probe of its UTC offset finds the told zone."""
    with Baculum(told_night(NOON, SEOUL)) as baculum:
        told = ask(baculum, "/api/v2/directors/backup-dir/time").output
    assert tuple(told[part] for part in ("year", "month", "day", "hour", "minute")) == (
        2026,
        11,
        21,
        12,
        0,
    )


def shown(lines: list[str], name: str) -> list[str]:
    """What `show jobs` says of one job, down to its schedule."""
    start = next(i for i, line in enumerate(lines) if line.startswith(f"Job: name={name} "))
    told = [lines[start]]
    for line in lines[start + 1 :]:
        if line.startswith("Job: "):
            break
        if line.startswith(("  --> Client:", "  --> Schedule:")):
            told.append(re.sub(r" (Address|NumJobs)=.*", "", line))
    return told


@pytest.mark.parametrize("flavour", Flavour)
def test_show_jobs_is_written_as_the_recorded_one(flavour: Flavour) -> None:
    """A Full by schedule, a disabled job, one without a schedule, a Restore, a Verify."""
    recorded = output("jobs_show_v1")
    night = rig_night()
    night.resources = {
        "web01-files": Resource("web01-fd", schedule="WeeklyCycle"),
        "disabled-job": Resource("db01-fd", enabled=False, schedule="WeeklyCycle"),
        "dead01-unreachable": Resource("dead01-fd"),
        "RestoreFiles": Resource("web01-fd", type="R", level=""),
        "VerifyWeb01": Resource("web01-fd", type="V", level="VolumeToCatalog"),
        "CopyFull": Resource("web01-fd", type="c", level="Full", schedule="MonthlyCopy"),
    }
    with Baculum(night, flavour) as baculum:
        told = ask(baculum, "/api/v1/jobs/show").output
        one = ask(baculum, "/api/v1/jobs/1/show").output
    assert (recorded[0], recorded[-1]) == (told[0], told[-1])
    for name in night.resources:
        assert shown(recorded, name) == shown(told, name)
    assert one[0] == output("job_show_1_v1")[0]
    assert shown(told, "web01-files") == shown(one, "web01-files")


def test_what_a_night_does_not_say_of_its_jobs_its_rows_show() -> None:
    """Client, type and level; a disabled Schedule is told where it is said."""
    night = small_night()
    night.add({**night.jobs[0], "jobid": 90, "name": "verify", "type": "V", "level": "O"})
    night.resources["off"] = Resource("web01-fd", schedule="Nightly", schedule_enabled=False)
    night.job_names.append("off")
    with Baculum(night) as baculum:
        told = ask(baculum, "/api/v2/jobs/show").output
    assert shown(told, "files")[0] == (
        "Job: name=files JobType=66 level=Incremental Priority=10 Enabled=1"
    )
    assert "JobType=86 level=VolumeToCatalog" in shown(told, "verify")[0]
    assert shown(told, "off")[2] == "  --> Schedule: Name=Nightly Enabled=0"


@pytest.mark.parametrize(("query", "last"), [("days=2&limit=100", 22), ("days=8&limit=1000", 28)])
def test_schedules_reach_so_many_days_from_midnight_on(query: str, last: int) -> None:
    """In the order of time, runs of today that are over included."""
    with Baculum(told_night(NOON.replace(hour=23), SEOUL)) as baculum:
        runs = ask(baculum, f"/api/v1/schedules/status?{query}").output
    times = [run["schedtime"] for run in runs]
    assert times == sorted(times)
    assert (times[0], times[-1]) == ("2026-11-21 21:50:00", f"2026-11-{last} 23:10:00")


# --- the told night ----------------------------------------------------------------------

ZONES = ("Asia/Seoul", "UTC", "America/New_York", "Australia/Lord_Howe")
MOMENTS = [
    datetime(2026, 11, 21, 0, 0, tzinfo=UTC) + timedelta(hours=hour, minutes=minute)
    for hour in range(24)
    for minute in (0, 37)
] + [
    # Around the changes of the clock in New York.
    datetime(2026, 3, 8, 7, 30, tzinfo=UTC),
    datetime(2026, 11, 1, 6, 30, tzinfo=UTC),
]


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("now", MOMENTS, ids=str)
def test_the_told_night_lies_in_the_past(now: datetime, zone: str) -> None:
    """Whatever the hour: nothing has ended in the future, and no end lies before its start."""
    told = told_night(now, ZoneInfo(zone))
    clock = now.astimezone(ZoneInfo(zone)).strftime(CATALOG_TIME)
    for row in told.jobs:
        for column in ("schedtime", "starttime", "endtime", "realendtime"):
            assert row[column] is None or row[column] <= clock, (row["job"], column)
        assert row["jobtdate"] <= now.timestamp()
        if row["endtime"] and row["type"] != "C":
            assert row["schedtime"] <= row["starttime"] <= row["endtime"], row["job"]
    for jobid, log in told.logs.items():
        assert all(time <= clock for time, _ in log), jobid
    assert outcomes(told) == FORTY_DAYS

    assert outcomes(told, nights=7) == WEEK


FORTY_DAYS = {"success": 922, "warning": 3, "failed": 31, "cancelled": 1, "R": 3, "C": 1}
WEEK = {"success": 133, "warning": 3, "failed": 25, "cancelled": 1, "R": 3, "C": 1}


def outcomes(night: Night, nights: int = 99) -> Counter[str]:
    """How the nights up to the last one went; the JobIds of each lie within fifty."""
    last = max(row["jobid"] // 50 for row in night.jobs if row["name"] == "CopyFull")
    return Counter(outcome(row) for row in night.jobs if last - nights < row["jobid"] // 50 <= last)


def outcome(row: Row) -> str:
    match row["jobstatus"]:
        case "T":
            return "warning" if row["joberrors"] else "success"
        case "D":
            return "warning"
        case "f" | "E" | "I":
            return "failed"
        case "A":
            return "cancelled"
        case letter:
            return str(letter)


def test_the_told_week_reads_as_a_plausible_morning() -> None:
    """Mostly well, and one of everything that goes wrong."""
    night = told_night(NOON, SEOUL)
    assert outcomes(night, nights=7) == WEEK
    assert {"R", "s", "m"} == {item["status"] for item in night.running}
    assert {"B", "R", "V", "D", "c", "C"} == {row["type"] for row in night.jobs}


def test_what_is_told_twice_is_the_same() -> None:
    """Nothing is left to chance, and the JobIds of a night stay when the next has come."""
    night, next_day = told_night(NOON, SEOUL), told_night(NOON + timedelta(days=1), SEOUL)
    assert night == told_night(NOON, SEOUL)
    assert night.jobs[-1]["jobid"] < next_day.jobs[-1]["jobid"]
    assert {row["jobid"] // 50 for row in next_day.jobs} - {
        row["jobid"] // 50 for row in night.jobs
    } == {night.jobs[-1]["jobid"] // 50 + 1}


def test_jobids_ascend_with_the_creation_of_the_jobs() -> None:
    """Copied rows, which carry older times, included."""
    rows = told_night(NOON, SEOUL).jobs
    created = [row["job"].split(".", 1)[1][:19] for row in rows]
    assert [row["jobid"] for row in rows] == sorted(row["jobid"] for row in rows)
    assert created == sorted(created)


def test_the_weeks_before_give_statistics_something_to_work_with() -> None:
    """Forty days, and dozens of good runs of each nightly job at its level."""
    night = told_night(NOON, SEOUL)
    assert min(row["schedtime"] for row in night.jobs) == "2026-10-11 21:50:00"
    good = Counter((row["name"], row["level"]) for row in night.jobs if row["jobstatus"] == "T")
    assert good["web01-files", "I"] > 30
    assert good["web01-files", "F"] > 4
    assert good["BackupCatalog", "F"] == 41
    assert {name for name, _ in good} >= set(night.job_names) - {"wiki01-files", "crm01-db"}


def test_told_jobs_belong_to_known_things() -> None:
    """Clients, pools and file sets of the rows are those of the lists; ids are unique."""
    night = told_night(NOON, SEOUL)
    assert len(night.jobs) == len({row["jobid"] for row in night.jobs})
    assert len(night.jobs) == len({row["job"] for row in night.jobs})
    clients = {client["name"]: client["clientid"] for client in night.clients}
    pools = {pool["name"]: pool["poolid"] for pool in night.pools}
    filesets = {fileset["fileset"]: fileset["filesetid"] for fileset in night.filesets}
    volumes = {volume["volumename"] for volume in night.volumes}
    for row in night.jobs:
        assert clients[row["client"]] == row["clientid"]
        assert pools.get(row["pool"], 0) == row["poolid"]
        assert filesets.get(row["fileset"], 0) == row["filesetid"]
        assert row["firstvol"] is None or row["firstvol"] in volumes
    known = {str(row["jobid"]) for row in night.jobs if row["jobstatus"] in "RC"}
    assert known == {item["jobid"] for item in night.running}


def test_told_summaries_agree_with_their_rows() -> None:
    """JobId, bytes, files and times of the last log row are those of the catalog."""
    night = told_night(NOON, SEOUL)
    checked = 0
    for row in night.jobs:
        log = night.logs[row["jobid"]]
        if row["type"] != "B" or not log or "Termination:" not in log[-1][1]:
            continue
        facts = dict(re.findall(r"^  ([^:\n]+):\s+(.*)$", log[-1][1], re.MULTILINE))
        ended = datetime.strptime(row["endtime"], CATALOG_TIME)
        assert str(row["jobid"]) == facts["JobId"]
        assert row["job"] == facts["Job"]
        assert f"{row['jobbytes']:,}" == facts["FD Bytes Written"].split()[0]
        assert f"{row['jobfiles']:,}" == facts["FD Files Written"]
        assert ended.strftime("%d-%b-%Y %H:%M:%S") == facts["End time"]
        checked += 1
    assert checked > 150


def test_a_copied_job_inherits_the_times_of_its_original() -> None:
    """Only realendtime tells when it was copied."""
    night = told_night(NOON, SEOUL)
    *_, copied = (row for row in night.jobs if row["type"] == "C")
    original = night.job(copied["priorjobid"])
    assert original is not None
    for column in ("starttime", "endtime", "jobtdate"):
        assert original[column] == copied[column]
    assert copied["realendtime"] > "2026-11-20 22:00:00" > copied["endtime"]


def test_the_director_restart_left_a_job_without_an_end() -> None:
    """No realendtime, no summary."""
    night = told_night(NOON, SEOUL)
    orphan = next(row for row in night.jobs if row["jobstatus"] == "f" and not row["realendtime"])
    assert orphan["starttime"] == orphan["endtime"]
    assert not any("Termination:" in text for _, text in night.logs[orphan["jobid"]])


def test_the_full_of_ten_to_ten_failed_at_eleven_with_a_shuffled_log() -> None:
    """Its fatal rows lie before its first one."""
    night = told_night(NOON, SEOUL)
    due = "2026-11-20 21:50:00"
    full = next(row for row in night.jobs if row["schedtime"] == due and row["level"] == "F")
    assert (full["jobstatus"], full["endtime"]) == ("f", "2026-11-20 23:00:17")
    times = [time for time, _ in night.logs[full["jobid"]]]
    assert times != sorted(times)


def test_the_long_log_holds_what_a_page_must_survive() -> None:
    """Thousands of rows with broken bytes, colours and markup."""
    night = told_night(NOON, SEOUL)
    log = max(night.logs.values(), key=len)
    text = "\n".join(line for _, line in log)
    assert len(log) > 2_500
    for hostile in ("<script>", "\x1b[31m", "\u202e", "\udcb0"):
        assert hostile in text


# --- passwords ---------------------------------------------------------------------------


@pytest.mark.parametrize("flavour", Flavour)
@pytest.mark.parametrize("header", ["", "Basic", "Basic !!!", "Bearer x", "Basic cmVwb3J0"])
def test_malformed_credentials_are_refused(flavour: Flavour, header: str) -> None:
    """Whatever stands in the header."""
    with Baculum(small_night(), flavour) as baculum:
        answer = ask(baculum, "/api/v1/jobs", credentials=None, headers={"Authorization": header})
    assert answer.status == 401


def test_requests_are_recorded() -> None:
    """Method, path, status, whether they knew the password, and how much they got."""
    with Baculum(small_night(), username="me", password="pä:ss") as baculum:
        ask(baculum, "/api/v1/catalog?x=1", credentials="me:pä:ss")
        ask(baculum, "/api/v1/catalog")
        seen = [(r.method, r.path, r.status, r.authorized) for r in baculum.requests]
        assert all(request.bytes_sent > 100 for request in baculum.requests)
    path = "/api/v1/catalog"
    assert [("GET", f"{path}?x=1", 200, True), ("GET", path, 401, False)] == seen


# --- faults ------------------------------------------------------------------------------


def struck(fault: Fault, path: str = "/api/v1/jobs", **more: Any) -> Answer:
    with Baculum(small_night(), faults=[fault]) as baculum:
        return ask(baculum, path, **more)


def test_status_faults_are_html() -> None:
    """Any code, any text."""
    answer = struck(Fault("jobs", FaultKind.STATUS, status=503, body="busy"))
    assert (answer.status, answer.headers.get_content_type()) == (503, "text/html")
    assert b"busy" in answer.body
    assert struck(Fault("jobs", FaultKind.STATUS, status=599)).status == 599


@pytest.mark.parametrize(
    ("kind_", "error"),
    [
        (FaultKind.DROP, http.client.RemoteDisconnected),
        (FaultKind.RESET, ConnectionResetError),
        (FaultKind.TRUNCATE, http.client.IncompleteRead),
    ],
)
def test_broken_connections(kind_: FaultKind, error: type[Exception]) -> None:
    """Closed, reset, or cut off in the middle of the body."""
    with pytest.raises(error):
        struck(Fault("jobs", kind_))


def test_answers_of_another_shape() -> None:
    """HTML, the Welcome string, an error code, broken JSON, any JSON."""
    assert struck(Fault("j", FaultKind.HTML)).headers.get_content_type() == "text/html"
    assert struck(Fault("j", FaultKind.WELCOME)).output.startswith("Welcome")
    assert struck(Fault("j", FaultKind.ERROR)).json["error"] == 1000
    assert struck(Fault("j", FaultKind.ERROR, code=4, body="mine")).output == "mine"
    with pytest.raises(json.JSONDecodeError):
        _ = struck(Fault("j", FaultKind.GARBAGE)).json
    assert struck(Fault("j", FaultKind.BODY, body=[1, None])).json == [1, None]


def test_redirects_name_their_place() -> None:
    """302 unless told otherwise."""
    fault = Fault("jobs", FaultKind.REDIRECT, location="http://elsewhere.example/")
    answer = struck(fault)
    assert (answer.status, answer.headers["Location"]) == (302, "http://elsewhere.example/")


def test_a_fault_happens_as_often_as_told_and_after_so_many() -> None:
    """The first passes, the next two fail, then all is well."""
    fault = Fault("limit=1$", FaultKind.STATUS, times=2, after=1, status=502)
    with Baculum(small_night(), faults=[fault]) as baculum:
        got = [ask(baculum, "/api/v1/jobs?limit=1").status for _ in range(4)]
        assert ask(baculum, "/api/v1/jobs?limit=2").status == 200
    assert got == [200, 502, 502, 200]


def test_faults_can_be_switched_while_it_runs() -> None:
    """The list belongs to the caller."""
    with Baculum(small_night()) as baculum:
        baculum.faults.append(Fault("jobs", FaultKind.STATUS))
        assert ask(baculum, "/api/v1/jobs").status == 500
        baculum.faults.clear()
        assert ask(baculum, "/api/v1/jobs").status == 200


def test_a_slow_answer_may_still_be_another_fault() -> None:
    """A Director that is down keeps its caller waiting first."""
    with Baculum(small_night(), faults=faults.director_down(seconds=0.05)) as baculum:
        began = time.monotonic()
        assert ask(baculum, "/api/v1/jobs").json["error"] == 4
        assert time.monotonic() - began >= 0.05
        assert ask(baculum, "/api/v1/catalog").json["error"] == 0


def test_a_gzip_bomb_swells() -> None:
    """A thousandfold."""
    bomb = Fault("jobs", FaultKind.GZIP_BOMB, size=20 * 1024 * 1024)
    answer = struck(bomb, headers={"Accept-Encoding": "gzip"})
    assert answer.headers["Content-Encoding"] == "gzip"
    assert len(answer.body) < 100_000 < 20_000_000 < len(gzip.decompress(answer.body))


def test_drip_comes_whole_in_the_end() -> None:
    """Byte by byte."""
    answer = struck(Fault("catalog", FaultKind.DRIP, seconds=0.001), "/api/v1/catalog")
    assert answer.json == {"output": "", "error": 0}


@pytest.mark.parametrize(
    "fault",
    [
        Fault("jobs", FaultKind.SLOW, seconds=60),
        Fault("jobs", FaultKind.DRIP, seconds=60),
        Fault("jobs", FaultKind.ENDLESS, seconds=60),
        Fault("jobs", FaultKind.ENDLESS),
    ],
    ids=lambda fault: f"{fault.kind}-{fault.seconds}",
)
def test_stop_is_prompt_in_the_middle_of_an_answer(
    fault: Fault, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody waits for a slow one."""
    baculum = Baculum(small_night(), faults=[fault]).start()
    reached, pause = Event(), baculum.pause

    def announced(seconds: float) -> None:
        reached.set()
        pause(seconds)

    monkeypatch.setattr(baculum, "pause", announced)
    with socket.create_connection((baculum.host, baculum.port), timeout=10) as client:
        authorization = basic(GOOD)["Authorization"]
        client.sendall(
            f"GET /api/v1/jobs HTTP/1.1\r\nAuthorization: {authorization}\r\n\r\n".encode()
        )
        assert reached.wait(10)
        began = time.monotonic()
        baculum.stop()
        assert time.monotonic() - began < 2


# --- the wire ----------------------------------------------------------------------------


def test_a_connection_serves_a_hundred_requests() -> None:
    """As Apache does by default; the hundredth says that it was the last."""
    with Baculum(small_night()) as baculum:
        connection = http.client.HTTPConnection(baculum.host, baculum.port, timeout=10)
        said = []
        for _ in range(100):
            connection.request("GET", "/api/v1/catalog", headers=basic(GOOD))
            answer = connection.getresponse()
            answer.read()
            said.append(answer.headers["Connection"])
        connection.close()
    assert said == [None] * 99 + ["close"]


def test_a_post_body_does_not_disturb_the_next_request() -> None:
    """It is read and forgotten."""
    with Baculum(small_night()) as baculum:
        connection = http.client.HTTPConnection(baculum.host, baculum.port, timeout=10)
        connection.request("POST", "/api/v2/jobs/run", body=b'{"id":1}', headers=basic(GOOD))
        assert json.loads(connection.getresponse().read()) == {"output": None, "error": None}
        connection.request("GET", "/api/v1/catalog", headers=basic(GOOD))
        assert connection.getresponse().status == 200
        connection.close()


def test_an_old_client_gets_no_chunks() -> None:
    """HTTP/1.0 has none."""
    authorization = basic(GOOD)["Authorization"]
    head = f"GET /api/v1/catalog HTTP/1.0\r\nAuthorization: {authorization}\r\n\r\n"
    with (
        Baculum(small_night()) as baculum,
        socket.create_connection((baculum.host, baculum.port), timeout=10) as client,
    ):
        client.sendall(head.encode())
        answer = b"".join(iter(lambda: client.recv(65536), b""))
    assert answer.endswith(b'\r\n\r\n{"output":"","error":0}')
    assert b"Content-Length: 23" in answer


def test_workers_bound_what_is_served_at_once() -> None:
    """Three requests through one worker take three latencies."""
    with Baculum(small_night(), latency=0.05, workers=1) as baculum:
        began = time.monotonic()
        threads = [Thread(target=ask, args=(baculum, "/api/v1/catalog")) for _ in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert time.monotonic() - began >= 0.15


def test_it_can_be_started_again_on_its_port() -> None:
    """Stop and start keep the address, so a client can see a server come back."""
    baculum = Baculum(small_night())
    with baculum:
        url = baculum.url
        ask(baculum, "/api/v1/catalog")
    with baculum:
        assert url == baculum.url
        assert ask(baculum, "/api/v1/catalog").status == 200


@pytest.fixture
def certificate(tmp_path: Path) -> tuple[Path, Path]:
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.fail("openssl is needed to make a certificate")
    key, cert = tmp_path / "key.pem", tmp_path / "cert.pem"
    subprocess.run(
        [
            openssl,
            "req",
            "-x509",
            "-newkey",
            "rsa:2048",
            "-nodes",
            "-days",
            "2",
            "-subj",
            "/CN=localhost",
            "-addext",
            "subjectAltName=IP:127.0.0.1",
            "-keyout",
            key,
            "-out",
            cert,
        ],
        check=True,
        capture_output=True,
    )
    return cert, key


def test_it_speaks_tls(certificate: tuple[Path, Path]) -> None:
    """With a certificate of its own; a plain client in between hurts nobody."""
    cert, key = certificate
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)
    with Baculum(small_night(), tls=context) as baculum:
        assert baculum.url.startswith("https://127.0.0.1:")
        with pytest.raises((http.client.HTTPException, OSError)):
            ask(baculum, "/api/v1/catalog")
        trust = ssl.create_default_context(cafile=str(cert))
        connection = http.client.HTTPSConnection(
            baculum.host, baculum.port, timeout=10, context=trust
        )
        connection.request("GET", "/api/v1/catalog", headers=basic(GOOD))
        assert json.loads(connection.getresponse().read()) == {"output": "", "error": 0}
        connection.close()


# --- the command -------------------------------------------------------------------------


def test_the_command_serves_until_terminated(tmp_path: Path) -> None:
    """One line with the URL, credentials from files, a clean end."""
    secret = tmp_path / "password"
    secret.write_text("from a file\n", encoding="utf-8")
    with subprocess.Popen(
        [sys.executable, "-m", "app.demo", "--port", "0", "--flavour", "bacularis-6.3"],
        stdout=subprocess.PIPE,
        text=True,
        env={
            "BACULUM_API_USERNAME": "me",
            "BACULUM_API_PASSWORD_FILE": str(secret),
            "TZ": "Asia/Seoul",
            "PYTHONPATH": str(Path(__file__).parents[2]),
        },
    ) as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        found = re.fullmatch(r"bacularis-6\.3 answers on http://127\.0\.0\.1:(\d+)\n", line)
        assert found is not None
        connection = http.client.HTTPConnection("127.0.0.1", int(found[1]), timeout=10)
        connection.request("GET", "/api/v3/jobs?limit=1", headers=basic("me:from a file"))
        assert len(json.loads(connection.getresponse().read())["output"]) == 1
        connection.close()
        process.terminate()
        assert process.wait(10) == 0
        assert process.stdout.read() == ""
