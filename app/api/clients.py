"""The clients that the catalog knows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from app.api.client import ApiClient
from app.api.dialect import Dialect
from app.api.faults import ApiError, Fault
from app.api.fields import Listed, number, read_rows, text
from app.bacula.model import Client


def fetch_clients(client: ApiClient, dialect: Dialect) -> Listed[Client]:
    """Return every client, by name.

    Raises:
        ApiError: if the list cannot be had.
    """
    found = read_rows(client.get(dialect.path("clients"), expect=list), "name", client_from_row)
    if found.unreadable and not found.rows:
        # Nothing but rubbish is not taken for nothing.
        raise ApiError(Fault.SHAPE, address=client.address)
    return replace(found, rows=tuple(sorted(found.rows, key=lambda one: one.name)))


def client_from_row(row: Mapping[str, Any]) -> Client:
    """Turn a row of the catalog's Client table into a `Client`."""
    return Client(number(row.get("clientid")) or 0, text(row, "name"), text(row, "uname"))
