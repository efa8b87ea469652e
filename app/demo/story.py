"""The told night: forty days of one Director, most of what is special in the last night.

The ordinary runs are in `weeks`; here stands what went otherwise. Every date hangs on `now`: the
night begins yesterday at 22:00, and whatever would lie in the future is pulled together so that it
has happened.
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta, tzinfo

from . import weeks
from .night import Night, Row, unique_name
from .teller import Calendar, Teller
from .weeks import Plan

_NO_DATA = "Network error with FD during Backup: ERR=No data available"
_NO_STATUS = "Fatal error: No Job status returned from FD."

Scene = Callable[[Teller, Plan, int], object]


def told_night(now: datetime, zone: tzinfo) -> Night:
    """The weeks before `now`, as the catalog in `zone` and the Director know them."""
    teller = Teller(Calendar(now, zone))
    for night in range(weeks.NIGHTS, -1, -1):
        teller.begin(night)
        for scene in _BEFORE.get(night, ()):
            scene(teller)
        for plan in weeks.runs(night):
            _SCENES.get((night, plan.job), _ORDINARY[plan.type])(teller, plan, night)
        for scene in _AFTERWARDS.get(night, ()):
            scene(teller)
    _this_evening(teller)
    return teller.night()


def _this_evening(teller: Teller) -> None:
    """What is due again already: a report late in the evening sees its jobs wait their turn."""
    teller.begin(-1)
    for plan in weeks.runs(-1):
        due = teller.calendar.clock(-1, plan.hour, plan.minute)
        if due >= teller.calendar.now or plan.first < 0:
            continue
        row = teller.planned(plan, -1, (due, None, None), status="C")
        teller.live(row, "s", "is waiting on max Storage jobs", fileset=plan.fileset or "")


def _backup(teller: Teller, plan: Plan, night: int) -> None:
    teller.success(plan, night)


def _skipped(teller: Teller, plan: Plan, night: int) -> None:
    """The Director did not even try."""


def _restored(teller: Teller, night: int, machine: str, original: str) -> None:
    """Somebody wanted files back in the afternoon."""
    times = teller.calendar.span(night, (14, 20), 3.4)
    restored = _last(teller.jobs, original)
    row = teller.row(
        "RestoreFiles",
        machine,
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
        f"Restoring files from JobId(s) {restored['jobid']}",
        'Using Device "FileDev1" to read.',
    )
    log.by_storage(
        times[1],
        'Ready to read from volume "Full-0030" on File device "FileDev1" (/srv/bacula/vol1).',
    )
    log.restore_summary(times[2], "/srv/restore")


def _unreachable(teller: Teller, plan: Plan, night: int) -> None:
    """The File Daemon did not answer for some minutes."""
    times = teller.times(plan, night, 3, late=0 if night else 4)
    row = teller.planned(plan, night, times, level=_level(plan, night), status="f", errors=1)
    log = teller.log(row)
    log.start(times[1])
    log.by_director(
        times[2],
        "Fatal error: bsockcore.c:208 Unable to connect to Client:"
        f" {row['client']} on {_address(row)}:9102. ERR=Connection refused",
        _NO_STATUS,
    )
    log.backup_summary(times[2], teller.ending(row, sd_status="Waiting on FD"))


def _level(plan: Plan, night: int) -> str:
    """A job that never had a Full is made one each time."""
    return "F" if plan.first < weeks.NIGHTS else plan.ran_as(night)


def _address(row: Row) -> str:
    return f"10.20.0.{30 + row['clientid']}"


def _wrong_password(teller: Teller, plan: Plan, night: int) -> None:
    scheduled, started, _ = teller.times(plan, night, 0, late=0 if night else 4)
    ended = started + timedelta(seconds=5)
    row = teller.planned(plan, night, (scheduled, started, ended), status="f", errors=1)
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


def _incomplete(teller: Teller, plan: Plan, night: int) -> None:
    times = teller.times(plan, night, 22.4)
    row = teller.planned(plan, night, times, status="I", files=9_120, bytes=2_871_455_744, errors=2)
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


def _early_evening(teller: Teller, plan: Plan, night: int) -> None:
    """The Full that began at 21:50 and lost its File Daemon at 23:00; its log lies shuffled."""
    scheduled = teller.calendar.clock(0, 21, 50)
    started, ended = scheduled + timedelta(seconds=5), teller.calendar.clock(0, 23, 0, 17)
    row = teller.planned(
        plan,
        night,
        (scheduled, started, ended),
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
    log.by_storage(started, 'Volume "Full-0030" previously written, moving to end of data.')
    log.by_director(ended, _NO_STATUS)
    log.backup_summary(
        ended, teller.ending(row, sd_files=182_234, sd_bytes=398_141_227_008, sd_errors=1)
    )


def _killed(teller: Teller, plan: Plan, night: int) -> None:
    """The Director was restarted over this one: no summary, endtime = starttime."""
    scheduled, started, _ = teller.times(plan, night, 0)
    row = teller.planned(plan, night, (scheduled, started, started), status="f", realended=None)
    log = teller.log(row)
    log.start(started)
    log.by_storage(started, 'Volume "Full-0030" previously written, moving to end of data.')
    killed = teller.calendar.clock(night, 23, 41, 12)
    log.by_director(killed, f"Fatal error: {_NO_DATA}")
    log.by_storage(
        killed,
        "Fatal error: append.c:261 Network error reading from FD. ERR=No data available",
        "Elapsed time=00:56:08, Transfer rate=31.07 M Bytes/second",
    )


def _no_storage(teller: Teller, plan: Plan, night: int) -> None:
    times = teller.times(plan, night, 0.3)
    row = teller.planned(plan, night, times, status="f", errors=1)
    log = teller.log(row)
    log.by_director(times[1], f"Start Backup JobId {row['jobid']}, Job={row['job']}")
    log.by_director(
        times[2],
        "Fatal error: bsockcore.c:208 Unable to connect to Storage daemon"
        " on offsite01.example.com:9103. ERR=Connection refused",
    )
    log.backup_summary(times[2], teller.ending(row, storage="Offsite", fd_status="", sd_status=""))


def _write_error(teller: Teller, plan: Plan, night: int) -> None:
    """The disk under a Volume gave up in the middle of a Full."""
    times = teller.times(plan, night, 51)
    row = teller.planned(
        plan, night, times, status="f", files=61_204, bytes=98_112_337_920, errors=2
    )
    log, ended = teller.log(row), times[2]
    log.start(times[1], "FileDev2")
    log.by_storage(
        times[1],
        'Volume "Full-0027" previously written, moving to end of data.',
    )
    log.by_storage(
        ended,
        'Error: block.c:255 Write error at 0:2147480 on device "FileDev2" (/srv/bacula/vol2).'
        " ERR=Input/output error.",
        'Error: Error writing final EOF to tape. Volume "Full-0027" may not be readable.',
        'Fatal error: append.c:333 Write error on device "FileDev2" (/srv/bacula/vol2).'
        " ERR=Input/output error.",
    )
    log.pace(ended)
    log.backup_summary(ended, teller.ending(row, sd_errors=1))


def _two_days_long(teller: Teller, plan: Plan, night: int) -> None:
    scheduled, started, _ = teller.times(plan, night, 0)
    row = teller.planned(plan, night, (scheduled, started, None), status="R")
    teller.log(row).start(started)
    teller.progress(row, 3_118_442, 210, "/srv/media/촬영원본/2025-가을 홍보영상/A012_C004.mxf")


def _database(teller: Teller, plan: Plan, night: int) -> None:
    """The dump is ten times as large as usual."""
    times = teller.times(plan, night, 42)
    row = teller.planned(plan, night, times, files=3, bytes=96_002_113_536)
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


def _mail(teller: Teller, plan: Plan, night: int) -> None:
    times = teller.times(plan, night, 65)
    row = teller.planned(plan, night, times, errors=3, files=48_211, bytes=61_337_204_112)
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


def _script(teller: Teller, plan: Plan, night: int) -> None:
    times = teller.times(plan, night, 0.6)
    row = teller.planned(plan, night, times, status="f", errors=2)
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


def _long_log(teller: Teller, plan: Plan, night: int) -> None:
    """Names that a page must survive: bytes that are no UTF-8, colours, markup, bidi."""
    times = teller.times(plan, night, 177, late=3)
    row = teller.planned(
        plan, night, times, files=402_118, bytes=512_338_114_560, errors=_LOST_FILES + 4
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


def _device_full(teller: Teller, plan: Plan, night: int) -> None:
    times = teller.times(plan, night, 53, late=5)
    row = teller.planned(plan, night, times, status="E", errors=2, files=1_209, bytes=7_338_112_000)
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


def _dump_failed(teller: Teller, plan: Plan, night: int) -> None:
    """The directory was locked for a minute."""
    times = teller.times(plan, night, 0.4)
    row = teller.planned(plan, night, times, status="f", errors=2)
    log, ended = teller.log(row), times[2]
    log.start(times[1])
    log.by_client(times[1], 'shell command: run ClientBeforeJob "/usr/local/bin/slapcat-all"')
    log.by_client(
        ended,
        "ClientBeforeJob: slapcat: database is locked, try again",
        "Error: Runscript: ClientBeforeJob returned non-zero status=1."
        " ERR=Child exited with code 1",
    )
    log.by_director(
        ended,
        "Fatal error: Bad response to RunBeforeNow command: wanted 2000 OK RunBeforeNow\n,"
        " got 2905 Bad RunBeforeNow command.",
        f'Fatal error: Client "{row["client"]}" RunScript failed.',
    )
    log.backup_summary(ended, teller.ending(row, sd_status="OK"))


def _run_again(teller: Teller, job: str, night: int, minutes: float) -> None:
    """By hand, so many minutes after 22:00, and it went well."""
    plan = weeks.BY_JOB[job]
    level = plan.ran_as(night)
    usual = plan.usual(level, night)
    if night:
        evening = teller.calendar.clock(night, 22, 0)
        due = evening + timedelta(minutes=minutes)
        times = due, due + timedelta(seconds=3), due + timedelta(minutes=usual.minutes)
    else:
        times = teller.calendar.tonight(minutes, minutes, minutes + usual.minutes)
    row = teller.planned(plan, night, times, files=usual.files, bytes=usual.bytes)
    log = teller.log(row)
    log.start(times[1])
    log.transferred(times[2])
    log.backup_summary(times[2], teller.ending(row))


def _hidden_errors(teller: Teller, plan: Plan, night: int) -> None:
    """Counted as no error at all."""
    teller.success(
        plan,
        night,
        said=(
            '     Could not stat "/srv/lab/2026/measurements": ERR=Permission denied',
            '     Could not stat "/srv/lab/2026/spectra": ERR=Permission denied',
        ),
    )


def _not_mounted(teller: Teller, plan: Plan, night: int) -> None:
    """An empty mount point is saved faultlessly."""
    teller.success(plan, night, minutes=0.2, files=0, bytes=0)


def _upgraded(teller: Teller, plan: Plan, night: int) -> None:
    """Its FileSet was changed, so the Director made the Incremental a Full."""
    usual = plan.usual("F", night)
    times = teller.times(plan, night, usual.minutes)
    row = teller.planned(plan, night, times, level="F", files=usual.files, bytes=usual.bytes)
    log = teller.log(row)
    log.by_director(
        times[1],
        "No prior Full backup Job record found.",
        "No prior or suitable Full backup found in catalog. Doing FULL backup.",
    )
    log.start(times[1])
    log.transferred(times[2])
    log.backup_summary(times[2], teller.ending(row, upgraded_from="Incremental"))


def _images_again(teller: Teller, plan: Plan, night: int) -> None:
    """The Full that the Director's restart killed was started anew; another job waits for it."""
    images = weeks.BY_JOB["vm-host1-images"]
    scheduled = teller.calendar.night(45)
    started = scheduled + timedelta(seconds=4)
    row = teller.planned(images, night, (scheduled, started, None), level="F", status="R")
    teller.log(row).start(started)
    teller.progress(row, 61_337_204, 0.02, "/var/lib/libvirt/images/erp-prod.qcow2")
    waiting = teller.planned(plan, night, (scheduled, None, None), status="C")
    teller.live(waiting, "s", "is waiting on max Storage jobs", fileset="VM Images")


def _cancelled(teller: Teller, plan: Plan, night: int) -> None:
    """Somebody stopped it, or something did: the log does not tell."""
    times = teller.times(plan, night, 50)
    row = teller.planned(plan, night, times, status="A", errors=1, files=402, bytes=1_338_112_774)
    log, ended = teller.log(row), times[2]
    log.start(times[1])
    log.by_director(
        ended,
        "Fatal error: Network error with FD during Backup: ERR=Interrupted system call",
        _NO_STATUS,
    )
    log.backup_summary(ended, teller.ending(row))


def _tape(teller: Teller, plan: Plan, night: int) -> None:
    scheduled = teller.calendar.night(60)
    started = scheduled + timedelta(seconds=2)
    row = teller.planned(plan, night, (scheduled, started, None), status="R")
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


def _verify(teller: Teller, plan: Plan, night: int) -> None:
    times = teller.times(plan, night, 18 if plan.machine == "web01" else 4, late=1)
    verified = _last(teller.jobs, "web01-files" if plan.machine == "web01" else "hr01-docs")
    differs = plan.machine == "hr01" and night == 0
    row = teller.planned(
        plan,
        night,
        times,
        level="d" if differs else "O",
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


def _admin(teller: Teller, plan: Plan, night: int) -> None:
    times = teller.times(plan, night, 0.2)
    row = teller.planned(plan, night, times)
    row.update(volsessionid=0, volsessiontime=0)
    log = teller.log(row)
    log.by_director(
        times[1],
        'shell command: run BeforeJob "/usr/local/bin/prune-volumes"',
        "BeforeJob: 3 volumes pruned",
        f"Start Admin JobId {row['jobid']}, Job={row['job']}",
    )
    log.admin_summary(times[2])


def _copy(teller: Teller, plan: Plan, night: int) -> None:
    """The control job, and the copied one that carries its original's times."""
    times = teller.times(plan, night, 124, late=1)
    original = next(
        row
        for row in reversed(teller.jobs)
        if row["name"] == "web01-files" and row["level"] == "F" and row["type"] == "B"
    )
    control = teller.planned(plan, night, times)
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
    log.rows.extend(teller.logs.get(original["jobid"], ()))


def _moment(time: str, zone: tzinfo) -> datetime:
    return datetime.fromisoformat(time).replace(tzinfo=zone)


def _last(rows: list[Row], name: str) -> Row:
    return next(row for row in reversed(rows) if row["name"] == name)


_ORDINARY: Mapping[str, Scene] = {"B": _backup, "V": _verify, "D": _admin, "c": _copy}
_SCENES: Mapping[tuple[int, str], Scene] = {
    (0, "nas01-data"): _early_evening,
    (0, "db01-dump"): _database,
    (0, "mail01-mailboxes"): _mail,
    (0, "erp01-db"): _script,
    (0, "files-seoul-share"): _long_log,
    (0, "dead01-files"): _unreachable,
    (0, "log01-syslog"): _device_full,
    (0, "ldap01-data"): _dump_failed,
    (0, "cad01-projects"): _not_mounted,
    (0, "lab01-data"): _hidden_errors,
    (0, "shop01-files"): _upgraded,
    (0, "print01-files"): _skipped,
    (0, "vm-host1-config"): _images_again,
    (0, "web02-logs"): _cancelled,
    (0, "erp01-tape"): _tape,
    (2, "files-busan-media"): _two_days_long,
    (3, "log01-archive"): _no_storage,
    (4, "vm-host1-images"): _killed,
    (5, "git01-repos"): _incomplete,
    (5, "wms01-data"): _write_error,
    (7, "hr01-docs"): _unreachable,
    (8, "hr01-docs"): _unreachable,
    (17, "hr01-docs"): _unreachable,
    (23, "db01-dump"): _dump_failed,
    **{(night, "wiki01-files"): _unreachable for night in range(9)},
    **{(night, "dev01-home"): _wrong_password for night in range(6)},
    **{(night, "web02-files"): _unreachable for night in range(1, 4)},
}
"""What went otherwise, by night and job."""

_BEFORE: Mapping[int, tuple[Callable[[Teller], object], ...]] = {
    0: (lambda teller: _restored(teller, 0, "hr01", "hr01-docs"),),
    19: (lambda teller: _restored(teller, 19, "files-seoul", "files-seoul-share"),),
}
_AFTERWARDS: Mapping[int, tuple[Callable[[Teller], object], ...]] = {
    0: (lambda teller: _run_again(teller, "ldap01-data", 0, 190),),
    17: (lambda teller: _run_again(teller, "hr01-docs", 17, 610),),
    23: (lambda teller: _run_again(teller, "db01-dump", 23, 587),),
}
