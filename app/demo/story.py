"""The told night: a believable week of one Director, most of it in the last night.

Every date hangs on `now`: the night begins yesterday at 22:00, and whatever would lie in the
future is pulled together so that it has happened.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any

from . import inventory
from .logs import Ending, JobLog
from .night import LogRow, Night, Row, catalog_time, epoch, job_row, unique_name

GIGA = 1_000_000_000
_STEADY_MINUTES = 75.0  # up to 23:15 the night keeps its own pace
_NIGHT_MINUTES = 495.0
_BREATH = 4.0  # the last end lies at least so many minutes back
_POOLS = {"F": "Full-Pool", "D": "Diff-Pool", "I": "Inc-Pool"}
_VOLUMES = {
    "Full-Pool": "Full-0003",
    "Diff-Pool": "Diff-0006",
    "Inc-Pool": "Inc-0005",
    "Copy-Pool": "Copy-0007",
    "Catalog-Pool": "Catalog-0008",
}
_NO_DATA = "Network error with FD during Backup: ERR=No data available"
_NO_STATUS = "Fatal error: No Job status returned from FD."


def told_night(now: datetime, zone: tzinfo) -> Night:
    """The week before `now`, as the catalog in `zone` and the Director know it."""
    teller = _Teller(Calendar(now, zone))
    for chapter in (
        _six_nights_ago,
        _five_nights_ago,
        _four_nights_ago,
        _three_nights_ago,
        _two_nights_ago,
        _the_night_before,
        _yesterday,
        _early_evening,
        _half_past_ten,
        _quarter_to_eleven,
        _after_eleven,
    ):
        chapter(teller)
    return teller.night()


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


@dataclass
class _Teller:
    """Collects jobs in the order in which the Director created them."""

    calendar: Calendar
    jobs: list[Row] = field(default_factory=list)
    logs: dict[int, list[LogRow]] = field(default_factory=dict)
    running: list[Row] = field(default_factory=list)
    client_running: dict[str, list[Row]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        day = self.calendar.evening.astimezone(self.zone).toordinal()
        self.first_jobid = (day - 735_000) * 50  # no two nights share an id
        self.session_time = int(self.calendar.clock(4, 23, 41, 52).timestamp())

    @property
    def zone(self) -> tzinfo:
        return self.calendar.zone

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
        jobid = self.first_jobid + len(self.jobs)
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
            volume=_VOLUMES.get(pool or "") if written else None,
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

    def success(
        self,
        name: str,
        client: str,
        fileset: str,
        times: tuple[datetime, datetime, datetime],
        **more: Any,
    ) -> Row:
        """A backup that went well, with its ordinary log."""
        row = self.row(name, client, fileset, times, **more)
        log = self.log(row)
        log.start(times[1])
        log.transferred(times[2])
        log.backup_summary(times[2], self.ending(row))
        return row

    def ending(self, row: Row, **more: Any) -> Ending:
        """The summary's own facts."""
        before = self.calendar.clock(1, 22, 31, 7)
        return Ending(since=str(catalog_time(before, self.zone)), **more)

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
        names = [run[0] for run in inventory.NIGHTLY]
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
            schedule=inventory.schedule(calendar.now, zone),
            running=self.running,
            client_running=self.client_running,
            job_names=list(dict.fromkeys([*names, *(row["name"] for row in self.jobs)])),
            unreachable=dict(inventory.UNREACHABLE),
            devices=inventory.devices(),
            told_at=calendar.now,
            started_at=calendar.clock(4, 23, 41, 52),
        )


Times = tuple[datetime, datetime, datetime]


def _span(calendar: Calendar, nights_ago: int, start: tuple[int, int], minutes: float) -> Times:
    """Scheduled, started a few seconds later, ended after so many minutes."""
    scheduled = calendar.clock(nights_ago, *start)
    started = scheduled + timedelta(seconds=4)
    return scheduled, started, started + timedelta(seconds=int(minutes * 60))


def _tonight(calendar: Calendar, scheduled: float, started: float, ended: float) -> Times:
    """The same for the last night, in minutes after 22:00."""
    start = calendar.night(started) + timedelta(seconds=3)
    end = max(calendar.night(ended), start + timedelta(seconds=1))
    return calendar.night(scheduled), start, end


def _six_nights_ago(teller: _Teller) -> None:
    span = _span(teller.calendar, 6, (22, 30), 104)
    teller.success(
        "git01-repos", "git01", "Git Repos", span, level="F", files=1_184_212, bytes=86_412_337_920
    )
    span = _span(teller.calendar, 6, (22, 31), 311)
    teller.success(
        "nas01-data",
        "nas01",
        "NAS Data",
        span,
        level="F",
        files=812_440,
        bytes=1_913 * GIGA + 418_113,
    )


def _five_nights_ago(teller: _Teller) -> None:
    span = _span(teller.calendar, 5, (22, 30), 37)
    teller.success(
        "web02-files", "web02", "Web Files", span, level="F", files=61_004, bytes=71_223_881_034
    )
    span = _span(teller.calendar, 5, (22, 30), 203)
    teller.success(
        "mail01-mailboxes",
        "mail01",
        "Mail Boxes",
        span,
        level="F",
        files=2_411_872,
        bytes=644 * GIGA + 90_431,
    )
    _incomplete(teller)


def _incomplete(teller: _Teller) -> None:
    times = _span(teller.calendar, 5, (22, 30), 22.4)
    row = teller.row(
        "git01-repos",
        "git01",
        "Git Repos",
        times,
        status="I",
        files=9_120,
        bytes=2_871_455_744,
        errors=2,
    )
    log, ended = teller.log(row), times[2]
    log.start(times[1])
    log.by_director(
        ended, "Fatal error: Network error with FD during Backup: ERR=Connection reset by peer"
    )
    log.by_storage(
        ended,
        "Error: bsock.c:388 Read error from client:10.20.0.18:9103: ERR=Connection reset by peer",
    )
    log.backup_summary(ended, teller.ending(row, sd_errors=1))


def _four_nights_ago(teller: _Teller) -> None:
    """The Director was restarted over this one: no summary, endtime = starttime."""
    scheduled, started, _ = _span(teller.calendar, 4, (22, 45), 0)
    row = teller.row(
        "vm-host1-images",
        "vm-host1",
        "VM Images",
        (scheduled, started, started),
        level="F",
        status="f",
        realended=None,
    )
    log = teller.log(row)
    log.start(started)
    log.by_storage(started, 'Volume "Full-0009" previously written, moving to end of data.')
    killed = teller.calendar.clock(4, 23, 41, 12)
    log.by_director(killed, f"Fatal error: {_NO_DATA}")
    log.by_storage(
        killed,
        "Fatal error: append.c:261 Network error reading from FD. ERR=No data available",
        "Elapsed time=00:56:08, Transfer rate=31.07 M Bytes/second",
    )


def _three_nights_ago(teller: _Teller) -> None:
    times = _span(teller.calendar, 3, (22, 30), 0.3)
    row = teller.row(
        "log01-archive",
        "log01",
        "System Logs",
        times,
        level="F",
        status="f",
        pool="Offsite-Pool",
        errors=1,
    )
    log = teller.log(row)
    log.by_director(times[1], f"Start Backup JobId {row['jobid']}, Job={row['job']}")
    log.by_director(
        times[2],
        "Fatal error: bsockcore.c:208 Unable to connect to Storage daemon"
        " on offsite01.example.com:9103. ERR=Connection refused",
    )
    log.backup_summary(times[2], teller.ending(row, storage="Offsite", fd_status="", sd_status=""))
    span = _span(teller.calendar, 3, (22, 30), 284)
    teller.success(
        "files-seoul-share",
        "files-seoul",
        "Shared Files",
        span,
        level="F",
        files=1_911_730,
        bytes=1_402 * GIGA + 77_120,
    )
    span = _span(teller.calendar, 3, (22, 30), 41)
    teller.success("erp01-db", "erp01", "ERP Dump", span, level="F", files=14, bytes=58_113_774_592)


def _two_nights_ago(teller: _Teller) -> None:
    calendar = teller.calendar
    teller.success(
        "web01-files",
        "web01",
        "Web Files",
        _span(calendar, 2, (22, 30), 68),
        level="F",
        files=88_412,
        bytes=104_223_118_336,
    )
    teller.success(
        "db01-dump",
        "db01",
        "DB Dump",
        _span(calendar, 2, (22, 30), 11),
        files=3,
        bytes=9_411_223_552,
    )
    teller.success(
        "hr01-docs",
        "hr01",
        "HR Documents",
        _span(calendar, 2, (22, 30), 19),
        level="F",
        files=22_901,
        bytes=31_007_442_881,
    )
    _two_days_long(teller)
    teller.success(
        "BackupCatalog",
        "backup01",
        "Catalog",
        _span(calendar, 2, (23, 10), 2.1),
        level="F",
        pool="Catalog-Pool",
        files=1,
        bytes=412_883_211,
    )


def _two_days_long(teller: _Teller) -> None:
    scheduled, started, _ = _span(teller.calendar, 2, (22, 40), 0)
    row = teller.row(
        "files-busan-media",
        "files-busan",
        "Media Archive",
        (scheduled, started, None),
        level="F",
        status="R",
    )
    teller.log(row).start(started)
    teller.progress(row, 3_118_442, 210, "/srv/media/촬영원본/2025-가을 홍보영상/A012_C004.mxf")


def _the_night_before(teller: _Teller) -> None:
    calendar = teller.calendar
    for name, client, fileset, minutes, files, size in (
        ("web01-files", "web01", "Web Files", 6.2, 2_871, 4_102_334_211),
        ("db01-dump", "db01", "DB Dump", 12.8, 3, 9_538_112_901),
        ("git01-repos", "git01", "Git Repos", 9.1, 8_244, 3_118_224_338),
    ):
        teller.success(
            name, client, fileset, _span(calendar, 1, (22, 30), minutes), files=files, bytes=size
        )
    teller.success(
        "mail01-mailboxes",
        "mail01",
        "Mail Boxes",
        _span(calendar, 1, (22, 30), 58),
        level="D",
        files=101_338,
        bytes=121_448_900_112,
    )
    teller.success(
        "BackupCatalog",
        "backup01",
        "Catalog",
        _span(calendar, 1, (23, 10), 2.2),
        level="F",
        pool="Catalog-Pool",
        files=1,
        bytes=415_002_118,
    )


def _yesterday(teller: _Teller) -> None:
    """Somebody wanted her files back in the afternoon."""
    times = _span(teller.calendar, 0, (14, 20), 3.4)
    original = _last(teller.jobs, "hr01-docs")
    row = teller.row(
        "RestoreFiles",
        "hr01",
        None,
        times,
        type="R",
        level="F",
        pool="",
        files=214,
        bytes=388_112_047,
    )
    row.update(pool=None, poolid=0)
    log = teller.log(row)
    log.by_director(
        times[1],
        f"Start Restore Job {row['job']}",
        f"Restoring files from JobId(s) {original['jobid']}",
        'Using Device "FileDev1" to read.',
    )
    log.by_storage(
        times[1],
        'Ready to read from volume "Full-0003" on File device "FileDev1" (/srv/bacula/vol1).',
    )
    log.restore_summary(times[2], "/srv/restore")


def _early_evening(teller: _Teller) -> None:
    """The Full that began at 21:50 and lost its File Daemon at 23:00; its log lies shuffled."""
    scheduled = teller.calendar.clock(0, 21, 50)
    started, ended = scheduled + timedelta(seconds=5), teller.calendar.clock(0, 23, 0, 17)
    row = teller.row(
        "nas01-data",
        "nas01",
        "NAS Data",
        (scheduled, started, ended),
        level="F",
        status="f",
        files=182_233,
        bytes=398_116_454_400,
        readbytes=0,
        errors=2,
    )
    log = teller.log(row)
    log.by_director(ended, f"Fatal error: {_NO_DATA}")
    log.by_storage(
        ended, "Fatal error: append.c:261 Network error reading from FD. ERR=No data available"
    )
    log.pace(ended)
    log.start(started)
    log.by_storage(started, 'Volume "Full-0003" previously written, moving to end of data.')
    log.by_director(ended, _NO_STATUS)
    log.backup_summary(
        ended, teller.ending(row, sd_files=182_234, sd_bytes=398_141_227_008, sd_errors=1)
    )


def _half_past_ten(teller: _Teller) -> None:
    calendar = teller.calendar
    teller.success(
        "web01-files",
        "web01",
        "Web Files",
        _tonight(calendar, 30, 30, 38),
        files=3_412,
        bytes=4_812_337_408,
    )
    teller.success(
        "web02-files",
        "web02",
        "Web Files",
        _tonight(calendar, 30, 30, 41),
        files=2_951,
        bytes=3_904_118_272,
    )
    _database(teller)
    _mail(teller)
    _script(teller)
    teller.success(
        "git01-repos",
        "git01",
        "Git Repos",
        _tonight(calendar, 30, 31, 118),
        level="F",
        files=1_201_337,
        bytes=88_004_118_233,
    )
    teller.success(
        "hr01-docs",
        "hr01",
        "HR Documents",
        _tonight(calendar, 30, 32, 36),
        files=812,
        bytes=1_104_338_112,
    )
    _long_log(teller)
    _unreachable(teller)
    _wrong_password(teller)
    _device_full(teller)


def _database(teller: _Teller) -> None:
    times = _tonight(teller.calendar, 30, 30, 72)
    row = teller.row(
        "db01-dump", "db01", "DB Dump", times, level="F", files=3, bytes=96_002_113_536
    )
    log = teller.log(row)
    log.start(times[1])
    log.by_client(
        times[1],
        'shell command: run ClientBeforeJob "/usr/local/bin/pg-dump-all"',
        "ClientBeforeJob: 덤프 시작: 데이터베이스 12개",
        "ClientBeforeJob: 덤프 완료",
    )
    log.transferred(times[2])
    log.backup_summary(times[2], teller.ending(row))


def _mail(teller: _Teller) -> None:
    times = _tonight(teller.calendar, 30, 30, 95)
    row = teller.row(
        "mail01-mailboxes",
        "mail01",
        "Mail Boxes",
        times,
        errors=3,
        files=48_211,
        bytes=61_337_204_112,
    )
    log = teller.log(row)
    log.start(times[1])
    for path, reason in (
        ('/var/vmail/영업부/김민수/2026년 견적서 <최종> & "수정본".eml', "Permission denied"),
        ("/var/vmail/인사팀/휴가 신청 목록.mbox", "No such file or directory"),
        ("/var/vmail/없는 경로/설정 파일.conf", "No such file or directory"),
    ):
        log.by_client(times[1], f'     Could not stat "{path}": ERR={reason}')
    log.transferred(times[2])
    log.backup_summary(times[2], teller.ending(row))


def _script(teller: _Teller) -> None:
    times = _tonight(teller.calendar, 30, 30, 30.6)
    row = teller.row("erp01-db", "erp01", "ERP Dump", times, level="F", status="f", errors=2)
    log, ended = teller.log(row), times[2]
    log.start(times[1])
    log.by_client(times[1], 'shell command: run ClientBeforeJob "/opt/erp/bin/dump.sh --all"')
    log.by_client(
        ended,
        "ClientBeforeJob: 덤프 실패: 디스크 공간이 부족합니다 (/var/lib/erp/dump)",
        "ClientBeforeJob: 여유 공간 1.2 GB, 필요 공간 57.8 GB",
        "Error: Runscript: ClientBeforeJob returned non-zero status=3."
        " ERR=Child exited with code 3",
    )
    log.by_director(
        ended,
        "Fatal error: Bad response to RunBeforeNow command: wanted 2000 OK RunBeforeNow\n,"
        " got 2905 Bad RunBeforeNow command.",
        'Fatal error: Client "erp01-fd" RunScript failed.',
    )
    log.backup_summary(ended, teller.ending(row, sd_status="OK"))


_LOST_FILES = 2_500


def _long_log(teller: _Teller) -> None:
    """Names that a page must survive: bytes that are no UTF-8, colours, markup, bidi."""
    times = _tonight(teller.calendar, 30, 33, 210)
    row = teller.row(
        "files-seoul-share",
        "files-seoul",
        "Shared Files",
        times,
        level="D",
        files=402_118,
        bytes=512_338_114_560,
        errors=_LOST_FILES + 4,
    )
    log = teller.log(row)
    log.start(times[1], "FileDev2")
    log.by_client(
        times[1],
        'shell command: run ClientBeforeJob "/usr/local/bin/check-share"',
        "ClientBeforeJob: \x1b[31m경고:\x1b[0m 공유 폴더 점검 결과 \x1b[1m이상 있음\x1b[0m",
    )
    step = (times[2] - times[1]) / (_LOST_FILES + 10)
    for number, path in enumerate(_lost_paths(), 1):
        log.by_client(
            times[1] + number * step, f'     Could not stat "{path}": ERR=No such file or directory'
        )
    log.transferred(times[2])
    log.backup_summary(times[2], teller.ending(row))


def _lost_paths() -> Iterable[str]:
    korean_in_euc_kr = b"\xb0\xe8\xbe\xe0\xbc\xad".decode("utf-8", "surrogateescape")
    yield f"/srv/share/법무팀/{korean_in_euc_kr}.hwp"
    yield "/srv/share/홍보팀/<script>alert('backup')</script>.html"
    yield "/srv/share/홍보팀/\u202egpj.사진 목록.exe"
    yield "/srv/share/홍보팀/두 줄로 된\n이름.txt"
    for number in range(1, _LOST_FILES + 1):
        yield f"/srv/share/설계팀/프로젝트-{number % 37:02d}/도면 {number:04d}.dwg"


def _unreachable(teller: _Teller) -> None:
    times = _tonight(teller.calendar, 30, 34, 37)
    row = teller.row("dead01-files", "dead01", "Web Files", times, level="F", status="f", errors=1)
    log = teller.log(row)
    log.start(times[1])
    log.by_director(
        times[2],
        "Fatal error: bsockcore.c:208 Unable to connect to Client:"
        " dead01-fd on 10.20.0.41:9102. ERR=Connection refused",
        _NO_STATUS,
    )
    log.backup_summary(times[2], teller.ending(row, sd_status="Waiting on FD"))


def _wrong_password(teller: _Teller) -> None:
    scheduled, started, _ = _tonight(teller.calendar, 30, 34, 34)
    ended = started + timedelta(seconds=5)
    row = teller.row(
        "dev01-home", "dev01", "Home Folders", (scheduled, started, ended), status="f", errors=1
    )
    log = teller.log(row)
    log.start(started)
    log.by_director(
        ended,
        'Fatal error: Unable to authenticate with File daemon at "10.20.0.52:9102". Possible'
        " causes:\nPasswords or names not the same or\nMaximum Concurrent Jobs exceeded on the"
        " FD or\nFD networking messed up (restart daemon).\nFor help, please see:"
        " http://www.bacula.org/rel-manual/en/problems/Bacula_Frequently_Asked_Que.html",
        "Warning: Unexpected Client Job message: 2999 Authentication failed.",
        _NO_STATUS,
    )
    log.backup_summary(ended, teller.ending(row, sd_status="Waiting on FD"))


def _device_full(teller: _Teller) -> None:
    times = _tonight(teller.calendar, 30, 35, 88)
    row = teller.row(
        "log01-syslog",
        "log01",
        "System Logs",
        times,
        status="E",
        errors=2,
        files=1_209,
        bytes=7_338_112_000,
    )
    log, ended = teller.log(row), times[2]
    log.start(times[1])
    log.by_storage(
        ended,
        'Error: block.c:255 Write error at 1:3043144704 on device "FileDev1" (/srv/bacula/vol1).'
        " ERR=No space left on device.",
        'Fatal error: append.c:333 Write error on device "FileDev1" (/srv/bacula/vol1).'
        " ERR=No space left on device.",
    )
    log.pace(ended)
    log.backup_summary(ended, teller.ending(row, sd_errors=1))


def _quarter_to_eleven(teller: _Teller) -> None:
    calendar = teller.calendar
    scheduled = calendar.night(45)
    row = teller.row(
        "vm-host1-images",
        "vm-host1",
        "VM Images",
        (scheduled, scheduled + timedelta(seconds=4), None),
        level="F",
        status="R",
    )
    teller.log(row).start(scheduled + timedelta(seconds=4))
    teller.progress(row, 61_337_204, 0.02, "/var/lib/libvirt/images/erp-prod.qcow2")
    waiting = teller.row(
        "vm-host1-config", "vm-host1", "VM Images", (scheduled, None, None), status="C"
    )
    teller.live(waiting, "s", "is waiting on max Storage jobs", fileset="VM Images")
    _cancelled(teller)


def _cancelled(teller: _Teller) -> None:
    times = _tonight(teller.calendar, 50, 50, 100)
    row = teller.row(
        "web02-logs",
        "web02",
        "System Logs",
        times,
        status="A",
        errors=1,
        files=402,
        bytes=1_338_112_774,
    )
    log, ended = teller.log(row), times[2]
    log.start(times[1])
    log.by_director(
        ended,
        "Fatal error: Network error with FD during Backup: ERR=Interrupted system call",
        _NO_STATUS,
    )
    log.backup_summary(ended, teller.ending(row))


def _after_eleven(teller: _Teller) -> None:
    _tape(teller)
    _verify(teller, "VerifyWeb01", "web01", "O", (66, 84))
    _verify(teller, "VerifyHr01", "hr01", "d", (67, 71))
    _admin(teller)
    _copy(teller)
    teller.success(
        "BackupCatalog",
        "backup01",
        "Catalog",
        _tonight(teller.calendar, 70, 70, 72.3),
        level="F",
        pool="Catalog-Pool",
        files=1,
        bytes=418_330_127,
    )


def _tape(teller: _Teller) -> None:
    scheduled = teller.calendar.night(60)
    started = scheduled + timedelta(seconds=2)
    row = teller.row(
        "erp01-tape",
        "erp01",
        "ERP Dump",
        (scheduled, started, None),
        level="F",
        status="R",
        pool="Tape-Pool",
    )
    log = teller.log(row)
    log.start(started, "TapeDev")
    log.by_storage(
        started + timedelta(seconds=3),
        f"Job {row['job']} is waiting. Cannot find any appendable volumes.\n"
        'Please use the "label" command to create a new Volume for:\n'
        '    Storage:      "TapeDev" (/dev/nst0)\n    Pool:         Tape-Pool\n'
        "    Media type:   LTO-7",
    )
    teller.live(row, "m", "is waiting for an appendable Volume", storage="Tape")


def _verify(
    teller: _Teller, name: str, client: str, level: str, minutes: tuple[float, float]
) -> None:
    times = _tonight(teller.calendar, 65, *minutes)
    verified = _last(teller.jobs, f"{client}-files" if client == "web01" else f"{client}-docs")
    differs = level == "d"
    row = teller.row(
        name,
        client,
        None,
        times,
        type="V",
        level=level,
        status="D" if differs else "T",
        files=verified["jobfiles"] + 2 * differs,
        bytes=verified["jobbytes"] if differs else 0,
    )
    word = "DiskToCatalog" if differs else "VolumeToCatalog"
    log = teller.log(row)
    log.by_director(
        times[1],
        f"Verifying against JobId={verified['jobid']} Job={verified['job']}",
        f"Start Verify JobId={row['jobid']} Level={word} Job={row['job']}",
    )
    if differs:
        log.by_director(
            times[2],
            "New file: /srv/hr/채용/2026-하반기/지원자 명단.xlsx",
            "New file: /srv/hr/채용/2026-하반기/면접 일정.xlsx",
        )
    log.verify_summary(times[2], verified, word)


def _admin(teller: _Teller) -> None:
    times = _tonight(teller.calendar, 65, 65, 65.2)
    row = teller.row("AdminCleanup", "backup01", None, times, type="D", level=" ")
    row.update(volsessionid=0, volsessiontime=0)
    log = teller.log(row)
    log.by_director(
        times[1],
        'shell command: run BeforeJob "/usr/local/bin/prune-volumes"',
        "BeforeJob: 3 volumes pruned",
        f"Start Admin JobId {row['jobid']}, Job={row['job']}",
    )
    log.admin_summary(times[2])


def _copy(teller: _Teller) -> None:
    """The control job, and the copied one that carries its original's times."""
    times = _tonight(teller.calendar, 65, 66, 190)
    original = next(
        row for row in teller.jobs if row["name"] == "web01-files" and row["level"] == "F"
    )
    control = teller.row(
        "CopyFull", "web01", "Web Files", times, type="c", level="F", pool="Copy-Pool"
    )
    was = {column: _moment(original[column], teller.zone) for column in ("starttime", "endtime")}
    copied = teller.row(
        "web01-files",
        "web01",
        "Web Files",
        (times[0], was["starttime"], was["endtime"]),
        type="C",
        level="F",
        pool="Copy-Pool",
        files=original["jobfiles"],
        bytes=original["jobbytes"] + original["jobfiles"] * 115,
        readbytes=0,
        realended=times[2],
        priorjobid=original["jobid"],
        job=unique_name("web01-files", times[0], teller.zone, control["jobid"] + 1),
    )
    log = teller.log(control)
    log.by_director(
        times[1],
        f"Copying using JobId={original['jobid']} Job={original['job']}",
        f"Start Copying JobId {control['jobid']}, Job={control['job']}",
        'Using Device "FileDev1" to read.',
    )
    log.copy_summary(times[2], original, copied)
    log = teller.log(copied)
    log.by_director(times[1], 'Using Device "FileDev2" to write.')
    log.transferred(times[2])
    log.rows.extend(teller.logs[original["jobid"]])


def _moment(time: str, zone: tzinfo) -> datetime:
    return datetime.fromisoformat(time).replace(tzinfo=zone)


def _last(rows: list[Row], name: str) -> Row:
    return next(row for row in reversed(rows) if row["name"] == name)
