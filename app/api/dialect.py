"""Which server this is, which API version it offers, and how that shows.

There is no version number anywhere in the API. GET answers are the same through every version a
server has, so the first version that answers is used for everything.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from app.api.client import ApiClient
from app.api.faults import ApiError, Fault

API_VERSIONS = ("v1", "v2", "v3")
"""In the order they are tried: v1 is on every server known, and needs the fewest requests."""
FIRST_PAGE = 1_000
"""Rows of the first request; costs hardly more than one row and is the whole catalog of many."""

_NOT_HERE = frozenset({Fault.WRONG_PATH, Fault.HTML, Fault.NOT_FOUND, Fault.SHAPE})
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
        ApiError: the first version's, when none answers.
    """
    first: ApiError | None = None
    for version in API_VERSIONS:
        try:
            rows = client.get(f"/api/{version}/jobs", {"limit": FIRST_PAGE}, expect=list)
        except ApiError as error:
            first = first or error
            if error.fault not in _NOT_HERE:
                break
        else:
            return Dialect(version, recognise(rows, client.api_version_header)), rows
    assert first is not None
    raise first


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
