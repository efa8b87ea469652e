"""Pools and Volumes, as the catalog knows them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Any, TypeVar

from app.api.client import ApiClient
from app.api.dialect import Dialect
from app.api.faults import ApiError, Fault
from app.api.fields import Listed, flag, length, limit, number, read_rows, text
from app.bacula.clock import DirectorClock, parse_wall
from app.bacula.model import Pool, Volume

_LAST_YEAR = 2200
_T = TypeVar("_T", Pool, Volume)


def fetch_pools(client: ApiClient, dialect: Dialect) -> Listed[Pool]:
    """Return every Pool, by name.

    Raises:
        ApiError: if the list cannot be had.
    """
    found = read_rows(client.get(dialect.path("pools"), expect=list), "name", pool_from_row)
    return _by_name(found, client)


def fetch_volumes(client: ApiClient, dialect: Dialect, clock: DirectorClock) -> Listed[Volume]:
    """Return every Volume, by name.

    Args:
        client: who asks.
        dialect: how.
        clock: reads the times, which are the Director's wall clock.

    Raises:
        ApiError: if the list cannot be had.
    """
    answer = client.get(dialect.path("volumes"), expect=list)
    found = read_rows(answer, "volumename", partial(volume_from_row, clock=clock))
    return _by_name(found, client)


def _by_name(found: Listed[_T], client: ApiClient) -> Listed[_T]:
    if found.unreadable and not found.rows:
        raise ApiError(Fault.SHAPE, address=client.address)
    return replace(found, rows=tuple(sorted(found.rows, key=lambda one: one.name)))


def pool_from_row(row: Mapping[str, Any]) -> Pool:
    """Turn a row of the catalog's Pool table into a `Pool`."""
    return Pool(
        name=text(row, "name"),
        volumes=limit(row.get("numvols")) or 0,
        max_volumes=limit(row.get("maxvols")),
        retention=length(row.get("volretention")),
        max_volume_bytes=limit(row.get("maxvolbytes")),
        type=text(row, "pooltype") or "Backup",
        recycle=flag(row.get("recycle")) is not False,
    )


def volume_from_row(row: Mapping[str, Any], clock: DirectorClock) -> Volume:
    """Turn a row of the catalog's Media table into a `Volume`."""
    held = number(row.get("volbytes"))
    return Volume(
        name=text(row, "volumename"),
        pool=text(row, "pool"),
        status=text(row, "volstatus"),
        bytes=held if held is not None and held >= 0 else None,
        max_bytes=limit(row.get("maxvolbytes")),
        retention=length(row.get("volretention")),
        first_written=_moment(row, "firstwritten", clock),
        last_written=_moment(row, "lastwritten", clock),
        recycle=flag(row.get("recycle")) is not False,
        # 0 is disabled; 2 is archived, which is no longer written to either.
        enabled=flag(row.get("enabled")) is not False and number(row.get("enabled")) != 2,
        errors=limit(row.get("volerrors")) or 0,
    )


def _moment(row: Mapping[str, Any], name: str, clock: DirectorClock) -> datetime | None:
    wall = parse_wall(row.get(name))
    # A retention will be added to it, which must not leave the calendar.
    return clock.instant(wall) if wall is not None and wall.year <= _LAST_YEAR else None
