"""A small site told by its plans and by what went otherwise, for the embedded Baculum."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta, tzinfo
from typing import Any
from zlib import crc32
from zoneinfo import ZoneInfo

from app.demo.night import Night, Resource, Row, catalog_time, epoch, job_row, unique_name

SEOUL = ZoneInfo("Asia/Seoul")
GIGA = 1_000_000_000
DAYS = 42
"""How far back a site's catalog reaches unless told otherwise."""
_ONE_DAY = timedelta(days=1)

Levels = Callable[[date], str]


def nightly(full: int = 6) -> Levels:
    """Incrementals each night, and a Full on one day of the week (Monday is 0)."""
    return lambda day: "F" if day.weekday() == full else "I"


def every_night(level: str) -> Levels:
    """The same level each night."""
    return lambda day: level


def on_days(days: Iterable[int], level: str = "F") -> Levels:
    """One level on some days of the week."""
    chosen = frozenset(days)
    return lambda day: level if day.weekday() in chosen else ""


def monthly(level: str = "F", other: str = "I") -> Levels:
    """A level on the first day of each month, another on all other days."""
    return lambda day: level if day.day == 1 else other


@dataclass(frozen=True)
class Plan:
    """A job of a site; its runs differ by a few per cent from what is usual.

    Attributes:
        at: when it is due on each of its days.
        levels: at which level it runs on a day, "" for none.
        files: how many files an Incremental has; a Full has thirty times as many.
        since: how many days ago it ran first.
    """

    job: str
    client: str
    at: Sequence[tuple[int, int]] = ((22, 30),)
    levels: Levels = field(default_factory=nightly)
    minutes: float = 12
    files: int = 2_000
    bytes: int = 4 * GIGA
    type: str = "B"
    fileset: str | None = "Files"
    since: int = DAYS
    enabled: bool = True
    schedule: str = "Nightly"

    def usual(self, day: date, level: str) -> dict[str, Any]:
        """What a run on a day amounts to."""
        factor = {"F": 30, "D": 6}.get(level, 1) * self._play(day)
        if self.type != "B":
            return {"minutes": self.minutes, "files": self.files, "bytes": 0}
        return {
            "minutes": self.minutes * (4 if level == "F" else 1) * self._play(day),
            "files": int(self.files * factor),
            "bytes": int(self.bytes * factor),
        }

    def _play(self, day: date) -> float:
        return 1 + 0.08 * (2 * crc32(f"{self.job} {day}".encode()) / 2**32 - 1)


Change = Mapping[str, Any]
SKIPPED: Change = {"skip": True}
"""The run did not take place."""


def failed(*log: str, status: str = "f", minutes: float = 1) -> Change:
    """The run went wrong, and its log says so."""
    nothing = {"files": 0, "bytes": 0, "errors": 1}
    return {"status": status, "log": log, "minutes": minutes, **nothing}


UNREACHABLE = failed(
    "Fatal error: bsockcore.c:208 Unable to connect to Client: it on 10.0.0.9:9102."
    " ERR=Connection refused",
    "Fatal error: No Job status returned from FD.",
)
REFUSED = failed(
    'Fatal error: Unable to authenticate with File daemon at "10.0.0.9:9102". Possible causes:\n'
    "Passwords or names not the same or\nMaximum Concurrent Jobs exceeded on the FD"
)
SCRIPT = failed(
    "Error: Runscript: ClientBeforeJob returned non-zero status=3. ERR=Child exited with code 3",
    'Fatal error: Client "it" RunScript failed.',
)
FULL_DISK = failed(
    'Fatal error: append.c:333 Write error on device "FileDev1" (/srv/bacula/vol1).'
    " ERR=No space left on device."
)


@dataclass
class Site:
    """What is planned, what went otherwise, and what there is besides.

    Attributes:
        now: the moment at which the night is told.
        changes: what went otherwise, by job and how many days ago (by its date) it was due; with
            `hours` only at these.
        extra: further runs: a plan, the moment, the level, and what was special.
        idle: clients without a job of their own.
        days: how far back the catalog reaches.
        pools: rows of the Pool table.
        volumes: rows of the Media table.
        never: plans that are configured and never ran.
    """

    now: datetime
    plans: Sequence[Plan]
    zone: tzinfo = SEOUL
    changes: Mapping[tuple[str, int], Change] = field(default_factory=dict)
    extra: Sequence[tuple[Plan, datetime, str, Change]] = ()
    idle: Sequence[str] = ()
    days: int = DAYS
    pools: Sequence[Row] = ()
    volumes: Sequence[Row] = ()
    never: Sequence[Plan] = ()

    def night(self) -> Night:
        """The site as the embedded Baculum tells it."""
        night = Night("site-dir", self.zone, [], told_at=self.now)
        for number, (due, plan, level, change) in enumerate(self._runs(), 1000):
            self._run(night, number, due, plan, level, change)
        known = [*dict.fromkeys(plan.job for plan in self.plans)]
        known += [plan.job for plan in self.never] + [p.job for p, *_ in self.extra]
        night.job_names = list(dict.fromkeys(known))
        everything = (*self.plans, *self.never, *(plan for plan, *_ in self.extra))
        night.resources = {
            plan.job: Resource(
                plan.client,
                plan.type,
                enabled=plan.enabled,
                schedule=plan.schedule if plan in self.plans or plan in self.never else "",
            )
            for plan in reversed(everything)
        }
        names = dict.fromkeys([*(plan.client for plan in everything), *self.idle])
        night.clients = [
            {
                "clientid": number,
                "name": name,
                "uname": "9.6.7 (10Dec20) x86_64-pc-linux-gnu,debian,bookworm/sid",
                "autoprune": 0,
                "fileretention": 5184000,
                "jobretention": 15552000,
            }
            for number, name in enumerate(names, 1)
        ]
        night.schedule = self._schedule()
        night.pools, night.volumes = list(self.pools), list(self.volumes)
        return night

    def _today(self) -> date:
        return self.now.astimezone(self.zone).date()

    def _due(self, day: date, at: tuple[int, int]) -> datetime:
        return datetime(day.year, day.month, day.day, *at, tzinfo=self.zone)

    def _runs(self) -> list[tuple[datetime, Plan, str, Change]]:
        today = self._today()
        runs: list[tuple[datetime, Plan, str, Change]] = []
        for plan in self.plans:
            for back in range(min(plan.since, self.days), -1, -1):
                day = today - back * _ONE_DAY
                level, change = plan.levels(day), self.changes.get((plan.job, back), {})
                hours = change.get("hours", range(24))
                dues = [self._due(day, at) for at in plan.at] if level else []
                runs += [
                    (due, plan, level, change if due.hour in hours else {})
                    for due in dues
                    if due.timestamp() < self.now.timestamp()
                ]
        runs += [(due, plan, level, change) for plan, due, level, change in self.extra]
        runs = [run for run in runs if not run[3].get("skip")]
        return sorted(runs, key=lambda run: run[0].timestamp())

    def _run(
        self, night: Night, jobid: int, due: datetime, plan: Plan, level: str, change: Change
    ) -> None:
        facts = {**plan.usual(due.astimezone(self.zone).date(), level), **change}
        status = facts.get("status", "T")
        level = facts.get("level", level)
        started: datetime | None = due + timedelta(minutes=facts.get("late", 0), seconds=5)
        assert started is not None
        ended: datetime | None = min(started + timedelta(minutes=facts["minutes"]), self.now)
        if status in "RC":
            started, ended = (started, None) if status == "R" else (None, None)
        real = facts.get("real_ended", ended)
        row = job_row(
            jobid,
            plan.job,
            client=plan.client,
            status=status,
            type=facts.get("type", plan.type),
            level=level,
            scheduled=due,
            started=facts.get("started", started),
            ended=facts.get("ended", ended),
            realended=real,
            created=facts.get("created", due),
            zone=self.zone,
            files=facts["files"],
            bytes=facts["bytes"],
            errors=facts.get("errors", 0),
            pool=facts.get("pool", f"{'Full' if level == 'F' else 'Inc'}-Pool"),
            fileset=facts.get("fileset", plan.fileset),
            priorjobid=self._original(night, facts),
        )
        row["job"] = unique_name(plan.job, facts.get("created", due), self.zone, jobid)
        time = str(catalog_time(ended or started or due, self.zone))
        night.add(row, [(time, f"site-dir JobId {jobid}: {text}") for text in facts.get("log", ())])
        if status in "RC":
            night.running.append(self._live(row, facts, due))

    def _original(self, night: Night, facts: Change) -> int:
        """The JobId of the run that this one copies, found by its job and when it was due."""
        if "copy_of" not in facts:
            return 0
        job, due = facts["copy_of"]
        wanted = (job, catalog_time(due, self.zone))
        return next(
            int(row["jobid"]) for row in night.jobs if (row["name"], row["schedtime"]) == wanted
        )

    def _live(self, row: Row, facts: Change, due: datetime) -> Row:
        return {
            "jobid": str(row["jobid"]),
            "level": row["level"],
            "type": row["type"],
            "status": facts.get("live", row["jobstatus"]),
            "status_desc": facts.get("words", "is running"),
            "comment": "",
            "jobbytes": str(facts.get("live_bytes", 0)),
            "jobfiles": str(facts.get("live_files", 0)),
            "job": row["job"],
            "name": row["name"],
            "clientname": row["client"],
            "fileset": row["fileset"] or "",
            "storage": "File1",
            "rstorage": "",
            "schedtime_epoch": epoch(due),
            "schedtime": row["schedtime"],
            "starttime_epoch": epoch(due),
            "starttime": row["starttime"] or row["schedtime"],
            "priority": "10",
            "errors": "0",
        }

    def _schedule(self) -> list[Row]:
        """What bconsole foretells; of an hourly job it shows one run a day."""
        rows = []
        for ahead in range(31):
            day = self._today() + ahead * _ONE_DAY
            for plan in (*self.plans, *self.never):
                level = plan.levels(day)
                if not level or not plan.enabled or not plan.schedule:
                    continue
                shown = plan.at[:1] if len(plan.at) > 4 else plan.at
                for at in shown:
                    due = self._due(day, at)
                    rows.append(
                        {
                            "level": level,
                            "type": plan.type,
                            "name": plan.job,
                            "client": plan.client,
                            "fileset": plan.fileset or "",
                            "schedtime_epoch": epoch(due),
                            "schedtime": catalog_time(due, self.zone),
                            "priority": "10",
                            "schedule": plan.schedule,
                        }
                    )
        return sorted(rows, key=lambda row: int(row["schedtime_epoch"]))
