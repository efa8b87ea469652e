"""What every endpoint of the embedded Baculum is given, and how it says no."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from typing import Any

from .flavours import Flavour, Traits
from .night import Night, Row


class ApiError(Exception):
    """An application error: HTTP 200 with a code and a text."""

    def __init__(self, code: int, text: str) -> None:
        super().__init__(text)
        self.code = code
        self.text = text


class UncaughtException(Exception):
    """PHP's own exception page: HTML at HTTP 200."""


class OutOfMemory(Exception):
    """More rows than PHP's memory holds."""


class NoSuchEndpoint(Exception):
    """Answered by the Welcome string."""


@dataclass(frozen=True)
class Call:
    """One request that reached the application."""

    night: Night
    flavour: Flavour
    version: str
    query: Mapping[str, str]
    now: datetime
    php_zone: tzinfo
    memory_rows: int
    wait: Callable[[float], None]
    arguments: tuple[str, ...] = ()

    @property
    def traits(self) -> Traits:
        """In what this server differs from the others."""
        return self.flavour.traits

    def text(self, parameter: str) -> str | None:
        """A query parameter, or None where it is missing or empty."""
        return self.query.get(parameter) or None

    def number(self, parameter: str) -> int | None:
        """A query parameter that must be a whole number; anything else is not there."""
        value = self.query.get(parameter, "")
        return int(value) if re.fullmatch(r"\d{1,18}", value) else None

    def hold(self, rows: list[Row]) -> list[Row]:
        """Keep rows in PHP's memory, if they fit."""
        if len(rows) > self.memory_rows:
            raise OutOfMemory
        return rows


Handler = Callable[[Call], Any]

ALL_VERSIONS = frozenset({"v1", "v2", "v3"})
LATER_VERSIONS = frozenset({"v2", "v3"})


@dataclass(frozen=True)
class Route:
    """A path below /api/vN and who answers it."""

    path: str
    handler: Handler
    versions: frozenset[str] = ALL_VERSIONS
    flavours: frozenset[Flavour] = field(default_factory=lambda: frozenset(Flavour))

    def match(self, flavour: Flavour, version: str, path: str) -> tuple[str, ...] | None:
        """The path's arguments, or None where this route does not answer."""
        if version not in self.versions or flavour not in self.flavours:
            return None
        found = re.fullmatch(self.path, path)
        return found.groups() if found else None
