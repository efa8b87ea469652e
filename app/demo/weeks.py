"""The ordinary weeks: which jobs the told Director runs when, and how they usually turn out.

Nights are counted backwards: 0 is the last one, -1 the coming one. What went otherwise than usual
is told in `story`.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta, tzinfo
from functools import cache
from typing import Any
from zlib import crc32

from .night import Resource, Row, catalog_time, epoch

NIGHTS = 40
"""How far back the catalog reaches; older jobs were pruned."""
_WEEK = 7
_GIGA = 1_000_000_000
_SPREAD = 0.08  # a night differs from the usual by so much at most


@dataclass(frozen=True, slots=True)
class Size:
    """How long a run usually takes, how many files it saves, and how many bytes."""

    minutes: float
    files: int
    bytes: int


@dataclass(frozen=True, slots=True)
class Plan:
    """One Job resource with its Schedule, and what its runs usually amount to.

    Attributes:
        job: the job's name.
        machine: its client, without the "-fd".
        fileset: its FileSet; None for jobs that have none.
        hour: when it is due.
        minute: the same.
        daily: its level on ordinary nights, "" where it does not run then.
        weekly: its levels on certain nights, by the night's number modulo 7.
        sizes: what is usual for each level.
        type: JobType letter.
        schedule: the name of its Schedule, "" for a job that is only run by hand.
        pool: its pool where the level does not choose it.
        first: the oldest night of it, counted back.
        last: the newest night of it, counted back; later ones did not happen.
        enabled: whether the Director runs it.
    """

    job: str
    machine: str
    fileset: str | None
    hour: int
    minute: int
    daily: str = ""
    weekly: Mapping[int, str] = field(default_factory=dict)
    sizes: Mapping[str, Size] = field(default_factory=dict)
    type: str = "B"
    schedule: str = "Nightly"
    pool: str | None = None
    first: int = NIGHTS
    last: int = -_WEEK * NIGHTS
    enabled: bool = True

    def level(self, night: int) -> str:
        """Which level is due on a night, "" for none."""
        return self.weekly.get(night % _WEEK, self.daily) if self.schedule else ""

    def runs(self, night: int) -> bool:
        """Whether the job was run, or would be, on a night."""
        return self.last <= night <= self.first and self.level(night) != ""

    def ran_as(self, night: int) -> str:
        """At which level it was run: the first backup of all is always a Full."""
        level = self.level(night)
        return "F" if night == self.first and level in ("I", "D") else level

    def usual(self, level: str, night: int) -> Size:
        """What a run of a level amounts to on a night, a little different each time."""
        size = self.sizes[level]
        minutes, files, count = (
            1 + _SPREAD * (2 * crc32(f"{self.job} {night} {thing}".encode()) / 2**32 - 1)
            for thing in ("minutes", "files", "bytes")
        )
        few = size.files < 20  # dumps have as many files every night
        return Size(
            size.minutes * minutes,
            size.files if few else int(size.files * files),
            int(size.bytes * count),
        )


def _plan(
    job: str, machine: str, fileset: str, at: str, levels: str, *sizes: Size, **more: Any
) -> Plan:
    """A backup; `levels` such as "I F2" are nightly Incrementals, and a Full on nights 2, 9, 16."""
    hour, minute = at.split(":")
    names = levels.split()
    daily = names[0] if len(names[0]) == 1 else ""
    weekly = {int(name[1]): name[0] for name in names if len(name) == 2}
    known = {name[0]: size for name, size in zip(names, sizes, strict=True)}
    return Plan(job, machine, fileset, int(hour), int(minute), daily, weekly, known, **more)


def _size(minutes: float, files: int, gigabytes: float) -> Size:
    return Size(minutes, files, int(gigabytes * _GIGA))


_TINY = _size(1.2, 0, 0)
PLANS: tuple[Plan, ...] = (
    _plan(
        "nas01-data", "nas01", "NAS Data", "21:50", "I F0",
        _size(21, 9_804, 42.3), _size(311, 812_440, 1_913.4),
    ),
    _plan(
        "web01-files", "web01", "Web Files", "22:30", "I F2",
        _size(7, 3_110, 4.5), _size(68, 88_412, 104.2),
    ),
    _plan(
        "web02-files", "web02", "Web Files", "22:30", "I F5",
        _size(10, 2_910, 3.9), _size(37, 61_004, 71.2),
    ),
    _plan("db01-dump", "db01", "DB Dump", "22:30", "F", _size(12, 3, 9.5)),
    _plan(
        "mail01-mailboxes", "mail01", "Mail Boxes", "22:30", "I F5 D1",
        _size(62, 47_300, 60.2), _size(203, 2_411_872, 644.1), _size(71, 101_338, 121.4),
    ),
    _plan("erp01-db", "erp01", "ERP Dump", "22:30", "F", _size(41, 14, 58.1)),
    _plan(
        "git01-repos", "git01", "Git Repos", "22:30", "I F0",
        _size(9, 8_244, 3.1), _size(92, 1_196_020, 87.2),
    ),
    _plan(
        "hr01-docs", "hr01", "HR Documents", "22:30", "I F2",
        _size(4, 812, 1.1), _size(19, 22_901, 31.0),
    ),
    _plan(
        "files-seoul-share", "files-seoul", "Shared Files", "22:30", "I F3 D0",
        _size(61, 118_204, 150.3), _size(284, 1_911_730, 1_402.0), _size(172, 398_400, 508.6),
    ),
    _plan(
        "dead01-files", "dead01", "Web Files", "22:30", "I F0",
        _size(5, 1_904, 1.2), _size(35, 42_118, 38.4),
    ),
    _plan(
        "dev01-home", "dev01", "Home Folders", "22:30", "I F6",
        _size(8, 6_120, 2.8), _size(44, 310_411, 92.0),
    ),
    _plan(
        "log01-syslog", "log01", "System Logs", "22:30", "I F1",
        _size(25, 1_510, 7.1), _size(70, 9_066, 41.2),
    ),
    _plan(
        "log01-archive", "log01", "System Logs", "22:30", "F3", _size(66, 9_120, 44.0),
        schedule="Weekly", pool="Offsite-Pool",
    ),
    _plan("ldap01-data", "ldap01", "DB Dump", "22:30", "F", _size(4, 1_204, 0.38)),
    _plan(
        "wiki01-files", "wiki01", "Web Files", "22:30", "I F4",
        _size(2, 900, 0.5), _size(9, 12_000, 8.0), first=8,
    ),
    _plan(
        "wms01-data", "wms01", "Shared Files", "22:35", "I F5",
        _size(12, 3_010, 9.0), _size(88, 120_448, 210.2),
    ),
    _plan(
        "cad01-projects", "cad01", "Shared Files", "22:35", "I F0",
        _size(9, 640, 6.1), _size(61, 48_310, 187.3),
    ),
    _plan(
        "lab01-data", "lab01", "Home Folders", "22:35", "I F1",
        _size(14, 5_204, 11.7), _size(93, 402_117, 233.8),
    ),
    _plan(
        "shop01-files", "shop01", "Web Files", "22:35", "I F4",
        _size(6, 2_204, 2.2), _size(33, 71_330, 54.9),
    ),
    _plan(
        "intranet01-files", "intranet01", "Web Files", "22:35", "I F3",
        _size(5, 1_402, 1.6), _size(27, 38_820, 29.4), last=15, enabled=False,
    ),
    _plan(
        "print01-files", "print01", "Home Folders", "22:40", "I F3",
        _size(3, 402, 0.9), _size(16, 18_204, 12.4),
    ),
    _plan("crm01-db", "crm01", "DB Dump", "22:40", "F", _size(10, 5, 7.0), first=-1),
    _plan(
        "files-busan-media", "files-busan", "Media Archive", "22:40", "F2 F5",
        _size(610, 8_904, 114.0), _size(610, 8_904, 114.0), schedule="TwiceAWeek",
    ),
    _plan(
        "vm-host1-images", "vm-host1", "VM Images", "22:45", "F4", _size(1_560, 114, 5_730.0),
        schedule="Weekly",
    ),
    _plan(
        "vm-host1-config", "vm-host1", "VM Images", "22:45", "I F1",
        _size(1.5, 61, 0.04), _size(4, 2_204, 0.61),
    ),
    _plan(
        "web02-logs", "web02", "System Logs", "22:50", "I F5",
        _size(14, 911, 3.1), _size(52, 7_338, 27.5),
    ),
    _plan(
        "erp01-tape", "erp01", "ERP Dump", "23:00", "F0", _size(88, 14, 58.1),
        schedule="Weekly", pool="Tape-Pool",
    ),
    _plan("VerifyWeb01", "web01", "", "23:05", "O0", _TINY, schedule="Weekly", type="V"),
    _plan("VerifyHr01", "hr01", "", "23:05", "d0", _TINY, schedule="Weekly", type="V"),
    Plan("AdminCleanup", "backup01", None, 23, 5, "", {0: " "}, {" ": _TINY}, "D", "Weekly"),
    _plan(
        "CopyFull", "web01", "Web Files", "23:05", "F0", _TINY,
        schedule="Weekly", type="c", pool="Copy-Pool",
    ),
    _plan(
        "BackupCatalog", "backup01", "Catalog", "23:10", "F", _size(2.2, 1, 0.418),
        schedule="AfterBackup", pool="Catalog-Pool",
    ),
    Plan("RestoreFiles", "hr01", None, 0, 0, schedule="", type="R"),
)  # fmt: skip
BY_JOB = {plan.job: plan for plan in PLANS}
_SHOWN_LEVELS = {"I": "Incremental", "F": "Full", "O": "VolumeToCatalog", "d": "DiskToCatalog"}


@cache
def night_of_week(remainder: int) -> tuple[Plan, ...]:
    """The plans that are due on nights of a week, in the order of their times."""
    due = (plan for plan in PLANS if plan.level(remainder))
    return tuple(sorted(due, key=lambda plan: (plan.hour, plan.minute)))


def runs(night: int) -> Iterator[Plan]:
    """The jobs that were run on a night, in the order of their times."""
    return (plan for plan in night_of_week(night % _WEEK) if plan.runs(night))


def schedule(now: datetime, zone: tzinfo, days: int = 31) -> list[Row]:
    """What bconsole foretells, from the midnight before `now` on."""
    today = now.astimezone(zone)
    midnight = datetime(today.year, today.month, today.day, tzinfo=zone)
    return [
        _run(plan, plan.level(-1 - day), midnight + timedelta(days=day), zone)
        for day in range(days)
        for plan in runs(-1 - day)
        if plan.enabled
    ]


def resources() -> dict[str, Resource]:
    """The Job resources of the Director's configuration."""
    return {
        plan.job: Resource(
            client=f"{plan.machine}-fd",
            type=plan.type,
            level=_SHOWN_LEVELS.get(plan.daily or next(iter(plan.weekly.values()), ""), ""),
            enabled=plan.enabled,
            schedule=plan.schedule,
        )
        for plan in PLANS
    }


def _run(plan: Plan, level: str, midnight: datetime, zone: tzinfo) -> Row:
    due = midnight + timedelta(hours=plan.hour, minutes=plan.minute)
    return {
        "level": level,
        "type": plan.type,
        "name": plan.job,
        "client": f"{plan.machine}-fd",
        "fileset": plan.fileset or "",
        "schedtime_epoch": epoch(due),
        "schedtime": catalog_time(due, zone),
        "priority": "10",
        "schedule": plan.schedule,
    }
