"""From the API to a `Snapshot`: what is asked, in which order, and what becomes of a failed call.

Only the job list is essential. Anything else that cannot be had leaves a `Gap`; a job list that
cannot be had at all leaves a snapshot that says so.
"""

from __future__ import annotations

import heapq
import logging
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta, tzinfo
from fnmatch import fnmatchcase
from typing import Any, TypeVar

from app.api.client import ApiClient
from app.api.clients import fetch_clients
from app.api.dialect import FIRST_PAGE, Dialect, first_version, probe
from app.api.faults import ApiError, Fault
from app.api.fields import Listed
from app.api.jobs import PAGE, PROOFS, JobList, Reach, job_from_row
from app.api.resources import fetch_resources
from app.api.schedules import fetch_schedule
from app.api.status import fetch_directors, fetch_running, needs_director, with_progress
from app.api.storage import fetch_pools, fetch_volumes
from app.bacula.clock import DirectorClock, Observation, observe_row, parse_wall
from app.bacula.codes import BACKUP_TYPE, OPEN_STATUS, PROOF_TYPES, Outcome
from app.bacula.joblog import JobLog
from app.bacula.model import Client, Job, JobResource, LiveJob, Pool, ScheduledRun, Volume
from app.i18n import Message, msg, nmsg
from app.logdesk import LogDesk
from app.logs import LOGGER
from app.period import Period, PeriodRequest
from app.policy import Policy
from app.snapshot import Filters, Gap, GapSource, History, Snapshot, Source

LOOK_BEHIND = timedelta(days=7)
"""How long before the period a job may have been created that ended well within it: a Full of a
large file server runs for days. Jobs that are open or ended badly are asked for without limit."""
HISTORY_ROWS = 50_000
"""Rows that are read for history alone, at most."""
HISTORY_SPARE = 1 / 2
"""Share of the time for all calls that is left when history gives up."""
LONG_OVER = timedelta(hours=1)
"""A period that ended longer ago lies in the past: schedules, which look ahead, are not asked."""
DIAGNOSIS_TIMEOUT = 5.0
RECHECKS = 50
"""Open jobs that the Director does not list are looked up once more, at most so many."""

_NOT_OFFERED = frozenset(
    {
        Fault.WRONG_PATH,
        Fault.HTML,
        Fault.NOT_FOUND,
        Fault.MISSING,
        Fault.LOGIN,
        Fault.FORBIDDEN,
        Fault.API,
    }
)
"""How a server says that it does not offer something, or not to this user."""
_T = TypeVar("_T")
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
        policy: how far back history is wanted, and the logs of how many successes.
    """

    request: PeriodRequest
    now: datetime
    filters: Filters
    zone: tzinfo | None
    host_zone: tzinfo
    workers: int
    policy: Policy = field(default_factory=Policy)


@dataclass(frozen=True, slots=True)
class _Beside:
    """What was asked beside the jobs; None where it is not wanted."""

    schedule: Future[Listed[ScheduledRun]] | None
    resources: Future[tuple[JobResource, ...]]
    pools: Future[Listed[Pool]]
    volumes: Future[Listed[Volume]]


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


class _Ahead:
    """Maps over many things with a pool, but never far ahead of whoever takes the results.

    Pages of a job list are large: all of them at once would not fit into little memory.
    """

    def __init__(self, pool: ThreadPoolExecutor, ahead: int) -> None:
        self._pool = pool
        self._ahead = ahead

    def __call__(self, ask: Callable[[str], Any], names: Iterable[str]) -> Iterator[Any]:
        waiting: deque[Future[Any]] = deque()
        try:
            for name in names:
                waiting.append(self._pool.submit(ask, name))
                if len(waiting) > self._ahead:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            for future in waiting:
                future.cancel()


class _Collector:
    """One run of collecting; its parts share the client, the dialect and the list of gaps."""

    def __init__(
        self, client: ApiClient, dialect: Dialect, question: Question, pool: ThreadPoolExecutor
    ) -> None:
        self._client = client
        self._dialect = dialect
        self._question = question
        self._pool = pool
        self._list = JobList(client, dialect, _Ahead(pool, question.workers + 1))
        self._logs = LogDesk(client, dialect, pool, question.workers - 1)
        self._gaps: list[Gap] = []
        self._notes: list[Gap] = []
        self._past: dict[int, Job] = {}
        self._proofs: dict[int, Job] = {}
        self._forgotten = False
        self._list_ended = msg("the server gives no longer list.")
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
        del rows
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
        # Behind the list: its next page brings more.
        beside = self._ask_beside(clock, period)
        proofs = self._ask_proofs() if len(first) >= FIRST_PAGE else []
        for row in (*self._open(open_jobs), *self._ended_badly(long_ago)):
            self._take(row, clock, period)
        workers = self._question.workers
        # One is left free for history.
        self._logs.widen(max(workers - 1, 1))
        name = self._director(directors)
        # After the list: a job that begins meanwhile must not look forgotten by the Director.
        if not zoneless and any(job.is_open for job in self._jobs.values()):
            live, _ = self._live(name)
        if live is not None:
            self._recheck(live, clock, period)
        known_clients = self._rows(GapSource.CLIENTS, self._clients(clients))
        self._logs.want([*self._jobs.values(), *self._died_before.values()])
        # Behind the logs, as only this may be missing without a word.
        progress = self._ask_progress(live or {}, known_clients)
        successes = self._successes()
        self._logs.want_successes(_odd_first(successes, self._question.policy.success_logs))
        history = self._with_proofs(self._read_history(clock, period), proofs, clock, period)
        self._logs.widen(workers)
        logs = self._read_logs(clock, period) | self._read_success_logs(len(successes))
        if live is not None:
            live = self._with_progress(live, progress)
        if self._broken:
            self._gaps.append(Gap(GapSource.JOBS, _broken_rows(len(self._broken))))
        schedule = self._rows(GapSource.SCHEDULE, self._had(GapSource.SCHEDULE, beside.schedule))
        resources = self._had(GapSource.CONFIGURATION, beside.resources)
        pools = self._rows(GapSource.POOLS, self._had(GapSource.POOLS, beside.pools))
        volumes = self._rows(GapSource.VOLUMES, self._had(GapSource.VOLUMES, beside.volumes))
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
            notes=tuple(self._notes),
            history=replace(history, jobs=self._past_jobs()),
            resources=resources,
            schedule=schedule,
            pools=pools,
            volumes=volumes,
        )

    def _gap(self, source: GapSource, error: ApiError) -> None:
        _log.warning(msg("{what}: {reason}", what=source.value, reason=error.told))
        self._gaps.append(Gap(source, error.what))

    def _note(self, source: GapSource, reason: Message) -> None:
        _log.info(msg("{what}: {reason}", what=source.value, reason=reason))
        self._notes.append(Gap(source, reason))

    def _ask_beside(self, clock: DirectorClock, period: Period) -> _Beside:
        def ask(fetch: Callable[..., _T], *more: Any) -> Future[_T]:
            return self._pool.submit(fetch, self._client, self._dialect, *more)

        over = self._now.astimezone(UTC) - period.end.astimezone(UTC) > LONG_OVER
        return _Beside(
            schedule=None if over else ask(fetch_schedule),
            resources=ask(fetch_resources),
            pools=ask(fetch_pools),
            volumes=ask(fetch_volumes, clock),
        )

    def _had(self, source: GapSource, asked: Future[_T] | None) -> _T | None:
        """Return what was asked; what a server does not offer to this user is no fault of it."""
        if asked is None:
            return None
        try:
            return asked.result()
        except ApiError as error:
            if error.fault in _NOT_OFFERED:
                self._note(source, error.what)
            else:
                self._gap(source, diagnose(self._client, error))
            return None

    def _director(self, names: Future[list[str]]) -> str:
        if self._director_name is None:
            try:
                self._director_name = names.result()[0]
            except ApiError as error:
                _log.info(msg("{what}: {reason}", what="directors", reason=error.told))
                self._nameless = error
                self._director_name = ""
        return self._director_name

    def _rows(self, source: GapSource, listed: Listed[_T] | None) -> tuple[_T, ...] | None:
        """Return what was read of a list; what could not be read of it is a gap."""
        if listed is None:
            return None
        if listed.unreadable:
            self._gaps.append(Gap(source, _unreadable(listed.unreadable)))
        return listed.rows

    def _clients(self, clients: Future[Listed[Client]]) -> Listed[Client] | None:
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
        reach = Reach(_wall(period.start - LOOK_BEHIND, clock))
        try:
            for page in self._list.pages(first, reach):
                taken = [self._take(row, clock, period, listed=True) for row in page]
                # A page is large: it goes before the next one comes.
                del page
                # While the next page is on its way.
                self._logs.want(job for job in taken if job is not None)
        except ApiError as error:
            self._list_ended = error.what
            self._gap(GapSource.JOBS, diagnose(self._client, error))
            oldest = clock.instant(self._list.read_back_to)
            if oldest is not None:
                since = f"{oldest.astimezone(period.start.tzinfo):%Y-%m-%d %H:%M}"
                self._gaps.append(
                    Gap(GapSource.JOBS, msg("Jobs created before {time} are missing.", time=since))
                )

    def _read_history(self, clock: DirectorClock, period: Period) -> History:
        """Read on behind what the period needs; what is missing of it is a note, not a gap.

        Returns:
            How far back the past is known; its jobs are kept with the others.
        """
        begin = self._history_begin(period)
        if begin is None:
            return History()
        why = self._read_older(Reach(_wall(begin, clock)), clock, period)
        oldest = clock.instant(self._list.read_back_to)
        if self._list.at_end or (oldest is not None and oldest <= begin):
            return History(since=begin, whole=self._list.at_end and not self._forgotten)
        if oldest is None:
            self._note(GapSource.HISTORY, msg("Nothing is known of the jobs before the period."))
        else:
            since = oldest.astimezone(period.start.tzinfo)
            told = msg(
                "Earlier jobs are known only since {since}: {reason}", since=since, reason=why
            )
            self._note(GapSource.HISTORY, told)
        return History(since=oldest)

    def _ask_proofs(self) -> list[Future[list[Any]]]:
        """Ask for older Restores and Verifies: few, far between, and all the proof there is."""
        if self._question.policy.look_back <= timedelta() or self._question.filters:
            return []
        return [self._pool.submit(self._list.of_type, letter) for letter in PROOF_TYPES]

    def _with_proofs(
        self,
        history: History,
        asked: Sequence[Future[list[Any]]],
        clock: DirectorClock,
        period: Period,
    ) -> History:
        """Add the Restores and Verifies from before the look-back; without them less is said."""
        whole = bool(asked)
        for future in asked:
            try:
                rows = future.result()
            except ApiError as error:
                _log.info(msg("{what}: {reason}", what="jobs?type", reason=error.told))
                whole = False
                continue
            whole = whole and len(rows) < PROOFS
            for row in rows:
                job = job_from_row(row, clock) if isinstance(row, dict) else None
                if job is not None and job.run_end is not None and job.run_end < period.start:
                    self._proofs[job.jobid] = job
        older = (job for jobid, job in self._proofs.items() if jobid not in self._past)
        return replace(
            history,
            proofs=tuple(sorted(older, key=lambda job: -job.jobid)),
            proofs_whole=whole or (self._list.at_end and not self._question.filters),
        )

    def _read_older(self, reach: Reach, clock: DirectorClock, period: Period) -> Message:
        """Read pages for history alone; returns why there are no more, should some be missing."""
        rows, broken = 0, set(self._broken)
        try:
            for page in self._list.older(reach):
                for row in page:
                    self._take(row, clock, period, listed=True)
                rows += len(page)
                del page
                if rows >= HISTORY_ROWS:
                    return msg("more than {limit} jobs are not read for it.", limit=HISTORY_ROWS)
                if self._client.remaining < self._client.allowed * HISTORY_SPARE:
                    return msg("the time for asking the API was needed for the rest.")
        except ApiError as error:
            _log.info(msg("{what}: {reason}", what=GapSource.HISTORY.value, reason=error.told))
            return error.what
        finally:
            # What cannot be read there is nothing that the period lacks.
            self._broken = broken
        return self._list_ended

    def _history_begin(self, period: Period) -> datetime | None:
        """Return since when history is wanted; None: not at all."""
        look_back = self._question.policy.look_back
        return (period.start - look_back).astimezone(UTC) if look_back > timedelta() else None

    def _past_jobs(self) -> tuple[Job, ...]:
        """Return the history, without those that turned out to have lived into the period."""
        past = [job for jobid, job in self._past.items() if jobid not in self._jobs]
        return tuple(sorted(past, key=lambda job: -job.jobid))

    def _take(
        self, row: Any, clock: DirectorClock, period: Period, *, listed: bool = False
    ) -> Job | None:
        """Keep a row's job if it is wanted; a later answer about the same job replaces an earlier.

        Returns the job if it belongs to the period, or may yet turn out to.

        A job that has ended does not run again: an older answer may only arrive later. Only what is
        `listed` counts as history: jobs picked out by their status would tell of failures alone.
        """
        job = job_from_row(row, clock) if isinstance(row, dict) else None
        if job is None:
            self._broken.add(repr(row)[:500])
            return None
        known = self._jobs.get(job.jobid)
        if known is not None and _contradict(known, job):
            self._broken.add(repr(row)[:500])
            return None
        if known is not None and job.is_open and not known.is_open:
            return None
        if not _wanted(job, self._question.filters):
            return None
        span = job.span(self._now)
        if span is None or period.overlaps(span):
            self._jobs[job.jobid] = job
            return job
        if listed and span[1] < period.start:
            self._remember(job, job.created or job.scheduled or span[0], period)
        if job.died_with_director and period.start - LOOK_BEHIND <= span[1] < period.start:
            self._died_before[job.jobid] = job
            return job
        return None

    def _remember(self, job: Job, made: datetime, period: Period) -> None:
        """Keep a job of the past, if it is not too long ago."""
        begin = self._history_begin(period)
        if begin is not None and made >= begin:
            self._past[job.jobid] = job
            return
        self._forgotten = True
        if job.type in PROOF_TYPES:
            self._proofs[job.jobid] = job

    def _successes(self) -> list[Job]:
        return [
            job
            for job in self._jobs.values()
            if job.type == BACKUP_TYPE and job.outcome is Outcome.SUCCESS
        ]

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

    def _read_success_logs(self, wanted: int) -> dict[int, JobLog]:
        """Return the logs of successes; one note tells how many there are without."""
        logs: dict[int, JobLog] = {}
        failed: ApiError | None = None
        for jobid, result in self._logs.successes():
            if isinstance(result, JobLog):
                logs[jobid] = result
            elif failed is None or failed.fault is Fault.DEADLINE:
                failed = result
        if wanted > len(logs):
            most = self._question.policy.success_logs
            reason = msg("no more than {limit} are.", limit=most)
            if failed is not None and failed.fault is Fault.DEADLINE:
                reason = msg("the time for asking the API was needed for the rest.")
            elif failed is not None:
                reason = failed.what
            self._note(GapSource.SUCCESS_LOGS, _unread(wanted - len(logs), reason))
        return logs


def _contradict(one: Job, other: Job) -> bool:
    """Whether two jobs bear one JobId: behind the one that is kept a failure could hide."""
    return bool(one.unique and other.unique) and one.unique != other.unique


def _wall(moment: datetime, clock: DirectorClock) -> datetime:
    """Return a moment by the Director's wall clock."""
    return moment.astimezone(clock.zone).replace(tzinfo=None)


def _odd_first(jobs: Sequence[Job], most: int) -> list[Job]:
    """Choose successes whose log is read: those that wrote nothing first, then the newest."""
    return heapq.nsmallest(
        most, jobs, key=lambda job: (job.files != 0 and job.bytes != 0, -job.jobid)
    )


def _unread(count: int, reason: Message) -> Message:
    return nmsg(
        "The log of {count} successful backup was not read: {reason}",
        "The logs of {count} successful backups were not read: {reason}",
        count,
        reason=reason,
    )


def _broken_rows(count: int) -> Message:
    return nmsg(
        "{count} row of the job list could not be read.",
        "{count} rows of the job list could not be read.",
        count,
    )


def _unreadable(count: int) -> Message:
    return nmsg(
        "{count} row could not be read.",
        "{count} rows could not be read.",
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
