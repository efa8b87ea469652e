"""The job list: paging that every server survives, and rows to `Job`.

The servers' ways (API.md sections 4 and 11): newest JobId first; no total; asking for everything
kills every one of them; `offset` is honoured by some and silently ignored by others; so is every
other parameter. Rows are never trusted to match what was asked.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from app.api.client import ApiClient
from app.api.dialect import FIRST_PAGE, Dialect
from app.api.faults import ApiError, Fault
from app.api.fields import number, text
from app.bacula.clock import DirectorClock, created_wall, observe_row, parse_wall
from app.bacula.codes import COPIED_TYPES, OPEN_STATUS
from app.bacula.model import Job
from app.logs import LOGGER

PAGE = 5_000
"""Rows of one request at most: a third of what makes the weakest server run out of memory."""
OVERLAP = 50
"""Rows that a page repeats of its predecessor: the list moves while it is read."""
LAST_RESORT = (10_000, 20_000)
"""Limits that are tried where neither `offset` nor the `name` filter helps any further."""
CERTAIN = 10
"""So many rows in a row must be old before everything behind them is taken for old."""

Row = Mapping[str, Any]
_log = logging.getLogger(LOGGER)


class _FilterIgnoredError(Exception):
    """The server gave rows that were not asked for."""


@dataclass(frozen=True, slots=True)
class Reach:
    """How far back the list must be read: until rows were created before `wall`."""

    wall: datetime

    def passed(self, rows: Sequence[Row]) -> bool:
        """Whether the last rows of a page were all created before the limit."""
        return bool(rows) and all(self._is_old(row) for row in rows[-CERTAIN:])

    def _is_old(self, row: Row) -> bool:
        created = _created(row)
        return created is not None and created < self.wall


def _created(row: Row) -> datetime | None:
    """Return when a row was made; JobIds follow this time, not the others."""
    created = created_wall(str(row.get("job") or ""))
    names: tuple[str, ...] = ("schedtime", "realendtime")
    if row.get("type") not in COPIED_TYPES:
        names += ("starttime", "endtime")
    return created or next((w for n in names if (w := parse_wall(row.get(n))) is not None), None)


class JobList:
    """Reads the job list of one server, newest first."""

    def __init__(self, client: ApiClient, dialect: Dialect) -> None:
        self._client = client
        self._path = dialect.path("jobs")
        self._dialect = dialect

    def pages(self, first: Sequence[Row], reach: Reach) -> Iterator[list[Row]]:
        """Yield pages of rows until `reach` is passed; some rows may come twice.

        Args:
            first: the first page, which was already read.
            reach: how far back to read.

        Raises:
            ApiError: when the rest cannot be had; what was yielded stays good.
        """
        yield list(first)
        if len(first) < FIRST_PAGE or reach.passed(first):
            return
        newest = _jobid(first[0])
        # Where `offset` is ignored this is simply a longer first page.
        rows = self._ask(limit=PAGE, offset=len(first) - OVERLAP)
        if newest in {_jobid(row) for row in rows}:
            yield rows
            if len(rows) >= PAGE and not reach.passed(rows):
                yield from self._by_name(reach)
            return
        read = len(first)
        while True:
            yield rows
            read += max(len(rows) - OVERLAP, 0)
            if len(rows) < PAGE or reach.passed(rows):
                return
            rows = self._ask(limit=PAGE, offset=read - OVERLAP)

    def open_jobs(self) -> list[Row]:
        """Return the jobs that run or wait, however old; time filters would drop them."""
        rows = self._ask(limit=PAGE, jobstatus="".join(sorted(OPEN_STATUS)))
        return [row for row in rows if row.get("jobstatus") in OPEN_STATUS]

    def one(self, jobid: int) -> Row:
        """Return one job's row as it is now."""
        row: Row = self._client.get(self._dialect.path(f"jobs/{jobid}"), expect=dict)
        return row

    def _by_name(self, reach: Reach) -> Iterator[list[Row]]:
        """Read further back job name by job name, else with ever larger limits.

        The server shows only jobs of configured names, so the names together are the whole list.
        """
        try:
            names = self._names()
            for name in names:
                yield from self._of_name(name, reach)
        except _FilterIgnoredError:
            _log.info("The server ignores the name filter; asking with larger limits")
            yield from self._grow(reach)

    def _names(self) -> list[str]:
        try:
            answer = self._client.get(self._dialect.path("jobs/resnames"), expect=dict)
        except ApiError as error:
            if error.fault in (Fault.WRONG_PATH, Fault.SHAPE, Fault.API):
                raise _FilterIgnoredError from error
            raise
        return [n for names in answer.values() if isinstance(names, list) for n in names if n]

    def _of_name(self, name: str, reach: Reach) -> Iterator[list[Row]]:
        for limit in (FIRST_PAGE, PAGE, *LAST_RESORT):
            try:
                rows = self._ask(limit=limit, name=name)
            except ApiError as error:
                # Bacularis says so of a name without any job.
                if error.fault is Fault.MISSING:
                    return
                raise
            if any(row.get("name") != name for row in rows):
                raise _FilterIgnoredError
            yield rows
            if len(rows) < limit or reach.passed(rows):
                return
        raise ApiError(Fault.PAGING, address=self._client.address, limit=LAST_RESORT[-1])

    def _grow(self, reach: Reach) -> Iterator[list[Row]]:
        for limit in LAST_RESORT:
            rows = self._ask(limit=limit)
            yield rows
            if len(rows) < limit or reach.passed(rows):
                return
        raise ApiError(Fault.PAGING, address=self._client.address, limit=LAST_RESORT[-1])

    def _ask(self, **params: Any) -> list[Row]:
        rows = self._client.get(self._path, params, expect=list)
        return [row for row in rows if isinstance(row, Mapping)]


def _jobid(row: Row) -> int | None:
    return number(row.get("jobid"))


def job_from_row(row: Row, clock: DirectorClock) -> Job | None:
    """Turn a catalog row into a `Job`; None when it has no JobId and so is nobody's row."""
    jobid = _jobid(row)
    if jobid is None or jobid <= 0:
        return None
    seen = observe_row(row)

    def instant(name: str) -> datetime | None:
        return clock.instant(parse_wall(row.get(name)), seen)

    unique = text(row, "job")
    return Job(
        jobid=jobid,
        unique=unique,
        name=text(row, "name") or unique or str(jobid),
        client=text(row, "client"),
        type=text(row, "type"),
        level=text(row, "level"),
        status=text(row, "jobstatus"),
        created=clock.instant(created_wall(unique), seen),
        scheduled=instant("schedtime"),
        started=instant("starttime"),
        ended=instant("endtime"),
        real_ended=instant("realendtime"),
        files=number(row.get("jobfiles")),
        bytes=number(row.get("jobbytes")),
        errors=number(row.get("joberrors")),
        pool=text(row, "pool"),
        fileset=text(row, "fileset"),
        prior_jobid=number(row.get("priorjobid")) or 0,
    )
