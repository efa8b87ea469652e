"""Job logs: one request a job, about 0.12 s each on real servers."""

from __future__ import annotations

from app.api.client import ApiClient
from app.api.dialect import Dialect
from app.api.faults import ApiError, Fault

UNREADABLE = "[?]"
"""Stands for a row of a log that is no text."""


def fetch_log(client: ApiClient, dialect: Dialect, jobid: int) -> list[str]:
    """Return the rows of a job's log, with times (`show_time`), as the server gave them.

    Rows come in no certain order; the times let `app.bacula.joblog` sort them. What is no text has
    `UNREADABLE` in its place: the rest of a log is worth more than none.

    Raises:
        ApiError: if the log cannot be had, or there is nothing but rubbish in it.
    """
    rows = client.get(dialect.path(f"joblog/{jobid}"), {"show_time": 1}, expect=list)
    if rows and not any(isinstance(row, str) for row in rows):
        raise ApiError(Fault.SHAPE, address=client.address)
    return [row if isinstance(row, str) else UNREADABLE for row in rows]
