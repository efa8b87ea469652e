"""Job logs: one request a job, about 0.12 s each on real servers."""

from __future__ import annotations

from app.api.client import ApiClient
from app.api.dialect import Dialect
from app.api.faults import ApiError, Fault


def fetch_log(client: ApiClient, dialect: Dialect, jobid: int) -> list[str]:
    """Return the rows of a job's log, with times (`show_time`), as the server gave them.

    Rows come in no certain order; the times let `app.bacula.joblog` sort them.

    Raises:
        ApiError: if the log cannot be had.
    """
    rows = client.get(dialect.path(f"joblog/{jobid}"), {"show_time": 1}, expect=list)
    if any(not isinstance(row, str) for row in rows):
        # Who knows what it says.
        raise ApiError(Fault.SHAPE, address=client.address)
    return list(rows)
