"""The runs that the Director's schedules foresee; bconsole works them out, without the database."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from app.api.client import ApiClient
from app.api.dialect import Dialect
from app.api.faults import ApiError, Fault
from app.api.fields import Listed, epoch, read_rows, text
from app.bacula.model import ScheduledRun
from app.logs import LOGGER

DAYS = (8, 2, 1)
"""Days to ask for, fewer where there are more runs in them than are told at once."""
LIMIT = 2_000
"""Runs that a Director tells at once: for more than that, some versions fall back to far fewer."""

_log = logging.getLogger(LOGGER)


def fetch_schedule(client: ApiClient, dialect: Dialect) -> Listed[ScheduledRun]:
    """Return the runs foreseen, each once, from the Director's last midnight on.

    What ran earlier today is among them. For eight days; for fewer where a Director foresees more
    than `LIMIT` runs. A schedule that runs several times a day is told once a day only.

    Raises:
        ApiError: if they cannot be had.
    """
    found: Listed[ScheduledRun] = Listed(())
    for days in DAYS:
        params = {"days": days, "limit": LIMIT}
        answer = client.get(dialect.path("schedules/status"), params, expect=list)
        found = read_rows(answer, "name", run_from_row)
        if found.unreadable and not found.rows:
            raise ApiError(Fault.SHAPE, address=client.address)
        # The last item is told twice.
        found = replace(found, rows=tuple(dict.fromkeys(found.rows)))
        if len(found.rows) < LIMIT:
            break
        _log.info("More than %d runs are foreseen in %d days", LIMIT, days)
    return found


def run_from_row(row: Mapping[str, Any]) -> ScheduledRun | None:
    """Turn a row into a `ScheduledRun`; None when it has no time."""
    # Here, other than in Bacularis' job lists, the epoch is a true one.
    due = epoch(row.get("schedtime_epoch"))
    if due is None:
        return None
    return ScheduledRun(
        job=text(row, "name"),
        client=text(row, "client"),
        type=text(row, "type"),
        level=text(row, "level"),
        due=due,
        schedule=text(row, "schedule"),
    )
