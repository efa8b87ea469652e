"""The job list: paging that every server survives, and rows to `Job`.

The servers' ways (API.md sections 4 and 11): newest JobId first; no total; asking for everything
kills every one of them; `offset` is honoured by some and silently ignored by others; so is every
other parameter. Rows are never trusted to match what was asked.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from app.api.client import ApiClient
from app.api.dialect import FIRST_PAGE, Dialect
from app.api.faults import ApiError, Fault
from app.api.fields import number, text
from app.bacula.clock import DirectorClock, created_wall, observe_row, parse_wall
from app.bacula.codes import COPIED_TYPES, FAILED_STATUS, OPEN_STATUS, WARNING_STATUS
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
Each = Callable[[Callable[[str], Any], Iterable[str]], Iterable[Any]]
_TOO_MUCH = frozenset({Fault.SERVER, Fault.DROPPED})
"""How a server fails that cannot hold so many rows in its memory."""
_BAD_STATUS = FAILED_STATUS | WARNING_STATUS | {"A"}
_log = logging.getLogger(LOGGER)


class _NamesUselessError(Exception):
    """The server does not tell its job names, or ignores the filter for them."""


@dataclass(frozen=True, slots=True)
class Reach:
    """How far back the list must be read: until rows were created before `wall`."""

    wall: datetime

    def passed(self, page: Sequence[Any]) -> bool:
        """Whether the last rows of a page were all created before the limit."""
        rows = _rows(page)
        return bool(rows) and all(self._is_old(row) for row in rows[-CERTAIN:])

    def _is_old(self, row: Row) -> bool:
        created = created_at(row)
        return created is not None and created < self.wall


def created_at(row: Row) -> datetime | None:
    """Return when a row was made, by the Director's clock; JobIds follow this time only."""
    created = created_wall(text(row, "job"))
    names: tuple[str, ...] = ("schedtime", "realendtime")
    if text(row, "type") not in COPIED_TYPES:
        names += ("starttime", "endtime")
    return created or next((w for n in names if (w := parse_wall(row.get(n))) is not None), None)


class JobList:
    """Reads the job list of one server, newest first.

    A page is what the server gave: it may hold things that are no rows.

    Attributes:
        read_back_to: when the oldest row was made up to which nothing is left out; None at first.
    """

    def __init__(self, client: ApiClient, dialect: Dialect, each: Each = map) -> None:
        """Read through `client`; `each` maps a function over names, perhaps several at once."""
        self._client = client
        self._each = each
        self._path = dialect.path("jobs")
        self._dialect = dialect
        self.read_back_to: datetime | None = None

    def pages(self, first: Sequence[Any], reach: Reach) -> Iterator[list[Any]]:
        """Yield pages of rows until `reach` is passed; some rows may come twice.

        Args:
            first: the first page, which was already read.
            reach: how far back to read.

        Raises:
            ApiError: when the rest cannot be had; what was yielded stays good.
        """
        yield self._whole(first)
        jobids = sorted(_jobids(first))
        if not jobids or reach.passed(first):
            return
        # Asked also after a short page: a server may allow fewer rows than were asked for.
        offset, limit = len(first) - _overlap(first), PAGE
        try:
            page = self._ask(limit=limit, offset=offset)
        except ApiError as error:
            if error.fault not in _TOO_MUCH:
                raise
            # So many it gave before.
            limit = FIRST_PAGE
            page = self._ask(limit=limit, offset=offset)
        # By its middle: the newest row may be gone since, or newer ones have come.
        if max(_jobids(page), default=0) < jobids[len(jobids) // 2]:
            yield from self._onward(first, page, offset, limit, reach)
            return
        # `offset` is ignored; this is simply a longer first page.
        yield self._whole(page)
        if len(page) >= limit and not reach.passed(page):
            yield from self._by_name(page, reach)

    def _onward(
        self, first: Sequence[Any], page: list[Any], offset: int, limit: int, reach: Reach
    ) -> Iterator[list[Any]]:
        """Yield `page`, which begins at `offset`, and what follows it."""
        lowest = min(_jobids(first))
        while True:
            jobids = _jobids(page)
            if max(jobids, default=0) < lowest:
                # More rows were deleted meanwhile than pages overlap: others moved up, unseen.
                yield self._ask(limit=limit, offset=max(offset - limit, 0))
            yield self._whole(page)
            if min(jobids, default=lowest) >= lowest:
                if len(page) >= limit:
                    # `offset` is ignored after all.
                    yield from self._by_name(page, reach)
                return
            # A page shorter than the first is no matter of what the server allows: it is the last.
            if len(page) < len(first) or reach.passed(page):
                return
            lowest = min(jobids)
            offset += len(page) - _overlap(page)
            page = self._ask(limit=limit, offset=offset)

    def open_jobs(self) -> list[Any]:
        """Return the jobs that run or wait, however old; time filters would drop them.

        Where the filter is ignored these are simply the newest jobs. At most `PAGE`.
        """
        return self._ask(limit=PAGE, jobstatus="".join(sorted(OPEN_STATUS)))

    def ended_badly(self) -> list[Any]:
        """Return the newest jobs that did not end well, however long ago they were created.

        A job may run for weeks before it fails; by its JobId it lies far behind the period.
        """
        return self._ask(limit=FIRST_PAGE, jobstatus="".join(sorted(_BAD_STATUS)))

    def one(self, jobid: int) -> Row:
        """Return one job's row as it is now.

        Raises:
            ApiError: if it cannot be had.
        """
        row: Row = self._client.get(self._dialect.path(f"jobs/{jobid}"), expect=dict)
        if _jobid(row) != jobid:
            raise ApiError(Fault.SHAPE, address=self._client.address)
        return row

    def _by_name(self, page: list[Any], reach: Reach) -> Iterator[list[Any]]:
        """Read further back job name by job name, else with ever larger limits.

        The server shows only jobs of configured names, so the names together are the whole list.
        """
        stuck: ApiError | None = None
        try:
            for pages, error in self._each(partial(self._of_name, reach), self._names(page)):
                yield from pages
                stuck = error or stuck
        except _NamesUselessError:
            _log.info("Job names do not help at this server; asking with larger limits")
            for longer in self._growing(LAST_RESORT, reach):
                yield self._whole(longer)
        if stuck is not None:
            raise stuck

    def _names(self, page: list[Any]) -> list[str]:
        try:
            answer = self._client.get(self._dialect.path("jobs/resnames"), expect=dict)
        except ApiError as error:
            raise _NamesUselessError from error
        lists = [names for names in answer.values() if isinstance(names, list)]
        names = [name for names in lists for name in names if isinstance(name, str) and name]
        if not names or any(row.get("name") not in names for row in _rows(page)):
            raise _NamesUselessError
        return list(dict.fromkeys(names))

    def _of_name(self, reach: Reach, name: str) -> tuple[list[list[Any]], ApiError | None]:
        """Return the pages of one name, and why there are no more if some are missing."""
        pages: list[list[Any]] = []
        try:
            for page in self._growing((FIRST_PAGE, PAGE, *LAST_RESORT), reach, name=name):
                if any(row.get("name") != name for row in _rows(page)):
                    raise _NamesUselessError
                # A longer page holds the shorter one before it.
                pages = [page]
        except ApiError as error:
            # Bacularis says MISSING of a name without any job.
            return pages, None if error.fault is Fault.MISSING else error
        return pages, None

    def _growing(self, limits: Sequence[int], reach: Reach, **filters: str) -> Iterator[list[Any]]:
        """Ask for ever more of the newest rows, until `reach` is passed or there are no more."""
        had = PAGE
        for limit in limits:
            try:
                page = self._ask(limit=limit, tries=1 if limit > PAGE else None, **filters)
            except ApiError as error:
                if limit > PAGE and error.fault in _TOO_MUCH:
                    break
                raise
            yield page
            if len(page) < limit or reach.passed(page):
                return
            had = limit
        raise ApiError(Fault.PAGING, address=self._client.address, limit=had)

    def _whole(self, page: Sequence[Any]) -> list[Any]:
        """Note how far back the list is read without a gap."""
        created = [at for row in _rows(page)[-CERTAIN:] if (at := created_at(row)) is not None]
        if created:
            self.read_back_to = min(created)
        return list(page)

    def _ask(self, tries: int | None = None, **params: Any) -> list[Any]:
        page: list[Any] = self._client.get(self._path, params, expect=list, tries=tries)
        return page


def _rows(page: Sequence[Any]) -> list[Row]:
    return [row for row in page if isinstance(row, Mapping)]


def _jobids(page: Sequence[Any]) -> list[int]:
    return [jobid for row in _rows(page) if (jobid := _jobid(row)) is not None]


def _overlap(page: Sequence[Any]) -> int:
    return min(OVERLAP, max(len(page) // 2, 1))


def _jobid(row: Row) -> int | None:
    return number(row.get("jobid"))


def _count(row: Row, name: str) -> int | None:
    """Return a number of things, of which there cannot be fewer than none."""
    value = number(row.get(name))
    return value if value is None or value >= 0 else None


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
        files=_count(row, "jobfiles"),
        bytes=_count(row, "jobbytes"),
        errors=_count(row, "joberrors"),
        pool=text(row, "pool"),
        fileset=text(row, "fileset"),
        prior_jobid=number(row.get("priorjobid")) or 0,
        purged=bool(number(row.get("purgedfiles"))),
    )
