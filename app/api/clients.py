"""The clients that the catalog knows."""

from __future__ import annotations

from collections.abc import Mapping

from app.api.client import ApiClient
from app.api.dialect import Dialect
from app.api.fields import number, text
from app.bacula.model import Client


def fetch_clients(client: ApiClient, dialect: Dialect) -> tuple[Client, ...]:
    """Return every client, by name.

    Raises:
        ApiError: if the list cannot be had.
    """
    rows = client.get(dialect.path("clients"), expect=list)
    found = [
        Client(number(row.get("clientid")) or 0, text(row, "name"), text(row, "uname"))
        for row in rows
        if isinstance(row, Mapping) and text(row, "name")
    ]
    return tuple(sorted(found, key=lambda one: one.name))
