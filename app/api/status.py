"""Live status: what the Director and the File Daemons say at this moment.

Only here stands why a job waits and how far it is. Asking costs a bconsole call; an unreachable
File Daemon costs the server fifteen seconds and is then reported as an empty list without an error.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import quote

from app.api.client import ApiClient
from app.api.dialect import Dialect
from app.api.faults import ApiError, Fault
from app.api.fields import epoch, number, text
from app.bacula.clock import Observation, observe, parse_wall
from app.bacula.joblog import MAX_LINE, clean_line, repair
from app.bacula.model import Client, LiveJob


def fetch_directors(client: ApiClient, dialect: Dialect) -> list[str]:
    """Return the names of the Directors that the API serves; the first is the one it asks.

    Raises:
        ApiError: if they cannot be had, or there are none.
    """
    answer = client.get(dialect.path("directors"), expect=list)
    written = [clean_line(name[:MAX_LINE]) for name in answer if isinstance(name, str)]
    names = [name for name in written if name]
    if not names:
        raise ApiError(Fault.SHAPE, address=client.address)
    return names


def needs_director(dialect: Dialect) -> bool:
    """Whether the live status is asked for by the Director's name."""
    return dialect.version != "v1"


def fetch_running(
    client: ApiClient, dialect: Dialect, director: str
) -> tuple[dict[int, LiveJob], list[Observation]]:
    """Return the jobs that the Director runs or holds back, by JobId.

    Also what they tell of the Director's zone: each carries wall-clock times and true epochs.

    Raises:
        ApiError: if the Director's status cannot be had.
    """
    rows = _status(client, dialect, "director", director)
    live: dict[int, LiveJob] = {}
    seen: list[Observation] = []
    for row in rows:
        jobid = number(row.get("jobid"))
        if jobid is None:
            raise ApiError(Fault.SHAPE, address=client.address)
        live[jobid] = LiveJob(
            jobid=jobid,
            status=text(row, "status"),
            description=_words(row, "status_desc"),
            since=epoch(row.get("starttime_epoch")) or epoch(row.get("schedtime_epoch")),
            files=number(row.get("jobfiles")),
            bytes=number(row.get("jobbytes")),
        )
        for name in ("schedtime", "starttime"):
            one = observe(parse_wall(row.get(name)), row.get(f"{name}_epoch"))
            if one is not None:
                seen.append(one)
    return live, seen


def with_progress(
    client: ApiClient, dialect: Dialect, who: Client, live: Mapping[int, LiveJob]
) -> dict[int, LiveJob]:
    """Return the jobs of one client with the progress that its File Daemon tells.

    The Director often knows zero files and bytes while the File Daemon is far ahead.

    Raises:
        ApiError: if the status cannot be had; the File Daemon may be unreachable.
    """
    # v1 names a client, later versions number it.
    key = who.name if dialect.version == "v1" else str(who.clientid)
    found: dict[int, LiveJob] = {}
    # A File Daemon that is unreachable keeps the API waiting: twice is no better than once.
    for row in _status(client, dialect, "client", key, final={Fault.TIMEOUT}):
        known = live.get(number(row.get("jobid")) or 0)
        if known is None:
            continue
        found[known.jobid] = replace(
            known,
            files=_larger(known.files, number(row.get("jobfiles"))),
            bytes=_larger(known.bytes, number(row.get("jobbytes"))),
            bytes_per_second=number(row.get("bytes_sec")),
            current_file=_words(row, "processing_file"),
        )
    return found


def _status(
    client: ApiClient, dialect: Dialect, kind: str, key: str, final: Collection[Fault] = ()
) -> Iterable[Mapping[str, Any]]:
    if not needs_director(dialect):
        params = {"type": "running"} | ({"name": key} if kind == "client" else {})
        rows = client.get(dialect.path(f"status/{kind}/"), params, expect=list, final=final)
    else:
        # Without `output` the answer would be raw text.
        path = dialect.path(f"{kind}s/{quote(key, safe='', errors='replace')}/status")
        params = {"type": "running", "output": "json"}
        rows = client.get(path, params, expect=list, final=final)
    if any(not isinstance(row, Mapping) for row in rows):
        raise ApiError(Fault.SHAPE, address=client.address)
    return rows  # type: ignore[no-any-return]


def _words(row: Mapping[str, Any], name: str) -> str:
    """Return what may be encoded twice; repaired first, as cleaning would take its parts."""
    value = row.get(name)
    return clean_line(repair(value)[:MAX_LINE]) if isinstance(value, str) else ""


def _larger(one: int | None, other: int | None) -> int | None:
    known = [value for value in (one, other) if value is not None]
    return max(known, default=None)
