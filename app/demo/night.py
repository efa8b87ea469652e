"""What the catalog and the Director know, as plain values.

Tests build their own small nights from these parts; the long story is in `story`.
Nothing about HTTP comes in here.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo
from types import EllipsisType
from typing import Any

CATALOG_TIME = "%Y-%m-%d %H:%M:%S"

Row = dict[str, Any]
LogRow = tuple[str, str]

_LEVELS = {"F": "Full", "D": "Differential", "I": "Incremental", "O": "VolumeToCatalog"}
_LEVELS |= {"C": "Catalog", "V": "InitCatalog", "d": "DiskToCatalog", "A": "Data"}
_BIRTH_OF_THE_CATALOG = datetime(2000, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Resource:
    """A Job resource of the Director's configuration.

    Attributes:
        client: its Client resource.
        type: JobType letter.
        level: its level as `show jobs` writes it, "" for none.
        enabled: whether the Director would run it by itself.
        schedule: its Schedule resource, "" for none.
        schedule_enabled: whether that Schedule is enabled.
    """

    client: str
    type: str = "B"
    level: str = "Incremental"
    enabled: bool = True
    schedule: str = ""
    schedule_enabled: bool = True


@dataclass
class Night:
    """One Director with its catalog at one moment.

    `jobs` are catalog rows in Baculum's field names; `firstvol` and `volcount` in a row are
    shown by Bacularis only. `logs` hold (catalog-local time, text) in the order in which the
    server hands them out; undecodable bytes stand as surrogate escapes. `running` is what the
    Director says of its live jobs, `client_running` what each File Daemon says (all strings).
    Jobs whose name is not in `job_names` are invisible; left empty, it is taken from the rows.
    `resources` are Job resources by name; those that are left out look as their rows do.
    `unreachable` maps a client or storage name to the seconds bconsole waits for it.
    The server's clock starts at `told_at` and runs on from there; None is the real clock.
    """

    director: str
    zone: tzinfo
    jobs: list[Row]
    logs: dict[int, list[LogRow]] = field(default_factory=dict)
    clients: list[Row] = field(default_factory=list)
    pools: list[Row] = field(default_factory=list)
    volumes: list[Row] = field(default_factory=list)
    storages: list[Row] = field(default_factory=list)
    filesets: list[Row] = field(default_factory=list)
    schedule: list[Row] = field(default_factory=list)
    running: list[Row] = field(default_factory=list)
    client_running: dict[str, list[Row]] = field(default_factory=dict)
    job_names: list[str] = field(default_factory=list)
    unreachable: dict[str, float] = field(default_factory=dict)
    devices: dict[str, list[Row]] = field(default_factory=dict)
    storage_running: dict[str, list[Row]] = field(default_factory=dict)
    told_at: datetime | None = None
    started_at: datetime | None = None
    resources: dict[str, Resource] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not self.job_names:
            self.job_names = list(dict.fromkeys(row["name"] for row in self.jobs))

    def add(self, row: Row, log: Iterable[LogRow] = ()) -> None:
        """Put one more job, its log and its name into the night."""
        self.jobs.append(row)
        self.logs[row["jobid"]] = list(log)
        if row["name"] not in self.job_names:
            self.job_names.append(row["name"])

    def visible(self) -> list[Row]:
        """The rows whose name the Director's configuration still has, newest JobId first."""
        names = set(self.job_names)
        rows = [row for row in self.jobs if row["name"] in names]
        return sorted(rows, key=_jobid, reverse=True)

    def job(self, jobid: int) -> Row | None:
        """One visible row."""
        names = set(self.job_names)
        return next(
            (row for row in self.jobs if row["jobid"] == jobid and row["name"] in names), None
        )

    def configured(self) -> dict[str, Resource]:
        """The Job resources by name: what `resources` says, or else what rows and schedule show.

        A night without any schedule is one that leaves it open: its jobs have a Schedule then that
        foresees nothing for the next days.
        """
        rows = {row["name"]: row for row in self.jobs if row["type"] != "C"}
        planned = {run["name"]: run for run in reversed(self.schedule)}
        return {
            name: self.resources.get(name)
            or self._as_seen(rows.get(name), planned.get(name), bool(planned))
            for name in self.job_names
        }

    def _as_seen(self, row: Row | None, planned: Row | None, schedules: bool) -> Resource:
        seen = row or planned
        kind = seen["type"] if seen else "B"
        level = _LEVELS.get(seen["level"], "") if seen else "Incremental"
        client = (row and row["client"]) or (planned and planned["client"]) or self._any_client()
        usual = "" if schedules or kind == "R" else "Monthly"
        return Resource(client, kind, level, schedule=planned["schedule"] if planned else usual)

    def _any_client(self) -> str:
        """A Job resource always names a Client, even where its rows have none."""
        return str(self.clients[0]["name"]) if self.clients else f"{self.director}-fd"


def _jobid(row: Row) -> int:
    number: int = row["jobid"]
    return number


def catalog_time(moment: datetime | None, zone: tzinfo) -> str | None:
    """An aware moment as the catalog writes it: the Director's wall clock, no zone."""
    return None if moment is None else moment.astimezone(zone).strftime(CATALOG_TIME)


def epoch(moment: datetime | None) -> str:
    """A true unix time as status answers write it: a string, "0" for none."""
    return "0" if moment is None else str(int(moment.timestamp()))


def unique_name(name: str, created: datetime, zone: tzinfo, sequence: int) -> str:
    """The `job` column: the name, when the Director created the job, and a counter."""
    stamp = created.astimezone(zone).strftime("%Y-%m-%d_%H.%M.%S")
    return f"{name.replace(' ', '_')}.{stamp}_{sequence % 60:02d}"


def job_row(
    jobid: int,
    name: str,
    *,
    client: str | None,
    status: str = "T",
    type: str = "B",
    level: str = "I",
    scheduled: datetime | None,
    started: datetime | None,
    ended: datetime | None,
    zone: tzinfo,
    files: int = 0,
    bytes: int = 0,
    readbytes: int | None = None,
    errors: int = 0,
    missing: int = 0,
    realended: datetime | EllipsisType | None = ...,
    created: datetime | None = None,
    job: str | None = None,
    clientid: int = 1,
    pool: str | None = "Full-Pool",
    poolid: int | None = None,
    fileset: str | None = "Full Set",
    filesetid: int | None = None,
    priorjobid: int = 0,
    volume: str | None = None,
    volumes: int | None = None,
    sessionid: int = 0,
    sessiontime: int = 0,
    comment: str = "",
    **columns: Any,
) -> Row:
    """One catalog row of the Job table, as Baculum answers it.

    Aware moments come in; the catalog's wall-clock strings and the true `jobtdate` come out.
    `realended` follows `ended` unless given; `created`, the stamp in the unique name, follows
    `scheduled`. Further keyword arguments become columns as they are.
    """
    moment = ended or started or scheduled
    birth = created or scheduled or started or _BIRTH_OF_THE_CATALOG
    real_end = ended if isinstance(realended, EllipsisType) else realended
    return {
        "jobid": jobid,
        "job": job or unique_name(name, birth, zone, jobid),
        "name": name,
        "type": type,
        "level": level,
        "clientid": clientid if client is not None else 0,
        "jobstatus": status,
        "schedtime": catalog_time(scheduled, zone),
        "starttime": catalog_time(started, zone),
        "endtime": catalog_time(ended, zone),
        "realendtime": catalog_time(real_end, zone),
        "jobtdate": int(moment.timestamp()) if moment else 0,
        "volsessionid": sessionid,
        "volsessiontime": sessiontime,
        "jobfiles": files,
        "jobbytes": bytes,
        "readbytes": bytes if readbytes is None else readbytes,
        "joberrors": errors,
        "jobmissingfiles": missing,
        "poolid": poolid if poolid is not None else int(pool is not None),
        "filesetid": filesetid if filesetid is not None else int(fileset is not None),
        "priorjobid": priorjobid,
        "purgedfiles": 0,
        "hasbase": 0,
        "hascache": 0,
        "reviewed": 0,
        "comment": comment,
        "filetable": "File",
        **columns,
        "client": client,
        "pool": pool,
        "fileset": fileset,
        "firstvol": volume,
        "volcount": volumes if volumes is not None else int(volume is not None),
    }
