"""Which server this is, which API version it offers, and how that shows.

There is no version number anywhere in the API. GET answers are the same through every version a
server has, so the first version that answers is used for everything.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from app.api.client import ApiClient
from app.api.faults import ApiError, Fault

API_VERSIONS = ("v1", "v2", "v3")
"""In the order they are tried: v1 is on every server known, and needs the fewest requests."""
FIRST_PAGE = 1_000
"""Rows of the first request; costs hardly more than one row and is the whole catalog of many."""

_NOT_HERE = frozenset({Fault.WRONG_PATH, Fault.HTML, Fault.NOT_FOUND, Fault.SHAPE})
_T = TypeVar("_T")
_BACULARIS_FIELDS = frozenset({"prev_jobid", "next_jobid", "schedtime_epoch", "firstvol"})


@dataclass(frozen=True, slots=True)
class Dialect:
    """How this server is asked.

    Attributes:
        version: v1, v2 or v3.
        server: what answers, for people; as exact as its answers allow.
    """

    version: str
    server: str

    def path(self, rest: str) -> str:
        """Return the full path of an endpoint."""
        return f"/api/{self.version}/{rest}"


def probe(client: ApiClient) -> tuple[Dialect, list[Any]]:
    """Find an API version that answers, and return it with the newest jobs it gave.

    Raises:
        ApiError: if the job list cannot be had in any version.
    """
    version, rows = first_version(
        lambda version: client.get(f"/api/{version}/jobs", {"limit": FIRST_PAGE}, expect=list)
    )
    return Dialect(version, recognise(rows, client.api_version_header)), rows


def first_version(ask: Callable[[str], _T]) -> tuple[str, _T]:
    """Return the first API version in which `ask` gets an answer, and that answer.

    Raises:
        ApiError: what the first version says that is there but fails; else what v1 says.
    """
    missing: list[ApiError] = []
    for version in API_VERSIONS:
        try:
            return version, ask(version)
        except ApiError as error:
            if error.fault not in _NOT_HERE:
                raise
            missing.append(error)
    raise missing[0]


def recognise(rows: Sequence[Any], header: str) -> str:
    """Name the server by its version header and the fields of its rows."""
    row = next((row for row in rows if isinstance(row, Mapping)), {})
    if row.keys() & _BACULARIS_FIELDS:
        return "Bacularis"
    if header == "0.1":
        return "Baculum 9.6"
    if "content" in row:
        return "Baculum 15"
    if "priorjob" in row:
        return "Baculum 11–13"
    return "Baculum"
