"""A night of which every kind of question is asked, and of which all is well if nothing goes wrong.

Three servers with a job each, forty nights of them; one job failed and was made up for, one runs,
one ends between the list and the look at it alone.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from app.demo import Night, job_row
from app.demo.faults import Fault, FaultKind
from app.demo.night import Row, catalog_time, epoch

SEOUL = ZoneInfo("Asia/Seoul")
NIGHTS = 40
SERVERS = ("db01", "files01", "web01")
FAILED, MADE_UP, ENDING, RUNNING, GOOD = 1001, 1002, 1003, 1004, 120
"""JobIds of the last night that tests speak of."""


def the_night(now: datetime, zone: ZoneInfo = SEOUL) -> Night:
    """Forty nights; the last one began a few hours before `now`."""
    begin = now.replace(minute=0, second=0, microsecond=0) - timedelta(hours=3)
    night = Night("rig-dir", zone, [], told_at=now, clients=_clients())
    jobid = 0
    for ago in range(NIGHTS - 1, -1, -1):
        for server in SERVERS:
            jobid += 1
            start = begin - timedelta(days=ago) + timedelta(minutes=2 * (jobid % 3))
            level = "F" if ago % 7 == 3 else "I"
            _add(night, jobid, server, start, start + timedelta(minutes=20), level=level)
    late = begin + timedelta(minutes=40)
    lost = {"files": 0, "bytes": 0, "errors": 1, "status": "f", "level": "I"}
    _add(night, FAILED, "db01", late, late + timedelta(minutes=1), **lost)
    _add(night, MADE_UP, "db01", late + timedelta(minutes=30), late + timedelta(minutes=50))
    _add(night, ENDING, "web01", late + timedelta(minutes=31), late + timedelta(minutes=51))
    _add(night, RUNNING, "files01", now - timedelta(minutes=9), None, status="R", files=0, bytes=0)
    running = night.jobs[-1]
    night.running = [_live(running)]
    night.client_running = {"files01-fd": [{**_live(running), "jobbytes": "99", "bytes_sec": "9"}]}
    _add_configuration(night, begin)
    return night


def moving() -> Fault:
    """A job that still runs in every list, and has ended when it is looked at alone."""
    return Fault(r"/jobs\?", FaultKind.OUTPUT, edit=_still_running)


def _still_running(output: Any) -> Any:
    rows: list[Row] = output
    open_again = {"jobstatus": "R", "endtime": None, "realendtime": None}
    return [row | open_again if row["jobid"] == ENDING else row for row in rows]


def _clients() -> list[Row]:
    return [
        {"clientid": number, "name": f"{server}-fd", "uname": "15.0.3 linux"}
        for number, server in enumerate(SERVERS, 1)
    ]


def _add(
    night: Night, jobid: int, server: str, start: datetime, end: datetime | None, **more: Any
) -> None:
    given: dict[str, Any] = {"level": "I", "files": 2_000 + jobid % 7, "bytes": 5_000_000, **more}
    row = job_row(
        jobid,
        f"{server}-files",
        client=f"{server}-fd",
        clientid=SERVERS.index(server) + 1,
        scheduled=start,
        started=start,
        ended=end,
        zone=night.zone,
        # A site that is well backs up its catalog, too.
        fileset="Catalog" if server == "db01" else "Full Set",
        **given,
    )
    at = str(row["starttime"])
    words = [f"rig-dir JobId {jobid}: Start Backup JobId {jobid}, Job={row['job']}"]
    if row["jobstatus"] == "f":
        words += [f"rig-dir JobId {jobid}: Fatal error: bsockcore.c:208 Connection refused"]
    night.add(row, [(at, word) for word in words])


def _live(row: Row) -> Row:
    started = epoch(datetime.fromisoformat(row["starttime"]).replace(tzinfo=SEOUL))
    same = {name: row[name] for name in ("job", "name", "level", "type", "schedtime", "starttime")}
    return {
        **same,
        "jobid": str(row["jobid"]),
        "status": "R",
        "status_desc": "is running",
        "jobbytes": "0",
        "jobfiles": "0",
        "schedtime_epoch": started,
        "starttime_epoch": started,
        "processing_file": "/srv/files/a",
    }


def _add_configuration(night: Night, begin: datetime) -> None:
    due = begin + timedelta(days=1)
    night.schedule = [
        {
            "level": "I",
            "type": "B",
            "name": f"{server}-files",
            "client": f"{server}-fd",
            "fileset": "Full Set",
            "schedtime_epoch": epoch(due + timedelta(days=days)),
            "schedtime": catalog_time(due + timedelta(days=days), night.zone),
            "priority": "10",
            "schedule": "Nightly",
        }
        for days in range(7)
        for server in SERVERS
    ]
    night.pools = [
        {
            "poolid": 1,
            "name": "Full-Pool",
            "numvols": 3,
            "maxvols": 100,
            "volretention": 31_536_000,
            "maxvolbytes": 5_000_000_000,
            "pooltype": "Backup",
            "recycle": 1,
        }
    ]
    night.volumes = [
        {
            "mediaid": number,
            "volumename": f"Full-{number:04d}",
            "pool": "Full-Pool",
            "volstatus": "Append",
            "volbytes": 1_000_000 * number,
            "maxvolbytes": 5_000_000_000,
            "volretention": 31_536_000,
            "firstwritten": catalog_time(begin - timedelta(days=9), night.zone),
            "lastwritten": catalog_time(begin, night.zone),
            "recycle": 1,
            "enabled": 1,
            "volerrors": 0,
        }
        for number in (1, 2, 3)
    ]
