"""The labelled nights. Labels say what is right, not what is found."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import Any
from zoneinfo import ZoneInfo

from app.assess.finding import Kind
from app.demo import Fault, FaultKind, Night, told_night
from app.demo.inventory import pool_row, volume_row
from app.demo.night import Row
from app.period import Mode
from app.policy import JobRule, Policy
from tests.nights.site import (
    FULL_DISK,
    GIGA,
    REFUSED,
    SCRIPT,
    SEOUL,
    SKIPPED,
    UNREACHABLE,
    Change,
    Plan,
    Site,
    every_night,
    failed,
    monthly,
    nightly,
    on_days,
)

Label = tuple[Kind, str, str]
"""A kind, the client (or ""), and the job, or else the pool or Volume."""

WEDNESDAY = datetime(2026, 11, 18, 8, 0, tzinfo=SEOUL)
BERLIN = ZoneInfo("Europe/Berlin")


@dataclass(frozen=True)
class Labelled:
    """A night, how it is asked for, and what should be told of it.

    Attributes:
        title: what is special about it.
        tell: makes the night.
        now: the moment at which the report is made.
        expected: what a careful operator wants to be told.
        mode: which period.
        policy: what the site expects.
        faults: what the server does not answer.
    """

    title: str
    tell: Callable[[], Night]
    now: datetime
    expected: frozenset[Label]
    mode: Mode = Mode.PRODUCTION
    policy: Policy = field(default_factory=Policy)
    faults: tuple[Fault, ...] = ()
    false_alarms: frozenset[Label] = frozenset()
    """What is told though it should not be: known, and not mended."""
    overlooked: frozenset[Label] = frozenset()
    """What is not told though it should be: known, and not mended."""
    host_zone: tzinfo | None = None
    """The zone of the machine that reports; None: that of the Director."""


# --- the usual site ---------------------------------------------------------------------------

WEB = Plan("web01-files", "web01-fd")
DB = Plan("db01-dump", "db01-fd", levels=every_night("F"), files=3, bytes=GIGA)
MAIL = Plan("mail01-boxes", "mail01-fd", at=((22, 45),), levels=nightly(full=5), minutes=30)
NAS = Plan("nas01-data", "nas01-fd", at=((23, 0),), minutes=40, files=9_000, bytes=12 * GIGA)
GIT = Plan("git01-repos", "git01-fd", levels=nightly(full=1))
HR = Plan("hr01-docs", "hr01-fd", at=((23, 30),), levels=nightly(full=0))
CATALOG = Plan(
    "BackupCatalog",
    "backup01-fd",
    at=((23, 55),),
    levels=every_night("F"),
    minutes=2,
    files=1,
    bytes=GIGA // 60,
    fileset="Catalog",
    schedule="AfterBackup",
)
USUAL = (WEB, DB, MAIL, NAS, GIT, HR, CATALOG)


def proofs_of(
    plans: Sequence[Plan], now: datetime, restored: int = 10
) -> list[tuple[Plan, datetime, str, Change]]:
    """A Restore and a Verify of each client, so many days and nine days before."""
    clients = dict.fromkeys(plan.client for plan in plans)
    return [
        (
            Plan(job, client, type=type_, minutes=3, files=40, fileset=None, schedule=""),
            now - timedelta(days=days, hours=-3, minutes=number),
            level,
            {},
        )
        for number, client in enumerate(clients)
        for job, type_, level, days in (
            (f"Restore-{client}", "R", "F", restored),
            (f"Verify-{client}", "V", "O", 9),
        )
    ]


def shelves(
    now: datetime, changes: Mapping[str, Mapping[str, Any]] | None = None, most: int = 40
) -> tuple[list[Row], list[Row]]:
    """Two pools with room for months: a Volume a week each, the newest half full.

    Args:
        now: the moment at which it is so.
        changes: what is otherwise, by Volume.
        most: how many Volumes the pool of the Incrementals may have.
    """
    volumes = [
        volume_row(
            10 * poolid + back,
            f"{pool}-{back}",
            f"{pool}-Pool",
            now,
            SEOUL,
            **{
                "status": "Append" if back == 0 else "Full",
                "gigabytes": 1_000 if back == 0 else 2_000,
                "most": 2_000,
                "first": 7 * back + 3,
                "last": max(7 * back - 4, 0.4),
                "retention": 90,
                "poolid": poolid,
                **(changes or {}).get(f"{pool}-{back}", {}),
            },
        )
        for poolid, pool in ((1, "Full"), (2, "Inc"))
        for back in range(6)
    ]
    pools = [
        pool_row(1, "Full-Pool", 6, most=40, retention=90, gigabytes=2_000),
        pool_row(2, "Inc-Pool", 6, most=most, retention=90, gigabytes=2_000),
    ]
    return pools, volumes


def usual(
    now: datetime = WEDNESDAY,
    changes: Mapping[tuple[str, int], Change] | None = None,
    *,
    plans: Sequence[Plan] = USUAL,
    extra: Sequence[tuple[Plan, datetime, str, Change]] = (),
    unverified: Sequence[str] = (),
    restored: int = 10,
    stock: tuple[list[Row], list[Row]] | None = None,
    **more: Any,
) -> Callable[[], Night]:
    """Six servers and the catalog, all tested and with room for months, but for what is told."""

    def tell() -> Night:
        runs = proofs_of(plans, now, restored)
        further = [run for run in runs if run[0].type == "R" or run[0].client not in unverified]
        pools, volumes = stock or shelves(now)
        told = {"changes": changes or {}, "pools": pools, "volumes": volumes, **more}
        return Site(now, plans, extra=[*further, *extra], **told).night()

    return tell


def _label(kind: Kind, *plans: Plan) -> set[Label]:
    return {(kind, plan.client, plan.job) for plan in plans}


def _night(
    title: str,
    tell: Callable[[], Night],
    *expected: set[Label],
    now: datetime = WEDNESDAY,
    mode: Mode = Mode.PRODUCTION,
    policy: Policy | None = None,
    faults: tuple[Fault, ...] = (),
    wrong: Iterable[Label] = (),
    overlooked: Iterable[Label] = (),
    host_zone: tzinfo | None = None,
) -> Labelled:
    labels = frozenset[Label]().union(*expected)
    differences = frozenset(wrong), frozenset(overlooked)
    return Labelled(
        title, tell, now, labels, mode, policy or Policy(), faults, *differences, host_zone
    )


def _last_nights(plan: Plan, nights: int, change: Change) -> dict[tuple[str, int], Change]:
    """The same change on each of the last nights; by date the last night was one day ago."""
    return {(plan.job, back): change for back in range(1, nights + 1)}


# --- quiet nights: nothing is to be told ------------------------------------------------------

MONDAY = datetime(2026, 11, 16, 8, 0, tzinfo=SEOUL)
WEEKDAYS = tuple(
    Plan(plan.job, plan.client, plan.at, on_days(range(5), "F"), fileset=plan.fileset)
    for plan in USUAL
)
END_OF_MONTH = datetime(2026, 11, 27, 8, 0, tzinfo=SEOUL)
MONTHLY = (
    Plan("arc01-data", "arc01-fd", levels=monthly("F", "I")),
    Plan("tape01-month", "tape01-fd", levels=monthly("F", "")),
    CATALOG,
)
ALL_DAY = tuple((hour, 0) for hour in range(24))
HOURLY = Plan(
    "shop01-orders", "shop01-fd", at=ALL_DAY, levels=every_night("F"), minutes=2, files=40,
    bytes=GIGA // 100, schedule="Hourly",
)  # fmt: skip
TWICE = Plan("erp01-db", "erp01-fd", at=((12, 30), (23, 10)), levels=every_night("F"), files=12)
SATURDAYS = (
    Plan("lib01-scans", "lib01-fd", levels=on_days([5])),
    Plan("lib02-scans", "lib02-fd", levels=on_days([5])),
    Plan("BackupCatalog", "backup01-fd", levels=on_days([5]), at=((23, 55),), fileset="Catalog"),
)
UPGRADED_LOG = (
    "No prior Full backup Job record found.",
    "No prior or suitable Full backup found in catalog. Doing FULL backup.",
    "Backup Level:           Full (upgraded from Incremental)",
)
FIRST_DAY = tuple(
    Plan(plan.job, plan.client, plan.at, plan.levels, fileset=plan.fileset, since=1)
    for plan in USUAL
)
FIRST_HOUR = tuple(
    Plan(plan.job, plan.client, ((7, 10 + number),), every_night("F"), minutes=1, since=0)
    for number, plan in enumerate(USUAL[:-1])
)
TINY: Change = {"files": 31, "bytes": 22_000_000, "minutes": 1}


def _weekends(plan: Plan, now: datetime, change: Change) -> dict[tuple[str, int], Change]:
    """The same change on every Saturday and Sunday."""
    today = now.date()
    return {
        (plan.job, back): change
        for back in range(43)
        if (today - timedelta(days=back)).weekday() >= 5
    }


def _copies(now: datetime) -> list[tuple[Plan, datetime, str, Change]]:
    """Each night a copy of what web01 saved, and a migration of an old backup of nas01."""
    found: list[tuple[Plan, datetime, str, Change]] = []
    control = Plan("CopyWeb01", "web01-fd", type="c", minutes=9, schedule="")
    mover = Plan("MigrateNas01", "nas01-fd", type="g", minutes=9, schedule="")
    for back in range(20, 0, -1):
        evening = (now - timedelta(days=back)).replace(hour=22, minute=30)
        at = evening + timedelta(hours=2)
        copied = _copied(WEB, "C", evening, at)
        found += [(control, at, "F", {}), (WEB, at + timedelta(seconds=1), "I", copied)]
    evening = (now - timedelta(days=6)).replace(hour=23, minute=0)
    at = (now - timedelta(days=1)).replace(hour=23, minute=58)
    moved = _copied(NAS, "B", evening, at)
    found += [(mover, at, "F", {}), (NAS, at + timedelta(seconds=1), "I", moved)]
    return found


def _copied(plan: Plan, type_: str, original: datetime, at: datetime) -> Change:
    """A row that carries its original's times."""
    return {
        "type": type_,
        "started": original + timedelta(seconds=5),
        "ended": original + timedelta(minutes=11),
        "created": at,
        "real_ended": at + timedelta(minutes=8),
        "copy_of": (plan.job, original),
        "pool": "Copy-Pool",
    }


SPRING = datetime(2026, 3, 29, 8, 0, tzinfo=BERLIN)
AUTUMN = datetime(2026, 10, 25, 8, 0, tzinfo=BERLIN)
HALF_PAST_TWO = tuple(
    Plan(plan.job, plan.client, ((2, 30),), plan.levels, fileset=plan.fileset) for plan in USUAL
)
NO_PLANS_KNOWN = tuple(
    Fault(path, FaultKind.ERROR, code=1000)
    for path in ("/schedules/", "/jobs/show", "/pools", "/volumes", "/clients", "status")
)

QUIET = (
    _night("all green", usual()),
    _night("a green week", usual(), mode=Mode.TEST),
    _night("a site that rests at weekends, on Monday morning", usual(MONDAY, plans=WEEKDAYS),
           now=MONDAY),
    _night("the same site over a week", usual(MONDAY, plans=WEEKDAYS), now=MONDAY, mode=Mode.TEST),
    _night("monthly Fulls at the end of the month", usual(END_OF_MONTH, plans=MONTHLY),
           now=END_OF_MONTH),
    _night("hourly jobs and jobs twice a day", usual(plans=(*USUAL, HOURLY, TWICE))),
    _night("a new site on its first day", Site(
        WEDNESDAY, FIRST_DAY, days=1, changes={
            (plan.job, 1): {"level": "F", "log": UPGRADED_LOG} for plan in FIRST_DAY
        }).night),
    _night("a Director that was set up an hour ago", Site(WEDNESDAY, FIRST_HOUR, days=0).night),
    _night("copies and a migration beside their originals", usual(
        changes={("nas01-data", 6): {"type": "M"}}, extra=_copies(WEDNESDAY))),
    _night("tiny Incrementals on every weekend", usual(
        MONDAY, {**_weekends(WEB, MONDAY, TINY), **_weekends(NAS, MONDAY, TINY)}),
        now=MONDAY),
    _night("tiny Incrementals on a holiday in midweek", usual(changes={
        ("web01-files", 1): TINY, ("nas01-data", 1): TINY, ("mail01-boxes", 1): TINY}),
        wrong=_label(Kind.UNUSUAL, WEB, NAS, MAIL)),
    _night("a night with a Restore only", usual(plans=SATURDAYS, extra=[
        (Plan("RestoreFiles", "lib01-fd", type="R", fileset=None, schedule=""),
         WEDNESDAY - timedelta(hours=9), "F", {})])),
    _night("the clocks go forward over half past two", usual(
        SPRING, {(plan.job, 0): SKIPPED for plan in HALF_PAST_TWO}, plans=HALF_PAST_TWO,
        zone=BERLIN), now=SPRING),
    _night("the clocks go back over half past two", usual(
        AUTUMN, plans=HALF_PAST_TWO, zone=BERLIN), now=AUTUMN),
    _night("schedules, configuration, pools and status not to be had", usual(),
           faults=NO_PLANS_KNOWN),
    _night("a missed job that the policy does not expect", usual(changes={
        ("web01-files", 1): SKIPPED}),
        policy=Policy(rules=(JobRule(job="web01-*", expected=False),))),
)  # fmt: skip


# --- nights with trouble ----------------------------------------------------------------------

ALL_BAD = {
    ("web01-files", 1): UNREACHABLE,
    ("db01-dump", 1): SCRIPT,
    ("mail01-boxes", 1): REFUSED,
    ("nas01-data", 1): FULL_DISK,
    ("git01-repos", 1): UNREACHABLE,
    ("hr01-docs", 1): UNREACHABLE,
}
SERVERS = (WEB, DB, MAIL, NAS, GIT, HR)
NEW = Plan("new01-files", "new01-fd", levels=every_night("F"), since=10)
TO_COME = Plan("crm01-db", "crm01-fd", levels=every_night("F"))
OFF = Plan("old01-files", "old01-fd", enabled=False)
TAPE = Plan("tape01-full", "tape01-fd", at=((22, 15),), levels=on_days([1]))
WAITING: Change = {
    "status": "R", "live": "m", "words": "is waiting for an appendable Volume",
    "log": ("Job is waiting. Cannot find any appendable volumes.",),
}  # fmt: skip
QUEUED: Change = {"status": "C", "live": "d", "words": "is waiting on max Client jobs"}
MOVING: Change = {"status": "R", "live_files": 40_000, "live_bytes": 90 * GIGA}
DUPLICATE = failed(
    "Fatal error: JobId 1234 already running. Duplicate job not allowed.", status="A"
)
BY_LIMIT = failed("Fatal error: Max run time exceeded. Job canceled.", status="A", minutes=360)
UNREAD: Change = {
    "log": ('     Could not stat "/srv/git/private": ERR=Permission denied',),
}


def _again(plan: Plan, now: datetime, level: str = "I") -> tuple[Plan, datetime, str, Change]:
    """A run by hand in the early morning, which went well."""
    return plan, now - timedelta(hours=4), level, {}


def _all_by_hand(now: datetime) -> Sequence[tuple[Plan, datetime, str, Change]]:
    """Everything run by hand at six."""
    return [
        (plan, now.replace(hour=6) + timedelta(minutes=number), plan.levels(_evening(now)), {})
        for number, plan in enumerate(USUAL)
    ]


def _evening(now: datetime) -> date:
    return now.date() - timedelta(days=1)


TROUBLED = (
    _night("every server fails", usual(changes=ALL_BAD), _label(Kind.FAILED, *SERVERS)),
    _night("a password refused for six nights", usual(
        changes=_last_nights(MAIL, 6, REFUSED)),
        _label(Kind.FAILED, MAIL), _label(Kind.TOO_OLD, MAIL)),
    _night("a new server that never succeeded", usual(
        plans=(*USUAL, NEW), days=30, changes=_last_nights(NEW, 10, UNREACHABLE)),
        _label(Kind.NEVER_BACKED_UP, NEW), _label(Kind.FAILED, NEW)),
    _night("one job did not run", usual(changes={("db01-dump", 1): SKIPPED}),
           _label(Kind.MISSED, DB)),
    _night("a weekly job did not run", usual(
        plans=(*USUAL, TAPE), changes={("tape01-full", 1): SKIPPED}),
        _label(Kind.MISSED, TAPE)),
    _night("a job did not run one night of the week", usual(
        changes={("nas01-data", 3): SKIPPED}), _label(Kind.MISSED, NAS), mode=Mode.TEST),
    _night("the Director was down all night", usual(
        changes={(plan.job, 1): SKIPPED for plan in USUAL}), _label(Kind.MISSED, *USUAL)),
    _night("the Director was down, and all was run by hand at six", usual(
        changes={(plan.job, 1): SKIPPED for plan in USUAL}, extra=_all_by_hand(WEDNESDAY))),
    _night("everything began five hours late", usual(
        changes={(plan.job, 1): {"late": 300} for plan in USUAL}), _label(Kind.LATE, *USUAL)),
    _night("one run of an hourly job failed", usual(
        plans=(*USUAL, HOURLY), changes={("shop01-orders", 0): {**UNREACHABLE, "hours": [3]}}),
        _label(Kind.RECOVERED, HOURLY)),
    _night("failed, and run again by hand", usual(
        changes={("web01-files", 1): UNREACHABLE}, extra=[_again(WEB, WEDNESDAY)]),
        _label(Kind.RECOVERED, WEB)),
    _night("a duplicate was cancelled, the other run was good", usual(
        extra=[
            (WEB, WEDNESDAY - timedelta(hours=9, minutes=28), "I", DUPLICATE),
            (WEB, WEDNESDAY - timedelta(hours=8), "I", {}),
        ]), _label(Kind.RECOVERED, WEB)),
    _night("cancelled by a time limit", usual(changes={("nas01-data", 1): BY_LIMIT}),
           _label(Kind.CANCELLED, NAS)),
    _night("works again after three nights", usual(
        changes={("git01-repos", back): UNREACHABLE for back in (2, 3, 4)}),
        _label(Kind.SOLVED, GIT)),
    _night("the tape waits for somebody, and others wait behind it", usual(
        plans=(*USUAL, TAPE),
        changes={("tape01-full", 1): WAITING, ("hr01-docs", 1): QUEUED}),
        _label(Kind.NEEDS_OPERATOR, TAPE), _label(Kind.LATE, HR)),
    _night("a job that runs for nine hours instead of twelve minutes", usual(
        changes={("web01-files", 1): MOVING}), _label(Kind.STALLED, WEB)),
    _night("a job was disabled and forgotten", usual(
        plans=(*USUAL, OFF), changes=_last_nights(OFF, 12, SKIPPED)),
        _label(Kind.DISABLED, OFF)),
    _night("a server without a job", usual(idle=("test01-fd",)), {(Kind.NO_JOB, "test01-fd", "")}),
    _night("a configured job that never ran", usual(never=(TO_COME,)),
           _label(Kind.NEVER_RUN, TO_COME)),
    _night("an empty Full", usual(changes={("git01-repos", 1): {"files": 0, "bytes": 0}}),
           _label(Kind.EMPTY, GIT)),
    _night("ten times as much as usual", usual(changes={
        ("db01-dump", 1): {"bytes": 320 * GIGA, "files": 900}}), _label(Kind.UNUSUAL, DB)),
    _night("a success that could not read its files", usual(changes={
        ("git01-repos", 1): UNREAD}), _label(Kind.HIDDEN_ERRORS, GIT)),
    _night("a Full instead of an Incremental", usual(changes={
        ("hr01-docs", 1): {"level": "F", "log": UPGRADED_LOG, "files": 60_000,
                           "bytes": 120 * GIGA, "minutes": 48}}), _label(Kind.UPGRADED, HR)),
    _night("Incrementals after a Full that failed", usual(changes={
        ("web01-files", 3): {**UNREACHABLE, "level": "F"}}), _label(Kind.BROKEN_CHAIN, WEB)),
    _night("no backup of the catalog at all", usual(plans=SERVERS),
           {(Kind.CATALOG_BACKUP, "", "")}),
    _night("the catalog not backed up for five nights", usual(
        changes=_last_nights(CATALOG, 5, FULL_DISK)),
        _label(Kind.FAILED, CATALOG), _label(Kind.TOO_OLD, CATALOG)),
    _night("the catalog's own job was disabled twelve nights ago", usual(
        plans=(*SERVERS, replace(CATALOG, enabled=False)),
        changes=_last_nights(CATALOG, 12, SKIPPED)),
        _label(Kind.CATALOG_BACKUP, CATALOG), _label(Kind.DISABLED, CATALOG)),
    _night("no Restore ever, and nobody verifies", lambda: Site(WEDNESDAY, USUAL).night(),
           {(Kind.NO_RESTORE_TEST, plan.client, "") for plan in USUAL}),
    _night("two servers are left out of the Verifys", usual(unverified=("hr01-fd", "git01-fd")),
           {(Kind.NO_VERIFY, "hr01-fd", ""), (Kind.NO_VERIFY, "git01-fd", "")}),
    _night("a pool without a Volume to write to", usual(
        stock=shelves(WEDNESDAY, {"Inc-0": {"status": "Full", "gigabytes": 2_000}}, most=6)),
        {(Kind.POOL_FULL, "", "Inc-Pool")}),
    _night("a pool with one Volume left, and little room on it", usual(
        stock=shelves(WEDNESDAY, {"Inc-0": {"gigabytes": 1_850}}, most=6)),
        {(Kind.ROOM, "", "Inc-Pool")}),
    _night("a Volume in Error", usual(stock=shelves(WEDNESDAY, {"Full-3": {"status": "Error"}})),
           {(Kind.VOLUME_ERROR, "", "Full-Pool")}),
    _night("a Volume in Error that somebody has disabled", usual(
        stock=shelves(WEDNESDAY, {"Full-3": {"status": "Error", "enabled": 0}}))),
    _night("a Volume that expires in three days", usual(
        stock=shelves(WEDNESDAY, {"Inc-5": {"retention": 34}})),
        {(Kind.EXPIRING, "", "Inc-Pool")}),
    _night("one failure, and no look back", usual(changes={("web01-files", 1): UNREACHABLE}),
           _label(Kind.FAILED, WEB), policy=Policy(look_back=timedelta())),
    _night("one failure while half of the answers is missing", usual(
        changes={("web01-files", 1): UNREACHABLE}),
        _label(Kind.FAILED, WEB), faults=NO_PLANS_KNOWN),
)  # fmt: skip

# --- nights that are easily misread -----------------------------------------------------------

MOVED = Plan("web01-files", "web09-fd")
WEEKLY_NOW = replace(HR, levels=lambda day: "F" if day.weekday() == 5 else "")
BIG = Plan(
    "vm01-images", "vm01-fd", at=((22, 0),), levels=on_days([1]), minutes=600, bytes=30 * GIGA,
    schedule="Weekly",
)  # fmt: skip
QUIET_HOST = Plan("dns01-files", "dns01-fd", files=4, bytes=40_000)
DIED = {
    "status": "f", "real_ended": None, "minutes": 0, "files": 0, "bytes": 0,
    "log": ("Fatal error: Network error with FD during Backup: ERR=No data available",),
}  # fmt: skip


def _before(plan: Plan, now: datetime, first: int, last: int) -> list[Any]:
    """Runs of a plan that is configured otherwise by now."""
    days = ((now - timedelta(days=back)).replace(hour=22, minute=30) for back in range(first, last))
    return [(plan, due, plan.levels(due.date()), {}) for due in days]


def _growing(plan: Plan, daily: float) -> dict[tuple[str, int], Change]:
    """A dump that grows by a share each day."""
    return {
        (plan.job, back): {"bytes": int(30 * plan.bytes / (1 + daily) ** back), "files": 90}
        for back in range(43)
    }


def _synthetic(now: datetime) -> list[Any]:
    """Every Saturday a VirtualFull of nas01, which carries the times of older backups."""
    found = []
    for back in (4, 11, 18, 25):
        at = (now - timedelta(days=back)).replace(hour=5)
        old = at - timedelta(days=2)
        times = {"started": old, "ended": old + timedelta(minutes=30), "created": at}
        found.append((NAS, at, "F", {**times, "real_ended": at + timedelta(minutes=50)}))
    return found


MISREAD = (
    _night("a job that moved to another Client", usual(
        plans=(MOVED, *USUAL[1:]),
        changes={("web01-files", back): SKIPPED for back in range(6, 43)},
        extra=[*_before(WEB, WEDNESDAY, 6, 40), *proofs_of([WEB], WEDNESDAY)]),
        # The old Client is still there, and nothing saves it any more.
        {(Kind.NO_JOB, "web01-fd", "")}, overlooked={(Kind.NO_JOB, "web01-fd", "")}),
    _night("a nightly job that became a weekly one ten days ago", usual(
        plans=(*USUAL[:5], WEEKLY_NOW, CATALOG), extra=_before(HR, WEDNESDAY, 11, 40))),
    _night("a dump that grows by three per cent a day", usual(changes=_growing(DB, 0.03))),
    _night("a pool that takes turns with its Volumes", usual(
        stock=shelves(WEDNESDAY, {f"Inc-{back}": {"retention": 35} for back in range(6)}, most=6)),
        wrong={(Kind.EXPIRING, "", "Inc-Pool")}),
    _night("VirtualFulls every week", usual(extra=_synthetic(WEDNESDAY))),
    _night("a server on which hardly anything changes", usual(
        plans=(*USUAL, QUIET_HOST),
        changes={("dns01-files", back): {"files": 0, "bytes": 0} for back in (1, 3, 4, 9)})),
    _night("the Director was restarted under three jobs, which ran again", usual(
        changes={(plan.job, 1): DIED for plan in (NAS, GIT, HR)},
        extra=[
            (plan, WEDNESDAY - timedelta(hours=7), plan.levels(_evening(WEDNESDAY)), {})
            for plan in (NAS, GIT, HR)
        ]), _label(Kind.RECOVERED, NAS, GIT, HR)),
    _night("a backup that took six times as long", usual(changes={
        ("nas01-data", 1): {"minutes": 240}}), _label(Kind.UNUSUAL, NAS)),
    _night("most files are gone", usual(changes={
        ("db01-dump", 1): {"files": 4, "bytes": GIGA // 20}}), _label(Kind.UNUSUAL, DB)),
    _night("a weekly Full that always lasts into the morning", usual(
        plans=(*USUAL, BIG), changes={("vm01-images", 1): MOVING})),
    _night("warnings every night", usual(changes=_last_nights(MAIL, 40, {
        "errors": 2, "log": ('     Could not stat "/var/vmail/a": ERR=No such file',)})),
        _label(Kind.HIDDEN_ERRORS, MAIL)),
    _night("a week in which a server was down for three nights and works again", usual(
        changes={("git01-repos", back): UNREACHABLE for back in (3, 4, 5)}),
        _label(Kind.RECOVERED, GIT), mode=Mode.TEST),
    _night("every server was restored two months ago", usual(days=80, restored=60)),
    _night("the clocks go forward, and the machine that reports stands in UTC", usual(
        SPRING, {(plan.job, 0): SKIPPED for plan in HALF_PAST_TWO}, plans=HALF_PAST_TWO,
        zone=BERLIN), now=SPRING, host_zone=UTC),
)  # fmt: skip

# --- nights beyond the reach of the rules -----------------------------------------------------

SECOND = datetime(2026, 11, 2, 8, 0, tzinfo=SEOUL)
FIRST_OF_MONTH = Plan("tape01-month", "tape01-fd", at=((23, 0),), levels=monthly("F", ""))
YOUNG = replace(GIT, job="young01-repos", client="young01-fd", since=15)
OWN_DUMP = replace(CATALOG, job="dump-director", fileset="Director Dump")

BEYOND = (
    _night("an hourly job that paused for five hours", usual(
        plans=(*USUAL, HOURLY),
        changes={("shop01-orders", 0): {**SKIPPED, "hours": range(2, 7)}}),
        _label(Kind.MISSED, HOURLY), overlooked=_label(Kind.MISSED, HOURLY)),
    _night("a monthly job that did not run on the first", usual(
        SECOND, {("tape01-month", 1): SKIPPED}, plans=(*USUAL, FIRST_OF_MONTH), days=100),
        _label(Kind.MISSED, FIRST_OF_MONTH), now=SECOND,
        overlooked=_label(Kind.MISSED, FIRST_OF_MONTH)),
    _night("an empty Full of a job that is two weeks old", usual(
        plans=(*USUAL, YOUNG), changes={("young01-repos", 1): {"files": 0, "bytes": 0}}),
        _label(Kind.EMPTY, YOUNG), overlooked=_label(Kind.EMPTY, YOUNG)),
    _night("a job did not run as the clocks went forward, and the machine that reports stands in"
           " UTC", usual(SPRING, {("db01-dump", 1): SKIPPED}, zone=BERLIN),
           _label(Kind.MISSED, DB), now=SPRING, host_zone=UTC,
           overlooked=_label(Kind.MISSED, DB)),
    _night("a catalog backup that nobody would recognise", usual(plans=(*SERVERS, OWN_DUMP)),
           wrong={(Kind.CATALOG_BACKUP, "", "")}),
)  # fmt: skip

# --- the told night ---------------------------------------------------------------------------

DEMO_NOW = datetime(2026, 11, 21, 8, 0, tzinfo=SEOUL)


def _of(kind: Kind, *jobs: str) -> set[Label]:
    """Labels of jobs "name" on the client their name begins with, or "name@client"."""
    told = set()
    for job in jobs:
        name, _, client = job.partition("@")
        told.add((kind, f"{client or name.rsplit('-', 1)[0]}-fd", name))
    return told


_DEMO_CLIENTS = (
    "backup01", "cad01", "db01", "dead01", "dev01", "erp01", "files-busan", "files-seoul", "git01",
    "hr01", "intranet01", "lab01", "ldap01", "log01", "mail01", "nas01", "print01", "shop01",
    "vm-host1", "web01", "web02", "wms01",
)  # fmt: skip
_DEMO_BOTH = frozenset().union(
    _of(Kind.TOO_OLD, "dev01-home"),
    _of(Kind.FAILED, "wiki01-files", "dead01-files", "dev01-home", "log01-syslog", "nas01-data",
        "erp01-db"),
    _of(Kind.MISSED, "print01-files"),
    _of(Kind.EMPTY, "cad01-projects"),
    _of(Kind.NEEDS_OPERATOR, "erp01-tape"),
    _of(Kind.BROKEN_CHAIN, "wms01-data"),
    _of(Kind.CANCELLED, "web02-logs"),
    _of(Kind.STALLED, "files-busan-media"),
    _of(Kind.LATE, "vm-host1-config"),
    _of(Kind.NEVER_RUN, "crm01-db"),
    _of(Kind.DISABLED, "intranet01-files"),
    {(Kind.NO_JOB, "test01-fd", "")},
    _of(Kind.HIDDEN_ERRORS, "lab01-data", "files-seoul-share", "mail01-mailboxes",
        "VerifyHr01@hr01"),
    _of(Kind.UNUSUAL, "db01-dump"),
    _of(Kind.UPGRADED, "shop01-files"),
    _of(Kind.RECOVERED, "ldap01-data"),
    {(Kind.POOL_FULL, "", "Offsite-Pool"), (Kind.VOLUME_ERROR, "", "Full-Pool")},
    {(Kind.ROOM, "", "Inc-Pool"), (Kind.EXPIRING, "", "Diff-Pool")},
    {(Kind.NO_RESTORE_TEST, f"{name}-fd", "") for name in _DEMO_CLIENTS
     if name not in ("hr01", "files-seoul")},
    {(Kind.NO_VERIFY, f"{name}-fd", "") for name in _DEMO_CLIENTS
     if name not in ("hr01", "web01")},
)  # fmt: skip
DEMO_WEEK = _DEMO_BOTH.union(
    _of(Kind.NEVER_BACKED_UP, "wiki01-files"),
    _of(Kind.FAILED, "vm-host1-images", "log01-archive", "wms01-data"),
    _of(Kind.RECOVERED, "web02-files", "git01-repos"),
    _of(Kind.SOLVED, "hr01-docs"),
)
DEMO_NIGHT = _DEMO_BOTH.union(
    # Older than what is read of the past, so that "never" may not be said.
    _of(Kind.TOO_OLD, "wiki01-files"),
    _of(Kind.SOLVED, "web02-files"),
)
DEMO = (
    _night("the demo, a week", lambda: told_night(DEMO_NOW, SEOUL), set(DEMO_WEEK), now=DEMO_NOW,
           mode=Mode.TEST),
    _night("the demo, last night", lambda: told_night(DEMO_NOW, SEOUL), set(DEMO_NIGHT),
           now=DEMO_NOW),
)  # fmt: skip

LABELLED = (*QUIET, *TROUBLED, *MISREAD, *BEYOND, *DEMO)
