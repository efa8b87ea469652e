"""The configured jobs, from the text that bconsole's `show jobs` prints."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

from app.api.client import ApiClient
from app.api.dialect import Dialect
from app.api.faults import ApiError, Fault
from app.bacula.joblog import clean_line
from app.bacula.model import JobResource

_NOT_TOLD = frozenset({Fault.WRONG_PATH, Fault.HTML, Fault.NOT_FOUND, Fault.MISSING})
# Names may hold blanks. What a job refers to is indented, also another job.
_JOB = re.compile(r"Job: name=(.+?) JobType=(\d{1,3})\b(?:.* Enabled=([01])\b)?", re.IGNORECASE)
_CLIENT = re.compile(r"\s+--> Client: name=(.+?)(?: Enabled=([01])\b.*)?$", re.IGNORECASE)
_SCHEDULE = re.compile(r"\s+--> Schedule: name=.+?(?: Enabled=([01])\b.*)?$", re.IGNORECASE)
_LONGEST_LINE = 1_000


def fetch_resources(client: ApiClient, dialect: Dialect) -> tuple[JobResource, ...]:
    """Return the configured jobs; only their names where the server does not show more.

    Raises:
        ApiError: if not even their names can be had.
    """
    try:
        shown = read_resources(client.get(dialect.path("jobs/show"), expect=list))
    except ApiError as error:
        if error.fault not in _NOT_TOLD:
            raise
        shown = ()
    if shown:
        return shown
    # Not offered; or a console that may not show resources, and says so in words.
    answer = client.get(dialect.path("jobs/resnames"), expect=dict)
    lists = [names for names in answer.values() if isinstance(names, list)]
    if not lists:
        raise ApiError(Fault.SHAPE, address=client.address)
    names = [clean_line(name) for one in lists for name in one if isinstance(name, str)]
    return tuple(JobResource(name) for name in dict.fromkeys(names) if name)


def read_resources(lines: Iterable[Any]) -> tuple[JobResource, ...]:
    """Read `show jobs`: a line for each job, and indented below it what it refers to.

    A job is enabled if its Client is, too: the Director runs no job of a disabled one.
    """
    found: dict[str, JobResource] = {}
    for job in _jobs(line for line in lines if isinstance(line, str)):
        found.setdefault(job.name, job)
    return tuple(found.values())


def _jobs(lines: Iterable[str]) -> Iterator[JobResource]:
    job: JobResource | None = None
    for line in lines:
        line = line[:_LONGEST_LINE].rstrip()
        if (begun := _JOB.match(line)) is not None:
            if job is not None:
                yield _whole(job)
            job = _begin(begun)
        elif job is not None:
            job = _with_reference(job, line)
    if job is not None:
        yield _whole(job)


def _begin(line: re.Match[str]) -> JobResource:
    name, code, enabled = line.groups()
    letter = chr(int(code))
    return JobResource(
        name=clean_line(name),
        type=letter if letter.isascii() and letter.isalpha() else "",
        enabled=None if enabled is None else enabled == "1",
    )


def _whole(job: JobResource) -> JobResource:
    """Conclude that a job has no Schedule if none stood below it."""
    return replace(job, scheduled=bool(job.scheduled))


def _with_reference(job: JobResource, line: str) -> JobResource:
    """Add the Client or the Schedule that a line names; the first of each is the job's own."""
    if not job.client and (found := _CLIENT.match(line)) is not None:
        enabled = False if found[2] == "0" else job.enabled
        return replace(job, client=clean_line(found[1]), enabled=enabled)
    if job.scheduled is None and (found := _SCHEDULE.match(line)) is not None:
        return replace(job, scheduled=found[1] != "0")
    return job
