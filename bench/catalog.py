"""An even, made-up catalog: so many jobs over so many nights, a few of them gone wrong.

The told night of the demo shows everything that can happen; here only amounts matter.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from zoneinfo import ZoneInfo

from app.demo import Night, job_row
from app.demo.logs import Ending, JobLog
from app.demo.night import Row, catalog_time, epoch

ZONE = ZoneInfo("Asia/Seoul")
FAILED_SHARE = 0.02
WARNED_SHARE = 0.01
MOST_NAMES = 200
"""Job names at most, unless told; where a night has more jobs, each name runs several times."""
_BEGINS = timedelta(hours=9)  # before the same time of the next day
_LASTS = timedelta(hours=8)
_STORAGE = "backup-sd"
_DIRECTOR = "backup-dir"
_FIRST_JOBID = 1_000
_POOLS = ("Full-Pool", "Inc-Pool")
_FORESEEN_DAYS = 8
_JOBS_A_VOLUME = 500
_LOGGED_SUCCESSES = 200
"""The newest jobs have a log even if they went well: some of these are asked for."""


@dataclass(frozen=True, slots=True)
class Extent:
    """How large a catalog is: `jobs` over `nights`, the newest `shown` of which are reported.

    Attributes:
        jobs: jobs in the catalog.
        nights: nights over which they are spread evenly.
        shown: how many of these nights, the newest, are the period.
        failures: how many of the shown jobs failed, spread evenly; no other has a warning. None:
            about 2 % failed and 1 % ended with warnings.
        names: how many job names there are; None: as many as a night has jobs, at most 200.
    """

    jobs: int
    nights: int
    shown: int
    failures: int | None = None
    names: int | None = None

    @property
    def first_shown(self) -> int:
        """The index of the oldest job of the period."""
        older = self.nights - self.shown
        return -(-older * self.jobs // self.nights)

    @property
    def shown_jobs(self) -> int:
        """How many jobs the period holds."""
        return self.jobs - self.first_shown

    @property
    def job_names(self) -> int:
        """How many job names there are."""
        return self.names or min(max(self.jobs // self.nights, 1), MOST_NAMES)

    def nights_ago(self, index: int) -> int:
        """Which night the job at `index` ran in, counted back from the newest; oldest first."""
        return self.nights - 1 - index * self.nights // self.jobs

    def start(self, now: datetime) -> datetime:
        """When the period begins: between two nights."""
        return now - timedelta(days=self.shown)

    def age(self, index: int) -> timedelta:
        """How long ago the job at `index` began."""
        place = index * self.nights / self.jobs % 1
        return timedelta(days=self.nights_ago(index)) + _BEGINS - place * _LASTS

    def fails(self, index: int) -> bool:
        """Whether the job at `index` is one of those that had to fail."""
        if self.failures is None or index < self.first_shown:
            return False
        place = index - self.first_shown
        before, after = (n * self.failures // self.shown_jobs for n in (place, place + 1))
        return before != after


class StillNight(Night):
    """A night that is told once and not changed: rows are found without a search."""

    def settle(self) -> None:
        """Prepare what is asked again and again."""
        self._visible = super().visible()
        self._by_id = {row["jobid"]: row for row in self.jobs}

    def visible(self) -> list[Row]:
        """Every row, newest JobId first."""
        return self._visible

    def job(self, jobid: int) -> Row | None:
        """One row."""
        return self._by_id.get(jobid)


def build(extent: Extent, now: datetime) -> StillNight:
    """Return the catalog as it is at `now`; the same extent gives the same jobs every time."""
    random = Random(extent.jobs)
    names = list(_names(extent.job_names))
    night = StillNight(
        director=_DIRECTOR,
        zone=ZONE,
        jobs=[],
        clients=[_client(number, name) for number, name in enumerate(_clients(names), 1)],
    )
    for index in range(extent.jobs):
        row, log = _job(extent, index, names[index % len(names)], now, random)
        night.jobs.append(row)
        if log is not None:
            night.logs[row["jobid"]] = log.rows
    night.job_names = [name for _, name in names]
    night.schedule = [
        _foreseen(client, name, now, day) for day in range(_FORESEEN_DAYS) for client, name in names
    ]
    night.volumes = [_volume(number, now) for number in range(extent.jobs // _JOBS_A_VOLUME + 1)]
    night.pools = [_pool(number, name, len(night.volumes)) for number, name in enumerate(_POOLS, 1)]
    night.settle()
    return night


def _names(count: int) -> Iterator[tuple[str, str]]:
    """Pairs of client and job name: two jobs a machine."""
    for number in range(count):
        machine = f"server{number // 2 + 1:03d}"
        yield f"{machine}-fd", f"{machine}-{('files', 'database')[number % 2]}"


def _clients(names: list[tuple[str, str]]) -> list[str]:
    return list(dict.fromkeys(client for client, _ in names))


def _client(number: int, name: str) -> Row:
    return {
        "clientid": number,
        "name": name,
        "uname": "9.6.7 (10Dec20) x86_64-pc-linux-gnu,debian,bookworm/sid",
        "autoprune": 0,
        "fileretention": 5184000,
        "jobretention": 15552000,
    }


def _job(
    extent: Extent, index: int, name: tuple[str, str], now: datetime, random: Random
) -> tuple[Row, JobLog | None]:
    ago = extent.nights_ago(index)
    started = now - extent.age(index)
    ended = started + timedelta(seconds=random.randint(5, 1800))
    chance = random.random()
    if extent.failures is None:
        failed, warned = chance < FAILED_SHARE, FAILED_SHARE <= chance < FAILED_SHARE + WARNED_SHARE
    else:
        failed, warned = extent.fails(index), False
    level = "F" if ago % 7 == 0 else "I"
    unreadable = random.randint(1, 40) if warned else 0
    files = random.randint(10, 200_000)
    row = job_row(
        _FIRST_JOBID + index,
        name[1],
        client=name[0],
        clientid=int(name[0][len("server") : -len("-fd")]),
        status="f" if failed else "T",
        level=level,
        scheduled=started,
        started=started,
        ended=ended,
        zone=ZONE,
        files=files,
        bytes=files * random.randint(1_000, 200_000),
        errors=2 if failed else unreadable,
        pool=_POOLS[0] if level == "F" else _POOLS[1],
        volume=f"Vol-{index // _JOBS_A_VOLUME:04d}",
        sessionid=index + 1,
        sessiontime=int(started.timestamp()),
    )
    logged = failed or warned or index >= extent.jobs - _LOGGED_SUCCESSES
    if ago >= extent.shown or not logged:
        return row, None
    return row, _log(row, started, ended, unreadable)


def _foreseen(client: str, name: str, now: datetime, day: int) -> Row:
    due = now.replace(hour=14, minute=0, second=0) + timedelta(days=day)
    return {
        "level": "I",
        "type": "B",
        "name": name,
        "client": client,
        "fileset": "Full Set",
        "schedtime_epoch": epoch(due),
        "schedtime": catalog_time(due, ZONE),
        "priority": "10",
        "schedule": "Nightly",
    }


def _pool(number: int, name: str, volumes: int) -> Row:
    return {
        "poolid": number,
        "name": name,
        "numvols": volumes // len(_POOLS),
        "maxvols": 0,
        "volretention": 31536000,
        "maxvolbytes": 500_000_000_000,
        "recycle": 1,
        "pooltype": "Backup",
        "enabled": 1,
    }


def _volume(number: int, now: datetime) -> Row:
    written = catalog_time(now - timedelta(days=1), ZONE)
    return {
        "mediaid": number + 1,
        "volumename": f"Vol-{number:04d}",
        "firstwritten": written,
        "lastwritten": written,
        "volbytes": 500_000_000_000,
        "volerrors": 0,
        "volstatus": "Full",
        "enabled": 1,
        "recycle": 1,
        "volretention": 31536000,
        "maxvolbytes": 500_000_000_000,
        "pool": _POOLS[number % 2],
        "storage": "File1",
    }


def _log(row: Row, started: datetime, ended: datetime, unreadable: int) -> JobLog:
    """What Bacula writes: also when a client goes away, or when files cannot be read."""
    log = JobLog(row, ZONE, _DIRECTOR, _STORAGE)
    log.start(started)
    for number in range(unreadable):
        path = f"/srv/data/영업부/견적서 {number:03d}.xlsx"
        log.by_client(started, f'     Could not stat "{path}": ERR=Permission denied')
    if row["jobstatus"] == "T":
        log.transferred(ended)
    else:
        log.by_director(
            ended, "Fatal error: Network error with FD during Backup: ERR=No data available"
        )
        log.by_storage(
            ended,
            "Fatal error: append.c:261 Network error reading from FD. ERR=No data available",
        )
        log.pace(ended)
        log.by_director(ended, "Fatal error: No Job status returned from FD.")
    log.backup_summary(ended, Ending(sd_errors=int(row["jobstatus"] == "f")))
    return log
