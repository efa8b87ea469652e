"""The job list: paging that every server survives, and rows to `Job`.

The servers' ways (API.md sections 4 and 11): newest JobId first; no total; asking for everything
kills every one of them; `offset` is honoured by some and silently ignored by others; so is every
other parameter. Rows are never trusted to match what was asked.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
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
PROOFS = 500
"""Restores and Verifies that are asked for, at most, however old they are."""
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


@dataclass(frozen=True, slots=True)
class _Place:
    """Where the list is read on with `offset`.

    Attributes:
        offset: the place, in rows.
        limit: rows to ask for at once.
        lowest: the oldest JobId before it.
        first: rows of the very first page.
    """

    offset: int
    limit: int
    lowest: int
    first: int


@dataclass(frozen=True, slots=True)
class _Named:
    """The rows of one job name.

    Attributes:
        page: the newest rows, as many as were needed.
        complete: whether there are no older ones.
        error: why there are no more, where some are missing.
    """

    page: list[Any]
    complete: bool = False
    error: ApiError | None = None


class JobList:
    """Reads the job list of one server, newest first.

    A page is what the server gave: it may hold things that are no rows.

    Attributes:
        read_back_to: when the oldest row was made up to which nothing is left out; None at first.
        at_end: whether the list was read to its end: there is nothing older.
    """

    def __init__(self, client: ApiClient, dialect: Dialect, each: Each = map) -> None:
        """Read through `client`; `each` maps a function over names, perhaps several at once."""
        self._client = client
        self._each = each
        self._path = dialect.path("jobs")
        self._dialect = dialect
        self.read_back_to: datetime | None = None
        self.at_end = False
        self._rest: Callable[[Reach], Iterator[list[Any]]] | None = None
        self._last: list[Any] = []

    def pages(self, first: Sequence[Any], reach: Reach) -> Iterator[list[Any]]:
        """Yield pages of rows until `reach` is passed; some rows may come twice.

        Args:
            first: the first page, which was already read.
            reach: how far back to read.

        Raises:
            ApiError: when the rest cannot be had; what was yielded stays good.
        """
        yield self._whole(first)
        if not _jobids(first):
            self.at_end = not first
        elif reach.passed(first):
            self._rest = partial(self._second, first, by_name=False)
        else:
            yield from self._second(first, reach, by_name=True)

    def older(self, reach: Reach) -> Iterator[list[Any]]:
        """Yield pages behind those of `pages`, for as far back as it costs little.

        Where `offset` is honoured: page after page, until `reach` is passed. Elsewhere at most one
        longer page, and none where job names had to be asked one by one: those lists are long.

        Raises:
            ApiError: when the rest cannot be had; what was yielded stays good.
        """
        if self._rest is not None and not reach.passed(self._last):
            yield from self._rest(reach)

    def _second(self, first: Sequence[Any], reach: Reach, *, by_name: bool) -> Iterator[list[Any]]:
        """Yield what follows the first page, which alone does not tell how to go on."""
        jobids = sorted(_jobids(first))
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
            place = _Place(offset, limit, min(jobids), len(first))
            pages = self._onward(page, place, reach, by_name=by_name)
            # A page is large: nobody holds on to one that was read.
            del page
            yield from pages
            return
        # `offset` is ignored; this is simply a longer first page.
        yield self._whole(page)
        if len(page) < limit:
            # Unless the server never gives more than the first page's rows.
            self.at_end = len(page) > len(first) or len(first) < FIRST_PAGE
        elif limit < PAGE and not by_name:
            # It cannot hold a longer one.
            return
        elif reach.passed(page):
            self._rest = self._longest
        elif by_name:
            yield from self._by_name(page, reach)
        else:
            yield from self._longest(reach)

    def _onward(
        self, page: list[Any], place: _Place, reach: Reach, *, by_name: bool
    ) -> Iterator[list[Any]]:
        """Yield `page`, which is at `place`, and what follows it, until `reach` is passed."""
        offset, lowest = place.offset, place.lowest
        while True:
            jobids = _jobids(page)
            if max(jobids, default=0) < lowest:
                # More rows were deleted meanwhile than pages overlap: others moved up, unseen.
                yield self._ask(limit=place.limit, offset=max(offset - place.limit, 0))
            yield self._whole(page)
            if min(jobids, default=lowest) >= lowest:
                if len(page) < place.limit:
                    self.at_end = True
                elif by_name:
                    # `offset` is ignored after all.
                    yield from self._by_name(page, reach)
                return
            # A page shorter than the first is no matter of what the server allows: it is the last.
            if len(page) < place.first:
                self.at_end = True
                return
            lowest = min(jobids)
            offset += len(page) - _overlap(page)
            if reach.passed(page):
                self._rest = partial(self._follow, replace(place, offset=offset, lowest=lowest))
                return
            page = []
            page = self._ask(limit=place.limit, offset=offset)

    def _follow(self, place: _Place, reach: Reach) -> Iterator[list[Any]]:
        """Yield what follows, the next page of which is still to be asked for."""
        page = self._ask(limit=place.limit, offset=place.offset)
        pages = self._onward(page, place, reach, by_name=False)
        del page
        yield from pages

    def _longest(self, _reach: Reach) -> Iterator[list[Any]]:
        """Yield one page, the longest that every server survives."""
        limit = LAST_RESORT[0]
        page = self._ask(limit=limit, final=_TOO_MUCH)
        yield self._whole(page)
        self.at_end = len(page) < limit

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

    def of_type(self, letter: str) -> list[Any]:
        """Return the newest jobs of one type, however old, at most `PROOFS`.

        Raises:
            ApiError: if they cannot be had; also where the server ignores the filter.
        """
        page = self._ask(limit=PROOFS, type=letter)
        if any(row.get("type") != letter for row in _rows(page)):
            raise ApiError(Fault.SHAPE, address=self._client.address)
        return page

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
        cut: list[datetime | None] = []
        try:
            for found in self._each(partial(self._of_name, reach), self._names(page)):
                stuck = found.error or stuck
                if not found.complete:
                    cut.append(_oldest(found.page))
                yield found.page
        except _NamesUselessError:
            _log.info("Job names do not help at this server; asking with larger limits")
            for longer, complete in self._growing(LAST_RESORT, reach):
                yield self._whole(longer)
                self.at_end = complete
            return
        if stuck is not None:
            raise stuck
        self.at_end = not cut
        known = [wall for wall in cut if wall is not None]
        # Each name's list goes back that far at least; one whose rows tell no time proves nothing.
        if known and len(known) == len(cut):
            self.read_back_to = max(known)

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

    def _of_name(self, reach: Reach, name: str) -> _Named:
        """Return the rows of one name, and why there are no more if some are missing."""
        found = _Named([])
        try:
            for page, complete in self._growing((FIRST_PAGE, PAGE, *LAST_RESORT), reach, name=name):
                if any(row.get("name") != name for row in _rows(page)):
                    raise _NamesUselessError
                # A longer page holds the shorter one before it.
                found = _Named(page, complete)
        except ApiError as error:
            # Bacularis says MISSING of a name without any job.
            if error.fault is Fault.MISSING:
                return replace(found, complete=True)
            return replace(found, error=error)
        return found

    def _growing(
        self, limits: Sequence[int], reach: Reach, **filters: str
    ) -> Iterator[tuple[list[Any], bool]]:
        """Ask for ever more of the newest rows, until `reach` is passed or there are no more.

        Each page comes with whether it holds all there is.
        """
        had = PAGE
        for limit in limits:
            try:
                page = self._ask(limit=limit, final=_TOO_MUCH if limit > PAGE else (), **filters)
            except ApiError as error:
                if limit > PAGE and error.fault in _TOO_MUCH:
                    break
                raise
            yield page, len(page) < limit
            if len(page) < limit or reach.passed(page):
                return
            had = limit
        raise ApiError(Fault.PAGING, address=self._client.address, limit=had)

    def _whole(self, page: Sequence[Any]) -> list[Any]:
        """Note how far back the list is read without a gap."""
        self.read_back_to = _oldest(page) or self.read_back_to
        self._last = _rows(page)[-CERTAIN:]
        return list(page)

    def _ask(self, final: Collection[Fault] = (), **params: Any) -> list[Any]:
        page: list[Any] = self._client.get(self._path, params, expect=list, final=final)
        return page


def _rows(page: Sequence[Any]) -> list[Row]:
    return [row for row in page if isinstance(row, Mapping)]


def _oldest(page: Sequence[Any]) -> datetime | None:
    """Return when the last rows of a page were made, the oldest of them."""
    created = [at for row in _rows(page)[-CERTAIN:] if (at := created_at(row)) is not None]
    return min(created, default=None)


def _jobids(page: Sequence[Any]) -> list[int]:
    return [jobid for row in _rows(page) if (jobid := _jobid(row)) is not None]


def _overlap(page: Sequence[Any]) -> int:
    return min(OVERLAP, max(len(page) // 2, 1))


def _jobid(row: Row) -> int | None:
    jobid = row.get("jobid")
    # Rounded, it would be another job's.
    return number(jobid) if not isinstance(jobid, float) or jobid.is_integer() else None


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
    # Most rows have the same moment two or three times: it is kept once.
    moments: dict[datetime, datetime | None] = {}

    def instant(wall: datetime | None) -> datetime | None:
        if wall is None:
            return None
        if wall not in moments:
            moments[wall] = clock.instant(wall, seen)
        return moments[wall]

    def word(name: str) -> str:
        """Return what is the same in many rows; it too is kept once."""
        return sys.intern(text(row, name))

    unique = text(row, "job")
    return Job(
        jobid=jobid,
        unique=unique,
        name=word("name") or unique or str(jobid),
        client=word("client"),
        type=word("type"),
        level=word("level"),
        status=word("jobstatus"),
        created=instant(created_wall(unique)),
        scheduled=instant(parse_wall(row.get("schedtime"))),
        started=instant(parse_wall(row.get("starttime"))),
        ended=instant(parse_wall(row.get("endtime"))),
        real_ended=instant(parse_wall(row.get("realendtime"))),
        files=_count(row, "jobfiles"),
        bytes=_count(row, "jobbytes"),
        errors=_count(row, "joberrors"),
        pool=word("pool"),
        fileset=word("fileset"),
        prior_jobid=number(row.get("priorjobid")) or 0,
        purged=bool(number(row.get("purgedfiles"))),
    )
