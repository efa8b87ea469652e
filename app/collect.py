"""From the API to a `Snapshot`: what is asked, in which order, and what becomes of a failed call.

Only the job list is essential. Anything else that cannot be had leaves a `Gap`; a job list that
cannot be had at all leaves a snapshot that says so.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from fnmatch import fnmatchcase
from typing import Any

from app.api.client import ApiClient
from app.api.clients import fetch_clients
from app.api.dialect import FIRST_PAGE, Dialect, probe
from app.api.faults import ApiError, Fault
from app.api.joblogs import fetch_log
from app.api.jobs import JobList, Reach, job_from_row
from app.api.status import fetch_directors, fetch_running, with_progress
from app.bacula.clock import DirectorClock, observe_row
from app.bacula.codes import VERIFY_TYPE, Outcome
from app.bacula.joblog import JobLog, read_log
from app.bacula.model import Client, Job, LiveJob
from app.i18n import Message, msg, nmsg
from app.logs import LOGGER
from app.period import Period, PeriodRequest
from app.snapshot import Filters, Gap, GapSource, Snapshot, Source

LOOK_BEHIND = timedelta(days=7)
"""How long before the period a job may have been created that ended within it: a Full of a large
file server runs for days. Jobs that still run or wait are asked for without any limit."""
GIVE_UP_LOGS = 8
"""So many logs failing one after the other, and no more are asked for."""
DIAGNOSIS_TIMEOUT = 5.0
RECHECKS = 50
"""Open jobs that the Director does not list are looked up once more, at most so many."""

_LOG_ORDER = (
    Outcome.FAILED,
    Outcome.UNKNOWN,
    Outcome.WARNING,
    Outcome.WAITING,
    Outcome.RUNNING,
    Outcome.CANCELLED,
)
_log = logging.getLogger(LOGGER)


@dataclass(frozen=True, slots=True)
class Question:
    """What a report is wanted about.

    Attributes:
        request: the period asked for.
        now: the present, aware.
        filters: what the jobs are narrowed to.
        zone: the zone that was set for the report; None: the Director's.
        host_zone: this machine's zone, for want of a better one.
        workers: calls made at the same time, at most.
    """

    request: PeriodRequest
    now: datetime
    filters: Filters
    zone: tzinfo | None
    host_zone: tzinfo
    workers: int


def collect(client: ApiClient, question: Question) -> Snapshot:
    """Ask everything a report needs.

    Raises:
        UsageError: if the period asked for is impossible in the Director's zone.
    """
    try:
        dialect, first = probe(client)
    except ApiError as error:
        return _nothing(client, question, diagnose(client, error))
    pool = ThreadPoolExecutor(question.workers, thread_name_prefix="api")
    try:
        return _Collector(client, dialect, question, pool).run(first)
    finally:
        # Whoever stops the run does not wait for calls that are under way.
        pool.shutdown(wait=False, cancel_futures=True)


def diagnose(client: ApiClient, error: ApiError) -> ApiError:
    """Find the part behind a time-out: the server waits longer for a dead Director than we do.

    `welcome` needs only the web server, `catalog` only the database.
    """
    if error.fault not in (Fault.TIMEOUT, Fault.DEADLINE) or client.remaining <= 0:
        return error
    try:
        client.get("/api/v1/welcome", expect=str, tries=1, timeout=DIAGNOSIS_TIMEOUT)
    except ApiError:
        return error
    try:
        client.get("/api/v1/catalog", tries=1, timeout=DIAGNOSIS_TIMEOUT)
    except ApiError as catalog:
        return catalog if catalog.fault is Fault.CATALOG else error
    return ApiError(Fault.DIRECTOR_SILENT, address=client.address, detail=error.detail)


def _nothing(client: ApiClient, question: Question, error: ApiError) -> Snapshot:
    _log.error("%s %s", error, error.detail)
    clock = DirectorClock.learn([], setting=question.zone, host=question.host_zone)
    return Snapshot(
        now=question.now,
        mode=question.request.mode,
        period=question.request.resolve(question.now, clock.zone),
        source=Source(client.address, "", "", "", clock.zone, clock.source),
        gaps=(Gap(GapSource.JOBS, error.what),),
        filters=question.filters,
        calls=client.stats,
        stopped=error.what,
        stopped_cure=error.cure,
    )


class _Collector:
    """One run of collecting; its parts share the client, the dialect and the list of gaps."""

    def __init__(
        self, client: ApiClient, dialect: Dialect, question: Question, pool: ThreadPoolExecutor
    ) -> None:
        self._client = client
        self._dialect = dialect
        self._question = question
        self._pool = pool
        self._list = JobList(client, dialect)
        self._gaps: list[Gap] = []
        self._jobs: dict[int, Job] = {}
        self._broken: set[str] = set()
        self._now = question.now

    def run(self, first: Sequence[Any]) -> Snapshot:
        directors = self._pool.submit(fetch_directors, self._client, self._dialect)
        clients = self._pool.submit(fetch_clients, self._client, self._dialect)
        whole = len(first) < FIRST_PAGE
        # The first page holds the newest jobs; older open ones need a question of their own.
        older_open = None if whole else self._pool.submit(self._list.open_jobs)
        names = self._names(directors)
        rows = [row for row in first if isinstance(row, dict)]
        seen = [one for row in rows if (one := observe_row(row)) is not None]
        live = None
        if not whole or not seen or any(_may_be_open(row) for row in rows):
            live, more = self._live(names)
            seen += more
        clock = DirectorClock.learn(
            seen, setting=self._question.zone, host=self._question.host_zone
        )
        zone = self._question.zone or clock.zone
        self._now = self._question.now.astimezone(zone)
        period = self._question.request.resolve(self._now, zone)
        self._read_list(first, clock, period)
        if older_open is not None:
            self._read_open(older_open, clock, period)
        known_clients = self._clients(clients)
        if live is not None:
            self._recheck(live, clock, period)
            live = self._progress(live, known_clients)
        logs = self._logs()
        if self._broken:
            self._gaps.append(Gap(GapSource.JOBS, _broken_rows(len(self._broken))))
        return Snapshot(
            now=self._now,
            mode=self._question.request.mode,
            period=period,
            source=Source(
                host=self._client.address,
                server=self._dialect.server,
                api=self._dialect.version,
                director=names[0] if names else "",
                zone=clock.zone,
                zone_source=clock.source,
            ),
            jobs=tuple(sorted(self._jobs.values(), key=lambda job: -job.jobid)),
            logs=logs,
            clients=known_clients,
            live=live,
            gaps=tuple(self._gaps),
            filters=self._question.filters,
            calls=self._client.stats,
        )

    def _gap(self, source: GapSource, error: ApiError, jobids: tuple[int, ...] = ()) -> None:
        _log.warning("%s: %s %s", source.value, error, error.detail)
        self._gaps.append(Gap(source, error.what, jobids))

    def _names(self, directors: Future[list[str]]) -> list[str]:
        try:
            return directors.result()
        except ApiError as error:
            # Only the report's heading misses it.
            _log.info("Director's name: %s", error)
            return []

    def _clients(self, clients: Future[tuple[Client, ...]]) -> tuple[Client, ...] | None:
        try:
            return clients.result()
        except ApiError as error:
            self._gap(GapSource.CLIENTS, error)
            return None

    def _live(self, names: Sequence[str]) -> tuple[dict[int, LiveJob] | None, list[Any]]:
        try:
            return fetch_running(self._client, self._dialect, names[0] if names else "")
        except ApiError as error:
            self._gap(GapSource.LIVE_STATUS, diagnose(self._client, error))
            return None, []

    def _read_list(self, first: Sequence[Any], clock: DirectorClock, period: Period) -> None:
        reach = Reach((period.start - LOOK_BEHIND).astimezone(clock.zone).replace(tzinfo=None))
        oldest: datetime | None = None
        try:
            for page in self._list.pages(first, reach):
                for row in page:
                    self._take(row, clock, period)
                last = job_from_row(page[-1], clock) if page else None
                oldest = (last.created or last.scheduled or oldest) if last else oldest
        except ApiError as error:
            self._gap(GapSource.JOBS, diagnose(self._client, error))
            if oldest is not None:
                since = f"{oldest.astimezone(period.start.tzinfo):%Y-%m-%d %H:%M}"
                self._gaps.append(
                    Gap(GapSource.JOBS, msg("Jobs created before {time} are missing.", time=since))
                )

    def _read_open(self, rows: Future[list[Any]], clock: DirectorClock, period: Period) -> None:
        try:
            for row in rows.result():
                self._take(row, clock, period)
        except ApiError as error:
            self._gap(GapSource.OPEN_JOBS, error)

    def _take(self, row: Any, clock: DirectorClock, period: Period) -> None:
        """Keep a row's job if it is wanted; a later answer about the same job replaces an earlier.

        A job that has ended does not run again: an older answer may only arrive later.
        """
        job = job_from_row(row, clock) if isinstance(row, dict) else None
        if job is None:
            self._broken.add(repr(row)[:500])
            return
        known = self._jobs.get(job.jobid)
        if known is not None and job.is_open and not known.is_open:
            return
        span = job.span(self._now)
        if (span is None or period.overlaps(span)) and _wanted(job, self._question.filters):
            self._jobs[job.jobid] = job

    def _recheck(
        self, live: dict[int, LiveJob], clock: DirectorClock, period: Period
    ) -> None:
        """Ask again for open jobs that the Director does not list: most have just ended."""
        doubtful = [job for job in self._jobs.values() if job.is_open and job.jobid not in live]
        asked = {
            job.jobid: self._pool.submit(self._list.one, job.jobid) for job in doubtful[:RECHECKS]
        }
        for jobid, future in asked.items():
            try:
                self._take(future.result(), clock, period)
            except ApiError as error:
                _log.info("Job %d, once more: %s", jobid, error)

    def _progress(
        self, live: dict[int, LiveJob], clients: Iterable[Client] | None
    ) -> dict[int, LiveJob]:
        """Ask the File Daemons of running jobs how far they are; not answering is no gap.

        The Director's own numbers remain, and a File Daemon may be down at that very moment.
        """
        open_jobs = [job for job in self._jobs.values() if job.is_open]
        running = {job.client for job in open_jobs if _runs(job, live.get(job.jobid))}
        by_name = {one.name: one for one in clients or ()}
        futures = [
            self._pool.submit(with_progress, self._client, self._dialect, by_name[name], live)
            for name in sorted(running & by_name.keys())
        ]
        found = dict(live)
        for future in futures:
            try:
                found |= future.result()
            except ApiError as error:
                _log.info("Progress at the File Daemon: %s", error)
        return found

    def _logs(self) -> dict[int, JobLog]:
        """Fetch the log of every job that is not a plain success, the worst first."""
        rank = {outcome: place for place, outcome in enumerate(_LOG_ORDER)}
        wanted = sorted(
            (job for job in self._jobs.values() if job.outcome in rank),
            key=lambda job: (rank[job.outcome], -job.jobid),
        )
        reader = _LogReader(self._client, self._dialect)
        futures = [(job.jobid, self._pool.submit(reader.read, job)) for job in wanted]
        logs: dict[int, JobLog] = {}
        failed: dict[str, tuple[Message, list[int]]] = {}
        for jobid, future in futures:
            result = future.result()
            if isinstance(result, JobLog):
                logs[jobid] = result
            else:
                failed.setdefault(str(result.what), (result.what, []))[1].append(jobid)
                _log.warning("Log of job %d: %s %s", jobid, result, result.detail)
        for reason, jobids in failed.values():
            self._gaps.append(Gap(GapSource.JOB_LOGS, reason, tuple(jobids)))
        return logs


class _LogReader:
    """Reads logs until too many fail one after the other: a dead server is not asked 500 times."""

    def __init__(self, client: ApiClient, dialect: Dialect) -> None:
        self._client = client
        self._dialect = dialect
        self._lock = threading.Lock()
        self._failures = 0
        self._last: ApiError | None = None

    def read(self, job: Job) -> JobLog | ApiError:
        if self._failures >= GIVE_UP_LOGS and self._last is not None:
            return self._last
        try:
            rows = fetch_log(self._client, self._dialect, job.jobid)
        except ApiError as error:
            if error.fault is not Fault.MISSING:
                with self._lock:
                    self._failures += 1
                    self._last = error
            return error
        with self._lock:
            self._failures = 0
        return read_log(rows, verify=job.type == VERIFY_TYPE)


def _broken_rows(count: int) -> Message:
    return nmsg(
        "{count} row of the job list could not be read.",
        "{count} rows of the job list could not be read.",
        count,
    )


def _may_be_open(row: dict[str, Any]) -> bool:
    return not row.get("endtime")


def _runs(job: Job, live: LiveJob | None) -> bool:
    return live is not None and live.status == "R" and bool(job.client)


def _wanted(job: Job, filters: Filters) -> bool:
    checks: tuple[tuple[tuple[str, ...], str], ...] = (
        (filters.types, job.type),
        (filters.clients, job.client),
        (filters.jobs, job.name),
    )
    return all(
        not patterns or any(fnmatchcase(value, pattern) for pattern in patterns)
        for patterns, value in checks
    )


