"""From the API to a `Snapshot`: what is asked, in which order, and what becomes of a failed call.

Only the job list is essential. Anything else that cannot be had leaves a `Gap`; a job list that
cannot be had at all leaves a snapshot that says so.
"""

from __future__ import annotations

import heapq
import logging
import threading
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, tzinfo
from fnmatch import fnmatchcase
from itertools import count
from typing import Any

from app.api.client import ApiClient
from app.api.clients import fetch_clients
from app.api.dialect import FIRST_PAGE, Dialect, first_version, probe
from app.api.faults import ApiError, Fault
from app.api.joblogs import fetch_log
from app.api.jobs import PAGE, JobList, Reach, job_from_row
from app.api.status import fetch_directors, fetch_running, needs_director, with_progress
from app.bacula.clock import DirectorClock, Observation, observe_row, parse_wall
from app.bacula.codes import OPEN_STATUS, VERIFY_TYPE, Outcome
from app.bacula.joblog import JobLog, read_log
from app.bacula.model import Client, Job, LiveJob
from app.i18n import Message, msg, nmsg
from app.logs import LOGGER
from app.period import Period, PeriodRequest
from app.snapshot import Filters, Gap, GapSource, Snapshot, Source

LOOK_BEHIND = timedelta(days=7)
"""How long before the period a job may have been created that ended well within it: a Full of a
large file server runs for days. Jobs that are open or ended badly are asked for without limit."""
GIVE_UP_LOGS = 8
"""So many logs failing one after the other, and no more are asked for."""
DIAGNOSIS_TIMEOUT = 5.0
RECHECKS = 50
"""Open jobs that the Director does not list are looked up once more, at most so many."""

_LOG_RANK = {
    Outcome.FAILED: 0,
    Outcome.UNKNOWN: 1,
    Outcome.WARNING: 2,
    Outcome.WAITING: 3,
    Outcome.RUNNING: 4,
    Outcome.CANCELLED: 5,
}
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
    wait = True
    try:
        return _Collector(client, dialect, question, pool).run(first)
    except (KeyboardInterrupt, SystemExit):
        # Whoever stops the run does not wait for calls that are under way.
        wait = False
        raise
    finally:
        pool.shutdown(wait=wait, cancel_futures=True)


def diagnose(client: ApiClient, error: ApiError) -> ApiError:
    """Find the part behind a time-out: the server waits longer for a dead Director than we do.

    `catalog` needs only the web server and the database, `jobs/resnames` only the Director. When
    both answer, it was that one call that took too long.
    """
    if error.fault is not Fault.TIMEOUT or client.remaining <= 0:
        return error

    def ask(rest: str) -> Fault | None:
        try:
            first_version(
                lambda version: client.get(
                    f"/api/{version}/{rest}", tries=1, timeout=DIAGNOSIS_TIMEOUT
                )
            )
        except ApiError as found:
            return found.fault
        return None

    catalog = ask("catalog")
    if catalog is Fault.CATALOG:
        return ApiError(catalog, address=client.address, detail=error.detail)
    if catalog is None and ask("jobs/resnames") in (Fault.TIMEOUT, Fault.DIRECTOR):
        return ApiError(Fault.DIRECTOR_SILENT, address=client.address, detail=error.detail)
    return error


def _nothing(client: ApiClient, question: Question, error: ApiError) -> Snapshot:
    _log.error(error.told)
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
        self._list = JobList(client, dialect, pool.map)
        self._logs = _LogDesk(client, dialect, pool, question.workers - 1)
        self._gaps: list[Gap] = []
        self._jobs: dict[int, Job] = {}
        self._died_before: dict[int, Job] = {}
        self._director_name: str | None = None
        self._broken: set[str] = set()
        self._nameless: ApiError | None = None
        self._now = question.now

    def run(self, first: Sequence[Any]) -> Snapshot:
        directors = self._pool.submit(fetch_directors, self._client, self._dialect)
        clients = self._pool.submit(fetch_clients, self._client, self._dialect)
        open_jobs = self._pool.submit(self._list.open_jobs)
        # A short first page is the whole catalog.
        long_ago = self._pool.submit(self._list.ended_badly) if len(first) >= FIRST_PAGE else None
        rows = [row for row in first if isinstance(row, dict)]
        seen = [one for row in rows if (one := observe_row(row)) is not None]
        live: dict[int, LiveJob] | None = None
        zoneless = not seen
        if zoneless:
            # Where no row tells the zone, live jobs may.
            live, seen = self._live(self._director(directors))
        clock = DirectorClock.learn(
            seen, setting=self._question.zone, host=self._question.host_zone
        )
        zone = self._question.zone or clock.zone
        self._now = self._question.now.astimezone(zone)
        period = self._question.request.resolve(self._now, zone)
        self._read_list(first, clock, period)
        for row in (*self._open(open_jobs), *self._ended_badly(long_ago)):
            self._take(row, clock, period)
        self._logs.widen(self._question.workers)
        name = self._director(directors)
        # After the list: a job that begins meanwhile must not look forgotten by the Director.
        if not zoneless and any(job.is_open for job in self._jobs.values()):
            live, _ = self._live(name)
        if live is not None:
            self._recheck(live, clock, period)
        known_clients = self._clients(clients)
        self._logs.want([*self._jobs.values(), *self._died_before.values()])
        # Behind the logs, as only this may be missing without a word.
        progress = self._ask_progress(live or {}, known_clients)
        logs = self._read_logs(clock, period)
        if live is not None:
            live = self._with_progress(live, progress)
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
                director=name,
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

    def _gap(self, source: GapSource, error: ApiError) -> None:
        _log.warning(msg("{what}: {reason}", what=source.value, reason=error.told))
        self._gaps.append(Gap(source, error.what))

    def _director(self, names: Future[list[str]]) -> str:
        if self._director_name is None:
            try:
                self._director_name = names.result()[0]
            except ApiError as error:
                _log.info(msg("{what}: {reason}", what="directors", reason=error.told))
                self._nameless = error
                self._director_name = ""
        return self._director_name

    def _clients(self, clients: Future[tuple[Client, ...]]) -> tuple[Client, ...] | None:
        try:
            return clients.result()
        except ApiError as error:
            self._gap(GapSource.CLIENTS, error)
            return None

    def _open(self, rows: Future[list[Any]]) -> list[Any]:
        try:
            found = rows.result()
        except ApiError as error:
            self._gap(GapSource.OPEN_JOBS, diagnose(self._client, error))
            return []
        if len(found) >= PAGE:
            full = ApiError(Fault.PAGING, address=self._client.address, limit=PAGE)
            self._gap(GapSource.OPEN_JOBS, full)
        return found

    def _ended_badly(self, rows: Future[list[Any]] | None) -> list[Any]:
        try:
            return rows.result() if rows is not None else []
        except ApiError as error:
            self._gap(GapSource.JOBS, diagnose(self._client, error))
            return []

    def _live(self, director: str) -> tuple[dict[int, LiveJob] | None, list[Observation]]:
        try:
            if self._nameless is not None and needs_director(self._dialect):
                raise self._nameless
            return fetch_running(self._client, self._dialect, director)
        except ApiError as error:
            self._gap(GapSource.LIVE_STATUS, diagnose(self._client, error))
            return None, []

    def _read_list(self, first: Sequence[Any], clock: DirectorClock, period: Period) -> None:
        reach = Reach((period.start - LOOK_BEHIND).astimezone(clock.zone).replace(tzinfo=None))
        try:
            for page in self._list.pages(first, reach):
                for row in page:
                    self._take(row, clock, period)
                # While the next page is on its way.
                self._logs.want([*self._jobs.values(), *self._died_before.values()])
        except ApiError as error:
            self._gap(GapSource.JOBS, diagnose(self._client, error))
            oldest = clock.instant(self._list.read_back_to)
            if oldest is not None:
                since = f"{oldest.astimezone(period.start.tzinfo):%Y-%m-%d %H:%M}"
                self._gaps.append(
                    Gap(GapSource.JOBS, msg("Jobs created before {time} are missing.", time=since))
                )

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
        if not _wanted(job, self._question.filters):
            return
        span = job.span(self._now)
        if span is None or period.overlaps(span):
            self._jobs[job.jobid] = job
        elif job.died_with_director and period.start - LOOK_BEHIND <= span[1] < period.start:
            self._died_before[job.jobid] = job

    def _recheck(self, live: dict[int, LiveJob], clock: DirectorClock, period: Period) -> None:
        """Ask again for open jobs that the Director does not list as such: most have just ended."""
        doubtful = [
            job
            for job in self._jobs.values()
            if job.is_open and (job.jobid not in live or live[job.jobid].status not in OPEN_STATUS)
        ]
        asked = {
            job.jobid: self._pool.submit(self._list.one, job.jobid) for job in doubtful[:RECHECKS]
        }
        for jobid, future in asked.items():
            try:
                self._take(future.result(), clock, period)
            except ApiError as error:
                _log.info(msg("{what}: {reason}", what=f"jobs/{jobid}", reason=error.told))

    def _ask_progress(
        self, live: dict[int, LiveJob], clients: Iterable[Client] | None
    ) -> list[Future[dict[int, LiveJob]]]:
        """Ask the File Daemons of running jobs how far they are."""
        open_jobs = [job for job in self._jobs.values() if job.is_open]
        running = {job.client for job in open_jobs if _runs(job, live.get(job.jobid))}
        by_name = {one.name: one for one in clients or ()}
        return [
            self._pool.submit(with_progress, self._client, self._dialect, by_name[name], live)
            for name in sorted(running & by_name.keys())
        ]

    def _with_progress(
        self, live: dict[int, LiveJob], progress: Iterable[Future[dict[int, LiveJob]]]
    ) -> dict[int, LiveJob]:
        """Add what the File Daemons told; not answering is no gap.

        The Director's own numbers remain, and a File Daemon may be down at that very moment.
        """
        found = dict(live)
        for future in progress:
            try:
                found |= future.result()
            except ApiError as error:
                _log.info(msg("{what}: {reason}", what="status/client", reason=error.told))
        return found

    def _read_logs(self, clock: DirectorClock, period: Period) -> dict[int, JobLog]:
        """Return the logs; they also tell when jobs ended that the Director took down with it.

        The catalog gives such a job its start for its end; its log goes on for as long as it lived,
        perhaps into the period.
        """
        logs: dict[int, JobLog] = {}
        failed: dict[str, tuple[Message, list[int]]] = {}
        for jobid, result in self._logs.results():
            job = self._jobs.get(jobid) or self._died_before[jobid]
            if isinstance(result, JobLog):
                lived = clock.instant(parse_wall(result.until))
                if job.died_with_director and lived and job.ended and lived > job.ended:
                    job = replace(job, ended=min(lived, self._now))
                if jobid in self._jobs or (job.ended and job.ended >= period.start):
                    self._jobs[jobid], logs[jobid] = job, result
            else:
                failed.setdefault(str(result.what), (result.what, []))[1].append(jobid)
                _log.warning(
                    msg("Log of job {jobid}: {reason}", jobid=str(jobid), reason=result.told)
                )
        for reason, jobids in failed.values():
            self._gaps.append(Gap(GapSource.JOB_LOGS, reason, tuple(jobids)))
        return logs


class _LogDesk:
    """Asks for logs, each once, the worst jobs first, until too many fail one after the other.

    A dead server is not asked 500 times. While the job list is still being read a worker is left
    free for it: its next page brings more than the next log.
    """

    def __init__(
        self, client: ApiClient, dialect: Dialect, pool: ThreadPoolExecutor, at_once: int
    ) -> None:
        self._client = client
        self._dialect = dialect
        self._pool = pool
        self._at_once = at_once
        self._lock = threading.Lock()
        self._backlog: list[tuple[int, int, int, Job, Future[JobLog | ApiError]]] = []
        self._order = count()
        self._under_way = 0
        self._asked: dict[int, tuple[str, Future[JobLog | ApiError]]] = {}
        self._failures = 0
        self._last: ApiError | None = None

    def want(self, jobs: Iterable[Job]) -> None:
        """Ask for the log of every job that is no plain success; again if its status changed."""
        with self._lock:
            for job in jobs:
                known = self._asked.get(job.jobid)
                if job.outcome in _LOG_RANK and (known is None or known[0] != job.status):
                    future: Future[JobLog | ApiError] = Future()
                    self._asked[job.jobid] = (job.status, future)
                    place = (_LOG_RANK[job.outcome], -job.jobid, next(self._order))
                    heapq.heappush(self._backlog, (*place, job, future))
            self._send()

    def widen(self, at_once: int) -> None:
        """Ask for so many logs at the same time from now on."""
        with self._lock:
            self._at_once = at_once
            self._send()

    def results(self) -> Iterator[tuple[int, JobLog | ApiError]]:
        """Yield each JobId and its log, or why it could not be had."""
        for jobid, (_, future) in self._asked.items():
            yield jobid, future.result()

    def _send(self) -> None:
        while self._backlog and self._under_way < self._at_once:
            *_, job, future = heapq.heappop(self._backlog)
            self._under_way += 1
            self._pool.submit(self._work, job, future)

    def _work(self, job: Job, future: Future[JobLog | ApiError]) -> None:
        try:
            future.set_result(self._read(job))
        except Exception as error:
            future.set_exception(error)
        with self._lock:
            self._under_way -= 1
            # Whoever stops the run has closed the pool.
            with suppress(RuntimeError):
                self._send()

    def _read(self, job: Job) -> JobLog | ApiError:
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
