"""Reading the logs of jobs: which, in which order, and when to give up."""

from __future__ import annotations

import heapq
import re
import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from itertools import count

from app.api.client import ApiClient
from app.api.dialect import Dialect
from app.api.faults import PASSING, ApiError, Fault
from app.api.joblogs import fetch_log
from app.bacula.codes import VERIFY_TYPE, Outcome
from app.bacula.joblog import JobLog, read_log
from app.bacula.model import Job

GIVE_UP_LOGS = 8
"""So many logs failing one after the other, and no more are asked for; if the fault may pass, not
before the server had its time: when a web server restarts, all logs under way fail together."""
SPARE = 1 / 3
"""Share of the time for all calls that the logs of successes leave unused."""

_LOG_RANK = {
    Outcome.FAILED: 0,
    Outcome.UNKNOWN: 1,
    Outcome.WARNING: 2,
    Outcome.WAITING: 3,
    Outcome.RUNNING: 4,
    Outcome.CANCELLED: 5,
}
_SUCCESS_RANK = 6
_UPGRADE = re.compile(
    r"no prior (?:or suitable )?full|doing (?:full|differential)|upgraded", re.IGNORECASE
)


class _Streak:
    """Failures one after the other."""

    def __init__(self, patience: float) -> None:
        self._patience = patience
        self._lock = threading.Lock()
        self._count = 0
        self._since = 0.0
        self._last: ApiError | None = None

    def add(self, error: ApiError) -> None:
        """Count a failure."""
        with self._lock:
            if not self._count:
                self._since = time.monotonic()
            self._count += 1
            self._last = error

    def end(self) -> None:
        """Begin anew, as something went well."""
        with self._lock:
            self._count = 0

    @property
    def hopeless(self) -> ApiError | None:
        """The last failure, if there were so many that another try is in vain."""
        with self._lock:
            if self._last is None or self._count < GIVE_UP_LOGS:
                return None
            passing = self._last.fault in PASSING
            young = time.monotonic() - self._since < self._patience
            return None if passing and young else self._last


class LogDesk:
    """Asks for logs, each once, the worst jobs first, until too many fail one after the other.

    A dead server is not asked 500 times. While the job list is still being read a worker is left
    free for it: its next page brings more than the next log.

    Behind all others come those of successes, which may hide errors. They are worth less: they end
    when time runs short.
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
        self._successes: dict[int, Future[JobLog | ApiError]] = {}
        self._streak = _Streak(client.patience)

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

    def want_successes(self, jobs: Sequence[Job]) -> None:
        """Ask for the logs of these successes too, the first of them first."""
        with self._lock:
            for job in jobs:
                future: Future[JobLog | ApiError] = Future()
                self._successes[job.jobid] = future
                number = next(self._order)
                heapq.heappush(self._backlog, (_SUCCESS_RANK, number, number, job, future))
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

    def successes(self) -> Iterator[tuple[int, JobLog | ApiError]]:
        """Yield what became of the logs of successes, likewise.

        `Fault.DEADLINE` stands for those that were given up to leave time for the rest.
        """
        for jobid, future in self._successes.items():
            yield jobid, future.result()

    def _send(self) -> None:
        while self._backlog and self._under_way < self._at_once:
            *_, job, future = heapq.heappop(self._backlog)
            self._under_way += 1
            self._pool.submit(self._work, job, future)

    def _work(self, job: Job, future: Future[JobLog | ApiError]) -> None:
        try:
            plain = job.outcome is Outcome.SUCCESS
            future.set_result(self._read_success(job) if plain else self._read(job))
        except Exception as error:
            future.set_exception(error)
        with self._lock:
            self._under_way -= 1
            # Whoever stops the run has closed the pool.
            with suppress(RuntimeError):
                self._send()

    def _read(self, job: Job) -> JobLog | ApiError:
        if (hopeless := self._streak.hopeless) is not None:
            return hopeless
        try:
            rows = fetch_log(self._client, self._dialect, job.jobid)
        except ApiError as error:
            if error.fault is not Fault.MISSING:
                self._streak.add(error)
            return error
        self._streak.end()
        return read_log(rows, verify=job.type == VERIFY_TYPE)

    def _read_success(self, job: Job) -> JobLog | ApiError:
        if self._client.remaining < self._client.allowed * SPARE:
            return ApiError(Fault.DEADLINE, seconds=f"{self._client.allowed:g}")
        log = self._read(job)
        return _essence(log) if isinstance(log, JobLog) else log


def _essence(log: JobLog) -> JobLog:
    """Keep of a success' log what accuses, and why its level was upgraded; it is not shown."""
    upgrade = tuple(line for line in log.head if _UPGRADE.search(line))
    left_out = log.total - len(upgrade)
    return replace(log, head=upgrade, tail=(), last=(), omitted=left_out)
