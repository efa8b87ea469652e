"""Who tells: puts jobs and their logs into the catalog in the order in which they were created."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any

from . import inventory, weeks
from .logs import Ending, JobLog
from .night import LogRow, Night, Row, catalog_time, epoch, job_row
from .weeks import Plan

GIGA = 1_000_000_000
_STEADY_MINUTES = 75.0  # up to 23:15 the night keeps its own pace
_NIGHT_MINUTES = 495.0
_BREATH = 4.0  # the last end lies at least so many minutes back
_JOBIDS_A_NIGHT = 50  # no two nights share an id
_NIGHTS_WITH_LOGS = 8  # logs of older successes were pruned
_POOLS = {"F": "Full-Pool", "D": "Diff-Pool", "I": "Inc-Pool"}

Times = tuple[datetime, datetime, datetime]


@dataclass(frozen=True)
class Calendar:
    """Moments relative to `now`."""

    now: datetime
    zone: tzinfo

    @property
    def evening(self) -> datetime:
        """Yesterday 22:00."""
        return self.clock(0, 22, 0)

    def clock(self, nights_ago: int, hour: int, minute: int, second: int = 0) -> datetime:
        """A wall-clock time on the evening's date or some days before."""
        date = self.now.astimezone(self.zone).date() - timedelta(days=nights_ago + 1)
        local = datetime(date.year, date.month, date.day, hour, minute, second, tzinfo=self.zone)
        return local.astimezone(UTC)

    def night(self, minutes: float) -> datetime:
        """A moment of the last night, in minutes after 22:00, never in the future."""
        available = (self.now - self.evening).total_seconds() / 60 - _BREATH
        pace = min(1.0, (available - _STEADY_MINUTES) / (_NIGHT_MINUTES - _STEADY_MINUTES))
        late = max(0.0, minutes - _STEADY_MINUTES)
        seconds = int((min(minutes, _STEADY_MINUTES) + late * pace) * 60)
        return self.evening + timedelta(seconds=seconds)

    def span(self, nights_ago: int, start: tuple[int, int], minutes: float) -> Times:
        """Scheduled, started a few seconds later, ended after so many minutes."""
        scheduled = self.clock(nights_ago, *start)
        started = scheduled + timedelta(seconds=4)
        return scheduled, started, started + timedelta(seconds=int(minutes * 60))

    def tonight(self, scheduled: float, started: float, ended: float) -> Times:
        """The same for the last night, in minutes after 22:00."""
        start = self.night(started) + timedelta(seconds=3)
        end = max(self.night(ended), start + timedelta(seconds=1))
        return self.night(scheduled), start, end


@dataclass
class Teller:
    """Collects jobs in the order in which the Director created them."""

    calendar: Calendar
    jobs: list[Row] = field(default_factory=list)
    logs: dict[int, list[LogRow]] = field(default_factory=dict)
    running: list[Row] = field(default_factory=list)
    client_running: dict[str, list[Row]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        day = self.calendar.evening.astimezone(self.zone).toordinal()
        self._last_jobid = (day - 735_000) * _JOBIDS_A_NIGHT
        self._jobid = self._last_jobid
        self._since = str(catalog_time(self.calendar.clock(1, 22, 31, 7), self.zone))
        self.session_time = int(self.calendar.clock(4, 23, 41, 52).timestamp())

    @property
    def zone(self) -> tzinfo:
        """The Director's zone."""
        return self.calendar.zone

    def begin(self, night: int) -> None:
        """The JobIds of a night begin, which have room for its jobs."""
        self._jobid = self._last_jobid - night * _JOBIDS_A_NIGHT

    def times(self, plan: Plan, night: int, minutes: float, *, late: float = 0) -> Times:
        """When a planned run was due, began so many minutes late, and ended after so many more."""
        if night:
            due, started, ended = self.calendar.span(night, (plan.hour, plan.minute), minutes)
            return due, started + timedelta(minutes=late), ended + timedelta(minutes=late)
        due_in = (plan.hour - 22) * 60 + plan.minute
        return self.calendar.tonight(due_in, due_in + late, due_in + late + minutes)

    def planned(
        self,
        plan: Plan,
        night: int,
        times: tuple[datetime, datetime | None, datetime | None],
        **more: Any,
    ) -> Row:
        """Put a planned run into the catalog, at the level that was due."""
        more = {"level": plan.ran_as(night), "pool": plan.pool, "type": plan.type, **more}
        return self.row(plan.job, plan.machine, plan.fileset or None, times, **more)

    def row(
        self,
        name: str,
        client: str,
        fileset: str | None,
        times: tuple[datetime, datetime | None, datetime | None],
        *,
        level: str = "I",
        pool: str | None = None,
        **more: Any,
    ) -> Row:
        """Put a job into the catalog: (scheduled, started, ended)."""
        scheduled, started, ended = times
        self._jobid += 1
        jobid = self._jobid
        pool = pool or _POOLS.get(level)
        if more.get("status") == "C":
            pool = fileset = None
        written = more.get("bytes", 0) > 0 and more.get("type", "B") in "BC"
        row = job_row(
            jobid,
            name,
            client=f"{client}-fd",
            level=level,
            zone=self.zone,
            scheduled=scheduled,
            started=started,
            ended=ended,
            clientid=inventory.CLIENT_IDS[f"{client}-fd"],
            pool=pool,
            poolid=inventory.POOL_IDS.get(pool or "", 0),
            fileset=fileset,
            filesetid=inventory.FILESET_IDS.get(fileset or "", 0),
            volume=inventory.newest_volume(pool or "") if written else None,
            sessionid=len(self.jobs) + 1 if started else 0,
            sessiontime=self.session_time if started else 0,
            **more,
        )
        self.jobs.append(row)
        self.logs[jobid] = []
        return row

    def log(self, row: Row) -> JobLog:
        """Write a job's log."""
        log = JobLog(row, self.zone, inventory.DIRECTOR, inventory.STORAGE_DAEMON)
        self.logs[row["jobid"]] = log.rows
        return log

    def success(self, plan: Plan, night: int, **more: Any) -> Row:
        """A backup that went well, with its ordinary log and what is usual unless told."""
        usual = plan.usual(more.get("level") or plan.ran_as(night), night)
        minutes, late = more.pop("minutes", usual.minutes), more.pop("late", 0)
        times = self.times(plan, night, minutes, late=late)
        said: tuple[str, ...] = more.pop("said", ())
        facts = {"files": usual.files, "bytes": usual.bytes, **more}
        row = self.planned(plan, night, times, **facts)
        if night >= _NIGHTS_WITH_LOGS:
            return row
        log = self.log(row)
        log.start(times[1])
        log.by_client(times[1], *said)
        log.transferred(times[2])
        log.backup_summary(times[2], self.ending(row))
        return row

    def ending(self, row: Row, **more: Any) -> Ending:
        """The summary's own facts."""
        return Ending(since=self._since, **more)

    def live(self, row: Row, status: str, description: str, **more: Any) -> Row:
        """What the Director says of a job that is not over."""
        created = datetime.fromisoformat(row["schedtime"]).replace(tzinfo=self.zone)
        started = row["starttime"] or row["schedtime"]
        item = {
            "jobid": str(row["jobid"]),
            "level": row["level"],
            "type": row["type"],
            "status": status,
            "status_desc": description,
            "comment": "",
            "jobbytes": "0",
            "jobfiles": "0",
            "job": row["job"],
            "name": row["name"],
            "clientname": row["client"],
            "fileset": row["fileset"] or "",
            "storage": "File1",
            "rstorage": "",
            "schedtime_epoch": epoch(created),
            "schedtime": row["schedtime"],
            "starttime_epoch": str(row["jobtdate"]),
            "starttime": started,
            "priority": "10",
            "errors": "0",
            **more,
        }
        self.running.append(item)
        return item

    def progress(self, row: Row, rate: int, files_per_gb: float, path: str) -> None:
        """What the File Daemon says of a running job: real bytes at a real rate."""
        seconds = int(self.calendar.now.timestamp()) - row["jobtdate"]
        done = seconds * rate
        files = max(1, int(done / GIGA * files_per_gb))
        item = {
            "jobid": str(row["jobid"]),
            "job": row["job"],
            "vss": "0",
            "level": row["level"],
            "type": "B",
            "status": "R",
            "starttime_epoch": str(row["jobtdate"]),
            "starttime": row["starttime"],
            "jobfiles": str(files),
            "jobbytes": str(done),
            "bytes_sec": str(rate),
            "errors": "0",
            "bwlimit": "0",
            "readbytes": str(done + 65536),
            "files_examined": str(files),
            "processing_file": path,
            "sdreadseqno": "6",
            "fd": "6",
            "sdtls": "0",
        }
        self.client_running.setdefault(row["client"], []).append(item)
        known = done // 65536 * 65536
        self.live(row, "R", "is running", jobfiles=str(files - 1), jobbytes=str(known))

    def night(self) -> Night:
        """The whole story."""
        calendar, zone = self.calendar, self.zone
        return Night(
            director=inventory.DIRECTOR,
            zone=zone,
            jobs=self.jobs,
            logs=self.logs,
            clients=inventory.clients(),
            pools=inventory.pools(),
            volumes=inventory.volumes(calendar.now, zone),
            storages=inventory.storages(),
            filesets=inventory.filesets(calendar.now, zone),
            schedule=weeks.schedule(calendar.now, zone),
            running=self.running,
            client_running=self.client_running,
            job_names=[plan.job for plan in weeks.PLANS],
            unreachable=dict(inventory.UNREACHABLE),
            devices=inventory.devices(),
            told_at=calendar.now,
            started_at=calendar.clock(4, 23, 41, 52),
            resources=weeks.resources(),
        )
